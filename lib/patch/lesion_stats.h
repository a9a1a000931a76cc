/*
 * lesion_stats - what the lesion of a patch measures: size, shape, contrast, edge.
 *
 * The masks of real lesions are drawn by hand, often with room to spare; those of synthetic lesions
 * are thresholded and expanded.  Measured inside their masks, the two would differ even where the
 * lesions do not.  So by default the mask only says where to look, and the lesion is found on the
 * grey levels alone, in the same way whoever made the mask:
 *
 *   1. g = the patch, smoothed by a Gaussian; the seed is the brightest pixel of g inside the mask
 *   2. f = g * exp(-d^2 / (2 reach^2)), d the distance to the seed
 *   3. for each of 99 levels below f(seed), equally far apart: the part of {f >= level} that is
 *      connected with the seed (4 neighbours)
 *   4. of these parts, the one whose margin is the steepest; its holes are filled
 *
 * Steps 2 and 3 are M. A. Kupinski and M. L. Giger's "Automated seeded lesion segmentation on
 * digital mammograms", IEEE Trans. Med. Imaging 17(4):510-517, 1998; step 4 is the average radial
 * derivative of K. Horsch et al., "Automatic segmentation of breast lesions on ultrasound", Med.
 * Phys. 28(8):1652-1659, 2001.
 *
 * ASSUMPTION: the seed, the smoothing and the reach are ours; those papers are given the seed.
 */
#ifndef MP_PATCH_LESION_STATS_H
#define MP_PATCH_LESION_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stream/record.h"

enum lesion_region { LESION_FOUND, LESION_MASK }; /* found as above; the mask as it is */

/* Lengths are in pixels of a patch of 256 px and scale with the patch. */
struct lesion_options {
    enum lesion_region region;
    const char *plane; /* "image", or "base": what the patch was before */
    double smooth;     /* sigma; cut off at 4 sigma */
    double reach;
    double ring; /* width of the surroundings, in radii of a disc of the lesion's area */
};

#define LESION_DEFAULTS                                                               \
    {                                                                                 \
        .region = LESION_FOUND, .plane = "image", .smooth = 8, .reach = 64, .ring = 1 \
    }

/* Grey levels are in [0, 1]. */
struct lesion_measures {
    double area;      /* pixels */
    double mean, sd;  /* grey level inside; its standard deviation there */
    double contrast;  /* mean less that of the surroundings: at most ring * sqrt(area / pi) away */
    double edge;      /* of g: fall of the grey level outwards from the centre of mass, in levels a
                         pixel, mean over the pixels of the margin (those with a neighbour outside) */
    double roundness; /* 4 pi area / perimeter^2: 1 a disc, less the rougher the outline.  The
                         perimeter is Crofton's, from lines in 4 directions */
    double eccentricity; /* of the ellipse with the same second moments: 0 a disc, 1 a line */
    int cut;             /* it reaches the edge of the patch, where more of it may be hidden */
};

/*
 * Steps 1 to 4.
 *
 *   image   [h][w] finite
 *   mask    [h][w] non-zero where to look
 *   region  [h][w] written: 0 or 1
 *
 * Returns 1; 0 if there is no lesion: an empty mask, or nothing that grows darker outwards; -1
 * (memory) with the reason in e.
 */
int lesion_find(const struct lesion_options *o, const float *image, const uint8_t *mask, size_t h,
                size_t w, uint8_t *region, struct err *e);

/* Measures the pixels of a region, in pixels of the patch.  Returns 1; 0 if it is empty or has no
 * surroundings; -1 (memory) with the reason in e. */
int lesion_measure(const struct lesion_options *o, const float *image, const uint8_t *region,
                   size_t h, size_t w, struct lesion_measures *out, struct err *e);

/*
 * The lesion of a record that has `mask`, in pixels of the image it was cut from: area and edge are
 * scaled by window, margin and scale.  Returns 1; 0 if there is none to measure; -1 with the reason
 * in e (no mask, planes that do not fit, no window).
 */
int lesion_measure_record(const struct lesion_options *o, const struct ts_record *r,
                          struct lesion_measures *out, struct err *e);

#endif
