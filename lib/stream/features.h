/*
 * features - vectors of numbers with the ids they belong to, from tensor streams and tables.
 */
#ifndef MP_STREAM_FEATURES_H
#define MP_STREAM_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    FEATURES_MAX_LENGTH = 8192,    /* numbers in a vector */
    FEATURES_MAX_LINE = 1 << 20,   /* bytes of a line of a table */
    FEATURES_MAX_COLUMNS = 1 << 14 /* of a table */
};

/* What is known of a vector beside its numbers: as metadata of a record, or columns of a table. */
enum features_column {
    FEATURES_ID,
    FEATURES_PATIENT,
    FEATURES_LABEL,
    FEATURES_LESION,
    FEATURES_SYNTHETIC,
    FEATURES_COLUMNS
};

extern const char *const features_column_name[FEATURES_COLUMNS];

/* All zeros is an empty set. */
struct features {
    size_t n, d;
    float *x;      /* [n][d] finite */
    char *network; /* metadata `features_of` of the first record that has it, or NULL */

    /* Private. */
    char *text;    /* what is known, one behind the other, each with its end */
    size_t *known; /* [n][FEATURES_COLUMNS] where in text */
    size_t *by_id; /* [n] numbers of vectors, sorted by id; made by features_index() */
    size_t text_used, cap_text, cap_known, cap_x;
};

/*
 * Adds what a file ("-" is standard input) holds.  It is a tensor stream whose records hold the
 * tensor `features` [d] F32 and the metadata `id`, or a table (tsv.h) with a column `id`; the first
 * bytes tell.
 *
 *   columns  of a table: "a,b,c"; NULL: f1 to fd, however many there are
 *
 * Returns 0, or -1 with the reason, which names the place, in e: no id, numbers that are not
 * finite, vectors of different lengths or of different networks (metadata `features_of`), what does
 * not fit into a line of text.
 */
int features_read(struct features *f, const char *path, const char *columns, struct err *e);

/* After all is read: finds ids that come twice, which are an error.  Returns 0 or -1. */
int features_index(struct features *f, struct err *e);

/* After features_index(): the number of the vector of that id, or f->n. */
size_t features_find(const struct features *f, const char *id);

/* What is known of vector i; "" where that is nothing. */
const char *features_text(const struct features *f, size_t i, enum features_column c);

void features_free(struct features *f);

#endif
