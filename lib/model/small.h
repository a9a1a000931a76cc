/*
 * small - the body of a small classifier, cheap enough to ask many questions with.
 *
 * DEVIATION: the paper has ResNet-50 alone.  Seven 3x3 convolutions, each with batch normalisation
 * and ReLU, in four steps of resolution with 2x2 max-pools between them, and the first at the
 * patch's own: in a patch of 64 pixels a calcification is one or two of them.  114,000 weights with
 * the last layer, at width 1.
 */
#ifndef MP_MODEL_SMALL_H
#define MP_MODEL_SMALL_H

#include "model/layers.h"

enum { SMALL_LAYERS = 7, SMALL_STAGES = 4 };

struct small {
    struct conv_norm layer[SMALL_LAYERS];
};

/* As resnet50_add(), and of the same shapes; width multiplies 16 to 64 channels. */
size_t small_add(struct small *s, struct params *params, struct params *stats, double width,
                 struct err *e);

/* As resnet50_map(); a stage ends in front of its max-pool. */
struct tensor *small_map(struct tape *t, const struct small *s, enum norm_mode mode,
                         struct tensor *image, int train, struct tensor **stage);

#endif
