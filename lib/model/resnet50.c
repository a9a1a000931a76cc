#include "model/resnet50.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "nn/ops.h"

static const size_t blocks_of[RESNET_STAGES] = {0, 3, 4, 6, 3};

enum { STEM = 64, EXPANSION = 4 };
static const double bn_epsilon = 1e-5, bn_momentum = 0.1;

static size_t
channels(const struct resnet_config *c, size_t full)
{
    return net_filters(&(struct net_config){.width = c->width}, full);
}

/* Channels inside the blocks of stage 1 .. 4. */
static size_t
planes(const struct resnet_config *c, size_t stage)
{
    return channels(c, (size_t)STEM << (stage - 1));
}

/* ---- building ---- */

static void
fill(struct param *p, real value)
{
    for (size_t i = 0; i < p->w.n; i++)
        p->w.v[i] = value;
}

static struct param *
add_vector(struct params *ps, const char *name, const char *what, size_t n, real value,
           struct err *e)
{
    struct param *p;
    char full[80];

    snprintf(full, sizeof(full), "%s.%s", name, what);
    p = param_add(ps, full, 1, &n, PARAM_ZERO, 0, 0, e);
    if (p != NULL)
        fill(p, value);
    return p;
}

/* A convolution without bias, padded to keep the size, and the batch normalisation behind it. */
static int
add_conv(struct resnet50 *r, struct conv_layer *conv, const char *conv_name, struct norm *bn,
         const char *bn_name, size_t k, size_t ci, size_t co, size_t stride, struct err *e)
{
    const size_t shape[4] = {k, k, ci, co};
    char full[80];

    *conv = (struct conv_layer){.stride = stride, .pad = k / 2};
    snprintf(full, sizeof(full), "%s.weight", conv_name);
    conv->weight = param_add(&r->params, full, 4, shape, PARAM_ZERO, 0, 0, e);
    if (conv->weight == NULL ||
        (bn->gamma = add_vector(&r->params, bn_name, "weight", co, 1, e)) == NULL ||
        (bn->beta = add_vector(&r->params, bn_name, "bias", co, 0, e)) == NULL ||
        (bn->mean = add_vector(&r->stats, bn_name, "running_mean", co, 0, e)) == NULL ||
        (bn->variance = add_vector(&r->stats, bn_name, "running_var", co, 1, e)) == NULL)
        return -1;
    return 0;
}

static int
add_block(struct resnet50 *r, struct resnet_block *b, size_t stage, size_t k, size_t *in,
          struct err *e)
{
    size_t mid = planes(&r->config, stage), out = EXPANSION * mid;
    size_t stride = k == 0 && stage > 1 ? 2 : 1;
    const size_t shape[3][4] = {{1, *in, mid, 1}, {3, mid, mid, stride}, {1, mid, out, 1}};
    char conv[40], bn[40];

    *b = (struct resnet_block){.stage = stage};
    for (int i = 0; i < 3; i++) {
        snprintf(conv, sizeof(conv), "layer%zu.%zu.conv%d", stage, k, i + 1);
        snprintf(bn, sizeof(bn), "layer%zu.%zu.bn%d", stage, k, i + 1);
        if (add_conv(r, &b->conv[i], conv, &b->bn[i], bn, shape[i][0], shape[i][1], shape[i][2],
                     shape[i][3], e) == -1)
            return -1;
    }
    if (k == 0) {
        snprintf(conv, sizeof(conv), "layer%zu.0.downsample.0", stage);
        snprintf(bn, sizeof(bn), "layer%zu.0.downsample.1", stage);
        if (add_conv(r, &b->shortcut, conv, &b->shortcut_bn, bn, 1, *in, out, stride, e) == -1)
            return -1;
    }
    *in = out;
    return 0;
}

int
resnet50_init(struct resnet50 *r, const struct resnet_config *c, struct err *e)
{
    size_t in = channels(c, STEM), block = 0;

    *r = (struct resnet50){.config = *c,
                           .params = {.limit = c->limit, .fixed = c->fixed},
                           .stats = {.limit = c->limit, .fixed = 1}};
    if (add_conv(r, &r->stem, "conv1", &r->stem_bn, "bn1", 7, 3, in, 2, e) == -1)
        goto fail;
    for (size_t stage = 1; stage < RESNET_STAGES; stage++) {
        r->first_trainable[stage] = r->params.n;
        for (size_t k = 0; k < blocks_of[stage]; k++)
            if (add_block(r, &r->block[block++], stage, k, &in, e) == -1)
                goto fail;
    }
    r->first_trainable[RESNET_STAGES] = r->params.n;
    r->head = param_add(&r->params, "fc.weight", 2, (const size_t[]){RESNET_CLASSES, in},
                        PARAM_ZERO, 0, 0, e);
    r->head_bias = add_vector(&r->params, "fc", "bias", RESNET_CLASSES, 0, e);
    if (r->head == NULL || r->head_bias == NULL)
        goto fail;
    return 0;
fail:
    resnet50_free(r);
    return -1;
}

