/*
 * neighbours - the nearest of a set of points, by Euclidean distance.
 */
#ifndef MP_STATS_NEIGHBOURS_H
#define MP_STATS_NEIGHBOURS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The k nearest of n points to each of m others, or to each of the same points.
 *
 *   q       [m][d]  finite; NULL: the points themselves (m is n), none its own neighbour
 *   x       [n][d]  finite
 *   k       1 .. n (n - 1 where q is NULL)
 *   index   [m][k]  written: which ones, each row rising; of equally far ones the first
 *   square  [m][k]  written: their squared distances, each the plain sum of squares
 *
 * Every pair is looked at, O(m n d).  The result of a point does not depend on the others of q, nor
 * on the number of threads or the processor.  Returns 0, or -1 (memory) with the reason in e.
 */
int neighbours_find(const double *q, size_t m, const double *x, size_t n, size_t d, size_t k,
                    uint32_t *index, double *square, struct err *e);

#endif
