/*
 * Logistic regression against scikit-learn 1.2.1 (tests/ref/logistic.py), and what must hold of
 * any.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/logistic.h"
#include "tap.h"

/* The recipe of logistic.py. */
static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static void
cases_make(size_t n, double gap, double *x, uint8_t *y)
{
    for (size_t k = 0; k < n; k++) {
        uint64_t i = k + 1;
        double share = recipe(i, 3571, 77), other = recipe(i, 8123, 15);

        y[k] = recipe(i, 7561, 31) < 0.2;
        x[2 * k] = share + gap * y[k];
        x[2 * k + 1] = 0.3 * share + other * other;
    }
}

static void
test_scikit_learn(void)
{
    FILE *f = fopen("tests/ref/logistic.tsv", "r");
    static double x[6000];
    static uint8_t y[3000];
    double worst = 0, gap, ridge, want;
    char what[16];
    size_t n;
    int lines = 0;

    tap_ok(f != NULL, "tests/ref/logistic.tsv is there");
    if (f == NULL || fscanf(f, "#%*[^\n]") == EOF)
        return;
    while (fscanf(f, "%zu %lf %lf %15s %lf", &n, &gap, &ridge, what, &want) == 5) {
        struct logistic m;
        struct err e;
        double got;

        cases_make(n, gap, x, y);
        if (logistic_fit(&m, x, y, n, 2, ridge, &e) == -1) {
            tap_ok(0, "%zu cases, gap %g, ridge %g: %s", n, gap, ridge, e.text);
            continue;
        }
        got = strcmp(what, "intercept") == 0    ? m.intercept
              : strcmp(what, "slope0") == 0     ? m.slope[0]
              : strcmp(what, "slope1") == 0     ? m.slope[1]
              : strcmp(what, "odds_first") == 0 ? logistic_odds(&m, x)
                                                : logistic_odds(&m, x + 2 * (n - 1));
        worst = tap_larger(worst, fabs(got - want) / fmax(fabs(want), 1));
        if (!(fabs(got - want) <= 1e-6 * fmax(fabs(want), 1)))
            tap_note("%zu %g %g %s: got %.15g, want %.15g", n, gap, ridge, what, got, want);
        lines++;
    }
    fclose(f);
    tap_ok(lines == 60 && worst <= 1e-6, "%d numbers of scikit-learn, largest error %.2g", lines,
           worst);
}

/* Units, shifts and copies of a class change no odds. */
static void
test_invariance(void)
{
    int bad = 0;

    for (uint64_t seed = 1; seed <= 100 && !bad; seed++) {
        struct rng r = rng_at(seed, "test", 0);
        double x[60], moved[60], twice[90];
        uint8_t y[20], more[30];
        struct logistic a, b, c;
        struct err e;
        size_t n = 0;

        for (size_t i = 0; i < 20; i++) {
            y[i] = i % 2 == 0;
            for (size_t k = 0; k < 3; k++) {
                x[3 * i + k] = rng_normal(&r) + 0.5 * y[i] * (double)k;
                moved[3 * i + k] = 1e-3 * x[3 * i + k] - 40;
            }
        }
        for (size_t i = 0; i < 20; i++)
            for (int times = 0; times <= y[i]; times++) { /* positives twice */
                memcpy(twice + 3 * n, x + 3 * i, 3 * sizeof(double));
                more[n++] = y[i];
            }
        if (logistic_fit(&a, x, y, 20, 3, 1e-3, &e) == -1 ||
            logistic_fit(&b, moved, y, 20, 3, 1e-3, &e) == -1 ||
            logistic_fit(&c, twice, more, 30, 3, 1e-3, &e) == -1)
            bad = 1;
        for (size_t i = 0; i < 20 && !bad; i++) {
            double odds = logistic_odds(&a, x + 3 * i);

            bad = !(fabs(logistic_odds(&b, moved + 3 * i) - odds) <= 1e-6 &&
                    fabs(logistic_odds(&c, x + 3 * i) - odds) <= 1e-6);
        }
        if (bad)
            tap_note("seed %" PRIu64, seed);
    }
    tap_ok(!bad, "units, shifts and the size of a class change no odds");
}

static void
test_edges(void)
{
    const double flat[8] = {0.1, 1, 0.1, 2, 0.1, 3, 0.1, 4}, apart[4] = {1, 2, 3, 4};
    const double none[4] = {1, NAN, 3, 4};
    const uint8_t y[4] = {0, 0, 1, 1}, mixed[4] = {0, 1, 1, 0}, ones[4] = {1, 1, 1, 1};
    struct logistic m;
    struct err e;

    tap_ok(logistic_fit(&m, flat, y, 4, 2, 1e-6, &e) == 0 && m.slope[0] == 0 && m.slope[1] > 0,
           "a feature that does not vary counts for nothing");
    tap_ok(logistic_fit(&m, apart, y, 4, 1, 1e-6, &e) == 0 && isfinite(m.slope[0]) &&
               logistic_odds(&m, apart + 1) < -5 && logistic_odds(&m, apart + 2) > 5,
           "classes that lie apart: finite, and apart");
    tap_ok(logistic_fit(&m, (double[4]){5, 5, 5, 5}, mixed, 4, 1, 1e-6, &e) == 0 &&
               fabs(logistic_odds(&m, apart)) < 1e-12,
           "nothing varies: even odds");
    tap_ok(logistic_fit(&m, apart, ones, 4, 1, 1e-6, &e) == -1 &&
               strstr(e.text, "4 positive and 0 negative"),
           "one class: %s", e.text);
    tap_ok(logistic_fit(&m, none, y, 4, 1, 1e-6, &e) == -1 && strstr(e.text, "of case 1 is not"),
           "not a number: %s", e.text);
}

int
main(void)
{
    test_scikit_learn();
    test_invariance();
    test_edges();
    return tap_done(8);
}
