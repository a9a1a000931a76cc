/*
 * crc - CRC-32 as PNG and zip have it, by zlib.
 */
#ifndef MP_BASE_CRC_H
#define MP_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The sum of what had the sum `crc` (0: nothing), and n bytes behind it. */
uint32_t crc_more(uint32_t crc, const void *data, size_t n);

/* The sum of what had the sum a, and n bytes with the sum b behind it. */
uint32_t crc_join(uint32_t a, uint32_t b, size_t n);

#endif
