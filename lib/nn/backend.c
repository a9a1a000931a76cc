#include "nn/backend_parts.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cblas.h>
#include <omp.h>

#ifdef MP_REAL_DOUBLE
#define xgemm cblas_dgemm
#else
#define xgemm cblas_sgemm
#endif

#define BLAS_OPENMP 2 /* openblas_get_parallel(): the flavour that is built on OpenMP */

void
backend_fail(const char *what, int status)
{
    fprintf(stderr, "backend: %s: %d\n", what, status);
    abort();
}

real *
backend_scratch(enum scratch_slot slot, size_t n)
{
    static struct {
        real *p;
        size_t n;
    } scratch[SCRATCH_SLOTS];

    if (n > scratch[slot].n) {
        void *p;

        free(scratch[slot].p);
        if (n > SIZE_MAX / sizeof(real) || posix_memalign(&p, 64, n * sizeof(real)) != 0)
            backend_fail("out of memory for working space", (int)slot);
        scratch[slot].p = p;
        scratch[slot].n = n;
    }
    return scratch[slot].p;
}

size_t
conv_out(size_t in, size_t k, size_t stride, size_t pad)
{
    assert(stride > 0 && k > 0 && in + 2 * pad >= k);
    return (in + 2 * pad - k) / stride + 1;
}

int
backend_threads(int n)
{
    if (n <= 0)
        n = omp_get_num_procs();
    omp_set_num_threads(n);
    openblas_set_num_threads(n);
    return n;
}

const char *
backend_blas_name(void)
{
    static const char *const flavour[] = {"sequential", "pthreads", "openmp"};
    static char name[128];

    if (name[0] == '\0') {
        int parallel = openblas_get_parallel();
        char version[24] = "?";

        /* The text begins "OpenBLAS 0.3.21 " and goes on with the options of the build. */
        sscanf(openblas_get_config(), "OpenBLAS %23s", version);
        snprintf(name, sizeof(name), "OpenBLAS %s (%s, %s)", version,
                 parallel >= 0 && parallel <= BLAS_OPENMP ? flavour[parallel] : "?",
                 openblas_get_corename());
    }
    return name;
}

static void
gemm1(int ta, int tb, size_t m, size_t n, size_t k, real alpha, const real *a, const real *b,
      real beta, real *c)
{
    xgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (blasint)m,
          (blasint)n, (blasint)k, alpha, a, (blasint)(ta ? m : k), b, (blasint)(tb ? k : n), beta,
          c, (blasint)n);
}

void
backend_gemm(size_t batch, int ta, int tb, size_t m, size_t n, size_t k, real alpha, const real *a,
             const real *b, real beta, real *c)
{
    assert(m > 0 && n > 0 && k > 0);
    for (size_t i = 0; i < batch; i++)
        gemm1(ta, tb, m, n, k, alpha, a + i * m * k, b + i * k * n, beta, c + i * m * n);
}

/* y = A x: a thread owns whole rows, so the sums do not depend on the number of threads. */
static void
gemv_rows(size_t m, size_t n, const real *a, const real *x, real *y)
{
#pragma omp parallel for schedule(static) if (m * n > 1 << 15)
    for (size_t i = 0; i < m; i++) {
        const real *row = a + i * n;
        real sum = 0;

#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < n; j++)
            sum += row[j] * x[j];
        y[i] = sum;
    }
}

/* y = A^T x: a thread owns whole columns, in blocks whose part of y stays in the first cache. */
static void
gemv_columns(size_t m, size_t n, const real *a, const real *x, real *y)
{
    enum { BLOCK = 512 };

#pragma omp parallel for schedule(static) if (m * n > 1 << 15)
    for (size_t j0 = 0; j0 < n; j0 += BLOCK) {
        size_t len = n - j0 < BLOCK ? n - j0 : BLOCK;
        real *out = y + j0;

        for (size_t j = 0; j < len; j++)
            out[j] = 0;
        for (size_t i = 0; i < m; i++) {
            const real *row = a + i * n + j0;
            real xi = x[i];

            for (size_t j = 0; j < len; j++)
                out[j] += xi * row[j];
        }
    }
}

void
backend_gemv(int trans, size_t m, size_t n, const real *a, const real *x, real *y)
{
    if (trans)
        gemv_columns(m, n, a, x, y);
    else
        gemv_rows(m, n, a, x, y);
}
