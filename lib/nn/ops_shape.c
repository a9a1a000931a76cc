/* Operators that move numbers without changing them. */
#include "nn/ops.h"

#include <assert.h>
#include <string.h>

#include "nn/loops.h"

static void
reshape_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                 struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_reshape(t, dy, y->in[0]->rank, y->in[0]->shape);
}

static const struct op op_reshape = {"reshape", reshape_backward};

struct tensor *
nn_reshape(struct tape *t, struct tensor *x, unsigned rank, const size_t *shape)
{
    struct tensor *y = tape_view(t, x, rank, shape);

    tape_note(t, y, &op_reshape, x, NULL, NULL);
    return y;
}

/* ---- batches ---- */

static void
stack_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
               struct tensor **dx)
{
    size_t na = y->in[0]->shape[0];

    if (need[0])
        dx[0] = nn_batch_slice(t, dy, 0, na);
    if (need[1])
        dx[1] = nn_batch_slice(t, dy, na, y->shape[0] - na);
}

static const struct op op_stack = {"stack", stack_backward};

struct tensor *
nn_stack(struct tape *t, struct tensor *a, struct tensor *b)
{
    size_t shape[NN_MAX_RANK];
    struct tensor *y;

    assert(a->rank == b->rank && a->n / a->shape[0] == b->n / b->shape[0]);
    memcpy(shape, a->shape, sizeof(shape));
    shape[0] += b->shape[0];
    y = tape_new(t, a->rank, shape);
    memcpy(y->v, a->v, a->n * sizeof(real));
    memcpy(y->v + a->n, b->v, b->n * sizeof(real));
    tape_note(t, y, &op_stack, a, b, NULL);
    return y;
}

static void
batch_slice_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                     struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_batch_embed(t, dy, y->arg[0], y->in[0]->shape[0]);
}

static const struct op op_batch_slice = {"batch_slice", batch_slice_backward};

struct tensor *
nn_batch_slice(struct tape *t, struct tensor *x, size_t first, size_t count)
{
    size_t shape[NN_MAX_RANK], one = x->n / x->shape[0];
    struct tensor *y;

    assert(first + count <= x->shape[0]);
    memcpy(shape, x->shape, sizeof(shape));
    shape[0] = count;
    y = tape_new(t, x->rank, shape);
    memcpy(y->v, x->v + first * one, count * one * sizeof(real));
    y->arg[0] = first;
    tape_note(t, y, &op_batch_slice, x, NULL, NULL);
    return y;
}

static void
batch_embed_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                     struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_batch_slice(t, dy, y->arg[0], y->in[0]->shape[0]);
}

static const struct op op_batch_embed = {"batch_embed", batch_embed_backward};

struct tensor *
nn_batch_embed(struct tape *t, struct tensor *x, size_t first, size_t n)
{
    size_t shape[NN_MAX_RANK], one = x->n / x->shape[0];
    struct tensor *y;

    assert(first + x->shape[0] <= n);
    memcpy(shape, x->shape, sizeof(shape));
    shape[0] = n;
    y = tape_const(t, x->rank, shape, NULL);
    memcpy(y->v + first * one, x->v, x->n * sizeof(real));
    y->arg[0] = first;
    tape_note(t, y, &op_batch_embed, x, NULL, NULL);
    return y;
}

/* ---- channels ---- */

/* A call for each row costs more than a few numbers: usual counts are known to the compiler. */
static inline void
copy_row(real *to, const real *from, size_t count)
{
    switch (count) {
    case 1:
        *to = *from;
        break;
    case 4:
        memcpy(to, from, 4 * sizeof(real));
        break;
    case 8:
        memcpy(to, from, 8 * sizeof(real));
        break;
    case 16:
        memcpy(to, from, 16 * sizeof(real));
        break;
    default:
        memcpy(to, from, count * sizeof(real));
    }
}

/* to[r][tc] at channel `at` <- from[r][fc] from channel `first`, `count` channels of every row. */
static void
copy_channels(real *to, size_t tc, size_t at, const real *from, size_t fc, size_t first,
              size_t count, size_t rows)
{
    NN_FOR(rows * count)
    for (size_t r = 0; r < rows; r++)
        copy_row(to + r * tc + at, from + r * fc + first, count);
}

