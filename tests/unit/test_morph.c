/* Morphology and Gaussian smoothing against scipy.ndimage 1.10.1: tests/ref/image_ref.py. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../ref/image_morph.h"
#include "../tap.h"
#include "base/rng.h"
#include "image/morph.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct err e;

static void
unpack(const char *bits, size_t n, uint8_t *m)
{
    for (size_t i = 0; i < n; i++) {
        char c = bits[i / 4];

        m[i] = ((c <= '9' ? c - '0' : c - 'a' + 10) >> (3 - i % 4)) & 1;
    }
}

/* m, as the operation left it, must be the mask that bits describe. */
static int
same(const uint8_t *m, const char *bits, size_t n)
{
    uint8_t want[1024];

    unpack(bits, n, want);
    return memcmp(m, want, n) == 0;
}

static void
test_shapes(void)
{
    uint8_t m[1024];

    for (size_t i = 0; i < COUNT(morph); i++) {
        size_t h = morph[i].h, w = morph[i].w, n = h * w;
        int ok = 1;

        for (size_t s = 0; s < COUNT(morph_steps); s++) {
            unpack(morph[i].bits, n, m);
            ok &= morph_dilate(m, h, w, morph_steps[s], &e) == 0 && same(m, morph[i].dilated[s], n);
            unpack(morph[i].bits, n, m);
            ok &= morph_erode(m, h, w, morph_steps[s], &e) == 0 && same(m, morph[i].eroded[s], n);
        }
        tap_ok(ok, "%s: dilation and erosion by crosses", morph[i].name);
        ok = 1;
        for (size_t r = 0; r < COUNT(morph_radii); r++) {
            unpack(morph[i].bits, n, m);
            ok &= morph_dilate_disc(m, h, w, morph_radii[r], &e) == 0 &&
                  same(m, morph[i].disc_dilated[r], n);
            unpack(morph[i].bits, n, m);
            ok &= morph_erode_disc(m, h, w, morph_radii[r], &e) == 0 &&
                  same(m, morph[i].disc_eroded[r], n);
        }
        tap_ok(ok, "%s: dilation and erosion by discs", morph[i].name);
        unpack(morph[i].bits, n, m);
        morph_dilate(m, h, w, 0, &e);
        morph_erode(m, h, w, 0, &e);
        tap_ok(same(m, morph[i].bits, n), "%s: no steps change nothing", morph[i].name);
    }
}

static void
test_components(void)
{
    uint8_t m[1024];
    uint32_t label[1024];

    for (size_t i = 0; i < COUNT(morph); i++) {
        size_t h = morph[i].h, w = morph[i].w, n = h * w;

        for (int c = 4; c <= 8; c += 4) {
            const char *letters = c == 4 ? morph[i].label4 : morph[i].label8;
            size_t *area, counted[128] = {0};
            long found;
            int ok = 1;

            unpack(morph[i].bits, n, m);
            found = morph_components(m, h, w, c, label, &area, &e);
            for (size_t j = 0; j < n; j++) {
                size_t want = (size_t)(strchr(alphabet, letters[j]) - alphabet);

                ok &= label[j] == want;
                counted[want]++;
            }
            ok &= found == (c == 4 ? morph[i].n4 : morph[i].n8);
            for (long k = 0; k <= found; k++)
                ok &= area[k] == counted[k];
            free(area);
            tap_ok(ok, "%s: components, %d neighbours", morph[i].name, c);

            found = morph_keep_largest(m, h, w, c, &e);
            for (size_t j = 0; j < n; j++)
                found -= m[j];
            tap_ok(found == 0 && same(m, morph[i].largest[c / 8], n),
                   "%s: the largest, %d neighbours", morph[i].name, c);
        }
        unpack(morph[i].bits, n, m);
        tap_ok(morph_fill_holes(m, h, w, &e) == 0 && same(m, morph[i].filled, n),
               "%s: holes filled", morph[i].name);
    }
}

