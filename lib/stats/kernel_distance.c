#include "stats/kernel_distance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/linalg.h"
#include "stats/percentile.h"

enum { ROWS = 256 }; /* kernels are made in squares of this side */

/* ---- drawing patients ---- */

/* Draws as many of the n units as there are. */
static void
draw(float *times, const uint32_t *unit, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++)
        times[unit[rng_below(r, n)]]++;
}

int
kernel_draws_make(struct kernel_draws *w, const struct feature_set *x, const struct feature_set *y,
                  size_t draws, uint64_t seed, struct err *e)
{
    size_t ends[2] = {feature_set_unit_end(x), feature_set_unit_end(y)}, cells, n[4] = {0};
    uint8_t *in = NULL;         /* [units] 1: of x; 2: of y; 3: of both */
    uint32_t *unit[4] = {NULL}; /* of each kind, in the order of the sets */
    int rc = -1;

    *w = (struct kernel_draws){.n = draws + 1, .units = ends[0] > ends[1] ? ends[0] : ends[1]};
    if (mem_mul(w->n, w->units, &cells) == -1)
        return err_set(e, "%zu draws of %zu patients are too many", draws, w->units);
    if ((w->times = mem_array(cells, sizeof(*w->times), e)) == NULL ||
        (in = mem_array(w->units, 1, e)) == NULL)
        goto out;
    for (int kind = 1; kind <= 3; kind++)
        if ((unit[kind] = mem_array(w->units, sizeof(**unit), e)) == NULL)
            goto out;
    for (size_t i = 0; i < x->n; i++)
        in[x->unit[i]] |= 1;
    for (size_t i = 0; i < y->n; i++)
        in[y->unit[i]] |= 2;
    for (size_t i = 0; i < x->n + y->n; i++) {
        uint32_t u = i < x->n ? x->unit[i] : y->unit[i - x->n];

        if (w->times[u] == 0)
            unit[in[u]][n[in[u]]++] = u;
        w->times[u] = 1;
    }
    for (size_t k = 1; k < w->n; k++) {
        struct rng r = rng_at(seed, "kernel distance", k);

        for (int kind = 1; kind <= 3; kind++)
            draw(w->times + k * w->units, unit[kind], n[kind], &r);
    }
    rc = 0;
out:
    free(in);
    for (int kind = 1; kind <= 3; kind++)
        free(unit[kind]);
    if (rc == -1)
        kernel_draws_free(w);
    return rc;
}

void
kernel_draws_free(struct kernel_draws *w)
{
    free(w->times);
    *w = (struct kernel_draws){0};
}

/* ---- means over pairs ---- */

/* What one thread works with. */
struct work {
    double *x, *y, *kernel; /* rows, rows, [ROWS][ROWS] */
    double *times, *sum;    /* [ROWS][draws]: those of the rows of y; kernel times these */
};

static int
work_make(struct work *t, size_t d, size_t draws, struct err *e)
{
    t->x = mem_array_raw(ROWS * d, sizeof(double), e);
    t->y = mem_array_raw(ROWS * d, sizeof(double), e);
    t->kernel = mem_array_raw(ROWS * ROWS, sizeof(double), e);
    t->times = mem_array_raw(ROWS * draws, sizeof(double), e);
    t->sum = mem_array_raw(ROWS * draws, sizeof(double), e);
    return t->x && t->y && t->kernel && t->times && t->sum ? 0 : -1;
}

static void
work_free(struct work *t)
{
    free(t->x);
    free(t->y);
    free(t->kernel);
    free(t->times);
    free(t->sum);
}

/*
 * The rows of x from `first` on against all of y.
 *
 *   apart     [draws] sums over pairs of different patients, each times its draws
 *   together  [n of x] for each row the sum over different records of the same patient
 *
 * A set against itself is symmetric: squares above the diagonal count twice, those below are not
 * made.
 */
static void
add_rows(const struct feature_set *x, const struct feature_set *y, const struct kernel_draws *w,
         size_t first, struct work *t, double *apart, double *together)
{
    size_t m = feature_set_rows(x, first, ROWS, NULL, t->x), n;

    for (size_t at = x == y ? first : 0; at < y->n; at += ROWS) {
        double twice = x == y && at > first ? 2 : 1;

        n = feature_set_rows(y, at, ROWS, NULL, t->y);
        linalg_product_t(m, n, x->d, t->x, t->y, t->kernel);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                double *k = &t->kernel[i * n + j], z = *k / (double)x->d + 1;

                *k = z * z * z;
                if (x->unit[first + i] != y->unit[at + j])
                    continue;
                if (x->record[first + i] != y->record[at + j])
                    together[first + i] += twice * *k;
                *k = 0;
            }
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < w->n; k++)
                t->times[j * w->n + k] = (double)w->times[k * w->units + y->unit[at + j]];
        linalg_product(m, w->n, n, t->kernel, t->times, t->sum);
        for (size_t i = 0; i < m; i++)
            for (size_t k = 0; k < w->n; k++)
                apart[k] += twice * (double)w->times[k * w->units + x->unit[first + i]] *
                            t->sum[i * w->n + k];
    }
}

