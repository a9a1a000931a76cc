/*
 * logistic - logistic regression of two classes that weigh the same, whatever their numbers.
 *
 * Features are standardised to mean 0 and variance 1 (those that do not vary to 0).  What is least:
 *
 *     sum of w log(1 + exp(-s z))  +  ridge / 2 * sum of slope^2,      z = intercept + slope . x,
 *
 * s = 1 for positive cases and -1 for others, w = 1 / 2 over the number of cases of the class.  The
 * ridge keeps slopes finite where features tell the classes apart without an error.
 *
 * Newton's method with steps that are halved until the sum falls: T. Hastie, R. Tibshirani,
 * J. Friedman, The Elements of Statistical Learning, 2nd edition, 4.4.1.
 */
#ifndef MP_STATS_LOGISTIC_H
#define MP_STATS_LOGISTIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LOGISTIC_MAX 8 /* features */

struct logistic {
    size_t n; /* features */
    double mean[LOGISTIC_MAX], sd[LOGISTIC_MAX];
    double intercept, slope[LOGISTIC_MAX]; /* of the standardised features */
};

/*
 * Fits to `cases` cases.
 *
 *   x         [cases][n]  finite
 *   positive  [cases]     0 or 1, at least one of each
 *   n         1 .. LOGISTIC_MAX
 *   ridge     above 0
 *
 * Returns 0, or -1 with the reason in e: memory, a class without cases, a feature that is not
 * finite, no convergence.
 */
int logistic_fit(struct logistic *m, const double *x, const uint8_t *positive, size_t cases,
                 size_t n, double ridge, struct err *e);

/* The log-odds z of a case with features x [n]. */
double logistic_odds(const struct logistic *m, const double *x);

/* The probability that log-odds stand for, without overflow. */
double logistic_probability(double odds);

#endif
