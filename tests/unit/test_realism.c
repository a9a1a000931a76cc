/*
 * Kernel distance, Frechet distance, precision, recall, density and coverage against numpy and
 * scipy (tests/ref/frechet.py); sets against themselves, noise, collapse, splits, threads; the
 * interval by patient against studies drawn anew.
 */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/frechet.h"
#include "stats/halves.h"
#include "stats/kernel_distance.h"
#include "stats/linalg.h"
#include "stats/manifold.h"
#include "tap.h"

/* ---- sets ---- */

/* A set of its own rows, all zero; unit and record are the caller's to fill in. */
static struct feature_set
set_make(size_t n, size_t d)
{
    struct feature_set s = {n, d, calloc(n, sizeof(float *)), calloc(n, 4), calloc(n, 4), 0, NULL};

    s.data = calloc(n * d, sizeof(float));
    for (size_t i = 0; i < n; i++)
        s.row[i] = s.data + i * d;
    return s;
}

/* Counts the units, as reading would. */
static void
set_finish(struct feature_set *s)
{
    struct feature_set part;
    size_t *all = calloc(s->n, sizeof(*all));
    struct err e;

    for (size_t i = 0; i < s->n; i++)
        all[i] = i;
    if (feature_set_part(&part, s, all, s->n, &e) == 0)
        s->units = part.units;
    feature_set_free(&part);
    free(all);
}

/* n records of `each` a patient: normal numbers, of which a patient's share the first part. */
static struct feature_set
set_draw(size_t n, size_t d, size_t each, uint32_t first, double shared, uint64_t seed)
{
    struct feature_set s = set_make(n, d);

    for (size_t i = 0; i < n; i++) {
        struct rng p = rng_at(seed, "patient", first + i / each), r = rng_at(seed, "record", i);

        s.record[i] = first + (uint32_t)i;
        s.unit[i] = first + (uint32_t)(i / each);
        for (size_t k = 0; k < d; k++)
            s.data[i * d + k] = (float)(shared * rng_normal(&p) + rng_normal(&r));
    }
    set_finish(&s);
    return s;
}

static double
kid(const struct feature_set *x, const struct feature_set *y)
{
    struct kernel_draws w;
    struct err e;
    double distance = NAN;

    if (kernel_draws_make(&w, x, y, 0, 0, &e) == 0)
        kernel_distance(x, y, &w, &distance, &e);
    kernel_draws_free(&w);
    return distance;
}

static double
frechet(const struct feature_set *x, const struct feature_set *y, size_t components)
{
    double distance = NAN;
    size_t used;
    struct err e;

    return frechet_distance(x, y, components, &distance, &used, &e) == 0 ? distance : NAN;
}

/* ---- numpy and scipy ---- */

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

/* The recipe of frechet.py.  Its numbers of records and patients are ours. */
static struct feature_set
set_reference(size_t n, size_t d, uint64_t part, size_t shared)
{
    struct feature_set s = set_make(n, d);

    for (size_t i = 0; i < n; i++) {
        uint64_t from = i < shared ? 0 : part;

        s.record[i] = (uint32_t)(from * 10000 + i);
        s.unit[i] = (uint32_t)(from * 10000 + i / 3);
        for (size_t k = 0; k < d; k++) {
            uint64_t c = (i + from * 10000) * d + k + 1, p = (i / 3 + from * 10000) * d + k + 1;
            double x = recipe(c, 7561, 31) + recipe(c, 3571, 77) + recipe(c, 8123, 15) - 1.5;

            x = (x + recipe(p, 6007, 111)) / (1 + (double)k / 8) + (double)from * 0.125;
            s.data[i * d + k] = d % 2 && (k == 3 || k == 7) ? 0.75f : (float)x;
        }
    }
    set_finish(&s);
    return s;
}

/* Patients drawn 0, 3, 2, 1, ... times. */
static double
kid_drawn(const struct feature_set *x, const struct feature_set *y)
{
    struct kernel_draws w;
    double distance[2] = {NAN, NAN};
    struct err e;

    if (kernel_draws_make(&w, x, y, 1, 0, &e) == 0) {
        for (size_t u = 0; u < w.units; u++)
            w.times[w.units + u] = w.times[u] > 0 ? (float)(u % 10000 * 7 % 4) : 0;
        kernel_distance(x, y, &w, distance, &e);
    }
    kernel_draws_free(&w);
    return distance[1];
}

