#include "stats/logistic.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { MAX_STEPS = 100, MAX_HALVINGS = 60, MAX_TERMS = LOGISTIC_MAX + 1 };

/* The cases with standardised features: z [cases][terms], the first of which is 1. */
struct problem {
    const uint8_t *positive;
    size_t cases, terms;
    double *z, weight[2], ridge;
};

static double
dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* log(1 + exp(x)) without overflow. */
static double
log1p_exp(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double
objective(const struct problem *p, const double *b)
{
    double sum = p->ridge / 2 * dot(b + 1, b + 1, p->terms - 1);

    for (size_t i = 0; i < p->cases; i++) {
        double odds = dot(p->z + i * p->terms, b, p->terms);

        sum += p->weight[p->positive[i]] * log1p_exp(p->positive[i] ? -odds : odds);
    }
    return sum;
}

/* Gradient and matrix of second derivatives (lower half) at b. */
static void
derivatives(const struct problem *p, const double *b, double *gradient, gsl_matrix *second)
{
    size_t t = p->terms;

    gsl_matrix_set_zero(second);
    for (size_t k = 0; k < t; k++) {
        gradient[k] = k > 0 ? p->ridge * b[k] : 0;
        gsl_matrix_set(second, k, k, k > 0 ? p->ridge : 0);
    }
    for (size_t i = 0; i < p->cases; i++) {
        const double *z = p->z + i * t;
        double w = p->weight[p->positive[i]], q = 1 / (1 + exp(-dot(z, b, t)));

        for (size_t k = 0; k < t; k++) {
            gradient[k] += w * (q - p->positive[i]) * z[k];
            for (size_t j = 0; j <= k; j++)
                *gsl_matrix_ptr(second, k, j) += w * q * (1 - q) * z[k] * z[j];
        }
    }
}

/* b moves to the least of the objective. */
static int
newton(const struct problem *p, double *b, gsl_matrix *second, struct err *e)
{
    double gradient[MAX_TERMS], step[MAX_TERMS], next[MAX_TERMS];
    gsl_vector_view g = gsl_vector_view_array(gradient, p->terms);
    gsl_vector_view s = gsl_vector_view_array(step, p->terms);
    double now = objective(p, b);

    for (int i = 0; i < MAX_STEPS; i++) {
        double share = 1, then = INFINITY, fall;

        derivatives(p, b, gradient, second);
        if (gsl_linalg_cholesky_decomp1(second) != GSL_SUCCESS ||
            gsl_linalg_cholesky_solve(second, &g.vector, &s.vector) != GSL_SUCCESS)
            return err_set(e, "logistic regression: singular after %d steps", i);
        fall = dot(gradient, step, p->terms) / 2;
        for (int h = 0; h < MAX_HALVINGS && !(then < now); h++, share /= 2) {
            for (size_t k = 0; k < p->terms; k++)
                next[k] = b[k] - share * step[k];
            then = objective(p, next);
        }
        /* At the bottom rounding decides whether a step goes down; what it would gain tells. */
        if (!(then < now))
            return fall < 1e-12 * (1 + now)
                       ? 0
                       : err_set(e, "logistic regression: stuck after %d steps", i);
        for (size_t k = 0; k < p->terms; k++)
            b[k] = next[k];
        now = then;
    }
    return err_set(e, "logistic regression: not at its end after %d steps", MAX_STEPS);
}

/* Means and deviations with the weights of the classes. */
static int
standardise(struct logistic *m, struct problem *p, const double *x, struct err *e)
{
    size_t n = m->n;

    for (size_t k = 0; k < n; k++) {
        double mean = 0, square = 0;

        for (size_t i = 0; i < p->cases; i++) {
            if (!isfinite(x[i * n + k]))
                return err_set(e, "feature %zu of case %zu is not finite", k, i);
            mean += p->weight[p->positive[i]] * x[i * n + k];
        }
        for (size_t i = 0; i < p->cases; i++) {
            double d = x[i * n + k] - mean;

            square += p->weight[p->positive[i]] * d * d;
        }
        m->mean[k] = mean;
        /* What rounding leaves of equal numbers is no variance. */
        m->sd[k] = sqrt(square) > 1e-12 * fabs(mean) ? sqrt(square) : 0;
        for (size_t i = 0; i < p->cases; i++)
            p->z[i * p->terms + k + 1] = m->sd[k] > 0 ? (x[i * n + k] - mean) / m->sd[k] : 0;
    }
    return 0;
}

int
logistic_fit(struct logistic *m, const double *x, const uint8_t *positive, size_t cases, size_t n,
             double ridge, struct err *e)
{
    struct problem p = {.positive = positive, .cases = cases, .terms = n + 1, .ridge = ridge};
    gsl_error_handler_t *handler;
    double b[MAX_TERMS] = {0};
    gsl_matrix *second;
    size_t count[2] = {0}, cells;
    int rc = -1;

    *m = (struct logistic){.n = n};
    for (size_t i = 0; i < cases; i++)
        count[positive[i]]++;
    if (count[0] == 0 || count[1] == 0)
        return err_set(e, "logistic regression: %zu positive and %zu negative cases", count[1],
                       count[0]);
    for (int k = 0; k < 2; k++)
        p.weight[k] = 0.5 / (double)count[k];
    if (mem_mul(cases, p.terms, &cells) == -1)
        return err_set(e, "%zu cases are too many", cases);
    if ((p.z = mem_array_raw(cells, sizeof(*p.z), e)) == NULL)
        return -1;
    for (size_t i = 0; i < cases; i++)
        p.z[i * p.terms] = 1;
    handler = gsl_set_error_handler_off();
    if ((second = gsl_matrix_alloc(p.terms, p.terms)) == NULL)
        err_memory(e, p.terms * p.terms * sizeof(double));
    else if (standardise(m, &p, x, e) == 0 && newton(&p, b, second, e) == 0)
        rc = 0;
    gsl_matrix_free(second);
    gsl_set_error_handler(handler);
    free(p.z);
    m->intercept = b[0];
    for (size_t k = 0; k < n; k++)
        m->slope[k] = b[k + 1];
    return rc;
}

double
logistic_odds(const struct logistic *m, const double *x)
{
    double odds = m->intercept;

    for (size_t k = 0; k < m->n; k++)
        if (m->sd[k] > 0)
            odds += m->slope[k] * (x[k] - m->mean[k]) / m->sd[k];
    return odds;
}

double
logistic_probability(double odds)
{
    return odds >= 0 ? 1 / (1 + exp(-odds)) : exp(odds) / (1 + exp(odds));
}
