/*
 * manifest - the table of a data set's images and findings, manifest(5).
 *
 * TSV with a header line that names the columns, in any order; one row per finding, or one row with
 * empty finding fields for an image without findings.  `image patient split side view label` must
 * be there.
 */
#ifndef MP_STREAM_MANIFEST_H
#define MP_STREAM_MANIFEST_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "stream/terms.h"

#define MANIFEST_MAX_ROWS 1000000
#define MANIFEST_MAX_LINE 16384 /* bytes of a line */
#define MANIFEST_MAX_BYTES ((size_t)64 << 20)
#define MANIFEST_MAX_SIDE 65535 /* largest box coordinate, largest mask value */

/* One row.  Texts are never NULL, "" where the field is empty; owned by the manifest. */
struct finding {
    char *image; /* path relative to the root; "archive.zip:member" reads inside an archive */
    char *patient;
    enum term_split split;
    enum term_side side;     /* or SIDE_NONE */
    enum term_view view;     /* or VIEW_NONE */
    enum term_label label;   /* of this finding, or of the image where it has none */
    enum term_lesion lesion; /* or LESION_NONE */
    int has_box;
    size_t x0, y0, x1, y1; /* half-open, in pixels */
    char *mask;            /* path of the lesion's mask, or "" */
    unsigned mask_value; /* its grey level there; 0 = any non-zero pixel.  "path=value" or "path" */
    char *tissue;        /* path of the image's tissue mask, or "" */
    size_t line;         /* in the file, for messages */
};

struct manifest_store;

/* All zeros is an empty manifest. */
struct manifest {
    char *root;          /* folder that paths are relative to */
    struct finding *row; /* in file order */
    size_t n;
    size_t *image_first; /* [n_images + 1] first row of each image (NULL while n is 0); rows of one
                            image stand together */
    size_t n_images;
    size_t cap_rows, cap_images;  /* private */
    struct manifest_store *store; /* private: the texts */
};

/*
 * Reads and checks a manifest ("-" is stdin).  root NULL: the manifest's folder.  A table without
 * rows is good.  Errors name file and line: unknown, doubled or missing columns, a wrong number of
 * fields, words and numbers that are not what the column holds, boxes that are empty, text that is
 * not UTF-8, a last line without its end (a cut file), a patient in two splits, an image's rows
 * that disagree or stand apart.  Returns 0, or -1 with m empty.
 */
int manifest_read(const char *path, const char *root, struct manifest *m, struct err *e);
void manifest_free(struct manifest *m);

/*
 * Appends a copy of *f, for programs that make manifests.  NULL texts count as "", line 0 as the
 * line that the row will have in the file.  Rows are checked one by one as in manifest_read();
 * whether they agree is checked by manifest_write().
 */
int manifest_add(struct manifest *m, const struct finding *f, struct err *e);

/* A copy of s that lives as long as m: `m->row[i].tissue = manifest_text(m, path, e)`. */
char *manifest_text(struct manifest *m, const char *s, struct err *e);

/* True where the row is a finding: it has a lesion's type, a box or a mask. */
int manifest_is_finding(const struct finding *f);

/* The full path of a row's file (image, mask, tissue); caller frees. */
char *manifest_path(const struct manifest *m, const char *name, struct err *e);

/*
 * Writes the table with all thirteen columns to f (whose errors the caller checks).  Refuses,
 * before the first byte, what manifest_read() would refuse.
 */
int manifest_write(FILE *f, const struct manifest *m, struct err *e);

#endif
