/*
 * like - places of real lesions as examples for places of synthetic ones.
 *
 * Each example is a patch with a lesion: where it is on the patch, and what surrounds it.  Places
 * on other patches are compared with it under the same mask.
 */
#ifndef MP_PATCH_LIKE_H
#define MP_PATCH_LIKE_H

#include "image/box.h"
#include "patch/surround.h"

#define LIKE_MAX 100000 /* examples */

struct like_example {
    char *id, *patient; /* of its record */
    struct box box;     /* round its mask; half-open */
    uint8_t *mask;      /* 0 or 1 in the box, row-major */
    double x[SURROUND_MEASURES];
};

struct like {
    size_t side;
    struct like_example *example; /* [n] */
    size_t n, cap;
    size_t left_out; /* without a lesion to speak of, see surround_init() */
    /*
     * The law of the measures: 1 over the standard deviation of each over the examples, or 0 where
     * they are all the same, and the lower root of C = 0.95 R + 0.05 I, R being their correlations.
     */
    double scale[SURROUND_MEASURES], root[SURROUND_MEASURES][SURROUND_MEASURES];
};

/*
 * Reads the patches of a stream whose images, without their margin, have `side` pixels a side.
 * Returns 0, or -1 with the reason in e and nothing to free: another size, no mask, not a single
 * example, more than LIKE_MAX.
 */
int like_read(struct like *l, const char *path, size_t side, struct err *e);
void like_free(struct like *l);

/* The mask of example k as [side][side] of 0 and 255. */
void like_mask(const struct like *l, size_t k, uint8_t *mask);

/*
 * The squared distance of measures x [SURROUND_MEASURES] from example k: d' C^-1 d, d being their
 * differences in standard deviations.  This is Mahalanobis', but for the share of I.
 */
double like_distance(const struct like *l, size_t k, const double *x);

#endif
