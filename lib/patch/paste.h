/*
 * paste - a real lesion from one patch, blended into another: a stage that is no GAN.
 *
 *   1. known = pixels further than `expand` from the lesion's mask
 *   2. background = the known pixels, smoothed; in the gap the harmonic function that
 *      continues them (Laplace's equation, the surface of a soap film)
 *   3. weight = 0 on known pixels, rising to 1 over the next `edge` pixels
 *   4. lesion = weight * (image - background)
 *   5. image of the result = base + lesion, clipped to [0, 1]
 *
 * DEVIATION: the paper has no such stage.  It stands in gan-gen's place to show what a GAN is
 * worth.
 */
#ifndef MP_PATCH_PASTE_H
#define MP_PATCH_PASTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "stream/record.h"

/* Lengths are in pixels of a patch of 256 px and scale with the patch, unless absolute_px. */
struct paste_config {
    double expand; /* what a mask may have missed of its lesion */
    double edge;
    double smooth;   /* sigma of the Gaussian that smooths the known pixels */
    double max_area; /* of the patch, that a mask may cover once expanded; less than 1 */
    int centre;      /* move the middle of the mask's box to the middle of the patch */
    int no_flip, no_rotate;
    int absolute_px;
};

#define PASTE_DEFAULTS                                        \
    {                                                         \
        .expand = 5, .edge = 10, .smooth = 4, .max_area = 0.5 \
    }

/*
 * The lesion of a patch alone.
 *
 *   image   [h][w] in [0, 1]
 *   mask    [h][w] non-zero on the lesion
 *   lesion  [h][w] written, in [-1, 1]; 0 outside of the expanded mask
 *
 * Returns 1; 0 if the mask is empty or covers too much (lesion is then of no use); -1 (memory, a
 * value out of range) with the reason in e.
 */
int paste_extract(const struct paste_config *c, const float *image, const uint8_t *mask, size_t h,
                  size_t w, float *lesion, struct err *e);

/*
 * Asks whether a record can give its lesion: 1 yes; 0 not, its mask is empty or covers too much; -1
 * never, with the reason in e (no mask, a normal patch, a synthetic one, planes that do not fit).
 */
int paste_donor(const struct paste_config *c, const struct ts_record *donor, struct err *e);

/*
 * Variant `k` of record `in`, the `index`-th of its stream, with the lesion of `donor` (which is
 * flipped and turned in place): `out` has base, lesion and image, and the metadata that gan-gen
 * sets but for those of its model; `donor` and `donor_patient` name where the lesion is from, and
 * `donor_rotate`, `donor_flip` how it was turned.  Returns 0, or -1 with the reason in e: another
 * size, a patch that is not normal, a donor of another split.
 */
int paste_record(const struct paste_config *c, const struct ts_record *in, struct ts_record *donor,
                 uint64_t seed, uint64_t index, size_t k, struct ts_record *out, struct err *e);

#endif
