#include "stats/comparison.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/pvalue.h"

void
comparison_area(const struct comparison_curve *c, double level, enum comparison_interval interval,
                double *lower, double *upper)
{
    double area = c->delong.area, half = quantile_normal(level) * sqrt(c->delong.variance);

    if (interval == INTERVAL_NORMAL) {
        *lower = fmax(0, area - half);
        *upper = fmin(1, area + half);
    } else if (area <= 0 || area >= 1)
        *lower = *upper = area;
    else {
        double middle = log(area / (1 - area));

        half /= area * (1 - area); /* the derivative of the logit */
        *lower = 1 / (1 + exp(half - middle));
        *upper = 1 / (1 + exp(-half - middle));
    }
}

static void
test(struct comparison *t, double variance, double level)
{
    double q = isinf(t->df) ? quantile_normal(level) : quantile_student(level, t->df);

    t->se = sqrt(variance);
    t->lower = t->difference - q * t->se;
    t->upper = t->difference + q * t->se;
    if (t->se > 0)
        t->statistic = t->difference / t->se;
    else
        t->statistic = t->difference == 0 ? 0 : NAN;
    if (isnan(t->statistic))
        t->log10_p = NAN;
    else
        t->log10_p =
            isinf(t->df) ? pvalue_normal(t->statistic) : pvalue_student(t->statistic, t->df);
}

static int
compare(const struct comparison_curve *curve, size_t a, size_t b, const struct delong_cases *cases,
        double level, struct comparison *t, struct err *e)
{
    const struct delong_curve *x = &curve[a].delong, *y = &curve[b].delong;
    double variance = x->variance + y->variance;

    *t = (struct comparison){.a = a, .b = b, .difference = x->area - y->area, .df = INFINITY};
    if (cases != NULL) {
        if (delong_difference(cases, x, y, &variance, e) == -1)
            return -1;
    } else if (variance > 0)
        t->df = variance * variance /
                (x->variance * x->variance / (double)(curve[a].units - 1) +
                 y->variance * y->variance / (double)(curve[b].units - 1));
    test(t, variance, level);
    return 0;
}

struct comparison *
comparison_make(const struct comparison_curve *curve, size_t n, size_t reference,
                const struct delong_cases *cases, double level, size_t *count, struct err *e)
{
    struct comparison *t = mem_array(n * n, sizeof(*t), e);
    double *p = mem_array_raw(2 * n * n, sizeof(*p), e);
    size_t k = 0;

    if (t == NULL || p == NULL)
        goto fail;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            if (reference == COMPARISON_ALL_PAIRS ? a < b : b == reference && a != b) {
                if (compare(curve, a, b, cases, level, &t[k], e) == -1)
                    goto fail;
                p[k] = t[k].log10_p;
                k++;
            }
    if (pvalue_holm(p, k, p + k, e) == -1)
        goto fail;
    for (size_t i = 0; i < k; i++)
        t[i].log10_holm = p[k + i];
    *count = k;
    free(p);
    return t;
fail:
    free(p);
    free(t);
    return NULL;
}
