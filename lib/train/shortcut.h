/*
 * shortcut - what a classifier could know without looking at a lesion: how much of the patch is
 * tissue, and how bright it is.
 */
#ifndef MP_TRAIN_SHORTCUT_H
#define MP_TRAIN_SHORTCUT_H

#include "stats/logistic.h"
#include "stream/terms.h"
#include "train/feed.h"

enum { SHORTCUT_TISSUE, SHORTCUT_GREY, SHORTCUT_FEATURES };

/* Training patches, all zeros at first. */
struct shortcut {
    double *x;         /* [n][SHORTCUT_FEATURES] */
    uint8_t *positive; /* [n] */
    size_t n, positives, cap_x, cap_positive;
    struct patients patients;
};

/* The metadata `tissue` and the mean of `image`.  Returns 0, or -1 with the reason in e. */
int shortcut_features(const struct ts_record *r, double x[SHORTCUT_FEATURES], struct err *e);

/*
 * Adds the patches of a stream, all malignant (positive 1) or all benign or normal (0); split is
 * the only one they may name, or SPLIT_NONE.  Returns 0, or -1 with the reason in e.
 */
int shortcut_add(struct shortcut *s, const char *path, int positive, enum term_split split,
                 struct err *e);

/* Logistic regression on what was added. */
int shortcut_fit(const struct shortcut *s, struct logistic *m, struct err *e);

void shortcut_free(struct shortcut *s);

#endif
