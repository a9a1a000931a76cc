/*
 * Lesions taken out of made-up patches of which the lesion, or the background, is known.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "image/morph.h"
#include "patch/paste.h"
#include "patch/phantom.h"
#include "tap.h"

enum { N = 64 };

static const struct paste_config config = PASTE_DEFAULTS;

/* ---- how much of a lesion is carried over ---- */

/* Over many patches: the true lesion t, what was found l, and how it looks pasted. */
struct tally {
    double body, found_body, beyond,
        found_beyond;        /* sums of t t and l t, in the mask and outside */
    double stray;            /* l l where there is no lesion */
    double steps, own_steps; /* between neighbours at the edge of l, pasted and before */
};

static void
count_pixels(struct tally *s, const uint8_t *mask, const float *truth, const float *lesion)
{
    for (size_t i = 0; i < N * N; i++) {
        double t = (double)truth[i], l = (double)lesion[i];

        *(mask[i] ? &s->body : &s->beyond) += t * t;
        *(mask[i] ? &s->found_body : &s->found_beyond) += l * t;
        s->stray += t > 0.003 ? 0 : l * l;
    }
}

/* What a seam would show as: larger steps where the lesion ends than the patch has there. */
static void
count_steps(struct tally *s, const float *base, const float *lesion)
{
    for (size_t y = 0; y + 1 < N; y++)
        for (size_t x = 0; x + 1 < N; x++) {
            size_t a = y * N + x, to[2] = {a + 1, a + N};

            for (int k = 0; k < 2; k++) {
                size_t b = to[k];

                if ((lesion[a] > 0) == (lesion[b] > 0))
                    continue;
                s->own_steps += fabs((double)base[a] - (double)base[b]);
                s->steps +=
                    fabs((double)base[a] + (double)lesion[a] - (double)base[b] - (double)lesion[b]);
            }
        }
}

/* Tissue: noise of four scales, the coarser the stronger. */
static void
tissue(struct rng *r, float *p)
{
    static float octave[N * N];
    struct err e;

    for (size_t i = 0; i < N * N; i++)
        p[i] = 0.4F;
    for (double sigma = 1; sigma <= 8; sigma *= 2) {
        for (size_t i = 0; i < N * N; i++)
            octave[i] = (float)rng_normal(r);
        gauss_smooth(octave, N, N, sigma, 4, &e);
        for (size_t i = 0; i < N * N; i++) /* smoothing leaves 1 / (2 sqrt(pi) sigma) */
            p[i] += (float)(0.015 * sqrt(sigma) * 3.545 * sigma) * octave[i];
    }
    for (size_t i = 0; i < N * N; i++)
        p[i] = fminf(0.9F, fmaxf(0.02F, p[i]));
}

/* A disc, of which the mask is told, and straight spicules, of which it is not. */
static void
draw_lesion(struct rng *r, double cx, double cy, uint8_t *mask, float *lesion)
{
    double radius = rng_between(r, 6, 10), contrast = rng_between(r, 0.2, 0.3), angle[10];

    for (int k = 0; k < 10; k++)
        angle[k] = 0.6283 * (k + rng_between(r, -0.3, 0.3));
    for (size_t y = 0; y < N; y++)
        for (size_t x = 0; x < N; x++) {
            double dx = (double)x - cx, dy = (double)y - cy, d = hypot(dx, dy), line = 0;

            for (int k = 0; k < 10; k++) {
                double along = dx * cos(angle[k]) + dy * sin(angle[k]);
                double across = dy * cos(angle[k]) - dx * sin(angle[k]);

                if (along > 0.6 * radius && along < 1.9 * radius)
                    line = fmax(line, exp(-across * across / (2 * 0.8 * 0.8)) *
                                          fmin(1, (1.9 * radius - along) / radius));
            }
            mask[y * N + x] = d <= radius;
            lesion[y * N + x] = (float)fmax(contrast * fmin(1, fmax(0, (radius + 1.5 - d) / 3)),
                                            0.5 * contrast * line);
        }
}

