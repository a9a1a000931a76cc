/* Sums over rows and columns, softmax, log-sum-exp. */
#include "nn/ops.h"

#include <assert.h>

#include "nn/loops.h"

static size_t
row_length(const struct tensor *x)
{
    return x->rank == 0 ? 1 : x->shape[x->rank - 1];
}

/* Sums are taken in double, in fixed order, so that they do not depend on the number of threads. */
static void
row_sum_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                 struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_row_fill(t, dy, y->in[0]->rank, y->in[0]->shape);
}

static const struct op op_row_sum = {"row_sum", row_sum_backward};

struct tensor *
nn_row_sum(struct tape *t, struct tensor *x)
{
    size_t c = row_length(x), rows = x->n / c;
    struct tensor *y = tape_new(t, 1, &rows);
    const real *xv = x->v;
    real *yv = y->v;

    NN_FOR(x->n)
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;

#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < c; i++)
            sum += (double)xv[r * c + i];
        yv[r] = (real)sum;
    }
    tape_note(t, y, &op_row_sum, x, NULL, NULL);
    return y;
}

static void
row_fill_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                  struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_reshape(t, nn_row_sum(t, dy), y->in[0]->rank, y->in[0]->shape);
}

static const struct op op_row_fill = {"row_fill", row_fill_backward};

struct tensor *
nn_row_fill(struct tape *t, struct tensor *s, unsigned rank, const size_t *shape)
{
    struct tensor *y = tape_new(t, rank, shape);
    size_t c = row_length(y), rows = y->n / c;
    const real *sv = s->v;
    real *yv = y->v;

    assert(s->n == rows);
    NN_FOR(y->n)
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < c; i++)
            yv[r * c + i] = sv[r];
    tape_note(t, y, &op_row_fill, s, NULL, NULL);
    return y;
}

static void
col_sum_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                 struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_col_fill(t, dy, y->in[0]->rank, y->in[0]->shape);
}

static const struct op op_col_sum = {"col_sum", col_sum_backward};

/*
 * Rows are summed in blocks, the blocks in order: the same bits for any number of threads, and
 * better rounding than one long sum.  Short rows are taken some at a time, as one wide row.
 */
struct tensor *
nn_col_sum(struct tape *t, struct tensor *x)
{
    enum { BLOCK = 64, WIDE = 64 };
    size_t c = row_length(x), wide = c, rows = x->n / c, blocks;
    struct tensor *y = tape_new(t, 1, &c);
    const real *xv = x->v;
    double *sum;
    real *part;

    while (wide < WIDE && rows % 2 == 0) {
        wide *= 2;
        rows /= 2;
    }
    blocks = (rows + BLOCK - 1) / BLOCK;
    sum = tape_bytes(t, wide * sizeof(*sum) + (blocks ? blocks : 1) * wide * sizeof(*part));
    part = (real *)(sum + wide);
    NN_FOR(x->n)
    for (size_t b = 0; b < blocks; b++) {
        size_t end = (b + 1) * BLOCK < rows ? (b + 1) * BLOCK : rows;
        real *p = part + b * wide;

        for (size_t i = 0; i < wide; i++)
            p[i] = 0;
        for (size_t r = b * BLOCK; r < end; r++)
            for (size_t i = 0; i < wide; i++)
                p[i] += xv[r * wide + i];
    }
    for (size_t i = 0; i < wide; i++)
        sum[i] = 0;
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < wide; i++)
            sum[i] += (double)part[b * wide + i];
    for (size_t i = c; i < wide; i++)
        sum[i % c] += sum[i];
    for (size_t i = 0; i < c; i++)
        y->v[i] = (real)sum[i];
    tape_note(t, y, &op_col_sum, x, NULL, NULL);
    return y;
}

static void
col_fill_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                  struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_reshape(t, nn_col_sum(t, dy), y->in[0]->rank, y->in[0]->shape);
}

static const struct op op_col_fill = {"col_fill", col_fill_backward};

struct tensor *
nn_col_fill(struct tape *t, struct tensor *s, unsigned rank, const size_t *shape)
{
    struct tensor *y = tape_new(t, rank, shape);
    size_t c = row_length(y), rows = y->n / c;
    const real *sv = s->v;
    real *yv = y->v;

    assert(s->n == c);
    NN_FOR(y->n)
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < c; i++)
            yv[r * c + i] = sv[i];
    tape_note(t, y, &op_col_fill, s, NULL, NULL);
    return y;
}

static void
bias_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    (void)y;
    if (need[0])
        dx[0] = dy;
    if (need[1])
        dx[1] = nn_col_sum(t, dy);
}

static const struct op op_bias = {"bias", bias_backward};