void
resnet50_free(struct resnet50 *r)
{
    params_free(&r->params);
    params_free(&r->stats);
}

void
resnet50_start(struct resnet50 *r, uint64_t seed)
{
    for (size_t i = 0; i < r->params.n; i++) {
        struct param *p = r->params.p[i];
        struct rng random = rng_at(seed, p->name, 0);
        double sd;

        if (p->w.rank != 4)
            continue;
        sd = sqrt(2 / (double)(p->w.shape[0] * p->w.shape[1] * p->w.shape[3]));
        for (size_t k = 0; k < p->w.n; k++)
            p->w.v[k] = (real)(sd * rng_normal(&random));
    }
    resnet50_start_head(r, seed);
}

void
resnet50_start_head(struct resnet50 *r, uint64_t seed)
{
    struct param *part[2] = {r->head, r->head_bias};
    double limit = 1 / sqrt((double)resnet50_features(r));

    for (int i = 0; i < 2; i++) {
        struct rng random = rng_at(seed, part[i]->name, 0);

        for (size_t k = 0; k < part[i]->w.n; k++)
            part[i]->w.v[k] = (real)rng_between(&random, -limit, limit);
    }
}

size_t
resnet50_features(const struct resnet50 *r)
{
    return r->head->w.shape[1];
}

size_t
resnet50_first_trainable(const struct resnet50 *r)
{
    return r->first_trainable[r->config.frozen];
}

int
resnet50_can_train(const struct resnet_config *c, size_t n, size_t size)
{
    size_t side = (size + 31) / 32;

    return c->bn == RESNET_FROZEN || (c->bn == RESNET_BATCH ? side > 1 : n * side > 1);
}

/* ---- passing through ---- */

/* running = (1 - momentum) running + momentum now; the variance is divided by rows - 1 there. */
static void
track(struct norm *bn, const real *mean, const real *variance, size_t rows)
{
    double unbiased = (double)rows / (double)(rows - 1);

    for (size_t i = 0; i < bn->mean->w.n; i++) {
        real *m = &bn->mean->w.v[i], *v = &bn->variance->w.v[i];

        *m = (real)((1 - bn_momentum) * (double)*m + bn_momentum * (double)mean[i]);
        *v = (real)((1 - bn_momentum) * (double)*v + bn_momentum * unbiased * (double)variance[i]);
    }
}

/* The statistics are constants: y = a x + b with a = gamma / sqrt(variance + epsilon). */
static struct tensor *
norm_running(struct tape *t, const struct norm *bn, struct tensor *x)
{
    size_t c = bn->mean->w.n;
    struct tensor *s = tape_new(t, 1, &c), *mean = tape_const(t, 1, &c, bn->mean->w.v), *a;

    for (size_t i = 0; i < c; i++)
        s->v[i] = (real)(1 / sqrt((double)bn->variance->w.v[i] + bn_epsilon));
    a = nn_mul(t, bn->gamma->use, s);
    return nn_col_affine(t, x, a, nn_sub(t, bn->beta->use, nn_mul(t, a, mean)));
}

static struct tensor *
norm(struct tape *t, const struct resnet50 *r, struct norm *bn, struct tensor *x, int train)
{
    int update = r->config.bn == RESNET_UPDATE && train;
    size_t c = bn->mean->w.n;
    real *mean;

    if (!update && r->config.bn != RESNET_BATCH)
        return norm_running(t, bn, x);
    mean = tape_bytes(t, 2 * c * sizeof(real));
    x = nn_standardise(t, x, bn_epsilon, mean, mean + c);
    if (update)
        track(bn, mean, mean + c, x->n / c);
    return nn_col_affine(t, x, bn->gamma->use, bn->beta->use);
}

static struct tensor *
relu(struct tape *t, struct tensor *x)
{
    return nn_leaky_relu(t, x, 0);
}

static struct tensor *
bottleneck(struct tape *t, const struct resnet50 *r, struct resnet_block *b, struct tensor *x,
           int train)
{
    struct tensor *h = x, *shortcut = x;

    for (int i = 0; i < 3; i++) {
        h = norm(t, r, &b->bn[i], conv_layer(t, &b->conv[i], h), train);
        if (i < 2)
            h = relu(t, h);
    }
    if (b->shortcut.weight != NULL)
        shortcut = norm(t, r, &b->shortcut_bn, conv_layer(t, &b->shortcut, x), train);
    return relu(t, nn_add(t, h, shortcut));
}

