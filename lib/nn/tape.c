#include "nn/tape.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nn/ops.h"

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

_Noreturn static void
tape_abort(size_t bytes)
{
    fprintf(stderr, "network engine: out of memory (%zu bytes)\n", bytes);
    exit(1);
}

static size_t
round_up(size_t bytes)
{
    size_t unit = bytes >= ((size_t)1 << 20) ? 4096 : ALIGN;

    if (bytes > SIZE_MAX / 2)
        tape_abort(bytes);
    return bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
}

static struct bin *
bin_of(struct tape *t, size_t bytes)
{
    size_t i = (bytes / ALIGN * 2654435761u) % BINS, tried = 0;

    while (t->bin[i].bytes != bytes && t->bin[i].bytes != 0) {
        i = (i + 1) % BINS;
        if (++tried == BINS)
            return NULL;
    }
    t->bin[i].bytes = bytes;
    return &t->bin[i];
}

static void *
pool_take(struct tape *t, size_t bytes)
{
    struct bin *b = bin_of(t, bytes);
    struct slab *s = t->slabs;
    void *p;

    if (b != NULL && b->first != NULL) {
        p = b->first;
        memcpy(&b->first, p, sizeof(void *));
        return p;
    }
    if (s == NULL || s->bytes - s->used < bytes) {
        size_t want = bytes > SLAB_BYTES / 4 ? bytes : SLAB_BYTES;

        s = calloc(1, sizeof(*s));
        if (s == NULL)
            tape_abort(sizeof(*s));
        s->bytes = want;
        s->base = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (s->base == MAP_FAILED)
            tape_abort(want);
#ifdef MADV_HUGEPAGE
        madvise(s->base, want, MADV_HUGEPAGE);
#endif
        /* A slab made for one large block is full: keep the one with room in front. */
        if (t->slabs != NULL && want == bytes) {
            s->next = t->slabs->next;
            t->slabs->next = s;
        } else {
            s->next = t->slabs;
            t->slabs = s;
        }
    }
    p = s->base + s->used;
    s->used += bytes;
    t->memory += bytes;
    return p;
}

static void
pool_give(struct tape *t, void *p, size_t bytes)
{
    struct bin *b = bin_of(t, bytes);

    if (b == NULL)
        return; /* more than BINS sizes: the block waits for tape_release() */
    memcpy(p, &b->first, sizeof(void *));
    b->first = p;
}

static void
pool_free(struct tape *t)
{
    for (struct slab *s = t->slabs, *next; s != NULL; s = next) {
        next = s->next;
        munmap(s->base, s->bytes);
        free(s);
    }
    t->slabs = NULL;
    t->memory = 0;
    memset(t->bin, 0, sizeof(t->bin));
}

/* ---- tape ---- */

struct tape *
tape_open(void)
{
    struct tape *t = calloc(1, sizeof(*t));

    if (t == NULL)
        tape_abort(sizeof(*t));
    t->recording = 1;
    return t;
}

void
tape_reset(struct tape *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct tensor *x = t->node[i];

        if (x->owner == x && !x->freed)
            pool_give(t, x->v, round_up(x->n * sizeof(real)));
    }
    for (size_t i = 0; i < t->n_loans; i++)
        pool_give(t, t->loan[i].p, t->loan[i].bytes);
    t->n = t->n_loans = t->taken = 0;
    t->recording = 1;
}

size_t
tape_count(const struct tape *t)
{
    return t->n;
}

void
tape_forget(struct tape *t, size_t first, const struct tensor *keep)
{
    assert(!t->recording);
    for (size_t i = first; i < t->n; i++) {
        struct tensor *x = t->node[i];

        if (x->owner == x && !x->freed && x != keep->owner) {
            pool_give(t, x->v, round_up(x->n * sizeof(real)));
            x->freed = 1;
        }
    }
}

void
tape_release(struct tape *t)
{
    tape_reset(t);
    pool_free(t);
}

void
tape_close(struct tape *t)
{
    if (t == NULL)
        return;
    pool_free(t);
    for (struct chunk *c = t->chunks, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    free(t->node);
    free(t->loan);
    free(t);
}

size_t
tape_memory(const struct tape *t)
{
    return t->memory;
}

int
tape_record(struct tape *t, int on)
{
    int was = t->recording;

    t->recording = on;
    return was;
}

/* Chunks are kept over resets; tensor k of a step is always the same struct. */
static struct tensor *
node_take(struct tape *t)
{
    struct chunk **c = &t->chunks;
    struct tensor *x;

    for (size_t i = t->taken / CHUNK; i > 0; i--)
        c = &(*c)->next;
    if (*c == NULL) {
        *c = calloc(1, sizeof(**c));
        if (*c == NULL)
            tape_abort(sizeof(**c));
    }
    x = &(*c)->tensor[t->taken++ % CHUNK];
    memset(x, 0, sizeof(*x));
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 1024;
        struct tensor **node = realloc(t->node, cap * sizeof(*node));

        if (node == NULL)
            tape_abort(cap * sizeof(*node));
        t->node = node;
        t->cap = cap;
    }
    x->position = t->n;
    t->node[t->n++] = x;
    return x;
}

static struct tensor *
shaped(struct tape *t, unsigned rank, const size_t *shape)
{
    struct tensor *x = node_take(t);

    assert(rank <= NN_MAX_RANK);
    x->rank = rank;
    x->n = 1;
    for (unsigned i = 0; i < rank; i++) {
        x->shape[i] = shape[i];
        assert(shape[i] == 0 || x->n <= SIZE_MAX / sizeof(real) / shape[i]);
        x->n *= shape[i];
    }
    x->temporary = (unsigned char)t->temporaries;
    return x;
}

