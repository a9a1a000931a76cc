/*
 * Convolution by unfolding.  A row of the unfolded matrix is what one output pixel sees,
 *
 *     col [n ho wo][kh kw ci],   y = col w,   dw = col^T dy,   dcol = dy w^T,   dx = fold(dcol)
 *
 * with w [kh kw ci][co].  It is kh kw times the size of the image, so it is made in strips of whole
 * output rows, small enough for the last cache.
 */
#include "nn/backend_parts.h"

#include <assert.h>
#include <string.h>

enum { STRIP = 1 << 20 }; /* numbers in a strip, if one output row allows it */

struct strips {
    const struct conv_shape *s;
    size_t ho, wo;
    size_t rows;   /* output rows of the whole batch */
    size_t k;      /* kh kw ci */
    size_t height; /* output rows in a strip */
};

static struct strips
strips_of(const struct conv_shape *s)
{
    struct strips t = {.s = s};

    assert(s->n > 0 && s->ci > 0 && s->co > 0);
    t.ho = conv_out(s->h, s->kh, s->stride, s->pad);
    t.wo = conv_out(s->w, s->kw, s->stride, s->pad);
    t.rows = s->n * t.ho;
    t.k = s->kh * s->kw * s->ci;
    t.height = STRIP / (t.wo * t.k);
    if (t.height == 0)
        t.height = 1;
    if (t.height > t.rows)
        t.height = t.rows;
    return t;
}

/* The image is its own unfolding. */
static int
pointwise(const struct conv_shape *s)
{
    return s->kh == 1 && s->kw == 1 && s->stride == 1 && s->pad == 0;
}

static void
fill(real *p, size_t n)
{
    memset(p, 0, n * sizeof(*p));
}

/* Unfolds output rows row0 .. row0 + height - 1 of the batch. */
static void
unfold(const struct strips *t, const real *x, size_t row0, size_t height, real *col)
{
    const struct conv_shape *s = t->s;

#pragma omp parallel for schedule(static) if (height * t->wo * t->k > 1 << 15)
    for (size_t r = row0; r < row0 + height; r++) {
        const real *image = x + r / t->ho * s->h * s->w * s->ci;
        real *out = col + (r - row0) * t->wo * t->k;
        size_t run = s->kw * s->ci;

        for (size_t ox = 0; ox < t->wo; ox++) {
            for (size_t ky = 0; ky < s->kh; ky++, out += run) {
                size_t iy = r % t->ho * s->stride + ky, ix = ox * s->stride;
                size_t left, right;

                if (iy < s->pad || iy >= s->h + s->pad) {
                    fill(out, run);
                    continue;
                }
                /* Of the kw pixels, `left` and `right` lie in the border. */
                left = ix < s->pad ? s->pad - ix : 0;
                right = ix + s->kw > s->w + s->pad ? ix + s->kw - s->w - s->pad : 0;
                if (left + right >= s->kw) {
                    fill(out, run);
                    continue;
                }
                fill(out, left * s->ci);
                memcpy(out + left * s->ci,
                       image + ((iy - s->pad) * s->w + ix + left - s->pad) * s->ci,
                       (s->kw - left - right) * s->ci * sizeof(*out));
                fill(out + (s->kw - right) * s->ci, right * s->ci);
            }
        }
    }
}

/*
 * Adds the strip's unfolded gradient to the image it came from.  A thread owns whole input rows and
 * collects what falls on them in a fixed order.
 */
static void
fold_add(const struct strips *t, const real *col, size_t row0, size_t height, real *dx)
{
    const struct conv_shape *s = t->s;
    size_t first = row0 / t->ho * s->h, end = ((row0 + height - 1) / t->ho + 1) * s->h;

#pragma omp parallel for schedule(static) if (height * t->wo * t->k > 1 << 15)
    for (size_t in = first; in < end; in++) {
        size_t n = in / s->h, iy = in % s->h;
        real *out = dx + in * s->w * s->ci;

        for (size_t ky = 0; ky < s->kh; ky++) {
            size_t top = iy + s->pad, r;

            if (top < ky || (top - ky) % s->stride != 0 || (top - ky) / s->stride >= t->ho)
                continue;
            r = n * t->ho + (top - ky) / s->stride;
            if (r < row0 || r >= row0 + height)
                continue;
            for (size_t ox = 0; ox < t->wo; ox++) {
                const real *c = col + ((r - row0) * t->wo + ox) * t->k + ky * s->kw * s->ci;
                size_t ix = ox * s->stride;
                size_t left = ix < s->pad ? s->pad - ix : 0;
                size_t kw = s->w + s->pad > ix ? s->w + s->pad - ix : 0;

                if (kw > s->kw)
                    kw = s->kw;
                for (size_t j = left * s->ci; j < kw * s->ci; j++)
                    out[(ix - s->pad) * s->ci + j] += c[j];
            }
        }
    }
}

void
conv_gemm_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias, real *y)
{
    struct strips t = strips_of(s);
    real *col = pointwise(s) ? NULL : backend_scratch(SCRATCH_COLUMNS, t.height * t.wo * t.k);

    for (size_t r = 0, height; r < t.rows; r += height) {
        size_t pixels;
        real *out = y + r * t.wo * s->co;

        height = t.rows - r < t.height ? t.rows - r : t.height;
        pixels = height * t.wo;
        if (bias != NULL)
            for (size_t p = 0; p < pixels; p++)
                memcpy(out + p * s->co, bias, s->co * sizeof(*y));
        if (col != NULL)
            unfold(&t, x, r, height, col);
        backend_gemm(1, 0, 0, pixels, s->co, t.k, 1, col != NULL ? col : x + r * t.wo * t.k, w,
                     bias != NULL, out);
    }
}

void
conv_gemm_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    struct strips t = strips_of(s);
    real *col = pointwise(s) ? NULL : backend_scratch(SCRATCH_COLUMNS, t.height * t.wo * t.k);

    if (col != NULL)
        fill(dx, s->n * s->h * s->w * s->ci);
    for (size_t r = 0, height; r < t.rows; r += height) {
        height = t.rows - r < t.height ? t.rows - r : t.height;
        backend_gemm(1, 0, 1, height * t.wo, t.k, s->co, 1, dy + r * t.wo * s->co, w, 0,
                     col != NULL ? col : dx + r * t.wo * t.k);
        if (col != NULL)
            fold_add(&t, col, r, height, dx);
    }
}

void
conv_gemm_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    struct strips t = strips_of(s);
    real *col = pointwise(s) ? NULL : backend_scratch(SCRATCH_COLUMNS, t.height * t.wo * t.k);

    for (size_t r = 0, height; r < t.rows; r += height) {
        height = t.rows - r < t.height ? t.rows - r : t.height;
        if (col != NULL)
            unfold(&t, x, r, height, col);
        backend_gemm(1, 1, 0, t.k, s->co, height * t.wo, 1, col != NULL ? col : x + r * t.wo * t.k,
                     dy + r * t.wo * s->co, r > 0, dw);
    }
}
