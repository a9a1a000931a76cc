#include "stats/trainings.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static size_t
patient_of(const struct delong_cases *cases, size_t i)
{
    return cases->cluster != NULL ? cases->cluster[i] : i;
}

/* From numbers of cases to factors; m and n are their sums. */
static void
make_factors(struct trainings_patients *p, double m, double n)
{
    double pos = sqrt(1 - 1 / (double)p->positives), neg = sqrt(1 - 1 / (double)p->negatives);

    for (size_t k = 0; k < p->n; k++) {
        double rest = (m - p->positive[k]) * (n - p->negative[k]);

        p->positive[k] = p->positive[k] > 0 ? pos * n / rest : 0;
        p->negative[k] = p->negative[k] > 0 ? neg * m / rest : 0;
    }
}

int
trainings_patients_make(struct trainings_patients *p, const struct delong_cases *cases,
                        struct err *e)
{
    double m = 0, n = 0, mm = 0, nn = 0, mn = 0;

    *p = (struct trainings_patients){.n = cases->cluster != NULL ? cases->clusters : cases->n};
    p->positive = mem_array(p->n, sizeof(*p->positive), e);
    p->negative = mem_array(p->n, sizeof(*p->negative), e);
    if (p->positive == NULL || p->negative == NULL)
        goto fail;
    for (size_t i = 0; i < cases->n; i++)
        (cases->positive[i] ? p->positive : p->negative)[patient_of(cases, i)]++;
    for (size_t k = 0; k < p->n; k++) {
        m += p->positive[k];
        n += p->negative[k];
        mm += p->positive[k] * p->positive[k];
        nn += p->negative[k] * p->negative[k];
        mn += p->positive[k] * p->negative[k];
        p->positives += p->positive[k] > 0;
        p->negatives += p->negative[k] > 0;
    }
    if (p->positives < 2 || p->negatives < 2) {
        err_set(e,
                cases->cluster != NULL ? "%zu patients with positive cases and %zu with negative "
                                         "ones: a variance needs two of each"
                                       : "%zu positive and %zu negative cases: an area with its "
                                         "variance needs two of each",
                p->positives, p->negatives);
        goto fail;
    }
    p->effective_positives = m * m / mm;
    p->effective_negatives = n * n / nn;
    p->overlap = mn / (m * n);
    make_factors(p, m, n);
    return 0;
fail:
    trainings_patients_free(p);
    return -1;
}

void
trainings_patients_free(struct trainings_patients *p)
{
    free(p->positive);
    free(p->negative);
    *p = (struct trainings_patients){0};
}

/* The area of one training and the two terms of its g, both zeros before. */
static int
jackknife(const struct trainings_patients *p, const struct delong_cases *cases, const double *score,
          double *area, double *positive, double *negative, struct err *e)
{
    struct delong_curve c;

    if (delong_curve_make(&c, cases, score, e) == -1)
        return -1;
    *area = c.area;
    for (size_t i = 0; i < cases->n; i++)
        (cases->positive[i] ? positive : negative)[patient_of(cases, i)] += c.placement[i] - c.area;
    for (size_t k = 0; k < p->n; k++) {
        positive[k] *= p->positive[k];
        negative[k] *= p->negative[k];
    }
    delong_curve_free(&c);
    return 0;
}

/* The mean of x[0], x[step], ..., n of them: of equal ones exactly what they are. */
static double
mean(const double *x, size_t n, size_t step)
{
    double sum = 0;

    for (size_t j = 1; j < n; j++)
        sum += x[j * step] - x[0];
    return x[0] + sum / (double)n;
}

/* W, and the means over trainings, which replace the first one's terms. */
static double
unshared(double *pos, double *neg, size_t trainings, size_t patients)
{
    double sum = 0;

    for (size_t k = 0; k < patients; k++) {
        double p = mean(pos + k, trainings, patients), n = mean(neg + k, trainings, patients);

        for (size_t j = 0; j < trainings; j++) {
            double d = (pos[j * patients + k] - p) + (neg[j * patients + k] - n);

            sum += d * d;
        }
        pos[k] = p;
        neg[k] = n;
    }
    return sum / (double)(trainings - 1);
}

