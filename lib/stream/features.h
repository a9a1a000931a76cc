/*
 * features - vectors of numbers with the ids they belong to, from tensor streams and tables.
 */
#ifndef MP_STREAM_FEATURES_H
#define MP_STREAM_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stream/record.h"

enum {
    FEATURES_MAX_LENGTH = 8192,    /* numbers in a vector */
    FEATURES_MAX_LINE = 1 << 20,   /* bytes of a line of a table */
    FEATURES_MAX_COLUMNS = 1 << 14 /* of a table */
};

/* All zeros is an empty set. */
struct features {
    size_t n, d;
    float *x;      /* [n][d] finite */
    char *network; /* metadata `features_of` of the first record that has it, or NULL */

    /* Private. */
    char *text;    /* what is known, one behind the other, each with its end */
    size_t *known; /* [n][TS_IDENTITY] where in text */
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

/* What is known of vector i beside its numbers, as metadata of its record or columns of its table;
 * "" where that is nothing. */
const char *features_text(const struct features *f, size_t i, enum ts_identity what);

void features_free(struct features *f);

#endif