/* What each patient has, of both sets. */
struct tally {
    double x, y, same; /* records; records that are in both sets */
    double together;   /* sum of the kernel over pairs of its different records */
};

static int
tally_make(struct tally *t, const struct feature_set *x, const struct feature_set *y,
           const double *together, struct err *e)
{
    size_t end = 0;
    uint8_t *in_x;

    for (size_t i = 0; i < x->n; i++)
        end = x->record[i] >= end ? (size_t)x->record[i] + 1 : end;
    if ((in_x = mem_array(end, 1, e)) == NULL)
        return -1;
    for (size_t i = 0; i < x->n; i++) {
        in_x[x->record[i]] = 1;
        t[x->unit[i]].x++;
        t[x->unit[i]].together += together[i];
    }
    for (size_t i = 0; i < y->n; i++) {
        t[y->unit[i]].y++;
        t[y->unit[i]].same += y->record[i] < end && in_x[y->record[i]];
    }
    free(in_x);
    return 0;
}

/* The mean in one draw, from the sum over pairs of different patients. */
static double
mean_of(const struct tally *t, const float *times, size_t units, double apart)
{
    double x = 0, y = 0, pairs = 0, sum = apart;

    for (size_t u = 0; u < units; u++) {
        double w = (double)times[u];

        x += w * t[u].x;
        y += w * t[u].y;
        pairs += w * (t[u].x * t[u].y - t[u].same) - w * w * t[u].x * t[u].y;
        sum += w * t[u].together;
    }
    pairs += x * y;
    return pairs > 0 ? sum / pairs : NAN;
}

/* The mean of the kernel over pairs, in each draw. */
static int
kernel_means(const struct feature_set *x, const struct feature_set *y, const struct kernel_draws *w,
             double *mean, struct err *e)
{
    size_t blocks = (x->n + ROWS - 1) / ROWS;
    double *apart = mem_array(blocks * w->n, sizeof(*apart), e);
    double *together = mem_array(x->n, sizeof(*together), e);
    struct tally *tally = mem_array(w->units, sizeof(*tally), e);
    int rc = apart && together && tally ? 0 : -1;

    if (rc == -1)
        goto out;
#pragma omp parallel num_threads(linalg_team(blocks))
    {
        struct work t;
        struct err why;
        int ready = work_make(&t, x->d, w->n, &why) == 0;

        if (!ready)
#pragma omp critical
        {
            rc = -1;
            *e = why;
        }
        /* Each block has its own sums, which are then added in one order. */
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < blocks; b++)
            if (ready)
                add_rows(x, y, w, b * ROWS, &t, apart + b * w->n, together);
        work_free(&t);
    }
    if (rc == 0)
        rc = tally_make(tally, x, y, together, e);
    for (size_t k = 0; rc == 0 && k < w->n; k++) {
        double sum = 0;

        for (size_t b = 0; b < blocks; b++)
            sum += apart[b * w->n + k];
        mean[k] = mean_of(tally, w->times + k * w->units, w->units, sum);
    }
out:
    free(apart);
    free(together);
    free(tally);
    return rc;
}

int
kernel_distance(const struct feature_set *x, const struct feature_set *y,
                const struct kernel_draws *w, double *distance, struct err *e)
{
    double *mean = mem_array(3 * w->n, sizeof(*mean), e);
    int rc = -1;

    if (mean != NULL && kernel_means(x, x, w, mean, e) == 0 &&
        kernel_means(y, y, w, mean + w->n, e) == 0 &&
        kernel_means(x, y, w, mean + 2 * w->n, e) == 0) {
        for (size_t k = 0; k < w->n; k++)
            distance[k] = mean[k] + mean[w->n + k] - 2 * mean[2 * w->n + k];
        rc = 0;
    }
    free(mean);
    return rc;
}

/* ---- intervals ---- */

void
kernel_interval(double *distance, size_t n, double level, double *lower, double *upper)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(distance[i]))
            distance[kept++] = distance[i];
    *lower = *upper = NAN;
    if (kept == 0)
        return;
    percentile_interval(distance, kept, level, lower, upper);
}
