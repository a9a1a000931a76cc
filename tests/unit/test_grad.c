/*
 * First- and second-order gradients of every operator against central differences, in double.
 *
 * With f(x...) = <op(x...), r> for a random r, grad_of() must equal the differences of f; and
 * with s(x...) = sum <df/dx, q> for random q, built on the tape, the gradient of s must equal the
 * differences of s.
 */
#include "nn/grad.h"
#include "nn/ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tap.h"

enum { MAX_IN = 3 };

typedef struct tensor *build(struct tape *t, struct tensor **in);

struct shape {
    unsigned rank;
    size_t d[4];
};

struct acase {
    const char *name;
    build *f;
    struct shape in[MAX_IN];
    int linear; /* in all inputs together: the second derivative is zero, which is checked as such
                 */
    double lo;  /* inputs are this + |normal| where positive numbers are needed */
};

static struct tensor *
random_tensor(struct tape *t, struct shape s, uint64_t seed, const char *purpose, double lo)
{
    struct tensor *x = tape_const(t, s.rank, s.d, NULL);
    struct rng r = rng_at(seed, purpose, 0);

    for (size_t i = 0; i < x->n; i++) {
        double z = rng_normal(&r);

        x->v[i] = (real)(lo > 0 ? lo + fabs(z) : z);
    }
    return x;
}

/* f, or s where order is 2; with the gradients for the inputs if grads is not NULL. */
static double
value(const struct acase *c, double *const *x, int order, uint64_t seed, double **grads)
{
    struct tape *t = tape_open();
    struct tensor *in[MAX_IN] = {NULL}, *g[MAX_IN], *y, *f;
    size_t n = 0;
    double v;

    for (; n < MAX_IN && c->in[n].rank > 0; n++) {
        in[n] = tape_const(t, c->in[n].rank, c->in[n].d, NULL);
        for (size_t i = 0; i < in[n]->n; i++)
            in[n]->v[i] = (real)x[n][i];
    }
    y = c->f(t, in);
    f = nn_dot(t, y,
               random_tensor(
                   t, (struct shape){y->rank, {y->shape[0], y->shape[1], y->shape[2], y->shape[3]}},
                   seed, "r", 0));
    if (order == 2) {
        struct tensor *s = NULL;

        grad_of(t, f, in, n, 1, g);
        for (size_t k = 0; k < n; k++) {
            struct tensor *term = nn_dot(t, g[k], random_tensor(t, c->in[k], seed + 1 + k, "q", 0));

            s = s ? nn_add(t, s, term) : term;
        }
        f = s;
    }
    v = (double)f->v[0];
    if (grads != NULL) {
        grad_of(t, f, in, n, 0, g);
        for (size_t k = 0; k < n; k++)
            for (size_t i = 0; i < g[k]->n; i++)
                grads[k][i] = (double)g[k]->v[i];
    }
    tape_close(t);
    return v;
}

static void
check(const struct acase *c, int order, uint64_t seed)
{
    const double h = 1e-5, tol = 1e-7;
    double *x[MAX_IN] = {NULL}, *g[MAX_IN] = {NULL}, diff = 0, norm = 0;
    struct tape *t = tape_open();
    size_t n = 0, size[MAX_IN];

    for (; n < MAX_IN && c->in[n].rank > 0; n++) {
        struct tensor *z = random_tensor(t, c->in[n], seed + 10 * n, "x", c->lo);

        size[n] = z->n;
        x[n] = calloc(z->n, sizeof(double));
        g[n] = calloc(z->n, sizeof(double));
        for (size_t i = 0; i < z->n; i++)
            x[n][i] = (double)z->v[i];
    }
    value(c, x, order, seed, g);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < size[k]; i++) {
            double keep = x[k][i], up, down, want;

            x[k][i] = keep + h;
            up = value(c, x, order, seed, NULL);
            x[k][i] = keep - h;
            down = value(c, x, order, seed, NULL);
            x[k][i] = keep;
            want = (up - down) / (2 * h);
            diff += (g[k][i] - want) * (g[k][i] - want);
            norm += want * want;
        }
    diff = sqrt(diff) / (sqrt(norm) + 1);
    tap_ok(diff <= tol && (c->linear && order == 2 ? norm < 1e-12 : norm > 1e-6),
           "%s: order %d, relative error %.2g (norm %.3g)", c->name, order, diff, sqrt(norm));
    for (size_t k = 0; k < n; k++) {
        free(x[k]);
        free(g[k]);
    }
    tape_close(t);
}

/* ---- the operators ---- */

static struct tensor *
f_conv(struct tape *t, struct tensor **in)
{
    return nn_conv(t, in[0], in[1], in[2], 1, 1);
}

static struct tensor *
f_col_affine(struct tape *t, struct tensor **in)
{
    return nn_col_affine(t, in[0], in[1], in[2]);
}

static struct tensor *
f_bias(struct tape *t, struct tensor **in)
{
    return nn_bias(t, in[0], in[1]);
}

