/*
 * pectoral - the pectoral muscle on a mediolateral oblique view.
 *
 * It stands in the upper corner at the chest wall, brighter than the fat beside it, with an edge
 * that runs down to the wall and is nearly straight.
 */
#ifndef MP_IMAGE_PECTORAL_H
#define MP_IMAGE_PECTORAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Finds the muscle on a small copy of a mammogram.
 *
 *   p       [h][w] grey levels 0 .. 1
 *   tissue  [h][w] the breast, muscle included
 *   right   1 where the chest wall is at the right edge of the plane, 0 at the left
 *   muscle  [h][w] written: 1 on the muscle, inside the tissue
 *
 * Returns 1 if it is there, 0 if no edge is clear enough (muscle is all 0), -1 with the reason in
 * e.
 */
int pectoral_find(const float *p, const uint8_t *tissue, size_t h, size_t w, int right,
                  uint8_t *muscle, struct err *e);

#endif
