#include "stats/comparison.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/pvalue.h"

int
comparison_curve_make(struct comparison_curve *c, const char *name,
                      const struct delong_cases *cases, const struct trainings_patients *patients,
                      double *const *score, size_t n, int trainings, struct err *e)
{
    *c = (struct comparison_curve){.name = name,
                                   .units = patients->n,
                                   .positive_patients = patients->positives,
                                   .negative_patients = patients->negatives,
                                   .effective_positives = patients->effective_positives,
                                   .effective_negatives = patients->effective_negatives};
    for (size_t i = 0; i < cases->n; i++)
        ++*(cases->positive[i] ? &c->positives : &c->negatives);
    if ((trainings ? trainings_arm_make(&c->trainings, patients, cases, score, n, e)
                   : delong_curve_make(&c->delong, cases, score[0], e)) == -1)
        return err_in(e, "%s", name);
    return 0;
}

void
comparison_curve_free(struct comparison_curve *c)
{
    delong_curve_free(&c->delong);
    trainings_arm_free(&c->trainings);
}

/* Within -q .. q lies the given share; df INFINITY: normal. */
static double
quantile(double share, double df)
{
    return isinf(df) ? quantile_normal(share) : quantile_student(share, df);
}

struct comparison_area
comparison_area(const struct comparison_curve *c, const struct comparison_plan *plan)
{
    struct comparison_area x = {
        .area = c->delong.area, .patients = c->delong.variance, .df = INFINITY};
    double half;

    if (plan->patients != NULL) {
        struct trainings_estimate t = trainings_estimate(plan->patients, &c->trainings, NULL);

        x = (struct comparison_area){
            .area = t.value, .patients = t.patients, .trainings = t.trainings, .df = t.df};
    }
    half = quantile(plan->level, x.df) * sqrt(x.patients + x.trainings);
    if (plan->interval == INTERVAL_NORMAL) {
        x.lower = fmax(0, x.area - half);
        x.upper = fmin(1, x.area + half);
    } else if (x.area <= 0 || x.area >= 1)
        x.lower = x.upper = x.area;
    else {
        double middle = log(x.area / (1 - x.area));

        half /= x.area * (1 - x.area); /* the derivative of the logit */
        x.lower = 1 / (1 + exp(half - middle));
        x.upper = 1 / (1 + exp(-half - middle));
    }
    return x;
}

static void
test(struct comparison *t, const struct comparison_plan *plan)
{
    double q = quantile(plan->level, t->df);

    t->se = sqrt(t->patients + t->trainings);
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
    t->detectable = t->se > 0 ? (q + quantile(2 * plan->power - 1, t->df)) * t->se : NAN;
}

static int
compare(const struct comparison_curve *a, const struct comparison_curve *b,
        const struct comparison_plan *plan, struct comparison *t, struct err *e)
{
    const struct delong_curve *x = &a->delong, *y = &b->delong;

    t->difference = x->area - y->area;
    t->df = INFINITY;
    if (plan->patients != NULL) {
        struct trainings_estimate d =
            trainings_estimate(plan->patients, &a->trainings, &b->trainings);

        t->difference = d.value;
        t->patients = d.patients;
        t->trainings = d.trainings;
        t->df = d.df;
    } else if (plan->cases != NULL) {
        if (delong_difference(plan->cases, x, y, &t->patients, e) == -1)
            return -1;
    } else {
        t->patients = x->variance + y->variance;
        if (t->patients > 0)
            t->df = t->patients * t->patients /
                    (x->variance * x->variance / (double)(a->units - 1) +
                     y->variance * y->variance / (double)(b->units - 1));
    }
    test(t, plan);
    return 0;
}

struct comparison *
comparison_make(const struct comparison_curve *curve, size_t n, size_t reference,
                const struct comparison_plan *plan, size_t *count, struct err *e)
{
    struct comparison *t = mem_array(n * n, sizeof(*t), e);
    double *p = mem_array_raw(2 * n * n, sizeof(*p), e);
    size_t k = 0;

    if (t == NULL || p == NULL)
        goto fail;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            if (reference == COMPARISON_ALL_PAIRS ? a < b : b == reference && a != b) {
                t[k].a = a;
                t[k].b = b;
                if (compare(&curve[a], &curve[b], plan, &t[k], e) == -1)
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
