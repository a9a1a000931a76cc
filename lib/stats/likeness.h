/*
 * likeness - how alike the lesions of two patches look: the correlation of their fine structure,
 * the largest over shifts, turns and flips.
 *
 * What is compared is `image`, round the lesion, and not the tensor `lesion` of synthetic patches:
 * real ones have none, and both have to be looked at in the same way.
 *
 *   1. a patch becomes 32 x 32 cells, whatever its size, less the same smoothed by a Gaussian of
 *      2 cells: grey levels and slow slopes go, with which every bright blob is like every other.
 *      Of phantom masses pasted into other tissue the nearest of the lesions that they are copies
 *      of correlates by 0.81, that of others by 0.63 (medians); with grey levels, by 0.86 and 0.81
 *   2. of it a disc of 16 cells across is taken, in the middle of the box of the mask.  It has one
 *      size for all: masks of real and of synthetic lesions are made in different ways
 *   3. likeness is Pearson's correlation of two discs, the largest over the eight turns and flips
 *      of the second and over its shifts by up to 3 cells each way
 */
#ifndef MP_STATS_LIKENESS_H
#define MP_STATS_LIKENESS_H

#include <stddef.h>

#include "base/err.h"
#include "stream/record.h"

enum { LIKENESS_CELLS = 32, LIKENESS_ACROSS = 16, LIKENESS_SHIFT = 3 };

struct likeness_patch {
    float cell[LIKENESS_CELLS * LIKENESS_CELLS];
    double y, x; /* the middle of the lesion, in cells */
};

/*
 * Step 1, of a record with `image` and `mask`.  Returns 0, or -1 with the reason in e: planes that
 * are missing, not square or do not fit, numbers that are not finite, an empty mask.
 */
int likeness_patch_make(struct likeness_patch *p, const struct ts_record *r, struct err *e);

/*
 * Steps 2 and 3, every pair: value [n][m] is written, -1 to 1; a disc without structure is like
 * nothing, 0.  O(400 n m) products of 200 cells, by matrix products in all threads, whose number
 * does not change the result.  Returns 0, or -1 (memory) with the reason in e.
 */
int likeness_compare(const struct likeness_patch *a, size_t n, const struct likeness_patch *b,
                     size_t m, float *value, struct err *e);

/* Of one pair, and the turn of b that is most alike, as image/turn.h numbers it. */
double likeness_pair(const struct likeness_patch *a, const struct likeness_patch *b,
                     unsigned *turn);

#endif
