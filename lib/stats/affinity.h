/*
 * affinity - what t-SNE takes as given: how likely points pick each other as neighbours.
 *
 * L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 9:2579-2605, 2008; over
 * nearest neighbours only: L. van der Maaten, "Accelerating t-SNE using tree-based algorithms",
 * JMLR 15:3221-3245, 2014.
 */
#ifndef MP_STATS_AFFINITY_H
#define MP_STATS_AFFINITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Conditional probabilities of m points over k neighbours each, equation (1) of 2008: p is
 * proportional to exp(-beta square), beta such that the entropy is log(perplexity) to 1e-5 (by
 * doubling, halving and bisection from 1, as scikit-learn does it).
 *
 *   square  [m][k]  squared distances, 0 or more
 *   p       [m][k]  written, each row sums to 1
 *
 * Where more neighbours than the perplexity are equally near, no beta fits: these share the row.
 */
void affinity_conditional(const double *square, size_t m, size_t k, double perplexity, double *p);

/* A symmetric matrix that sums to 1; row i holds start[i] .. start[i + 1]. */
struct affinity {
    size_t n;
    size_t *start;   /* [n + 1] */
    uint32_t *other; /* [start[n]] columns, in no order */
    double *p;       /* [start[n]] */
};

/*
 * Joint probabilities, (p(j|i) + p(i|j)) / 2n.
 *
 *   index  [n][k]  neighbours, each row rising, none its own
 *   p      [n][k]  conditional probabilities
 *
 * Returns 0, or -1 (memory) with the reason in e.
 */
int affinity_joint(struct affinity *a, const uint32_t *index, const double *p, size_t n, size_t k,
                   struct err *e);

void affinity_free(struct affinity *a);

#endif
