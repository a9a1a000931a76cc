/*
 * box - rectangles of pixels, half-open: x0 <= x < x1, y0 <= y < y1.
 */
#ifndef MP_IMAGE_BOX_H
#define MP_IMAGE_BOX_H

#include <stddef.h>
#include <stdint.h>

struct box {
    size_t x0, y0, x1, y1;
};

/* The box round the non-zero pixels of m [h][w]; all zeros where there are none. */
struct box box_of_mask(const uint8_t *m, size_t h, size_t w);

/* `reach` wider on each side, as far as an image [h][w] goes. */
struct box box_widen(struct box b, size_t reach, size_t h, size_t w);

/* True where they share a pixel. */
int box_meet(const struct box *a, const struct box *b);

#endif
