#include "patch/augment.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "image/box.h"
#include "image/resample.h"
#include "image/turn.h"
#include "patch/patch.h"

/* ---- turns ---- */

/* Where pixel (x, y) of a plane of n x n goes. */
static void
turn_pixel(const struct change *c, size_t n, size_t *x, size_t *y)
{
    size_t to = turn_from(turn_undo(turn_of(c->flip, c->rotate)), n, *y, *x);

    *x = to % n;
    *y = to / n;
}

/* ---- the part of a record that is used ---- */

/* The middle `len` pixels of an image of side x side, from `off` on, become size x size. */
struct view {
    size_t side, size;
    double off, len;
    struct footprint at; /* of the patch, before it changes */
};

static int
view_init(struct view *v, const struct ts_record *r, size_t size, double scale, struct err *e)
{
    const struct ts_tensor *t = ts_find(r, "image");

    if (t == NULL || t->rank != 2 || t->shape[0] != t->shape[1] || t->shape[0] == 0)
        return err_set(e, "no tensor 'image' of as many rows as columns");
    *v = (struct view){.side = t->shape[0]};
    if (footprint_read(&v->at, r, e) == -1)
        return -1;
    if (2 * v->at.margin >= v->side)
        return err_set(e, "margin %zu does not fit an image of %zu pixels", v->at.margin, v->side);
    v->size = size > 0 ? size : v->side - 2 * v->at.margin;
    if (v->size > v->side || (v->side - v->size) % 2 != 0)
        return err_set(e, "size %zu does not fit the middle of an image of %zu pixels", v->size,
                       v->side);
    v->len = (double)v->size / scale;
    /* A hair of room for rounding: 256 / 0.8 may come out a little above 320. */
    if (v->len > (double)v->side && v->len < (double)v->side * (1 + 1e-9))
        v->len = (double)v->side;
    if (!(v->len <= (double)v->side))
        return err_set(e, "no room for scale %g: %zu pixels need an image of %.0f, it has %zu",
                       scale, v->size, ceil(v->len), v->side);
    v->off = ((double)v->side - v->len) / 2;
    return 0;
}

/* Where a coordinate lands, before flip and rotation. */
static double
view_map(const struct view *v, double at)
{
    return (at - v->off) * (double)v->size / v->len;
}

/* The seed pixel, if the record has one: 1, 0, or -1. */
static int
seed_pixel(const struct ts_record *r, const struct view *v, size_t *x, size_t *y, struct err *e)
{
    const char *s = ts_meta(r, "seedpixel");
    size_t at[2];

    if (s == NULL)
        return 0;
    if (number_list(s, 2, v->side - 1, at) == -1)
        return err_set(e, "seedpixel '%.32s' is no pixel of the image", s);
    *x = at[0];
    *y = at[1];
    return 1;
}

/* Moves the seed pixel; 0 if it is out of view. */
static int
view_seed(const struct view *v, size_t *x, size_t *y)
{
    double tx = floor(view_map(v, (double)*x + 0.5)), ty = floor(view_map(v, (double)*y + 0.5));

    if (!(tx >= 0 && ty >= 0 && tx < (double)v->size && ty < (double)v->size))
        return 0;
    *x = (size_t)tx;
    *y = (size_t)ty;
    return 1;
}

/* The share of tissue among the pixels whose centre is in view. */
static double
view_tissue(const struct view *v, const uint8_t *p)
{
    size_t lo = (size_t)ceil(v->off - 0.5), hi = (size_t)ceil(v->off + v->len - 0.5), sum = 0;

    for (size_t y = lo; y < hi; y++)
        for (size_t x = lo; x < hi; x++)
            sum += p[y * v->side + x] != 0;
    return (double)sum / ((double)(hi - lo) * (double)(hi - lo));
}

/* ---- drawing ---- */

int
augment_draw(const struct ts_record *r, const struct augment_options *o, struct rng *rng,
             struct change *out, struct err *e)
{
    enum { TRIES = 64 };
    const uint8_t *tissue;
    struct view v;
    size_t x, y;
    int seeded;

