/* augment: exact turns, exact resizing of ramps, and metadata that follow. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "patch/augment.h"
#include "patch/place.h"
#include "stream/tstream.h"
#include "tap.h"

enum { SIZE = 32, MARGIN = 4, SIDE = SIZE + 2 * MARGIN };

static struct err e;

/* Random planes, a lesion round the seed pixel, tissue with a dark edge. */
static void
make_patch(struct ts_record *r, uint64_t seed, size_t margin)
{
    struct rng rng = rng_at(seed, "patch", 0);
    size_t side = SIZE + 2 * margin, sx = margin + rng_below(&rng, SIZE),
           sy = margin + rng_below(&rng, SIZE);
    size_t dark = rng_below(&rng, 4);
    float *image, *lesion;
    struct ts_tensor *t;
    struct box b;

    ts_clear(r);
    image = ts_put_plane(r, "image", side, side, &e);
    for (size_t i = 0; i < side * side; i++)
        image[i] = (float)rng_uniform(&rng);
    lesion = ts_put_plane(r, "lesion", side, side, &e);
    for (size_t i = 0; i < side * side; i++)
        lesion[i] = (float)rng_between(&rng, -1, 1);
    t = ts_put(r, "tissue", TS_U8, 2, (const size_t[]){side, side}, &e);
    for (size_t i = 0; i < side * side; i++)
        ((uint8_t *)t->data)[i] = i % side >= dark ? 255 : 0;
    t = ts_put(r, "scalars", TS_F32, 1, (const size_t[]){3}, &e);
    ((float *)t->data)[1] = 0.5F;
    t = ts_put(r, "mask", TS_U8, 2, (const size_t[]){side, side}, &e);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            double dx = (double)x - (double)sx, dy = (double)y - (double)sy;

            ((uint8_t *)t->data)[y * side + x] =
                dx * dx + 2 * dy * dy < (double)(seed % 30) + 0.5 ? 255 : 0;
        }
    b = box_of_mask(t->data, side, side);
    ts_meta_setf(r, "bbox", &e, "%zu,%zu,%zu,%zu", b.x0, b.y0, b.x1, b.y1);
    ts_meta_setf(r, "seedpixel", &e, "%zu,%zu", sx, sy);
    ts_meta_setf(r, "margin", &e, "%zu", margin);
    ts_meta_set(r, "x", "100", &e);
    ts_meta_set(r, "y", "200", &e);
    ts_meta_setf(r, "window", &e, "%d", SIZE * 3);
    ts_meta_set(r, "id", "0123456789abcdef", &e);
    ts_meta_set(r, "patient", "P1", &e);
}

static void
apply(struct ts_record *r, size_t size, double scale, int flip, int rotate)
{
    const struct change c = {.scale = scale, .flip = flip, .rotate = rotate};

    if (augment_apply(r, size, &c, 0, &e) == -1) {
        tap_ok(0, "augment_apply: %s", e.text);
        exit(1);
    }
}

static int
same_tensor(const struct ts_record *a, const struct ts_record *b, const char *name)
{
    const struct ts_tensor *p = ts_find(a, name), *q = ts_find(b, name);

    return p && q && p->bytes == q->bytes && memcmp(p->data, q->data, p->bytes) == 0;
}

static int
same_meta(const struct ts_record *a, const struct ts_record *b, const char *key)
{
    return strcmp(ts_meta_or(a, key, "-"), ts_meta_or(b, key, "-")) == 0;
}

/* Planes and what describes them. */
static int
same_patch(const struct ts_record *a, const struct ts_record *b)
{
    return same_tensor(a, b, "image") && same_tensor(a, b, "lesion") && same_tensor(a, b, "mask") &&
           same_tensor(a, b, "scalars") && same_meta(a, b, "bbox") &&
           same_meta(a, b, "seedpixel") && same_meta(a, b, "scale") && same_meta(a, b, "rotate") &&
           same_meta(a, b, "flip") && same_meta(a, b, "x") && same_meta(a, b, "window") &&
           same_meta(a, b, "patient");
}

static float
at(const struct ts_record *r, const char *name, size_t y, size_t x)
{
    const struct ts_tensor *t = ts_find(r, name);

    return ((const float *)t->data)[y * t->shape[1] + x];
}