static void
test_reference(void)
{
    static const char *const names[] = {"kid",    "kid_drawn", "frechet", "precision",
                                        "recall", "density",   "coverage"};
    double worst[7] = {0}, want;
    size_t n, m, d, shared, components, k;
    int rows[7] = {0};
    FILE *f = fopen("tests/ref/frechet.tsv", "r");
    char what[32];

    tap_ok(f != NULL && fscanf(f, "# %*[^\n]") == 0, "tests/ref/frechet.tsv is there");
    while (f != NULL && fscanf(f, "%zu %zu %zu %zu %zu %zu %31s %lf", &n, &m, &d, &shared,
                               &components, &k, what, &want) == 8) {
        struct feature_set x = set_reference(n, d, 0, 0), y = set_reference(m, d, 1, shared);
        struct manifold r = {NAN, NAN, NAN, NAN};
        double got[7] = {kid(&x, &y), kid_drawn(&x, &y), frechet(&x, &y, components)}, error;
        struct err e;

        manifold_compare(&x, &y, k, &r, &e);
        memcpy(got + 3, (double[]){r.precision, r.recall, r.density, r.coverage},
               4 * sizeof(double));
        for (int i = 0; i < 7; i++)
            if (strcmp(what, names[i]) == 0) {
                rows[i]++;
                error = fabs(got[i] / want - 1);
                worst[i] = tap_larger(worst[i], error);
            }
        feature_set_free(&x);
        feature_set_free(&y);
    }
    if (f != NULL)
        fclose(f);
    for (int i = 0; i < 7; i++)
        tap_ok(rows[i] == 6 && worst[i] < (i < 3 ? 1e-8 : 1e-12),
               "%s is numpy's and scipy's: %d sets, %.1g", names[i], rows[i], worst[i]);
}

/* ---- properties ---- */

static void
test_self(void)
{
    double worst[2] = {0}, symmetric = 0;
    int bad = -1;

    for (uint64_t seed = 0; seed < 100; seed++) {
        size_t n = 12 + seed * 3, d = 2 + seed % 40;
        struct feature_set x = set_draw(n, d, 1 + seed % 5, 0, 1, seed);
        struct feature_set y = set_draw(n + 5, d, 3, 1000, 2, seed + 1000);
        double self = fabs(kid(&x, &x)), copy = fabs(frechet(&x, &x, 1 + seed % d));
        struct feature_set same = x; /* another set in memory */

        self = tap_larger(self, fabs(kid(&x, &same)));
        symmetric = tap_larger(symmetric, fabs(kid(&x, &y) - kid(&y, &x)));
        if (!(self <= 1e-10 && copy <= 1e-10))
            bad = (int)seed;
        worst[0] = tap_larger(worst[0], self);
        worst[1] = tap_larger(worst[1], copy);
        feature_set_free(&x);
        feature_set_free(&y);
    }
    tap_ok(bad == -1, "a set against itself is at 0: kernel %.1g, Frechet %.1g (seed %d)", worst[0],
           worst[1], bad);
    tap_ok(symmetric < 1e-9, "the kernel distance is symmetric: %.1g", symmetric);
}

static void
test_noise(void)
{
    struct feature_set x = set_draw(300, 24, 3, 0, 0.5, 1), y = set_draw(300, 24, 3, 0, 0.5, 1);
    double last[2] = {-INFINITY, -INFINITY}, first[2] = {NAN, NAN};
    int rises = 1;

    for (int step = 0; step < 12; step++) {
        double now[2];

        for (size_t i = 0; i < 300 * 24 && step > 0; i++) {
            struct rng r = rng_at(7, "noise", (uint64_t)step * 10000 + i);

            y.data[i] += (float)(0.3 * rng_normal(&r));
        }
        now[0] = kid(&x, &y);
        now[1] = frechet(&x, &y, 20);
        rises &= now[0] > last[0] && now[1] > last[1];
        memcpy(last, now, sizeof(now));
        if (step == 0)
            memcpy(first, now, sizeof(now));
    }
    tap_ok(rises, "noise adds distance, step by step: kernel %.3g to %.3g, Frechet %.3g to %.3g",
           first[0], last[0], first[1], last[1]);
    feature_set_free(&x);
    feature_set_free(&y);
}