static struct tensor *
f_col_dot(struct tape *t, struct tensor **in)
{
    return nn_col_dot(t, in[0], in[1]);
}

static struct tensor *
f_conv_stride(struct tape *t, struct tensor **in)
{
    return nn_conv(t, in[0], in[1], NULL, 2, 1);
}

static struct tensor *
f_conv_transpose(struct tape *t, struct tensor **in)
{
    return nn_conv_transpose(t, in[0], in[1], 6, 5, 2, 1);
}

static struct tensor *
f_conv_weights(struct tape *t, struct tensor **in)
{
    return nn_conv_weights(t, in[0], in[1], 3, 3, 2, 1);
}

#define MATMUL(name, ta, tb)                                       \
    static struct tensor *name(struct tape *t, struct tensor **in) \
    {                                                              \
        return nn_matmul(t, in[0], in[1], ta, tb);                 \
    }
MATMUL(f_matmul, 0, 0)
MATMUL(f_matmul_ta, 1, 0)
MATMUL(f_matmul_tb, 0, 1)
MATMUL(f_matmul_tatb, 1, 1)

#define UNARY(name, call)                                          \
    static struct tensor *name(struct tape *t, struct tensor **in) \
    {                                                              \
        struct tensor *x = in[0];                                  \
        return call;                                               \
    }
#define BINARY(name, call)                                         \
    static struct tensor *name(struct tape *t, struct tensor **in) \
    {                                                              \
        struct tensor *x = in[0], *y = in[1];                      \
        return call;                                               \
    }
static const size_t filled[3] = {2, 3, 5};
static const size_t flat[2] = {6, 5};

BINARY(f_add, nn_add(t, x, y))
BINARY(f_sub, nn_sub(t, x, y))
BINARY(f_mul, nn_mul(t, x, y))
BINARY(f_scale, nn_scale(t, x, y))
BINARY(f_gate, nn_gate(t, x, y, 0.2))
BINARY(f_gate_range, nn_gate_range(t, x, y, -0.5, 0.5))
BINARY(f_softmax_grad, nn_softmax_grad(t, x, y))
BINARY(f_stack, nn_stack(t, x, y))
BINARY(f_concat, nn_concat(t, x, y))
BINARY(f_dot, nn_dot(t, x, y))
UNARY(f_affine, nn_affine(t, x, -1.5, 0.3))
UNARY(f_sqrt, nn_sqrt(t, x))
UNARY(f_reciprocal, nn_reciprocal(t, x))
UNARY(f_leaky_relu, nn_leaky_relu(t, x, 0.2))
UNARY(f_relu, nn_leaky_relu(t, x, 0))
UNARY(f_clip, nn_clip(t, x, -0.7, 0.7))
UNARY(f_row_sum, nn_row_sum(t, x))
UNARY(f_row_fill, nn_row_fill(t, x, 3, filled))
UNARY(f_col_sum, nn_col_sum(t, x))
UNARY(f_col_fill, nn_col_fill(t, x, 3, filled))
UNARY(f_sum, nn_sum(t, x))
UNARY(f_mean, nn_mean(t, x))
UNARY(f_softmax, nn_softmax(t, x))
UNARY(f_logsumexp, nn_logsumexp(t, x))
UNARY(f_reshape, nn_reshape(t, x, 2, flat))
UNARY(f_batch_slice, nn_batch_slice(t, x, 1, 2))
UNARY(f_batch_embed, nn_batch_embed(t, x, 1, 5))
UNARY(f_slice, nn_slice(t, x, 1, 2))
UNARY(f_embed, nn_embed(t, x, 2, 7))
UNARY(f_up2, nn_up2(t, x))
UNARY(f_sum2, nn_sum2(t, x))
UNARY(f_blur, nn_blur(t, x))
UNARY(f_max_pool2, nn_max_pool2(t, x))
UNARY(f_max_pool, nn_max_pool(t, x, 3, 2, 1))
UNARY(f_standardise, nn_standardise(t, x, 1e-2, NULL, NULL))
static const real left[] = {0.5, -0.125, 0.25, 0.25, 0.75, -0.5};
static const real right[] = {0.75, -0.25, 0.125, 0.5, 0.25};
UNARY(f_spectral, nn_spectral(t, x, left, right))
UNARY(f_crop_border, nn_crop_border(t, x, 1))
static const uint32_t moved[2 * 30] = {5, 4, 3, NN_NOWHERE, 3, 0, 29, 28, 1, 1, 1, NN_NOWHERE};
UNARY(f_gather, nn_gather(t, x, moved))
UNARY(f_scatter, nn_scatter(t, x, moved))
/* One tensor used several times, through a view: sums of gradients and shared storage. */
UNARY(f_reuse, nn_add(t, nn_mul(t, x, x),
                      nn_reshape(t, nn_mul(t, nn_reshape(t, x, 2, flat), nn_reshape(t, x, 2, flat)),
                                 3, filled)))

#define IMAGE          \
    {                  \
        4,             \
        {              \
            2, 6, 5, 3 \
        }              \
    }
