#include "nn/tape.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nn/tape_parts.h"

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

void
tape_give(struct tape *t, struct tensor *x)
{
    pool_give(t, x->v, round_up(x->n * sizeof(real)));
    x->freed = 1;
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
            tape_give(t, x);
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
