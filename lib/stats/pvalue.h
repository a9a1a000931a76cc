/*
 * pvalue - two-sided p-values that do not underflow, quantiles, Holm's adjustment.
 *
 * p-values are kept as their decimal logarithm: at z = 40 p is 1e-349, which no double holds.
 */
#ifndef MP_STATS_PVALUE_H
#define MP_STATS_PVALUE_H

#include <stddef.h>

#include "base/err.h"

/* log10 of the chance that a standard normal number is at least |z| from 0. */
double pvalue_normal(double z);

/* The same for Student's t with df > 0 degrees of freedom. */
double pvalue_student(double t, double df);

/*
 * The q > 0 that the given share (0 < level < 1) of normal, or of t-distributed, numbers lies
 * within -q .. q.
 */
double quantile_normal(double level);
double quantile_student(double level, double df);

/*
 * S. Holm, Scandinavian Journal of Statistics 6(2):65-70, 1979.
 *
 *   log10_p  [n]; not-a-number (nothing could be tested) stays so, but counts in n
 *   out      [n] written: log10 of the adjusted p, at most 0
 *
 * Returns 0, or -1 (memory) with the reason in e.
 */
int pvalue_holm(const double *log10_p, size_t n, double *out, struct err *e);

/*
 * p as text with `digits` significant ones, from its logarithm: "0.0312", "1.2e-349"; "NA" for
 * not-a-number.  buf holds size bytes.
 */
void pvalue_text(double log10_p, int digits, char *buf, size_t size);

#endif
