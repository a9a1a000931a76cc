/*
 * realism - what frechet and precision-recall share: named sets, and the table they print.
 */
#ifndef MP_STATS_REALISM_H
#define MP_STATS_REALISM_H

#include <stdio.h>

#include "stats/feature_set.h"
#include "stats/halves.h"

/* The sets of a command line, the real one first. */
struct realism {
    size_t n;
    char **name;       /* [n] */
    const char **path; /* [n] borrowed from the arguments */
    struct feature_set *set;
    struct feature_names names;
};

/*
 * Takes n operands: NAME=FILE, or FILE, whose name is then the file's without folders and ".sts".
 * A "=" behind a "/" belongs to the file.  Borrows arg.  Returns 0; 1 where the command line is
 * wrong (an empty name or file, a tab or a quote in a name, two of one name), -1 for memory, with
 * the reason in e.
 */
int realism_name(struct realism *r, char **arg, size_t n, struct err *e);

/* Reads all sets.  Returns 0, or -1 with the reason in e: those of feature_set_read(), lengths. */
int realism_read(struct realism *r, struct err *e);

void realism_free(struct realism *r);

enum realism_comparison {
    REALISM_ALL,  /* all records of the set, all of the real one */
    REALISM_HALF, /* as many of the set as below, one half of the real one (halves.h) */
    REALISM_FLOOR /* the other half of the real one, the same half */
};

struct realism_line {
    const char *measure, *set, *reference; /* borrowed */
    enum realism_comparison comparison;
    double estimate;
    double lower, upper; /* an interval, or the least and the most of all splits; or not-a-number */
    size_t components;   /* 0: not a matter of components */
    size_t records, units, reference_records, reference_units;
};

/*
 * The 2 n - 1 lines of one measure: of each set but the first "all", whose numbers are left to the
 * caller, and "half", and at the end the floor.
 *
 *   range  of the measure for set 0; that of set k is at range[k * values]
 */
void realism_lines(const struct realism *r, const struct halves *h, const char *measure,
                   const struct halves_range *range, size_t values,
                   const struct halves_units *units, struct realism_line *line);

/* Lines as TSV with a line of names; what does not apply is empty. */
void realism_tsv(FILE *f, const struct realism_line *line, size_t n);

/* Lines as a table to read. */
void realism_table(FILE *f, const struct realism_line *line, size_t n);

#endif