int
trainings_arm_make(struct trainings_arm *arm, const struct trainings_patients *p,
                   const struct delong_cases *cases, double *const *score, size_t n, struct err *e)
{
    double *area = NULL;
    size_t size;

    *arm = (struct trainings_arm){.n = n};
    if (n < 2)
        return err_set(e, "%zu training: a variance over trainings needs two", n);
    if (mem_mul(n, p->n, &size) == -1)
        return err_set(e, "%zu trainings of %zu patients are too many", n, p->n);
    if ((area = mem_array(n, sizeof(*area), e)) == NULL ||
        (arm->positive = mem_array(size, sizeof(*arm->positive), e)) == NULL ||
        (arm->negative = mem_array(size, sizeof(*arm->negative), e)) == NULL)
        goto fail;
    for (size_t j = 0; j < n; j++)
        if (jackknife(p, cases, score[j], &area[j], arm->positive + j * p->n,
                      arm->negative + j * p->n, e) == -1)
            goto fail;
    arm->area = mean(area, n, 1);
    for (size_t j = 0; j < n; j++)
        arm->variance += (area[j] - arm->area) * (area[j] - arm->area) / (double)(n - 1);
    arm->unshared = unshared(arm->positive, arm->negative, n, p->n);
    free(area);
    return 0;
fail:
    free(area);
    trainings_arm_free(arm);
    return -1;
}

void
trainings_arm_free(struct trainings_arm *arm)
{
    free(arm->positive);
    free(arm->negative);
    *arm = (struct trainings_arm){0};
}

/* Q and its part that is the positives'. */
struct squares {
    double all, positive;
};

static struct squares
squares(const struct trainings_patients *p, const struct trainings_arm *a,
        const struct trainings_arm *b)
{
    struct squares s = {0, 0};

    for (size_t k = 0; k < p->n; k++) {
        double pos = a->positive[k] - (b != NULL ? b->positive[k] : 0);
        double neg = a->negative[k] - (b != NULL ? b->negative[k] : 0);

        s.all += (pos + neg) * (pos + neg);
        s.positive += pos * (pos + neg);
    }
    s.positive = fmin(fmax(0, s.positive), s.all);
    return s;
}

/* f, for Q > 0.  1 / (E - 1) of 1 / E. */
static double
patients_df(const struct trainings_patients *p, struct squares s)
{
    double pos = s.positive / s.all, neg = 1 - pos;
    double inverse = pos * pos / (p->effective_positives - 1) +
                     neg * neg / (p->effective_negatives - 1) +
                     2 * pos * neg * p->overlap / (1 - p->overlap);

    return fmax(1, 1 / inverse);
}

struct trainings_estimate
trainings_estimate(const struct trainings_patients *p, const struct trainings_arm *a,
                   const struct trainings_arm *b)
{
    struct trainings_estimate t = {.value = a->area - (b != NULL ? b->area : 0), .df = INFINITY};
    const struct trainings_arm *arm[] = {a, b};
    struct squares s = squares(p, a, b);
    double below = 0, se2;

    t.patients = s.all;
    for (size_t i = 0; i < 2 && arm[i] != NULL; i++) {
        double part = arm[i]->variance / (double)arm[i]->n;

        t.trainings += part;
        t.patients -= arm[i]->unshared / (double)arm[i]->n;
        below += part * part / (double)(arm[i]->n - 1);
    }
    t.patients = fmax(0, t.patients);
    if (t.patients > 0)
        below += t.patients * s.all / patients_df(p, s);
    se2 = t.patients + t.trainings;
    if (se2 > 0)
        t.df = fmax(1, se2 * se2 / below);
    return t;
}
