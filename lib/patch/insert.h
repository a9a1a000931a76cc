/*
 * insert - lays the lesion of a synthetic patch on the image that the patch was cut from.
 *
 * The patch's flips and rotations are undone, its lesion is brought to the image's pixels
 * (bilinear; where the patch was magnified, averaged) and added:
 *
 *   grey level = round(level + 65535 lesion), clipped to 0 .. 65535,
 *
 * on levels of 16 bits.  Where the lesion is 0, and everywhere outside the patch, no bit changes.
 * At downscale 1 and scale 1 a pixel of the patch is a pixel of the image, and nothing is
 * interpolated.
 */
#ifndef MP_PATCH_INSERT_H
#define MP_PATCH_INSERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "image/box.h"
#include "stream/record.h"
#include "stream/terms.h"

#define INSERT_MAX_LESIONS 255 /* of an image: their numbers are grey levels of its mask */

/* The part of a patch that its lesion and mask cover, as the image shows it. */
struct insert_lesion {
    size_t h, w;           /* in pixels of the patch */
    float *lesion;         /* [h][w], owned */
    uint8_t *mask;         /* [h][w] 0 or 1, owned */
    double x, y;           /* left and upper edge, in pixels of the image */
    double pixel;          /* side of a pixel of the patch */
    struct box at;         /* pixels of the image that may change, half-open */
    struct box box;        /* round the mask's pixels */
    enum term_label label; /* benign or malignant */
    enum term_lesion kind; /* not LESION_NONE */
};

/*
 * Takes the lesion out of a record of lesion-postproc whose image is h x w; the record is of no use
 * afterwards.  Returns 1; 0 if there is nothing to insert (no pixel of the mask, or of the lesion,
 * or no pixel of the image that shows it); -1 with the reason in e: no lesion or mask, planes that
 * do not fit, a window outside the image, a label without a lesion (removal).
 */
int insert_take(struct insert_lesion *l, struct ts_record *r, size_t h, size_t w, struct err *e);
void insert_free(struct insert_lesion *l);

/* The memory that a lesion holds. */
size_t insert_memory(const struct insert_lesion *l);

/* Brings an image to 16 bits: level * 257. */
void insert_widen(struct image *im);

/*
 * Adds the lesion to an image of 16 bits, and its mask to `mask`, of the same size and 8 bits, as
 * grey level `number` (1 .. INSERT_MAX_LESIONS).  Returns 0, or -1 (memory) with the reason in e.
 */
int insert_apply(const struct insert_lesion *l, unsigned number, struct image *im,
                 struct image *mask, struct err *e);

#endif
