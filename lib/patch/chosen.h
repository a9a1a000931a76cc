/*
 * chosen - places on the images of a manifest that somebody chose: points, or boxes.
 *
 * A table (io/tsv.h) with the columns image, x, y and, if there are boxes, w and h, in any order;
 * other columns are passed over.  Image is as the manifest names it; numbers are in pixels of the
 * image as it is, x to the right, y down: a point, or the upper left corner of a box of w x h,
 * whose fields are empty for a point.
 */
#ifndef MP_PATCH_CHOSEN_H
#define MP_PATCH_CHOSEN_H

#include <stddef.h>

#include "base/err.h"
#include "stream/manifest.h"

#define CHOSEN_MAX 1000000

struct chosen_place {
    size_t image; /* its number in the manifest */
    size_t line;  /* of the table */
    double x, y;  /* the point, or the middle of the box */
    double w, h;  /* of the box, or 0 */
};

struct chosen {
    const char *path;           /* borrowed */
    struct chosen_place *place; /* [n] in the table's order */
    size_t n, cap;
};

/*
 * Reads a table ("-" is standard input).  Borrows path until chosen_free().  Returns 0, or -1 with
 * the reason, which names path and line, in e and nothing to free: an image that is not in the
 * manifest, numbers that are none or beyond MANIFEST_MAX_SIDE, half a box, no places.
 */
int chosen_read(struct chosen *c, const char *path, const struct manifest *m, struct err *e);
void chosen_free(struct chosen *c);

#endif
