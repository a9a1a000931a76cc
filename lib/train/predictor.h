/*
 * predictor - a classifier in use: scores and features of patches.
 */
#ifndef MP_TRAIN_PREDICTOR_H
#define MP_TRAIN_PREDICTOR_H

#include "model/classifier.h"
#include "train/feed.h"

struct predictor {
    struct classifier net;
    size_t size;              /* side of the patches it was trained on; 0 = its file does not say */
    uint64_t hash;            /* of its weights */
    struct patients patients; /* it was trained on */
};

/*
 * A classifier that resnet-train made.  Anything else is refused: what its last layer says would
 * be no score.  Returns 0, or -1 with the reason in e and nothing to free.
 */
int predictor_load(struct predictor *m, const char *path, struct err *e);

/*
 * The same, or any ResNet-50 that weights_load() reads, for its features alone.  Weights of others
 * work as in PyTorch's eval().
 */
int predictor_load_any(struct predictor *m, const char *path, struct err *e);
void predictor_free(struct predictor *m);

/* Patches that a network looks at together, in the order they came. */
struct predict_batch {
    struct predictor *model; /* borrowed */
    size_t size;             /* side that patches must have, or are brought to */
    int resize;              /* bring them to it */
    size_t n, room;
    struct ts_record *record; /* [n] */
    real *patch;              /* [n][size][size] */
    real *features;           /* [n][classifier_features()], after predict_batch_run() */
    double *odds;             /* [n] log-odds of malignant, the same */
    struct tape *tape;        /* private */
};

/*
 * Room for `room` patches.  Borrows m until predict_batch_free(), which is right after a failure
 * too.
 */
int predict_batch_init(struct predict_batch *b, struct predictor *m, size_t size, int resize,
                       size_t room, struct err *e);
void predict_batch_free(struct predict_batch *b);

/*
 * Takes over a record; its `image` must be square.  One that is brought to another size (bilinear;
 * shrinking averages) says so in its metadata `resized`.
 */
int predict_batch_add(struct predict_batch *b, struct ts_record *rec, struct err *e);

/* Looks at all of them.  -1 with the reason in e: a result is not finite. */
int predict_batch_run(struct predict_batch *b, struct err *e);

/*
 * Makes the i-th record, looked at, one of features: the tensor `features` in the place of all
 * others, F32, and in its metadata `features_of` the hash of the network that saw them.
 */
int predict_batch_put_features(const struct predict_batch *b, size_t i, struct err *e);

#endif