static void
concat_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                struct tensor **dx)
{
    size_t ca = y->in[0]->shape[y->rank - 1], cb = y->in[1]->shape[y->rank - 1];

    if (need[0])
        dx[0] = nn_slice(t, dy, 0, ca);
    if (need[1])
        dx[1] = nn_slice(t, dy, ca, cb);
}

static const struct op op_concat = {"concat", concat_backward};

struct tensor *
nn_concat(struct tape *t, struct tensor *a, struct tensor *b)
{
    unsigned last = a->rank - 1;
    size_t ca = a->shape[last], cb = b->shape[last], rows = a->n / ca, shape[NN_MAX_RANK];
    struct tensor *y;

    assert(b->rank == a->rank && b->n / cb == rows);
    memcpy(shape, a->shape, sizeof(shape));
    shape[last] = ca + cb;
    y = tape_new(t, a->rank, shape);
    copy_channels(y->v, ca + cb, 0, a->v, ca, 0, ca, rows);
    copy_channels(y->v, ca + cb, ca, b->v, cb, 0, cb, rows);
    tape_note(t, y, &op_concat, a, b, NULL);
    return y;
}

static void
slice_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
               struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_embed(t, dy, y->arg[0], y->in[0]->shape[y->rank - 1]);
}

static const struct op op_slice = {"slice", slice_backward};

struct tensor *
nn_slice(struct tape *t, struct tensor *x, size_t first, size_t count)
{
    unsigned last = x->rank - 1;
    size_t c = x->shape[last], shape[NN_MAX_RANK];
    struct tensor *y;

    assert(first + count <= c);
    memcpy(shape, x->shape, sizeof(shape));
    shape[last] = count;
    y = tape_new(t, x->rank, shape);
    copy_channels(y->v, count, 0, x->v, c, first, count, x->n / c);
    y->arg[0] = first;
    tape_note(t, y, &op_slice, x, NULL, NULL);
    return y;
}

static void
embed_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
               struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_slice(t, dy, y->arg[0], y->in[0]->shape[y->rank - 1]);
}

static const struct op op_embed = {"embed", embed_backward};

struct tensor *
nn_embed(struct tape *t, struct tensor *x, size_t first, size_t c)
{
    unsigned last = x->rank - 1;
    size_t count = x->shape[last], shape[NN_MAX_RANK];
    struct tensor *y;

    assert(first + count <= c);
    memcpy(shape, x->shape, sizeof(shape));
    shape[last] = c;
    y = tape_const(t, x->rank, shape, NULL);
    copy_channels(y->v, c, first, x->v, count, 0, count, x->n / count);
    y->arg[0] = first;
    tape_note(t, y, &op_embed, x, NULL, NULL);
    return y;
}

/* ---- height and width ---- */

static void
up2_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
             struct tensor **dx)
{
    (void)y;
    if (need[0])
        dx[0] = nn_sum2(t, dy);
}

static const struct op op_up2 = {"up2", up2_backward};

struct tensor *
nn_up2(struct tape *t, struct tensor *x)
{
    size_t n = x->shape[0], h = x->shape[1], w = x->shape[2], c = x->shape[3];
    size_t shape[4] = {n, 2 * h, 2 * w, c};
    struct tensor *y = tape_new(t, 4, shape);

    NN_FOR(y->n)
    for (size_t row = 0; row < n * h; row++) {
        const real *in = x->v + row * w * c;
        real *out = y->v + row * 4 * w * c;

        for (size_t i = 0; i < w; i++) {
            memcpy(out + 2 * i * c, in + i * c, c * sizeof(real));
            memcpy(out + (2 * i + 1) * c, in + i * c, c * sizeof(real));
        }
        memcpy(out + 2 * w * c, out, 2 * w * c * sizeof(real));
    }
    tape_note(t, y, &op_up2, x, NULL, NULL);
    return y;
}

static void
sum2_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    (void)y;
    if (need[0])
        dx[0] = nn_up2(t, dy);
}

static const struct op op_sum2 = {"sum2", sum2_backward};

