/*
 * copies - does a generator copy the lesions that it learnt from?
 *
 * How near the nearest training lesion is says little by itself: plain lesions are near to many.
 * So two numbers of each lesion are looked at, over training patients other than its own:
 *
 *   nearest  likeness to the lesion of the patient who has the most alike one
 *   lead     that less the likeness to the second such patient: a copy is like one lesion alone,
 *            a plain lesion like many, and a smooth generator is not accused for being smooth
 *
 * Lesions of real patients whom the generator has not seen have them too, and they are the law: of
 * those, 5 % lie beyond their 95th percentile.  The data-copying test of C. Meehan, K. Chaudhuri
 * and S. Dasgupta (AISTATS 2020) compares distances to the training set in this way.
 *
 * ASSUMPTION: the lead, and what is called copying, are ours: that the share of synthetic lesions
 * whose lead lies beyond is larger than that of real ones, its interval being by patient.
 */
#ifndef MP_STATS_COPIES_H
#define MP_STATS_COPIES_H

#include "stats/apart.h"

struct copies_nearest {
    size_t which; /* the training lesion */
    double likeness, lead;
};

/*
 * Of each of n lesions.
 *
 *   likeness  [n][m] to the training lesions, finite; higher is more alike
 *   patient   [n] and of the training lesions [m]: 0 .. patients - 1
 *   out       [n] written
 *
 * Returns 0, or -1 with the reason in e: memory, training lesions of less than two patients other
 * than a lesion's own.
 */
int copies_nearest(const float *likeness, const uint32_t *patient, size_t n,
                   const uint32_t *train_patient, size_t m, size_t patients,
                   struct copies_nearest *out, struct err *e);

/* Which of n lesions lead, the largest lead first: order [n] is written.  0, or -1 (memory). */
int copies_leaders(const struct copies_nearest *near, size_t n, size_t *order, struct err *e);

/*
 * Less their Euclidean distance, as likeness [n][m] of vectors a [n], b [m] of d numbers.  The
 * number of threads does not change it.
 */
void copies_distances(const float *const *a, size_t n, const float *const *b, size_t m, size_t d,
                      float *likeness);

enum copies_number { COPIES_NEAREST, COPIES_LEAD, COPIES_NUMBERS };

struct copies_report {
    double median[COPIES_NUMBERS][2];          /* of real and of synthetic ones */
    struct apart_share area[COPIES_NUMBERS];   /* of the ROC curve, synthetic against real: 0.5 */
    struct apart_share beyond[COPIES_NUMBERS]; /* share above the q-quantile of real ones: 1 - q */
    int copies; /* the interval of the lead's share lies above 1 - q */
};

/* Of near [cases]; as apart_area() and apart_beyond(), whose errors it has. */
int copies_report(const struct apart_cases *c, const struct copies_nearest *near, double q,
                  double level, uint64_t seed, struct copies_report *out, struct err *e);

#endif
