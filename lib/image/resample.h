/*
 * resample - changes of size.
 *
 * Pixel centres stand at integer + 1/2 ("align_corners = false").
 */
#ifndef MP_IMAGE_RESAMPLE_H
#define MP_IMAGE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Bilinear sampling of the window [x0, x0 + sw) x [y0, y0 + sh) (real numbers, inside the source)
 * of src [h][w] into dst [dh][dw].  Shrinking averages: each output pixel is the mean over a
 * triangle kernel as wide as the reduction (as PIL and skimage's anti-aliasing do), so that noise
 * and fine structure do not alias.
 */
int resample_bilinear(const float *src, size_t h, size_t w, double y0, double x0, double sh,
                      double sw, float *dst, size_t dh, size_t dw, struct err *e);

/* The same window for masks: nearest neighbour. */
void resample_nearest_u8(const uint8_t *src, size_t h, size_t w, double y0, double x0, double sh,
                         double sw, uint8_t *dst, size_t dh, size_t dw);

#endif
