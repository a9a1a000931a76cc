/* Batch normalisation in pieces, and max-pooling over windows that overlap. */
#include "nn/ops.h"

#include <assert.h>
#include <string.h>

#include "nn/backend.h"
#include "nn/loops.h"

static size_t
row_length(const struct tensor *x)
{
    return x->rank == 0 ? 1 : x->shape[x->rank - 1];
}

/* ---- sums over columns ---- */

enum { BLOCK = 64 };

/*
 * out[i] = sum over rows of x y, or of x where y is NULL.  With a shift, of x (y - shift[i]), or of
 * (x - shift[i])^2 where y is x.  Rows are summed in blocks, the blocks in order: the same bits for
 * any number of threads.
 */
static void
col_reduce(struct tape *t, const real *x, const real *y, const real *shift, size_t rows, size_t c,
           real *out)
{
    size_t blocks = (rows + BLOCK - 1) / BLOCK;
    real *part = tape_bytes(t, (blocks ? blocks : 1) * c * sizeof(real));

    NN_FOR(rows * c)
    for (size_t b = 0; b < blocks; b++) {
        size_t end = (b + 1) * BLOCK < rows ? (b + 1) * BLOCK : rows;
        real *p = part + b * c;

        for (size_t i = 0; i < c; i++)
            p[i] = 0;
        for (size_t r = b * BLOCK; r < end; r++) {
            const real *xr = x + r * c, *yr = y ? y + r * c : NULL;

            if (yr == NULL)
                for (size_t i = 0; i < c; i++)
                    p[i] += xr[i];
            else if (shift == NULL)
                for (size_t i = 0; i < c; i++)
                    p[i] += xr[i] * yr[i];
            else if (x != y)
                for (size_t i = 0; i < c; i++)
                    p[i] += xr[i] * (yr[i] - shift[i]);
            else
                for (size_t i = 0; i < c; i++)
                    p[i] += (xr[i] - shift[i]) * (xr[i] - shift[i]);
        }
    }
    for (size_t i = 0; i < c; i++) {
        double sum = 0;

        for (size_t b = 0; b < blocks; b++)
            sum += (double)part[b * c + i];
        out[i] = (real)sum;
    }
}

static void
col_dot_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                 struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_col_affine(t, y->in[1], dy, NULL);
    if (need[1])
        dx[1] = nn_col_affine(t, y->in[0], dy, NULL);
}

static const struct op op_col_dot = {"col_dot", col_dot_backward};

struct tensor *
nn_col_dot(struct tape *t, struct tensor *a, struct tensor *b)
{
    size_t c = row_length(a);
    struct tensor *y = tape_new(t, 1, &c);

    assert(a->n == b->n);
    col_reduce(t, a->v, b->v, NULL, a->n / c, c, y->v);
    tape_note(t, y, &op_col_dot, a, b, NULL);
    return y;
}

static void
col_affine_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                    struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_col_affine(t, dy, y->in[1], NULL);
    if (need[1])
        dx[1] = nn_col_dot(t, dy, y->in[0]);
    if (need[2])
        dx[2] = nn_col_sum(t, dy);
}

static const struct op op_col_affine = {"col_affine", col_affine_backward};

struct tensor *
nn_col_affine(struct tape *t, struct tensor *x, struct tensor *a, struct tensor *b)
{
    size_t c = row_length(x), rows = x->n / c;
    struct tensor *y = tape_new(t, x->rank, x->shape);
    const real *xv = x->v, *av = a->v, *bv = b ? b->v : NULL;
    real *yv = y->v;

    assert(a->n == c && (b == NULL || b->n == c));
    NN_FOR(y->n)
    for (size_t r = 0; r < rows; r++) {
        const real *in = xv + r * c;
        real *out = yv + r * c;

        if (bv != NULL)
            for (size_t i = 0; i < c; i++)
                out[i] = in[i] * av[i] + bv[i];
        else
            for (size_t i = 0; i < c; i++)
                out[i] = in[i] * av[i];
    }
    tape_note(t, y, &op_col_affine, x, a, b);
    return y;
}

/* ---- standardised columns ---- */

/*
 * With m the mean of a column, s = 1 / sqrt(variance + epsilon), h = s (x - m) and <.> the mean
 * over rows, the derivative of h along g is
 *
 *     J g = s (g - <g> - h <g h>),
 *
 * and J is symmetric.
 */
struct moments {
    size_t c;
    double epsilon;
    real v[]; /* [c] means, [c] values of s */
};

static struct tensor *standardise_grad(struct tape *t, struct tensor *x, struct tensor *g,
                                       const struct moments *m);

static void
standardise_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                     struct tensor **dx)
{
    if (need[0])
        dx[0] = standardise_grad(t, y->in[0], dy, y->index);
}

static const struct op op_standardise = {"standardise", standardise_backward};

