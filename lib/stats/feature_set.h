/*
 * feature_set - features of patches as a set, and which records and patients two sets share.
 *
 * What is independent is a patient's records together; a record without a patient is a patient of
 * its own.  All features are held: 4 d bytes a record.
 */
#ifndef MP_STATS_FEATURE_SET_H
#define MP_STATS_FEATURE_SET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/names.h"

#define FEATURE_SET_RECORDS 100000 /* most records of a set */

/*
 * Ids and patients of all sets read so far: what has the same name has the same number in each set.
 * All zeros is empty.
 */
struct feature_names {
    struct names ids, units;
    uint32_t *unit_of, *last_set; /* [ids.n] the unit of an id; the last set that held it */
    size_t cap_unit_of, cap_last_set;
    uint32_t sets;
    char *network; /* `features_of` of the first record that has one */
};

struct feature_set {
    size_t n, d;
    const float **row; /* [n] of [d] each, finite */
    uint32_t *record;  /* [n] the number of its id; no two alike */
    uint32_t *unit;    /* [n] the number of its patient */
    size_t units;      /* different ones */
    float *data;       /* what the rows point into; NULL in a part of another set */
};

/*
 * Reads all records of a file (features.h; "-" is standard input).  Errors: those of
 * features_read(), no records, an id that comes twice, or with another patient than in a set
 * before, features of another network than those of a set before, more than FEATURE_SET_RECORDS.
 * Returns 0, or -1 with the reason in e and s empty.
 */
int feature_set_read(struct feature_set *s, const char *path, struct feature_names *names,
                     struct err *e);

/*
 * The records `index` [n] of s as a set, which borrows the features of s.  Returns 0, or -1
 * (memory) with the reason in e.
 */
int feature_set_part(struct feature_set *part, const struct feature_set *s, const size_t *index,
                     size_t n, struct err *e);

/*
 * Up to `most` rows from `first` on, less `centre` [d] unless that is NULL, as doubles into out
 * [most][d].  Returns how many there were.
 */
size_t feature_set_rows(const struct feature_set *s, size_t first, size_t most,
                        const double *centre, double *out);

/* The mean of all rows into mean [d]. */
void feature_set_mean(const struct feature_set *s, double *mean);

/* The largest number of a unit in s, and one. */
size_t feature_set_unit_end(const struct feature_set *s);

void feature_set_free(struct feature_set *s);
void feature_names_free(struct feature_names *names);

#endif