static void
test_collapse(void)
{
    struct feature_set x = set_draw(400, 10, 2, 0, 0.5, 3), y = set_draw(400, 10, 2, 1000, 0.5, 4);
    struct manifold m = {NAN, NAN, NAN, NAN};
    struct err e;
    int rc;

    manifold_compare(&x, &y, 3, &m, &e);
    tap_ok(m.precision > 0.8 && m.recall > 0.8 && m.density > 0.8 && m.coverage > 0.8,
           "another sample: precision %.2f, recall %.2f, density %.2f, coverage %.2f", m.precision,
           m.recall, m.density, m.coverage);
    for (size_t i = 0; i < 400; i++)
        memcpy(y.data + i * 10, x.data, 10 * sizeof(float));
    manifold_compare(&x, &y, 3, &m, &e);
    tap_ok(m.precision == 1 && m.recall == 1.0 / 400 && m.coverage < 0.05,
           "one real record over and over: precision %.2f, recall %.4f, coverage %.4f", m.precision,
           m.recall, m.coverage);
    tap_ok(frechet(&x, &y, 8) > 1 && kid(&x, &y) > 0.1, "which is far away: Frechet %.2f",
           frechet(&x, &y, 8));
    for (size_t i = 0; i < 4000; i++)
        y.data[i] = x.data[i] + 1000;
    tap_ok(manifold_compare(&x, &y, 3, &m, &e) == 0 && m.precision == 0 && m.recall == 0 &&
               m.density == 0 && m.coverage == 0,
           "far away all are 0");
    tap_ok(manifold_compare(&x, &y, 100, &m, &e) == 0 && manifold_compare(&x, &x, 3, &m, &e) == 0 &&
               m.precision == 1 && m.recall == 1 && m.coverage == 1,
           "a set against itself: all 1");
    y.n = 3;
    rc = manifold_compare(&x, &y, 3, &m, &e);
    tap_ok(rc == -1, "too few: %s", e.text);
    y.n = 400;
    feature_set_free(&x);
    feature_set_free(&y);
}

/* Singular covariances: fewer records than features, features that do not vary, sets that do not.
 */
static void
test_singular(void)
{
    struct feature_set x = set_draw(40, 300, 2, 0, 1, 5), y = set_draw(40, 300, 2, 100, 1, 6);
    double distance, by_records, by_features;
    size_t used = 0;
    struct err e;
    int rc;

    tap_ok(frechet(&x, &y, 39) > 0 && frechet(&x, &x, 39) < 1e-9,
           "300 features of 40 records, 39 components");
    frechet_distance(&x, &y, 60, &distance, &used, &e);
    tap_ok(used == 39, "the 40th does not vary: %zu used", used);
    for (size_t i = 0; i < 40; i++)
        for (size_t k = 0; k < 300; k++)
            if (k >= 4)
                x.data[i * 300 + k] = y.data[i * 300 + k] = (float)k;
    by_records = frechet(&x, &y, 6);
    x.d = y.d = 30; /* the rows stay where they are */
    by_features = frechet(&x, &y, 6);
    frechet_distance(&x, &y, 6, &distance, &used, &e);
    tap_ok(used == 4, "4 features that vary: %zu components used", used);
    tap_near(by_records / by_features, 1, 1e-10, "the same by records and by features");
    x.d = y.d = 300;
    for (size_t i = 0; i < 40 * 300; i++)
        y.data[i] = 0.1f;
    tap_ok(frechet(&x, &y, 4) > 0, "a set that does not vary is at %.3g", frechet(&x, &y, 4));
    rc = frechet_distance(&y, &x, 4, &distance, &used, &e);
    tap_ok(rc == -1, "as the reference: %s", e.text);
    for (size_t i = 0; i < 40 * 300; i++)
        y.data[i] = i % 2 ? 3e38f : -3e38f;
    tap_ok(isfinite(kid(&x, &y)) && isfinite(frechet(&x, &y, 4)),
           "the largest floats are no limit");
    feature_set_free(&x);
    feature_set_free(&y);
}

static void
test_threads(void)
{
    struct feature_set x = set_draw(700, 37, 3, 0, 1, 8), y = set_draw(613, 37, 3, 1000, 1.2, 9);
    double want[65], got[65];
    int equal = 1, processors = omp_get_max_threads();
    struct manifold m, first = {0};
    struct kernel_draws w;
    struct err e;

    kernel_draws_make(&w, &x, &y, 63, 5, &e);
    for (int threads = 1; threads <= 4; threads++) {
        omp_set_num_threads(threads);
        kernel_distance(&x, &y, &w, threads == 1 ? want : got, &e);
        (threads == 1 ? want : got)[64] = frechet(&x, &y, 30);
        manifold_compare(&x, &y, 3, threads == 1 ? &first : &m, &e);
        if (threads > 1)
            equal &= memcmp(want, got, sizeof(got)) == 0 && memcmp(&first, &m, sizeof(m)) == 0;
    }
    omp_set_num_threads(processors);
    tap_ok(equal, "1 to 4 threads: equal to the bit");
    kernel_draws_free(&w);
    feature_set_free(&x);
    feature_set_free(&y);
}

/* ---- splits ---- */

/* What a split gave; the measure of test_halves(). */
static int
look(const struct feature_set *x, const struct feature_set *y, const void *context, double *value,
     struct err *e)
{
    size_t end = feature_set_unit_end(x);
    double common = 0, sum = 0;

    (void)context;
    (void)e;
    for (size_t i = 0; i < y->n; i++) {
        for (size_t k = 0; k < x->n; k++)
            common += x->unit[k] == y->unit[i];
        sum += (double)y->row[i][0];
    }
    value[0] = common;
    value[1] = (double)x->n + 1000 * (double)y->n;
    value[2] = sum;
    value[3] = (double)end;
    return 0;
}

