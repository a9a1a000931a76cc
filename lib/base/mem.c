#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
mem_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return -1;
    *out = a * b;
    return 0;
}

int
mem_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return -1;
    *out = a + b;
    return 0;
}

void *
mem_array(size_t n, size_t size, struct err *e)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (p == NULL)
        err_memory(e, (unsigned long long)n * size);
    return p;
}

void *
mem_array_raw(size_t n, size_t size, struct err *e)
{
    size_t bytes;
    void *p;

    if (mem_mul(n, size, &bytes) == -1) {
        err_set(e, "size overflow (%zu x %zu)", n, size);
        return NULL;
    }
    p = malloc(bytes ? bytes : 1);
    if (p == NULL)
        err_memory(e, bytes);
    return p;
}

char *
mem_string(const char *s, struct err *e)
{
    size_t n = strlen(s) + 1;
    char *p = mem_array_raw(n, 1, e);

    if (p != NULL)
        memcpy(p, s, n);
    return p;
}

char *
mem_printf(struct err *e, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        err_set(e, "cannot format text");
        return NULL;
    }
    p = mem_array_raw((size_t)n + 1, 1, e);
    if (p == NULL)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

int
mem_grow(void *array, size_t *cap, size_t need, size_t size, struct err *e)
{
    size_t want = *cap + *cap / 2, bytes;
    void *p;

    if (need <= *cap)
        return 0;
    if (want < need)
        want = need;
    if (want < 16)
        want = 16;
    if (mem_mul(want, size, &bytes) == -1)
        return err_set(e, "size overflow (%zu x %zu)", want, size);
    /* All pointers to objects look alike (POSIX), but may not be read as one another's type. */
    memcpy(&p, array, sizeof(p));
    if ((p = realloc(p, bytes)) == NULL)
        return err_memory(e, bytes);
    memcpy(array, &p, sizeof(p));
    *cap = want;
    return 0;
}
