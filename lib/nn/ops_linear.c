/* Convolution and matrix products: shapes and derivatives; the arithmetic is the backend's. */
#include "nn/ops.h"

#include <assert.h>

#include "nn/backend.h"

/*
 * With y = conv(x, w) the three operators are the three partial applications of one trilinear
 * form <conv(x, w), y>, so each one's gradients are the other two.
 */

static struct conv_shape
conv_shape_of(const size_t *x, const size_t *w, size_t stride, size_t pad)
{
    return (struct conv_shape){.n = x[0],
                               .h = x[1],
                               .w = x[2],
                               .ci = x[3],
                               .co = w[3],
                               .kh = w[0],
                               .kw = w[1],
                               .stride = stride,
                               .pad = pad};
}

static void
conv_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    struct tensor *x = y->in[0], *w = y->in[1];
    size_t stride = y->arg[0], pad = y->arg[1];

    if (need[0])
        dx[0] = nn_conv_transpose(t, dy, w, x->shape[1], x->shape[2], stride, pad);
    if (need[1])
        dx[1] = nn_conv_weights(t, x, dy, w->shape[0], w->shape[1], stride, pad);
    if (need[2])
        dx[2] = nn_col_sum(t, dy);
}

static const struct op op_conv = {"conv", conv_backward};

struct tensor *
nn_conv(struct tape *t, struct tensor *x, struct tensor *w, struct tensor *bias, size_t stride,
        size_t pad)
{
    struct conv_shape s = conv_shape_of(x->shape, w->shape, stride, pad);
    size_t shape[4] = {s.n, conv_out(s.h, s.kh, stride, pad), conv_out(s.w, s.kw, stride, pad),
                       s.co};
    struct tensor *y = tape_new(t, 4, shape);

    assert(x->rank == 4 && w->rank == 4 && w->shape[2] == s.ci);
    assert(bias == NULL || bias->n == s.co);
    backend_conv_fwd(&s, x->v, w->v, bias ? bias->v : NULL, y->v);
    y->arg[0] = stride;
    y->arg[1] = pad;
    tape_note(t, y, &op_conv, x, w, bias);
    return y;
}

static void
conv_transpose_backward(struct tape *t, const struct tensor *x, struct tensor *dx, const int *need,
                        struct tensor **d)
{
    struct tensor *y = x->in[0], *w = x->in[1];
    size_t stride = x->arg[0], pad = x->arg[1];

    if (need[0])
        d[0] = nn_conv(t, dx, w, NULL, stride, pad);
    if (need[1])
        d[1] = nn_conv_weights(t, dx, y, w->shape[0], w->shape[1], stride, pad);
}

static const struct op op_conv_transpose = {"conv_transpose", conv_transpose_backward};

struct tensor *
nn_conv_transpose(struct tape *t, struct tensor *y, struct tensor *w, size_t h, size_t width,
                  size_t stride, size_t pad)
{
    size_t shape[4] = {y->shape[0], h, width, w->shape[2]};
    struct conv_shape s = conv_shape_of(shape, w->shape, stride, pad);
    struct tensor *x = tape_new(t, 4, shape);

    assert(y->shape[1] == conv_out(h, s.kh, stride, pad) && y->shape[3] == s.co);
    assert(y->shape[2] == conv_out(width, s.kw, stride, pad));
    backend_conv_bwd_data(&s, y->v, w->v, x->v);
    x->arg[0] = stride;
    x->arg[1] = pad;
    tape_note(t, x, &op_conv_transpose, y, w, NULL);
    return x;
}

static void
conv_weights_backward(struct tape *t, const struct tensor *w, struct tensor *dw, const int *need,
                      struct tensor **d)
{
    struct tensor *x = w->in[0], *y = w->in[1];
    size_t stride = w->arg[0], pad = w->arg[1];

    if (need[0])
        d[0] = nn_conv_transpose(t, y, dw, x->shape[1], x->shape[2], stride, pad);
    if (need[1])
        d[1] = nn_conv(t, x, dw, NULL, stride, pad);
}

static const struct op op_conv_weights = {"conv_weights", conv_weights_backward};

struct tensor *
nn_conv_weights(struct tape *t, struct tensor *x, struct tensor *y, size_t kh, size_t kw,
                size_t stride, size_t pad)
{
    size_t shape[4] = {kh, kw, x->shape[3], y->shape[3]};
    struct conv_shape s = conv_shape_of(x->shape, shape, stride, pad);
    struct tensor *w = tape_new(t, 4, shape);

    assert(y->shape[0] == s.n && y->shape[1] == conv_out(s.h, kh, stride, pad));
    assert(y->shape[2] == conv_out(s.w, kw, stride, pad));
    backend_conv_bwd_weights(&s, x->v, y->v, w->v);
    w->arg[0] = stride;
    w->arg[1] = pad;
    tape_note(t, w, &op_conv_weights, x, y, NULL);
    return w;
}

/* C = op(A) op(B):  dA = dC op(B)^T and dB = op(A)^T dC, or their transposes. */
static void
matmul_backward(struct tape *t, const struct tensor *c, struct tensor *dc, const int *need,
                struct tensor **d)
{
    struct tensor *a = c->in[0], *b = c->in[1];
    int ta = (int)c->arg[0], tb = (int)c->arg[1];

    if (need[0])
        d[0] = ta ? nn_matmul(t, b, dc, tb, 1) : nn_matmul(t, dc, b, 0, !tb);
    if (need[1])
        d[1] = tb ? nn_matmul(t, dc, a, 1, ta) : nn_matmul(t, a, dc, !ta, 0);
}

static const struct op op_matmul = {"matmul", matmul_backward};

struct tensor *
nn_matmul(struct tape *t, struct tensor *a, struct tensor *b, int ta, int tb)
{
    size_t m = a->shape[ta ? 2 : 1], k = a->shape[ta ? 1 : 2], n = b->shape[tb ? 1 : 2];
    size_t shape[3] = {a->shape[0], m, n};
    struct tensor *c = tape_new(t, 3, shape);

    assert(a->rank == 3 && b->rank == 3 && b->shape[0] == a->shape[0]);
    assert(b->shape[tb ? 2 : 1] == k);
    backend_gemm(a->shape[0], ta, tb, m, n, k, 1, a->v, b->v, 0, c->v);
    c->arg[0] = (size_t)ta;
    c->arg[1] = (size_t)tb;
    tape_note(t, c, &op_matmul, a, b, NULL);
    return c;
}
