/*
 * surround - what surrounds the place of a lesion on a patch.
 *
 * Measured with the place hidden, so that it is measured alike where a lesion is and where one is
 * to come.  Hidden is the lesion's mask, grown by half its radius and 8 px: what it throws beyond
 * its outline, such as spicules, is not its surroundings.  Near is up to 48 px from there, far the
 * rest of the patch.
 *
 * Lengths are in pixels of a patch of 256 px and scale with the patch; the radius is that of a disc
 * of the mask's area.
 */
#ifndef MP_PATCH_SURROUND_H
#define MP_PATCH_SURROUND_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stream/record.h"

enum surround_measure {
    SURROUND_NEAR, /* mean grey level, near and far */
    SURROUND_FAR,
    SURROUND_NEAR_SD, /* standard deviation */
    SURROUND_FAR_SD,
    SURROUND_GRAIN, /* log of the mean step from a pixel to the next (root of the sum of the squares
                       to the right and down) */
    SURROUND_SLOPE, /* steepness of the plane that fits best, grey levels a side of the patch */
    SURROUND_SEEN,  /* the measures above are seen on the patch; those below it brings along: */
    SURROUND_TISSUE = SURROUND_SEEN, /* share of the patch */
    SURROUND_DEPTH,  /* of its centre in the breast: 0 the chest wall, 1 the front */
    SURROUND_HEIGHT, /* 0 the top of the breast, 1 its lowest point */
    SURROUND_MEASURES
};

/* "near", "far", "near_sd" and so on: the last three are the names of metadata. */
extern const char *const surround_word[SURROUND_MEASURES];

enum surround_zone { SURROUND_HIDDEN, SURROUND_IS_NEAR, SURROUND_IS_FAR };

/* A place on patches of one side. */
struct surround {
    size_t side;
    uint8_t *zone;     /* [side][side] of enum surround_zone; owned */
    double cx, cy;     /* centre of what is not hidden */
    double xx, xy, yy; /* its second moments about that */
};

/*
 * The place of a mask [side][side], non-zero on the lesion.  Returns 1; 0 where there is none to
 * speak of: an empty mask, or less than a quarter of the patch not hidden; -1 (memory) with the
 * reason in e.  surround_free() only after 1.
 */
int surround_init(struct surround *s, const uint8_t *mask, size_t side, struct err *e);
void surround_free(struct surround *s);

/* Measures image [side][side]: writes x[0] .. x[SURROUND_SEEN - 1]. */
void surround_see(const struct surround *s, const float *image, double *x);

/* The others, from the metadata of their names.  Returns 0, or -1 with the reason in e. */
int surround_read(const struct ts_record *r, double *x, struct err *e);

#endif
