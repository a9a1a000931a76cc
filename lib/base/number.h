/*
 * number - numbers in texts from outside: the whole text, or it is none.
 */
#ifndef MP_BASE_NUMBER_H
#define MP_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Digits, from 0 to `most`.  Returns 0, or -1. */
int number_whole(const char *s, uint64_t most, uint64_t *out);

/* n of them, parted by commas. */
int number_list(const char *s, size_t n, size_t most, size_t *out);

/* As strtod() takes them, without space before it; may be infinite, or none (NaN). */
int number_real(const char *s, double *out);

#endif
