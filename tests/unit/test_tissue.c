/*
 * Tissue masks: on drawn films and phantoms whose breast is known; with MAMMO_DATA set, on the 127
 * films of mini-MIAS that have published masks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/progress.h"
#include "base/rng.h"
#include "image/tissue.h"
#include "patch/phantom.h"

static struct err e;

static struct image
blank(size_t h, size_t w, unsigned max)
{
    struct image im = {.h = h, .w = w, .max = max, .px = calloc(h * w, sizeof(uint16_t))};

    return im;
}

static double
overlap(const struct mask *a, const struct mask *b)
{
    size_t both = 0, any = 0;

    for (size_t i = 0; i < a->h * a->w; i++) {
        both += a->px[i] & b->px[i];
        any += a->px[i] | b->px[i];
    }
    return a->h == b->h && a->w == b->w && any > 0 ? (double)both / (double)any : 0;
}

/*
 * A scanned film of 8 bits, wall at the left: padding, a background that is lighter at the top,
 * noise, half an ellipse with a soft skin, and what does not belong to it: a label, a white strip
 * and a scratch.
 */
static struct image
draw_film(uint64_t seed, int muscle, struct mask *truth, size_t *muscle_px)
{
    size_t h = 700, w = 560;
    struct image im = blank(h, w, 255);
    struct rng g = rng_at(seed, "test-tissue", 0);
    double base = rng_between(&g, 3, 20);
    double rx = rng_between(&g, 200, 300), ry = rng_between(&g, 260, 320);
    double across = rng_between(&g, 100, 160), down = rng_between(&g, 250, 400);

    mask_alloc(truth, h, w, &e);
    *muscle_px = 0;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 30; x < 530; x++) {
            double u = (double)(x - 30), v = (double)y - 330;
            double level = base + 8 * (double)(h - y) / (double)h;
            double r = sqrt(u * u / (rx * rx) + v * v / (ry * ry));

            if (r < 1) {
                level += fmin(1, 8 * (1 - r) + 0.1) * (100 + 20 * sin(u / 15) * cos(v / 20));
                truth->px[y * w + x] = 1;
                if (muscle && u < across * (1 - (double)y / down)) {
                    level += 60;
                    ++*muscle_px;
                }
            }
            if (x > 440 && x < 500 && y > 20 && y < 90)
                level = 235;
            if (x > 505 || (y > 400 && x == 470))
                level = 250;
            level += 2 * rng_normal(&g);
            im.px[y * w + x] = (uint16_t)fmin(255, fmax(1, level));
        }
    return im;
}

static void
mirror(const struct image *from, struct image *to)
{
    *to = blank(from->h, from->w, from->max);
    for (size_t y = 0; y < from->h; y++)
        for (size_t x = 0; x < from->w; x++)
            to->px[y * from->w + x] = from->px[(y + 1) * from->w - 1 - x];
}

static void
test_films(void)
{
    double worst = 1, worst_mirror = 1;
    int sides = 1, sixteen = 1, labels = 1;

    for (uint64_t seed = 0; seed < 6; seed++) {
        struct tissue_account a;
        struct image im, other;
        struct mask truth, m, m2;
        size_t none;

        im = draw_film(seed, 0, &truth, &none);
        if (tissue_trace(&im, NULL, &m, &a, &e) == -1) {
            tap_ok(0, "seed %d: %s", (int)seed, e.text);
            return;
        }
        worst = fmin(worst, overlap(&m, &truth));
        sides &= a.side == 'L';
        labels &= a.labels > 0.015 && a.labels < 0.03;
        labels &= a.beside > 0.14 && a.beside < 0.16;

        mirror(&im, &other);
        tissue_trace(&other, NULL, &m2, &a, &e);
        sides &= a.side == 'R';
        for (size_t y = 0; y < im.h; y++)
            for (size_t x = 0; x < im.w / 2; x++) {
                uint8_t *l = &m2.px[y * im.w + x], *r = &m2.px[(y + 1) * im.w - 1 - x], t = *l;

                *l = *r;
                *r = t;
            }
        worst_mirror = fmin(worst_mirror, overlap(&m, &m2));
        mask_free(&m2);

        for (size_t i = 0; i < im.h * im.w; i++)
            im.px[i] = (uint16_t)(im.px[i] * 257);
        im.max = 65535;
        tissue_find(&im, NULL, &m2, &e);
        sixteen &= overlap(&m, &m2) > 0.9999;
        mask_free(&m2);
        mask_free(&m);
        mask_free(&truth);
        image_free(&im);
        image_free(&other);
    }
    tap_ok(worst >= 0.96, "drawn films: worst overlap %.4f", worst);
    tap_ok(worst_mirror >= 0.999, "mirrored films give mirrored masks: %.4f", worst_mirror);
    tap_ok(sides, "the side of the chest wall");
    tap_ok(labels, "label and strip are accounted for");
    tap_ok(sixteen, "16 bits give the mask that 8 bits give");
}