struct tensor *
nn_sum2(struct tape *t, struct tensor *x)
{
    size_t n = x->shape[0], h = x->shape[1] / 2, w = x->shape[2] / 2, c = x->shape[3];
    size_t shape[4] = {n, h, w, c};
    struct tensor *y = tape_new(t, 4, shape);

    assert(x->shape[1] % 2 == 0 && x->shape[2] % 2 == 0);
    NN_FOR(x->n)
    for (size_t row = 0; row < n * h; row++)
        for (size_t i = 0; i < w; i++) {
            const real *a = x->v + (row * 4 * w + 2 * i) * c, *b = a + 2 * w * c;
            real *out = y->v + (row * w + i) * c;

            for (size_t k = 0; k < c; k++)
                out[k] = a[k] + a[c + k] + b[k] + b[c + k];
        }
    tape_note(t, y, &op_sum2, x, NULL, NULL);
    return y;
}

/*
 * Max-pool remembers which of the four each maximum was; gather and scatter move numbers along
 * that choice and are each other's transposes.  The choice is locally constant.
 */
static struct tensor *pool_scatter(struct tape *t, struct tensor *y, const uint32_t *index);
static struct tensor *pool_gather(struct tape *t, struct tensor *x, const uint32_t *index);

static void
pool_gather_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                     struct tensor **dx)
{
    if (need[0])
        dx[0] = pool_scatter(t, dy, y->index);
}

static void
pool_scatter_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                      struct tensor **dx)
{
    if (need[0])
        dx[0] = pool_gather(t, dy, y->index);
}

static const struct op op_pool_gather = {"pool_gather", pool_gather_backward};
static const struct op op_pool_scatter = {"pool_scatter", pool_scatter_backward};

/*
 * One pixel of c channels and the four that it stands for, named by row and column.  In functions
 * of their own, with values read before they are compared and an index as wide as they are, the
 * loops become vector code for as few channels as a vector holds.
 */
static inline void
pool_max(size_t c, const real *restrict v00, const real *restrict v01, const real *restrict v10,
         const real *restrict v11, real *restrict out, uint32_t *restrict index)
{
#pragma omp simd
    for (size_t j = 0; j < c; j++) {
        real a = v00[j], b = v01[j], p = v10[j], q = v11[j];
        real most = nn_max(nn_max(a, b), nn_max(p, q));

        out[j] = most;
        index[j] = most == a ? 0 : most == b ? 1 : most == p ? 2 : 3;
    }
}

static inline void
pool_take(size_t c, const real *restrict v00, const real *restrict v01, const real *restrict v10,
          const real *restrict v11, real *restrict out, const uint32_t *restrict index)
{
#pragma omp simd
    for (size_t j = 0; j < c; j++) {
        real a = v00[j], b = v01[j], p = v10[j], q = v11[j];
        real top = index[j] & 1 ? b : a, bottom = index[j] & 1 ? q : p;

        out[j] = index[j] & 2 ? bottom : top;
    }
}

static inline void
pool_put(size_t c, real *restrict v00, real *restrict v01, real *restrict v10, real *restrict v11,
         const real *restrict in, const uint32_t *restrict index)
{
#pragma omp simd
    for (size_t j = 0; j < c; j++) {
        real v = in[j];
        uint32_t k = index[j];

        v00[j] = k == 0 ? v : 0;
        v01[j] = k == 1 ? v : 0;
        v10[j] = k == 2 ? v : 0;
        v11[j] = k == 3 ? v : 0;
    }
}

static struct tensor *
pool_gather(struct tape *t, struct tensor *x, const uint32_t *index)
{
    size_t n = x->shape[0], h = x->shape[1] / 2, w = x->shape[2] / 2, c = x->shape[3];
    size_t shape[4] = {n, h, w, c};
    struct tensor *y = tape_new(t, 4, shape);

    NN_FOR(x->n)
    for (size_t row = 0; row < n * h; row++)
        for (size_t i = 0; i < w; i++) {
            const real *a = x->v + (row * 4 * w + 2 * i) * c, *b = a + 2 * w * c;
            size_t at = (row * w + i) * c;

            pool_take(c, a, a + c, b, b + c, y->v + at, index + at);
        }
    y->index = index;
    tape_note(t, y, &op_pool_gather, x, NULL, NULL);
    return y;
}

