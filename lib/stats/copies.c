#include "stats/copies.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/percentile.h"

int
copies_nearest(const float *likeness, const uint32_t *patient, size_t n,
               const uint32_t *train_patient, size_t m, size_t patients, struct copies_nearest *out,
               struct err *e)
{
    double *best = mem_array(patients, sizeof(*best), e);
    int rc = best != NULL ? 0 : -1;

    for (size_t i = 0; i < n && rc == 0; i++) {
        const float *row = likeness + i * m;
        double second = -INFINITY;

        out[i] = (struct copies_nearest){.likeness = -INFINITY};
        for (size_t p = 0; p < patients; p++)
            best[p] = -INFINITY;
        for (size_t k = 0; k < m; k++) {
            double *of = &best[train_patient[k]];

            if (train_patient[k] == patient[i])
                continue;
            if ((double)row[k] > *of)
                *of = (double)row[k];
            if ((double)row[k] > out[i].likeness) {
                out[i].likeness = (double)row[k];
                out[i].which = k;
            }
        }
        for (size_t p = 0; p < patients; p++)
            if (out[i].likeness > -INFINITY && p != train_patient[out[i].which])
                second = fmax(second, best[p]);
        out[i].lead = out[i].likeness - second;
        if (!isfinite(out[i].lead))
            rc =
                err_set(e, "training lesions are needed of two patients other than a lesion's own");
    }
    free(best);
    return rc;
}

/* In lanes, so that the compiler may use vectors without changing the order of any sum. */
static float
distance(const float *a, const float *b, size_t d)
{
    enum { LANES = 8 };
    float sum[LANES] = {0}, all = 0;
    size_t i = 0;

    for (; i + LANES <= d; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            float x = a[i + k] - b[i + k];

            sum[k] += x * x;
        }
    for (; i < d; i++)
        all += (a[i] - b[i]) * (a[i] - b[i]);
    for (size_t k = 0; k < LANES; k++)
        all += sum[k];
    return sqrtf(all);
}

void
copies_distances(const float *const *a, size_t n, const float *const *b, size_t m, size_t d,
                 float *likeness)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++)
            likeness[i * m + k] = -distance(a[i], b[k], d);
}

/* Of the cases of one kind; `room` holds them. */
static double
median(const struct apart_cases *c, const double *score, int synthetic, double *room)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        if (c->synthetic[i] == synthetic)
            room[n++] = score[i];
    return percentile_median(room, n);
}

int
copies_report(const struct apart_cases *c, const struct copies_nearest *near, double q,
              double level, uint64_t seed, struct copies_report *out, struct err *e)
{
    double *score = mem_array(c->n, 2 * sizeof(*score), e);
    int rc = score != NULL ? 0 : -1;

    for (int k = 0; k < COPIES_NUMBERS && rc == 0; k++) {
        for (size_t i = 0; i < c->n; i++)
            score[i] = k == COPIES_LEAD ? near[i].lead : near[i].likeness;
        for (int synthetic = 0; synthetic < 2; synthetic++)
            out->median[k][synthetic] = median(c, score, synthetic, score + c->n);
        rc = apart_area(c, score, level, &out->area[k], e) == -1 ||
                     apart_beyond(c, score, q, level, seed, &out->beyond[k], e) == -1
                 ? -1
                 : 0;
    }
    if (rc == 0)
        out->copies = out->beyond[COPIES_LEAD].lower > 1 - q;
    free(score);
    return rc;
}

struct leader {
    double lead;
    size_t which;
};

static int
by_lead(const void *a, const void *b)
{
    const struct leader *x = a, *y = b;

    return x->lead != y->lead ? (x->lead < y->lead) - (x->lead > y->lead)
                              : (x->which > y->which) - (x->which < y->which);
}

int
copies_leaders(const struct copies_nearest *near, size_t n, size_t *order, struct err *e)
{
    struct leader *l = mem_array_raw(n, sizeof(*l), e);

    if (l == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        l[i] = (struct leader){near[i].lead, i};
    qsort(l, n, sizeof(*l), by_lead);
    for (size_t i = 0; i < n; i++)
        order[i] = l[i].which;
    free(l);
    return 0;
}