static void
test_drawn(void)
{
    static float image[N * N], base[N * N], truth[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    struct tally s = {0};
    int good = 0;
    struct err e;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rng r = rng_at(seed, "test-paste", 0);

        tissue(&r, image);
        tissue(&r, base);
        draw_lesion(&r, rng_between(&r, 26, 38), rng_between(&r, 26, 38), mask, truth);
        for (size_t i = 0; i < N * N; i++)
            image[i] = fminf(1, image[i] + truth[i]);
        good += paste_extract(&config, image, mask, N, N, 0, lesion, &e) == PASTE_GOOD;
        count_pixels(&s, mask, truth, lesion);
        count_steps(&s, base, lesion);
    }
    tap_ok(good == 100, "drawn lesions with spicules: %d of 100 are good", good);
    tap_ok(s.found_body / s.body > 0.9, "of their bodies %.3f is carried over",
           s.found_body / s.body);
    tap_ok(s.found_beyond / s.beyond > 0.8, "of their spicules %.3f", s.found_beyond / s.beyond);
    tap_ok(s.found_body / s.body < 1.1 && s.found_beyond / s.beyond < 1.1, "and not too much");
    tap_ok(s.stray / (s.body + s.beyond) < 0.03, "with tissue of %.3f of their energy",
           s.stray / (s.body + s.beyond));
    tap_ok(s.steps / s.own_steps < 1.3, "at their edges steps are %.3f of those there",
           s.steps / s.own_steps);
}

/*
 * A smooth disc in tissue, and a bright dot near it that does not touch it: neither the dot nor the
 * texture of the tissue behind the disc is the lesion's.
 */
static void
test_what_stays(void)
{
    static float image[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    double dot = 0, steps = 0, own_steps = 0;
    struct err e;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rng r = rng_at(seed, "test-paste-dot", 0);

        tissue(&r, image);
        for (size_t i = 0; i < N * N; i++) {
            double x = (double)(i % N) - 28, y = (double)(i / N) - 32, d = hypot(x, y);

            mask[i] = d <= 10;
            image[i] += (float)(0.2 * fmin(1, fmax(0, (11 - d) / 2)) +
                                0.2 * exp(-((x - 19) * (x - 19) + y * y) / 2));
            image[i] = fminf(1, image[i]);
        }
        paste_extract(&config, image, mask, N, N, 0, lesion, &e);
        dot += (double)lesion[32 * N + 28 + 19] / 0.2 / 100;
        for (size_t y = 26; y < 38; y++)
            for (size_t x = 22; x < 34; x++) {
                size_t i = y * N + x;

                steps += fabs((double)lesion[i + 1] - (double)lesion[i]);
                own_steps += fabs((double)image[i + 1] - (double)image[i]);
            }
    }
    tap_ok(dot < 0.5, "of a dot beside a lesion %.3f comes along", dot);
    tap_ok(steps / own_steps < 0.85, "of the texture behind it %.3f", steps / own_steps);
}

/* ---- phantoms, drawn with their lesions and without ---- */

/* The window of a picture around the middle of a finding, if it is inside. */
static int
window(const struct phantom_view *v, const struct phantom_view *clean, size_t f, float *image,
       float *truth, uint8_t *mask)
{
    const struct phantom_finding *at = &v->finding[f];
    size_t x0 = (at->x0 + at->x1) / 2 - N / 2, y0 = (at->y0 + at->y1) / 2 - N / 2;

    if (x0 > v->image.w - N || y0 > v->image.h - N) /* or below 0 */
        return 0;
    for (size_t y = 0; y < N; y++)
        for (size_t x = 0; x < N; x++) {
            size_t from = (y0 + y) * v->image.w + x0 + x, to = y * N + x;

            image[to] = (float)v->image.px[from] / 65535;
            truth[to] = image[to] - (float)clean->image.px[from] / 65535;
            mask[to] = v->findings.px[from] == f + 1;
        }
    return 1;
}

