/*
 * surround: measures against numpy and scipy (tests/ref/surround.py), and what must hold of any.
 * like: examples that are read, and those that are not.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "patch/like.h"
#include "stream/tstream.h"
#include "tap.h"

enum { MOST = 100 };

static uint8_t mask[MOST * MOST];
static float image[MOST * MOST];

/* The recipe of surround.py. */
static void
make_patch(uint64_t seed, size_t side)
{
    struct rng r = rng_at(seed, "surround", 0);
    double u[6], n = (double)side, spread = seed % 5 == 0 ? 1.2 : 0.22, cx, cy, rx, ry;

    for (int i = 0; i < 6; i++)
        u[i] = rng_uniform(&r);
    cx = n * u[0];
    cy = n * u[1];
    rx = n * (0.02 + spread * u[2]);
    ry = n * (0.02 + spread * u[3]);
    for (size_t i = 0; i < side * side; i++) {
        double x = (double)(i % side), y = (double)(i / side);

        mask[i] = (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) <= 1;
        image[i] = (float)(0.2 + 0.3 * rng_uniform(&r) + 0.4 * u[4] * x / n - 0.1 * u[5] * y / n);
    }
}

static size_t
count(const struct surround *s, uint8_t zone)
{
    size_t n = 0;

    for (size_t i = 0; i < s->side * s->side; i++)
        n += s->zone[i] == zone;
    return n;
}

/* Sums of up to 10,000 numbers below 1, and of their squares less nearly the same: 1e-12. */
static void
test_scipy(void)
{
    FILE *f = fopen("tests/ref/surround.tsv", "r");
    uint64_t seed;
    size_t side, hidden, near;
    double want[SURROUND_SEEN], worst = 0;
    int lines = 0, zones = 0, none = 0;

    tap_ok(f != NULL, "tests/ref/surround.tsv is there");
    if (f == NULL || fscanf(f, "#%*[^\n]") == EOF)
        return;
    while (fscanf(f, "%" SCNu64 " %zu %zu %zu %lf %lf %lf %lf %lf %lf", &seed, &side, &hidden,
                  &near, &want[0], &want[1], &want[2], &want[3], &want[4], &want[5]) == 10) {
        struct surround s;
        struct err e;
        double x[SURROUND_MEASURES];
        int rc;

        make_patch(seed, side);
        rc = surround_init(&s, mask, side, &e);
        lines++;
        if (rc == 1) {
            surround_see(&s, image, x);
            zones += count(&s, SURROUND_HIDDEN) == hidden && count(&s, SURROUND_IS_NEAR) == near;
            for (int k = 0; k < SURROUND_SEEN; k++)
                worst = tap_larger(worst, fabs(x[k] - want[k]));
            surround_free(&s);
        } else {
            none += rc == 0 && hidden == 0;
        }
    }
    fclose(f);
    tap_ok(lines == 60 && zones + none == 60 && none > 0, "zones of %d patches are scipy's", lines);
    tap_ok(worst <= 1e-12, "and so are their measures: largest error %.2g", worst);
}

/* What is hidden does not matter; turning the patch changes nothing but rounding. */
static void
test_hidden(void)
{
    size_t bad = 0;

    for (uint64_t seed = 100; seed < 200; seed++) {
        enum { SIDE = 40 };
        double before[SURROUND_MEASURES], after[SURROUND_MEASURES], turned[SURROUND_MEASURES];
        static uint8_t m[SIDE * SIDE];
        static float p[SIDE * SIDE];
        struct surround s;
        struct err e;

        make_patch(seed, SIDE);
        if (surround_init(&s, mask, SIDE, &e) != 1)
            continue;
        surround_see(&s, image, before);
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            m[SIDE * SIDE - 1 - i] = mask[i];
            p[SIDE * SIDE - 1 - i] = image[i];
            if (s.zone[i] == SURROUND_HIDDEN)
                image[i] = 7;
        }
        surround_see(&s, image, after);
        bad += memcmp(before, after, SURROUND_SEEN * sizeof(*before)) != 0;
        surround_free(&s);
        if (surround_init(&s, m, SIDE, &e) != 1) {
            bad++;
            continue;
        }
        surround_see(&s, p, turned);
        for (int k = 0; k < SURROUND_SEEN; k++)
            bad += !(fabs(turned[k] - before[k]) < 0.05) ||
                   (k != SURROUND_GRAIN && !(fabs(turned[k] - before[k]) < 1e-12));
        surround_free(&s);
    }
    tap_ok(bad == 0, "what is hidden does not matter, nor does half a turn");
}

