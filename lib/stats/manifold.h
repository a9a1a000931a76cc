/*
 * manifold - precision and recall, density and coverage of a generated set of features.
 *
 * A set is taken for the balls round its records, each out to the record's k-th nearest neighbour
 * in the set.
 *
 * T. Kynkaanniemi et al., "Improved precision and recall metric for assessing generative models",
 * NeurIPS 2019: precision is the share of generated records inside a ball of a real one, recall
 * the share of real records inside a ball of a generated one.
 *
 * M. F. Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020:
 * density is the mean number of real records in whose balls a generated one lies, over k; coverage
 * the share of real records with a generated one in their ball.
 */
#ifndef MP_STATS_MANIFOLD_H
#define MP_STATS_MANIFOLD_H

#include "stats/feature_set.h"

#define MANIFOLD_NEIGHBOURS 100 /* largest k */

struct manifold {
    double precision, recall, density, coverage;
};

/*
 * Compares x (real) with y (generated).
 *
 *   k  1 .. MANIFOLD_NEIGHBOURS, less than the records of either set
 *
 * A record on the edge of a ball is inside, to 1e-12 of the sum of both squared lengths (features
 * less the mean of x), so that copies lie in a ball of radius 0.  Equal to the bit on any number of
 * threads.  Takes O(n^2 d) time and, beside the sets, some 4 kB a feature and thread.  Returns 0,
 * or -1 with the reason in e: memory, k too large.
 */
int manifold_compare(const struct feature_set *x, const struct feature_set *y, size_t k,
                     struct manifold *m, struct err *e);

#endif