struct tensor *
nn_bias(struct tape *t, struct tensor *x, struct tensor *b)
{
    struct tensor *y = tape_new(t, x->rank, x->shape);
    size_t c = row_length(x), rows = x->n / c;
    const real *xv = x->v, *bv = b->v;
    real *yv = y->v;

    assert(b->n == c);
    NN_FOR(y->n)
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < c; i++)
            yv[r * c + i] = xv[r * c + i] + bv[i];
    tape_note(t, y, &op_bias, x, b, NULL);
    return y;
}

struct tensor *
nn_sum(struct tape *t, struct tensor *x)
{
    const size_t line[2] = {1, x->n};

    return nn_row_sum(t, nn_reshape(t, x, 2, line));
}

struct tensor *
nn_mean(struct tape *t, struct tensor *x)
{
    return nn_affine(t, nn_sum(t, x), 1.0 / (double)x->n, 0);
}

struct tensor *
nn_dot(struct tape *t, struct tensor *a, struct tensor *b)
{
    return nn_sum(t, nn_mul(t, a, b));
}

static void
softmax_backward(struct tape *t, const struct tensor *p, struct tensor *dp, const int *need,
                 struct tensor **dx)
{
    /* Computed again, so that a second differentiation passes through it. */
    if (need[0])
        dx[0] = nn_softmax_grad(t, nn_softmax(t, p->in[0]), dp);
}

static const struct op op_softmax = {"softmax", softmax_backward};

enum { SLOW = 8 }; /* an exponential takes the time of so many simple elements */

struct tensor *
nn_softmax(struct tape *t, struct tensor *x)
{
    size_t c = row_length(x), rows = x->n / c;
    struct tensor *y = tape_new(t, x->rank, x->shape);

    NN_FOR(SLOW * x->n)
    for (size_t r = 0; r < rows; r++) {
        const real *in = x->v + r * c;
        real *out = y->v + r * c, top = in[0], sum = 0, f;

        for (size_t i = 1; i < c; i++)
            top = in[i] > top ? in[i] : top;
        for (size_t i = 0; i < c; i++)
            out[i] = real_exp(in[i] - top);
        for (size_t i = 0; i < c; i++)
            sum += out[i];
        f = 1 / sum;
        for (size_t i = 0; i < c; i++)
            out[i] *= f;
    }
    tape_note(t, y, &op_softmax, x, NULL, NULL);
    return y;
}

/*
 * y = p (g - <p, g>), with <.,.> along the row.  For g it is its own transpose; for p, with r = dy:
 * dp = r (g - <p, g>) - g <p, r>.
 */
static void
softmax_grad_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                      struct tensor **dx)
{
    struct tensor *p = y->in[0], *g = y->in[1];

    if (need[0]) {
        struct tensor *pg = nn_row_fill(t, nn_row_sum(t, nn_mul(t, p, g)), p->rank, p->shape);
        struct tensor *pr = nn_row_fill(t, nn_row_sum(t, nn_mul(t, p, dy)), p->rank, p->shape);

        dx[0] = nn_sub(t, nn_mul(t, dy, nn_sub(t, g, pg)), nn_mul(t, g, pr));
    }
    if (need[1])
        dx[1] = nn_softmax_grad(t, p, dy);
}

static const struct op op_softmax_grad = {"softmax_grad", softmax_grad_backward};

struct tensor *
nn_softmax_grad(struct tape *t, struct tensor *p, struct tensor *g)
{
    size_t c = row_length(p), rows = p->n / c;
    struct tensor *y = tape_new(t, p->rank, p->shape);

    assert(p->n == g->n);
    NN_FOR(p->n)
    for (size_t r = 0; r < rows; r++) {
        const real *pv = p->v + r * c, *gv = g->v + r * c;
        real *out = y->v + r * c;
        double sum = 0;

#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < c; i++)
            sum += (double)(pv[i] * gv[i]);
        for (size_t i = 0; i < c; i++)
            out[i] = pv[i] * (gv[i] - (real)sum);
    }
    tape_note(t, y, &op_softmax_grad, p, g, NULL);
    return y;
}

static void
logsumexp_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                   struct tensor **dx)
{
    struct tensor *x = y->in[0];

    if (need[0])
        dx[0] = nn_mul(t, nn_softmax(t, x), nn_row_fill(t, dy, x->rank, x->shape));
}

static const struct op op_logsumexp = {"logsumexp", logsumexp_backward};

struct tensor *
nn_logsumexp(struct tape *t, struct tensor *x)
{
    size_t c = row_length(x), rows = x->n / c;
    struct tensor *y = tape_new(t, 1, &rows);

    for (size_t r = 0; r < rows; r++) {
        const real *in = x->v + r * c;
        real top = in[0];
        double sum = 0;

        for (size_t i = 1; i < c; i++)
            top = in[i] > top ? in[i] : top;
        for (size_t i = 0; i < c; i++)
            sum += exp((double)(in[i] - top));
        y->v[r] = (real)((double)top + log(sum));
    }
    tape_note(t, y, &op_logsumexp, x, NULL, NULL);
    return y;
}