static void
test_muscle(void)
{
    struct tissue_options cut = TISSUE_DEFAULTS;
    double worst = 0;
    int kept = 1;

    cut.cut_pectoral = 1;
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct tissue_account a;
        struct image im;
        struct mask truth, m;
        size_t muscle;

        im = draw_film(seed, 1, &truth, &muscle);
        tissue_trace(&im, &cut, &m, &a, &e);
        worst = tap_larger(worst, fabs(a.pectoral * (double)(im.h * im.w) / (double)muscle - 1));
        mask_free(&m);
        tissue_trace(&im, NULL, &m, &a, &e);
        kept &= a.pectoral == 0 && overlap(&m, &truth) > 0.96;
        mask_free(&m);
        mask_free(&truth);
        image_free(&im);
        im = draw_film(seed, 0, &truth, &muscle);
        tissue_trace(&im, &cut, &m, &a, &e);
        kept &= a.pectoral < 0.02;
        mask_free(&m);
        mask_free(&truth);
        image_free(&im);
    }
    tap_ok(worst <= 0.12, "the muscle is cut: its area is off by %.3f at worst", worst);
    tap_ok(kept,
           "it is kept where it is not asked for, and next to nothing is cut where there is none");
}

static void
test_phantoms(void)
{
    struct phantom_opts o = {.seed = 11, .h = 600, .w = 450, .sides = 1, .train = 0.6, .val = 0.2};
    double worst = 1;
    int sides = 1;

    for (uint64_t i = 0; i < 4; i++) {
        struct phantom_view v;
        struct phantom_case c;
        struct tissue_account a;
        struct mask m;

        phantom_case(&o, i, &c);
        if (phantom_draw(&o, i, &v, &e) == -1 || tissue_trace(&v.image, NULL, &m, &a, &e) == -1) {
            tap_ok(0, "phantom %d: %s", (int)i, e.text);
            return;
        }
        worst = fmin(worst, overlap(&m, &v.tissue));
        sides &= (a.side == 'L') == (c.side == SIDE_L);
        mask_free(&m);
        phantom_free(&v);
    }
    tap_ok(worst >= 0.97, "phantoms: worst overlap %.4f", worst);
    tap_ok(sides, "phantoms: the side of the chest wall");
}

/* What a scanner and fog add to a film, wall at the left. */
enum { FOG, WHITE_FRAME, WHITE_WALL, BLACK_WALL, TOP_FOG, N_STRIPS };

/*
 * A film of 8 bits that fills the image but for a strip of one kind, askew where it lies beside the
 * film.  The breast's ends meet the wall within the image, or the film's upper and lower edges
 * where the strip is there.  added: the strip, not quite to its end and to the breast.
 */
static struct image
draw_strip(uint64_t seed, int kind, struct mask *truth, struct mask *added)
{
    size_t h = 640, w = 400;
    struct image im = blank(h, w, 255);
    struct rng g = rng_at(seed, "test-tissue-strip", 0);
    double base = rng_between(&g, 6, 14), rx = rng_between(&g, 180, 260);
    int tall = kind == WHITE_FRAME || kind == TOP_FOG;
    double ry = rng_between(&g, 180, 230) + (tall ? 150 : 0), wide = rng_between(&g, 10, 18);
    double askew = kind == FOG ? 0 : rng_between(&g, -8, 8);

    mask_alloc(truth, h, w, &e);
    mask_alloc(added, h, w, &e);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            double u = (double)x, v = (double)y - 320, level = base;
            double r = sqrt(u * u / (rx * rx) + v * v / (ry * ry));
            double edge = wide + askew * ((double)y / (double)h - 0.5);
            double from_top = wide + askew * (u / (double)w - 0.5);
            int beside = (kind == WHITE_WALL || kind == BLACK_WALL) && u < edge;
            int near = (kind == WHITE_WALL || kind == BLACK_WALL) && u < edge - 2;

            if (kind == WHITE_FRAME) {
                double end = fmin((double)y, (double)(h - 1 - y));

                beside = end < from_top;
                near = end < from_top - 2;
            }
            if (kind == TOP_FOG && r >= 1 && u < rx + 50 && y < 18) {
                level += 40;
                near = r > 1.15 && y < 14;
            }
            if (kind == FOG && u < 2 * wide) {
                level += 70 * pow(1 - u / (2 * wide), 2);
                near = r > 1.25 && u < wide;
            }
            if (r < 1 && !beside) {
                level = fmax(level, base + fmin(1, 8 * (1 - r) + 0.1) *
                                               (100 + 20 * sin(u / 15) * cos(v / 20)));
                truth->px[y * w + x] = 1;
            }
            level += 2 * rng_normal(&g);
            if (beside)
                level = kind == BLACK_WALL ? 0 : 250;
            added->px[y * w + x] = (uint8_t)near;
            im.px[y * w + x] = (uint16_t)fmin(255, fmax(0, level));
        }
    return im;
}

