/*
 * halves - a real set cut in two by patient, so that real can be measured against real.
 *
 * A distance between finite sets is not 0 even where nothing tells them apart, and how far from 0
 * depends on their sizes and on their patients.  What a perfect generator would reach is what one
 * half of the real patients reaches against the other half.  So each split compares one half (A)
 *
 *   with the other half (B) of the real set: the floor; and
 *   with each other set, of which only patients that are not in A count, as in B.
 *
 * All of these have the same number of records in all splits: the smallest that any of them has.
 * What is beyond it is left out, patients in an order drawn anew for each split, the last one's
 * records in the order of the set.
 */
#ifndef MP_STATS_HALVES_H
#define MP_STATS_HALVES_H

#include "stats/feature_set.h"

struct halves {
    const struct feature_set *set; /* [n_sets], borrowed; set[0] is the real one */
    size_t n_sets, splits, records;
    uint64_t seed;
};

/*
 * Finds out how many records each part can have.  Borrows the sets while h is used.  Returns 0, or
 * -1 with the reason in e: memory, less than two patients in the real set, no record of another set
 * left in some split.
 */
int halves_make(struct halves *h, const struct feature_set *set, size_t n_sets, size_t splits,
                uint64_t seed, struct err *e);

/* Compares two sets: writes `values` numbers.  Returns 0, or -1 with the reason in e. */
typedef int halves_measure(const struct feature_set *x, const struct feature_set *y,
                           const void *context, double *value, struct err *e);

/* What the splits gave: over them, of each number. */
struct halves_range {
    double mean, least, most;
};

/* Of one part compared with A, over all splits: the fewest patients. */
struct halves_units {
    size_t a, part;
};

/*
 * Measures all splits, several at a time: `measure` must not depend on the order.
 *
 *   range  [n_sets][values]  written; of set 0: the floor
 *   units  [n_sets]          written
 *
 * Returns 0, or -1 with the reason of the first split that failed in e.
 */
int halves_compare(const struct halves *h, halves_measure *measure, const void *context,
                   size_t values, struct halves_range *range, struct halves_units *units,
                   struct err *e);

#endif
