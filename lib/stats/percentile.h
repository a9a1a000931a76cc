/*
 * percentile - of numbers: their median, and the interval that holds a share of them.
 *
 * Linear between order statistics (R's type 7, numpy's default).
 */
#ifndef MP_STATS_PERCENTILE_H
#define MP_STATS_PERCENTILE_H

#include <stddef.h>

/* Ascending; none may be not-a-number, here and below. */
void percentile_sort(double *x, size_t n);

/* Sorts x; not-a-number where n is 0. */
double percentile_median(double *x, size_t n);

/* Sorts x, n > 0: the middle `level` of it, with as much left out on either side. */
void percentile_interval(double *x, size_t n, double level, double *lower, double *upper);

#endif
