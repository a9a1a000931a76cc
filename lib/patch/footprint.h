/*
 * footprint - where a patch was cut from its image, and how it was changed since.
 *
 * x to the right, y down, in pixels of the image; a margin in pixels of the patch.
 */
#ifndef MP_PATCH_FOOTPRINT_H
#define MP_PATCH_FOOTPRINT_H

#include <stddef.h>

#include "base/err.h"
#include "stream/record.h"

#define CHANGE_MIN_SCALE 0.1
#define CHANGE_MAX_SCALE 10

/* Resized, then flipped left to right, then rotated counter-clockwise as seen. */
struct change {
    double scale; /* CHANGE_MIN_SCALE .. CHANGE_MAX_SCALE */
    int rotate;   /* 0, 90, 180, 270 */
    int flip;     /* 0, 1 */
};

/* What undoes the flip and the rotation of c exactly; its scale is 1. */
struct change change_undo(const struct change *c);

/* The one change that does the same as first a, then b. */
struct change change_then(const struct change *a, const struct change *b);

struct footprint {
    int placed;    /* 0: x, y and window are missing, and 0 */
    size_t x, y;   /* left and upper edge of the window as it was cut, without margin */
    size_t window; /* its side */
    size_t margin; /* on each side of the patch, for augment */
    struct change change;
};

/*
 * Of a record, from its metadata x y window margin scale rotate flip; what is missing: not placed,
 * margin 0, not changed.  Returns 0, or -1 with the reason in e: what is there is out of range.
 */
int footprint_read(struct footprint *f, const struct ts_record *r, struct err *e);
int footprint_write(const struct footprint *f, struct ts_record *r, struct err *e);

/*
 * What the planes of a patch cover, as numbers that need not be whole: resizing keeps the centre
 * of the window, and a margin lies evenly round it.  Turns are inside it.
 */
struct footprint_square {
    double x, y;  /* left and upper edge, margin included; may be negative */
    double side;  /* of the planes */
    double pixel; /* side of one of their pixels */
};

/* Of planes with `side` pixels a side.  -1 with the reason in e: not placed, no room for margins.
 */
int footprint_square(const struct ts_record *r, size_t side, struct footprint_square *s,
                     struct err *e);

#endif
