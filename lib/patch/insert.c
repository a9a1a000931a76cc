#include "patch/insert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/resample.h"
#include "patch/augment.h"
#include "patch/patch.h"

/* A hair of rounding that is forgiven where an edge lies on a whole pixel. */
static const double hair = 1e-6;

/* ---- taking the lesion out ---- */

static int
check_words(struct insert_lesion *l, const struct ts_record *r, struct err *e)
{
    struct patch p;

    if (patch_read(&p, r, e) == -1)
        return -1;
    if (p.label == LABEL_NORMAL)
        return err_set(e, "label 'normal': a removed lesion cannot be inserted");
    if (p.label == LABEL_NONE || p.lesion == LESION_NONE)
        return err_set(e, "has no %s", p.label == LABEL_NONE ? "label" : "kind of lesion");
    l->label = p.label;
    l->kind = p.lesion;
    return 0;
}

/* The side of a record's planes. */
static int
check_planes(const struct ts_record *r, size_t *side, struct err *e)
{
    static const char *const name[] = {"image", "lesion", "mask"};

    for (int k = 0; k < 3; k++) {
        const struct ts_tensor *t = ts_find(r, name[k]);

        if (t == NULL)
            return err_set(e, "no tensor '%s': expected patches of lesion-postproc", name[k]);
        if (k == 0)
            *side = t->rank == 2 ? t->shape[0] : 0;
        if (t->rank != 2 || t->shape[0] != *side || t->shape[1] != *side || *side == 0)
            return err_set(e, "tensor '%s' is not as wide and high as a square 'image'", name[k]);
    }
    if (ts_find(r, "lesion")->dtype != TS_F32 || ts_find(r, "mask")->dtype != TS_U8)
        return err_set(e, "lesion is %s, mask %s: expected F32 and U8",
                       ts_dtype_name(ts_find(r, "lesion")->dtype),
                       ts_dtype_name(ts_find(r, "mask")->dtype));
    return 0;
}

/* Flipped and turned as the image is.  A size asked for keeps the margin. */
static int
undo_turns(struct ts_record *r, size_t side, struct err *e)
{
    struct footprint f;
    struct change undo;

    if (footprint_read(&f, r, e) == -1)
        return -1;
    undo = change_undo(&f.change);
    return augment_apply(r, side, &undo, 0, e);
}

/* The box round the pixels of mask or lesion, `reach` wider inside the planes. */
static int
covered(const float *lesion, const uint8_t *mask, size_t side, size_t reach, struct box *b,
        struct err *e)
{
    uint8_t *used = mem_array_raw(side * side, 1, e);

    if (used == NULL)
        return -1;
    for (size_t i = 0; i < side * side; i++)
        used[i] = mask[i] != 0 || lesion[i] != 0;
    *b = box_widen(box_of_mask(used, side, side), reach, side, side);
    free(used);
    return 0;
}

/* Pixels of the image that lie in from .. from + len whole, with len > 0 inside 0 .. side. */
static void
whole_pixels(double from, double len, size_t side, size_t *first, size_t *end)
{
    double lo = ceil(from - hair), hi = floor(from + len + hair);

    *first = lo > 0 ? (size_t)lo : 0;
    *end = hi < (double)side ? (size_t)hi : side;
    if (*end < *first)
        *end = *first;
}

/* 1; 0 where the lesion is 0 everywhere; -1 where it is out of range. */
static int
check_lesion(const float *p, size_t side, struct err *e)
{
    int shows = 0;

    for (size_t i = 0; i < side * side; i++) {
        if (!(p[i] >= -1 && p[i] <= 1))
            return err_set(e, "lesion: %g at row %zu, column %zu is outside -1 to 1", (double)p[i],
                           i / side, i % side);
        shows |= p[i] < 0 || p[i] > 0;
    }
    return shows;
}

/* The planes inside the box b of the patch. */
static int
crop(struct insert_lesion *l, const float *lesion, const uint8_t *mask, size_t side, struct box b,
     struct err *e)
{
    l->h = b.y1 - b.y0;
    l->w = b.x1 - b.x0;
    l->lesion = mem_array_raw(l->h * l->w, sizeof(*l->lesion), e);
    l->mask = mem_array_raw(l->h * l->w, 1, e);
    if (l->lesion == NULL || l->mask == NULL)
        return -1;
    for (size_t y = 0; y < l->h; y++)
        for (size_t x = 0; x < l->w; x++) {
            size_t i = (b.y0 + y) * side + b.x0 + x;

            l->lesion[y * l->w + x] = lesion[i];
            l->mask[y * l->w + x] = mask[i] != 0;
        }
    return 0;
}

/* ---- on the image's pixels ---- */

/* Where the pixels l->at begin and how far they reach, in pixels of the crop. */
struct view {
    double y, x, h, w;
};

