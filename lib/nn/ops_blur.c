/* A low-pass filter of images. */
#include "nn/ops.h"

#include "nn/loops.h"

static void
blur_backward(struct tape *t, const struct tensor *y, struct tensor *dy, const int *need,
              struct tensor **dx)
{
    (void)y;
    if (need[0])
        dx[0] = nn_blur(t, dy);
}

static const struct op op_blur = {"blur", blur_backward};

struct tensor *
nn_blur(struct tape *t, struct tensor *x)
{
    size_t n = x->shape[0], h = x->shape[1], w = x->shape[2], c = x->shape[3], row = w * c;
    struct tensor *y = tape_new(t, 4, x->shape);

    NN_FOR(x->n)
    for (size_t k = 0; k < n * h; k++) {
        const real *mid = x->v + k * row;
        const real *up = k % h > 0 ? mid - row : mid, *down = k % h < h - 1 ? mid + row : mid;
        real *out = y->v + k * row;

        for (size_t i = 0; i < w; i++) {
            size_t l = (i > 0 ? i - 1 : 0) * c, m = i * c, r = (i < w - 1 ? i + 1 : i) * c;

            for (size_t j = 0; j < c; j++)
                out[m + j] = (up[l + j] + 2 * up[m + j] + up[r + j] +
                              2 * (mid[l + j] + 2 * mid[m + j] + mid[r + j]) + down[l + j] +
                              2 * down[m + j] + down[r + j]) /
                             16;
        }
    }
    tape_note(t, y, &op_blur, x, NULL, NULL);
    return y;
}
