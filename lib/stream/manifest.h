/*
 * manifest - the table of a data set's images and findings, manifest(5).
 *
 * TSV with a header line that names the columns, in any order; one row per finding, or one row with
 * empty finding fields for an image without findings.  `image patient split side view label` must be there.
 */
#ifndef MP_STREAM_MANIFEST_H
#define MP_STREAM_MANIFEST_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/* One row.  Texts are never NULL, "" where the field is empty; owned by the manifest. */
struct finding {
    char *image;   /* path relative to the root; "archive.zip:member" reads inside an archive */
    char *patient;
    char *split;   /* train, val, test */
    char *side;    /* L, R or "" */
    char *view;    /* CC, MLO or "" */
    char *label;   /* normal, benign, malignant: of this finding, or of the image where it has none */
    char *lesion;  /* mass, calcification, both, other, or "" where the row is no finding */
    int has_box;
    size_t x0, y0, x1, y1; /* half-open, in pixels */
    char *mask;            /* path of the lesion's mask, or "" */
    unsigned mask_value;   /* its grey level there; 0 = any non-zero pixel.  Written "path=value" or "path" */
    char *tissue;          /* path of the image's tissue mask, or "" */
    size_t line;           /* in the file, for messages */
};

struct manifest {
    char *root;           /* folder that paths are relative to */
    struct finding *row;  /* in file order */
    size_t n;
    size_t *image_first;  /* [n_images + 1] first row of each image; rows of one image stand together */
    size_t n_images;
};

/*
 * Reads and checks a manifest ("-" is stdin).  root NULL: the manifest's folder.  Errors name file and line: unknown or missing columns, a wrong number of
 * fields, boxes that are empty or not numbers, a patient in two splits, an image's rows that disagree or stand apart.
 */
int manifest_read(const char *path, const char *root, struct manifest *m, struct err *e);
void manifest_free(struct manifest *m);

/* The full path of a row's file (image, mask, tissue); caller frees. */
char *manifest_path(const struct manifest *m, const char *name, struct err *e);

/* Writes the table with all fourteen columns to f (a FILE *, checked by the caller). */
int manifest_write(FILE *f, const struct manifest *m, struct err *e);

#endif