static void
test_turns(void)
{
    struct ts_record r = {0}, plain = {0};
    int flipped = 1, turned = 1;

    make_patch(&plain, 3, 0);
    apply(&plain, 0, 1, 0, 0);
    tap_ok(strcmp(ts_meta(&plain, "parent"), "0123456789abcdef") == 0 &&
               strcmp(ts_meta(&plain, "id"), "0123456789abcdef") != 0 &&
               ts_find(&plain, "tissue") == NULL,
           "a new id, the old one as parent; no tissue any more");
    make_patch(&r, 3, 0);
    apply(&r, 0, 1, 1, 0);
    for (size_t y = 0; y < SIZE; y++)
        for (size_t x = 0; x < SIZE; x++)
            flipped = flipped && at(&r, "image", y, SIZE - 1 - x) == at(&plain, "image", y, x);
    tap_ok(flipped && strcmp(ts_meta(&r, "flip"), "1") == 0, "a flip swaps left and right");
    make_patch(&r, 3, 0);
    apply(&r, 0, 1, 0, 90);
    /* numpy.rot90(a)[i, j] = a[j, n - 1 - i]: the right edge becomes the top. */
    for (size_t y = 0; y < SIZE; y++)
        for (size_t x = 0; x < SIZE; x++)
            turned = turned && at(&r, "lesion", y, x) == at(&plain, "lesion", x, SIZE - 1 - y);
    tap_ok(turned && strcmp(ts_meta(&r, "rotate"), "90") == 0, "a quarter turn is numpy.rot90");
    ts_clear(&r);
    ts_clear(&plain);
}

static void
test_group(void)
{
    struct ts_record r = {0}, plain = {0}, direct = {0};
    size_t flips = 0, turns = 0, undone = 0, sums = 0;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct change c[3] = {{.scale = 1}, {.scale = 1}}, back;
        struct footprint at;
        struct rng rng = rng_at(seed, "group", 0);

        make_patch(&plain, seed, 0);
        apply(&plain, 0, 1, 0, 0);
        make_patch(&r, seed, 0);
        apply(&r, 0, 1, 1, 0);
        apply(&r, 0, 1, 1, 0);
        flips += !same_patch(&r, &plain);
        make_patch(&r, seed, 0);
        for (int k = 0; k < 4; k++)
            apply(&r, 0, 1, 0, 90);
        turns += !same_patch(&r, &plain);

        for (int k = 0; k < 2; k++) {
            c[k].flip = (int)rng_below(&rng, 2);
            c[k].rotate = 90 * (int)rng_below(&rng, 4);
        }
        make_patch(&r, seed, 0);
        apply(&r, 0, 1, c[0].flip, c[0].rotate);
        apply(&r, 0, 1, c[1].flip, c[1].rotate);
        make_patch(&direct, seed, 0);
        c[2] = change_then(&c[0], &c[1]);
        apply(&direct, 0, 1, c[2].flip, c[2].rotate);
        sums += !same_patch(&r, &direct);

        if (footprint_read(&at, &r, &e) == -1)
            exit(1);
        back = change_undo(&at.change);
        apply(&r, 0, 1, back.flip, back.rotate);
        undone += !same_patch(&r, &plain);
    }
    tap_ok(flips == 0, "two flips are none, 100 patches, all planes, mask, box and seed pixel");
    tap_ok(turns == 0, "four quarter turns are none");
    tap_ok(sums == 0, "two changes are the one that the metadata tell of");
    tap_ok(undone == 0, "what the metadata tell of is undone exactly");
    ts_clear(&r);
    ts_clear(&plain);
    ts_clear(&direct);
}

/*
 * Bilinear resizing keeps ramps, away from the edges of the image: exactly where it enlarges, and
 * to a quarter of a pixel where it averages, since the triangle's weights do not balance at every
 * place.
 */
static void
test_ramp(void)
{
    static const double scales[] = {0.8, 0.83, 0.937501, 1, 1.09, 1.2, 2};
    struct ts_record r = {0};

    for (size_t k = 0; k < sizeof(scales) / sizeof(scales[0]); k++) {
        double s = scales[k], worst = 0, off = (SIDE - SIZE / s) / 2;
        float *p;

        ts_clear(&r);
        p = ts_put_plane(&r, "image", SIDE, SIDE, &e);
        for (size_t y = 0; y < SIDE; y++)
            for (size_t x = 0; x < SIDE; x++)
                p[y * SIDE + x] = (float)(0.1 + 0.01 * (double)x + 0.005 * (double)y);
        ts_meta_setf(&r, "margin", &e, "%d", MARGIN);
        apply(&r, 0, s, 0, 0);
        for (size_t y = 2; y < SIZE - 2; y++)
            for (size_t x = 2; x < SIZE - 2; x++) {
                double sx = off + ((double)x + 0.5) / s - 0.5,
                       sy = off + ((double)y + 0.5) / s - 0.5;

                worst =
                    tap_larger(worst, fabs(at(&r, "image", y, x) - (0.1 + 0.01 * sx + 0.005 * sy)));
            }
        if (!tap_ok(worst < (s < 1 ? 0.0025 : 1e-6), "a ramp stays a ramp at scale %g", s))
            tap_note("off by %g", worst);
    }
    ts_clear(&r);
}

