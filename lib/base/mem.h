/*
 * mem - allocation with checked sizes.
 *
 * Every size that comes from outside is multiplied here, so that an overflow is an error and never
 * a small buffer.  Free with free(3).
 */
#ifndef MP_BASE_MEM_H
#define MP_BASE_MEM_H

#include <stddef.h>

#include "base/err.h"

/* *out = a * b.  Returns 0, or -1 on overflow (out untouched). */
int mem_mul(size_t a, size_t b, size_t *out);

/* *out = a + b.  Returns 0, or -1 on overflow (out untouched). */
int mem_add(size_t a, size_t b, size_t *out);

/* A zeroed array of n elements (never NULL for n == 0).  NULL with the reason in e. */
void *mem_array(size_t n, size_t size, struct err *e);

/* An uninitialised array of n elements, otherwise as mem_array(). */
void *mem_array_raw(size_t n, size_t size, struct err *e);

/* A copy of s.  NULL with the reason in e. */
char *mem_string(const char *s, struct err *e);

/* printf into a fresh string.  NULL with the reason in e. */
char *mem_printf(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Makes room for at least `need` elements of `size` bytes in an array of capacity *cap, growing by
 * half again; `array` is the address of the pointer to its elements.  Returns 0, or -1 with the
 * reason in e (the array stays as it was).
 */
int mem_grow(void *array, size_t *cap, size_t need, size_t size, struct err *e);
#define MEM_GROW(array, cap, need, e) mem_grow(&(array), &(cap), need, sizeof(*(array)), e)

#endif
