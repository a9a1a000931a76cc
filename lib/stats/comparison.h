/*
 * comparison - intervals of areas under ROC curves, and tests of their differences.
 */
#ifndef MP_STATS_COMPARISON_H
#define MP_STATS_COMPARISON_H

#include "stats/delong.h"

struct comparison_curve {
    const char *name; /* borrowed */
    size_t positives, negatives;
    size_t units; /* independent ones: cases, or clusters */
    struct delong_curve delong;
};

enum comparison_interval {
    INTERVAL_NORMAL, /* area +- q se, cut off at 0 and 1 */
    INTERVAL_LOGIT   /* the same for log(area / (1 - area)), and back; an area of 0 or 1 is alone */
};

/* The interval of an area at a level in (0, 1). */
void comparison_area(const struct comparison_curve *c, double level,
                     enum comparison_interval interval, double *lower, double *upper);

/*
 * Of two curves.  The statistic is the difference over its standard error; it is normal for paired
 * curves, and Student's t with Welch's degrees of freedom for unpaired ones (as pROC has it). Where
 * two curves differ and the standard error is 0, statistic and p are not-a-number; where the curves
 * are equal, they are 0 and 1.
 */
struct comparison {
    size_t a, b; /* the curves: difference = area of a - area of b */
    double difference, se, lower, upper;
    double statistic, df;       /* df INFINITY: normal */
    double log10_p, log10_holm; /* Holm's over all comparisons made */
};

#define COMPARISON_ALL_PAIRS ((size_t)-1)

/*
 * Compares every curve but the reference with it (a is the curve, b the reference), or every pair
 * (a stands before b).
 *
 *   cases  what all curves are of, with their placements; NULL: the curves are unpaired
 *
 * Fresh memory, *count comparisons; NULL with the reason in e.
 */
struct comparison *comparison_make(const struct comparison_curve *curve, size_t n, size_t reference,
                                   const struct delong_cases *cases, double level, size_t *count,
                                   struct err *e);

#endif