/* ---- examples ---- */

static char path[] = "/tmp/test_surround.XXXXXX";

/* A stream of patches 1 .. n of `side` with their margin; those of `without` have no mask. */
static void
write_stream(size_t n, size_t side, size_t margin, const char *depth, size_t without)
{
    struct ts_record r = {0};
    struct err e;
    FILE *f = fopen(path, "wb");
    struct ts_writer *out = f ? ts_create(dup(fileno(f)), path, &e) : NULL;
    size_t h = side + 2 * margin;

    if (out == NULL)
        exit(1);
    fclose(f);
    for (size_t k = 1; k <= n; k++) {
        float *p = ts_put_plane(&r, "image", h, h, &e);
        struct ts_tensor *m = ts_put(&r, "mask", TS_U8, 2, (size_t[]){h, h}, &e);

        make_patch(k, side);
        if (p == NULL || m == NULL)
            exit(1);
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++) {
                p[(y + margin) * h + x + margin] = image[y * side + x];
                ((uint8_t *)m->data)[(y + margin) * h + x + margin] = mask[y * side + x] ? 255 : 0;
            }
        if (k == without)
            ts_drop(&r, "mask");
        if (ts_meta_setf(&r, "id", &e, "%zu", k) == -1 ||
            ts_meta_setf(&r, "patient", &e, "P%zu", k) == -1 ||
            ts_meta_setf(&r, "margin", &e, "%zu", margin) == -1 ||
            ts_meta_setf(&r, "tissue", &e, "%g", 0.9 + 0.001 * (double)k) == -1 ||
            ts_meta_set(&r, "depth", depth, &e) == -1 ||
            ts_meta_set(&r, "height", "0.25", &e) == -1 || ts_write(out, &r, &e) == -1)
            exit(1);
        ts_clear(&r);
    }
    if (ts_finish(out, &e) == -1)
        exit(1);
}

/* C = 0.95 R + 0.05 I, straight from the examples; measures that do not vary are left aside. */
static void
shared(const struct like *l, double c[SURROUND_MEASURES][SURROUND_MEASURES],
       double sd[SURROUND_MEASURES])
{
    double n = (double)l->n, mean[SURROUND_MEASURES] = {0};

    for (size_t i = 0; i < l->n; i++)
        for (int k = 0; k < SURROUND_MEASURES; k++)
            mean[k] += l->example[i].x[k] / n;
    for (int k = 0; k < SURROUND_MEASURES; k++) {
        double square = 0;

        for (size_t i = 0; i < l->n; i++)
            square += pow(l->example[i].x[k] - mean[k], 2) / n;
        sd[k] = sqrt(square);
    }
    for (int k = 0; k < SURROUND_MEASURES; k++)
        for (int j = 0; j < SURROUND_MEASURES; j++) {
            double both = 0;

            for (size_t i = 0; i < l->n; i++)
                both += (l->example[i].x[k] - mean[k]) * (l->example[i].x[j] - mean[j]) / n;
            c[k][j] = k == j ? 1 : sd[k] * sd[j] > 0 ? 0.95 * both / (sd[k] * sd[j]) : 0;
        }
}

/* Where d = C u the squared distance d' C^-1 d is u' C u, whatever u: no inverse is needed to tell
 * it.  Depth and height are all the same: u is 0 there, and what they are does not matter. */
