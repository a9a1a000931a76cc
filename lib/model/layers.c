#include "model/layers.h"

#include <assert.h>
#include <stdio.h>

#include "nn/ops.h"

size_t
net_filters(const struct net_config *c, size_t full)
{
    double n = floor((double)full * c->width + 0.5);

    return n < 1 ? 1 : (size_t)n;
}

size_t
net_blocks(const struct net_config *c)
{
    size_t n = 0;

    for (size_t side = c->size; side > 4; side /= 2)
        n++;
    return n;
}

int
net_attends(size_t size, size_t side)
{
    return side >= 4 && side <= size / 2 && side <= 64 && (side & (side - 1)) == 0;
}

size_t
net_attention_block(const struct net_config *c)
{
    size_t i = 0, n = net_blocks(c);

    while (i < n && c->size >> (i + 1) != c->attention)
        i++;
    return i;
}

/*
 * ASSUMPTION: the paper does not say how its "category-specific input label" enters.  Planes beside
 * the image, into both networks, are the usual way (M. Mirza and S. Osindero, "Conditional
 * generative adversarial nets", 2014).
 */
struct tensor *
net_labelled(struct tape *t, const struct net_config *c, struct tensor *x, size_t category)
{
    const size_t shape[4] = {x->shape[0], x->shape[1], x->shape[2], c->categories};
    struct tensor *label;

    if (c->categories == 0)
        return x;
    assert(category < c->categories);
    label = tape_const(t, 4, shape, NULL);
    for (size_t i = category; i < label->n; i += c->categories)
        label->v[i] = 1;
    return nn_concat(t, x, label);
}

int
conv_layer_add(struct conv_layer *l, struct params *ps, const char *name, size_t k, size_t ci,
               size_t co, size_t stride, size_t pad, int bias, int spectral, uint64_t seed,
               struct err *e)
{
    const size_t shape[4] = {k, k, ci, co};
    char full[80];

    *l = (struct conv_layer){.stride = stride, .pad = pad};
    snprintf(full, sizeof(full), "%s.weight", name);
    l->weight = param_add(ps, full, 4, shape, PARAM_GLOROT, spectral, seed, e);
    if (l->weight == NULL)
        return -1;
    if (bias) {
        snprintf(full, sizeof(full), "%s.bias", name);
        l->bias = param_add(ps, full, 1, &co, PARAM_ZERO, 0, seed, e);
        if (l->bias == NULL)
            return -1;
    }
    return 0;
}

struct tensor *
conv_layer(struct tape *t, const struct conv_layer *l, struct tensor *x)
{
    return nn_conv(t, x, l->weight->use, l->bias ? l->bias->use : NULL, l->stride, l->pad);
}

/* ---- batch normalisation ---- */

static const double norm_epsilon = 1e-5, norm_momentum = 0.1; /* torchvision's */

static struct param *
vector_add(struct params *ps, const char *name, const char *what, size_t n, real value,
           struct err *e)
{
    struct param *p;
    char full[80];

    snprintf(full, sizeof(full), "%s.%s", name, what);
    p = param_add(ps, full, 1, &n, PARAM_ZERO, 0, 0, e);
    for (size_t i = 0; p != NULL && i < n; i++)
        p->w.v[i] = value;
    return p;
}

int
conv_norm_add(struct conv_norm *l, struct params *params, struct params *stats,
              const char *conv_name, const char *norm_name, size_t k, size_t ci, size_t co,
              size_t stride, struct err *e)
{
    const size_t shape[4] = {k, k, ci, co};
    struct norm *n = &l->norm;
    char full[80];

    *l = (struct conv_norm){.conv = {.stride = stride, .pad = k / 2}};
    snprintf(full, sizeof(full), "%s.weight", conv_name);
    l->conv.weight = param_add(params, full, 4, shape, PARAM_ZERO, 0, 0, e);
    return l->conv.weight == NULL ||
                   (n->gamma = vector_add(params, norm_name, "weight", co, 1, e)) == NULL ||
                   (n->beta = vector_add(params, norm_name, "bias", co, 0, e)) == NULL ||
                   (n->mean = vector_add(stats, norm_name, "running_mean", co, 0, e)) == NULL ||
                   (n->variance = vector_add(stats, norm_name, "running_var", co, 1, e)) == NULL
               ? -1
               : 0;
}

