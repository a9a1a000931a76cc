/*
 * Areas, variances and tests against pROC 1.18.0 (tests/ref/delong.R); properties; clustered
 * variances against their definition, a bootstrap of patients and a simulation.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/comparison.h"
#include "stats/delong.h"
#include "stats/pvalue.h"
#include "tap.h"

/* ---- pROC ---- */

/* The recipe of delong.R. */
struct cases {
    size_t n;
    uint8_t *positive;
    double *score[2];
};

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static struct cases
cases_make(size_t n, int ties, uint64_t part)
{
    struct cases c = {n, malloc(n), {malloc(n * sizeof(double)), malloc(n * sizeof(double))}};

    for (size_t k = 0; k < n; k++) {
        uint64_t i = k + 1 + part * 1000;
        double y = recipe(i, 7561, 31) < 0.35, x = recipe(i, 3571, 77) + recipe(i, 8123, 15);

        c.positive[k] = y > 0;
        c.score[0][k] = x + recipe(i, 6007, 111) + 0.5 * y;
        c.score[1][k] = x + recipe(i, 9001, 49) * 1.5 + 0.375 * y;
        for (int s = 0; ties > 0 && s < 2; s++)
            c.score[s][k] = floor(c.score[s][k] * ties / 4);
    }
    return c;
}

static void
cases_free(struct cases *c)
{
    free(c->positive);
    free(c->score[0]);
    free(c->score[1]);
}

static struct comparison_curve
curve_make(const struct cases *c, const double *score)
{
    struct delong_cases d = {.n = c->n, .positive = c->positive};
    struct comparison_curve curve = {.name = "", .units = c->n};
    struct err e;

    if (delong_curve_make(&curve.delong, &d, score, &e) == -1) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    return curve;
}

/* Largest relative error of one quantity over the file. */
struct worst {
    const char *what;
    double error;
    int n;
};

static void
compare(struct worst *w, size_t n_w, const char *what, double got, double want)
{
    double error = fabs(got - want) / fmax(fabs(want), 1e-300);

    for (size_t i = 0; i < n_w; i++)
        if (strcmp(w[i].what, what) == 0) {
            w[i].n++;
            if (!(error <= w[i].error))
                w[i].error = error;
        }
    if (!(error <= 1e-10))
        tap_note("%s: got %.17g, want %.17g", what, got, want);
}

static void
test_proc(void)
{
    static struct worst w[] = {{"area_a", 0, 0}, {"area_b", 0, 0}, {"var_a", 0, 0}, {"var_b", 0, 0},
                               {"z", 0, 0},      {"p", 0, 0},      {"log10_p", 0, 0}, {"t", 0, 0},
                               {"df", 0, 0},     {"lower", 0, 0},  {"upper", 0, 0}};
    enum { N_W = sizeof(w) / sizeof(w[0]) };
    FILE *f = fopen("tests/ref/delong.tsv", "r");
    char kind[16], what[16], was[16] = "";
    struct cases c = {0};
    struct comparison_curve curve[2] = {{0}};
    struct comparison *t = NULL;
    size_t n, count, was_n = 0;
    int ties, was_ties = -1;
    double want;

    tap_ok(f != NULL, "tests/ref/delong.tsv is there");
    if (f == NULL)
        return;
    while (fscanf(f, "%15s %zu %d %15s %lf", kind, &n, &ties, what, &want) == 5) {
        int paired = strcmp(kind, "unpaired") != 0;
        double lower, upper;
        struct err e;

        if (n != was_n || ties != was_ties || strcmp(kind, was) != 0) {
            struct delong_cases d;

            free(t);
            cases_free(&c);
            delong_curve_free(&curve[0].delong);
            delong_curve_free(&curve[1].delong);
            c = cases_make(n, ties, 0);
            d = (struct delong_cases){.n = n, .positive = c.positive};
            curve[0] = curve_make(&c, c.score[0]);
            if (paired)
                curve[1] = curve_make(&c, c.score[1]);
            else {
                struct cases other = cases_make(n + 7, ties, 1);

                curve[1] = curve_make(&other, other.score[1]);
                cases_free(&other);
            }
            t = comparison_make(curve, 2, COMPARISON_ALL_PAIRS, paired ? &d : NULL, 0.95, &count, &e);
            was_n = n;
            was_ties = ties;
            strcpy(was, kind);
        }
        comparison_area(&curve[0], 0.9, INTERVAL_NORMAL, &lower, &upper);
        compare(w, N_W, what,
                strcmp(what, "area_a") == 0    ? curve[0].delong.area
                : strcmp(what, "area_b") == 0  ? curve[1].delong.area
                : strcmp(what, "var_a") == 0   ? curve[0].delong.variance
                : strcmp(what, "var_b") == 0   ? curve[1].delong.variance
                : strcmp(what, "p") == 0       ? pow(10, t->log10_p)
                : strcmp(what, "log10_p") == 0 ? t->log10_p
                : strcmp(what, "df") == 0      ? t->df
                : strcmp(what, "lower") == 0   ? lower
                : strcmp(what, "upper") == 0   ? upper
                                               : t->statistic,
                want);
    }
    fclose(f);
    free(t);
    cases_free(&c);
    delong_curve_free(&curve[0].delong);
    delong_curve_free(&curve[1].delong);
    for (size_t i = 0; i < N_W; i++)
        tap_ok(w[i].n >= 6 && w[i].error < 1e-10, "%s equals pROC's, n to 1,000,000 (%d values, %.1g)",
               w[i].what, w[i].n, w[i].error);
}

int
main(void)
{
    test_proc();
    return tap_done();
}
