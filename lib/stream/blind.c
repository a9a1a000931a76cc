#include "stream/blind.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* The n-th record of a kind takes the place of one of `half` with a chance of half in n: J. S.
 * Vitter's algorithm R, ACM TOMS 11(1), 1985. */
int
blind_offer(struct blind *b, struct ts_record *r, struct err *e)
{
    int kind = strcmp(ts_meta_or(r, "synthetic", "0"), "1") == 0;
    struct rng draw = rng_at(b->seed, kind ? "blind-synthetic" : "blind-real", b->seen[kind]);
    size_t at = rng_below(&draw, ++b->seen[kind]);

    if (b->held[kind] == NULL &&
        (b->held[kind] = mem_array(b->half, sizeof(*b->held[kind]), e)) == NULL)
        return -1;
    if (b->held_n[kind] < b->half)
        at = b->held_n[kind]++;
    if (at < b->half) {
        struct ts_record *to = &b->held[kind][at], old = *to;

        *to = *r;
        *r = old;
    }
    return 0;
}

int
blind_mixed(const struct blind *b, blind_visit *visit, void *context, struct err *e)
{
    size_t each = b->held_n[0] < b->held_n[1] ? b->held_n[0] : b->held_n[1];
    struct rng r = rng_at(b->seed, "blind-order", 0);
    size_t left[2] = {each, each};

    if (each == 0)
        return err_set(e, "has %zu real and %zu synthetic records: a blind sheet needs both",
                       b->seen[0], b->seen[1]);
    for (size_t number = 1; number <= 2 * each; number++) {
        int kind = rng_below(&r, left[0] + left[1]) >= left[0];

        if (visit(context, &b->held[kind][--left[kind]], number, e) == -1)
            return -1;
    }
    return 0;
}

void
blind_free(struct blind *b)
{
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < b->held_n[kind]; i++)
            ts_clear(&b->held[kind][i]);
        free(b->held[kind]);
    }
}
