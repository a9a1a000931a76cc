/*
 * resnet_model - a ResNet-50 in use: scores and features of patches.
 */
#ifndef MP_TRAIN_RESNET_MODEL_H
#define MP_TRAIN_RESNET_MODEL_H

#include "model/resnet50.h"
#include "train/feed.h"

struct resnet_model {
    struct resnet50 net;
    size_t size;              /* side of the patches it was trained on; 0 = its file does not say */
    uint64_t hash;            /* of its weights */
    struct patients patients; /* it was trained on */
};

/*
 * A classifier that resnet-train made.  Anything else is refused: what its last layer says would
 * be no score.  Returns 0, or -1 with the reason in e and nothing to free.
 */
int resnet_model_load(struct resnet_model *m, const char *path, struct err *e);

/*
 * Any ResNet-50 that weights_load() reads, for its features alone.  Weights of others work as in
 * PyTorch's eval().
 */
int resnet_model_load_any(struct resnet_model *m, const char *path, struct err *e);
void resnet_model_free(struct resnet_model *m);

/*
 * The words of enum resnet_bn in options, logs and checkpoints; -1 with the reason in e for any
 * other word.
 */
const char *resnet_bn_word(enum resnet_bn bn);
int resnet_bn_parse(const char *word, enum resnet_bn *bn, struct err *e);

/* How many numbers a record holds: a file that promises a wide network must hold it. */
size_t resnet_numbers_in(const struct ts_record *r);

/* Patches that a network looks at together, in the order they came. */
struct resnet_batch {
    struct resnet_model *model; /* borrowed */
    size_t size;                /* side that patches must have, or are brought to */
    int resize;                 /* bring them to it */
    size_t n, room;
    struct ts_record *record; /* [n] */
    real *patch;              /* [n][size][size] */
    real *features;           /* [n][resnet50_features()], after resnet_batch_look() */
    double *odds;             /* [n] log-odds of malignant, the same */
    struct tape *tape;        /* private */
};

/*
 * Room for `room` patches.  Borrows m until resnet_batch_free(), which is right after a failure
 * too.
 */
int resnet_batch_init(struct resnet_batch *b, struct resnet_model *m, size_t size, int resize,
                      size_t room, struct err *e);
void resnet_batch_free(struct resnet_batch *b);

/*
 * Takes over a record; its `image` must be square.  One that is brought to another size (bilinear;
 * shrinking averages) says so in its metadata `resized`.
 */
int resnet_batch_add(struct resnet_batch *b, struct ts_record *rec, struct err *e);

/* Looks at all of them.  -1 with the reason in e: a result is not finite. */
int resnet_batch_look(struct resnet_batch *b, struct err *e);

/*
 * Makes the i-th record, looked at, one of features: the tensor `features` in the place of all
 * others, F32, and in its metadata `features_of` the hash of the network that saw them.
 */
int resnet_batch_put_features(const struct resnet_batch *b, size_t i, struct err *e);

#endif
