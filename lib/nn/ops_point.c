/* Pointwise operators. */
#include "nn/ops.h"

#include <assert.h>

#include "nn/loops.h"

static struct tensor *
like(struct tape *t, const struct tensor *x)
{
    return tape_new(t, x->rank, x->shape);
}

void
nn_add_into(struct tensor *a, const struct tensor *b)
{
    real *av = a->v;
    const real *bv = b->v;

    NN_FOR(a->n)
    for (size_t i = 0; i < a->n; i++)
        av[i] += bv[i];
}

static void
add_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
             struct tensor **dx)
{
    (void)t;
    (void)y;
    dx[0] = need[0] ? dy : NULL;
    dx[1] = need[1] ? dy : NULL;
}

static const struct op op_add = {"add", add_backward};

struct tensor *
nn_add(struct tape *t, struct tensor *a, struct tensor *b)
{
    struct tensor *y = like(t, a);
    const real *av = a->v, *bv = b->v;
    real *yv = y->v;

    assert(a->n == b->n);
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = av[i] + bv[i];
    tape_note(t, y, &op_add, a, b, NULL);
    return y;
}

static void
sub_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
             struct tensor **dx)
{
    (void)y;
    dx[0] = need[0] ? dy : NULL;
    dx[1] = need[1] ? nn_affine(t, dy, -1, 0) : NULL;
}

static const struct op op_sub = {"sub", sub_backward};

struct tensor *
nn_sub(struct tape *t, struct tensor *a, struct tensor *b)
{
    struct tensor *y = like(t, a);
    const real *av = a->v, *bv = b->v;
    real *yv = y->v;

    assert(a->n == b->n);
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = av[i] - bv[i];
    tape_note(t, y, &op_sub, a, b, NULL);
    return y;
}

static void
mul_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
             struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_mul(t, dy, y->in[1]);
    if (need[1])
        dx[1] = nn_mul(t, dy, y->in[0]);
}

static const struct op op_mul = {"mul", mul_backward};

struct tensor *
nn_mul(struct tape *t, struct tensor *a, struct tensor *b)
{
    struct tensor *y = like(t, a);
    const real *av = a->v, *bv = b->v;
    real *yv = y->v;

    assert(a->n == b->n);
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = av[i] * bv[i];
    tape_note(t, y, &op_mul, a, b, NULL);
    return y;
}

static void
affine_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_affine(t, dy, (double)y->farg[0], 0);
}

static const struct op op_affine = {"affine", affine_backward};

struct tensor *
nn_affine(struct tape *t, struct tensor *a, double factor, double offset)
{
    struct tensor *y = like(t, a);
    real f = (real)factor, o = (real)offset;
    const real *av = a->v;
    real *yv = y->v;

    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = f * av[i] + o;
    y->farg[0] = f;
    tape_note(t, y, &op_affine, a, NULL, NULL);
    return y;
}

/* d sqrt(a) = da / (2 sqrt(a)) */
static void
sqrt_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    if (need[0]) {
        struct tensor *root = nn_sqrt(t, y->in[0]);

        dx[0] = nn_affine(t, nn_mul(t, dy, nn_reciprocal(t, root)), 0.5, 0);
    }
}

static const struct op op_sqrt = {"sqrt", sqrt_backward};

struct tensor *
nn_sqrt(struct tape *t, struct tensor *a)
{
    struct tensor *y = like(t, a);

    for (size_t i = 0; i < y->n; i++)
        y->v[i] = real_sqrt(a->v[i]);
    tape_note(t, y, &op_sqrt, a, NULL, NULL);
    return y;
}

/* d (1/a) = -da / a^2 */
static void
reciprocal_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                    struct tensor **dx)
{
    if (need[0]) {
        struct tensor *r = nn_reciprocal(t, y->in[0]);

        dx[0] = nn_affine(t, nn_mul(t, dy, nn_mul(t, r, r)), -1, 0);
    }
}

static const struct op op_reciprocal = {"reciprocal", reciprocal_backward};

