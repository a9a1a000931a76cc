/*
 * Lesions taken out of made-up patches of which the background is known.
 */
#include <stdlib.h>
#include <string.h>

#include "patch/paste.h"
#include "tap.h"

enum { N = 64 };

static const struct paste_config config = PASTE_DEFAULTS;

/* A plane a + b x + c y + d x y, which is harmonic, with a bump of radius r at (cx, cy). */
static void
scene(double cx, double cy, double r, double height, float *image, uint8_t *mask,
      double *background)
{
    for (size_t y = 0; y < N; y++)
        for (size_t x = 0; x < N; x++) {
            double u = (double)x / N, v = (double)y / N;
            double d2 = ((double)x - cx) * ((double)x - cx) + ((double)y - cy) * ((double)y - cy);
            double flat = 0.2 + 0.2 * u + 0.1 * v + 0.1 * u * v;

            background[y * N + x] = flat;
            mask[y * N + x] = d2 <= r * r ? 255 : 0;
            image[y * N + x] = (float)(flat + (d2 < r * r ? height * (1 - d2 / (r * r)) : 0));
        }
}

static void
test_extract(double cx, double cy, const char *where)
{
    static float image[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    static double background[N * N];
    double worst = 0, outside = 0, inside = 0;
    struct paste_config c = config;
    struct err e;

    c.smooth = 0; /* the background is harmonic as it is */
    c.edge = 0;
    scene(cx, cy, 12, 0.4, image, mask, background);
    tap_ok(paste_extract(&c, image, mask, N, N, lesion, &e) == 1, "%s: a lesion is found", where);
    for (size_t i = 0; i < N * N; i++) {
        double want = (double)image[i] - background[i];

        if (mask[i])
            worst = tap_larger(worst, fabs((double)lesion[i] - want));
        else
            outside = tap_larger(outside, fabs((double)lesion[i]));
    }
    /* At the edge of the patch the surface is level, the scene rises by 0.04 over the lesion. */
    tap_ok(worst < (cx > 16 ? 2e-5 : 0.04), "%s: it is what stands above the background: %.2g",
           where, worst);
    tap_ok(outside < (cx > 16 ? 2e-5 : 0.04), "%s: nothing outside of it: %.2g", where, outside);

    c.edge = 24; /* 6 pixels at this size */
    tap_ok(paste_extract(&c, image, mask, N, N, lesion, &e) == 1, "%s: faded", where);
    worst = 0;
    for (size_t y = 0; y < N; y++)
        for (size_t x = 0; x < N; x++) {
            double d = hypot((double)x - cx, (double)y - cy), l = (double)lesion[y * N + x];
            double whole = (double)image[y * N + x] - background[y * N + x];

            if (d < 5)
                inside = tap_larger(inside, fabs(l - whole));
            worst = tap_larger(worst, l - whole);
        }
    tap_ok(inside < (cx > 16 ? 2e-5 : 0.04), "%s: whole in the middle: %.2g", where, inside);
    tap_ok(worst < (cx > 16 ? 2e-5 : 0.04), "%s: and nowhere more: %.2g", where, worst);
}

static void
test_edges(void)
{
    static float image[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    static double background[N * N];
    struct paste_config c = config;
    double jump = 0, most = 0;
    struct err e;

    /* A step of 0.3 with no fading of its own: it is the weight that hides it. */
    scene(32, 32, 14, 0, image, mask, background);
    for (size_t i = 0; i < N * N; i++)
        image[i] += mask[i] ? 0.3F : 0;
    c.edge = 40;
    c.expand = 0;
    tap_ok(paste_extract(&c, image, mask, N, N, lesion, &e) == 1, "a step");
    for (size_t y = 0; y < N; y++)
        for (size_t x = 1; x < N; x++)
            jump =
                tap_larger(jump, fabs((double)lesion[y * N + x] - (double)lesion[y * N + x - 1]));
    for (size_t i = 0; i < N * N; i++)
        most = tap_larger(most, (double)lesion[i]);
    /* 3/2 of the mean slope, 0.3 over 11 pixels. */
    tap_ok(jump < 0.045, "its edge does not show: the largest jump is %.3f", jump);
    tap_near(most, 0.3, 0.01, "its height stays");

    memset(mask, 0, sizeof(mask));
    tap_ok(paste_extract(&config, image, mask, N, N, lesion, &e) == 0, "an empty mask");
    memset(mask, 1, sizeof(mask));
    tap_ok(paste_extract(&config, image, mask, N, N, lesion, &e) == 0, "a mask of the whole patch");
    image[5] = NAN;
    tap_ok(paste_extract(&config, image, mask, N, N, lesion, &e) == -1, "not-a-number: %s", e.text);
}

/* ---- records ---- */

static void
patch(struct ts_record *r, const char *label, double cx, double cy)
{
    static uint8_t mask[N * N];
    static double background[N * N];
    size_t shape[2] = {N, N};
    struct ts_tensor *t;
    struct err e;

    ts_clear(r);
    scene(cx, cy, 6, strcmp(label, "normal") == 0 ? 0 : 0.3, ts_put_plane(r, "image", N, N, &e),
          mask, background);
    if (strcmp(label, "normal") != 0) {
        t = ts_put(r, "mask", TS_U8, 2, shape, &e);
        memcpy(t->data, mask, sizeof(mask));
        ts_meta_set(r, "lesion", "mass", &e);
    }
    ts_meta_set(r, "label", label, &e);
    ts_meta_set(r, "id", strcmp(label, "normal") == 0 ? "aa" : "bb", &e);
    ts_meta_set(r, "patient", strcmp(label, "normal") == 0 ? "P1" : "P2", &e);
    ts_meta_set(r, "split", "train", &e);
}

static void
peak_of(const struct ts_record *r, long *x, long *y)
{
    const float *p = ts_find(r, "lesion")->data;
    size_t best = 0;

    for (size_t i = 0; i < N * N; i++)
        best = p[i] > p[best] ? i : best;
    *x = (long)(best % N);
    *y = (long)(best / N);
}

static void
test_records(void)
{
    struct ts_record in = {0}, donor = {0}, out = {0}, again = {0};
    struct paste_config c = config;
    struct err e;
    int seen = 0, sums = 1, same = 1;
    long x, y;

    for (uint64_t i = 0; i < 100; i++) {
        const float *base, *lesion, *image;
        long places[4][2] = {{20, 28}, {43, 28}, {20, 35}, {43, 35}};

        patch(&in, "normal", 0, 0);
        patch(&donor, "malignant", 20, 28);
        if (paste_record(&c, &in, &donor, 5, i, 0, &out, &e) == -1) {
            tap_ok(0, "%s", e.text);
            return;
        }
        peak_of(&out, &x, &y);
        for (int k = 0; k < 4; k++)
            for (int turned = 0; turned < 2; turned++)
                if (x == places[k][turned] && y == places[k][!turned])
                    seen |= 1 << (2 * k + turned);
        base = ts_find(&out, "base")->data;
        lesion = ts_find(&out, "lesion")->data;
        image = ts_find(&out, "image")->data;
        for (size_t p = 0; p < N * N; p++)
            sums &= image[p] == fminf(1, fmaxf(0, base[p] + lesion[p])) &&
                    base[p] == ((const float *)ts_find(&in, "image")->data)[p];
        patch(&donor, "malignant", 20, 28);
        same &= paste_record(&c, &in, &donor, 5, i, 0, &again, &e) == 0 &&
                memcmp(lesion, ts_find(&again, "lesion")->data, N * N * sizeof(float)) == 0 &&
                strcmp(ts_meta(&out, "id"), ts_meta(&again, "id")) == 0;
    }
    tap_ok(sums, "image is base + lesion, base the input");
    tap_ok(same, "same seed, same record");
    tap_ok(seen == 255, "all eight ways to turn it come (%02x)", (unsigned)seen);
    tap_ok(strcmp(ts_meta_or(&out, "label", ""), "malignant") == 0 &&
               strcmp(ts_meta_or(&out, "lesion", ""), "mass") == 0 &&
               strcmp(ts_meta_or(&out, "synthetic", ""), "1") == 0 &&
               strcmp(ts_meta_or(&out, "parent", ""), "aa") == 0 &&
               strcmp(ts_meta_or(&out, "patient", ""), "P1") == 0 &&
               strcmp(ts_meta_or(&out, "donor", ""), "bb") == 0 &&
               strcmp(ts_meta_or(&out, "donor_patient", ""), "P2") == 0 && !ts_find(&out, "mask"),
           "the metadata tell what it is and where it is from");

    c.no_flip = c.no_rotate = 1;
    patch(&donor, "malignant", 20, 28);
    paste_record(&c, &in, &donor, 5, 1, 0, &out, &e);
    peak_of(&out, &x, &y);
    tap_ok(x == 20 && y == 28, "neither flipped nor turned it stays where it was");
    c.centre = 1;
    patch(&donor, "malignant", 20, 28);
    paste_record(&c, &in, &donor, 5, 1, 0, &out, &e);
    peak_of(&out, &x, &y);
    tap_ok(labs(x - N / 2) <= 1 && labs(y - N / 2) <= 1, "or goes to the middle (%ld, %ld)", x, y);

    /* Moved, the edge that cut it fades out. */
    patch(&donor, "malignant", 1, 30);
    paste_record(&c, &in, &donor, 5, 1, 0, &out, &e);
    {
        const float *p = ts_find(&out, "lesion")->data;
        double jump = 0;

        for (size_t i = 1; i < N * N; i++)
            jump = tap_larger(jump, fabs((double)p[i] - (double)p[i - 1]));
        tap_ok(jump < 0.16, "a lesion that was cut shows no edge: %.3f", jump);
    }

    patch(&donor, "malignant", 20, 28);
    tap_ok(paste_donor(&config, &donor, &e) == 1, "a good donor");
    ts_meta_set(&donor, "synthetic", "1", &e);
    tap_ok(paste_donor(&config, &donor, &e) == -1, "a synthetic one: %s", e.text);
    patch(&donor, "normal", 20, 28);
    tap_ok(paste_donor(&config, &donor, &e) == -1, "one without a mask: %s", e.text);
    patch(&donor, "malignant", 20, 28);
    ts_meta_set(&donor, "split", "test", &e);
    tap_ok(paste_record(&c, &in, &donor, 5, 1, 0, &out, &e) == -1, "of another split: %s", e.text);
    patch(&donor, "malignant", 20, 28);
    ts_meta_set(&in, "label", "benign", &e);
    tap_ok(paste_record(&c, &in, &donor, 5, 1, 0, &out, &e) == -1, "into a lesion: %s", e.text);
    ts_clear(&in);
    ts_clear(&donor);
    ts_clear(&out);
    ts_clear(&again);
}

int
main(void)
{
    test_extract(32, 30, "in the middle");
    test_extract(3, 30, "cut by the edge");
    test_edges();
    test_records();
    return tap_done(30);
}
