/* Random numbers: Philox's known answers, normals one by one and in pairs, drawn in any order. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "tap.h"

/* kat_vectors of Random123 1.14: philox4x32 10. */
static void
known(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } answer[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < sizeof(answer) / sizeof(answer[0]); i++) {
        uint32_t out[4];

        rng_philox(answer[i].counter, answer[i].key, out);
        tap_ok(memcmp(out, answer[i].out, sizeof(out)) == 0, "known answer %zu", i);
    }
}

/* The numbers behind n others, skipped or drawn. */
static void
order(void)
{
    enum { N = 300 };
    struct rng singles = rng_at(3, "order", 5), pairs = singles;
    int same = 1, first = 1, skipped = 1;

    for (uint32_t n = 0; n < N; n++) {
        struct rng one = rng_at(3, "order", 5), two = one;
        double pair[2], skip[2], single = rng_normal(&singles);

        rng_normal_pair(&pairs, pair);
        rng_skip_normals(&one, n);
        rng_skip_normals(&two, n);
        rng_normal_pair(&two, skip);
        same &= rng_normal(&one) == single;
        skipped &= memcmp(pair, skip, sizeof(pair)) == 0;
        first &= fabs(pair[0] - single) <= 1e-14 * (1 + fabs(single));
    }
    tap_ok(same, "rng_skip_normals() passes over normals");
    tap_ok(skipped, "and over pairs");
    tap_ok(first, "the first of a pair is what rng_normal() draws");
}

/* Bounds are five standard errors. */
static void
moments(void)
{
    enum { N = 100000 };
    struct rng r = rng_at(4, "moments", 0);
    double sum[2] = {0}, square[2] = {0}, fourth[2] = {0}, product = 0, se = 5 / sqrt(N);

    for (int i = 0; i < N; i++) {
        double p[2];

        rng_normal_pair(&r, p);
        product += p[0] * p[1];
        for (int k = 0; k < 2; k++) {
            sum[k] += p[k];
            square[k] += p[k] * p[k];
            fourth[k] += p[k] * p[k] * p[k] * p[k];
        }
    }
    for (int k = 0; k < 2; k++) {
        tap_near(sum[k] / N, 0, se, "mean of a pair's numbers");
        tap_near(square[k] / N, 1, se * sqrt(2), "variance");
        tap_near(fourth[k] / N, 3, se * sqrt(96), "fourth moment");
    }
    tap_near(product / N, 0, se, "they do not correlate");
}

int
main(void)
{
    known();
    order();
    moments();
    return tap_done(13);
}
