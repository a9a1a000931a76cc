/*
 * augment - resize, flip and rotate a patch, all its planes alike.
 *
 * The paper, "Data": patches are flipped left to right, rotated by 90, 180 or 270 degrees and
 * resized by 0.8 to 1.2, at random.  Resizing by s takes the window of size/s pixels in the middle
 * of the record's image to size x size pixels; a margin (patch-sample --margin) is what makes room
 * for s < 1, and is cut off.
 *
 * ASSUMPTION: turns are uniform over 0, 90, 180 and 270 (without 0 every patch would be turned), a
 * flip has the chance 1/2, and scales that lose the tissue share or the lesion are not drawn.
 *
 * Order: resize, then flip, then rotate.  x runs to the right, y down; rotation is
 * counter-clockwise as seen.  The pixel (x, y) of a plane of n x n goes to (n - 1 - x, y) when
 * flipped and to (y, n - 1 - x) when rotated by 90.
 */
#ifndef MP_PATCH_AUGMENT_H
#define MP_PATCH_AUGMENT_H

#include <stddef.h>

#include "base/err.h"
#include "base/rng.h"
#include "patch/footprint.h"
#include "stream/record.h"

struct augment_options {
    size_t size; /* of the result; 0: the record's image without its margin */
    int no_flip, no_rotate;
    double min_scale, max_scale; /* CHANGE_MIN_SCALE .. CHANGE_MAX_SCALE */
    double min_tissue; /* least share of tissue, where the record has the tensor `tissue` */
};

/*
 * Draws a change for r: flip and rotation uniformly, the scale uniformly from those that keep the
 * tissue share and the lesion's seed pixel in view.  Where 64 tries find none, the allowed scale
 * closest to 1 is taken, which loses neither if 1 is in the range.  Scales are multiples of 1e-6,
 * so that the metadata tell them exactly.
 *
 * Returns 0, or -1 with the reason in e (no room for min_scale; the seed pixel cannot be kept; a
 * record that is no square patch).
 */
int augment_draw(const struct ts_record *r, const struct augment_options *o, struct rng *rng,
                 struct change *out, struct err *e);

/*
 * Changes r.  Every plane of the image's size follows: F32 bilinear, U8 by the nearest pixel;
 * `image` becomes F32; `tissue` is dropped.  So do `bbox` (the box round `mask`, where there is
 * one), `seedpixel`, `tissue`, `margin` (0) and, where size asks for another window, `x y window`.
 * `scale rotate flip` tell the sum of all changes since the patch was sampled.  variant only makes
 * `id` different; `parent` becomes the id before.
 *
 * size 0: as in augment_options.  Returns 0, or -1 with the reason in e (r is then of no use).
 */
int augment_apply(struct ts_record *r, size_t size, const struct change *c, size_t variant,
                  struct err *e);

#endif
