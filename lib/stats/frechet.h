/*
 * frechet - the Frechet distance of two sets of features, as of two normal distributions.
 *
 * M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
 * equilibrium", NIPS 2017:
 *
 *     |mean x - mean y|^2 + trace(Sx + Sy - 2 (Sx Sy)^(1/2)).
 *
 * Not of the features themselves: a covariance of 2048 features takes many times 2048 records.
 * Both sets are first projected onto the first principal components of x.
 *
 * The trace of (Sx Sy)^(1/2) is the sum of the singular values of Sx^(1/2) Sy^(1/2), which loses
 * no digits where covariances are singular, as the square root of the product does.
 */
#ifndef MP_STATS_FRECHET_H
#define MP_STATS_FRECHET_H

#include "stats/feature_set.h"

/*
 * The squared distance of x and y, at least two records each.
 *
 *   components  1 .. d: how many of x's principal components
 *   used        written: of these, along how many x varies (variance above 1e-12 of the first);
 *               the others are left out
 *
 * Of equal sets it is 0 to rounding, and never negative.  The mean, the components and all
 * covariances (over n - 1) are in double; takes 8 min(n, d)^2 bytes, n the records of x.  Returns
 * 0, or -1 with the reason in e: memory, all records of x are equal, no convergence.
 */
int frechet_distance(const struct feature_set *x, const struct feature_set *y, size_t components,
                     double *distance, size_t *used, struct err *e);

#endif
