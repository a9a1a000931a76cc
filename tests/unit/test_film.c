/*
 * Strips beside a film: drawn ones are found to the pixel, and nothing is taken for one.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/rng.h"
#include "image/film.h"

enum { H = 400, W = 240 };

static float p[H * W];
static uint8_t off[H * W];

/* Film: background, noise, and a breast at the left that is as bright as a lamp in places. */
static void
draw_film(struct rng *g)
{
    double rx = rng_between(g, 90, 160), ry = rng_between(g, 120, 260);

    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++) {
            double u = (double)x, v = (double)y - 200;
            double r = sqrt(u * u / (rx * rx) + v * v / (ry * ry));
            double level = r < 1 ? 0.5 + 0.4 * sin(u / 20) * cos(v / 30) : 0.06;

            p[y * W + x] = (float)fmin(1, fmax(0.01, level + 0.01 * rng_normal(g)));
        }
}

/* The strip's depth along side `which` at t, from a at one end to b at the other. */
static double
depth_at(int which, double a, double b, size_t y, size_t x)
{
    return which < 2 ? a + (b - a) * (double)y / (H - 1) : a + (b - a) * (double)x / (W - 1);
}

static double
from_side(int which, size_t y, size_t x)
{
    size_t d[] = {x, W - 1 - x, y, H - 1 - y};

    return (double)d[which];
}

static void
test_found(int black)
{
    double short_of = 0, beyond = 0, level = 0;

    for (uint64_t seed = 0; seed < 120; seed++) {
        struct rng g = rng_at(seed, "test-film", (uint64_t)black);
        int which = (int)(seed % 4);
        double most = which < 2 ? 22 : 40, a = rng_between(&g, 3, most);
        double b = fmin(most, fmax(3, a + rng_between(&g, -5, 5)));

        draw_film(&g);
        /* Behind a black strip there must be something to see. */
        for (size_t i = 0; i < H * W; i++)
            p[i] = black && which != 0 ? fmaxf(p[i], 0.3f) : p[i];
        for (size_t y = 0; y < H; y++)
            for (size_t x = 0; x < W; x++)
                if (from_side(which, y, x) < depth_at(which, a, b, y, x))
                    p[y * W + x] = black ? 0.0f : 0.98f;
        film_frame(p, off, H, W);
        for (size_t y = 0; y < H; y++)
            for (size_t x = 0; x < W; x++) {
                double d = depth_at(which, a, b, y, x) - from_side(which, y, x);

                if (!off[y * W + x] && d > 0)
                    short_of = fmax(short_of, d);
                if (off[y * W + x])
                    beyond = fmax(beyond, -d);
                if (off[y * W + x] && d > 0 && black)
                    level += p[y * W + x] == 0.0f;
            }
    }
    tap_ok(short_of <= 1.5, "%s strips are found: short by %.2f at most", black ? "black" : "white",
           short_of);
    tap_ok(beyond <= 3, "and end where the film begins: beyond by %.2f at most", beyond);
    tap_ok(level == 0, "and are painted over");
}

static void
test_none(void)
{
    size_t n = 0;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rng g = rng_at(seed, "test-film-none", 0);

        draw_film(&g);
        film_frame(p, off, H, W);
        for (size_t i = 0; i < H * W; i++)
            n += off[i];
    }
    tap_ok(n == 0, "without strips there are none: %zu pixels", n);
}

/* A frame, and a lid beside the lamp. */
static void
test_several(void)
{
    struct rng g = rng_at(1, "test-film-several", 0);
    size_t wrong = 0;

    draw_film(&g);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++) {
            if (x < 12 || x >= W - 9 || y < 10 || y >= H - 20)
                p[y * W + x] = 0.95f;
            if (x < 6)
                p[y * W + x] = 0;
        }
    film_frame(p, off, H, W);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++) {
            if (x < 12 || x >= W - 9 || y < 10 || y >= H - 20)
                wrong += !off[y * W + x];
            if (x >= 15 && x < W - 12 && y >= 13 && y < H - 23)
                wrong += off[y * W + x];
        }
    tap_ok(wrong == 0, "a frame, and black beside it: %zu pixels wrong", wrong);
}

/* Any plane at all, down to a pixel. */
static void
test_odd(void)
{
    int ok = 1;

    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng g = rng_at(seed, "test-film-odd", 0);
        size_t h = 1 + (size_t)rng_below(&g, seed % 3 ? 40 : 3);
        size_t w = 1 + (size_t)rng_below(&g, seed % 2 ? 40 : 9);
        float *q = malloc(h * w * sizeof(*q));
        uint8_t *o = malloc(h * w);

        for (size_t i = 0; i < h * w; i++)
            q[i] = (float)rng_below(&g, 2 + seed % 7) / (float)(1 + seed % 7);
        film_frame(q, o, h, w);
        for (size_t i = 0; i < h * w; i++)
            ok &= o[i] <= 1 && q[i] >= 0 && q[i] <= 1;
        free(q);
        free(o);
    }
    tap_ok(ok, "planes of all sizes keep their range");
}

int
main(void)
{
    test_found(0);
    test_found(1);
    test_none();
    test_several();
    test_odd();
    return tap_done(9);
}
