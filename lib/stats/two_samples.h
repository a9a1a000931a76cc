/*
 * two_samples - how the values of two samples differ: quartiles, the difference of the medians, and
 * the Kolmogorov-Smirnov distance, with intervals by a bootstrap of patients.
 *
 * Lesions of one patient are alike, so what is drawn anew is patients, with all their lesions in
 * both samples.  Patients of the first sample alone, of the second alone and of both are drawn each
 * from their own kind, so that every draw has as many of each: B. Efron and R. J. Tibshirani, An
 * Introduction to the Bootstrap, 1993, percentile intervals.
 *
 * Quantiles are linear between order statistics (R's type 7, numpy's default).
 */
#ifndef MP_STATS_TWO_SAMPLES_H
#define MP_STATS_TWO_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct two_samples {
    size_t n;
    const uint8_t *second;   /* [n] 0: a value of the first sample, 1: of the second */
    const uint32_t *patient; /* [n] 0 .. patients - 1, each of which occurs */
    size_t patients;
};

struct two_samples_result {
    double quartile[2][3]; /* of each sample: lower, median, upper */
    double difference;     /* median of the second less that of the first */
    double difference_lower, difference_upper;
    double distance; /* largest difference of the cumulative shares, 0 .. 1 */
    double distance_lower, distance_upper;
};

/*
 * Compares one value of each case.
 *
 *   value  [n] finite
 *   draws  of the bootstrap, at least 1
 *   level  of the intervals, in (0, 1)
 *
 * Draw i takes the same patients whatever the values are.  O(n log n + draws n).  Returns 0, or -1
 * with the reason in e: memory, a value that is not finite, a sample of fewer than two patients.
 */
int two_samples_compare(const struct two_samples *s, const double *value, size_t draws,
                        double level, uint64_t seed, struct two_samples_result *out, struct err *e);

#endif
