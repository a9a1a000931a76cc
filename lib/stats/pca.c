#include "stats/pca.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/linalg.h"

enum { ROWS = 512 };

static void
mean_of(const float *x, size_t n, size_t d, double *mean)
{
    memset(mean, 0, d * sizeof(*mean));
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < d; c++)
            mean[c] += x[i * d + c];
    for (size_t c = 0; c < d; c++)
        mean[c] /= (double)n;
}

/* cov [d][d], its lower half: the mean over cases of (x - mean) (x - mean)^T, ROWS at a time. */
static int
covariance(const float *x, size_t n, size_t d, const double *mean, double *cov, struct err *e)
{
    size_t size;
    double *part;

    if (mem_mul(ROWS, d, &size) == -1 || (part = mem_array_raw(size, sizeof(*part), e)) == NULL)
        return -1;
    for (size_t first = 0; first < n; first += ROWS) {
        size_t rows = n - first < ROWS ? n - first : ROWS;

        for (size_t i = 0; i < rows; i++)
            for (size_t c = 0; c < d; c++)
                part[i * d + c] = x[(first + i) * d + c] - mean[c];
        linalg_add_squares(rows, d, part, cov);
    }
    for (size_t r = 0; r < d; r++)
        for (size_t c = 0; c <= r; c++)
            cov[r * d + c] /= (double)n;
    free(part);
    return 0;
}

/* 1 or -1, so that the largest of v [d] becomes positive. */
static double
sign_of(const double *v, size_t d)
{
    size_t at = 0;

    for (size_t c = 1; c < d; c++)
        if (fabs(v[c]) > fabs(v[at]))
            at = c;
    return v[at] < 0 ? -1 : 1;
}

int
pca_fit(struct pca *p, const float *x, size_t n, size_t d, size_t k, struct err *e)
{
    double *cov = NULL, *value = NULL, *vector = NULL;
    size_t square;
    int rc = -1;

    *p = (struct pca){.d = d, .k = k};
    p->mean = mem_array(d, sizeof(*p->mean), e);
    p->variance = mem_array(k, sizeof(*p->variance), e);
    p->basis = mem_array(k, d * sizeof(*p->basis), e);
    vector = mem_array(k, d * sizeof(*vector), e);
    value = mem_array(k, sizeof(*value), e);
    if (!p->mean || !p->variance || !p->basis || !vector || !value)
        goto out;
    if (mem_mul(d, d, &square) == -1) {
        err_memory(e, (unsigned long long)-1);
        goto out;
    }
    if ((cov = mem_array(square, sizeof(*cov), e)) == NULL)
        goto out;
    mean_of(x, n, d, p->mean);
    if (covariance(x, n, d, p->mean, cov, e) == -1 ||
        linalg_eigen(d, cov, k, value, vector, e) == -1)
        goto out;
    for (size_t j = 0; j < k; j++) {
        const double *v = vector + j * d;
        double sign = sign_of(v, d);

        p->variance[j] = fmax(value[j], 0);
        for (size_t c = 0; c < d; c++)
            p->basis[c * k + j] = sign * v[c];
    }
    rc = 0;
out:
    free(cov);
    free(value);
    free(vector);
    if (rc == -1)
        pca_free(p);
    return rc;
}

int
pca_reduce(struct pca *p, const float *x, size_t n, size_t d, size_t k, struct err *e)
{
    if (k > 0 && k < d)
        return pca_fit(p, x, n, d, k, e);
    *p = (struct pca){.d = d, .k = d};
    return 0;
}

void
pca_apply(const struct pca *p, const float *x, size_t n, double *y)
{
    size_t d = p->d, k = p->k;

#pragma omp parallel for
    for (size_t i = 0; i < n; i++) {
        double *to = y + i * k;

        if (p->basis == NULL) {
            for (size_t c = 0; c < d; c++)
                to[c] = x[i * d + c];
            continue;
        }
        memset(to, 0, k * sizeof(*to));
        for (size_t c = 0; c < d; c++) {
            double v = x[i * d + c] - p->mean[c];

            for (size_t j = 0; j < k; j++)
                to[j] += v * p->basis[c * k + j];
        }
    }
}

void
pca_free(struct pca *p)
{
    free(p->mean);
    free(p->variance);
    free(p->basis);
    *p = (struct pca){0};
}
