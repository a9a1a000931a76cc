#include "base/number.h"

#include <ctype.h>
#include <stdlib.h>

/* Returns where the digits stop; NULL where there are none, or they say more than `most`. */
static const char *
digits(const char *s, uint64_t most, uint64_t *out)
{
    uint64_t v = 0;

    if (!isdigit((unsigned char)*s))
        return NULL;
    for (; isdigit((unsigned char)*s); s++) {
        uint64_t digit = (uint64_t)(*s - '0');

        if (digit > most || v > (most - digit) / 10)
            return NULL;
        v = 10 * v + digit;
    }
    *out = v;
    return s;
}

int
number_whole(const char *s, uint64_t most, uint64_t *out)
{
    uint64_t v;
    const char *end = digits(s, most, &v);

    if (end == NULL || *end != '\0')
        return -1;
    *out = v;
    return 0;
}

int
number_list(const char *s, size_t n, size_t most, size_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        const char *end = digits(s, most, &v);

        if (end == NULL || *end != (i + 1 < n ? ',' : '\0'))
            return -1;
        out[i] = (size_t)v;
        s = end + 1;
    }
    return 0;
}

int
number_real(const char *s, double *out)
{
    char *end;
    double v;

    if (*s == '\0' || isspace((unsigned char)*s))
        return -1;
    v = strtod(s, &end);
    if (*end != '\0')
        return -1;
    *out = v;
    return 0;
}
