/*
 * morph - binary morphology, connected components, Gaussian smoothing on planes [h][w].
 *
 * Definitions follow scipy.ndimage (1.10), against which they are tested: outside the plane counts
 * as 0, for erosion too; Gaussian smoothing reflects at the edge (d c b a | a b c d | d c b a).
 */
#ifndef MP_IMAGE_MORPH_H
#define MP_IMAGE_MORPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Dilation / erosion by `steps` iterations of the 4-neighbour cross, in place. */
int morph_dilate(uint8_t *m, size_t h, size_t w, unsigned steps, struct err *e);
int morph_erode(uint8_t *m, size_t h, size_t w, unsigned steps, struct err *e);

/* Dilation / erosion by a Euclidean disc of radius r (dx^2 + dy^2 <= r^2), in place. */
int morph_dilate_disc(uint8_t *m, size_t h, size_t w, double r, struct err *e);
int morph_erode_disc(uint8_t *m, size_t h, size_t w, double r, struct err *e);

/*
 * Connected components of the non-zero pixels, numbered from 1 in raster order of their first
 * pixel.
 *
 *   connectivity  4 or 8
 *   label         [h][w] written: 0 or the component's number
 *   area          written: fresh array, area[k] of component k (area[0] = background); caller frees
 *
 * Returns the number of components, or -1.
 */
long morph_components(const uint8_t *m, size_t h, size_t w, int connectivity, uint32_t *label,
                      size_t **area, struct err *e);

/*
 * Keeps the largest component only (ties: the first in raster order).  Returns its area (0 if there
 * was none), or -1.
 */
long morph_keep_largest(uint8_t *m, size_t h, size_t w, int connectivity, struct err *e);

/* Fills holes: background not connected (4-neighbours) to the border becomes 1. */
int morph_fill_holes(uint8_t *m, size_t h, size_t w, struct err *e);

/*
 * Gaussian smoothing, in place: separable, radius floor(truncate * sigma + 0.5), sums in double.
 * sigma 0 does nothing.
 */
int gauss_smooth(float *p, size_t h, size_t w, double sigma, double truncate, struct err *e);

#endif
