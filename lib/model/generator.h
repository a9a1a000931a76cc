/*
 * generator - grows a lesion on a mammogram patch, or removes one (the paper, section 2).
 *
 * A U-net that reads a patch and writes only the lesion, in [-1, 1]; patch + lesion is the
 * synthetic patch.  One random number a block, uniform in [-1, 1], lets it make different lesions
 * from one input.  With config.whole it writes the synthetic patch itself, and the lesion is what
 * that changed.  With config.categories it reads a label too, and makes what that names.
 *
 * Stages (progressive growing): the network is first trained at half its size, without the first
 * block of the encoder and the last of the decoder; then these are faded in with a weight that
 * goes from 0 to 1.
 */
#ifndef MP_MODEL_GENERATOR_H
#define MP_MODEL_GENERATOR_H

#include "model/layers.h"

#define GENERATOR_MAX_BLOCKS 8

struct generator {
    struct net_config config;
    size_t blocks; /* of the encoder, and as many of the decoder */
    size_t border; /* pixels at full size whose lesion is cropped */
    struct params params;

    struct conv_layer encode[GENERATOR_MAX_BLOCKS];
    struct attention encode_attention;
    struct conv_layer mid, code;
    struct conv_layer decode_a[GENERATOR_MAX_BLOCKS], decode_b[GENERATOR_MAX_BLOCKS];
    struct attention decode_attention;
    struct conv_layer lesion;                 /* to the lesion (or the patch) at full size */
    struct conv_layer from_half, lesion_half; /* the ends of the half-size network */
    /* Behind which block; = blocks where there is none. */
    size_t encode_attention_block, decode_attention_block;
};

/*
 *   mid     filters of the central 1x1 convolution at width 1 and 256 px, in the paper 2048; or 0
 *   border  pixels at full size
 */
int generator_init(struct generator *g, const struct net_config *c, size_t mid, size_t border,
                   uint64_t seed, struct err *e);
void generator_free(struct generator *g);

/* Random numbers a patch takes: one for each block. */
size_t generator_scalars(const struct generator *g);

/*
 *   category of all patches, below config.categories; without these it is not looked at
 *   x        [n][s][s][1] in [0, 1]; s = size, or size / 2 when fade is 0
 *   scalars  [n][generator_scalars()], the encoder's blocks first
 *   fade     weight of the full-size ends: 0 half-size network, 1 full network
 *   lesion   [n][s][s][1] written, in [-1, 1]
 *   image    [n][s][s][1] written, x + lesion clipped to [0, 1]
 * params_use() must have been called on g->params.
 */
void generator_forward(struct tape *t, const struct generator *g, size_t category, struct tensor *x,
                       struct tensor *scalars, double fade, struct tensor **lesion,
                       struct tensor **image);

#endif
