/*
 * Measures of lesions against scikit-image 0.19.3 and scipy 1.10.1 (tests/ref/lesion_stats.py);
 * what turning, brightening and magnifying a patch does to them.
 */
#include <stdlib.h>
#include <string.h>

#include "patch/augment.h"
#include "patch/lesion_stats.h"
#include "tap.h"

enum { MOST = 100 };

/* The recipe of lesion_stats.py. */
static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static void
example(uint64_t k, size_t n, float *image, uint8_t *mask)
{
    static const uint64_t a[] = {7561, 3571, 8123, 6007, 9001}, b[] = {31, 77, 15, 111, 49};
    double p[5], turn;

    for (int j = 0; j < 5; j++)
        p[j] = 0.3 + 0.4 * recipe(k + 1, a[j], b[j]);
    turn = 6.0 * p[4];
    for (size_t i = 0; i < n * n; i++) {
        double y = (double)(i / n) / (double)n, x = (double)(i % n) / (double)n;
        double u = (cos(turn) * (x - p[1]) + sin(turn) * (y - p[0])) / (0.35 * p[2]);
        double v = (cos(turn) * (y - p[0]) - sin(turn) * (x - p[1])) / (0.35 * p[3]);
        double d = u * u + v * v, noise = recipe(i + 1000 * k, 7561, 31);

        image[i] = (float)(0.3 + 0.1 * x - 0.05 * y + 0.25 / (1 + d * d * d) + 0.04 * noise);
        mask[i] = d + 0.8 * noise < 1.1;
    }
}

static const struct lesion_options usual = LESION_DEFAULTS;
static float image[MOST * MOST], turned[MOST * MOST];
static uint8_t mask[MOST * MOST], region[MOST * MOST], other[MOST * MOST];

static void
test_reference(void)
{
    static const char *const name[] = {"area", "mean",      "sd",           "contrast",
                                       "edge", "roundness", "eccentricity", "cut"};
    FILE *f = fopen("tests/ref/lesion_stats.tsv", "r");
    double want[8], worst[8] = {0};
    char kind[8], head[256];
    int rows = 0, k;
    size_t n;

    if (!tap_ok(f != NULL && fgets(head, sizeof(head), f) != NULL, "lesion_stats.tsv is there"))
        return;
    while (fscanf(f, "%zu %d %7s", &n, &k, kind) == 3 && n <= MOST) {
        struct lesion_measures m;
        struct err e;
        double got[8];

        for (int j = 0; j < 8; j++)
            if (fscanf(f, "%lf", &want[j]) != 1)
                return;
        example((uint64_t)k, n, image, mask);
        if (strcmp(kind, "mask") == 0)
            memcpy(region, mask, n * n);
        else if (lesion_find(&usual, image, mask, n, n, region, &e) != 1)
            break;
        if (lesion_measure(&usual, image, region, n, n, &m, &e) != 1)
            break;
        memcpy(got,
               (double[]){m.area, m.mean, m.sd, m.contrast, m.edge, m.roundness, m.eccentricity,
                          (double)m.cut},
               sizeof(got));
        for (int j = 0; j < 8; j++)
            worst[j] = tap_larger(worst[j], fabs(got[j] - want[j]) / fmax(fabs(want[j]), 1e-3));
        rows++;
    }
    fclose(f);
    tap_ok(rows == 48, "48 lesions are measured (%d)", rows);
    for (int j = 0; j < 8; j++)
        tap_ok(worst[j] < (j == 0 || j == 7 ? 1e-12 : 1e-6), "%s as scikit-image and scipy (%.1g)",
               name[j], worst[j]);
}

/* What a quarter turn and a brighter film do not change, and what they do. */
static void
test_invariant(void)
{
    double turn = 0, shape = 0, contrast = 0;
    int areas = 1;

    for (uint64_t k = 0; k < 100; k++) {
        size_t n = 24 + k % 20;
        struct lesion_measures a, b;
        struct err e;

        example(k, n, image, mask);
        for (size_t i = 0; i < n * n; i++) {
            size_t at = (n - 1 - i % n) * n + i / n;

            turned[at] = image[i];
            other[at] = mask[i];
        }
        if (lesion_find(&usual, image, mask, n, n, region, &e) != 1 ||
            lesion_measure(&usual, image, region, n, n, &a, &e) != 1 ||
            lesion_find(&usual, turned, other, n, n, region, &e) != 1 ||
            lesion_measure(&usual, turned, region, n, n, &b, &e) != 1) {
            tap_ok(0, "lesion %zu is measured", (size_t)k);
            return;
        }
        areas &= a.area == b.area;
        turn = tap_larger(turn, fabs(a.edge / b.edge - 1));
        shape = tap_larger(shape, tap_larger(fabs(a.roundness - b.roundness),
                                             fabs(a.eccentricity - b.eccentricity)));
        for (size_t i = 0; i < n * n; i++)
            image[i] = 0.1F + 0.5F * image[i];
        if (lesion_measure(&usual, image, mask, n, n, &b, &e) != 1)
            return;
        example(k, n, turned, mask);
        if (lesion_measure(&usual, turned, mask, n, n, &a, &e) != 1)
            return;
        contrast = tap_larger(
            contrast, tap_larger(fabs(b.contrast - 0.5 * a.contrast), fabs(b.edge - 0.5 * a.edge)));
    }
    tap_ok(areas && turn < 1e-4 && shape < 1e-9, "a quarter turn changes nothing (%.1g, %.1g)",
           turn, shape);
    tap_ok(contrast < 1e-6, "at half the range contrast and edge are half (%.1g)", contrast);
}

