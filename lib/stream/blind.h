/*
 * blind - as many real as synthetic records of a stream, mixed, for who is to tell them apart.
 *
 * Each record of a kind has the same chance to be taken, and each order of those that are.
 */
#ifndef MP_STREAM_BLIND_H
#define MP_STREAM_BLIND_H

#include <stdint.h>

#include "stream/record.h"

struct blind {
    uint64_t seed;
    size_t half;               /* of either kind at most: set both, and nothing else */
    struct ts_record *held[2]; /* real, synthetic */
    size_t held_n[2], seen[2];
};

/* Offers a record: it is taken, and r becomes another, or stays.  0, or -1 (memory). */
int blind_offer(struct blind *b, struct ts_record *r, struct err *e);

/* What becomes of a record; number counts from 1.  0, or -1 with the reason in e. */
typedef int blind_visit(void *context, const struct ts_record *r, size_t number, struct err *e);

/*
 * Visits what was taken, mixed, as many of one kind as of the other.  Returns 0, or -1 with the
 * reason in e: records of one kind alone, what `visit` says.
 */
int blind_mixed(const struct blind *b, blind_visit *visit, void *context, struct err *e);

void blind_free(struct blind *b);

#endif
