/*
 * mix - which patch comes next in a training stream of real and synthetic ones.
 *
 * The paper, "Classification": positive and negative patches are drawn with equal probability, and
 * a share of them is synthetic that decays by 10 % every 5000 samples.
 *
 * The class is drawn first, by the classes' weights; then, where the class has synthetic patches,
 * one of these is taken with the share of the moment; then a record, each with the same chance.
 *
 * ASSUMPTION: "decayed by 10 %" multiplies the share by 0.9.  Started at 0.5 it takes 25,000
 * synthetic patches in 500,000 draws, 5 %.
 *
 * Draw t depends on the seed, t, the law and the numbers of records alone.  As class, share and
 * record have random numbers of their own, two runs that differ in the share alone draw the same
 * classes, and where both draw a real patch (or both a synthetic one), the same patch.
 */
#ifndef MP_PATCH_MIX_H
#define MP_PATCH_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"

enum mix_decay {
    MIX_MUL, /* each step multiplies the share by 1 - rate */
    MIX_LIN, /* each step takes rate times the initial share away, down to 0 */
    MIX_SUB, /* each step takes rate away, down to 0 */
    MIX_NONE
};

/* The share of synthetic patches over time. */
struct mix_schedule {
    double initial, rate; /* in [0, 1] */
    uint64_t every;       /* draws between steps, at least 1 */
    enum mix_decay decay;
    uint64_t step; /* private: the step that `share` is of */
    double share;
};

struct mix_class {
    double weight; /* > 0; only ratios matter */
    int synthetic; /* it has synthetic patches */
};

/* What to take in a draw. */
struct mix_choice {
    size_t class;
    int synthetic;
    struct rng rng; /* for the record */
};

/* The share at draw t (from 0).  Cheap as long as t does not fall. */
double mix_share(struct mix_schedule *s, uint64_t t);

/* Draw t. */
struct mix_choice mix_choose(struct mix_schedule *s, const struct mix_class *class, size_t n,
                             uint64_t seed, uint64_t t);

/*
 * The numbers of draws to expect in `count` draws, with their standard deviations.
 *
 *   real, synthetic, real_sd, synthetic_sd  [n] written
 */
void mix_expect(struct mix_schedule *s, const struct mix_class *class, size_t n, uint64_t count,
                double *real, double *synthetic, double *real_sd, double *synthetic_sd);

#endif
