#include "stats/two_samples.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/percentile.h"

/* A value and whose it is. */
struct point {
    double value;
    uint32_t patient;
    uint8_t second;
};

static int
by_value(const void *a, const void *b)
{
    double x = ((const struct point *)a)->value, y = ((const struct point *)b)->value;

    return (x > y) - (x < y);
}

/* ---- what a draw shows ---- */

/*
 * The quantile q of a sample in which each point stands as often as its patient was drawn; `total`
 * points in all, at least 1.
 */
static double
quantile(const struct point *p, size_t n, int second, const uint32_t *times, size_t total, double q)
{
    double at = q * (double)(total - 1), below = 0;
    size_t k = (size_t)at, seen = 0;
    int found = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i].second != second || times[p[i].patient] == 0)
            continue;
        seen += times[p[i].patient];
        if (!found && seen > k) {
            below = p[i].value;
            found = 1;
        }
        if (found && (seen > k + 1 || k + 1 >= total))
            return below + (at - (double)k) * (p[i].value - below);
    }
    return below;
}

/* The largest difference of the two cumulative shares, taken behind each group of equal values. */
static double
distance(const struct point *p, size_t n, const uint32_t *times, const size_t total[2])
{
    size_t seen[2] = {0, 0};
    double most = 0;

    for (size_t i = 0; i < n; i++) {
        seen[p[i].second] += times[p[i].patient];
        if (i + 1 == n || p[i + 1].value > p[i].value)
            most = fmax(most, fabs((double)seen[0] / (double)total[0] -
                                   (double)seen[1] / (double)total[1]));
    }
    return most;
}

/* ---- patients ---- */

/* The patients of each kind side by side: of the first sample, of the second, of both. */
struct kinds {
    uint32_t *patient;
    size_t first[4]; /* kind k begins at first[k] */
};

static int
kinds_make(struct kinds *k, const struct two_samples *s, struct err *e)
{
    uint8_t *in = mem_array(s->patients, 1, e);
    size_t n = 0, of[2];

    k->patient = mem_array(s->patients, sizeof(*k->patient), e);
    if (in == NULL || k->patient == NULL) {
        free(in);
        return -1;
    }
    for (size_t i = 0; i < s->n; i++)
        in[s->patient[i]] |= s->second[i] ? 2 : 1;
    for (uint8_t kind = 1; kind <= 3; kind++) {
        k->first[kind - 1] = n;
        for (size_t i = 0; i < s->patients; i++)
            if (in[i] == kind)
                k->patient[n++] = (uint32_t)i;
    }
    k->first[3] = n;
    free(in);
    of[0] = k->first[1] + n - k->first[2];
    of[1] = n - k->first[1];
    for (int j = 0; j < 2; j++)
        if (of[j] < 2)
            return err_set(e, "the %s sample has %zu patients: an interval needs two",
                           j ? "second" : "first", of[j]);
    return 0;
}

static void
draw_patients(const struct kinds *k, uint64_t seed, uint64_t draw, size_t patients, uint32_t *times)
{
    struct rng r = rng_at(seed, "bootstrap", draw);

    for (size_t i = 0; i < patients; i++)
        times[i] = 0;
    for (int kind = 0; kind < 3; kind++)
        for (size_t i = k->first[kind]; i < k->first[kind + 1]; i++)
            times[k->patient[k->first[kind] +
                             rng_below(&r, k->first[kind + 1] - k->first[kind])]]++;
}

/* ---- both together ---- */

static void
show(const struct point *p, size_t n, const uint32_t *times, double quartile[2][3],
     double *difference, double *apart)
{
    size_t total[2] = {0, 0};

    for (size_t i = 0; i < n; i++)
        total[p[i].second] += times[p[i].patient];
    for (int k = 0; k < 2; k++)
        for (int j = 0; j < 3; j++)
            quartile[k][j] = quantile(p, n, k, times, total[k], 0.25 * (j + 1));
    *difference = quartile[1][1] - quartile[0][1];
    *apart = distance(p, n, times, total);
}

int
two_samples_compare(const struct two_samples *s, const double *value, size_t draws, double level,
                    uint64_t seed, struct two_samples_result *out, struct err *e)
{
    struct point *p = mem_array(s->n, sizeof(*p), e);
    uint32_t *times = mem_array(s->patients, sizeof(*times), e);
    double *difference = mem_array(draws, sizeof(*difference), e);
    double *apart = mem_array(draws, sizeof(*apart), e), quartile[2][3];
    struct kinds kinds = {0};
    int rc = -1;

    if (p == NULL || times == NULL || difference == NULL || apart == NULL ||
        kinds_make(&kinds, s, e) == -1)
        goto out;
    for (size_t i = 0; i < s->n; i++) {
        if (!isfinite(value[i])) {
            err_set(e, "value %zu is not finite", i + 1);
            goto out;
        }
        p[i] = (struct point){value[i], s->patient[i], s->second[i]};
    }
    qsort(p, s->n, sizeof(*p), by_value);
    for (size_t i = 0; i < s->patients; i++)
        times[i] = 1;
    show(p, s->n, times, out->quartile, &out->difference, &out->distance);
    for (size_t d = 0; d < draws; d++) {
        draw_patients(&kinds, seed, d, s->patients, times);
        show(p, s->n, times, quartile, &difference[d], &apart[d]);
    }
    percentile_interval(difference, draws, level, &out->difference_lower, &out->difference_upper);
    percentile_interval(apart, draws, level, &out->distance_lower, &out->distance_upper);
    rc = 0;
out:
    free(p);
    free(times);
    free(difference);
    free(apart);
    free(kinds.patient);
    return rc;
}
