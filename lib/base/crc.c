#include "base/crc.h"

#include <zlib.h>

uint32_t
crc_more(uint32_t crc, const void *data, size_t n)
{
    return (uint32_t)crc32_z(crc, data, n);
}

uint32_t
crc_join(uint32_t a, uint32_t b, size_t n)
{
    return (uint32_t)crc32_combine(a, b, (z_off_t)n);
}
