/*
 * tape - tensors, and notes of what they were made from.
 *
 * Operators (ops.h) compute at once and note themselves on the tape.  grad_of() (grad.h) walks the
 * notes backwards; every operator's backward step is written in the same operators, so a gradient
 * is itself on the tape and can be differentiated again.  The discriminator's gradient penalty
 * needs exactly that.
 *
 * Memory: tensors belong to the tape and live until tape_reset(), once per training step.  Blocks
 * are kept by size and reused, never returned: page faults would cost more than arithmetic.  Only
 * what a gradient without graph leaves behind is recycled within the step.
 *
 * Out of memory ends the process with a message (tape_abort): there is no partial step to save,
 * and the last checkpoint is on disk.
 */
#ifndef MP_NN_TAPE_H
#define MP_NN_TAPE_H

#include <stddef.h>

#include "nn/real.h"

#define NN_MAX_RANK 4
#define NN_MAX_IN 3

struct tape;
struct tensor;

struct op {
    const char *name;
    /*
     * Given y = op(in ...) and dy, sets dx[i], the gradient for in[i], where need[i] is 1.  Built
     * from operators on the tape; may hand out dy itself.
     */
    void (*backward)(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                     struct tensor **dx);
};

/* Dense, row-major; images are [n][h][w][c].  Only a parameter's `v` may be written outside. */
struct tensor {
    real *v;
    size_t n; /* elements */
    unsigned rank;
    size_t shape[NN_MAX_RANK];

    /* The note on the tape: NULL op for constants and parameters. */
    const struct op *op;
    struct tensor *in[NN_MAX_IN];
    size_t arg[4];     /* whole-number arguments of the operator */
    real farg[2];      /* real arguments */
    const void *index; /* max-pool, gather: where each output comes from */

    /* Private to tape.c and grad.c. */
    struct tensor *owner; /* whose storage v is (views) */
    struct tensor *grad;
    unsigned epoch; /* equals the tape's where grad_of() must pass */
    unsigned held;  /* gradient slots that hold the storage */
    unsigned char temporary, freed;
    size_t position;
};

struct tape *tape_open(void);
void tape_close(struct tape *t);

/* Forgets all tensors of the step; their memory waits for the next. */
void tape_reset(struct tape *t);

/*
 * For inference: with recording off, gives back the memory of all tensors made since tape_count()
 * was `first`, except that of `keep`.  They must not be used again.
 */
size_t tape_count(const struct tape *t);
void tape_forget(struct tape *t, size_t first, const struct tensor *keep);

/* Returns all kept memory to the system; after a change of the shapes.  Resets the tape. */
void tape_release(struct tape *t);

/* Bytes of all blocks, in use or kept for reuse.  They come from the system in slabs of 64 MiB. */
size_t tape_memory(const struct tape *t);

/*
 * With recording off, operators leave no notes: for outputs that are taken as constants.  Returns
 * the old state.
 */
int tape_record(struct tape *t, int on);

/* An uninitialised constant of the step. */
struct tensor *tape_new(struct tape *t, unsigned rank, const size_t *shape);

/* A constant filled from v (NULL: zeros). */
struct tensor *tape_const(struct tape *t, unsigned rank, const size_t *shape, const real *v);

/* A note that `y` = op(a, b, c); for operators. */
void tape_note(struct tape *t, struct tensor *y, const struct op *op, struct tensor *a,
               struct tensor *b, struct tensor *c);

/* A tensor of another shape on x's storage; for operators. */
struct tensor *tape_view(struct tape *t, struct tensor *x, unsigned rank, const size_t *shape);

/* n bytes that live as long as the step. */
void *tape_bytes(struct tape *t, size_t n);

#endif