static void
test_phantoms(enum term_lesion kind)
{
    static float image[N * N], truth[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    struct phantom_opts o = {.seed = 11,
                             .h = 800,
                             .w = 640,
                             .sides = 1,
                             .malignant = 1,
                             .calcification = kind == LESION_CALCIFICATION,
                             .train = 1};
    struct phantom_opts none = o;
    const char *name = kind == LESION_MASS ? "masses" : "clusters";
    struct tally s = {0};
    int good = 0;
    struct err e;

    none.malignant = 0;
    for (uint64_t k = 0; k < 16; k++) {
        struct phantom_view v, clean;

        if (phantom_draw(&o, k, &v, &e) == -1 || phantom_draw(&none, k, &clean, &e) == -1) {
            tap_ok(0, "%s", e.text);
            return;
        }
        for (size_t f = 0; f < v.n; f++)
            if (v.finding[f].kind == kind && window(&v, &clean, f, image, truth, mask) &&
                paste_extract(&config, image, mask, N, N, kind == LESION_CALCIFICATION, lesion,
                              &e) == PASTE_GOOD) {
                good++;
                count_pixels(&s, mask, truth, lesion);
            }
        phantom_free(&v);
        phantom_free(&clean);
    }
    tap_ok(good >= 10, "phantoms: %d %s", good, name);
    tap_ok(s.found_body / s.body > (kind == LESION_MASS ? 0.9 : 0.8),
           "%s: in their masks %.3f of the lesion is carried over", name, s.found_body / s.body);
    if (kind == LESION_MASS)
        tap_ok(s.found_beyond / s.beyond > 0.7, "%s: spicules and margins beyond %.3f", name,
               s.found_beyond / s.beyond);
}

/* ---- what is known exactly ---- */

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
test_harmonic(double cx, double cy, const char *where)
{
    static float image[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    static double background[N * N];
    double worst = 0, outside = 0, allowed = cx > 16 ? 1e-3 : 0.05;
    struct paste_config c = config;
    struct err e;

    c.max_cut = 1;
    scene(cx, cy, 12, 0.4, image, mask, background);
    tap_ok(paste_extract(&c, image, mask, N, N, 0, lesion, &e) == PASTE_GOOD,
           "%s: a lesion is found", where);
    for (size_t i = 0; i < N * N; i++) {
        double want = (double)image[i] - background[i];

        if (mask[i])
            worst = tap_larger(worst, fabs((double)lesion[i] - want));
        else
            outside = tap_larger(outside, fabs((double)lesion[i]));
    }
    /* At the edge of the patch the surface is level, the scene is not. */
    tap_ok(worst < allowed, "%s: it is what stands above the background: %.2g", where, worst);
    tap_ok(outside < allowed, "%s: nothing outside of it: %.2g", where, outside);
}

static void
test_glow(void)
{
    static float image[N * N], lesion[N * N];
    static uint8_t mask[N * N];
    double jump = 0, most = 0;
    struct err e;

    /* Wider than any support can be: the lesion must end before it does. */
    for (size_t y = 0; y < N; y++)
        for (size_t x = 0; x < N; x++) {
            double d2 = ((double)x - 31) * ((double)x - 31) + ((double)y - 33) * ((double)y - 33);

            image[y * N + x] = (float)(0.2 + 0.5 * exp(-d2 / (2 * 14 * 14)));
            mask[y * N + x] = d2 < 100;
        }
    tap_ok(paste_extract(&config, image, mask, N, N, 0, lesion, &e) == PASTE_GOOD, "a wide glow");
    for (size_t i = 1; i < N * N; i++) {
        most = tap_larger(most, (double)lesion[i]);
        if (lesion[i] > 0 && !(lesion[i - 1] > 0))
            jump = tap_larger(jump, (double)lesion[i]);
    }
    tap_ok(jump < 0.006 && most > 0.1, "it begins with %.4f and reaches %.2f", jump, most);
}

static int
verdict(const float *image, const uint8_t *mask, double max_cut, int specks, struct err *e)
{
    static float lesion[N * N];
    struct paste_config c = config;

    c.max_cut = max_cut;
    return paste_extract(&c, image, mask, N, N, specks, lesion, e);
}

static void
test_verdicts(void)
{
    static float image[N * N];
    static uint8_t mask[N * N];
    static double background[N * N];
    struct err e;

    scene(32, 32, 10, 0.3, image, mask, background);
    tap_ok(verdict(image, mask, 0, 0, &e) == PASTE_GOOD, "a whole lesion is good");
    scene(12, 32, 10, 0.3, image, mask, background);
    tap_ok(verdict(image, mask, 0, 0, &e) == PASTE_GOOD, "near the edge, too");
    scene(4, 32, 10, 0.3, image, mask, background);
    tap_ok(verdict(image, mask, 0.25, 0, &e) == PASTE_CUT,
           "a disc cut at 0.4 of its radius is not");
    tap_ok(verdict(image, mask, 1, 0, &e) == PASTE_GOOD, "but if it may be cut");
    scene(8, 32, 10, 0.3, image, mask, background);
    tap_ok(verdict(image, mask, 0.25, 0, &e) == PASTE_GOOD, "one cut at 0.8 is good");
    tap_ok(verdict(image, mask, 0, 0, &e) == PASTE_CUT, "but if none may be cut");
    scene(32, 32, 10, 0.9, image, mask, background);
    for (size_t i = 0; i < N * N; i++)
        image[i] = fminf(1, image[i]);
    tap_ok(verdict(image, mask, 0.25, 0, &e) == PASTE_WHITE, "one that is clipped is white");
    scene(32, 32, 10, -0.2, image, mask, background);
    tap_ok(verdict(image, mask, 0.25, 0, &e) == PASTE_FAINT, "a dark one is faint");
    scene(32, 32, 10, 0, image, mask, background);
    tap_ok(verdict(image, mask, 0.25, 1, &e) == PASTE_FAINT, "so is a cluster without specks");
    memset(mask, 0, sizeof(mask));
    tap_ok(verdict(image, mask, 0.25, 0, &e) == PASTE_EMPTY, "an empty mask");
    memset(mask, 1, sizeof(mask));
    tap_ok(verdict(image, mask, 1, 0, &e) == PASTE_CUT, "a mask of the whole patch is cut");
    for (size_t i = 0; i < N * N; i++)
        mask[i] = i % N > 0 && i % N < N - 1 && i >= N && i < N * (N - 1);
    tap_ok(verdict(image, mask, 0, 0, &e) == PASTE_LARGE, "all but its edge is too large");
    image[5] = NAN;
    tap_ok(verdict(image, mask, 0.25, 0, &e) == -1, "not-a-number: %s", e.text);
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

static const uint8_t *
mask_of(const struct ts_record *r)
{
    return ts_find(r, "mask")->data;
}

/* Whether `bbox` is the box of a disc of radius 6 around (x, y). */
static int
box_holds(const struct ts_record *r, long x, long y)
{
    char want[100];

    snprintf(want, sizeof(want), "%ld,%ld,%ld,%ld", x - 6, y - 6, x + 7, y + 7);
    return strcmp(ts_meta_or(r, "bbox", ""), want) == 0;
}

static void
test_records(void)
{
    struct ts_record in = {0}, donor = {0}, out = {0}, again = {0};
    struct paste_config c = config;
    struct err e;
    int seen = 0, sums = 1, same = 1, follows = 1;
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
        follows &= mask_of(&out)[(size_t)y * N + (size_t)x] == 1 && box_holds(&out, x, y);
    }
    tap_ok(sums, "image is base + lesion, base the input");
    tap_ok(same, "same seed, same record");
    tap_ok(follows, "its mask and the box of it turn with the lesion");
    tap_ok(seen == 255, "all eight ways to turn it come (%02x)", (unsigned)seen);
    tap_ok(strcmp(ts_meta_or(&out, "label", ""), "malignant") == 0 &&
               strcmp(ts_meta_or(&out, "lesion", ""), "mass") == 0 &&
               strcmp(ts_meta_or(&out, "synthetic", ""), "1") == 0 &&
               strcmp(ts_meta_or(&out, "parent", ""), "aa") == 0 &&
               strcmp(ts_meta_or(&out, "patient", ""), "P1") == 0 &&
               strcmp(ts_meta_or(&out, "donor", ""), "bb") == 0 &&
               strcmp(ts_meta_or(&out, "donor_patient", ""), "P2") == 0,
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
    tap_ok(labs(x - N / 2) <= 1 && labs(y - N / 2) <= 1 && box_holds(&out, x, y) &&
               mask_of(&out)[(size_t)y * N + (size_t)x] == 1,
           "or goes to the middle with its mask (%ld, %ld)", x, y);

    patch(&donor, "malignant", 1, 30);
    tap_ok(paste_record(&c, &in, &donor, 5, 1, 0, &out, &e) == -1, "one that is cut: %s", e.text);
    /* Moved, the edge that cut it fades out. */
    c.max_cut = 1;
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
    tap_ok(paste_donor(&config, &donor, &e) == PASTE_GOOD, "a good donor");
    patch(&donor, "malignant", 1, 30);
    tap_ok(paste_donor(&config, &donor, &e) == PASTE_CUT, "one that is cut");
    patch(&donor, "malignant", 20, 28);
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
    test_drawn();
    test_what_stays();
    test_phantoms(LESION_MASS);
    test_phantoms(LESION_CALCIFICATION);
    test_harmonic(32, 30, "in the middle");
    test_harmonic(3, 30, "cut by the edge");
    test_glow();
    test_verdicts();
    test_records();
    return tap_done(49);
}
