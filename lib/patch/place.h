/*
 * place - sets of pixels of an image, and random windows that fit them.
 *
 * The law of the draws is in sample.h.  Coordinates: x to the right, y down, boxes half-open.
 */
#ifndef MP_PATCH_PLACE_H
#define MP_PATCH_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "image/box.h"
#include "image/cache.h"

/* A set of pixels: 0 or 1 inside a box, none outside. */
struct region {
    size_t x0, y0, x1, y1;
    size_t count;      /* pixels in the set */
    const uint8_t *px; /* [y1 - y0][x1 - x0] */
    uint8_t *owned;    /* what region_free() frees; NULL where px is borrowed */
};

/*
 * A full box; the ellipse that fills a box (pixels whose centre lies in it; at least one); the
 * pixels of a mask inside a box.  The region is trimmed to its pixels.  Return 0, or -1 (memory)
 * with the reason in e.
 */
int region_box(struct region *g, size_t x0, size_t y0, size_t x1, size_t y1, struct err *e);
int region_ellipse(struct region *g, size_t x0, size_t y0, size_t x1, size_t y1, struct err *e);
int region_of_mask(struct region *g, const struct cache_plane *mask, size_t x0, size_t y0,
                   size_t x1, size_t y1, struct err *e);

/* The whole mask, borrowed: valid as long as mask is. */
struct region region_borrow(const struct cache_plane *mask);

/* Pixels of the set inside a box, which may reach beyond the image. */
size_t region_count(const struct region *g, size_t x0, size_t y0, size_t x1, size_t y1);

/* The same in each of n blocks of d x d side by side, the first with its corner at (x0, y0). */
void region_blocks(const struct region *g, size_t x0, size_t y0, size_t d, size_t n,
                   uint32_t *count);

/*
 * How far a lesion stands out from the tissue round it, in grey levels [0,1], as sample.h has it; 0
 * where there is none.  pixels: of the whole image.
 */
double region_contrast(const struct region *lesion, const struct region *tissue,
                       const struct cache_plane *pixels);

void region_free(struct region *g);

/* What a window must be like. */
struct place_rule {
    size_t h, w; /* the image, before downscale */
    size_t downscale, size, margin;
    size_t inset; /* the lesion's pixel is at least so far inside the window; 2 inset < size */
    double min_tissue;
    const struct region *tissue;
    const struct region *lesion; /* NULL, or not empty: its pixels draw the windows */
    const struct region *avoid;  /* [n_avoid] what the window with its margin must not touch */
    size_t n_avoid;
};

struct place {
    size_t x, y;           /* corner of the window, in pixels after downscale */
    double tissue;         /* share of the window */
    size_t seed_x, seed_y; /* the lesion's pixel, of the image before downscale */
};

/* Draws one.  Returns 1; 0 if there is no such window; -1 with the reason in e. */
int place_draw(const struct place_rule *rule, struct rng *rng, struct place *out, struct err *e);

/*
 * The same by counting out all windows, without trying first: slow, and exact however rare the
 * allowed ones are.  place_draw() falls back on it; here for its test.
 */
int place_draw_exact(const struct place_rule *rule, struct rng *rng, struct place *out,
                     struct err *e);

#endif