struct tensor *
nn_standardise(struct tape *t, struct tensor *x, double epsilon, real *mean, real *variance)
{
    size_t c = row_length(x), rows = x->n / c;
    struct tensor *y = tape_new(t, x->rank, x->shape);
    struct moments *m = tape_bytes(t, sizeof(*m) + 2 * c * sizeof(real));
    const real *mv = m->v, *sv = m->v + c, *xv = x->v;
    real *yv = y->v;

    m->c = c;
    m->epsilon = epsilon;
    col_reduce(t, xv, NULL, NULL, rows, c, m->v);
    for (size_t i = 0; i < c; i++)
        m->v[i] /= (real)rows;
    col_reduce(t, xv, xv, m->v, rows, c, m->v + c);
    for (size_t i = 0; i < c; i++) {
        double v = (double)m->v[c + i] / (double)rows;

        if (mean != NULL)
            mean[i] = m->v[i];
        if (variance != NULL)
            variance[i] = (real)v;
        m->v[c + i] = (real)(1 / sqrt(v + epsilon));
    }
    NN_FOR(y->n)
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < c; i++)
            yv[r * c + i] = (xv[r * c + i] - mv[i]) * sv[i];
    y->index = m;
    tape_note(t, y, &op_standardise, x, NULL, NULL);
    return y;
}

/*
 * F = <r, J g> N has the derivative J r for g.  For x, with K = <r g> - <r> <g> - <r h> <g h>,
 * ds/dx = -s^2 h / N and d<g h>/dx = J g / N:
 *
 *     dF/dx = -s^2 h K - s (<r h> J g + <g h> J r).
 */
static void
standardise_grad_backward(struct tape *t, const struct tensor *y, struct tensor *r, const int *need,
                          struct tensor **dx)
{
    struct tensor *x = y->in[0], *g = y->in[1];
    const struct moments *m = y->index;

    if (need[0]) {
        double share = 1 / (double)(x->n / m->c);
        struct tensor *h = nn_standardise(t, x, m->epsilon, NULL, NULL);
        struct tensor *rm = nn_affine(t, nn_col_sum(t, r), share, 0);
        struct tensor *gm = nn_affine(t, nn_col_sum(t, g), share, 0);
        struct tensor *rh = nn_affine(t, nn_col_dot(t, r, h), share, 0);
        struct tensor *gh = nn_affine(t, nn_col_dot(t, g, h), share, 0);
        struct tensor *k = nn_affine(t, nn_col_dot(t, r, g), share, 0);
        struct tensor *mean = nn_affine(t, nn_col_sum(t, x), share, 0);
        struct tensor *off = nn_sub(t, x, nn_col_fill(t, mean, x->rank, x->shape));
        struct tensor *v = nn_affine(t, nn_col_dot(t, off, off), share, m->epsilon);
        struct tensor *s = nn_reciprocal(t, nn_sqrt(t, v));
        struct tensor *jr = standardise_grad(t, x, r, m), *jg = standardise_grad(t, x, g, m);

        k = nn_sub(t, k, nn_add(t, nn_mul(t, rm, gm), nn_mul(t, rh, gh)));
        dx[0] = nn_col_affine(t, h, nn_mul(t, nn_mul(t, s, s), k), NULL);
        dx[0] = nn_add(t, dx[0], nn_col_affine(t, jg, nn_mul(t, s, rh), NULL));
        dx[0] = nn_add(t, dx[0], nn_col_affine(t, jr, nn_mul(t, s, gh), NULL));
        dx[0] = nn_affine(t, dx[0], -1, 0);
    }
    if (need[1])
        dx[1] = standardise_grad(t, x, r, m);
}

static const struct op op_standardise_grad = {"standardise_grad", standardise_grad_backward};

static struct tensor *
standardise_grad(struct tape *t, struct tensor *x, struct tensor *g, const struct moments *m)
{
    size_t c = m->c, rows = x->n / c;
    struct tensor *y = tape_new(t, x->rank, x->shape);
    const real *xv = x->v, *gv = g->v, *mv = m->v, *sv = m->v + c;
    real *yv = y->v, *gm = tape_bytes(t, 2 * c * sizeof(real)), *f = gm + c;

    col_reduce(t, gv, NULL, NULL, rows, c, gm);
    col_reduce(t, gv, xv, mv, rows, c, f);
    for (size_t i = 0; i < c; i++) {
        gm[i] /= (real)rows;
        f[i] *= sv[i] * sv[i] * sv[i] / (real)rows;
    }
    NN_FOR(y->n)
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < c; i++)
            yv[r * c + i] = sv[i] * (gv[r * c + i] - gm[i]) - f[i] * (xv[r * c + i] - mv[i]);
    y->index = m;
    tape_note(t, y, &op_standardise_grad, x, g, NULL);
    return y;
}

/* ---- max-pool over windows ---- */

/*
 * As for nn_max_pool2(): which pixel of its window each maximum was is remembered; gather and
 * scatter move numbers along that choice and are each other's transposes.
 */
struct windows {
    size_t h, w, k, stride, pad; /* of the pooled image */
    unsigned char at[];          /* ky k + kx of each output */
};

static struct tensor *window_gather(struct tape *t, struct tensor *x, const struct windows *v);
static struct tensor *window_scatter(struct tape *t, struct tensor *y, const struct windows *v);

