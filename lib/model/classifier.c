#include "model/classifier.h"

#include <assert.h>
#include <string.h>

#include "base/rng.h"
#include "nn/ops.h"

/* ---- building ---- */

int
classifier_init(struct classifier *c, const struct classifier_config *config, struct err *e)
{
    size_t in;

    *c = (struct classifier){.config = *config,
                             .params = {.limit = config->limit, .fixed = config->fixed},
                             .stats = {.limit = config->limit, .fixed = 1}};
    in = config->net == NET_SMALL
             ? small_add(&c->body.small, &c->params, &c->stats, config->width, e)
             : resnet50_add(&c->body.resnet50, &c->params, &c->stats, config->stem, config->width,
                            e);
    if (in == 0 ||
        (c->head = param_add(&c->params, "fc.weight", 2, (const size_t[]){CLASSIFIER_CLASSES, in},
                             PARAM_ZERO, 0, 0, e)) == NULL ||
        (c->head_bias = param_add(&c->params, "fc.bias", 1, (const size_t[]){CLASSIFIER_CLASSES},
                                  PARAM_ZERO, 0, 0, e)) == NULL) {
        classifier_free(c);
        return -1;
    }
    return 0;
}

void
classifier_free(struct classifier *c)
{
    params_free(&c->params);
    params_free(&c->stats);
}

void
classifier_start(struct classifier *c, uint64_t seed)
{
    for (size_t i = 0; i < c->params.n; i++) {
        struct param *p = c->params.p[i];
        struct rng random = rng_at(seed, p->name, 0);
        double sd;

        if (p->w.rank != 4)
            continue;
        sd = sqrt(2 / (double)(p->w.shape[0] * p->w.shape[1] * p->w.shape[3]));
        for (size_t k = 0; k < p->w.n; k++)
            p->w.v[k] = (real)(sd * rng_normal(&random));
    }
    classifier_start_head(c, seed);
}

void
classifier_start_head(struct classifier *c, uint64_t seed)
{
    struct param *part[2] = {c->head, c->head_bias};
    double limit = 1 / sqrt((double)classifier_features(c));

    for (int i = 0; i < 2; i++) {
        struct rng random = rng_at(seed, part[i]->name, 0);

        for (size_t k = 0; k < part[i]->w.n; k++)
            part[i]->w.v[k] = (real)rng_between(&random, -limit, limit);
    }
}

void
classifier_average(struct classifier *to, const struct classifier *from, double decay)
{
    params_average(&to->params, &from->params, decay);
    params_average(&to->stats, &from->stats, decay);
    to->batches = from->batches;
}

size_t
classifier_features(const struct classifier *c)
{
    return c->head->w.shape[1];
}

size_t
classifier_first_trainable(const struct classifier *c)
{
    return c->config.net == NET_RESNET50 ? c->body.resnet50.first[c->config.frozen] : 0;
}

int
classifier_takes(const struct classifier_config *c, size_t size)
{
    return size <= 1024 && (c->net == NET_SMALL ? size >= 16 && size % 8 == 0 : size >= 32);
}

int
classifier_can_train(const struct classifier_config *c, size_t n, size_t size)
{
    size_t shrunk = c->net == NET_SMALL ? 8 : c->stem == STEM_SMALL ? 8 : 32;
    size_t side = (size + shrunk - 1) / shrunk;

    return c->bn == NORM_FROZEN || (c->bn == NORM_BATCH ? side > 1 : n * side > 1);
}

/* ---- passing through ---- */

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

static struct tensor *
last_map(struct tape *t, const struct classifier *c, struct tensor *image, int train,
         struct tensor **stage)
{
    const struct classifier_config *o = &c->config;

    return o->net == NET_SMALL
               ? small_map(t, &c->body.small, o->bn, image, train, stage)
               : resnet50_map(t, &c->body.resnet50, o->bn, o->frozen, image, train, stage);
}

struct tensor *
classifier_stages(struct tape *t, const struct classifier *c, struct tensor *image)
{
    size_t n = c->config.net == NET_SMALL ? SMALL_STAGES : RESNET_STAGES;
    struct tensor *stage[RESNET_STAGES], *all;

    last_map(t, c, image, 0, stage);
    all = average_pool(t, stage[0]);
    for (size_t i = 1; i < n; i++)
        all = nn_concat(t, all, average_pool(t, stage[i]));
    return all;
}

struct tensor *
classifier_forward(struct tape *t, struct classifier *c, struct tensor *image, int train,
                   struct tensor **features)
{
    const struct classifier_config *o = &c->config;
    const size_t *head = c->head->w.shape;
    size_t n = image->shape[0];
    struct tensor *h = last_map(t, c, image, train, NULL), *w, *z;

    c->batches += train && o->bn == NORM_UPDATE && o->frozen < RESNET_STAGES;
    *features = h = average_pool(t, h);
    h = nn_reshape(t, h, 3, (const size_t[]){1, n, head[1]});
    w = nn_reshape(t, c->head->use, 3, (const size_t[]){1, head[0], head[1]});
    z = nn_reshape(t, nn_matmul(t, h, w, 0, 1), 2, (const size_t[]){n, head[0]});
    return nn_add(t, z, nn_col_fill(t, c->head_bias->use, 2, z->shape));
}

void
classifier_apply(struct tape *t, struct classifier *c, const real *patch, size_t n, size_t size,
                 real *features, double *odds)
{
    /* Without running statistics each patch is normalised by itself: no score depends on others. */
    size_t step = c->config.bn == NORM_BATCH ? 1 : n, length = classifier_features(c);

    for (size_t i = 0; i < n; i += step) {
        struct tensor *image, *seen, *z;

        tape_reset(t);
        tape_record(t, 0);
        params_use(t, &c->params, 0);
        image = tape_const(t, 4, (const size_t[]){step, size, size, 1}, patch + i * size * size);
        z = classifier_forward(t, c, image, 0, &seen);
        if (features != NULL)
            memcpy(features + i * length, seen->v, step * length * sizeof(real));
        for (size_t k = 0; k < step; k++)
            odds[i + k] = (double)z->v[2 * k + 1] - (double)z->v[2 * k];
    }
    tape_reset(t);
}

struct tensor *
classifier_loss(struct tape *t, struct tensor *logits, const unsigned char *malignant)
{
    struct tensor *is = tape_const(t, 2, logits->shape, NULL);

    assert(logits->rank == 2 && logits->shape[1] == CLASSIFIER_CLASSES);
    for (size_t i = 0; i < logits->shape[0]; i++)
        is->v[CLASSIFIER_CLASSES * i + (malignant[i] != 0)] = 1;
    return nn_mean(t, nn_sub(t, nn_logsumexp(t, logits), nn_row_sum(t, nn_mul(t, logits, is))));
}
