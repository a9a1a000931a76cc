/*
 * feature_match - asks a generator for patches that a fixed classifier of ours sees as it sees real
 * ones: T. Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, section 3.1.
 *
 * DEVIATION: no part of the paper.  There features are the discriminator's; a network that was
 * trained before, and stays as it is, serves small data better (A. Sauer et al., "Projected GANs
 * converge faster", NeurIPS 2021).
 */
#ifndef MP_TRAIN_FEATURE_MATCH_H
#define MP_TRAIN_FEATURE_MATCH_H

#include "train/predictor.h"

struct feature_match {
    struct predictor model;
    double weight; /* in the generator's loss */
    size_t size;   /* side of the patches that the classifier sees: smaller ones are doubled */
    size_t categories, features;
    double *mean, *variance; /* [categories][features] running, of real patches */
};

/*
 * A classifier that resnet-train made for patches of this side.  Refused: another file or side; a
 * file that names no patients, for their patches may be tested on; batch normalisation without
 * running statistics, by which a patch's features would depend on its neighbours.
 * Returns 0, or -1 with the reason in e and nothing to free.
 */
int feature_match_open(struct feature_match *m, const char *path, size_t size, size_t categories,
                       double weight, struct err *e);

/* The same for m->model as it is; -1: memory, and the caller frees. */
int feature_match_init(struct feature_match *m, size_t size, size_t categories, double weight,
                       struct err *e);
void feature_match_free(struct feature_match *m);

/* The running mean and variance as tensors of a training's state: in double, whatever the networks
 * are in. */
int feature_match_put(struct ts_record *r, const struct feature_match *m, struct err *e);
int feature_match_get(const struct ts_record *r, struct feature_match *m, struct err *e);

/*
 * Takes n real patches [side][side] in [0, 1] of a category into its running mean and variance,
 * side being the classifier's or half of it.  `seen` batches were taken in before; with 0 all
 * begins anew, from mean 0 and variance 1, which are forgotten within a few batches.  Resets the
 * tape.
 */
void feature_match_see(struct feature_match *m, struct tape *t, size_t category, const real *patch,
                       size_t n, size_t side, uint64_t seen);

/*
 * Scalar: the squared distance of the mean features of patches [n][side][side][1] from the running
 * mean, each in units of its running standard deviation; the mean over all features.  Without the
 * weight.
 */
struct tensor *feature_match_loss(struct tape *t, struct feature_match *m, size_t category,
                                  struct tensor *image);

#endif