    /* All draws are made, wanted or not, so that one option does not change what others do. */
    out->flip = (int)rng_below(rng, 2) && !o->no_flip;
    out->rotate = 90 * (int)rng_below(rng, 4);
    if (o->no_rotate)
        out->rotate = 0;
    if (view_init(&v, r, o->size, o->min_scale, e) == -1)
        return -1;
    seeded = seed_pixel(r, &v, &x, &y, e);
    if (seeded == -1)
        return -1;
    tissue = ts_mask(r, "tissue", v.side, v.side);
    for (int i = 0; i <= TRIES; i++) {
        double s = floor(rng_between(rng, o->min_scale, o->max_scale) * 1e6 + 0.5) / 1e6;
        size_t tx = x, ty = y;

        if (i == TRIES)
            s = 1;
        s = s < o->min_scale ? o->min_scale : s > o->max_scale ? o->max_scale : s;
        out->scale = s;
        if (view_init(&v, r, o->size, s, e) == -1)
            return -1;
        if (seeded && !view_seed(&v, &tx, &ty))
            continue;
        if (i == TRIES || tissue == NULL || view_tissue(&v, tissue) >= o->min_tissue)
            return 0;
    }
    return err_set(e, "no scale from %g to %g keeps the seed pixel %zu,%zu in view", o->min_scale,
                   o->max_scale, x, y);
}

/* ---- applying ---- */

/* One plane, resized and turned, in fresh memory. */
static void *
change_plane(const struct view *v, const struct change *c, enum ts_dtype type, const void *from,
             struct err *e)
{
    size_t n = v->size, size = ts_dtype_size(type), cells, skip = (v->side - n) / 2;
    void *seen, *turned;

    if (mem_mul(n, n, &cells) == -1) {
        err_set(e, "size overflow (%zu x %zu)", n, n);
        return NULL;
    }
    seen = mem_array_raw(cells, size, e);
    turned = mem_array_raw(cells, size, e);
    if (seen == NULL || turned == NULL)
        goto fail;
    if (v->len == (double)n) {
        for (size_t y = 0; y < n; y++)
            memcpy((char *)seen + y * n * size,
                   (const char *)from + ((y + skip) * v->side + skip) * size, n * size);
    } else if (type == TS_F32) {
        if (resample_bilinear(from, v->side, v->side, v->off, v->off, v->len, v->len, seen, n, n,
                              e) == -1)
            goto fail;
    } else {
        resample_nearest_u8(from, v->side, v->side, v->off, v->off, v->len, v->len, seen, n, n);
    }
    turn_square(turn_of(c->flip, c->rotate), n, size, seen, turned);
    free(seen);
    return turned;
fail:
    free(seen);
    free(turned);
    return NULL;
}

/* All planes of the image's size. */
static int
change_planes(struct ts_record *r, const struct view *v, const struct change *c, struct err *e)
{
    const size_t shape[2] = {v->size, v->size};

    for (size_t i = 0; i < r->n_tensors; i++) {
        struct ts_tensor *t = &r->tensor[i], *changed;
        float *image = NULL;
        void *plane;
        size_t h, w;

        if (t->rank != 2 || t->shape[0] != v->side || t->shape[1] != v->side)
            continue;
        if (strcmp(t->name, "image") == 0) {
            image = ts_plane(r, "image", &h, &w, e);
            if (image == NULL)
                return -1;
        } else if (t->dtype != TS_F32 && t->dtype != TS_U8) {
            return err_set(e, "tensor '%s' is %s and not F32 or U8", t->name,
                           ts_dtype_name(t->dtype));
        }
        plane = change_plane(v, c, image ? TS_F32 : t->dtype, image ? image : t->data, e);
        free(image);
        if (plane == NULL)
            return -1;
        changed = ts_put(r, t->name, image ? TS_F32 : t->dtype, 2, shape, e);
        if (changed != NULL)
            memcpy(changed->data, plane, changed->bytes);
        free(plane);
        if (changed == NULL)
            return -1;
    }
    return 0;
}

