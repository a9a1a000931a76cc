/*
 * classifier - a small convolutional network that tells two kinds of patches apart.
 *
 * The judge of gan-check: quick to train, and a network of its own that no generator has trained
 * against. Blocks of 3x3 convolution, 2x2 max-pool and LeakyReLU down to 4 x 4, then one
 * convolution to two logits.
 */
#ifndef MP_MODEL_CLASSIFIER_H
#define MP_MODEL_CLASSIFIER_H

#include "model/layers.h"

#define CLASSIFIER_MAX_BLOCKS 8

struct classifier {
    struct net_config config;
    size_t blocks;
    struct params params;
    struct conv_layer block[CLASSIFIER_MAX_BLOCKS], logits;
};

int classifier_init(struct classifier *c, const struct net_config *config, uint64_t seed,
                    struct err *e);
void classifier_free(struct classifier *c);

/* image [n][size][size][1] in [0, 1].  Returns logits [n][2]: negative, positive. */
struct tensor *classifier_forward(struct tape *t, const struct classifier *c, struct tensor *image);

#endif