struct tensor *
nn_reciprocal(struct tape *t, struct tensor *a)
{
    struct tensor *y = like(t, a);

    for (size_t i = 0; i < y->n; i++)
        y->v[i] = 1 / a->v[i];
    tape_note(t, y, &op_reciprocal, a, NULL, NULL);
    return y;
}

static void
scale_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
               struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_scale(t, dy, y->in[1]);
    if (need[1])
        dx[1] = nn_reshape(t, nn_dot(t, dy, y->in[0]), y->in[1]->rank, y->in[1]->shape);
}

static const struct op op_scale = {"scale", scale_backward};

struct tensor *
nn_scale(struct tape *t, struct tensor *x, struct tensor *s)
{
    struct tensor *y = like(t, x);
    const real *xv = x->v;
    real *yv = y->v, f = s->v[0];

    assert(s->n == 1);
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = f * xv[i];
    tape_note(t, y, &op_scale, x, s, NULL);
    return y;
}

static void
gate_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_gate(t, dy, y->in[1], (double)y->farg[0]);
    if (need[1]) /* the steering is a step function: its derivative is zero almost everywhere */
        dx[1] = tape_const(t, y->in[1]->rank, y->in[1]->shape, NULL);
}

static const struct op op_gate = {"gate", gate_backward};

struct tensor *
nn_gate(struct tape *t, struct tensor *x, struct tensor *steer, double slope)
{
    struct tensor *y = like(t, x);
    const real *xv = x->v, *sv = steer->v;
    real *yv = y->v, f = (real)slope;

    assert(x->n == steer->n);
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = xv[i] * (sv[i] > 0 ? 1 : f);
    y->farg[0] = f;
    tape_note(t, y, &op_gate, x, steer, NULL);
    return y;
}

static void
leaky_relu_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                    struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_gate(t, dy, y->in[0], (double)y->farg[0]);
}

static const struct op op_leaky_relu = {"leaky_relu", leaky_relu_backward};

struct tensor *
nn_leaky_relu(struct tape *t, struct tensor *x, double slope)
{
    struct tensor *y = like(t, x);
    const real *xv = x->v;
    real *yv = y->v, f = (real)slope;

    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = xv[i] > 0 ? xv[i] : f * xv[i];
    y->farg[0] = f;
    tape_note(t, y, &op_leaky_relu, x, NULL, NULL);
    return y;
}

static void
gate_range_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
                    struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_gate_range(t, dy, y->in[1], (double)y->farg[0], (double)y->farg[1]);
    if (need[1])
        dx[1] = tape_const(t, y->in[1]->rank, y->in[1]->shape, NULL);
}

static const struct op op_gate_range = {"gate_range", gate_range_backward};

struct tensor *
nn_gate_range(struct tape *t, struct tensor *x, struct tensor *steer, double lo, double hi)
{
    struct tensor *y = like(t, x);
    real l = (real)lo, h = (real)hi;
    const real *xv = x->v, *sv = steer->v;
    real *yv = y->v;

    assert(x->n == steer->n);
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = sv[i] >= l && sv[i] <= h ? xv[i] : 0;
    y->farg[0] = l;
    y->farg[1] = h;
    tape_note(t, y, &op_gate_range, x, steer, NULL);
    return y;
}

static void
clip_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    if (need[0])
        dx[0] = nn_gate_range(t, dy, y->in[0], (double)y->farg[0], (double)y->farg[1]);
}

static const struct op op_clip = {"clip", clip_backward};

struct tensor *
nn_clip(struct tape *t, struct tensor *x, double lo, double hi)
{
    struct tensor *y = like(t, x);
    real l = (real)lo, h = (real)hi;
    const real *xv = x->v;
    real *yv = y->v;

    /* Not-a-number passes, and is found in the loss. */
    NN_FOR(y->n)
    for (size_t i = 0; i < y->n; i++)
        yv[i] = xv[i] < l ? l : xv[i] > h ? h : xv[i];
    y->farg[0] = l;
    y->farg[1] = h;
    tape_note(t, y, &op_clip, x, NULL, NULL);
    return y;
}
