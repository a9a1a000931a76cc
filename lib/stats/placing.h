/*
 * placing - new points in an old map of t-SNE, which stays as it is.
 *
 * Each new point moves alone in the field of the old ones, as in P. G. Policar, M. Strazar and
 * B. Zupan, "Embedding to reference t-SNE space addresses batch effects in single-cell
 * classification", Machine Learning 112:721-740, 2023 (openTSNE).
 */
#ifndef MP_STATS_PLACING_H
#define MP_STATS_PLACING_H

#include <stddef.h>

#include "base/err.h"
#include "stats/pca.h"
#include "stats/quadtree.h"

struct placing_config {
    double perplexity; /* above 1: of a new point among the old ones */
    size_t components; /* as the old map had it */
    double theta;      /* quadtree.h */
};

struct placing {
    struct placing_config config;
    size_t n;  /* old points */
    double *x; /* [n][basis.k] their cases, reduced */
    double *y; /* [n][2] the map */
    struct pca basis;
    struct quadtree tree;
};

/*
 * Takes the old map.
 *
 *   x  [n][d]  finite: the cases that the map is of
 *   y  [n][2]  finite: the map
 *
 * Returns 0, or -1 with the reason in e: memory, or a perplexity of n / 3 or more.
 */
int placing_open(struct placing *p, const struct placing_config *c, const float *x, const double *y,
                 size_t n, size_t d, struct err *e);

/*
 * Places m new cases.  A case that equals an old one gets its place (that of the first if there are
 * several).  Any other goes down from the mean place of its nearest old cases, weighted by
 * affinity, or from that of the nearest, whichever is better, to where
 *
 *     -1.5 sum of p log w  +  log sum of w,     w = 1 / (1 + distance^2 in the map),
 *
 * is least near there; p are its affinities to the old cases, 1.5 openTSNE's exaggeration.  The
 * place of a case does not depend, to the last bit, on the others, nor on the number of threads.
 *
 *   x  [m][d]  finite
 *   y  [m][2]  written
 *
 * Returns 0, or -1 (memory) with the reason in e.
 */
int placing_add(const struct placing *p, const float *x, size_t m, double *y, struct err *e);

void placing_close(struct placing *p);

#endif
