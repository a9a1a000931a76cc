/*
 * judge - a small classifier trained on real patches, and what it says of synthetic ones.
 */
#ifndef MP_TRAIN_JUDGE_H
#define MP_TRAIN_JUDGE_H

#include "model/classifier.h"
#include "nn/adam.h"
#include "train/feed.h"

struct judge {
    struct classifier net, average; /* what learns, and what is asked */
    struct tape *tape;
    size_t size;
    real *patch; /* [size][size] the one that is scored */
    struct patients trained_on;
};

int judge_init(struct judge *j, size_t size, double width, uint64_t seed, struct err *e);
void judge_free(struct judge *j);

/*
 * Where the patches of an update come from: writes one of a class, [size][size] numbers in [0, 1].
 * Returns 0, or -1 with the reason in e.
 */
typedef int judge_source(void *context, int positive, real *to, struct err *e);

/*
 * Trains it to the end, as resnet-train does: `updates` Adam updates with weight decay, by a rate
 * that rises to 3e-3 and falls to 0 in one cycle, on batches of n positive and n negative patches,
 * each flipped and turned at random; what is asked is the running average of the weights.  Draws
 * come from (seed, update).  Returns 0, or -1 with the reason in e.
 */
int judge_learn(struct judge *j, judge_source *next, void *context, size_t updates, size_t n,
                uint64_t seed, struct err *e);

/* The same with the patches of two feeds, whose patients are those the judge was trained on. */
int judge_train(struct judge *j, struct feed *positive, struct feed *negative, size_t updates,
                size_t n, uint64_t seed, struct err *e);

/* By the running average: the log-odds that a patch [size][size] in [0, 1] is positive. */
double judge_score(struct judge *j, const float *patch);

#endif
