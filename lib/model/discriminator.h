/*
 * discriminator - tells real lesions from synthetic ones, benign and normal patches.
 *
 * The paper, section 2:
 * "identical to the encoding part of the generator, but with 8x the number of filters per layer
 * and strides of 2 replaced with max pooling operations", with a four-way output.
 */
#ifndef MP_MODEL_DISCRIMINATOR_H
#define MP_MODEL_DISCRIMINATOR_H

#include "model/layers.h"

/* Columns of the output; with two classes only the first two. */
enum { LOGIT_REAL, LOGIT_FAKE, LOGIT_BENIGN, LOGIT_NORMAL, LOGITS };

#define DISCRIMINATOR_MAX_BLOCKS 8

struct discriminator {
    struct net_config config;
    size_t blocks;
    struct params params;

    struct conv_layer block[DISCRIMINATOR_MAX_BLOCKS];
    struct attention attention;
    size_t attention_block; /* behind which block; = blocks where there is none */
    size_t columns;         /* of the output */
    struct conv_layer logits;
    struct conv_layer from_half; /* the way in of the half-size network */
};

/*
 * Here and below `classes` is 4; 3 where there is no benign class, whose column then goes unused;
 * or 2, real against fake alone.
 */
int discriminator_init(struct discriminator *d, const struct net_config *c, int classes,
                       uint64_t seed, struct err *e);
void discriminator_free(struct discriminator *d);

/* Logits [n][columns] of image [n][s][s][1] in [0, 1]; the others as in generator_forward(). */
struct tensor *discriminator_forward(struct tape *t, const struct discriminator *d, size_t category,
                                     struct tensor *image, double fade);

/* [n] log-odds of "real": z_real - log(exp z_fake + exp z_benign + exp z_normal). */
struct tensor *discriminator_log_odds(struct tape *t, struct tensor *logits, int classes);

/* Mean cross-entropy of logits [n][columns] where every image belongs to class k. */
struct tensor *discriminator_cross_entropy(struct tape *t, struct tensor *logits, int k,
                                           int classes);

#endif
