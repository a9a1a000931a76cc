/*
 * ops - the operators of the network engine.
 *
 * A closed set: the backward step of each is written in these operators, so gradients of any order
 * exist.  Images are [n][h][w][c]; a "row" is the last axis, everything before it counts rows.
 * Wrong shapes are our own bugs and assert.  Each is checked to second order against central
 * differences in double (tests/unit/test_grad.c) and, where there is something to get wrong,
 * against PyTorch.
 */
#ifndef MP_NN_OPS_H
#define MP_NN_OPS_H

#include <stdint.h>

#include "nn/tape.h"

/* ---- convolution: a triple closed under differentiation ---- */

/*
 * y [n][ho][wo][co] = x [n][h][w][ci] * w [kh][kw][ci][co] + bias [co] (or NULL).
 * Cross-correlation, as everywhere in deep learning; ho = (h + 2 pad - kh) / stride + 1.
 */
struct tensor *nn_conv(struct tape *t, struct tensor *x, struct tensor *w, struct tensor *bias,
                       size_t stride, size_t pad);

/* The gradient of <nn_conv(x, w), y> for x [.][h][w][.], as a function of y and w. */
struct tensor *nn_conv_transpose(struct tape *t, struct tensor *y, struct tensor *w, size_t h,
                                 size_t width, size_t stride, size_t pad);

/* The gradient of <nn_conv(x, w), y> for w [kh][kw][.][.], as a function of x and y. */
struct tensor *nn_conv_weights(struct tape *t, struct tensor *x, struct tensor *y, size_t kh,
                               size_t kw, size_t stride, size_t pad);

/* ---- matrix products ---- */

/* c [b][m][n] = op(a) op(b), batches of matrices; ta, tb 1: the stored one is the transpose. */
struct tensor *nn_matmul(struct tape *t, struct tensor *a, struct tensor *b, int ta, int tb);

/*
 * w / (v^T w u) with w [...][out] as a matrix [in][out] and constants v [in], u [out]: its leading
 * singular vectors.
 */
struct tensor *nn_spectral(struct tape *t, struct tensor *w, const real *v, const real *u);

/* ---- pointwise ---- */

struct tensor *nn_add(struct tape *t, struct tensor *a, struct tensor *b);
struct tensor *nn_sub(struct tape *t, struct tensor *a, struct tensor *b);
struct tensor *nn_mul(struct tape *t, struct tensor *a, struct tensor *b);
/* factor * a + offset, with constants. */
struct tensor *nn_affine(struct tape *t, struct tensor *a, double factor, double offset);
struct tensor *nn_sqrt(struct tape *t, struct tensor *a);
struct tensor *nn_reciprocal(struct tape *t, struct tensor *a);
/* s x with a scalar tensor s. */
struct tensor *nn_scale(struct tape *t, struct tensor *x, struct tensor *s);
/* max(x, 0) + slope min(x, 0); slope 0 is ReLU. */
struct tensor *nn_leaky_relu(struct tape *t, struct tensor *x, double slope);
/* x clipped to [lo, hi]; the gradient passes inside, ends included, as in PyTorch's clamp. */
struct tensor *nn_clip(struct tape *t, struct tensor *x, double lo, double hi);
/* The linear parts of the two above: x where `like` is positive (inside), else slope x (0). */
struct tensor *nn_gate(struct tape *t, struct tensor *x, struct tensor *like, double slope);
struct tensor *nn_gate_range(struct tape *t, struct tensor *x, struct tensor *like, double lo,
                             double hi);

/* a += b, no note: for gradients without graph. */
void nn_add_into(struct tensor *a, const struct tensor *b);

/* ---- rows ---- */