/* Masks and the seed pixel go where resizing takes them. */
static void
test_follow(void)
{
    struct ts_record r = {0}, plain = {0};
    size_t wrong = 0, off_seed = 0;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rng rng = rng_at(seed, "follow", 0);
        double s = rng_between(&rng, 0.8, 1.2), off = (SIDE - SIZE / s) / 2;
        size_t sx, sy, tx = 99, ty = 99;
        const uint8_t *from, *to;

        make_patch(&plain, seed, MARGIN);
        make_patch(&r, seed, MARGIN);
        apply(&r, 0, s, 0, 0);
        from = ts_find(&plain, "mask")->data;
        to = ts_find(&r, "mask")->data;
        sscanf(ts_meta(&plain, "seedpixel"), "%zu,%zu", &sx, &sy);
        if (ts_meta(&r, "seedpixel") != NULL)
            sscanf(ts_meta(&r, "seedpixel"), "%zu,%zu", &tx, &ty);
        for (size_t y = 0; y < SIZE; y++)
            for (size_t x = 0; x < SIZE; x++) {
                size_t px = (size_t)(off + ((double)x + 0.5) / s),
                       py = (size_t)(off + ((double)y + 0.5) / s);

                wrong += to[y * SIZE + x] != from[py * SIDE + px] && !(x == tx && y == ty);
            }
        if (tx != 99)
            off_seed +=
                !(fabs(off + ((double)tx + 0.5) / s - ((double)sx + 0.5)) <= 0.5 / s + 1e-9) ||
                !(fabs(off + ((double)ty + 0.5) / s - ((double)sy + 0.5)) <= 0.5 / s + 1e-9);
        else
            off_seed += (double)sx + 0.5 > off && (double)sx + 0.5 < SIDE - off &&
                        (double)sy + 0.5 > off && (double)sy + 0.5 < SIDE - off;
    }
    tap_ok(wrong == 0, "masks take the nearest pixel, 100 scales");
    tap_ok(off_seed == 0, "the seed pixel is the one that its old centre falls into");
    ts_clear(&r);
    ts_clear(&plain);
}

/* Drawn changes keep their promises: range, share, seed pixel on the lesion, box round the mask. */
static void
test_draws(void)
{
    enum { N = 2000 };
    struct augment_options o = {.min_scale = 0.8, .max_scale = 1.2, .min_tissue = 0.93};
    struct ts_record r = {0};
    size_t bad = 0, flips = 0, turns[4] = {0}, same = 0, shares = 0;
    double mean = 0, lo = 2, hi = 0;

    for (uint64_t i = 0; i < N; i++) {
        struct rng rng = rng_at(1, "augment", i);
        struct change c;
        const struct ts_tensor *mask;
        struct box b;
        size_t sx, sy;
        char text[64];

        make_patch(&r, i, MARGIN);
        if (augment_draw(&r, &o, &rng, &c, &e) == -1 || augment_apply(&r, 0, &c, 0, &e) == -1) {
            bad++;
            continue;
        }
        bad += !(c.scale >= 0.8 && c.scale <= 1.2) || strtod(ts_meta(&r, "scale"), NULL) != c.scale;
        flips += (size_t)c.flip;
        turns[c.rotate / 90]++;
        same += c.scale == 1;
        shares += strtod(ts_meta(&r, "tissue"), NULL) < 0.93;
        mean += c.scale / N;
        lo = fmin(lo, c.scale);
        hi = fmax(hi, c.scale);
        mask = ts_find(&r, "mask");
        bad += mask->shape[0] != SIZE ||
               sscanf(ts_meta_or(&r, "seedpixel", ""), "%zu,%zu", &sx, &sy) != 2 || sx >= SIZE ||
               sy >= SIZE || ((uint8_t *)mask->data)[sy * SIZE + sx] != 255;
        b = box_of_mask(mask->data, SIZE, SIZE);
        snprintf(text, sizeof(text), "%zu,%zu,%zu,%zu", b.x0, b.y0, b.x1, b.y1);
        bad += strcmp(text, ts_meta_or(&r, "bbox", "")) != 0;
        bad += strcmp(ts_meta(&r, "margin"), "0") != 0 || strcmp(ts_meta(&r, "x"), "100") != 0 ||
               strcmp(ts_meta(&r, "window"), "96") != 0;
    }
    tap_ok(bad == 0, "%d draws: scale in range, seed pixel in view and on the mask, box round it",
           N);
    tap_ok(shares == 0, "the tissue share is kept");
    tap_ok(lo < 0.81 && hi > 1.19 && same < N / 20, "the whole range of scales is used");
    tap_note("mean scale %.4f, 1 %zu times", mean, same);
    tap_ok(flips > N / 2 - 100 && flips < N / 2 + 100, "half are flipped");
    tap_ok(turns[0] > 420 && turns[1] > 420 && turns[2] > 420 && turns[3] > 420, "all turns alike");

    o.no_flip = o.no_rotate = 1;
    bad = 0;
    for (uint64_t i = 0; i < 100; i++) {
        struct rng a = rng_at(1, "augment", i), b = rng_at(1, "augment", i);
        struct augment_options all = {.min_scale = 0.8, .max_scale = 1.2, .min_tissue = 0.93};
        struct change c, d;

        make_patch(&r, i, MARGIN);
        bad += augment_draw(&r, &o, &a, &c, &e) == -1 || augment_draw(&r, &all, &b, &d, &e) == -1 ||
               c.flip || c.rotate || c.scale != d.scale;
    }
    tap_ok(bad == 0, "no flip, no rotation, the same scales");
    ts_clear(&r);
}