static void
test_law(const struct like *l)
{
    double c[SURROUND_MEASURES][SURROUND_MEASURES], sd[SURROUND_MEASURES], worst = 0;

    shared(l, c, sd);
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rng r = rng_at(seed, "law", 0);
        double u[SURROUND_MEASURES] = {0}, x[SURROUND_MEASURES], want = 0;
        size_t of = seed % l->n;

        for (int k = 0; k < SURROUND_DEPTH; k++)
            u[k] = rng_between(&r, -1, 1);
        for (int k = 0; k < SURROUND_MEASURES; k++) {
            double d = 0;

            for (int j = 0; j < SURROUND_MEASURES; j++)
                d += c[k][j] * u[j];
            want += u[k] * d;
            x[k] = l->example[of].x[k] + (k < SURROUND_DEPTH ? sd[k] * d : 3);
        }
        worst = tap_larger(worst, fabs(like_distance(l, of, x) / want - 1));
    }
    tap_ok(worst <= 1e-9, "distances are Mahalanobis's: largest error %.2g", worst);
}

/* Two examples: all measures go together, and one that departs from that is far off, not out of
 * reach. */
static void
test_few(void)
{
    double along[SURROUND_MEASURES], across[SURROUND_MEASURES];
    struct like l;
    struct err e;

    write_stream(2, 64, 0, "0.5", 0);
    if (!tap_ok(like_read(&l, path, 64, &e) == 0 && l.n == 2, "two examples"))
        return;
    memcpy(along, l.example[1].x, sizeof(along));
    memcpy(across, along, sizeof(across));
    across[SURROUND_NEAR] = l.example[0].x[SURROUND_NEAR];
    tap_ok(like_distance(&l, 0, along) < 5 && like_distance(&l, 0, across) > 10 &&
               like_distance(&l, 0, across) < 1000,
           "what goes together counts once: %.3g; what departs, more: %.3g",
           like_distance(&l, 0, along), like_distance(&l, 0, across));
    like_free(&l);
}

static void
test_examples(void)
{
    enum { SIDE = 64, N = 20 };
    static uint8_t got[SIDE * SIDE];
    struct like l;
    struct err e = {.text = ""};
    size_t bad = 0, none = 0, at = 0;

    write_stream(N, SIDE, 5, "0.5", 0);
    if (!tap_ok(like_read(&l, path, SIDE, &e) == 0, "a stream of examples")) {
        tap_note("%s", e.text);
        return;
    }
    for (uint64_t k = 1; k <= N; k++) {
        struct surround s;
        double x[SURROUND_MEASURES];

        make_patch(k, SIDE);
        if (surround_init(&s, mask, SIDE, &e) != 1) {
            none++;
            continue;
        }
        surround_see(&s, image, x);
        surround_free(&s);
        bad += strtoul(l.example[at].id, NULL, 10) != k || l.example[at].patient[0] != 'P' ||
               memcmp(x, l.example[at].x, SURROUND_SEEN * sizeof(*x)) != 0 ||
               l.example[at].x[SURROUND_HEIGHT] != 0.25 ||
               !(fabs(l.example[at].x[SURROUND_TISSUE] - 0.9 - 0.001 * (double)k) < 1e-6);
        like_mask(&l, at, got);
        for (size_t i = 0; i < SIDE * SIDE; i++)
            bad += (got[i] == 255) != mask[i] || (got[i] != 0 && got[i] != 255);
        bad += like_distance(&l, at, l.example[at].x) != 0;
        at++;
    }
    tap_ok(bad == 0 && at == l.n && none == l.left_out && none > 0,
           "%zu are what the records say; %zu without surroundings are left out", l.n, none);
    test_law(&l);
    like_free(&l);

    tap_ok(like_read(&l, path, SIDE - 2, &e) == -1 && l.n == 0, "another size: %s", e.text);
    write_stream(3, SIDE, 0, "0.5", 2);
    tap_ok(like_read(&l, path, SIDE, &e) == -1 && strstr(e.text, "record 1: no U8 tensor 'mask'"),
           "no mask: %s", e.text);
    write_stream(3, SIDE, 0, "", 0);
    tap_ok(like_read(&l, path, SIDE, &e) == -1 && strstr(e.text, "record 0: depth ''"),
           "no depth: %s", e.text);
    write_stream(0, SIDE, 0, "1", 0);
    tap_ok(like_read(&l, path, SIDE, &e) == -1 && strstr(e.text, "no lesion with surroundings"),
           "no examples: %s", e.text);
}

int
main(void)
{
    if (mkstemp(path) == -1)
        return 1;
    test_scipy();
    test_hidden();
    test_examples();
    test_few();
    unlink(path);
    return tap_done(13);
}