/* [rows] sums over the last axis; its transpose: every row filled with its number. */
struct tensor *nn_row_sum(struct tape *t, struct tensor *x);
struct tensor *nn_row_fill(struct tape *t, struct tensor *s, unsigned rank, const size_t *shape);
/* [c] sums over all rows; its transpose. */
struct tensor *nn_col_sum(struct tape *t, struct tensor *x);
struct tensor *nn_col_fill(struct tape *t, struct tensor *s, unsigned rank, const size_t *shape);
/* y [row][i] = x [row][i] + b [i] */
struct tensor *nn_bias(struct tape *t, struct tensor *x, struct tensor *b);
/* y [row][i] = x [row][i] a [i] + b [i], with a, b [c] (b may be NULL). */
struct tensor *nn_col_affine(struct tape *t, struct tensor *x, struct tensor *a, struct tensor *b);
/* [c] sums over all rows of a b. */
struct tensor *nn_col_dot(struct tape *t, struct tensor *a, struct tensor *b);
/*
 * (x - m) / sqrt(v + epsilon) with the mean m and the variance v (divided by the number of rows) of
 * each column: batch normalisation.  Both are written to mean, variance [c] where these are not
 * NULL.
 */
struct tensor *nn_standardise(struct tape *t, struct tensor *x, double epsilon, real *mean,
                              real *variance);
/* Scalar [1]: the sum, the mean, <a, b>. */
struct tensor *nn_sum(struct tape *t, struct tensor *x);
struct tensor *nn_mean(struct tape *t, struct tensor *x);
struct tensor *nn_dot(struct tape *t, struct tensor *a, struct tensor *b);
/* Softmax of each row; and the gradient p (g - <p, g>) of it, row by row. */
struct tensor *nn_softmax(struct tape *t, struct tensor *x);
struct tensor *nn_softmax_grad(struct tape *t, struct tensor *p, struct tensor *g);
/* [rows] log(sum(exp(row))). */
struct tensor *nn_logsumexp(struct tape *t, struct tensor *x);

/* ---- shape ---- */

struct tensor *nn_reshape(struct tape *t, struct tensor *x, unsigned rank, const size_t *shape);
/* Images one after the other: the batch of a, then of b. */
struct tensor *nn_stack(struct tape *t, struct tensor *a, struct tensor *b);
/* Images first .. first + count - 1 of a batch; its transpose puts them into a batch of n zeros. */
struct tensor *nn_batch_slice(struct tape *t, struct tensor *x, size_t first, size_t count);
struct tensor *nn_batch_embed(struct tape *t, struct tensor *x, size_t first, size_t n);
/* Channels of a, then of b. */
struct tensor *nn_concat(struct tape *t, struct tensor *a, struct tensor *b);
/* Channels first .. first + count - 1; its transpose puts them into c channels of zeros. */
struct tensor *nn_slice(struct tape *t, struct tensor *x, size_t first, size_t count);
struct tensor *nn_embed(struct tape *t, struct tensor *x, size_t first, size_t c);
/* Nearest-neighbour doubling of height and width; its transpose, the sum over 2x2 blocks. */
struct tensor *nn_up2(struct tape *t, struct tensor *x);
struct tensor *nn_sum2(struct tape *t, struct tensor *x);
/*
 * [1 2 1] / 4 along height and width; edges are repeated outwards, so that means stay what they are
 * and it is its own transpose.
 */
struct tensor *nn_blur(struct tape *t, struct tensor *x);
/* Max-pool 2x2 (ties: the first in raster order). */
struct tensor *nn_max_pool2(struct tape *t, struct tensor *x);
/* Max-pool over k x k windows, k <= 15; pixels of the border never win.  Ties as above. */
struct tensor *nn_max_pool(struct tape *t, struct tensor *x, size_t k, size_t stride, size_t pad);
/*
 * Moves pixels: pixel i of image k of y is pixel from[k h w + i] of image k of x, or 0 where from
 * is NN_NOWHERE; and its transpose, which adds each pixel of y to where it came from.  borrows
 * `from` until the tape is reset.
 */
#define NN_NOWHERE UINT32_MAX
struct tensor *nn_gather(struct tape *t, struct tensor *x, const uint32_t *from);
struct tensor *nn_scatter(struct tape *t, struct tensor *y, const uint32_t *from);
/* Zeroes a border of b pixels. */
struct tensor *nn_crop_border(struct tape *t, struct tensor *x, size_t b);

#endif