/* Without a seed pixel and tissue the scale is uniform. */
static void
test_uniform(void)
{
    enum { N = 5000, CELLS = 20 };
    struct augment_options o = {.min_scale = 0.8, .max_scale = 1.2, .min_tissue = 0.9};
    struct ts_record r = {0};
    size_t cell[CELLS] = {0};
    double chi2 = 0;

    make_patch(&r, 1, MARGIN);
    ts_meta_drop(&r, "seedpixel");
    ts_drop(&r, "tissue");
    for (uint64_t i = 0; i < N; i++) {
        struct rng rng = rng_at(2, "augment", i);
        struct change c;
        size_t k;

        if (augment_draw(&r, &o, &rng, &c, &e) == -1)
            exit(1);
        k = (size_t)((c.scale - 0.8) / 0.4 * CELLS);
        cell[k < CELLS ? k : CELLS - 1]++;
    }
    for (size_t k = 0; k < CELLS; k++)
        chi2 += pow((double)cell[k] - N / CELLS, 2) / (N / CELLS);
    /* 43.8: the 0.999 quantile of chi-square with 19 degrees of freedom (scipy 1.10.1). */
    tap_ok(chi2 < 43.8, "scales are uniform (chi-square %.1f)", chi2);
    ts_clear(&r);
}

static void
test_window(void)
{
    struct ts_record r = {0};
    struct footprint at;

    make_patch(&r, 5, MARGIN);
    apply(&r, SIZE / 2, 1, 0, 0);
    tap_ok(ts_find(&r, "image")->shape[0] == SIZE / 2 && strcmp(ts_meta(&r, "window"), "48") == 0 &&
               strcmp(ts_meta(&r, "x"), "124") == 0 && strcmp(ts_meta(&r, "y"), "224") == 0,
           "a smaller size is a smaller window round the same centre");
    make_patch(&r, 5, MARGIN);
    apply(&r, SIZE + 4, 1, 0, 0);
    tap_ok(ts_find(&r, "image")->shape[0] == SIZE + 4 &&
               strcmp(ts_meta(&r, "window"), "108") == 0 && strcmp(ts_meta(&r, "x"), "94") == 0,
           "a larger one takes pixels of the margin");
    make_patch(&r, 5, MARGIN);
    apply(&r, 0, 0.9, 1, 90);
    apply(&r, 0, 1.1, 1, 180);
    tap_ok(footprint_read(&at, &r, &e) == 0 && at.change.flip == 0 && at.change.rotate == 90 &&
               fabs(at.change.scale - 0.99) < 1e-9,
           "scales multiply, turns add up");

    /* Boxes without a mask. */
    make_patch(&r, 5, 0);
    ts_drop(&r, "mask");
    ts_meta_set(&r, "bbox", "2,5,7,30", &e);
    ts_meta_drop(&r, "seedpixel");
    apply(&r, 0, 1, 1, 0);
    tap_ok(strcmp(ts_meta_or(&r, "bbox", ""), "25,5,30,30") == 0,
           "a box without a mask is flipped");
    apply(&r, 0, 1, 0, 90);
    tap_ok(strcmp(ts_meta_or(&r, "bbox", ""), "5,2,30,7") == 0, "and rotated");
    apply(&r, 0, 2, 0, 0);
    tap_ok(ts_meta(&r, "bbox") == NULL, "and is gone where it is out of view");
    ts_clear(&r);
}

