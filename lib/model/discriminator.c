#include "model/discriminator.h"

#include <stdio.h>

#include "nn/ops.h"

static size_t
filters(const struct discriminator *d, size_t block)
{
    return net_filters(&d->config, (size_t)8 * 16 << block);
}

int
discriminator_init(struct discriminator *d, const struct net_config *c, int classes, uint64_t seed,
                   struct err *e)
{
    struct params *ps = &d->params;
    char name[48];

    *d = (struct discriminator){.config = *c, .params = {.limit = c->limit}};
    d->blocks = net_blocks(c);
    d->attention_block = net_attention_block(c);
    d->columns = classes == 2 ? 2 : LOGITS;
    for (size_t i = 0; i < d->blocks; i++) {
        /* ASSUMPTION: no random scalars here */
        size_t in = i == 0 ? 1 + c->categories : filters(d, i - 1);

        snprintf(name, sizeof(name), "block.%zu", i);
        if (conv_layer_add(&d->block[i], ps, name, 3, in, filters(d, i), 1, 1, 1, c->spectral, seed,
                           e) == -1)
            goto fail;
    }
    if (d->attention_block < d->blocks &&
        attention_add(&d->attention, ps, "attn", filters(d, d->attention_block), c->spectral, seed,
                      e) == -1)
        goto fail;
    if (conv_layer_add(&d->logits, ps, "logits", 4, filters(d, d->blocks - 1), d->columns, 1, 0, 1,
                       c->spectral, seed, e) == -1 ||
        conv_layer_add(&d->from_half, ps, "from_half", 1, 1 + c->categories, filters(d, 0), 1, 0, 1,
                       c->spectral, seed, e) == -1)
        goto fail;
    return 0;
fail:
    discriminator_free(d);
    return -1;
}

void
discriminator_free(struct discriminator *d)
{
    params_free(&d->params);
}

/*
 * DEVIATION: R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019.  Max-pool
 * takes the maximum of 2x2 pixels at every second place, and what it lets through depends on where
 * these places are; taken at every place, smoothed, and then at every second, it does so less.
 */
static struct tensor *
max_blur_pool(struct tape *t, struct tensor *x)
{
    return nn_max_pool(t, nn_blur(t, nn_max_pool(t, x, 2, 1, 0)), 1, 2, 0);
}

static struct tensor *
block(struct tape *t, const struct discriminator *d, struct tensor *h, size_t i)
{
    const struct conv_layer *l = &d->block[i];

    /* The bias shifts all that a maximum is taken of alike: behind it there is less to add it to.
     */
    h = nn_conv(t, h, l->weight->use, NULL, l->stride, l->pad);
    h = d->config.anti_alias ? max_blur_pool(t, h) : nn_max_pool2(t, h);
    h = nn_bias(t, h, l->bias->use);
    return nn_leaky_relu(t, h, d->config.leak);
}

static struct tensor *
attend(struct tape *t, const struct discriminator *d, struct tensor *h, size_t i)
{
    return i == d->attention_block ? attention(t, &d->attention, h) : h;
}

struct tensor *
discriminator_forward(struct tape *t, const struct discriminator *d, size_t category,
                      struct tensor *image, double fade)
{
    const size_t flat[2] = {image->shape[0], d->columns};
    struct tensor *h = NULL;

    if (fade > 0)
        h = block(t, d, net_labelled(t, &d->config, image, category), 0);
    if (fade < 1) {
        struct tensor *small = fade > 0 ? nn_affine(t, nn_sum2(t, image), 0.25, 0) : image;
        struct tensor *half;

        small = net_labelled(t, &d->config, small, category);
        half = nn_leaky_relu(t, conv_layer(t, &d->from_half, small), d->config.leak);
        h = fade > 0 ? nn_add(t, nn_affine(t, half, 1 - fade, 0), nn_affine(t, h, fade, 0)) : half;
    }
    h = attend(t, d, h, 0);
    for (size_t i = 1; i < d->blocks; i++)
        h = attend(t, d, block(t, d, h, i), i);
    return nn_reshape(t, conv_layer(t, &d->logits, h), 2, flat);
}

/* Log-sum-exp over all columns but `without` (-1: none) and, with three classes, benign. */
static struct tensor *
logsumexp_without(struct tape *t, struct tensor *logits, int without, int classes)
{
    struct tensor *some = NULL;

    for (int k = 0; k < (int)logits->shape[1]; k++) {
        struct tensor *column;

        if (k == without || (classes == 3 && k == LOGIT_BENIGN))
            continue;
        column = nn_slice(t, logits, (size_t)k, 1);
        some = some ? nn_concat(t, some, column) : column;
    }
    return nn_logsumexp(t, some);
}

static struct tensor *
column(struct tape *t, struct tensor *logits, int k)
{
    return nn_reshape(t, nn_slice(t, logits, (size_t)k, 1), 1, logits->shape);
}

struct tensor *
discriminator_log_odds(struct tape *t, struct tensor *logits, int classes)
{
    return nn_sub(t, column(t, logits, LOGIT_REAL),
                  logsumexp_without(t, logits, LOGIT_REAL, classes));
}

struct tensor *
discriminator_cross_entropy(struct tape *t, struct tensor *logits, int k, int classes)
{
    struct tensor *total =
        classes == 3 ? logsumexp_without(t, logits, -1, classes) : nn_logsumexp(t, logits);

    return nn_mean(t, nn_sub(t, total, column(t, logits, k)));
}
