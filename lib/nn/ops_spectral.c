/*
 * Weights divided by their largest singular value (T. Miyato et al., ICLR 2018), as one operator:
 * for the dozens of small weights of a network the calls would cost more than the arithmetic.
 */
#include "nn/ops.h"

#include <assert.h>
#include <string.h>

#include "nn/backend.h"
#include "nn/loops.h"

/*
 * With M = v u^T, constant, and s = <M, w>:
 *
 *     y = w / s,   and for dy the gradient   z = (dy - <dy, w> / s M) / s.
 */
struct singular {
    size_t in, out; /* w as a matrix [in][out] */
    real s, *v, *u; /* [in], [out] */
};

static struct tensor *spectral_grad(struct tape *t, struct tensor *dy, struct tensor *w,
                                    const struct singular *m);

/* M as a tensor of w's shape. */
static struct tensor *
direction(struct tape *t, const struct tensor *w, const struct singular *m)
{
    struct tensor *y = tape_new(t, w->rank, w->shape);

    for (size_t i = 0; i < m->in; i++)
        for (size_t k = 0; k < m->out; k++)
            y->v[i * m->out + k] = m->v[i] * m->u[k];
    return y;
}

static void
spectral_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                  struct tensor **dx)
{
    if (need[0])
        dx[0] = spectral_grad(t, dy, y->in[0], y->index);
}

static const struct op op_spectral = {"spectral", spectral_backward};

struct tensor *
nn_spectral(struct tape *t, struct tensor *w, const real *v, const real *u)
{
    size_t out = w->shape[w->rank - 1], in = w->n / out;
    struct tensor *y = tape_new(t, w->rank, w->shape);
    struct singular *m = tape_bytes(t, sizeof(*m) + (2 * in + out) * sizeof(real));
    const real *wv = w->v;
    real *yv = y->v, *wu, f;
    double s = 0;

    *m = (struct singular){.in = in, .out = out, .v = (real *)(m + 1)};
    m->u = m->v + in;
    wu = m->u + out;
    memcpy(m->v, v, in * sizeof(real));
    memcpy(m->u, u, out * sizeof(real));
    backend_gemv(0, in, out, wv, u, wu);
#pragma omp simd reduction(+ : s)
    for (size_t i = 0; i < in; i++)
        s += (double)(v[i] * wu[i]);
    m->s = (real)s;
    f = 1 / m->s;
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = f * wv[i];
    y->index = m;
    tape_note(t, y, &op_spectral, w, NULL, NULL);
    return y;
}

/*
 * With r = dz:  <r, z> = <r, dy> / s - <dy, w> <r, M> / s^2, so
 *
 *     d(dy) = (r - <r, M> / s w) / s
 *     dw    = (2 <dy, w> <r, M> / s - <r, dy>) / s^2 M - <r, M> / s^2 dy
 */
static void
spectral_grad_backward(struct tape *t, const struct tensor *z, struct tensor *r, const int *need,
                       struct tensor **d)
{
    const struct singular *k = z->index;
    struct tensor *dy = z->in[0], *w = z->in[1], *m = direction(t, w, k);
    struct tensor *f = nn_reciprocal(t, nn_dot(t, m, w)), *ff = nn_mul(t, f, f);
    struct tensor *rm = nn_dot(t, r, m);

    if (need[0])
        d[0] = nn_sub(t, nn_scale(t, r, f), nn_scale(t, w, nn_mul(t, rm, ff)));
    if (need[1]) {
        struct tensor *dw = nn_mul(t, nn_mul(t, nn_dot(t, dy, w), rm), nn_affine(t, f, 2, 0));

        d[1] = nn_sub(t, nn_scale(t, m, nn_mul(t, nn_sub(t, dw, nn_dot(t, r, dy)), ff)),
                      nn_scale(t, dy, nn_mul(t, rm, ff)));
    }
}

static const struct op op_spectral_grad = {"spectral_grad", spectral_grad_backward};

static struct tensor *
spectral_grad(struct tape *t, struct tensor *dy, struct tensor *w, const struct singular *m)
{
    struct tensor *z = tape_new(t, w->rank, w->shape);
    const real *dv = dy->v, *wv = w->v;
    real *zv = z->v, f = 1 / m->s, g;
    double sum = 0;

    assert(dy->n == w->n);
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < w->n; i++)
        sum += (double)(dv[i] * wv[i]);
    g = (real)sum * f;
    NN_FOR(z->n)
    for (size_t i = 0; i < m->in; i++) {
        const real *in = dv + i * m->out;
        real *out = zv + i * m->out, vi = g * m->v[i];

        for (size_t k = 0; k < m->out; k++)
            out[k] = f * (in[k] - vi * m->u[k]);
    }
    z->index = m;
    tape_note(t, z, &op_spectral_grad, dy, w, NULL);
    return z;
}
