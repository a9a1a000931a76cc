#include "stats/apart.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/comparison.h"
#include "stats/percentile.h"

enum { DRAWS = 2000 };

int
apart_area(const struct apart_cases *c, const double *score, double level, struct apart_share *out,
           struct err *e)
{
    const struct delong_cases cases = {c->n, c->synthetic, c->patient, c->patients};
    const struct comparison_plan plan = {
        .cases = &cases, .interval = INTERVAL_LOGIT, .level = level};
    struct comparison_curve curve = {0};
    struct comparison_area area;

    if (delong_curve_make(&curve.delong, &cases, score, e) == -1)
        return -1;
    area = comparison_area(&curve, &plan);
    *out = (struct apart_share){area.area, area.lower, area.upper};
    comparison_curve_free(&curve);
    return 0;
}

/* ---- shares with intervals by patient ---- */

struct scored {
    double score;
    uint32_t patient;
    uint8_t synthetic;
};

static int
by_score(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

    return (x > y) - (x < y);
}

static struct scored *
sorted(const struct apart_cases *c, const double *score, struct err *e)
{
    struct scored *s = mem_array_raw(c->n, sizeof(*s), e);

    for (size_t i = 0; s != NULL && i < c->n; i++) {
        if (!isfinite(score[i])) {
            err_set(e, "score %g of case %zu is not finite", score[i], i);
            free(s);
            return NULL;
        }
        s[i] = (struct scored){score[i], c->patient[i], c->synthetic[i]};
    }
    if (s != NULL)
        qsort(s, c->n, sizeof(*s), by_score);
    return s;
}

/* A share of cases in which patient p counts times[p] times; not-a-number where there is none. */
typedef double share_of(const struct scored *s, size_t n, const uint32_t *times, double at);

/* Real case `rank` (from 0) of those that count, in ascending order. */
static double
order_statistic(const struct scored *s, size_t n, const uint32_t *times, size_t rank)
{
    size_t seen = 0, i = 0;

    for (; i < n; i++)
        if (!s[i].synthetic && (seen += times[s[i].patient]) > rank)
            break;
    return s[i].score;
}

static double
beyond(const struct scored *s, size_t n, const uint32_t *times, double q)
{
    size_t total[2] = {0, 0}, low, above = 0;
    double at, a, b, threshold;

    for (size_t i = 0; i < n; i++)
        total[s[i].synthetic] += times[s[i].patient];
    if (total[0] == 0 || total[1] == 0)
        return NAN;
    at = q * (double)(total[0] - 1);
    low = (size_t)at;
    a = order_statistic(s, n, times, low);
    b = order_statistic(s, n, times, low + 1 < total[0] ? low + 1 : low);
    threshold = a + (at - (double)low) * (b - a);
    for (size_t i = 0; i < n; i++)
        if (s[i].synthetic && s[i].score > threshold)
            above += times[s[i].patient];
    return (double)above / (double)total[1];
}

static double
right(const struct scored *s, size_t n, const uint32_t *times, double threshold)
{
    double sum = 0, total = 0;

    for (size_t i = 0; i < n; i++) {
        double above = s[i].score > threshold ? 1 : s[i].score < threshold ? 0 : 0.5;

        sum += times[s[i].patient] * (s[i].synthetic ? above : 1 - above);
        total += times[s[i].patient];
    }
    return total > 0 ? sum / total : NAN;
}

static int
share(const struct apart_cases *c, const double *score, share_of *of, double at, double level,
      uint64_t seed, struct apart_share *out, struct err *e)
{
    struct scored *s = sorted(c, score, e);
    uint32_t *times = mem_array(c->patients, sizeof(*times), e);
    double *drawn = mem_array(DRAWS, sizeof(*drawn), e);
    size_t draws = 0;
    int rc = -1;

    if (s == NULL || times == NULL || drawn == NULL)
        goto out;
    for (size_t p = 0; p < c->patients; p++)
        times[p] = 1;
    out->value = of(s, c->n, times, at);
    for (size_t d = 0; d < DRAWS; d++) {
        struct rng r = rng_at(seed, "apart", d);

        for (size_t p = 0; p < c->patients; p++)
            times[p] = 0;
        for (size_t p = 0; p < c->patients; p++)
            times[rng_below(&r, c->patients)]++;
        drawn[draws] = of(s, c->n, times, at);
        draws += !isnan(drawn[draws]);
    }
    if (isnan(out->value) || draws < DRAWS / 2) {
        err_set(e, "too few patients with real and with synthetic cases for an interval");
        goto out;
    }
    percentile_interval(drawn, draws, level, &out->lower, &out->upper);
    rc = 0;
out:
    free(s);
    free(times);
    free(drawn);
    return rc;
}

int
apart_beyond(const struct apart_cases *c, const double *score, double q, double level,
             uint64_t seed, struct apart_share *out, struct err *e)
{
    return share(c, score, beyond, q, level, seed, out, e);
}

int
apart_right(const struct apart_cases *c, const double *score, double threshold, double level,
            uint64_t seed, struct apart_share *out, struct err *e)
{
    return share(c, score, right, threshold, level, seed, out, e);
}
