/* Copies: likeness against numpy's correlation, laws by hand and by simulation. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "image/turn.h"
#include "stats/copies.h"
#include "stats/likeness.h"
#include "tap.h"

enum { PATCHES = 6 };

static struct err e;

/* ---- likeness ---- */

/* A record of `image` and a mask [y0, y1) x [x0, x1). */
static void
put(struct ts_record *r, const float *v, size_t side, size_t y0, size_t x0, size_t y1, size_t x1)
{
    float *p;
    struct ts_tensor *m;

    ts_clear(r);
    p = ts_put_plane(r, "image", side, side, &e);
    memcpy(p, v, side * side * sizeof(*p));
    m = ts_put(r, "mask", TS_U8, 2, (size_t[]){side, side}, &e);
    for (size_t y = y0; y < y1; y++)
        memset((uint8_t *)m->data + y * side + x0, 255, x1 - x0);
}

/* The patches of tests/ref/likeness.py. */
static double
recipe(size_t i, size_t a, size_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static void
reference_patch(size_t k, struct likeness_patch *p)
{
    enum { N = LIKENESS_CELLS };
    struct ts_record r = {0};
    float v[N * N];

    for (size_t y = 0; y < N; y++)
        for (size_t x = 0; x < N; x++) {
            size_t up = (y + N - 1) % N, left = (x + N - 1) % N, a = 7561 + 12 * k, b = 31 + k;

            v[y * N + x] =
                (float)((recipe(y * N + x + 1, a, b) + recipe(up * N + x + 1, a, b) +
                         recipe(y * N + left + 1, a, b) + recipe(up * N + left + 1, a, b)) /
                        4);
        }
    put(&r, v, N, 6 + k, 6 + 2 * k, 11 + k + k % 3, 15 + 2 * k);
    if (likeness_patch_make(p, &r, &e) == -1)
        tap_note("%s", e.text);
    ts_clear(&r);
}

static void
test_reference(void)
{
    struct likeness_patch p[PATCHES];
    float value[PATCHES * PATCHES];
    FILE *f = fopen("tests/ref/likeness.tsv", "r");
    double want, worst = 0, pair = 0;
    size_t a, b;
    int rows = 0;
    unsigned turn;

    for (size_t k = 0; k < PATCHES; k++)
        reference_patch(k, &p[k]);
    tap_ok(likeness_compare(p, PATCHES, p, PATCHES, value, &e) == 0, "every pair");
    while (f != NULL && fscanf(f, "%zu %zu %lf", &a, &b, &want) == 3 && a < PATCHES &&
           b < PATCHES) {
        rows++;
        worst = tap_larger(worst, fabs((double)value[a * PATCHES + b] - want));
        pair = tap_larger(pair, fabs(likeness_pair(&p[a], &p[b], &turn) - want));
    }
    if (f != NULL)
        fclose(f);
    tap_ok(rows == PATCHES * PATCHES, "tests/ref/likeness.tsv has %d rows", rows);
    /* Floats less their smoothed neighbourhood: some 1e-7 of grey levels over 0.1 of detail. */
    tap_near(worst, 0, 5e-6, "likeness_compare() as numpy");
    tap_near(pair, 0, 5e-6, "likeness_pair() as numpy");
}

enum { SIDE = 64 };

/* Smooth noise that differs by seed; cells are two pixels wide. */
static void
noise(uint64_t seed, float *v)
{
    struct rng r = rng_at(seed, "noise", 0);

    for (size_t y = 0; y < SIDE; y += 2)
        for (size_t x = 0; x < SIDE; x += 2)
            v[y * SIDE + x] = v[y * SIDE + x + 1] = v[(y + 1) * SIDE + x] =
                v[(y + 1) * SIDE + x + 1] = (float)rng_uniform(&r);
}

static double
likeness(const struct ts_record *a, const struct ts_record *b, unsigned *turn)
{
    struct likeness_patch p[2];

    if (likeness_patch_make(&p[0], a, &e) == -1 || likeness_patch_make(&p[1], b, &e) == -1)
        return NAN;
    return likeness_pair(&p[0], &p[1], turn);
}

static void
test_turns(void)
{
    struct ts_record a = {0}, b = {0};
    float v[SIDE * SIDE], w[SIDE * SIDE];
    double least = 2, most = 0, shifted = 2;
    int right = 1;
    unsigned turn;

    for (unsigned k = 0; k < 100; k++) {
        unsigned how = k % TURNS;

        noise(k, v);
        put(&a, v, SIDE, 22, 22, 42, 42);
        /* A darker, fainter copy of it, turned. */
        for (size_t i = 0; i < SIDE * SIDE; i++)
            w[i] = 0.1F + 0.5F * v[turn_from(how, SIDE, i / SIDE, i % SIDE)];
        put(&b, w, SIDE, 22, 22, 42, 42);
        least = fmin(least, likeness(&a, &b, &turn));
        /* What `turn` makes of the copy is the first again. */
        for (size_t i = 0; i < SIDE * SIDE; i++)
            right &=
                fabsf(w[turn_from(turn, SIDE, i / SIDE, i % SIDE)] - 0.1F - 0.5F * v[i]) < 1e-6F;
        put(&b, v, SIDE, 22 + 2 * (k % 4), 22 - 2 * (k % 3), 42 + 2 * (k % 4), 42 - 2 * (k % 3));
        shifted = fmin(shifted, likeness(&a, &b, &turn));
        noise(k + 1000, w);
        put(&b, w, SIDE, 22, 22, 42, 42);
        most = fmax(most, likeness(&a, &b, &turn));
    }
    tap_ok(least > 0.99999, "a turned copy of 100 correlates by %.6f", least);
    tap_ok(right, "and the turn that undoes it is told");
    tap_ok(shifted > 0.99999, "one that lies elsewhere, by up to 3 cells, by %.6f", shifted);
    tap_ok(most < 0.6, "other noise by %.3f at most", most);
    for (size_t i = 0; i < SIDE * SIDE; i++)
        w[i] = 0.3F;
    put(&b, w, SIDE, 22, 22, 42, 42);
    tap_ok(likeness(&a, &b, &turn) == 0, "what has no structure is like nothing");

    put(&b, w, SIDE, 22, 22, 22, 42);
    tap_ok(isnan(likeness(&a, &b, &turn)), "no mask: %s", e.text);
    put(&b, w, SIDE, 22, 22, 42, 42);
    *(float *)ts_find(&b, "image")->data = NAN;
    tap_ok(isnan(likeness(&a, &b, &turn)), "not-a-number: %s", e.text);
    put(&b, w, SIDE, 22, 22, 42, 42);
    ts_put_plane(&b, "image", SIDE, SIDE / 2, &e);
    tap_ok(isnan(likeness(&a, &b, &turn)), "no square: %s", e.text);
    ts_drop(&b, "mask");
    tap_ok(isnan(likeness(&a, &b, &turn)), "without mask: %s", e.text);
    ts_clear(&a);
    ts_clear(&b);
}

/* More rows and columns than are held at once, by any number of threads. */
static void
test_threads(void)
{
    enum { N = 300, M = 11 };
    static struct likeness_patch p[N];
    static float value[2][N * M];
    float v[SIDE * SIDE];
    struct ts_record r = {0};
    double worst = 0;
    unsigned turn;

    for (size_t k = 0; k < N; k++) {
        noise(k, v);
        put(&r, v, SIDE, 20, 22, 42, 40);
        if (likeness_patch_make(&p[k], &r, &e) == -1)
            tap_note("%s", e.text);
    }
    omp_set_num_threads(1);
    likeness_compare(p, N, p + 100, M, value[0], &e);
    omp_set_num_threads(3);
    likeness_compare(p, N, p + 100, M, value[1], &e);
    tap_ok(memcmp(value[0], value[1], sizeof(value[0])) == 0,
           "one thread and three, the same bytes");
    for (size_t i = 0; i < N; i += 13)
        for (size_t j = 0; j < M; j++)
            worst = tap_larger(worst, fabs((double)value[0][i * M + j] -
                                           likeness_pair(&p[i], &p[100 + j], &turn)));
    tap_near(worst, 0, 1e-6, "each pair as by itself");
    ts_clear(&r);
}

/* ---- nearest and lead ---- */

static void
test_nearest(void)
{
    /* Training lesions of patients 0 0 1 2; lesions of patients 3 and 0. */
    const float like[] = {0.5F, 0.9F, 0.6F, 0.1F, 0.5F, 0.9F, 0.6F, 0.1F};
    const uint32_t train[] = {0, 0, 1, 2}, patient[] = {3, 0};
    const uint32_t one[] = {0, 0, 1, 1};
    struct copies_nearest near[2];
    const float a[] = {0, 0, 3, 4, 1, 1, 1, 1, 1, 1}, b[10] = {0};
    const float *rows[] = {a, b};
    float far[4];

    tap_ok(copies_nearest(like, patient, 2, train, 4, 4, near, &e) == 0, "two lesions");
    tap_ok(near[0].which == 1 && fabs(near[0].likeness - 0.9) < 1e-6 &&
               fabs(near[0].lead - 0.3) < 1e-6,
           "the lead is over the next patient, not over her other lesion: %g", near[0].lead);
    tap_ok(near[1].which == 2 && fabs(near[1].lead - 0.5) < 1e-6,
           "a patient's own lesions do not count: %g", near[1].lead);
    tap_ok(copies_nearest(like, patient, 2, one, 4, 4, near, &e) == -1, "one other patient: %s",
           e.text);
    copies_distances(rows, 2, rows, 2, 10, far);
    tap_ok(fabsf(far[1] + sqrtf(31)) < 1e-5F && far[1] == far[2] && far[0] == 0 && far[3] == 0,
           "less the Euclidean distance: %g", (double)far[1]);
}

/* ---- laws ---- */

static void
test_shares(void)
{
    enum { N = 20 };
    uint8_t synthetic[N];
    uint32_t patient[N];
    double score[N];
    const struct apart_cases c = {N, synthetic, patient, N};
    struct apart_share s;

    /* Real scores 0 to 9, synthetic ones 0.5 to 9.5. */
    for (size_t i = 0; i < N; i++) {
        patient[i] = (uint32_t)i;
        synthetic[i] = i % 2 != 0;
        score[i] = (double)i / 2;
    }
    apart_area(&c, score, 0.95, &s, &e);
    tap_near(s.value, 0.55, 1e-12, "the area of 100 pairs, 55 of which are right");
    tap_ok(s.lower < 0.55 && s.upper > 0.55, "its interval: %.3f to %.3f", s.lower, s.upper);
    apart_beyond(&c, score, 0.5, 0.95, 1, &s, &e);
    tap_near(s.value, 0.5, 1e-12, "numpy's median of the real ones is 4.5: five are beyond");
    apart_beyond(&c, score, 0.9, 0.95, 1, &s, &e);
    tap_near(s.value, 0.2, 1e-12, "its 0.9-quantile is 8.1: two are");
    tap_ok(s.lower < 0.2 && s.upper > 0.2 && s.lower >= 0 && s.upper <= 1,
           "the interval: %.3f to %.3f", s.lower, s.upper);
    apart_right(&c, score, 4.5, 0.95, 1, &s, &e);
    tap_near(s.value, 0.525, 1e-12, "right: 5 of 10 real ones, 5 and a half of 10 synthetic ones");
    score[3] = NAN;
    tap_ok(apart_beyond(&c, score, 0.9, 0.95, 1, &s, &e) == -1, "not-a-number: %s", e.text);
    tap_ok(apart_area(&c, score, 0.95, &s, &e) == -1, "%s", e.text);
    memset(synthetic, 0, sizeof(synthetic));
    score[3] = 0;
    tap_ok(apart_beyond(&c, score, 0.9, 0.95, 1, &s, &e) == -1, "real ones alone: %s", e.text);
}

/*
 * Studies of 30 real and 30 synthetic patients with four lesions each, whose numbers are alike
 * within a patient.  Of the synthetic ones `copied` lead by far.
 */
static int
studies(uint64_t n, double copied, int *area, int *named)
{
    enum { PATIENTS = 60, EACH = 4, N = PATIENTS * EACH };
    uint8_t synthetic[N];
    uint32_t patient[N];
    struct copies_nearest near[N];
    const struct apart_cases c = {N, synthetic, patient, PATIENTS};
    struct copies_report report;

    *area = *named = 0;
    for (uint64_t k = 0; k < n; k++) {
        struct rng r = rng_at(k, "study", 0);
        double of = 0;

        for (size_t i = 0; i < N; i++) {
            if (i % EACH == 0)
                of = rng_normal(&r);
            patient[i] = (uint32_t)(i / EACH);
            synthetic[i] = patient[i] % 2 != 0;
            near[i].likeness = of + rng_normal(&r);
            near[i].lead = of + rng_normal(&r);
            if (synthetic[i] && rng_uniform(&r) < copied)
                near[i].lead += 6;
        }
        if (copies_report(&c, near, 0.95, 0.95, k, &report, &e) == -1)
            return -1;
        *area += report.area[COPIES_LEAD].lower > 0.5 || report.area[COPIES_LEAD].upper < 0.5;
        *named += report.copies;
    }
    return (int)n;
}

static void
test_simulation(void)
{
    int area, named, n = studies(300, 0, &area, &named);

    tap_ok(area > 0.01 * n && area < 0.09 * n, "equal laws: %d of %d areas are told from 0.5", area,
           n);
    tap_ok(n > 0 && named < 0.08 * n, "%d are called copies", named);
    n = studies(30, 0.2, &area, &named);
    tap_ok(n > 0 && named > 0.9 * n, "where a fifth are copies, %d are", named);
}

int
main(void)
{
    test_reference();
    test_turns();
    test_threads();
    test_nearest();
    test_shares();
    test_simulation();
    return tap_done(32);
}
