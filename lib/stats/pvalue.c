#include "stats/pvalue.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

double
pvalue_normal(double z)
{
    return z == 0 ? 0 : gsl_sf_log_erfc(fabs(z) * M_SQRT1_2) / M_LN10;
}

/*
 * ln I_x(a, b), the regularised incomplete beta function, for x < (a + 1) / (a + b + 2), where its
 * continued fraction (DLMF 8.17.22, by Lentz's method) converges in some sqrt(max(a, b)) steps.
 */
static double
log_beta_inc(double a, double b, double x, double log_x, double log_1_x)
{
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), f = d;

    for (double m = 1; m < 1e7; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step;

        d = 1 / (1 + even * d);
        c = 1 + even / c;
        f *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        step = c * d;
        f *= step;
        if (fabs(step - 1) < DBL_EPSILON)
            break;
    }
    return a * log_x + b * log_1_x - log(a) - gsl_sf_lnbeta(a, b) + log(f);
}

/* p = I_x(df/2, 1/2) with x = df / (df + t^2). */
double
pvalue_student(double t, double df)
{
    double r = t * t / df, a = df / 2, b = 0.5, x = 1 / (1 + r), y = r / (1 + r), ln;

    if (t == 0)
        return 0;
    if (x < (a + 1) / (a + b + 2))
        ln = log_beta_inc(a, b, x, -log1p(r), log(y));
    else
        ln = log1p(-exp(log_beta_inc(b, a, y, log(y), -log1p(r))));
    return ln / M_LN10;
}

double
quantile_normal(double level)
{
    return gsl_cdf_ugaussian_Qinv((1 - level) / 2);
}

/* By halving: t's tails are heavier than the normal's, so its quantile is beyond that one's. */
double
quantile_student(double level, double df)
{
    double lo = 0, hi = quantile_normal(level), want = log10(1 - level);

    while (pvalue_student(hi, df) > want)
        hi *= 2;
    for (int i = 0; i < 200 && lo < hi; i++) {
        double mid = lo + (hi - lo) / 2;

        if (mid == lo || mid == hi)
            break;
        *(pvalue_student(mid, df) > want ? &lo : &hi) = mid;
    }
    return hi;
}

struct ranked {
    double p;
    size_t index;
};

static int
by_p(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->p, y = ((const struct ranked *)b)->p;

    return (x > y) - (x < y);
}

int
pvalue_holm(const double *log10_p, size_t n, double *out, struct err *e)
{
    struct ranked *r = mem_array_raw(n, sizeof(*r), e);
    double most = -INFINITY;
    size_t k = 0;

    if (r == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        out[i] = NAN;
        if (!isnan(log10_p[i]))
            r[k++] = (struct ranked){log10_p[i], i};
    }
    qsort(r, k, sizeof(*r), by_p);
    for (size_t i = 0; i < k; i++) {
        most = fmax(most, fmin(0, r[i].p + log10((double)(n - i))));
        out[r[i].index] = most;
    }
    free(r);
    return 0;
}

void
pvalue_text(double log10_p, int digits, char *buf, size_t size)
{
    double whole, mantissa;
    char head[40];

    if (isnan(log10_p))
        snprintf(buf, size, "NA");
    else if (log10_p > -300 || isinf(log10_p))
        snprintf(buf, size, "%.*g", digits, pow(10, log10_p));
    else {
        whole = floor(log10_p);
        mantissa = pow(10, log10_p - whole);
        snprintf(head, sizeof(head), "%.*g", digits, mantissa);
        if (head[0] == '1' && head[1] == '0') /* 9.99... rounded up */
            snprintf(buf, size, "1e%.0f", whole + 1);
        else
            snprintf(buf, size, "%se%.0f", head, whole);
    }
}
