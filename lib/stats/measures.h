/*
 * measures - two tables of lesion-stats, side by side.
 *
 * TSV with a header line, the same in both.  `patient` must be among the columns; `id`, `label`,
 * `lesion` and `synthetic` are passed over; every other column holds finite numbers.
 */
#ifndef MP_STATS_MEASURES_H
#define MP_STATS_MEASURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stats/two_samples.h"

#define MEASURES_MAX_ROWS 10000000
#define MEASURES_MAX_COLUMNS 64

struct measures {
    size_t columns;
    char *name[MEASURES_MAX_COLUMNS]; /* owned */
    double
        *value[MEASURES_MAX_COLUMNS]; /* [n] each: the rows of the first table, then the others */
    size_t n, rows[2], patients, patients_of[2];
    uint8_t *second;   /* [n] */
    uint32_t *patient; /* [n] numbers in the order of their names; one name is one patient */
};

/* Reads both tables ("-" is standard input).  Errors name file and line.  Returns 0, or -1 with the
 * reason in e and m empty. */
int measures_read(struct measures *m, const char *first, const char *second, struct err *e);
void measures_free(struct measures *m);

/* m's patients and tables, borrowed. */
struct two_samples measures_samples(const struct measures *m);

#endif