struct tensor *
tape_new(struct tape *t, unsigned rank, const size_t *shape)
{
    struct tensor *x = shaped(t, rank, shape);

    x->owner = x;
    x->v = pool_take(t, round_up(x->n * sizeof(real)));
    return x;
}

struct tensor *
tape_const(struct tape *t, unsigned rank, const size_t *shape, const real *v)
{
    struct tensor *x = tape_new(t, rank, shape);

    if (v != NULL)
        memcpy(x->v, v, x->n * sizeof(real));
    else
        memset(x->v, 0, x->n * sizeof(real));
    return x;
}

struct tensor *
tape_view(struct tape *t, struct tensor *x, unsigned rank, const size_t *shape)
{
    struct tensor *y = shaped(t, rank, shape);

    assert(y->n == x->n);
    y->owner = x->owner;
    y->v = x->v;
    return y;
}

void *
tape_bytes(struct tape *t, size_t n)
{
    size_t bytes = round_up(n);
    void *p = pool_take(t, bytes);

    if (t->n_loans == t->cap_loans) {
        size_t cap = t->cap_loans ? 2 * t->cap_loans : 64;
        struct loan *loan = realloc(t->loan, cap * sizeof(*loan));

        if (loan == NULL)
            tape_abort(cap * sizeof(*loan));
        t->loan = loan;
        t->cap_loans = cap;
    }
    t->loan[t->n_loans++] = (struct loan){p, bytes};
    return p;
}

void
tape_note(struct tape *t, struct tensor *y, const struct op *op, struct tensor *a, struct tensor *b,
          struct tensor *c)
{
    if (!t->recording)
        return;
    y->op = op;
    y->in[0] = a;
    y->in[1] = b;
    y->in[2] = c;
}

/* ---- gradients ---- */

static void
hold(struct tensor *g)
{
    g->owner->held++;
}

static void
let_go(struct tape *t, struct tensor *g)
{
    struct tensor *o = g->owner;

    if (--o->held == 0 && o->temporary && !o->freed) {
        pool_give(t, o->v, round_up(o->n * sizeof(real)));
        o->freed = 1;
    }
}

/* Adds g to the gradient slot of x. */
static void
accumulate(struct tape *t, struct tensor *x, struct tensor *g)
{
    assert(g->rank == x->rank && memcmp(g->shape, x->shape, x->rank * sizeof(size_t)) == 0);
    if (x->grad == NULL) {
        x->grad = g;
        hold(g);
    } else if (!t->recording && x->grad->owner->temporary && x->grad->owner->held == 1) {
        nn_add_into(x->grad, g);
    } else {
        struct tensor *sum = nn_add(t, x->grad, g);

        hold(sum);
        let_go(t, x->grad);
        x->grad = sum;
    }
}

/* Recycles what was made since position `from` and no gradient slot holds. */
static void
sweep(struct tape *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) {
        struct tensor *x = t->node[i];

        if (x->owner == x && x->temporary && x->held == 0 && !x->freed) {
            pool_give(t, x->v, round_up(x->n * sizeof(real)));
            x->freed = 1;
        }
    }
}

void
tape_grad_from(struct tape *t, struct tensor *y, struct tensor *dy, struct tensor *const *xs,
               size_t n, int create_graph, struct tensor **grads)
{
    int was = t->recording, was_temporary = t->temporaries;
    unsigned epoch = ++t->epoch;

    /* The tensors between xs and y: only they need gradients. */
    for (size_t i = 0; i < n; i++)
        xs[i]->epoch = epoch;
    for (size_t i = 0; i <= y->position; i++) {
        struct tensor *x = t->node[i];

        for (int k = 0; x->op != NULL && k < NN_MAX_IN; k++)
            if (x->in[k] != NULL && x->in[k]->epoch == epoch)
                x->epoch = epoch;
    }

    t->recording = create_graph;
    t->temporaries = !create_graph;
    if (y->epoch == epoch)
        accumulate(t, y, dy);
    for (size_t i = y->position + 1; i-- > 0;) {
        struct tensor *x = t->node[i], *dx[NN_MAX_IN] = {NULL};
        int need[NN_MAX_IN] = {0}, wanted = 0;
        size_t mark = t->n;

        if (x->epoch != epoch || x->grad == NULL || x->op == NULL)
            continue;
        for (int k = 0; k < NN_MAX_IN; k++)
            need[k] = x->in[k] != NULL && x->in[k]->epoch == epoch;
        x->op->backward(t, x, x->grad, need, dx);
        for (int k = 0; k < NN_MAX_IN; k++)
            if (need[k]) {
                assert(dx[k] != NULL);
                accumulate(t, x->in[k], dx[k]);
            }
        for (size_t k = 0; k < n; k++)
            wanted |= xs[k] == x;
        if (!wanted) {
            let_go(t, x->grad);
            x->grad = NULL;
        }
        if (!create_graph)
            sweep(t, mark);
    }

    for (size_t i = 0; i < n; i++)
        grads[i] = xs[i]->grad ? xs[i]->grad : tape_const(t, xs[i]->rank, xs[i]->shape, NULL);
    for (size_t i = 0; i < n; i++)
        xs[i]->grad = NULL; /* still held: the caller has them until the reset */
    t->recording = was;
    t->temporaries = was_temporary;
}

void
tape_grad(struct tape *t, struct tensor *y, struct tensor *const *xs, size_t n, int create_graph,
          struct tensor **grads)
{
    const real one = 1;

    assert(y->n == 1);
    tape_grad_from(t, y, tape_const(t, y->rank, y->shape, &one), xs, n, create_graph, grads);
}
