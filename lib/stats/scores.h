/*
 * scores - score files of classifiers, joined case by case.
 *
 * A score file is TSV with a header line, as resnet-predict writes it.  Columns are found by name:
 * `id` (no two cases alike), `label` (normal, benign, malignant), `score` (a finite number) and,
 * where patients matter, `patient`; others are passed over.  Malignant cases are positive, all
 * others negative.
 */
#ifndef MP_STATS_SCORES_H
#define MP_STATS_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/names.h"

#define SCORES_MAX_CASES 10000000
#define SCORES_MAX_LINE 16384 /* bytes of a line */

/* All zeros, but for the two switches, is an empty set. */
struct scores {
    int lower;    /* set before reading: a lower score means positive; scores are kept negated */
    int patients; /* set before reading: the column `patient` is needed */

    size_t n, positives;
    uint8_t *positive; /* [n] 0 or 1, in the order of the first file */
    uint32_t *patient; /* [n] numbers from 0 in order of appearance; NULL unless asked for */
    size_t n_patients;
    double **curve; /* [n_curves][n]; higher means positive */
    size_t n_curves;

    /* Private. */
    struct names ids, patient_names;
    size_t cap_positive, cap_patient, cap_curve;
    char *origin; /* the first file, for messages */
};

/*
 * Adds one curve: the mean score of each case over the files ("-" is standard input).  The first
 * file that a set reads says which cases there are; every other one must hold just these, in any
 * order, malignant in all files or in none, with the same patients.  Errors name file and line.
 * Returns 0, or -1 with the reason in e and s fit for scores_free() only.
 */
int scores_add(struct scores *s, const char *const *file, size_t n_files, struct err *e);

void scores_free(struct scores *s);

/* One curve as a command line names it: [NAME=]FILE[,FILE ...]. */
struct scores_operand {
    char *name;        /* NAME, or the first file's without folders and ".tsv" */
    const char **file; /* [n] */
    size_t n;
    char *text; /* private: holds the names of the files */
};

/*
 * Takes arg apart; a "=" behind a "/" belongs to a file.  Returns 0, or -1 with the reason in e and
 * nothing to free: an empty file name, a name that is empty or would break a table, memory.
 */
int scores_operand_make(struct scores_operand *o, const char *arg, struct err *e);
void scores_operand_free(struct scores_operand *o);

#endif
