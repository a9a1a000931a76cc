#include "nn/backend_parts.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cblas.h>
#include <omp.h>

#ifdef MP_REAL_DOUBLE
#define xgemm cblas_dgemm
#else
#define xgemm cblas_sgemm
#endif

#define BLAS_OPENMP 2 /* openblas_get_parallel(): the flavour that is built on OpenMP */

enum {
    SERIAL = 1 << 15, /* multiplications for which a second thread does not pay */
    SMALL = 1 << 18,  /* and up to which OpenBLAS starts none */
    ROWS = 64,        /* least rows of a product that are shared */
};

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

void
backend_start(char **argv)
{
    char self[PATH_MAX];
    ssize_t n;

    if (getenv("GOMP_SPINCOUNT") != NULL || getenv("OMP_WAIT_POLICY") != NULL)
        return;
    n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n > 0 && setenv("GOMP_SPINCOUNT", "10000", 0) == 0) {
        self[n] = '\0';
        execv(self, argv); /* if it returns, the program is slower, and right */
    }
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

void
blas_gemm(int ta, int tb, size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
          const real *b, size_t ldb, real beta, real *c, size_t ldc)
{
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    assert(lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX);
    xgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (blasint)m,
          (blasint)n, (blasint)k, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
}

/* C = alpha a b^T + beta C for two vectors: the time is that of writing C, so it is written once.
 */
static void
outer_product(size_t m, size_t n, real alpha, const real *a, const real *b, real beta, real *c)
{
#pragma omp parallel for schedule(static) if (m * n > SERIAL)
    for (size_t i = 0; i < m; i++) {
        real f = alpha * a[i], *row = c + i * n;

        if (beta == 0)
            for (size_t j = 0; j < n; j++)
                row[j] = f * b[j];
        else
            for (size_t j = 0; j < n; j++)
                row[j] = f * b[j] + beta * row[j];
    }
}

/*
 * OpenBLAS is good at matrices of any size, tiny ones too, but not at one row, one column or one
 * inner index, where the large operand need only be read or written once.
 */
void
backend_gemm(size_t batch, int ta, int tb, size_t m, size_t n, size_t k, real alpha, const real *a,
             const real *b, real beta, real *c)
{
    int plain = alpha == 1 && beta == 0;
    size_t lda = ta ? m : k, ldb = tb ? k : n;
    int split = batch > 1 && batch * m * n * k > SERIAL && openblas_get_parallel() == BLAS_OPENMP;

    /* OpenBLAS does not share such small products among threads. */
    int rows = batch == 1 && !ta && m >= ROWS && m * n * k > SERIAL && m * n * k <= SMALL;

    assert(m > 0 && n > 0 && k > 0);
    if (batch == 1 && k == 1) {
        outer_product(m, n, alpha, a, b, beta, c);
    } else if (batch == 1 && plain && m == 1) {
        backend_gemv(!tb, tb ? n : k, tb ? k : n, b, a, c);
    } else if (batch == 1 && plain && n == 1) {
        backend_gemv(ta, ta ? k : m, ta ? m : k, a, b, c);
    } else if (split) {
        /* Inside a parallel region an OpenBLAS that is built on OpenMP uses one thread. */
#pragma omp parallel for schedule(static)
        for (size_t i = 0; i < batch; i++)
            blas_gemm(ta, tb, m, n, k, alpha, a + i * m * k, lda, b + i * k * n, ldb, beta,
                      c + i * m * n, n);
    } else if (rows && openblas_get_parallel() == BLAS_OPENMP) {
        size_t blocks = (size_t)omp_get_max_threads(), height = (m + blocks - 1) / blocks;

#pragma omp parallel for schedule(static)
        for (size_t i = 0; i < m; i += height)
            blas_gemm(0, tb, m - i < height ? m - i : height, n, k, alpha, a + i * k, lda, b, ldb,
                      beta, c + i * n, n);
    } else {
        /* Not in a region with if (0): libgomp makes new threads for regions inside any other. */
        for (size_t i = 0; i < batch; i++)
            blas_gemm(ta, tb, m, n, k, alpha, a + i * m * k, lda, b + i * k * n, ldb, beta,
                      c + i * m * n, n);
    }
}

/* y = A x: a thread owns whole rows, so the sums do not depend on the number of threads. */
static void
gemv_row(size_t n, const real *row, const real *x, real *y)
{
    real sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t j = 0; j < n; j++)
        sum += row[j] * x[j];
    *y = sum;
}

/*
 * y = A^T x: a thread owns whole columns, again for the sums, in blocks whose part of y stays in
 * the first cache.  Four rows at a time, to read and write that part less often.
 */
static void
gemv_block(size_t m, size_t n, size_t len, const real *a, const real *x, real *restrict out)
{
    size_t i = 0;

    for (size_t j = 0; j < len; j++)
        out[j] = 0;
    for (; i + 4 <= m; i += 4) {
        const real *r0 = a + i * n, *r1 = r0 + n, *r2 = r1 + n, *r3 = r2 + n;
        real x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];

        for (size_t j = 0; j < len; j++)
            out[j] += (x0 * r0[j] + x1 * r1[j]) + (x2 * r2[j] + x3 * r3[j]);
    }
    for (; i < m; i++)
        for (size_t j = 0; j < len; j++)
            out[j] += x[i] * a[i * n + j];
}

void
backend_gemv(int trans, size_t m, size_t n, const real *a, const real *x, real *y)
{
    size_t threads = (size_t)omp_get_max_threads(), block = (n / threads + 63) / 64 * 64;
    int alone = m * n <= SERIAL || omp_in_parallel(); /* no region inside another */

    block = block < 64 ? 64 : block > 2048 ? 2048 : block;
    if (!trans && alone) {
        for (size_t i = 0; i < m; i++)
            gemv_row(n, a + i * n, x, y + i);
    } else if (!trans) {
#pragma omp parallel for schedule(static)
        for (size_t i = 0; i < m; i++)
            gemv_row(n, a + i * n, x, y + i);
    } else if (alone) {
        for (size_t j = 0; j < n; j += block)
            gemv_block(m, n, n - j < block ? n - j : block, a + j, x, y + j);
    } else {
#pragma omp parallel for schedule(static)
        for (size_t j = 0; j < n; j += block)
            gemv_block(m, n, n - j < block ? n - j : block, a + j, x, y + j);
    }
}
