/*
 * insert: lesions on images, bit by bit; flips and turns undone; sizes; what is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "patch/augment.h"
#include "patch/insert.h"
#include "tap.h"

enum { H = 150, W = 130 };

static void
die(const struct err *e)
{
    printf("Bail out! %s\n", e->text);
    exit(1);
}

static double
clip(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static struct image
image_make(unsigned max)
{
    struct image im = {.h = H, .w = W, .max = max, .px = malloc(H * W * sizeof(uint16_t))};

    for (size_t i = 0; i < H * W; i++)
        im.px[i] = (uint16_t)(i * 7919 % (max + 1));
    return im;
}

static struct image
mask_make(void)
{
    return (struct image){.h = H, .w = W, .max = 255, .px = calloc(H * W, sizeof(uint16_t))};
}

/* A patch of `side` pixels, `margin` of them around, with a lump of its own as the lesion. */
static struct ts_record
patch_make(size_t side, size_t margin, size_t downscale, size_t x, size_t y, uint64_t seed)
{
    struct rng r = rng_at(seed, "patch", 0);
    double cx = rng_between(&r, 0.4, 0.6), cy = rng_between(&r, 0.4, 0.6);
    double sign = rng_below(&r, 4) == 0 ? -1 : 1, a = rng_between(&r, 0.12, 0.22);
    struct ts_record rec = {0};
    struct ts_tensor *mask;
    float *lesion;
    struct err e;

    if (ts_put_plane(&rec, "image", side, side, &e) == NULL ||
        ts_put_plane(&rec, "lesion", side, side, &e) == NULL ||
        (mask = ts_put(&rec, "mask", TS_U8, 2, (size_t[]){side, side}, &e)) == NULL)
        die(&e);
    lesion = ts_find(&rec, "lesion")->data;
    for (size_t i = 0; i < side * side; i++) {
        double dy = ((double)(i / side) + 0.5) / (double)side - cy;
        double dx = ((double)(i % side) + 0.5) / (double)side - cx;
        double v = 1 - (dy * dy * 2 + dx * dx) / (a * a);

        lesion[i] = v > 0 ? (float)(sign * v * 0.7) : 0;
        ((uint8_t *)mask->data)[i] = v > 0.3 ? 1 : 0;
    }
    if (ts_meta_setf(&rec, "x", &e, "%zu", x) == -1 ||
        ts_meta_setf(&rec, "y", &e, "%zu", y) == -1 ||
        ts_meta_setf(&rec, "window", &e, "%zu", (side - 2 * margin) * downscale) == -1 ||
        ts_meta_setf(&rec, "margin", &e, "%zu", margin) == -1 ||
        ts_meta_set(&rec, "label", "malignant", &e) == -1 ||
        ts_meta_set(&rec, "lesion", "mass", &e) == -1)
        die(&e);
    return rec;
}

/* Takes and applies; the record is cleared. */
static struct insert_lesion
lay(struct ts_record *rec, struct image *im, struct image *mask)
{
    struct insert_lesion l;
    struct err e = {.text = "nothing to insert"};

    if (insert_take(&l, rec, H, W, &e) != 1 || insert_apply(&l, 7, im, mask, &e) == -1)
        die(&e);
    ts_clear(rec);
    return l;
}

