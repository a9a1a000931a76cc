/*
 * resnet50 - the classifier that measures what synthetic patches are worth.
 *
 * K. He et al., "Deep residual learning for image recognition", CVPR 2016, with 50 layers, as
 * torchvision builds it: the stride of a block sits in its 3x3 convolution ("v1.5").  Parameters
 * and statistics bear torchvision's names, so that weights can go to and fro.  Grey patches are
 * repeated to three channels and normalised with ImageNet's mean and deviation.  Two logits:
 * negative (normal, benign) and malignant.
 */
#ifndef MP_MODEL_RESNET50_H
#define MP_MODEL_RESNET50_H

#include "model/layers.h"

enum { RESNET_BLOCKS = 16, RESNET_STAGES = 5, RESNET_CLASSES = 2 };

/* Batch normalisation, in PyTorch's terms. */
enum resnet_bn {
    RESNET_FROZEN, /* eval() throughout: running statistics, which stay as they are */
    RESNET_UPDATE, /* train() and eval(): statistics of the batch, and the running ones for use */
    RESNET_BATCH /* track_running_stats=False: statistics of the batch, each patch its own in use */
};

struct resnet_config {
    double width; /* multiplies the number of channels; 1 is ResNet-50 */
    enum resnet_bn bn;
    size_t frozen; /* leading stages that do not learn: 1 = the stem, 5 = all but the last layer */
    int fixed;     /* 1: for use only, without the optimiser's state */
    size_t limit;  /* most trainable numbers that it may take memory for; 0 = any */
};

/* A batch normalisation, its statistics among resnet50.stats. */
struct norm {
    struct param *gamma, *beta, *mean, *variance;
};

struct resnet_block {
    struct conv_layer conv[3], shortcut; /* a shortcut without weight is the identity */
    struct norm bn[3], shortcut_bn;
    size_t stage; /* 1 .. 4 */
};

struct resnet50 {
    struct resnet_config config;
    struct params params;                      /* in torchvision's order */
    struct params stats;                       /* running means and variances */
    uint64_t batches;                          /* that the running statistics have seen */
    size_t first_trainable[RESNET_STAGES + 1]; /* parameters in front of each stage, of the head */

    struct conv_layer stem;
    struct norm stem_bn;
    struct resnet_block block[RESNET_BLOCKS];
    struct param *head, *head_bias; /* [classes][features], [classes] */
};

/* Zero weights; statistics and batch normalisation do nothing yet. */
int resnet50_init(struct resnet50 *r, const struct resnet_config *c, struct err *e);
void resnet50_free(struct resnet50 *r);

/*
 * Random weights as torchvision starts: convolutions normal with variance 2 / (fan out) (K. He et
 * al., ICCV 2015), the last layer uniform in +-1 / sqrt(fan in).  Drawn from (seed, name).
 */
void resnet50_start(struct resnet50 *r, uint64_t seed);
void resnet50_start_head(struct resnet50 *r, uint64_t seed);

/* Length of the pooled features: 2048 at width 1. */
size_t resnet50_features(const struct resnet50 *r);

/* The first parameter that learns: those before it belong to frozen stages. */
size_t resnet50_first_trainable(const struct resnet50 *r);

/* 1 if batches of n patches [size][size] leave more than one number for the statistics. */
int resnet50_can_train(const struct resnet_config *c, size_t n, size_t size);

/*
 *   image     [n][s][s][1] in [0, 1]
 *   train     1: as in training, where RESNET_UPDATE moves the running statistics
 *   features  [n][resnet50_features()] written: the last map's mean over the image
 * Returns logits [n][2]: negative, malignant.  params_use() must have been called on r->params.
 * With the tape's recording off, it needs little memory: what a block leaves behind is forgotten.
 */
struct tensor *resnet50_forward(struct tape *t, struct resnet50 *r, struct tensor *image, int train,
                                struct tensor **features);

/*
 * For use: n patches [size][size] in [0, 1]; writes features [n][...] (or NULL) and log-odds of
 * malignant, z_malignant - z_negative [n].  Resets the tape.
 */
void resnet50_apply(struct tape *t, struct resnet50 *r, const real *patch, size_t n, size_t size,
                    real *features, double *odds);

/* Mean cross-entropy of logits [n][2]; malignant [n] is 0 or 1. */
struct tensor *resnet50_loss(struct tape *t, struct tensor *logits, const unsigned char *malignant);

#endif
