/*
 * frame - where the planes of a patch lie on the image that it was cut from.
 *
 * x to the right, y down, in pixels of the image.  Real numbers: after augment a pixel of the patch
 * need not be a whole number of pixels of the image.
 */
#ifndef MP_PATCH_FRAME_H
#define MP_PATCH_FRAME_H

#include <stddef.h>

#include "base/err.h"
#include "stream/record.h"

struct frame {
    double x, y;  /* left and upper edge of the planes, margin included; may be negative */
    double side;  /* of the planes */
    double pixel; /* side of one of their pixels */
};

/*
 * The frame of a record whose planes have `side` pixels a side, from its metadata x, y, window,
 * margin (0 if missing) and scale (1 if missing).  Flip and rotation turn the planes inside it.
 * Returns 0, or -1 with the reason in e.
 */
int frame_read(struct frame *f, const struct ts_record *r, size_t side, struct err *e);

#endif