static void
test_exact(void)
{
    int bits = 1, boxes = 1;

    for (uint64_t seed = 0; seed < 100; seed++) {
        size_t side = 20 + seed % 13, x = seed % 60, y = (seed * 7) % 80,
               max = seed % 2 ? 255 : 65535;
        struct image im = image_make((unsigned)max), was = image_make((unsigned)max);
        struct image mask = mask_make();
        struct ts_record rec = patch_make(side, 0, 1, x, y, seed), copy = {0};
        struct box b = box_of_mask(ts_find(&rec, "mask")->data, side, side);
        struct insert_lesion l;
        const float *lesion;
        const uint8_t *m;
        struct err e;

        if (ts_copy(&copy, &rec, &e) == -1)
            die(&e);
        lesion = ts_find(&copy, "lesion")->data;
        m = ts_find(&copy, "mask")->data;
        insert_widen(&im);
        l = lay(&rec, &im, &mask);
        for (size_t i = 0; i < H * W; i++) {
            size_t py = i / W - y, px = i % W - x;
            double level = was.px[i] * (max == 255 ? 257.0 : 1.0);
            unsigned number = 0;

            if (i / W >= y && py < side && i % W >= x && px < side) {
                level = clip(level + 65535 * (double)lesion[py * side + px], 0, 65535);
                number = m[py * side + px] ? 7 : 0;
            }
            bits &= im.px[i] == (unsigned)floor(level + 0.5) && mask.px[i] == number;
        }
        boxes &= l.box.x0 == x + b.x0 && l.box.x1 == x + b.x1 && l.box.y0 == y + b.y0 &&
                 l.box.y1 == y + b.y1;
        insert_free(&l);
        ts_clear(&copy);
        free(im.px);
        free(was.px);
        free(mask.px);
    }
    tap_ok(bits, "at downscale 1 each pixel is level + lesion, and all others are as they were");
    tap_ok(boxes, "and the box is that of the patch");
}

static void
test_turned(void)
{
    int same = 1, boxes = 1, outside = 1;

    for (uint64_t seed = 0; seed < 120; seed++) {
        size_t side = 24 + 2 * (seed % 5), d = 1 + seed % 3, margin = seed % 2 ? 3 : 0;
        size_t x = 10 + seed % 20, y = 12 + seed % 30;
        struct image a = image_make(65535), b = image_make(65535), was = image_make(65535);
        struct image am = mask_make(), bm = mask_make();
        struct ts_record plain = patch_make(side, margin, d, x, y, seed), turned = {0};
        struct change c = {1, 90 * (int)(seed % 4), (int)(seed / 4 % 2)};
        struct box in = box_of_mask(ts_find(&plain, "mask")->data, side, side);
        struct insert_lesion l, k;
        struct err e;

        /* With a margin, augment's record is the larger window. */
        if (ts_copy(&turned, &plain, &e) == -1 || augment_apply(&turned, side, &c, 0, &e) == -1)
            die(&e);
        l = lay(&plain, &a, &am);
        k = lay(&turned, &b, &bm);
        same &= memcmp(a.px, b.px, H * W * 2) == 0 && memcmp(am.px, bm.px, H * W * 2) == 0;
        boxes &= l.box.x0 == x + (in.x0 - margin) * d && l.box.x1 == x + (in.x1 - margin) * d &&
                 l.box.y0 == y + (in.y0 - margin) * d && l.box.y1 == y + (in.y1 - margin) * d &&
                 memcmp(&l.box, &k.box, sizeof(l.box)) == 0;
        for (size_t i = 0; i < H * W; i++) {
            int in_frame = i / W >= y - margin * d && i / W < y + (side - margin) * d &&
                           i % W >= x - margin * d && i % W < x + (side - margin) * d;

            outside &= in_frame || (a.px[i] == was.px[i] && am.px[i] == 0);
        }
        insert_free(&l);
        insert_free(&k);
        free(a.px);
        free(b.px);
        free(was.px);
        free(am.px);
        free(bm.px);
    }
    tap_ok(same, "flips and turns are undone to the bit");
    tap_ok(boxes, "boxes too; they are the patch's, downscale times as large");
    tap_ok(outside, "outside of the patch nothing changes");
}

/* The sum and the centre of what was added. */
static void
moments(const struct image *im, double *sum, double *y, double *x)
{
    *sum = *y = *x = 0;
    for (size_t i = 0; i < H * W; i++) {
        double v = fabs((double)im->px[i] - 30000);

        *sum += v;
        *y += v * (double)(i / W);
        *x += v * (double)(i % W);
    }
    *y /= *sum;
    *x /= *sum;
}

