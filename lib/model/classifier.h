/*
 * classifier - what tells malignant patches from all others: a body, the mean of its last map over
 * the image, and two logits, negative (normal, benign) and malignant.
 */
#ifndef MP_MODEL_CLASSIFIER_H
#define MP_MODEL_CLASSIFIER_H

#include "model/resnet50.h"
#include "model/small.h"

enum { CLASSIFIER_CLASSES = 2 };

enum classifier_net { NET_RESNET50, NET_SMALL };

struct classifier_config {
    enum classifier_net net;
    enum resnet_stem stem; /* of ResNet-50 */
    double width;          /* multiplies the number of channels */
    enum norm_mode bn;
    size_t frozen; /* leading stages of ResNet-50 that do not learn: 1 = the stem, 5 = the body */
    int fixed;     /* 1: for use only, without the optimiser's state */
    size_t limit;  /* most trainable numbers that it may take memory for; 0 = any */
};

struct classifier {
    struct classifier_config config;
    struct params params; /* in torchvision's order */
    struct params stats;  /* running means and variances */
    uint64_t batches;     /* that the running statistics have seen */
    union {
        struct resnet50 resnet50;
        struct small small;
    } body;
    struct param *head, *head_bias; /* fc.weight [classes][features], fc.bias [classes] */
};

/* Zero weights; statistics and batch normalisation do nothing yet. */
int classifier_init(struct classifier *c, const struct classifier_config *config, struct err *e);
void classifier_free(struct classifier *c);

/*
 * Random weights as torchvision starts: convolutions normal with variance 2 / (fan out) (K. He et
 * al., ICCV 2015), the last layer uniform in +-1 / sqrt(fan in).  Drawn from (seed, name).
 */
void classifier_start(struct classifier *c, uint64_t seed);
void classifier_start_head(struct classifier *c, uint64_t seed);

/* to = decay to + (1 - decay) from, weights and running statistics. */
void classifier_average(struct classifier *to, const struct classifier *from, double decay);

/* Length of the pooled features: 2048 for ResNet-50, 64 for the small network, at width 1. */
size_t classifier_features(const struct classifier *c);

/* The first parameter that learns: those before it belong to frozen stages. */
size_t classifier_first_trainable(const struct classifier *c);

/* 1 if it can look at patches of this side: 32 to 1024; the small network 16 to 1024, multiples
 * of 8. */
int classifier_takes(const struct classifier_config *c, size_t size);

/* 1 if batches of n patches [size][size] leave more than one number for the statistics. */
int classifier_can_train(const struct classifier_config *c, size_t n, size_t size);

/*
 *   image     [n][s][s][1] in [0, 1]
 *   train     1: as in training, where NORM_UPDATE moves the running statistics
 *   features  [n][classifier_features()] written: the last map's mean over the image
 * Returns logits [n][2]: negative, malignant.  params_use() must have been called on c->params.
 */
struct tensor *classifier_forward(struct tape *t, struct classifier *c, struct tensor *image,
                                  int train, struct tensor **features);

/*
 * The mean over the image of each channel behind each stage of resolution, the last of which are
 * the features above: [n][their number].  As in use: running statistics (NORM_BATCH: of all n).
 */
struct tensor *classifier_stages(struct tape *t, const struct classifier *c, struct tensor *image);

/*
 * For use: n patches [size][size] in [0, 1]; writes features [n][...] (or NULL) and log-odds of
 * malignant, z_malignant - z_negative [n].  Resets the tape.
 */
void classifier_apply(struct tape *t, struct classifier *c, const real *patch, size_t n,
                      size_t size, real *features, double *odds);

/* Mean cross-entropy of logits [n][2]; malignant [n] is 0 or 1. */
struct tensor *classifier_loss(struct tape *t, struct tensor *logits,
                               const unsigned char *malignant);

#endif
