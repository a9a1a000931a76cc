/* Telling synthetic patches from real ones: folds, equal kinds, kinds that differ. */
#include <stdlib.h>

#include "base/rng.h"
#include "nn/backend.h"
#include "tap.h"
#include "train/tell_apart.h"

enum { SIDE = 16, PATIENTS = 40, EACH = 3, N = PATIENTS * EACH };

static struct err e;
static float patch[N * SIDE * SIDE];
static uint8_t synthetic[N];
static uint32_t patient[N];
static const struct tell_apart_patches all = {N, SIDE, patch, synthetic, patient, NULL, PATIENTS};

/* Every third patient has both kinds, the others one of them. */
static void
deal_kinds(void)
{
    for (size_t i = 0; i < N; i++) {
        patient[i] = (uint32_t)(i / EACH);
        synthetic[i] = patient[i] % 3 == 0 ? i % 2 : patient[i] % 3 == 1;
    }
}

static void
test_folds(void)
{
    enum { DEALT = 5 };
    int even = 1, differ = 0;

    deal_kinds();
    for (uint64_t seed = 0; seed < 100; seed++) {
        size_t fold[PATIENTS], first[PATIENTS], has[2][DEALT] = {{0}};

        if (tell_apart_deal(&all, DEALT, seed, fold, &e) == -1 ||
            tell_apart_deal(&all, DEALT, 0, first, &e) == -1) {
            tap_ok(0, "%s", e.text);
            return;
        }
        for (size_t p = 0; p < PATIENTS; p++) {
            differ += fold[p] != first[p];
            for (int kind = 0; kind < 2; kind++)
                has[kind][fold[p]] += p % 3 == 0 || (p % 3 == 1) == (kind == 1);
        }
        for (int kind = 0; kind < 2; kind++)
            for (size_t f = 0; f < DEALT; f++)
                even &= has[kind][f] >= 5 && has[kind][f] <= 6; /* 27 of 5 folds */
    }
    tap_ok(even, "patients of each kind are dealt evenly, 100 seeds");
    tap_ok(differ > 1000, "and differently by another");
    for (size_t i = 0; i < N; i++)
        synthetic[i] = patient[i] < 4;
    {
        size_t fold[PATIENTS];

        tap_ok(tell_apart_deal(&all, DEALT, 1, fold, &e) == -1, "too few: %s", e.text);
    }
}

/* Noise, each patient on a grey level of her own; `bright`: synthetic ones are brighter. */
static void
fill(uint64_t seed, float bright)
{
    deal_kinds();
    for (size_t i = 0; i < N; i++) {
        struct rng of = rng_at(seed, "patient", patient[i]), r = rng_at(seed, "patch", i);
        double level = rng_between(&of, 0.3, 0.5);

        for (size_t k = 0; k < SIDE * SIDE; k++)
            patch[i * SIDE * SIDE + k] =
                (float)(level + 0.1 * rng_uniform(&r)) + (synthetic[i] ? bright : 0);
    }
}

enum { FOLDS = 4 };

static double
area(uint64_t seed, double fold[FOLDS], struct apart_share *s)
{
    const struct tell_apart_config c = {FOLDS, 25, 8, 0.25, seed};

    if (tell_apart(&all, &c, fold, &e) == -1) {
        tap_note("%s", e.text);
        return NAN;
    }
    *s = tell_apart_area(fold, FOLDS, 0.95);
    return s->value;
}

static void
test_areas(void)
{
    enum { SEEDS = 20 };
    double fold[FOLDS], again[FOLDS], sum = 0;
    struct apart_share s;
    int holds = 0, same = 1;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fill(seed, 0);
        sum += area(seed, fold, &s);
        holds += s.lower <= 0.5 && s.upper >= 0.5;
    }
    tap_ok(fabs(sum / SEEDS - 0.5) < 0.05, "kinds that do not differ: area %.3f, mean of %d seeds",
           sum / SEEDS, SEEDS);
    tap_ok(holds >= SEEDS - 2, "%d intervals of %d hold 0.5", holds, SEEDS);
    fill(1, 0.4F);
    sum = area(1, fold, &s);
    tap_ok(sum > 0.97, "kinds that differ: %.3f", sum);
    area(1, again, &s);
    for (size_t f = 0; f < FOLDS; f++)
        same &= fold[f] == again[f];
    tap_ok(same, "same seed, same areas");
    patch[5] = NAN;
    tap_ok(isnan(area(1, fold, &s)), "not-a-number: %s", e.text);
}

/*
 * With two folds, a patch of a patient in either is neither trained on nor scored: not-a-number
 * does no harm there.
 */
static void
test_other(void)
{
    static uint32_t other[N];
    const struct tell_apart_config c = {2, 5, 8, 0.25, 1};
    struct tell_apart_patches both = all;
    size_t fold[PATIENTS], apart = 0;
    double area[2];

    fill(3, 0);
    both.other = other;
    for (size_t i = 0; i < N; i++)
        other[i] = synthetic[i] ? 3 * (patient[(i + 7) % N] / 3) : patient[i];
    if (tell_apart_deal(&both, c.folds, c.seed, fold, &e) == -1) {
        tap_ok(0, "%s", e.text);
        return;
    }
    for (size_t i = 0; i < N; i++)
        if (fold[patient[i]] != fold[other[i]]) {
            patch[i * SIDE * SIDE] = NAN;
            apart++;
        }
    tap_ok(apart > 10 && tell_apart(&both, &c, area, &e) == 0,
           "%zu patches of two patients in different folds are left aside", apart);
    tap_ok(tell_apart(&all, &c, area, &e) == -1, "those of one are not: %s", e.text);
}

/* The mean is 0.6 and the variance of the folds 0.085 / 3; t of 3 degrees of freedom is 3.182446
 * (R's qt). */
static void
test_interval(void)
{
    const double fold[] = {0.4, 0.55, 0.65, 0.8}, wide[] = {0, 1, 1, 1};
    struct apart_share s = tell_apart_area(fold, 4, 0.95);
    double half = 3.182446305284 * sqrt((1.0 / 4 + 1.0 / 3) * 0.085 / 3);

    tap_near(s.value, 0.6, 1e-12, "the mean of the folds");
    tap_near(s.lower, 0.6 - half, 1e-9, "the interval's lower end");
    tap_near(s.upper, fmin(1, 0.6 + half), 1e-9, "and its upper end");
    s = tell_apart_area(wide, 4, 0.95);
    tap_ok(s.lower == 0 && s.upper == 1, "cut off at 0 and 1");
}

int
main(void)
{
    backend_threads(1);
    test_folds();
    test_areas();
    test_other();
    test_interval();
    return tap_done(14);
}