/* running = (1 - momentum) running + momentum now; the variance is divided by rows - 1 there. */
static void
track(const struct norm *n, const real *mean, const real *variance, size_t rows)
{
    double unbiased = (double)rows / (double)(rows - 1);

    for (size_t i = 0; i < n->mean->w.n; i++) {
        real *m = &n->mean->w.v[i], *v = &n->variance->w.v[i];

        *m = (real)((1 - norm_momentum) * (double)*m + norm_momentum * (double)mean[i]);
        *v = (real)((1 - norm_momentum) * (double)*v +
                    norm_momentum * unbiased * (double)variance[i]);
    }
}

/* The statistics are constants: y = a x + b with a = gamma / sqrt(variance + epsilon). */
static struct tensor *
norm_running(struct tape *t, const struct norm *n, struct tensor *x)
{
    size_t c = n->mean->w.n;
    struct tensor *s = tape_new(t, 1, &c), *mean = tape_const(t, 1, &c, n->mean->w.v), *a;

    for (size_t i = 0; i < c; i++)
        s->v[i] = (real)(1 / sqrt((double)n->variance->w.v[i] + norm_epsilon));
    a = nn_mul(t, n->gamma->use, s);
    return nn_col_affine(t, x, a, nn_sub(t, n->beta->use, nn_mul(t, a, mean)));
}

struct tensor *
conv_norm(struct tape *t, const struct conv_norm *l, enum norm_mode mode, struct tensor *x,
          int train)
{
    const struct norm *n = &l->norm;
    int update = mode == NORM_UPDATE && train;
    size_t c = n->mean->w.n;
    real *mean;

    x = conv_layer(t, &l->conv, x);
    if (!update && mode != NORM_BATCH)
        return norm_running(t, n, x);
    mean = tape_bytes(t, 2 * c * sizeof(real));
    x = nn_standardise(t, x, norm_epsilon, mean, mean + c);
    if (update)
        track(n, mean, mean + c, x->n / c);
    return nn_col_affine(t, x, n->gamma->use, n->beta->use);
}

/* ---- attention ---- */

int
attention_add(struct attention *a, struct params *ps, const char *name, size_t c, int spectral,
              uint64_t seed, struct err *e)
{
    const size_t one = 1;
    size_t key = c / 8 ? c / 8 : 1, value = c / 2 ? c / 2 : 1;
    char full[64];

    snprintf(full, sizeof(full), "%s.theta", name);
    if (conv_layer_add(&a->theta, ps, full, 1, c, key, 1, 0, 0, spectral, seed, e) == -1)
        return -1;
    snprintf(full, sizeof(full), "%s.phi", name);
    if (conv_layer_add(&a->phi, ps, full, 1, c, key, 1, 0, 0, spectral, seed, e) == -1)
        return -1;
    snprintf(full, sizeof(full), "%s.g", name);
    if (conv_layer_add(&a->g, ps, full, 1, c, value, 1, 0, 0, spectral, seed, e) == -1)
        return -1;
    snprintf(full, sizeof(full), "%s.out", name);
    if (conv_layer_add(&a->out, ps, full, 1, value, c, 1, 0, 0, spectral, seed, e) == -1)
        return -1;
    snprintf(full, sizeof(full), "%s.gamma", name);
    a->gamma = param_add(ps, full, 1, &one, PARAM_ZERO, 0, seed, e);
    return a->gamma ? 0 : -1;
}

/* [n][h][w][c] seen as n matrices of h w pixels. */
static struct tensor *
pixels(struct tape *t, struct tensor *x)
{
    const size_t shape[3] = {x->shape[0], x->shape[1] * x->shape[2], x->shape[3]};

    return nn_reshape(t, x, 3, shape);
}

struct tensor *
attention(struct tape *t, const struct attention *a, struct tensor *x)
{
    struct tensor *theta = pixels(t, conv_layer(t, &a->theta, x));
    struct tensor *phi = pixels(t, nn_max_pool2(t, conv_layer(t, &a->phi, x)));
    struct tensor *g = pixels(t, nn_max_pool2(t, conv_layer(t, &a->g, x)));
    struct tensor *weights = nn_softmax(t, nn_matmul(t, theta, phi, 0, 1)); /* [n][hw][hw/4] */
    struct tensor *seen = nn_matmul(t, weights, g, 0, 0);                   /* [n][hw][c/2] */
    const size_t shape[4] = {x->shape[0], x->shape[1], x->shape[2], seen->shape[2]};
    struct tensor *out = conv_layer(t, &a->out, nn_reshape(t, seen, 4, shape));

    return nn_add(t, x, nn_scale(t, out, a->gamma->use));
}
