/*
 * classify - training a classifier to tell malignant patches from all others (the paper,
 * "Results").
 *
 * A step is one Adam update with a batch of the training stream.  Every `every` samples the
 * validation stream, if there is one, is scored.  What is kept is the last weights, or those with
 * the highest area under the ROC curve so far; with `average`, it is the running average that is
 * scored and kept.
 *
 * DEVIATION: the paper keeps the best of a constant rate.  The validation area of few patients
 * moves by several hundredths from one look to the next, so the best of many is luck that differs
 * from seed to seed; a rate that falls to 0 and the last weights leave less to it.
 */
#ifndef MP_TRAIN_CLASSIFY_H
#define MP_TRAIN_CLASSIFY_H

#include "base/jsonl.h"
#include "model/classifier.h"
#include "nn/adam.h"
#include "train/feed.h"
#include "train/schedule.h"
#include "train/weights.h"

enum classify_keep { KEEP_LAST, KEEP_BEST };

struct classify_config {
    struct classifier_config net; /* width 0: as in `init`, or 1 */
    struct adam adam;
    enum schedule schedule;
    double average; /* decay of the running average of weights and statistics, 0: none */
    enum classify_keep keep;
    size_t batch;
    uint64_t samples, every;
    uint64_t seed;
    const char *init;    /* file of weights to start from, or NULL: random ones; borrowed */
    const char *history; /* how this run was asked for; borrowed */
};

/* The patches that tell how good the weights are, read anew each time. */
struct validation {
    struct ts_reader *reader; /* NULL: there are none */
    size_t n, positives;
    uint8_t *malignant; /* [n] */
    double *score;      /* [n] log-odds of the last evaluation */
    struct patients patients;
};

struct classify {
    struct classify_config config;
    struct classifier net;
    struct classifier average; /* without parameters where there is none */
    struct tape *tape;
    struct feed feed;
    struct validation validation;
    struct patients patients; /* trained on, also before: those of `init` */
    size_t size;              /* side of the patches */
    char *origin;             /* what the weights were at the start, and what was left out */

    uint64_t steps;
    double loss_sum; /* since the last line of the log, over `loss_count` samples */
    uint64_t loss_count, malignant_count;
    double auc, loss;      /* of the last evaluation; auc is -1 before */
    double best;           /* area, or -1 before the first evaluation */
    uint64_t best_samples; /* samples seen by then */

    real *batch;           /* [batch][size][size] */
    unsigned char *labels; /* [batch] */
};

/*
 * Opens the training stream and the validation stream (a file, or NULL), reads the latter once, and
 * makes the network.  `resumed` 1: classify_load() will bring the weights.  Returns 0, or -1 with
 * the reason in e; classify_free() in both cases.
 */
int classify_init(struct classify *c, const struct classify_config *config, const char *train,
                  const char *validation, int resumed, struct err *e);
void classify_free(struct classify *c);

/* Patches trained on so far. */
uint64_t classify_samples(const struct classify *c);

/* One step.  Returns 0, or -1 with the reason in e: an unfit record, a loss that is not finite. */
int classify_step(struct classify *c, struct err *e);

/* 1 if a multiple of `n` samples was reached in the last step, or all were seen. */
int classify_due(const struct classify *c, uint64_t n);

/* Scores the validation stream: sets auc and loss, and best.  *better: these are the best. */
int classify_evaluate(struct classify *c, int *better, struct err *e);

/* Lines of the log: the loss since the last one; the evaluation. */
int classify_log_loss(struct classify *c, double seconds, struct jsonl *log, struct err *e);
int classify_log_evaluation(const struct classify *c, double seconds, struct jsonl *log,
                            struct err *e);

/* The weights that are kept, as they are, for resnet-predict and PyTorch. */
int classify_export(const struct classify *c, const char *path, struct err *e);

/*
 * Everything needed to go on exactly, but for the best weights of KEEP_BEST, which are in the file
 * `best`: loading checks that they are this run's.
 */
int classify_save(const struct classify *c, const char *path, struct err *e);
int classify_load(struct classify *c, const char *path, const char *best, struct err *e);

/* 1 malignant, 0 normal or benign; -1 with the reason in e for any other label. */
int classify_label(const struct ts_record *r, struct err *e);

#endif
