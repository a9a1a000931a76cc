/*
 * kernel_distance - the kernel distance of two sets of features, and its interval by patient.
 *
 * M. Binkowski et al., "Demystifying MMD GANs", ICLR 2018 (KID): the squared maximum mean
 * discrepancy with the kernel k(x, y) = (x . y / d + 1)^3.  As A. Gretton et al., JMLR 13, 2012,
 * lemma 6, with means over pairs:
 *
 *     mean k(x, x') + mean k(y, y') - 2 mean k(x, y).
 *
 * A record is never paired with itself, which within a set makes the estimator unbiased; we leave
 * out such pairs between the sets too (equal ids).  So a set against itself is at 0.
 *
 * For the interval patients are drawn with replacement: of those in x alone, in y alone and in
 * both, as many of each as there are, a patient of both sets into both.  A patient that is drawn w
 * times is w patients: pairs of two of its records count w times, not w^2 times.  What is left out
 * are the pairs of one copy with another, of a record with itself and of different records: they
 * are of one patient where pairs of different patients should be, and would draw the distance away
 * from 0.
 */
#ifndef MP_STATS_KERNEL_DISTANCE_H
#define MP_STATS_KERNEL_DISTANCE_H

#include "stats/feature_set.h"

/* How often each patient was drawn, in each of n draws.  The first draw has each patient once. */
struct kernel_draws {
    size_t n, units;
    float *times; /* [n][units] */
};

/* Makes `draws` draws and the first.  Returns 0, or -1 (memory) with the reason in e. */
int kernel_draws_make(struct kernel_draws *w, const struct feature_set *x,
                      const struct feature_set *y, size_t draws, uint64_t seed, struct err *e);
void kernel_draws_free(struct kernel_draws *w);

/*
 * The distance in each draw into distance [w->n]; not-a-number where a draw leaves no pairs.  Equal
 * to the bit on any number of threads.  Takes O(n^2 d) time and, beside the sets, some 4 kB a
 * feature, 4 kB a draw and thread, and draws x patients floats.  Returns 0, or -1 (memory) with the
 * reason in e.
 */
int kernel_distance(const struct feature_set *x, const struct feature_set *y,
                    const struct kernel_draws *w, double *distance, struct err *e);

/*
 * The quantiles (1 - level) / 2 and (1 + level) / 2 of n numbers, not-a-number left out, by linear
 * interpolation (as numpy).  Sorts them.  Not-a-number where none is left.
 */
void kernel_interval(double *distance, size_t n, double level, double *lower, double *upper);

#endif