/* The breast without what was added, and of that next to nothing. */
static void
test_strips(void)
{
    static const char *const what[] = {"fog along the wall", "white above and below",
                                       "white beside the wall", "black beside the wall",
                                       "fog at the top"};

    for (int kind = 0; kind < N_STRIPS; kind++) {
        double worst = 1, most = 0, least = 1, beside = 0;

        for (uint64_t seed = 0; seed < 12; seed++) {
            struct tissue_account a;
            struct image im, other;
            struct mask truth, added, m;
            size_t in = 0, all = 0;

            im = draw_strip(seed, kind, &truth, &added);
            if (seed % 2) {
                mirror(&im, &other);
                image_free(&im);
                im = other;
            }
            if (tissue_trace(&im, NULL, &m, &a, &e) == -1) {
                tap_ok(0, "%s, seed %d: %s", what[kind], (int)seed, e.text);
                return;
            }
            for (size_t y = 0; seed % 2 && y < im.h; y++)
                for (size_t x = 0; x < im.w / 2; x++) {
                    uint8_t *l = &m.px[y * im.w + x], *r = &m.px[(y + 1) * im.w - 1 - x], t = *l;

                    *l = *r;
                    *r = t;
                }
            for (size_t i = 0; i < im.h * im.w; i++) {
                in += added.px[i] & m.px[i];
                all += added.px[i];
            }
            worst = fmin(worst, overlap(&m, &truth));
            most = fmax(most, (double)in / (double)all);
            least = fmin(least, a.beside);
            beside = fmax(beside, a.beside);
            mask_free(&m);
            mask_free(&truth);
            mask_free(&added);
            image_free(&im);
        }
        tap_ok(worst >= 0.96, "%s: worst overlap %.4f", what[kind], worst);
        tap_ok(most <= 0.02, "%s: %.4f of it is tissue at most", what[kind], most);
        if (kind == FOG || kind == TOP_FOG)
            tap_ok(beside == 0, "%s is on the film", what[kind]);
        else
            tap_ok(least > 0.01, "%s: is accounted for, %.4f", what[kind], least);
    }
}

/* What is narrow at other edges, or dark inside, is breast all the same. */
static void
test_narrow(void)
{
    struct image im = blank(640, 330, 255);
    struct tissue_account a;
    struct mask truth, m;
    size_t nipple = 0, found = 0;

    mask_alloc(&truth, im.h, im.w, &e);
    for (size_t y = 0; y < im.h; y++)
        for (size_t x = 0; x < im.w; x++) {
            double u = (double)x, v = (double)y - 320;
            int in = u * u / (300.0 * 300) + v * v / (280.0 * 280) < 1;
            int is_nipple = !in && u >= 290 && fabs(v) < 20;
            int fat = fabs(v) < 120 && u < 150 && (y / 25) % 2;

            truth.px[y * im.w + x] = in || is_nipple;
            im.px[y * im.w + x] = in || is_nipple ? (fat ? 3 : 140) : 3;
        }
    if (tissue_trace(&im, NULL, &m, &a, &e) == -1) {
        tap_ok(0, "narrow parts: %s", e.text);
        return;
    }
    for (size_t y = 302; y < 338; y++)
        for (size_t x = 305; x < im.w; x++) {
            nipple++;
            found += m.px[y * im.w + x];
        }
    tap_ok(overlap(&m, &truth) > 0.98, "dark fat at the wall is breast: overlap %.4f",
           overlap(&m, &truth));
    tap_ok((double)found > 0.9 * (double)nipple, "and so is a nipple at the edge: %zu of %zu",
           found, nipple);
    mask_free(&m);
    mask_free(&truth);
    image_free(&im);
}