static void
refused(const char *what, struct ts_record *r, size_t size, double scale, const char *words)
{
    struct augment_options o = {
        .size = size, .min_scale = scale, .max_scale = scale < 1.2 ? 1.2 : scale};
    struct change c = {.scale = scale};
    struct rng rng = rng_at(0, "augment", 0);

    if (!tap_ok(
            (augment_draw(r, &o, &rng, &c, &e) == -1 || augment_apply(r, size, &c, 0, &e) == -1) &&
                strstr(e.text, words),
            "refused: %s", what))
        tap_note("%s", e.text);
}

static void
test_refused(void)
{
    struct ts_record r = {0};

    make_patch(&r, 1, 0);
    refused("no margin", &r, 0, 0.8,
            "no room for scale 0.8: 32 pixels need an image of 40, it has 32");
    refused("a size that has no middle", &r, 31, 1, "size 31 does not fit");
    refused("a size too large", &r, 34, 1, "size 34 does not fit");
    ts_meta_set(&r, "seedpixel", "0,0", &e);
    refused("a lesion that cannot stay in view", &r, 0, 1.5, "keeps the seed pixel 0,0");
    ts_meta_set(&r, "seedpixel", "32,0", &e);
    refused("a seed pixel outside", &r, 0, 1, "seedpixel '32,0'");
    ts_meta_set(&r, "seedpixel", "3;4", &e);
    refused("a seed pixel of no numbers", &r, 0, 1, "seedpixel '3;4'");
    ts_meta_drop(&r, "seedpixel");
    ts_meta_set(&r, "scale", "nan", &e);
    refused("a scale that is no number", &r, 0, 1, "scale 'nan'");
    ts_meta_set(&r, "scale", "1", &e);
    ts_meta_set(&r, "rotate", "45", &e);
    refused("45 degrees", &r, 0, 1, "rotate '45'");
    ts_meta_set(&r, "rotate", "0", &e);
    ts_meta_set(&r, "flip", "2", &e);
    refused("two flips", &r, 0, 1, "flip '2'");
    ts_meta_set(&r, "flip", "0", &e);
    ts_meta_set(&r, "margin", "16", &e);
    refused("a margin that leaves nothing", &r, 0, 1, "margin 16");
    ts_meta_set(&r, "margin", "0", &e);
    ts_drop(&r, "mask");
    ts_meta_set(&r, "bbox", "5,5,5,9", &e);
    refused("an empty box", &r, 0, 1, "bbox '5,5,5,9'");
    ts_put(&r, "odd", TS_F64, 2, (const size_t[]){SIZE, SIZE}, &e);
    refused("a plane of another type", &r, 0, 1, "'odd' is F64");
    ts_put_plane(&r, "image", SIZE, SIZE + 1, &e);
    refused("an image that is not square", &r, 0, 1, "as many rows");
    ts_drop(&r, "image");
    refused("no image", &r, 0, 1, "no tensor 'image'");
    make_patch(&r, 1, 0);
    ((float *)ts_find(&r, "image")->data)[7] = NAN;
    refused("a value that is not finite", &r, 0, 1, "not finite");
    ts_clear(&r);
}

/* Whole-number images become floats, value for value. */
static void
test_types(void)
{
    struct ts_record r = {0};
    struct ts_tensor *t = ts_put(&r, "image", TS_U8, 2, (const size_t[]){4, 4}, &e);

    for (size_t i = 0; i < 16; i++)
        ((uint8_t *)t->data)[i] = (uint8_t)(17 * i);
    apply(&r, 0, 1, 0, 180);
    t = ts_find(&r, "image");
    tap_ok(t->dtype == TS_F32 && at(&r, "image", 0, 0) == 1.0F &&
               at(&r, "image", 3, 2) == 17 / 255.0F,
           "a U8 image becomes F32");
    ts_clear(&r);
}

int
main(void)
{
    test_turns();
    test_group();
    test_ramp();
    test_follow();
    test_draws();
    test_uniform();
    test_window();
    test_refused();
    test_types();
    return tap_done(45);
}