#define EVEN           \
    {                  \
        4,             \
        {              \
            2, 4, 6, 3 \
        }              \
    }
#define CUBE        \
    {               \
        3,          \
        {           \
            2, 3, 5 \
        }           \
    }

static const struct acase cases[] = {
    {"conv", f_conv, {IMAGE, {4, {3, 3, 3, 4}}, {1, {4}}}, 0, 0},
    {"conv, stride 2", f_conv_stride, {IMAGE, {4, {3, 3, 3, 2}}}, 0, 0},
    {"conv_transpose", f_conv_transpose, {{4, {2, 3, 3, 2}}, {4, {3, 3, 3, 2}}}, 0, 0},
    {"conv_weights", f_conv_weights, {IMAGE, {4, {2, 3, 3, 2}}}, 0, 0},
    {"matmul", f_matmul, {{3, {2, 3, 4}}, {3, {2, 4, 5}}}, 0, 0},
    {"matmul, A transposed", f_matmul_ta, {{3, {2, 4, 3}}, {3, {2, 4, 5}}}, 0, 0},
    {"matmul, B transposed", f_matmul_tb, {{3, {2, 3, 4}}, {3, {2, 5, 4}}}, 0, 0},
    {"matmul, both transposed", f_matmul_tatb, {{3, {2, 4, 3}}, {3, {2, 5, 4}}}, 0, 0},
    {"add", f_add, {CUBE, CUBE}, 1, 0},
    {"sub", f_sub, {CUBE, CUBE}, 1, 0},
    {"mul", f_mul, {CUBE, CUBE}, 0, 0},
    {"scale", f_scale, {CUBE, {1, {1}}}, 0, 0},
    {"gate", f_gate, {CUBE, CUBE}, 1, 0},
    {"gate_range", f_gate_range, {CUBE, CUBE}, 1, 0},
    {"softmax_grad", f_softmax_grad, {CUBE, CUBE}, 0, 0},
    {"stack", f_stack, {CUBE, {3, {3, 3, 5}}}, 1, 0},
    {"concat", f_concat, {CUBE, {3, {2, 3, 4}}}, 1, 0},
    {"dot", f_dot, {CUBE, CUBE}, 0, 0},
    {"affine", f_affine, {CUBE}, 1, 0},
    {"sqrt", f_sqrt, {CUBE}, 0, 0.5},
    {"reciprocal", f_reciprocal, {CUBE}, 0, 0.5},
    {"leaky_relu", f_leaky_relu, {CUBE}, 1, 0},
    {"relu", f_relu, {CUBE}, 1, 0},
    {"clip", f_clip, {CUBE}, 1, 0},
    {"row_sum", f_row_sum, {CUBE}, 1, 0},
    {"row_fill", f_row_fill, {{1, {6}}}, 1, 0},
    {"col_sum", f_col_sum, {CUBE}, 1, 0},
    {"col_fill", f_col_fill, {{1, {5}}}, 1, 0},
    {"sum", f_sum, {CUBE}, 1, 0},
    {"mean", f_mean, {CUBE}, 1, 0},
    {"softmax", f_softmax, {CUBE}, 0, 0},
    {"logsumexp", f_logsumexp, {CUBE}, 0, 0},
    {"reshape", f_reshape, {CUBE}, 1, 0},
    {"batch_slice", f_batch_slice, {{3, {4, 3, 2}}}, 1, 0},
    {"batch_embed", f_batch_embed, {CUBE}, 1, 0},
    {"slice", f_slice, {CUBE}, 1, 0},
    {"embed", f_embed, {CUBE}, 1, 0},
    {"up2", f_up2, {IMAGE}, 1, 0},
    {"sum2", f_sum2, {EVEN}, 1, 0},
    {"blur", f_blur, {IMAGE}, 1, 0},
    {"max_pool2", f_max_pool2, {EVEN}, 1, 0},
    {"max_pool, 3x3", f_max_pool, {IMAGE}, 1, 0},
    {"standardise", f_standardise, {CUBE}, 0, 0},
    {"col_affine", f_col_affine, {CUBE, {1, {5}}, {1, {5}}}, 0, 0},
    {"bias", f_bias, {CUBE, {1, {5}}}, 1, 0},
    {"col_dot", f_col_dot, {CUBE, CUBE}, 0, 0},
    {"spectral", f_spectral, {CUBE}, 0, 0.1},
    {"crop_border", f_crop_border, {IMAGE}, 1, 0},
    {"gather", f_gather, {IMAGE}, 1, 0},
    {"scatter", f_scatter, {IMAGE}, 1, 0},
    {"one tensor used several times", f_reuse, {CUBE}, 0, 0},
};

int
main(void)
{
    if (sizeof(real) != 8) /* float differences drown in rounding */
        return tap_skip_all("gradients are checked in the double build");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int order = 1; order <= 2; order++)
            check(&cases[i], order, 7 + i);
    return tap_done(102);
}