/* Any image at all: a mask of its size, or a reason. */
static void
test_odd(void)
{
    struct image black = blank(300, 200, 255), im;
    struct mask m;
    int ok = 1;

    tap_ok(tissue_find(&black, NULL, &m, &e) == -1 && m.px == NULL, "a black image: %s", e.text);
    image_free(&black);
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng g = rng_at(seed, "test-tissue-odd", 0);
        struct tissue_options o = TISSUE_DEFAULTS;
        size_t h = 1 + (size_t)rng_below(&g, seed % 2 ? 90 : 5);
        size_t w = 1 + (size_t)rng_below(&g, seed % 3 ? 60 : 4);
        unsigned density = (unsigned)rng_below(&g, 101);
        int rc;

        if (seed % 50 == 49)
            w = 3000;
        im = blank(h, w, 65535);
        for (size_t i = 0; i < h * w; i++)
            im.px[i] = rng_below(&g, 100) < density ? (uint16_t)rng_below(&g, 65536) : 0;
        o.cut_pectoral = seed % 2;
        o.detail = seed % 5 ? 0.01 : 0.1 * rng_uniform(&g);
        e.text[0] = '\0';
        rc = tissue_find(&im, &o, &m, &e);
        ok &= rc == 0 ? m.h == h && m.w == w : e.text[0] != '\0' && m.px == NULL;
        if (!ok) {
            tap_note("seed %d", (int)seed);
            break;
        }
        mask_free(&m);
        image_free(&im);
    }
    tap_ok(ok, "noise of all sizes gives a mask of that size, or a reason");
}

static int
film_overlap(const char *data, int number, double *iou, double *seconds)
{
    char path[4096];
    struct image im;
    struct mask truth, m;
    double start;

    snprintf(path, sizeof(path), "%s/mini-mias/breast-masks/mdb%03d.png", data, number);
    if (mask_read(path, 0, &truth, &e) == -1)
        return 0;
    snprintf(path, sizeof(path), "%s/mini-mias/mini-mias.zip:mdb%03d.pgm", data, number);
    if (image_read(path, &im, &e) == -1) {
        tap_ok(0, "%s", e.text);
        mask_free(&truth);
        return 0;
    }
    start = progress_clock();
    *iou = tissue_find(&im, NULL, &m, &e) == 0 ? overlap(&m, &truth) : 0;
    *seconds += progress_clock() - start;
    mask_free(&m);
    mask_free(&truth);
    image_free(&im);
    return 1;
}

static void
test_real(void)
{
    const char *data = getenv("MAMMO_DATA");
    double sum[2] = {0}, worst = 1, iou, seconds = 0;
    int n[2] = {0}, which = 0;

    if (data == NULL) {
        tap_skip(3, "mini-MIAS: MAMMO_DATA is not set");
        return;
    }
    for (int i = 1; i <= 322; i++)
        if (film_overlap(data, i, &iou, &seconds)) {
            sum[i % 2] += iou;
            n[i % 2]++;
            which = iou < worst ? i : which;
            worst = fmin(worst, iou);
        }
    if (n[0] + n[1] == 0) {
        tap_skip(3, "no mini-MIAS in %s", data);
        return;
    }
    tap_note("%d films, %.1f ms each", n[0] + n[1], 1e3 * seconds / (n[0] + n[1]));
    tap_ok((sum[0] + sum[1]) / (n[0] + n[1]) >= 0.97, "mini-MIAS: mean overlap %.4f",
           (sum[0] + sum[1]) / (n[0] + n[1]));
    tap_ok(worst >= 0.88, "mini-MIAS: worst overlap %.4f, mdb%03d", worst, which);
    tap_ok(sum[0] / n[0] >= 0.97 && sum[1] / n[1] >= 0.97,
           "mini-MIAS: right breasts %.4f, left %.4f", sum[0] / n[0], sum[1] / n[1]);
}

int
main(void)
{
    test_films();
    test_muscle();
    test_phantoms();
    test_strips();
    test_narrow();
    test_odd();
    test_real();
    return tap_done(31);
}
