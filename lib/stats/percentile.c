#include "stats/percentile.h"

#include <math.h>
#include <stdlib.h>

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void
percentile_sort(double *x, size_t n)
{
    qsort(x, n, sizeof(*x), by_size);
}

double
percentile_median(double *x, size_t n)
{
    percentile_sort(x, n);
    return n > 0 ? (x[(n - 1) / 2] + x[n / 2]) / 2 : NAN;
}

static double
at_share(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t i = (size_t)at, next = i + 1 < n ? i + 1 : i;

    return sorted[i] + (at - (double)i) * (sorted[next] - sorted[i]);
}

void
percentile_interval(double *x, size_t n, double level, double *lower, double *upper)
{
    percentile_sort(x, n);
    *lower = at_share(x, n, (1 - level) / 2);
    *upper = at_share(x, n, (1 + level) / 2);
}
