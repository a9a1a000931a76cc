/*
 * backend - the heavy kernels: convolution and matrix products.
 *
 * Two implementations of one contract: backend_dnnl.c (oneDNN 2.6 or 3.x; the only file that
 * includes dnnl.h) and backend_blas.c (im2col + OpenBLAS; the portable fallback, the oracle, and
 * the only one for REAL=double).  Chosen at build time by NN=dnnl|blas.
 *
 * Layouts are dense and row-major: images NHWC [n][h][w][c], convolution weights [kh][kw][ci][co]
 * (HWIO). All results overwrite their output; only backend_gemm() with beta adds to it.  Output
 * never overlaps input. Wrong shapes are our own bugs: assert.  A failing library (or no memory for
 * working space) aborts with a message: there is no state to go on from.
 *
 * For one calling thread; the threads inside are OpenMP's.  The same calls with the same number of
 * threads on the same type of processor give the same bits.
 */
#ifndef MP_NN_BACKEND_H
#define MP_NN_BACKEND_H

#include <stddef.h>

#include "nn/real.h"

struct conv_shape {
    size_t n, h, w, ci; /* input */
    size_t co, kh, kw;  /* kernel */
    size_t stride, pad; /* the same in both directions; output (h + 2 pad - kh) / stride + 1 */
};

size_t conv_out(size_t in, size_t k, size_t stride, size_t pad);

/* y [n][ho][wo][co] = x * w (+ bias [co], or NULL) */
void backend_conv_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                      real *y);

/* dx [n][h][w][ci] = gradient of <y, dy> for x: the transposed convolution of dy with w. */
void backend_conv_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx);

/* dw [kh][kw][ci][co] = gradient of <y, dy> for w. */
void backend_conv_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw);

/*
 * `batch` products C = alpha op(A) op(B) + beta C with C [m][n], op(A) [m][k], op(B) [k][n]; ta, tb
 * 1: the stored matrix is the transpose.  Matrices of a batch follow each other without gaps.
 */
void backend_gemm(size_t batch, int ta, int tb, size_t m, size_t n, size_t k, real alpha,
                  const real *a, const real *b, real beta, real *c);

/* y [m] = A [m][n] x [n], or A^T x with x [m], y [n] when trans: memory-bound. */
void backend_gemv(int trans, size_t m, size_t n, const real *a, const real *x, real *y);

/* "oneDNN 2.6.3 (AVX2), OpenBLAS 0.3.21 (openmp, Zen)": for logs. */
const char *backend_name(void);

/*
 * At the very start of main(), with its argv: runs the program anew, once, with GOMP_SPINCOUNT set
 * to a short spin, unless the environment says how long threads are to spin while they wait
 * (GOMP_SPINCOUNT, OMP_WAIT_POLICY).  libgomp reads that before main(), and its default takes half
 * as long again on virtual machines, whose processors are taken away when they spin.
 */
void backend_start(char **argv);

/* Threads of everything above; 0: as many as there are processors.  Returns their number. */
int backend_threads(int n);

#endif
