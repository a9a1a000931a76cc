/*
 * Section 2 of the paper, sentence by sentence.  What it leaves open is marked ASSUMPTION and
 * explained in mammopipe(7).
 */
#include "model/generator.h"

#include <stdio.h>

#include "nn/ops.h"

/*
 * "The encoding component starts with 16 filters at the first convolutional layer block, and
 * doubles the number of filters and halves the spatial resolution per block."
 */
static size_t
encoder_filters(const struct generator *g, size_t block)
{
    return net_filters(&g->config, (size_t)16 << block);
}

/* ASSUMPTION: the decoder mirrors the encoder; its last block keeps the first one's filters. */
static size_t
decoder_filters(const struct generator *g, size_t block)
{
    return encoder_filters(g, block + 1 < g->blocks ? g->blocks - 2 - block : 0);
}

int
generator_init(struct generator *g, const struct net_config *c, size_t mid, size_t border,
               uint64_t seed, struct err *e)
{
    struct params *ps = &g->params;
    int sn = c->spectral;
    size_t last, in;
    const char *end = c->whole ? "image" : "lesion"; /* so that neither is taken for the other */
    char name[48], end_half[48];

    *g = (struct generator){.config = *c, .border = border, .params = {.limit = c->limit}};
    g->blocks = net_blocks(c);
    g->encode_attention_block = net_attention_block(c);
    g->decode_attention_block = g->blocks;

    /* "a concatenation of the input to the block and a random scalar value ..., followed by a
       convolutional layer with stride size of 2 and 3x3 kernel, and a LeakyReLU" */
    for (size_t i = 0; i < g->blocks; i++) {
        in = i == 0 ? 1 + c->categories : encoder_filters(g, i - 1);
        snprintf(name, sizeof(name), "enc.%zu", i);
        if (conv_layer_add(&g->encode[i], ps, name, 3, in + 1, encoder_filters(g, i), 2, 1, 1, sn,
                           seed, e) == -1)
            goto fail;
    }
    if (g->encode_attention_block < g->blocks &&
        attention_add(&g->encode_attention, ps, "enc_attn",
                      encoder_filters(g, g->encode_attention_block), sn, seed, e) == -1)
        goto fail;

    /* "At the central layer of the generator, a 4x4x2048 tensor is compressed into a 1x1x4
       embedding".  ASSUMPTION: 16 filters doubled six times give 512, so a 1x1 convolution makes
       the 2048; at other sizes and widths it keeps this factor of four. */
    last = encoder_filters(g, g->blocks - 1);
    if (mid > 0) {
        size_t wide = net_filters(c, mid * ((size_t)16 << (g->blocks - 1)) / 512);

        if (conv_layer_add(&g->mid, ps, "mid", 1, last, wide, 1, 0, 1, sn, seed, e) == -1)
            goto fail;
        last = wide;
    }
    if (conv_layer_add(&g->code, ps, "code", 4, last, 4, 1, 0, 1, sn, seed, e) == -1)
        goto fail;

    /* "Each decoding block consists of concatenating the skip connection and random scalar value
       to the input, followed by an up-sampling operation (nearest neighbor) and two convolutional
       layers (with ReLU activation)." */
    for (size_t i = 0; i < g->blocks; i++) {
        size_t out = decoder_filters(g, i), skip = encoder_filters(g, g->blocks - 1 - i);

        in = i == 0 ? 4 : decoder_filters(g, i - 1);
        snprintf(name, sizeof(name), "dec.%zu.a", i);
        if (conv_layer_add(&g->decode_a[i], ps, name, 3, in + skip + 1, out, 1, 1, 1, sn, seed,
                           e) == -1)
            goto fail;
        snprintf(name, sizeof(name), "dec.%zu.b", i);
        if (conv_layer_add(&g->decode_b[i], ps, name, 3, out, out, 1, 1, 1, sn, seed, e) == -1)
            goto fail;
        if ((size_t)8 << i == c->attention) {
            g->decode_attention_block = i;
            if (attention_add(&g->decode_attention, ps, "dec_attn", out, sn, seed, e) == -1)
                goto fail;
        }
    }

    /* "passed through a final 1x1 convolutional layer"; and the ends of the half-size network */
    snprintf(end_half, sizeof(end_half), "%s_half", end);
    if (conv_layer_add(&g->lesion, ps, end, 1, decoder_filters(g, g->blocks - 1), 1, 1, 0, 1, sn,
                       seed, e) == -1 ||
        conv_layer_add(&g->from_half, ps, "from_half", 1, 1 + c->categories, encoder_filters(g, 0),
                       1, 0, 1, sn, seed, e) == -1 ||
        conv_layer_add(&g->lesion_half, ps, end_half, 1, decoder_filters(g, g->blocks - 2), 1, 1, 0,
                       1, sn, seed, e) == -1)
        goto fail;
    return 0;
fail:
    generator_free(g);
    return -1;
}

void
generator_free(struct generator *g)
{
    params_free(&g->params);
}

size_t
generator_scalars(const struct generator *g)
{
    return 2 * g->blocks;
}

