/*
 * Quartiles against numpy 1.24.2, distances against scipy 1.10.1, intervals against a bootstrap
 * written out in numpy (tests/ref/two_samples.py); properties; what is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/two_samples.h"
#include "tap.h"

enum { MOST = 2000 };

static double value[MOST];
static uint8_t second[MOST];
static uint32_t patient[MOST];

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static struct two_samples
cases(size_t n, int ties, size_t patients)
{
    for (size_t k = 0; k < n; k++) {
        uint64_t i = k + 1, p = i % patients;

        patient[k] = (uint32_t)p;
        second[k] = (uint8_t)(p % 5 == 0 ? i / patients % 2 : p % 2);
        value[k] = recipe(i, 7561, 31) + 0.8 * recipe(p + 1, 3571, 77) + 0.2 * second[k];
        if (ties > 0)
            value[k] = floor(value[k] * ties);
    }
    return (struct two_samples){n, second, patient, patients};
}

static void
test_reference(void)
{
    FILE *f = fopen("tests/ref/two_samples.tsv", "r");
    size_t n, patients, rows = 0;
    double w[12];
    int ties;

    tap_ok(f != NULL, "tests/ref/two_samples.tsv is there");
    while (f != NULL && fscanf(f, "%zu %d %zu", &n, &ties, &patients) == 3) {
        struct two_samples_result r;
        struct two_samples s = cases(n, ties, patients);
        double exact = 0, wide;
        struct err e;

        for (int j = 0; j < 12; j++)
            if (fscanf(f, "%lf", &w[j]) != 1)
                return;
        if (two_samples_compare(&s, value, 4000, 0.95, 1, &r, &e) == -1) {
            tap_ok(0, "%s", e.text);
            return;
        }
        for (int j = 0; j < 6; j++)
            exact = tap_larger(exact, fabs(r.quartile[j / 3][j % 3] - w[j]));
        exact = tap_larger(exact, tap_larger(fabs(r.difference - w[6]), fabs(r.distance - w[7])));
        tap_ok(exact < 1e-12, "%zu cases: quartiles and distance as numpy and scipy (%.1g)", n,
               exact);
        /* Both are draws: an end is known to some hundredths of the width. */
        wide = w[9] - w[8];
        tap_ok(fabs(r.difference_lower - w[8]) <= 0.08 * wide &&
                   fabs(r.difference_upper - w[9]) <= 0.08 * wide,
               "interval of the difference %.3f..%.3f, by numpy %.3f..%.3f", r.difference_lower,
               r.difference_upper, w[8], w[9]);
        wide = w[11] - w[10];
        tap_ok(fabs(r.distance_lower - w[10]) <= 0.08 * wide &&
                   fabs(r.distance_upper - w[11]) <= 0.08 * wide,
               "of the distance %.3f..%.3f, %.3f..%.3f", r.distance_lower, r.distance_upper, w[10],
               w[11]);
        rows++;
    }
    if (f != NULL)
        fclose(f);
    tap_ok(rows == 4, "four pairs of samples");
}

static void
test_properties(void)
{
    int order = 1, swapped = 1, monotone = 1, same = 1;

    for (uint64_t k = 0; k < 100; k++) {
        size_t n = 40 + k;
        struct two_samples s = cases(n, k % 2 ? 6 : 0, 8 + k % 5);
        struct two_samples_result a, b;
        struct err e;

        if (two_samples_compare(&s, value, 20, 0.9, k, &a, &e) == -1)
            return;
        order &= a.difference_lower <= a.difference_upper && a.distance_lower <= a.distance_upper &&
                 a.distance >= 0 && a.distance <= 1;
        for (size_t i = 0; i < n; i++)
            value[i] = exp(value[i]);
        if (two_samples_compare(&s, value, 20, 0.9, k, &b, &e) == -1)
            return;
        monotone &= a.distance == b.distance && a.distance_upper == b.distance_upper;
        for (size_t i = 0; i < n; i++)
            second[i] = !second[i];
        if (two_samples_compare(&s, value, 20, 0.9, k, &a, &e) == -1)
            return;
        swapped &= a.difference == -b.difference && a.distance == b.distance;
        for (size_t i = 0; i < n; i++)
            value[i] = 5;
        if (two_samples_compare(&s, value, 20, 0.9, k, &a, &e) == -1)
            return;
        same &= a.difference == 0 && a.distance == 0 && a.distance_upper == 0;
    }
    tap_ok(order, "lower ends are below upper ones");
    tap_ok(monotone, "what keeps the order keeps the distance");
    tap_ok(swapped, "the other way round the difference is negative");
    tap_ok(same, "equal values do not differ");
}

/* Two samples of one law: the interval of the difference holds 0 as often as it says. */
static void
test_coverage(void)
{
    enum { STUDIES = 200, PATIENTS = 40, EACH = 5, N = PATIENTS * EACH };
    struct two_samples s = {N, second, patient, PATIENTS};
    int covered = 0, plain = 0;

    for (uint64_t k = 0; k < STUDIES; k++) {
        static uint32_t alone[N];
        struct two_samples independent = {N, second, alone, N};
        struct rng r = rng_at(k, "study", 0);
        struct two_samples_result a, b;
        double of = 0;
        struct err e;

        for (size_t i = 0; i < N; i++) {
            if (i % EACH == 0)
                of = rng_normal(&r);
            patient[i] = (uint32_t)(i / EACH);
            alone[i] = (uint32_t)i;
            second[i] = i / EACH % 2 == 0;
            value[i] = of + 0.5 * rng_normal(&r);
        }
        if (two_samples_compare(&s, value, 400, 0.95, k, &a, &e) == -1 ||
            two_samples_compare(&independent, value, 400, 0.95, k, &b, &e) == -1)
            return;
        covered += a.difference_lower <= 0 && a.difference_upper >= 0;
        plain += b.difference_lower <= 0 && b.difference_upper >= 0;
    }
    tap_ok(fabs(covered / (double)STUDIES - 0.95) < 0.05,
           "the 95 %% interval by patient covers %.1f %%", 100.0 * covered / STUDIES);
    tap_ok(plain < 0.85 * STUDIES, "by lesion, it would cover %.1f %%", 100.0 * plain / STUDIES);
}

static void
test_refused(void)
{
    struct two_samples s = cases(20, 0, 10);
    struct two_samples_result r;
    struct err e;

    value[3] = NAN;
    tap_ok(two_samples_compare(&s, value, 10, 0.9, 1, &r, &e) == -1, "not-a-number: %s", e.text);
    value[3] = 0;
    for (size_t i = 0; i < 20; i++)
        second[i] = patient[i] == 4;
    tap_ok(two_samples_compare(&s, value, 10, 0.9, 1, &r, &e) == -1, "one patient: %s", e.text);
}

int
main(void)
{
    test_reference();
    test_properties();
    test_coverage();
    test_refused();
    return tap_done(22);
}
