/*
 * tape_parts - the inside of a tape; private to tape.c and grad.c.
 */
#ifndef MP_NN_TAPE_PARTS_H
#define MP_NN_TAPE_PARTS_H

#include "nn/tape.h"

/*
 * The pool: blocks come from large slabs and are kept in one list for each exact size.  A training
 * step asks for the same sizes again and again, so after the first step everything is found at
 * once and memory does not grow.
 */

enum { ALIGN = 64, BINS = 4096, CHUNK = 256 };
#define SLAB_BYTES ((size_t)64 << 20)

struct slab {
    struct slab *next;
    size_t bytes, used;
    unsigned char *base;
};

struct bin {
    size_t bytes; /* 0 = unused */
    void *first;  /* free blocks, chained through their first word */
};

struct chunk {
    struct chunk *next;
    struct tensor tensor[CHUNK];
};

/* A block to give back at tape_reset(). */
struct loan {
    void *p;
    size_t bytes;
};

struct tape {
    struct slab *slabs;
    size_t memory; /* of all blocks */
    struct bin bin[BINS];

    struct tensor **node; /* in order of creation, which is a topological order */
    size_t n, cap;
    struct chunk *chunks;
    size_t taken; /* tensors handed out of the chunks */

    struct loan *loan;
    size_t n_loans, cap_loans;

    int recording, temporaries;
    unsigned epoch;
};

/* The memory of a tensor that owns some goes back to the pool. */
void tape_give(struct tape *t, struct tensor *x);

#endif
