/*
 * postproc - cleans a generated lesion up and adds it to its patch (the paper, "Synthetic dataset",
 * step 4).
 *
 *   1. mask = lesion > threshold (strictly)
 *   2. of its connected components, keep the largest
 *   3. discard the patch if that object is too small
 *   4. expand the object
 *   5. weight = the expanded object, smoothed by a Gaussian
 *   6. lesion = lesion * weight
 *   7. image = base + lesion, clipped to [0, 1]
 *
 * Removing a lesion is the same with a negative threshold: mask = lesion < threshold.  Whether it
 * is gone is measured where the real lesion is known to have been: the residual contrast is the
 * mean grey level of image inside the real lesion's mask, less that of its surroundings
 * (lesion_stats.h, with its usual ring).
 */
#ifndef MP_PATCH_POSTPROC_H
#define MP_PATCH_POSTPROC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stream/record.h"

/* Lengths are in pixels of a patch of 256 px and scale with the patch, unless absolute_px. */
struct postproc_config {
    double threshold; /* in [-1, 1]; the paper's 0.1.  Its sign tells growing from removing */
    int connectivity; /* 4 or 8 */
    double join;      /* parts with up to about this many pixels between them are one object */
    double min_area;  /* share of the patch, before expansion */
    double expand;    /* the paper's 5 */
    double blur;      /* sigma, the paper's 10; cut off at 4 sigma */
    int disc;         /* expand by a Euclidean disc instead of steps of the 4-neighbour cross */
    int edge_only;    /* weight 1 on the expanded object, Gaussian of the distance to it outside */
    int absolute_px;
    int whole;          /* discard lesions that the border cuts: see POSTPROC_CUT */
    double border;      /* pixels at the patch's edge that a generator keeps free of lesions */
    double residual;    /* removals: discard those whose residual contrast is larger */
    int keep_generated; /* keep the lesion and the image as they came, as `generated` and `combined`
                         */
};

/* The paper's values, where it gives them. */
#define POSTPROC_DEFAULTS                                                               \
    {                                                                                   \
        .threshold = 0.1, .connectivity = 4, .min_area = 0.01, .expand = 5, .blur = 10, \
        .border = 10, .residual = 1                                                     \
    }

enum postproc_verdict {
    POSTPROC_KEPT,
    POSTPROC_EMPTY, /* nothing passes the threshold */
    POSTPROC_SMALL,
    POSTPROC_CUT, /* the object as it was found or, of removals, the real lesion has a pixel in the
                     border or beside it */
    POSTPROC_NOT_REMOVED,
    POSTPROC_VERDICTS
};

/* What was done to a patch. */
struct postproc_account {
    enum postproc_verdict verdict;
    size_t area;           /* pixels of the largest object, before expansion */
    double share;          /* of the patch */
    size_t x0, y0, x1, y1; /* the mask's box, half-open; zeros where the mask is empty */
    /* Largest value, of the threshold's sign, in the object before and on the patch after (0 if
     * discarded). */
    double peak_before, peak_after;
    /* Of a removal: contrast of the real lesion before and after; not-a-number where not measured.
     */
    double contrast, residual;
};

/* "kept", "empty", "small", "cut", "not-removed". */
const char *postproc_word(enum postproc_verdict v);

/*
 * One patch.
 *
 *   base    [h][w] in [0, 1]
 *   lesion  [h][w] in [-1, 1]; if kept, overwritten with the refined lesion
 *   mask    [h][w] written: 1 on the expanded object; on the object as it was found if discarded
 *   image   [h][w] written: base + lesion in [0, 1]
 *
 * The unit of length is min(h, w) / 256 px; expansion by crosses and the border are rounded to
 * whole pixels.  Residual contrast is not this function's business.  O(h w), and O(radius) more for
 * each pixel near the object.  Returns 0 with the account in a, or -1 (memory, a value out of
 * range) with the reason in e.
 */
int postproc_plane(const struct postproc_config *c, const float *base, float *lesion, uint8_t *mask,
                   float *image, size_t h, size_t w, struct postproc_account *a, struct err *e);

/*
 * A record of gan-gen, with tensors `base` and `lesion`: writes `lesion`, `mask` (U8) and `image`,
 * and the metadata `bbox` ("x0,y0,x1,y1" of the mask) and `kept` ("1", or the verdict's word).  A
 * discarded record keeps its `lesion` and `image`, unless it is discarded for its residual.
 *
 * Removals have `base_mask` (U8), the real lesion's, and get the metadata `residual`; without it
 * nothing is measured, and asking for whole or removed ones is an error.
 */
int postproc_record(const struct postproc_config *c, struct ts_record *r,
                    struct postproc_account *a, struct err *e);

#endif
