#include "stats/pca.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>
#include <omp.h>

#include "base/mem.h"

enum { ROWS = 512, TILE = 128 };

/*
 * LAPACK's eigenvalues il .. iu of a symmetric matrix, with vectors.  OpenBLAS brings it; its
 * header is a package of its own.  The last three are the lengths of the texts, as Fortran passes
 * them.
 */
extern void dsyevr_(const char *job, const char *range, const char *half, const int *n, double *a,
                    const int *lda, const double *vl, const double *vu, const int *il,
                    const int *iu, const double *tolerance, int *m, double *w, double *z,
                    const int *ldz, int *support, double *work, const int *lwork, int *iwork,
                    const int *liwork, int *info, size_t n_job, size_t n_range, size_t n_half);

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

/*
 * cov [d][d], one half of it: the sum over cases of (x - mean) (x - mean)^T / n.  Cases are taken
 * ROWS at a time; of the matrix each thread takes whole tiles, and within the parallel region
 * OpenBLAS runs on one thread, so that every number is the same sum on any number of them.
 */
static int
covariance(const float *x, size_t n, size_t d, const double *mean, double *cov, struct err *e)
{
    size_t tiles = (d + TILE - 1) / TILE, size;
    double *part;

    if (mem_mul(ROWS, d, &size) == -1 || (part = mem_array_raw(size, sizeof(*part), e)) == NULL)
        return -1;
    for (size_t first = 0; first < n; first += ROWS) {
        size_t rows = n - first < ROWS ? n - first : ROWS;

#pragma omp parallel
        {
#pragma omp for
            for (size_t i = 0; i < rows; i++)
                for (size_t c = 0; c < d; c++)
                    part[i * d + c] = x[(first + i) * d + c] - mean[c];
#pragma omp for schedule(dynamic)
            for (size_t tile = 0; tile < tiles * tiles; tile++) {
                size_t r = tile / tiles * TILE, c = tile % tiles * TILE;
                size_t h = d - r < TILE ? d - r : TILE, w = d - c < TILE ? d - c : TILE;

                if (c <= r)
                    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)h, (int)w, (int)rows,
                                1 / (double)n, part + r, (int)d, part + c, (int)d, 1,
                                cov + r * d + c, (int)d);
            }
        }
    }
    free(part);
    return 0;
}

/* The k largest eigenvalues of a [d][d], which is destroyed, rising, and their vectors [k][d]. */
static int
largest(double *a, int d, int k, double *value, double *vector, struct err *e)
{
    int il = d - k + 1, m = 0, info = 0, lwork = -1, liwork = -1, iask = 0, *iwork = NULL;
    int *support = mem_array((size_t)k * 2, sizeof(*support), e), threads, rc = -1;
    double none = 0, ask = 0, *work = NULL;

    if (support == NULL)
        return -1;
    dsyevr_("V", "I", "U", &d, a, &d, &none, &none, &il, &d, &none, &m, value, vector, &d, support,
            &ask, &lwork, &iask, &liwork, &info, 1, 1, 1);
    lwork = (int)ask;
    liwork = iask;
    if ((work = mem_array((size_t)lwork, sizeof(*work), e)) == NULL ||
        (iwork = mem_array((size_t)liwork, sizeof(*iwork), e)) == NULL)
        goto out;
    /* On one thread: sums inside must not be parted by their number.  OpenBLAS tells OpenMP too. */
    threads = omp_get_max_threads();
    openblas_set_num_threads(1);
    dsyevr_("V", "I", "U", &d, a, &d, &none, &none, &il, &d, &none, &m, value, vector, &d, support,
            work, &lwork, iwork, &liwork, &info, 1, 1, 1);
    openblas_set_num_threads(threads);
    omp_set_num_threads(threads);
    rc = info == 0 && m == k ? 0 : err_set(e, "principal components: LAPACK says %d", info);
out:
    free(support);
    free(work);
    free(iwork);
    return rc;
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
    value = mem_array(d, sizeof(*value), e);
    if (!p->mean || !p->variance || !p->basis || !vector || !value)
        goto out;
    if (mem_mul(d, d, &square) == -1) {
        err_memory(e, (unsigned long long)-1);
        goto out;
    }
    if ((cov = mem_array(square, sizeof(*cov), e)) == NULL)
        goto out;
    mean_of(x, n, d, p->mean);
    /* What is below the diagonal of rows is above that of Fortran's columns. */
    if (covariance(x, n, d, p->mean, cov, e) == -1 ||
        largest(cov, (int)d, (int)k, value, vector, e) == -1)
        goto out;
    for (size_t j = 0; j < k; j++) {
        const double *v = vector + (k - 1 - j) * d;
        double sign = sign_of(v, d);

        p->variance[j] = fmax(value[k - 1 - j], 0);
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