static void
window_gather_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                       struct tensor **dx)
{
    if (need[0])
        dx[0] = window_scatter(t, dy, y->index);
}

static void
window_scatter_backward(struct tape *t, const struct tensor *x, struct tensor *dx, const int *need,
                        struct tensor **dy)
{
    if (need[0])
        dy[0] = window_gather(t, dx, x->index);
}

static const struct op op_window_gather = {"window_gather", window_gather_backward};
static const struct op op_window_scatter = {"window_scatter", window_scatter_backward};

enum { MOST_WINDOW = 15 };

/*
 * Where the first pixel of an output's window lies in x (in front of it, if it is of the border:
 * such sums wrap round and back), and how far behind it the others lie.
 */
static size_t
window_start(const struct windows *v, size_t row, size_t ho, size_t col, size_t c)
{
    size_t y = row % ho * v->stride - v->pad, x = col * v->stride - v->pad;

    return ((row / ho * v->h + y) * v->w + x) * c;
}

static void
window_offsets(const struct windows *v, size_t c, size_t offset[MOST_WINDOW * MOST_WINDOW])
{
    for (size_t p = 0; p < v->k * v->k; p++)
        offset[p] = (p / v->k * v->w + p % v->k) * c;
}

static struct tensor *
window_gather(struct tape *t, struct tensor *x, const struct windows *v)
{
    size_t c = x->shape[3], ho = conv_out(v->h, v->k, v->stride, v->pad);
    size_t wo = conv_out(v->w, v->k, v->stride, v->pad);
    size_t shape[4] = {x->shape[0], ho, wo, c}, offset[MOST_WINDOW * MOST_WINDOW];
    struct tensor *y = tape_new(t, 4, shape);

    window_offsets(v, c, offset);
    NN_FOR(y->n)
    for (size_t row = 0; row < shape[0] * ho; row++)
        for (size_t i = 0; i < wo; i++) {
            size_t first = (row * wo + i) * c, from = window_start(v, row, ho, i, c);

            for (size_t j = 0; j < c; j++)
                y->v[first + j] = x->v[from + offset[v->at[first + j]] + j];
        }
    y->index = v;
    tape_note(t, y, &op_window_gather, x, NULL, NULL);
    return y;
}

/* Windows overlap, so a thread owns whole images. */
static struct tensor *
window_scatter(struct tape *t, struct tensor *y, const struct windows *v)
{
    size_t n = y->shape[0], ho = y->shape[1], wo = y->shape[2], c = y->shape[3];
    size_t shape[4] = {n, v->h, v->w, c}, offset[MOST_WINDOW * MOST_WINDOW];
    struct tensor *x = tape_const(t, 4, shape, NULL);

    window_offsets(v, c, offset);
    NN_FOR(y->n)
    for (size_t image = 0; image < n; image++)
        for (size_t row = image * ho; row < (image + 1) * ho; row++)
            for (size_t i = 0; i < wo; i++) {
                size_t first = (row * wo + i) * c, from = window_start(v, row, ho, i, c);

                for (size_t j = 0; j < c; j++)
                    x->v[from + offset[v->at[first + j]] + j] += y->v[first + j];
            }
    x->index = v;
    tape_note(t, x, &op_window_scatter, y, NULL, NULL);
    return x;
}

struct tensor *
nn_max_pool(struct tape *t, struct tensor *x, size_t k, size_t stride, size_t pad)
{
    size_t h = x->shape[1], w = x->shape[2], c = x->shape[3];
    size_t ho = conv_out(h, k, stride, pad), wo = conv_out(w, k, stride, pad);
    size_t shape[4] = {x->shape[0], ho, wo, c}, offset[MOST_WINDOW * MOST_WINDOW];
    struct tensor *y = tape_new(t, 4, shape);
    struct windows *v = tape_bytes(t, sizeof(*v) + y->n);

    assert(k <= MOST_WINDOW && pad < k);
    *v = (struct windows){h, w, k, stride, pad};
    window_offsets(v, c, offset);
    NN_FOR(y->n)
    for (size_t row = 0; row < shape[0] * ho; row++)
        for (size_t i = 0; i < wo; i++) {
            real *out = y->v + (row * wo + i) * c;
            unsigned char *at = v->at + (row * wo + i) * c;
            size_t from = window_start(v, row, ho, i, c);
            int any = 0;

            for (unsigned p = 0; p < k * k; p++) {
                size_t yy = row % ho * stride + p / k, xx = i * stride + p % k;
                const real *in;

                if (yy < pad || yy >= h + pad || xx < pad || xx >= w + pad)
                    continue;
                in = x->v + (from + offset[p]);
                if (!any) {
                    memcpy(out, in, c * sizeof(*out));
                    memset(at, (int)p, c);
                }
                for (size_t j = 0; any && j < c; j++) {
                    real most = nn_max(out[j], in[j]);

                    at[j] = most == out[j] ? at[j] : (unsigned char)p;
                    out[j] = most;
                }
                any = 1;
            }
        }
    y->index = v;
    tape_note(t, y, &op_window_gather, x, NULL, NULL);
    return y;
}
