/*
 * tell_apart - a small network that is trained to tell synthetic patches from real ones, and asked
 * about patients it has not seen.
 */
#ifndef MP_TRAIN_TELL_APART_H
#define MP_TRAIN_TELL_APART_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct tell_apart_patches {
    size_t n, size;
    const float *patch;       /* [n][size][size] in [0, 1] */
    const uint8_t *synthetic; /* [n] 0 or 1 */
    const uint32_t *patient;  /* [n] 0 .. patients - 1, each of which occurs */
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
 * Scores each patch by a judge (judge.h) trained on the patches of the other folds; higher is
 * synthetic.
 *
 *   score  [n] written: the share of the fold's real patches whose log-odds are lower, equal ones
 *          counting half
 *
 * Judges of different folds do not score alike; so placed, scores of all folds have one ROC curve,
 * whose area is that of patches of the same fold alone (M. S. Pepe and G. Longton, Epidemiology
 * 16(5), 2005).  Returns 0, or -1 with the reason in e: memory, those of tell_apart_deal(), a size
 * that the judge cannot take, a loss or a score that is not finite.
 */
int tell_apart(const struct tell_apart_patches *p, const struct tell_apart_config *c, double *score,
               struct err *e);

#endif
