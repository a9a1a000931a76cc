#include "stats/linalg.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <omp.h>
#include <stdlib.h>

#include "base/mem.h"

/* Of LAPACK, in libopenblas; lapacke.h is in a package of its own. */
void dsyevr_(const char *jobz, const char *range, const char *uplo, const int *n, double *a,
             const int *lda, const double *vl, const double *vu, const int *il, const int *iu,
             const double *abstol, int *m, double *w, double *z, const int *ldz, int *isuppz,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info);
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s,
             double *u, const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork,
             int *iwork, int *info);

/*
 * An OpenBLAS that is built on OpenMP uses as many threads as a parallel region would get.  This
 * concerns the calling thread alone.
 */
static int
begin_alone(void)
{
    int threads = omp_get_max_threads();

    omp_set_num_threads(1);
    return threads;
}

static void
end_alone(int threads)
{
    omp_set_num_threads(threads);
}

int
linalg_team(size_t n)
{
    int threads = omp_get_max_threads();

    return n < (size_t)threads ? (int)n : threads;
}

void
linalg_product(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    int threads = begin_alone();

    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)k, b,
                (int)n, 0, c, (int)n);
    end_alone(threads);
}

void
linalg_product_t(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    int threads = begin_alone();

    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, a, (int)k, b,
                (int)k, 0, c, (int)n);
    end_alone(threads);
}

void
linalg_add_squares(size_t m, size_t k, const double *a, double *c)
{
    int threads = begin_alone();

    assert(m <= INT_MAX && k <= INT_MAX);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)k, (int)m, 1, a, (int)k, 1, c, (int)k);
    end_alone(threads);
}

int
linalg_eigen(size_t n, double *a, size_t count, double *value, double *vector, struct err *e)
{
    /* Our lower half is the upper one where columns come first, as in Fortran. */
    int size = (int)n, first = (int)(n - count) + 1, found = 0, info = 0, whole = -1;
    int *support = NULL, *iwork = NULL, iwork_size = 0, threads;
    double *all = NULL, *up = NULL, *work = NULL, work_size = 0, zero = 0;
    size_t length;
    int rc = -1;

    assert(n <= INT_MAX && count >= 1 && count <= n);
    if (mem_mul(n, count, &length) == -1)
        return err_set(e, "%zu eigenvectors of length %zu are too many", count, n);
    if ((all = mem_array(n, sizeof(*all), e)) == NULL ||
        (up = mem_array(length, sizeof(*up), e)) == NULL ||
        (support = mem_array(2 * n, sizeof(*support), e)) == NULL)
        goto out;
    dsyevr_("V", "I", "U", &size, a, &size, &zero, &zero, &first, &size, &zero, &found, all, up,
            &size, support, &work_size, &whole, &iwork_size, &whole, &info);
    whole = (int)work_size;
    if ((work = mem_array((size_t)whole, sizeof(*work), e)) == NULL ||
        (iwork = mem_array((size_t)iwork_size, sizeof(*iwork), e)) == NULL)
        goto out;
    threads = begin_alone();
    dsyevr_("V", "I", "U", &size, a, &size, &zero, &zero, &first, &size, &zero, &found, all, up,
            &size, support, work, &whole, iwork, &iwork_size, &info);
    end_alone(threads);
    if (info != 0 || found != (int)count) {
        err_set(e, "no eigenvalues of a matrix of %zu rows (dsyevr: %d)", n, info);
        goto out;
    }
    /* LAPACK's come from the smallest. */
    for (size_t k = 0; k < count; k++) {
        value[k] = all[count - 1 - k];
        for (size_t i = 0; i < n; i++)
            vector[k * n + i] = up[(count - 1 - k) * n + i];
    }
    rc = 0;
out:
    free(all);
    free(up);
    free(support);
    free(work);
    free(iwork);
    return rc;
}

int
linalg_nuclear_norm(size_t n, double *a, double *norm, struct err *e)
{
    int size = (int)n, one = 1, info = 0, whole = -1, rc = -1;
    double *s, *work = NULL, work_size = 0, none;
    int *iwork, threads;

    assert(n >= 1 && n <= INT_MAX / 8);
    s = mem_array(n, sizeof(*s), e);
    iwork = mem_array(8 * n, sizeof(*iwork), e);
    if (s == NULL || iwork == NULL)
        goto out;
    dgesdd_("N", &size, &size, a, &size, s, &none, &one, &none, &one, &work_size, &whole, iwork,
            &info);
    whole = (int)work_size;
    if ((work = mem_array((size_t)whole, sizeof(*work), e)) == NULL)
        goto out;
    threads = begin_alone();
    dgesdd_("N", &size, &size, a, &size, s, &none, &one, &none, &one, work, &whole, iwork, &info);
    end_alone(threads);
    if (info != 0) {
        err_set(e, "no singular values of a matrix of %zu rows (dgesdd: %d)", n, info);
        goto out;
    }
    *norm = 0;
    for (size_t k = 0; k < n; k++)
        *norm += s[k];
    rc = 0;
out:
    free(s);
    free(work);
    free(iwork);
    return rc;
}