static struct tensor *
pool_scatter(struct tape *t, struct tensor *y, const uint32_t *index)
{
    size_t n = y->shape[0], h = y->shape[1], w = y->shape[2], c = y->shape[3];
    size_t shape[4] = {n, 2 * h, 2 * w, c};
    struct tensor *x = tape_new(t, 4, shape);

    NN_FOR(x->n)
    for (size_t row = 0; row < n * h; row++)
        for (size_t i = 0; i < w; i++) {
            real *a = x->v + (row * 4 * w + 2 * i) * c, *b = a + 2 * w * c;
            size_t at = (row * w + i) * c;

            pool_put(c, a, a + c, b, b + c, y->v + at, index + at);
        }
    x->index = index;
    tape_note(t, x, &op_pool_scatter, y, NULL, NULL);
    return x;
}

struct tensor *
nn_max_pool2(struct tape *t, struct tensor *x)
{
    size_t n = x->shape[0], h = x->shape[1] / 2, w = x->shape[2] / 2, c = x->shape[3];
    size_t shape[4] = {n, h, w, c};
    struct tensor *y = tape_new(t, 4, shape);
    uint32_t *index = tape_bytes(t, y->n * sizeof(*index));

    assert(x->shape[1] % 2 == 0 && x->shape[2] % 2 == 0);
    NN_FOR(x->n)
    for (size_t row = 0; row < n * h; row++)
        for (size_t i = 0; i < w; i++) {
            const real *a = x->v + (row * 4 * w + 2 * i) * c, *b = a + 2 * w * c;
            size_t at = (row * w + i) * c;

            pool_max(c, a, a + c, b, b + c, y->v + at, index + at);
        }
    y->index = index;
    tape_note(t, y, &op_pool_gather, x, NULL, NULL);
    return y;
}

static void
gather_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_scatter(t, dy, y->index);
}

static void
scatter_backward(struct tape *t, const struct tensor *x, struct tensor *dx, const int *need,
                 struct tensor **dy)
{
    if (need[0])
        dy[0] = nn_gather(t, dx, x->index);
}

static const struct op op_gather = {"gather", gather_backward};
static const struct op op_scatter = {"scatter", scatter_backward};

struct tensor *
nn_gather(struct tape *t, struct tensor *x, const uint32_t *from)
{
    size_t pixels = x->shape[1] * x->shape[2], c = x->shape[3];
    struct tensor *y = tape_const(t, 4, x->shape, NULL);

    for (size_t k = 0; k < x->shape[0]; k++)
        for (size_t i = 0; i < pixels; i++)
            if (from[k * pixels + i] != NN_NOWHERE)
                memcpy(y->v + (k * pixels + i) * c, x->v + (k * pixels + from[k * pixels + i]) * c,
                       c * sizeof(real));
    y->index = from;
    tape_note(t, y, &op_gather, x, NULL, NULL);
    return y;
}

struct tensor *
nn_scatter(struct tape *t, struct tensor *y, const uint32_t *from)
{
    size_t pixels = y->shape[1] * y->shape[2], c = y->shape[3];
    struct tensor *x = tape_const(t, 4, y->shape, NULL);

    for (size_t k = 0; k < y->shape[0]; k++)
        for (size_t i = 0; i < pixels; i++) {
            const real *in = y->v + (k * pixels + i) * c;
            uint32_t at = from[k * pixels + i];

            for (size_t j = 0; at != NN_NOWHERE && j < c; j++)
                x->v[(k * pixels + at) * c + j] += in[j];
        }
    x->index = from;
    tape_note(t, x, &op_scatter, y, NULL, NULL);
    return x;
}

static void
crop_border_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                     struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_crop_border(t, dy, y->arg[0]);
}

static const struct op op_crop_border = {"crop_border", crop_border_backward};

struct tensor *
nn_crop_border(struct tape *t, struct tensor *x, size_t b)
{
    size_t n = x->shape[0], h = x->shape[1], w = x->shape[2], c = x->shape[3];
    struct tensor *y = tape_const(t, 4, x->shape, NULL);

    assert(2 * b < h && 2 * b < w);
    for (size_t k = 0; k < n; k++)
        for (size_t i = b; i < h - b; i++) {
            size_t at = ((k * h + i) * w + b) * c;

            memcpy(y->v + at, x->v + at, (w - 2 * b) * c * sizeof(real));
        }
    y->arg[0] = b;
    tape_note(t, y, &op_crop_border, x, NULL, NULL);
    return y;
}
