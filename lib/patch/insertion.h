/*
 * insertion - which lesions of a stream go to which images of a manifest, and what the manifest of
 * the result says.
 *
 * A stream comes once, an image may be meant by any of its records: so the lesions that are taken
 * are held, cut out of their patches, until the stream has ended, and then laid on one image after
 * the other.
 */
#ifndef MP_PATCH_INSERTION_H
#define MP_PATCH_INSERTION_H

#include <stdint.h>

#include "patch/insert.h"
#include "stream/manifest.h"

#define INSERTION_MAX_BYTES ((size_t)1 << 30) /* of all lesions that are held */

enum insertion_verdict {
    INSERTION_TAKEN,
    INSERTION_FULL,      /* its image has as many as it may have */
    INSERTION_OVERLAP,   /* with one that was taken, or with the box of a finding */
    INSERTION_EMPTY,     /* nothing to insert */
    INSERTION_DISCARDED, /* by lesion-postproc */
    INSERTION_VERDICTS
};

/* What an image gets.  All zeros: nothing yet. */
struct insertion_image {
    size_t h, w; /* 0 until the first record that means it */
    struct insert_lesion *lesion;
    size_t n, cap;
};

struct insertion {
    const struct manifest *m;      /* borrowed */
    size_t per_image;              /* 1 .. INSERT_MAX_LESIONS */
    struct insertion_image *image; /* [m->n_images] */
    uint64_t count[INSERTION_VERDICTS];
    size_t bytes;
    size_t *slot; /* private: a hash table from names of images to their numbers + 1 */
    size_t slots;
};

/* Borrows m until insertion_close().  Returns 0, or -1 (memory) with the reason in e. */
int insertion_open(struct insertion *s, const struct manifest *m, size_t per_image, struct err *e);
void insertion_close(struct insertion *s);

/*
 * Decides about a record, which is of no use afterwards.  Returns its verdict; or -1 with the
 * reason in e: an image that the manifest does not have, or has with another patient or split, or
 * calls no finding and not normal (mammograms of unknown lesions); what insert_take() refuses; too
 * much to hold.
 */
int insertion_add(struct insertion *s, struct ts_record *r, struct err *e);

/*
 * Image k with its lesions, 16 bits, and their mask, 8 bits, in which lesion i has the grey level i
 * + 1; both freed by the caller with image_free().  Returns 0, or -1 with the reason in e.
 */
int insertion_draw(const struct insertion *s, size_t k, struct image *im, struct image *mask,
                   struct err *e);

/*
 * Appends the rows of image k to a manifest.  An image without lesions keeps its rows.  The rows of
 * one with lesions name the file `image`; its findings stay, the row of an image without findings
 * goes, and each lesion has a row: its label, kind and box, and its grey level in the file `mask`.
 */
int insertion_rows(const struct insertion *s, size_t k, const char *image, const char *mask,
                   struct manifest *out, struct err *e);

#endif