/* One grey channel as three, normalised as ImageNet's images are. */
static struct tensor *
as_imagenet(struct tape *t, const struct tensor *image)
{
    static const double mean[3] = {0.485, 0.456, 0.406}, sd[3] = {0.229, 0.224, 0.225};
    const size_t shape[4] = {image->shape[0], image->shape[1], image->shape[2], 3};
    struct tensor *x = tape_new(t, 4, shape);

    for (size_t i = 0; i < image->n; i++)
        for (int k = 0; k < 3; k++)
            x->v[3 * i + (size_t)k] = (real)(((double)image->v[i] - mean[k]) / sd[k]);
    return x;
}

/* Mean over the pixels of each image. */
static struct tensor *
average_pool(struct tape *t, struct tensor *x)
{
    size_t n = x->shape[0], pixels = x->shape[1] * x->shape[2], c = x->shape[3];
    struct tensor *share = tape_new(t, 3, (const size_t[]){n, 1, pixels}), *y;

    for (size_t i = 0; i < share->n; i++)
        share->v[i] = 1 / (real)pixels;
    y = nn_matmul(t, share, nn_reshape(t, x, 3, (const size_t[]){n, pixels, c}), 0, 0);
    return nn_reshape(t, y, 2, (const size_t[]){n, c});
}

struct tensor *
resnet50_forward(struct tape *t, struct resnet50 *r, struct tensor *image, int train,
                 struct tensor **features)
{
    const size_t *head = r->head->w.shape;
    size_t n = image->shape[0], first = tape_count(t);
    int recording = tape_record(t, 0);
    struct tensor *h = as_imagenet(t, image), *w, *z;

    /* Frozen stages are as in use, and leave no notes. */
    for (size_t stage = 0, block = 0; stage < RESNET_STAGES; stage++) {
        int learns = stage >= r->config.frozen;

        tape_record(t, recording && learns);
        if (stage == 0) {
            h = norm(t, r, &r->stem_bn, conv_layer(t, &r->stem, h), train && learns);
            h = nn_max_pool(t, relu(t, h), 3, 2, 1);
        }
        for (; block < RESNET_BLOCKS && r->block[block].stage == stage; block++) {
            h = bottleneck(t, r, &r->block[block], h, train && learns);
            if (!(recording && learns))
                tape_forget(t, first, h);
        }
    }
    r->batches += train && r->config.bn == RESNET_UPDATE && r->config.frozen < RESNET_STAGES;
    tape_record(t, recording);
    *features = h = average_pool(t, h);
    h = nn_reshape(t, h, 3, (const size_t[]){1, n, head[1]});
    w = nn_reshape(t, r->head->use, 3, (const size_t[]){1, head[0], head[1]});
    z = nn_reshape(t, nn_matmul(t, h, w, 0, 1), 2, (const size_t[]){n, head[0]});
    return nn_add(t, z, nn_col_fill(t, r->head_bias->use, 2, z->shape));
}

void
resnet50_apply(struct tape *t, struct resnet50 *r, const real *patch, size_t n, size_t size,
               real *features, double *odds)
{
    /* Without running statistics each patch is normalised by itself: no score depends on others. */
    size_t step = r->config.bn == RESNET_BATCH ? 1 : n, length = resnet50_features(r);

    for (size_t i = 0; i < n; i += step) {
        struct tensor *image, *seen, *z;

        tape_reset(t);
        tape_record(t, 0);
        params_use(t, &r->params, 0);
        image = tape_const(t, 4, (const size_t[]){step, size, size, 1}, patch + i * size * size);
        z = resnet50_forward(t, r, image, 0, &seen);
        if (features != NULL)
            memcpy(features + i * length, seen->v, step * length * sizeof(real));
        for (size_t k = 0; k < step; k++)
            odds[i + k] = (double)z->v[2 * k + 1] - (double)z->v[2 * k];
    }
    tape_reset(t);
}

struct tensor *
resnet50_loss(struct tape *t, struct tensor *logits, const unsigned char *malignant)
{
    struct tensor *is = tape_const(t, 2, logits->shape, NULL);

    assert(logits->rank == 2 && logits->shape[1] == RESNET_CLASSES);
    for (size_t i = 0; i < logits->shape[0]; i++)
        is->v[RESNET_CLASSES * i + (malignant[i] != 0)] = 1;
    return nn_mean(t, nn_sub(t, nn_logsumexp(t, logits), nn_row_sum(t, nn_mul(t, logits, is))));
}
