/*
 * backend_parts - what the two backends share.  Private to them: everyone else includes backend.h.
 *
 * Like the backend itself it is for one calling thread; it starts its own.
 */
#ifndef MP_NN_BACKEND_PARTS_H
#define MP_NN_BACKEND_PARTS_H

#include "nn/backend.h"

/*
 * Working memory of at least n reals, aligned to 64 bytes, contents undefined.  One buffer a slot;
 * it grows, is reused by the next call with that slot, and is never given back: page faults cost
 * more than the memory is worth.
 */
enum scratch_slot { SCRATCH_COLUMNS, SCRATCH_SRC, SCRATCH_WEIGHTS, SCRATCH_DST, SCRATCH_SLOTS };
real *backend_scratch(enum scratch_slot slot, size_t n);

/* Writes "backend: what: number" to stderr and aborts. */
_Noreturn void backend_fail(const char *what, int status);

/* "OpenBLAS 0.3.21 (openmp, Zen)". */
const char *backend_blas_name(void);

/* One product as in backend_gemm(), of matrices whose rows begin ld numbers apart. */
void blas_gemm(int ta, int tb, size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
               const real *b, size_t ldb, real beta, real *c, size_t ldc);

/*
 * The three convolutions of backend.h as matrix products over strips of unfolded images; direct
 * where an image is its own unfolding.
 */
int conv_gemm_direct(const struct conv_shape *s);
void conv_gemm_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                   real *y);
void conv_gemm_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx);
void conv_gemm_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw);

/* The same with less than half the multiplications; 3x3, stride 1, border 1, even sides only. */
int conv_winograd_can(const struct conv_shape *s);
void conv_winograd_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                       real *y);
void conv_winograd_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx);
void conv_winograd_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw);

/* And with four times fewer, for few channels; sides that are multiples of 4. */
int conv_winograd4_can(const struct conv_shape *s);
void conv_winograd4_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                        real *y);
void conv_winograd4_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx);
void conv_winograd4_bwd_weights(const struct conv_shape *s, const real *x, const real *dy,
                                real *dw);

/* For a handful of channels, in planes; 3x3, stride 1, border 1. */
int conv_planes_can(const struct conv_shape *s);
void conv_planes_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                     real *y);
void conv_planes_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx);
void conv_planes_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw);

#endif
