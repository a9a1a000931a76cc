/*
 * comparison - intervals of areas under ROC curves, and tests of their differences.
 */
#ifndef MP_STATS_COMPARISON_H
#define MP_STATS_COMPARISON_H

#include "stats/delong.h"
#include "stats/trainings.h"

/* One curve, or those of one arm's trainings. */
struct comparison_curve {
    const char *name; /* borrowed */
    size_t positives, negatives;
    size_t units; /* independent ones: cases, or patients */
    /* Patients that have one, and their effective numbers (trainings.h). */
    size_t positive_patients, negative_patients;
    double effective_positives, effective_negatives;
    struct delong_curve delong;     /* of one curve; else all zeros */
    struct trainings_arm trainings; /* of trainings; else all zeros */
};

/*
 * Makes c of score[0]; where trainings is not 0, of the n trainings score[0] .. score[n - 1].
 *
 *   patients  made of the cases
 *   score     [n][cases] finite; higher means positive
 *
 * Returns 0, or -1 with the reason in e, which begins with the name, and nothing to free.
 */
int comparison_curve_make(struct comparison_curve *c, const char *name,
                          const struct delong_cases *cases,
                          const struct trainings_patients *patients, double *const *score, size_t n,
                          int trainings, struct err *e);
void comparison_curve_free(struct comparison_curve *c);

enum comparison_interval {
    INTERVAL_NORMAL, /* area +- q se, cut off at 0 and 1 */
    INTERVAL_LOGIT   /* the same for log(area / (1 - area)), and back; an area of 0 or 1 is alone */
};

/* What is compared, and how. */
struct comparison_plan {
    const struct delong_cases *cases; /* what all curves are of; NULL: the curves are unpaired */
    const struct trainings_patients *patients; /* NULL: the curves are no trainings */
    enum comparison_interval interval;         /* of areas */
    double level;                              /* of all intervals, in (0, 1) */
    double power;                              /* of `detectable`, in [0.5, 1) */
};

struct comparison_area {
    double area, lower, upper;
    double patients, trainings; /* the parts of its variance; trainings: 0 of a single curve */
    double df;                  /* INFINITY: normal */
};

/* A curve's area with its interval; q is of Student's t for trainings, else normal. */
struct comparison_area comparison_area(const struct comparison_curve *c,
                                       const struct comparison_plan *plan);

/*
 * Of two curves.  The statistic is the difference over its standard error; it is normal for paired
 * curves, and Student's t with Welch's degrees of freedom for unpaired ones (as pROC has it) and
 * with those of trainings.h for trainings.  Where two curves differ and the standard error is 0,
 * statistic and p are not-a-number; where the curves are equal, they are 0 and 1.
 */
struct comparison {
    size_t a, b; /* the curves: difference = area of a - area of b */
    double difference, se, lower, upper;
    double patients, trainings; /* the parts of se^2 */
    double statistic, df;       /* df INFINITY: normal */
    double log10_p, log10_holm; /* Holm's over all comparisons made */
    /*
     * The true difference that studies with this standard error and df call one, at the level of
     * the interval, with the power wanted: the sum of the two quantiles times se (of a non-central
     * t 2 % more at 3 degrees of freedom, 5 % at 2).  As se is itself an estimate, what a study so
     * says is found by the next one with less: for 0.8 with 0.65 (3 degrees), 0.73 (8), 0.77 (18),
     * 0.79 (50), in theory and in simulation.  Not-a-number where se is 0.
     */
    double detectable;
};

#define COMPARISON_ALL_PAIRS ((size_t)-1)

/*
 * Compares every curve but the reference with it (a is the curve, b the reference), or every pair
 * (a stands before b).  Fresh memory, *count comparisons; NULL with the reason in e.
 */
struct comparison *comparison_make(const struct comparison_curve *curve, size_t n, size_t reference,
                                   const struct comparison_plan *plan, size_t *count,
                                   struct err *e);

#endif
