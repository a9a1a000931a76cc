/*
 * layers - what the paper's networks are put together from.
 */
#ifndef MP_MODEL_LAYERS_H
#define MP_MODEL_LAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nn/param.h"

/* Most categories of a conditional network. */
#define NET_MAX_CATEGORIES 8

/* What both networks are built by. */
struct net_config {
    size_t size;       /* side of the images in pixels, a power of two, 16 .. 1024 */
    double width;      /* multiplies the number of filters; the paper's networks have 1 */
    double leak;       /* slope of LeakyReLU for negative numbers */
    int spectral;      /* 1: spectral normalisation of all its convolutions */
    size_t attention;  /* self-attention where the map has this side, 4 .. size / 2; 0: nowhere */
    int anti_alias;    /* 1: low-pass filters before maps are halved and behind where they double */
    int whole;         /* 1: the generator writes the whole patch, not a lesion to add to it */
    size_t categories; /* kinds of patches told apart by a label beside them; 0: no label */
    size_t limit;      /* most trainable numbers that it may take memory for; 0 = any */
};

/* Filters of a layer that has `full` at width 1: rounded, at least 1. */
size_t net_filters(const struct net_config *c, size_t full);

/* Blocks that take an image of c->size to 4 x 4: log2(size / 4). */
size_t net_blocks(const struct net_config *c);

/*
 * Whether there can be self-attention at this side: a power of two from 4 to size / 2, and to 64,
 * from where on its weights, side^4 / 4 numbers a patch, are too many.
 */
int net_attends(size_t size, size_t side);

/* The block, of those that halve the map, whose output has self-attention; net_blocks(): none. */
size_t net_attention_block(const struct net_config *c);

/*
 * The images x [n][h][w][1] as the first layer reads them, [n][h][w][1 + categories]: with a plane
 * for each category, 1 for `category` and 0 for the others.  x itself where there are none.
 */
struct tensor *net_labelled(struct tape *t, const struct net_config *c, struct tensor *x,
                            size_t category);

/* A convolution: its weight [k][k][ci][co] "NAME.weight" and, if asked for, "NAME.bias" [co]. */
struct conv_layer {
    struct param *weight, *bias;
    size_t stride, pad;
};

int conv_layer_add(struct conv_layer *l, struct params *ps, const char *name, size_t k, size_t ci,
                   size_t co, size_t stride, size_t pad, int bias, int spectral, uint64_t seed,
                   struct err *e);
struct tensor *conv_layer(struct tape *t, const struct conv_layer *l, struct tensor *x);

/* Batch normalisation, in PyTorch's terms. */
enum norm_mode {
    NORM_FROZEN, /* eval() throughout: running statistics, which stay as they are */
    NORM_UPDATE, /* train() and eval(): statistics of the batch, and the running ones for use */
    NORM_BATCH   /* track_running_stats=False: statistics of the batch, each patch its own in use */
};

/* Its weight, bias [c], and running mean and variance [c] among the network's statistics. */
struct norm {
    struct param *gamma, *beta, *mean, *variance;
};

/* A convolution without bias, padded to keep the size, and the batch normalisation behind it. */
struct conv_norm {
    struct conv_layer conv;
    struct norm norm;
};

/* All zero, but for gamma and the running variance, which are 1. */
int conv_norm_add(struct conv_norm *l, struct params *params, struct params *stats,
                  const char *conv_name, const char *norm_name, size_t k, size_t ci, size_t co,
                  size_t stride, struct err *e);

/* train 1: as in training, where NORM_UPDATE moves the running statistics by a tenth. */
struct tensor *conv_norm(struct tape *t, const struct conv_norm *l, enum norm_mode mode,
                         struct tensor *x, int train);

/*
 * Self-attention (H. Zhang et al., ICML 2019, section 3; pooled as in its authors' code).
 * theta, phi have c/8 filters, g has c/2; phi and g are max-pooled 2x2; the result is added to x
 * with a weight gamma that starts at 0.
 */
struct attention {
    struct conv_layer theta, phi, g, out;
    struct param *gamma;
};

int attention_add(struct attention *a, struct params *ps, const char *name, size_t c, int spectral,
                  uint64_t seed, struct err *e);

/* x [n][h][w][c] with even h, w; the result has its shape. */
struct tensor *attention(struct tape *t, const struct attention *a, struct tensor *x);

#endif
