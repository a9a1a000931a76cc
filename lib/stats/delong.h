/*
 * delong - areas under ROC curves, their variances and those of their differences.
 *
 * E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44(3):837-845, 1988; in O(n log n)
 * as X. Sun and W. Xu, IEEE Signal Processing Letters 21(11), 2014.  Clustered cases: N. A.
 * Obuchowski, Biometrics 53(2):567-578, 1997.
 *
 * Of M positive and N negative cases, the placement of a positive one is the share of negatives
 * that score lower, that of a negative one the share of positives that score higher; ties count
 * half.  The area A is the mean of either kind.  DeLong's variance is
 *
 *     sum over positives (V - A)^2 / (M - 1) M  +  sum over negatives (V - A)^2 / (N - 1) N.
 *
 * Obuchowski's takes the sums a, b of V - A over the positives and over the negatives of each
 * cluster.  I10 clusters hold positives, I01 negatives, I are all:
 *
 *     I10 / (I10 - 1) sum a^2 / M^2  +  I01 / (I01 - 1) sum b^2 / N^2
 *         +  2 I / (I - 1) sum a b / M N.
 *
 * With one case a cluster I10 = M, I01 = N and a b = 0: the two are equal.  As I / (I - 1) is the
 * smallest of the three factors, the variance is never negative.
 */
#ifndef MP_STATS_DELONG_H
#define MP_STATS_DELONG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct delong_cases {
    size_t n;
    const uint8_t *positive; /* [n] 0 or 1 */
    const uint32_t *cluster; /* [n] 0 .. clusters - 1, or NULL: all cases are independent */
    size_t clusters;
};

struct delong_curve {
    double area, variance;
    double *placement; /* [n], owned */
};

/*
 * One curve.
 *
 *   score  [n] finite; higher means positive
 *
 * Returns 0, or -1 with the reason in e: memory, a score that is not finite, less than two positive
 * or two negative cases (clusters that hold one).
 */
int delong_curve_make(struct delong_curve *c, const struct delong_cases *cases, const double *score,
                      struct err *e);
void delong_curve_free(struct delong_curve *c);

/*
 * The variance of a's area less b's, both of the same cases.  It is found from the differences of
 * placements and not as a difference of variances, so that nearly equal curves lose no digits; of
 * equal curves it is 0.  Returns 0, or -1 (memory) with the reason in e.
 */
int delong_difference(const struct delong_cases *cases, const struct delong_curve *a,
                      const struct delong_curve *b, double *variance, struct err *e);

/* A point of a ROC curve: what is called positive where positive means score >= threshold. */
struct roc_point {
    double threshold;
    size_t true_positives, false_positives;
};

/*
 * The points of a curve, one for each score that occurs, from the highest; before them the point at
 * +infinity, where nothing is called positive.  Fresh memory, *count points; NULL with the reason
 * in e.
 */
struct roc_point *roc_points(const struct delong_cases *cases, const double *score, size_t *count,
                             struct err *e);

#endif
