/*
 * pca - principal components.
 */
#ifndef MP_STATS_PCA_H
#define MP_STATS_PCA_H

#include <stddef.h>

#include "base/err.h"

/* A change of coordinates: y = (x - mean) basis, or y = x where basis is NULL. */
struct pca {
    size_t d, k;      /* coordinates before and after */
    double *mean;     /* [d] */
    double *basis;    /* [d][k]: orthonormal columns, that of the largest variance first */
    double *variance; /* [k] of the cases along them, over n (not n - 1) */
};

/*
 * The first k components of n cases.
 *
 *   x  [n][d]  finite
 *   k  1 .. d; where the cases span fewer directions, the last ones have a variance near 0
 *
 * The largest loading of each component is positive, so that none turns round.  O(n d^2 + d^3), by
 * OpenBLAS in pieces that do not depend on the number of threads: neither do the bytes.  Returns 0,
 * or -1 with the reason in e.
 */
int pca_fit(struct pca *p, const float *x, size_t n, size_t d, size_t k, struct err *e);

/* The same if 0 < k < d; otherwise the change that changes nothing.  Returns 0 or -1. */
int pca_reduce(struct pca *p, const float *x, size_t n, size_t d, size_t k, struct err *e);

/*
 * n cases x [n][d] in the new coordinates y [n][k].  The result of a case does not depend, to the
 * last bit, on the others.
 */
void pca_apply(const struct pca *p, const float *x, size_t n, double *y);

void pca_free(struct pca *p);

#endif
