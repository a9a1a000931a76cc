/*
 * tell_apart - a small network that is trained to tell synthetic patches from real ones, and asked
 * about patients it has not seen.
 */
#ifndef MP_TRAIN_TELL_APART_H
#define MP_TRAIN_TELL_APART_H

#include <stddef.h>
#include <stdint.h>

#include "stats/apart.h"

struct tell_apart_patches {
    size_t n, size;
    const float *patch;       /* [n][size][size] in [0, 1] */
    const uint8_t *synthetic; /* [n] 0 or 1 */
    const uint32_t *patient;  /* [n] 0 .. patients - 1, each of which occurs here or below */
    /*
     * NULL, or [n]: a real patient whom each patch also tells of, or the same one again.  A patch
     * is scored where both are tested, and trained on where neither is.
     */
    const uint32_t *other;
    size_t patients;
};

struct tell_apart_config {
    size_t folds;          /* 2 or more */
    size_t updates, batch; /* of the judge of each fold; patches of each kind in an update */
    double width;
    uint64_t seed;
};

/*
 * Deals patients at random to folds, with all their patches, those who have real ones and those who
 * have synthetic ones evenly: fold [patients] is written.  Returns 0, or -1 with the reason in e:
 * memory, a kind that has fewer patients than folds.
 */
int tell_apart_deal(const struct tell_apart_patches *p, size_t folds, uint64_t seed, size_t *fold,
                    struct err *e);

/*
 * Scores the patches of each fold by a judge (judge.h) trained on those of the others: area [folds]
 * is written, the area under the ROC curve of each, synthetic against real.  Returns 0, or -1 with
 * the reason in e: memory, those of tell_apart_deal(), a fold without patches of a kind to train on
 * or to score, a size that the judge cannot take, a loss or a score that is not finite.
 */
int tell_apart(const struct tell_apart_patches *p, const struct tell_apart_config *c, double *area,
               struct err *e);

/*
 * The mean of the areas, and its interval at `level`, cut off at 0 and 1.  Folds share what they
 * are trained on, so that they vary together: the variance of the mean is (1 / folds + 1 / (folds -
 * 1)) times that of the folds, the second term being the ratio of patches tested and trained on;
 * quantiles are Student's with folds - 1 degrees of freedom.  C. Nadeau and Y. Bengio, Machine
 * Learning 52(3):239-281, 2003.
 *
 * An interval of the scores alone (delong.h) would be for these networks, and is too narrow: of
 * phantoms dealt to two equal kinds by patient it was 0.21 to 0.46, where this one is 0.36 to 0.67
 * (with other settings of the training).
 */
struct apart_share tell_apart_area(const double *area, size_t folds, double level);

#endif