static void
test_resized(void)
{
    double off = 0, lost = 0;

    for (uint64_t seed = 0; seed < 100; seed++) {
        size_t d = 1 + seed % 3;
        struct rng r = rng_at(seed, "scale", 0);
        struct change c = {floor(rng_between(&r, 0.82, 1.2) * 1e6) / 1e6, 90 * (int)(seed % 4),
                           (int)(seed / 4 % 2)};
        struct image im[2] = {image_make(65535), image_make(65535)};
        double sum[2], y[2], x[2];
        struct err e;

        for (int k = 0; k < 2; k++) {
            struct ts_record rec = patch_make(40, 4, d, 15, 17, seed);
            struct image mask = mask_make();
            struct insert_lesion l;

            for (size_t i = 0; i < H * W; i++)
                im[k].px[i] = 30000;
            if (k == 1 && augment_apply(&rec, 32, &c, 0, &e) == -1)
                die(&e);
            l = lay(&rec, &im[k], &mask);
            moments(&im[k], &sum[k], &y[k], &x[k]);
            insert_free(&l);
            free(mask.px);
            free(im[k].px);
        }
        off = tap_larger(off, tap_larger(fabs(y[1] - y[0]), fabs(x[1] - x[0])));
        lost = tap_larger(lost, fabs(sum[1] / sum[0] - 1));
    }
    tap_ok(off < 0.1, "a resized patch's lesion stands where it stood (%.3f pixels off)", off);
    tap_ok(lost < 0.02, "and is as large (%.2g)", lost);
}

static void
refuse(const char *what, const char *key, const char *value, const char *drop)
{
    struct ts_record rec = patch_make(20, 0, 2, 30, 30, 1);
    struct insert_lesion l;
    struct err e = {.text = ""};
    int rc;

    if (drop != NULL)
        ts_drop(&rec, drop);
    if (key != NULL && ts_meta_set(&rec, key, value, &e) == -1)
        die(&e);
    rc = insert_take(&l, &rec, H, W, &e);
    tap_ok(rc == -1 && e.text[0] != '\0', "refused: %s: %s", what, e.text);
    ts_clear(&rec);
}

static void
test_refused(void)
{
    struct ts_record rec = patch_make(20, 0, 1, 30, 30, 1);
    struct insert_lesion l;
    struct err e;

    refuse("removal", "label", "normal", NULL);
    refuse("no label", "label", "", NULL);
    refuse("an unknown kind", "lesion", "lump", NULL);
    refuse("no lesion", NULL, NULL, "lesion");
    refuse("no mask", NULL, NULL, "mask");
    refuse("no image", NULL, NULL, "image");
    refuse("a window that does not fit", "x", "91", NULL);
    refuse("one that does not fit below", "y", "111", NULL);
    refuse("no window", "window", "", NULL);
    refuse("a negative place", "x", "-1", NULL);
    refuse("a margin as large as the patch", "margin", "10", NULL);
    refuse("a scale that is none", "scale", "nan", NULL);
    refuse("a turn that is none", "rotate", "45", NULL);
    ((float *)ts_find(&rec, "lesion")->data)[5] = NAN;
    tap_ok(insert_take(&l, &rec, H, W, &e) == -1, "not-a-number: %s", e.text);
    ts_clear(&rec);
    rec = patch_make(20, 0, 1, 30, 30, 1);
    memset(ts_find(&rec, "mask")->data, 0, 400);
    tap_ok(insert_take(&l, &rec, H, W, &e) == 0, "an empty mask is nothing to insert");
    ts_clear(&rec);
    rec = patch_make(20, 0, 1, 30, 30, 1);
    memset(ts_find(&rec, "lesion")->data, 0, 400 * sizeof(float));
    tap_ok(insert_take(&l, &rec, H, W, &e) == 0, "nor is a lesion of zeros");
    ts_clear(&rec);
    tap_ok(box_meet(&(struct box){0, 0, 5, 5}, &(struct box){4, 4, 9, 9}) == 1 &&
               box_meet(&(struct box){0, 0, 5, 5}, &(struct box){5, 0, 9, 9}) == 0,
           "boxes are half-open");
}

int
main(void)
{
    test_exact();
    test_turned();
    test_resized();
    test_refused();
    return tap_done(24);
}