static void
load(float *p)
{
    for (size_t i = 0; i < COUNT(gauss_src); i++)
        p[i] = (float)(gauss_src[i] / 1000.0);
}

static void
test_gauss(void)
{
    float p[12 * 15], before[12 * 15], constant[5 * 3];
    double worst;

    for (size_t i = 0; i < COUNT(gauss); i++) {
        load(p);
        tap_ok(gauss_smooth(p, 12, 15, gauss[i].sigma, gauss[i].truncate, &e) == 0,
               "smoothing works");
        worst = 0;
        for (size_t j = 0; j < COUNT(p); j++)
            worst = tap_larger(worst, fabs((double)p[j] - gauss[i].want[j]));
        tap_ok(worst <= 1e-6, "sigma %g, truncated at %g: off by %.2g", gauss[i].sigma,
               gauss[i].truncate, worst);
    }
    load(p);
    load(before);
    gauss_smooth(p, 12, 15, 0, 4, &e);
    tap_ok(memcmp(p, before, sizeof(p)) == 0, "sigma 0 does nothing");
    for (size_t j = 0; j < COUNT(constant); j++)
        constant[j] = 0.25f;
    gauss_smooth(constant, 5, 3, 30, 4, &e);
    worst = 0;
    for (size_t j = 0; j < COUNT(constant); j++)
        worst = tap_larger(worst, fabs((double)constant[j] - 0.25));
    tap_ok(worst <= 1e-7, "a kernel of many times the plane keeps a constant");
    tap_ok(gauss_smooth(p, 12, 15, NAN, 4, &e) == -1, "sigma that is not a number is refused");
    tap_ok(gauss_smooth(p, 12, 15, -1, 4, &e) == -1, "negative sigma is refused");
    tap_ok(gauss_smooth(p, 12, 15, 1e300, 4, &e) == -1, "huge sigma is refused");
}

/* Opening only removes, closing away from the border only adds, both do nothing the second time. */
static void
test_properties(void)
{
    uint8_t m[40 * 33], a[sizeof(m)], b[sizeof(m)];
    int shrinks = 1, grows = 1, idempotent = 1;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rng g = rng_at(seed, "test-morph", 0);
        double density = rng_uniform(&g), r = 4 * rng_uniform(&g);

        for (size_t i = 0; i < sizeof(m); i++) {
            size_t y = i / 33, x = i % 33;

            m[i] = rng_uniform(&g) < density && y >= 5 && y < 35 && x >= 5 && x < 28;
        }
        memcpy(a, m, sizeof(m));
        morph_erode_disc(a, 40, 33, r, &e);
        morph_dilate_disc(a, 40, 33, r, &e);
        memcpy(b, a, sizeof(m));
        morph_erode_disc(b, 40, 33, r, &e);
        morph_dilate_disc(b, 40, 33, r, &e);
        idempotent &= memcmp(a, b, sizeof(m)) == 0;
        for (size_t i = 0; i < sizeof(m); i++)
            shrinks &= a[i] <= m[i];
        memcpy(a, m, sizeof(m));
        morph_dilate_disc(a, 40, 33, r, &e);
        morph_erode_disc(a, 40, 33, r, &e);
        for (size_t i = 0; i < sizeof(m); i++)
            grows &= a[i] >= m[i];
        if (!(shrinks && grows && idempotent)) {
            tap_note("seed %llu", (unsigned long long)seed);
            break;
        }
    }
    tap_ok(shrinks, "opening only removes");
    tap_ok(grows, "closing only adds");
    tap_ok(idempotent, "opening twice is opening once");
}

int
main(void)
{
    uint8_t m[4] = {0, 1, 1, 0};

    test_shapes();
    test_components();
    test_gauss();
    test_properties();
    tap_ok(morph_dilate_disc(m, 2, 2, NAN, &e) == -1, "a radius that is not a number is refused");
    tap_ok(morph_erode_disc(m, 2, 2, -1, &e) == -1, "a negative radius is refused");
    return tap_done(112);
}
