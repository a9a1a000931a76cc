/*
 * resnet50 - the body of the paper's classifier: 50 layers, less the last one.
 *
 * K. He et al., "Deep residual learning for image recognition", CVPR 2016, as torchvision builds
 * it: the stride of a block sits in its 3x3 convolution ("v1.5").  Parameters and statistics bear
 * torchvision's names, so that weights can go to and fro.  Grey patches are repeated to three
 * channels and normalised with ImageNet's mean and deviation.
 */
#ifndef MP_MODEL_RESNET50_H
#define MP_MODEL_RESNET50_H

#include "model/layers.h"

enum { RESNET_BLOCKS = 16, RESNET_STAGES = 5 };

/*
 * ImageNet's photographs begin with a 7x7 convolution of stride 2 and a max-pool of stride 2, which
 * leave 16x16 of a patch of 64 pixels.
 * DEVIATION: the small stem is a 3x3 convolution alone, as K. He et al. have it for small pictures.
 */
enum resnet_stem { STEM_IMAGENET, STEM_SMALL };

struct resnet_block {
    struct conv_norm conv[3], shortcut; /* a shortcut without weight is the identity */
    size_t stage;                       /* 1 .. 4 */
};

struct resnet50 {
    enum resnet_stem stem_kind;
    struct conv_norm stem;
    struct resnet_block block[RESNET_BLOCKS];
    size_t first[RESNET_STAGES + 1]; /* parameters in front of each stage, and of what follows */
};

/*
 * Adds its parameters and running statistics.  width multiplies the number of channels, 64 to 2048
 * at 1.  Returns the channels of its last map, or 0 with the reason in e.
 */
size_t resnet50_add(struct resnet50 *r, struct params *params, struct params *stats,
                    enum resnet_stem stem, double width, struct err *e);

/*
 * The last map [n][ho][wo][channels] of images [n][h][w][1] in [0, 1].  `frozen` leading stages do
 * not learn and are as in use: 1 is the stem, RESNET_STAGES all.  With the tape's recording off it
 * needs little memory: what a block leaves behind is forgotten, unless stage [RESNET_STAGES] takes
 * the map behind each; it may be NULL.
 */
struct tensor *resnet50_map(struct tape *t, const struct resnet50 *r, enum norm_mode mode,
                            size_t frozen, struct tensor *image, int train, struct tensor **stage);

#endif