/* The corner of a box that has no mask: its pixels, as far as they are in view, turned. */
static int
change_box(struct ts_record *r, const struct view *v, const struct change *c, struct err *e)
{
    const char *s = ts_meta(r, "bbox");
    double most = (double)v->size, lo[2], hi[2];
    size_t b[4], ax, ay, zx, zy;

    if (s == NULL)
        return 0;
    if (number_list(s, 4, v->side, b) == -1 || b[0] >= b[2] || b[1] >= b[3])
        return err_set(e, "bbox '%.64s' is no box of the image", s);
    for (int k = 0; k < 2; k++) {
        lo[k] = fmax(floor(view_map(v, (double)b[k])), 0);
        hi[k] = fmin(ceil(view_map(v, (double)b[k + 2])), most);
    }
    if (!(lo[0] < hi[0] && lo[1] < hi[1])) {
        ts_meta_drop(r, "bbox");
        return 0;
    }
    ax = (size_t)lo[0];
    ay = (size_t)lo[1];
    zx = (size_t)hi[0] - 1;
    zy = (size_t)hi[1] - 1;
    turn_pixel(c, v->size, &ax, &ay);
    turn_pixel(c, v->size, &zx, &zy);
    return patch_set_box(r,
                         &(struct box){ax < zx ? ax : zx, ay < zy ? ay : zy,
                                       (ax < zx ? zx : ax) + 1, (ay < zy ? zy : ay) + 1},
                         e);
}

/* The seed pixel moves along, and stays a pixel of the lesion though resizing may have lost it. */
static int
change_seed(struct ts_record *r, const struct view *v, const struct change *c, int on_lesion,
            size_t x, size_t y, struct err *e)
{
    struct ts_tensor *mask = ts_find(r, "mask");

    if (!view_seed(v, &x, &y)) {
        ts_meta_drop(r, "seedpixel");
        return 0;
    }
    turn_pixel(c, v->size, &x, &y);
    if (on_lesion)
        ((uint8_t *)mask->data)[y * v->size + x] = 255;
    return ts_meta_setf(r, "seedpixel", e, "%zu,%zu", x, y);
}

/* Another size is another window round the same centre; foreign records may not have one. */
/* The window of a patch that is as large as asked for, and has no margin any more. */
static int
change_window(struct footprint *f, const struct view *v, struct err *e)
{
    size_t inner = v->side - 2 * f->margin, unit;

    f->margin = 0;
    if (v->size == inner || !f->placed || f->window % inner != 0)
        return 0;
    unit = f->window / inner;
    /* inner - size is even, as side - size is; where the window grows, it grows into the margin. */
    f->x += inner * unit / 2;
    f->y += inner * unit / 2;
    f->window = v->size * unit;
    if (f->x < f->window / 2 || f->y < f->window / 2)
        return err_set(e, "window of %zu does not fit round its centre", f->window);
    f->x -= f->window / 2;
    f->y -= f->window / 2;
    return 0;
}

static int
change_identity(struct ts_record *r, const struct change *c, size_t variant, struct err *e)
{
    char *text = mem_printf(e, "%s augment %.9g %d %d %zu", ts_meta_or(r, "id", ""), c->scale,
                            c->rotate, c->flip, variant);
    int rc = text ? patch_derive(r, text, e) : -1;

    free(text);
    return rc;
}

int
augment_apply(struct ts_record *r, size_t size, const struct change *c, size_t variant,
              struct err *e)
{
    const uint8_t *tissue, *mask;
    struct view v;
    size_t x = 0, y = 0;
    int seeded, masked, on_lesion;

    if (view_init(&v, r, size, c->scale, e) == -1 ||
        (seeded = seed_pixel(r, &v, &x, &y, e)) == -1 || change_identity(r, c, variant, e) == -1)
        return -1;
    tissue = ts_mask(r, "tissue", v.side, v.side);
    if (tissue != NULL && ts_meta_setf(r, "tissue", e, "%.4f", view_tissue(&v, tissue)) == -1)
        return -1;
    ts_drop(r, "tissue");
    mask = ts_mask(r, "mask", v.side, v.side);
    masked = mask != NULL;
    on_lesion = masked && seeded && mask[y * v.side + x] != 0;

    if (change_planes(r, &v, c, e) == -1 ||
        (seeded && change_seed(r, &v, c, on_lesion, x, y, e) == -1))
        return -1;
    if (!masked) {
        if (change_box(r, &v, c, e) == -1)
            return -1;
    } else {
        struct box b;

        b = box_of_mask(ts_mask(r, "mask", v.size, v.size), v.size, v.size);
        if (b.x1 == 0)
            ts_meta_drop(r, "bbox");
        else if (patch_set_box(r, &b, e) == -1)
            return -1;
    }
    v.at.change = change_then(&v.at.change, c);
    return change_window(&v.at, &v, e) == -1 ? -1 : footprint_write(&v.at, r, e);
}
