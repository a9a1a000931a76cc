/*
 * paste - a real lesion from one patch, blended into another: a stage that is no GAN.
 *
 *   1. support = the lesion's mask with a margin, and the bright lines that run away from it and
 *      are connected with it: its spicules.  Of calcifications, the bright specks inside the mask
 *   2. background = the patch; on the support the harmonic function that continues it (Laplace's
 *      equation, the surface of a soap film)
 *   3. layer = image - background; the variance of its fine detail less that of tissue's
 *   4. lesion = layer, faded in from the support's edge; nowhere below 0
 *   5. image of the result = base + lesion, clipped to [0, 1]
 *
 * 2 and 4 are seamless cloning (P. Perez, M. Gangnet and A. Blake, Poisson image editing, ACM TOG
 * 22(3):313-318, 2003, with the membrane as Z. Farbman et al. write it, ACM TOG 28(3):67, 2009).
 * The lines of 1 are ridges of the Hessian (A. F. Frangi et al., MICCAI, LNCS 1496, 1998).  3 is
 * after J.-S. Lee, IEEE Trans. PAMI 2(2):165-168, 1980.
 *
 * DEVIATION: the paper has no such stage; it stands in gan-gen's place to show what a GAN is worth.
 * Cloning replaces what is there; here the layer is added, as X-rays add what lies behind one
 * another, and only ridges across the way from the mask count.  Lengths and thresholds are chosen
 * on phantoms, drawn with their lesions and without.
 */
#ifndef MP_PATCH_PASTE_H
#define MP_PATCH_PASTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "stream/record.h"

struct paste_config {
    double max_cut; /* see PASTE_CUT */
    int centre;     /* move the middle of the mask's box to the middle of the patch */
    int no_flip, no_rotate;
};

#define PASTE_DEFAULTS   \
    {                    \
        .max_cut = 0.25, \
    }

/* Whether a patch can give its lesion, or why not. */
enum paste_verdict {
    PASTE_GOOD,
    PASTE_EMPTY, /* no mask */
    PASTE_CUT, /* of the perimeter of a disc of the mask's area, more than max_cut is at the edge of
                  the patch: 0.25 is a disc of which a tenth is cut off */
    PASTE_WHITE, /* more than a quarter of the mask is white: the lesion is clipped */
    PASTE_LARGE, /* less than a tenth of the patch is left around it to tell its background by */
    PASTE_FAINT, /* nothing stands out, or what does is darker than what surrounds it */
};

enum { PASTE_VERDICTS = PASTE_FAINT + 1 };

/* "good", "empty", "cut", "white", "large", "faint". */
const char *paste_word(enum paste_verdict v);

/*
 * The lesion of a patch alone.
 *
 *   image   [h][w] in [0, 1]
 *   mask    [h][w] non-zero on the lesion
 *   specks  it is a cluster of calcifications
 *   lesion  [h][w] written if the verdict is PASTE_GOOD, in [0, 1]; 0 outside of the support
 *
 * O(h w), but for the background, which is O(h w) for each of up to some hundred sweeps.  Returns
 * the verdict, or -1 (memory, a value out of range) with the reason in e.
 */
int paste_extract(const struct paste_config *c, const float *image, const uint8_t *mask, size_t h,
                  size_t w, int specks, float *lesion, struct err *e);

/*
 * The verdict on a record; -1 if it never can be a donor, with the reason in e: no mask, a normal
 * patch, a synthetic one, planes that do not fit.
 */
int paste_donor(const struct paste_config *c, const struct ts_record *donor, struct err *e);

/*
 * Variant `k` of record `in`, the `index`-th of its stream, with the lesion of `donor` (which is
 * changed): `out` has base, lesion and image, the donor's mask, flipped and turned as its lesion
 * is, and the metadata that gan-gen sets but for those of its model; `bbox` is the mask's; `donor`
 * and `donor_patient` name where the lesion is from, and `donor_rotate`, `donor_flip` how it was
 * turned. Returns 0, or -1 with the reason in e: another size, a patch that is not normal, a donor
 * of another split or of no use.
 */
int paste_record(const struct paste_config *c, const struct ts_record *in, struct ts_record *donor,
                 uint64_t seed, uint64_t index, size_t k, struct ts_record *out, struct err *e);

#endif