static struct view
view_of(const struct insert_lesion *l)
{
    struct view v = {((double)l->at.y0 - l->y) / l->pixel, ((double)l->at.x0 - l->x) / l->pixel,
                     (double)(l->at.y1 - l->at.y0) / l->pixel,
                     (double)(l->at.x1 - l->at.x0) / l->pixel};

    /* The forgiven hair does not reach beyond the crop. */
    v.y = fmax(v.y, 0);
    v.x = fmax(v.x, 0);
    v.h = fmin(v.h, (double)l->h - v.y);
    v.w = fmin(v.w, (double)l->w - v.x);
    return v;
}

static uint8_t *
mask_pixels(const struct insert_lesion *l, size_t h, size_t w, struct err *e)
{
    struct view v = view_of(l);
    uint8_t *m = mem_array_raw(h * w, 1, e);

    if (m != NULL)
        resample_nearest_u8(l->mask, l->h, l->w, v.y, v.x, v.h, v.w, m, h, w);
    return m;
}

/* The box of the mask on the image.  1, 0 where no pixel shows it, -1. */
static int
find_box(struct insert_lesion *l, struct err *e)
{
    size_t h = l->at.y1 - l->at.y0, w = l->at.x1 - l->at.x0;
    uint8_t *m;

    if (h == 0 || w == 0)
        return 0;
    if ((m = mask_pixels(l, h, w, e)) == NULL)
        return -1;
    l->box = box_of_mask(m, h, w);
    free(m);
    if (l->box.x1 == 0)
        return 0;
    l->box = (struct box){l->box.x0 + l->at.x0, l->box.y0 + l->at.y0, l->box.x1 + l->at.x0,
                          l->box.y1 + l->at.y0};
    return 1;
}

int
insert_take(struct insert_lesion *l, struct ts_record *r, size_t h, size_t w, struct err *e)
{
    const uint8_t *mask;
    const float *lesion;
    struct footprint_square f;
    struct box b;
    size_t side = 0, reach;
    int rc;

    *l = (struct insert_lesion){0};
    if (check_words(l, r, e) == -1 || check_planes(r, &side, e) == -1 ||
        footprint_square(r, side, &f, e) == -1)
        return -1;
    if (f.x < -hair || f.y < -hair || f.x + f.side > (double)w + hair ||
        f.y + f.side > (double)h + hair)
        return err_set(e, "the patch spans x %g..%g, y %g..%g, its image has %zu x %zu pixels", f.x,
                       f.x + f.side, f.y, f.y + f.side, w, h);
    if (undo_turns(r, side, e) == -1)
        return -1;
    lesion = ts_find(r, "lesion")->data;
    mask = ts_find(r, "mask")->data;
    if ((rc = check_lesion(lesion, side, e)) != 1)
        return rc;
    /* As many pixels of zeros round it as an output pixel may look at. */
    reach = 1 + (size_t)ceil(fmax(1, 1 / f.pixel));
    if (box_of_mask(mask, side, side).x1 == 0)
        return 0;
    rc = -1;
    if (covered(lesion, mask, side, reach, &b, e) == -1 || crop(l, lesion, mask, side, b, e) == -1)
        goto out;
    l->pixel = f.pixel;
    l->x = f.x + (double)b.x0 * f.pixel;
    l->y = f.y + (double)b.y0 * f.pixel;
    whole_pixels(l->x, (double)l->w * f.pixel, w, &l->at.x0, &l->at.x1);
    whole_pixels(l->y, (double)l->h * f.pixel, h, &l->at.y0, &l->at.y1);
    rc = find_box(l, e);
out:
    if (rc != 1)
        insert_free(l);
    return rc;
}

void
insert_free(struct insert_lesion *l)
{
    free(l->lesion);
    free(l->mask);
    *l = (struct insert_lesion){0};
}

size_t
insert_memory(const struct insert_lesion *l)
{
    return sizeof(*l) + l->h * l->w * (sizeof(*l->lesion) + 1);
}

void
insert_widen(struct image *im)
{
    if (im->max != 255)
        return;
    for (size_t i = 0; i < im->h * im->w; i++)
        im->px[i] = (uint16_t)(im->px[i] * 257u);
    im->max = 65535;
}

int
insert_apply(const struct insert_lesion *l, unsigned number, struct image *im, struct image *mask,
             struct err *e)
{
    size_t h = l->at.y1 - l->at.y0, w = l->at.x1 - l->at.x0;
    struct view v = view_of(l);
    float *lesion = mem_array_raw(h * w, sizeof(*lesion), e);
    uint8_t *m = mask_pixels(l, h, w, e);
    int rc = -1;

    if (lesion == NULL || m == NULL ||
        resample_bilinear(l->lesion, l->h, l->w, v.y, v.x, v.h, v.w, lesion, h, w, e) == -1)
        goto out;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            size_t i = (l->at.y0 + y) * im->w + l->at.x0 + x;
            double level = (double)im->px[i] + 65535 * (double)lesion[y * w + x];

            im->px[i] = (uint16_t)floor(fmin(fmax(level, 0), 65535) + 0.5);
            if (m[y * w + x])
                mask->px[i] = (uint16_t)number;
        }
    rc = 0;
out:
    free(lesion);
    free(m);
    return rc;
}
