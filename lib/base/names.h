/*
 * names - numbers for texts, such as ids and patients: the same text, the same number.
 */
#ifndef MP_BASE_NAMES_H
#define MP_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* All zeros is an empty set. */
struct names {
    size_t n;

    /* Private. */
    char *text;     /* one behind the other, each with its end */
    size_t *at;     /* [n] where in text */
    uint32_t *slot; /* [slots] a hash table: number + 1, or 0 */
    size_t slots, used, cap_text, cap_at;
};

/*
 * The number of a text: a new one gets the next, from 0 on.  There is room for UINT32_MAX - 1.
 * Returns 0, or -1 (memory) with the reason in e.
 */
int names_number(struct names *t, const char *name, uint32_t *number, struct err *e);

/* The number of a text that is there already; 1, or 0 if it is not. */
int names_find(const struct names *t, const char *name, uint32_t *number);

/* The text of a number below n, valid until the next names_number(). */
const char *names_text(const struct names *t, uint32_t number);

void names_free(struct names *t);

#endif