/* "(drawn uniformly from [-1,1] and reshaped to a 1x1 pixel and resized to match the input)" */
static struct tensor *
with_scalar(struct tape *t, struct tensor *x, struct tensor *scalars, size_t block)
{
    const size_t plane[4] = {x->shape[0], x->shape[1], x->shape[2], 1};
    const size_t rows[2] = {x->shape[0], x->shape[1] * x->shape[2]};
    struct tensor *s = nn_slice(t, scalars, block, 1);

    return nn_concat(t, x, nn_reshape(t, nn_row_fill(t, s, 2, rows), 4, plane));
}

/* (1 - fade) a + fade b; fade 1 and 0 do without the other. */
static struct tensor *
blend(struct tape *t, struct tensor *a, struct tensor *b, double fade)
{
    return nn_add(t, nn_affine(t, a, 1 - fade, 0), nn_affine(t, b, fade, 0));
}

/* "At the 32x32 resolution, we use a self-attention module" */
static struct tensor *
attend(struct tape *t, const struct generator *g, struct tensor *h, size_t i)
{
    return i == g->encode_attention_block ? attention(t, &g->encode_attention, h) : h;
}

static struct tensor *
encode(struct tape *t, const struct generator *g, struct tensor *h, struct tensor *scalars,
       size_t i)
{
    h = conv_layer(t, &g->encode[i], with_scalar(t, h, scalars, i));
    return nn_leaky_relu(t, h, g->config.leak);
}

/*
 * DEVIATION with config.anti_alias: [1 2 1] behind nearest-neighbour doubling, which is bilinear
 * then.  (R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019, for the way
 * down; T. Karras et al., "A style-based generator architecture", CVPR 2019, for the way up.)
 */
static struct tensor *
double_size(struct tape *t, const struct generator *g, struct tensor *h)
{
    h = nn_up2(t, h);
    return g->config.anti_alias ? nn_blur(t, h) : h;
}

static struct tensor *
decode(struct tape *t, const struct generator *g, struct tensor *h, struct tensor *skip,
       struct tensor *scalars, size_t i)
{
    h = with_scalar(t, nn_concat(t, h, skip), scalars, g->blocks + i);
    h = double_size(t, g, h);
    h = nn_leaky_relu(t, conv_layer(t, &g->decode_a[i], h), 0);
    h = nn_leaky_relu(t, conv_layer(t, &g->decode_b[i], h), 0);
    return i == g->decode_attention_block ? attention(t, &g->decode_attention, h) : h;
}

void
generator_forward(struct tape *t, const struct generator *g, size_t category, struct tensor *x,
                  struct tensor *scalars, double fade, struct tensor **lesion,
                  struct tensor **image)
{
    size_t last = g->blocks - 1;
    struct tensor *skip[GENERATOR_MAX_BLOCKS], *h = NULL, *half = NULL, *out = NULL;

    /* The way in: the first block, or the half-size network's own, or a blend of both. */
    if (fade > 0)
        h = encode(t, g, net_labelled(t, &g->config, x, category), scalars, 0);
    if (fade < 1) {
        struct tensor *small = fade > 0 ? nn_affine(t, nn_sum2(t, x), 0.25, 0) : x;

        small = net_labelled(t, &g->config, small, category);
        half = nn_leaky_relu(t, conv_layer(t, &g->from_half, small), g->config.leak);
        h = fade > 0 ? blend(t, half, h, fade) : half;
    }
    skip[0] = h = attend(t, g, h, 0);
    for (size_t i = 1; i <= last; i++)
        skip[i] = h = attend(t, g, encode(t, g, h, scalars, i), i);

    if (g->mid.weight != NULL)
        h = nn_leaky_relu(t, conv_layer(t, &g->mid, h), g->config.leak);
    h = conv_layer(t, &g->code, h);
    h = nn_up2(t, nn_up2(t, h)); /* 1x1x4 to 4x4x4 */

    for (size_t i = 0; i < last; i++)
        h = decode(t, g, h, skip[last - i], scalars, i);

    /* The way out, likewise. */
    if (fade > 0)
        out = conv_layer(t, &g->lesion, decode(t, g, h, skip[0], scalars, last));
    if (fade < 1) {
        half = conv_layer(t, &g->lesion_half, h);
        out = fade > 0 ? blend(t, double_size(t, g, half), out, fade) : half;
    }

    /* DEVIATION, an ablation of "Separate lesion and image channels": the network writes the whole
       patch, and the lesion is what that changed; border and sum below stay as they are.  It begins
       at mid-grey: its first numbers lie about 0, and clipping lets no gradient pass below. */
    if (g->config.whole)
        out = nn_sub(t, nn_clip(t, nn_affine(t, out, 1, 0.5), 0, 1), x);

    /* "followed by a 10px border cropping and clipping of values within [-1.0, 1.0]" */
    out = nn_crop_border(t, out, fade > 0 ? g->border : (g->border + 1) / 2);
    *lesion = nn_clip(t, out, -1, 1);
    *image = nn_clip(t, nn_add(t, x, *lesion), 0, 1);
}