/* A disc is round, and its perimeter is that of a circle. */
static void
test_disc(void)
{
    struct lesion_measures m;
    double both = 0, either = 0;
    struct err e;

    for (size_t i = 0; i < MOST * MOST; i++) {
        double y = (double)(i / MOST) - 49.5, x = (double)(i % MOST) - 49.5;

        mask[i] = y * y + x * x < 20 * 20;
        image[i] = mask[i] ? (float)(0.8 - 0.0001 * (y * y + x * x)) : 0.25F;
    }
    tap_ok(lesion_measure(&usual, image, mask, MOST, MOST, &m, &e) == 1 && !m.cut, "a disc");
    tap_near(m.roundness, 1, 0.03, "is round");
    tap_near(m.eccentricity, 0, 1e-6, "in every direction");
    tap_near(m.contrast, 0.53, 1e-3, "and stands out by what it stands out");
    if (lesion_find(&usual, image, mask, MOST, MOST, region, &e) != 1)
        memset(region, 0, sizeof(region));
    for (size_t i = 0; i < MOST * MOST; i++) {
        both += mask[i] && region[i];
        either += mask[i] || region[i];
    }
    tap_ok(both / either > 0.9, "it is found where it is: overlap %.3f", both / either);
    mask[0] = 1;
    lesion_measure(&usual, image, mask, MOST, MOST, &m, &e);
    tap_ok(m.cut, "a pixel at the corner is at the edge of the patch");
}

static struct ts_record
record(size_t n, const char *window, const char *scale)
{
    struct ts_record r = {0};
    struct ts_tensor *t;
    struct err e;
    float *p = ts_put_plane(&r, "image", n, n, &e);

    if (p == NULL || (t = ts_put(&r, "mask", TS_U8, 2, (size_t[]){n, n}, &e)) == NULL ||
        ts_meta_set(&r, "x", "5", &e) == -1 || ts_meta_set(&r, "y", "5", &e) == -1 ||
        ts_meta_set(&r, "window", window, &e) == -1 || ts_meta_set(&r, "scale", scale, &e) == -1)
        exit(1);
    example(3, n, ts_find(&r, "image")->data, t->data);
    return r;
}

static void
test_record(void)
{
    struct ts_record a = record(64, "64", "1"), b = record(64, "160", "1.25");
    struct lesion_measures m, k;
    struct lesion_options o = usual;
    struct err e;

    tap_ok(lesion_measure_record(&usual, &a, &m, &e) == 1 &&
               lesion_measure_record(&usual, &b, &k, &e) == 1,
           "records are measured");
    tap_near(k.area, 4 * m.area, 1e-9, "areas are in pixels of the image");
    tap_near(k.edge, m.edge / 2, 1e-9, "and edges in levels for each of these");
    o.plane = "base";
    tap_ok(lesion_measure_record(&o, &a, &m, &e) == -1, "no base: %s", e.text);
    memset(ts_find(&a, "mask")->data, 0, 64 * 64);
    tap_ok(lesion_measure_record(&usual, &a, &m, &e) == 0, "an empty mask");
    memset(ts_find(&b, "mask")->data, 1, 64 * 64);
    o = usual;
    o.region = LESION_MASK;
    tap_ok(lesion_measure_record(&o, &b, &m, &e) == 0, "a full one has no surroundings");
    ts_drop(&b, "mask");
    tap_ok(lesion_measure_record(&usual, &b, &m, &e) == -1, "no mask: %s", e.text);
    for (size_t i = 0; i < 64 * 64; i++)
        ((float *)ts_find(&a, "image")->data)[i] = 0.5F;
    memset(ts_find(&a, "mask")->data, 1, 64);
    tap_ok(lesion_measure_record(&usual, &a, &m, &e) == 0, "nothing to see on a blank patch");
    ts_meta_drop(&a, "window");
    tap_ok(lesion_measure_record(&usual, &a, &m, &e) == -1, "no window: %s", e.text);
    ts_clear(&a);
    ts_clear(&b);
}

int
main(void)
{
    test_reference();
    test_invariant();
    test_disc();
    test_record();
    return tap_done(27);
}
