/*
 * apart - how well numbers tell synthetic patches from real ones: 0.5 is not at all.
 */
#ifndef MP_STATS_APART_H
#define MP_STATS_APART_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct apart_cases {
    size_t n;
    const uint8_t *synthetic; /* [n] 0 or 1 */
    const uint32_t *patient;  /* [n] 0 .. patients - 1 */
    size_t patients;
};

struct apart_share {
    double value, lower, upper;
};

/*
 * The area under the ROC curve of one number a case.
 *
 *   score  [n] finite; higher means synthetic
 *   level  of the interval, in (0, 1)
 *
 * The interval is Obuchowski's for cases clustered by patient (delong.h), on the logit scale.
 * Returns 0, or -1 with the reason in e: memory, a score that is not finite, less than two patients
 * with real or with synthetic cases.
 */
int apart_area(const struct apart_cases *c, const double *score, double level,
               struct apart_share *out, struct err *e);

/*
 * The share of synthetic cases whose score is above the q-quantile of the real ones (linear between
 * order statistics, as numpy's): 1 - q where nothing tells them apart.  The interval is the
 * percentiles of 2,000 draws of patients, with all their cases; so it is for other real patients
 * too.  Errors as above.
 */
int apart_beyond(const struct apart_cases *c, const double *score, double q, double level,
                 uint64_t seed, struct apart_share *out, struct err *e);

/*
 * The share of cases called right, synthetic where the score is above `threshold`; one that is
 * equal to it counts half.  With the same interval.
 */
int apart_right(const struct apart_cases *c, const double *score, double threshold, double level,
                uint64_t seed, struct apart_share *out, struct err *e);

#endif