static int
fail_measure(const struct feature_set *x, const struct feature_set *y, const void *context,
             double *value, struct err *e)
{
    (void)x;
    (void)y;
    (void)context;
    (void)value;
    return err_set(e, "no");
}

static void
test_halves(void)
{
    struct feature_set s[3] = {set_draw(90, 4, 3, 0, 1, 1), set_draw(200, 4, 5, 15, 1, 2), {0}};
    struct halves h, again;
    struct halves_range r[12], other[12];
    struct halves_units u[3];
    struct err e;
    int rc;

    s[2] = s[0];
    halves_make(&h, s, 3, 20, 1, &e);
    tap_ok(h.records == 45, "halves of %zu records", h.records);
    halves_compare(&h, look, NULL, 4, r, u, &e);
    tap_ok(r[0].most == 0 && r[4].most == 0 && r[8].most == 0, "parts have no patients in common");
    tap_ok(r[1].least == 45045 && r[5].most == 45045 && r[9].least == 45045 && u[0].a == 15 &&
               u[0].part == 15 && u[1].part >= 9,
           "all of one size; 15 patients, %zu of the other set", u[1].part);
    tap_ok(memcmp(&r[2], &r[10], sizeof(r[2])) == 0, "the real set again: as the floor");
    tap_ok(r[2].least < r[2].mean && r[2].mean < r[2].most, "splits differ");
    halves_make(&again, s, 3, 20, 2, &e);
    halves_compare(&again, look, NULL, 4, other, u, &e);
    tap_ok(memcmp(&r[2], &other[2], sizeof(r[2])) != 0, "seeds differ");
    rc = halves_compare(&h, fail_measure, NULL, 4, r, u, &e);
    tap_ok(rc == -1 && strcmp(e.text, "split 0: no") == 0,
           "the first split that fails is named: %s", e.text);
    for (size_t i = 0; i < 90; i++)
        s[0].unit[i] = 7;
    s[0].units = 1;
    rc = halves_make(&h, s, 2, 20, 1, &e);
    tap_ok(rc == -1, "one patient: %s", e.text);
    feature_set_free(&s[0]);
    feature_set_free(&s[1]);
}

/* ---- the interval ---- */

static void
test_interval(void)
{
    double x[] = {3, NAN, 1, 2, 10, 7, NAN}, lower, upper;

    kernel_interval(x, 7, 0.9, &lower, &upper);
    /* numpy.quantile([1, 2, 3, 7, 10], [0.05, 0.95]) */
    tap_ok(fabs(lower - 1.2) < 1e-12 && fabs(upper - 9.4) < 1e-12, "quantiles as numpy's");
    kernel_interval(x, 0, 0.9, &lower, &upper);
    tap_ok(isnan(lower) && isnan(upper), "of nothing there are none");
}

/* What a draw of patients does to the distance, on the mean: nothing, but for chance. */
static void
test_centre(void)
{
    enum { STUDIES = 50, DRAWS = 60 };
    double bias = 0, spread = 0, drawn = 0, mean = 0, square = 0;

    for (uint64_t i = 0; i < STUDIES; i++) {
        struct feature_set x = set_draw(80, 6, 4, 0, 1, 2 * i + 1);
        struct feature_set y = set_draw(80, 6, 4, 1000, 1, 2 * i + 2);
        double d[DRAWS + 1], m = 0, s = 0;
        struct kernel_draws w;
        struct err e;

        for (size_t k = 0; k < 80 * 6; k++)
            y.data[k] += 0.7f;
        kernel_draws_make(&w, &x, &y, DRAWS, i, &e);
        kernel_distance(&x, &y, &w, d, &e);
        for (int k = 1; k <= DRAWS; k++) {
            m += d[k] / DRAWS;
            s += d[k] * d[k] / DRAWS;
        }
        bias += (m - d[0]) / STUDIES;
        drawn += (s - m * m) / STUDIES;
        mean += d[0] / STUDIES;
        square += d[0] * d[0] / STUDIES;
        kernel_draws_free(&w);
        feature_set_free(&x);
        feature_set_free(&y);
    }
    spread = sqrt(square - mean * mean);
    tap_ok(fabs(bias) < 0.2 * spread, "draws lie round the distance: %.3f on %.3f off, sd %.3f",
           bias, mean, spread);
    tap_ok(fabs(sqrt(drawn) / spread - 1) < 0.3, "and are spread as new patients would be: %.3f",
           sqrt(drawn));
}

int
main(void)
{
    test_reference();
    test_self();
    test_noise();
    test_collapse();
    test_singular();
    test_threads();
    test_halves();
    test_interval();
    test_centre();
    return tap_done(37);
}
