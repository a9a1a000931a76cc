/*
 * Convolution by unfolding.  A row of the unfolded matrix is what one output pixel sees,
 *
 *     col [n ho wo][kh kw ci],   y = col w,   dw = col^T dy,   dcol = dy w^T,   dx = fold(dcol)
 *
 * with w [kh kw ci][co].  The unfolded matrix is kh kw times the size of the image, so it is made
 * in strips of whole output rows: about half of what a last cache holds, because each strip reads
 * all the weights again.
 */
#include "nn/backend_parts.h"

#include <assert.h>
#include <string.h>

enum {
    STRIP = 1 << 22,  /* numbers in a strip, if one output row allows it */
    SERIAL = 1 << 15, /* numbers for which a second thread does not pay to copy them */
};

/* The windows over x, one for each pixel of y. */
struct window {
    const struct conv_shape *s;
    size_t ho, wo;
    size_t rows;   /* output rows of the whole batch */
    size_t k;      /* kh kw ci, the numbers in a window */
    size_t height; /* output rows in a strip */
};

static struct window
window_of(const struct conv_shape *s)
{
    struct window v = {.s = s};
    size_t most, strips;

    assert(s->n > 0 && s->ci > 0 && s->co > 0);
    v.ho = conv_out(s->h, s->kh, s->stride, s->pad);
    v.wo = conv_out(s->w, s->kw, s->stride, s->pad);
    v.rows = s->n * v.ho;
    v.k = s->kh * s->kw * s->ci;
    most = STRIP / (v.wo * v.k);
    strips = most ? (v.rows + most - 1) / most : v.rows;
    v.height = (v.rows + strips - 1) / strips;
    return v;
}

static size_t
strip_height(const struct window *v, size_t row)
{
    return v->rows - row < v->height ? v->rows - row : v->height;
}

/* A kernel of one pixel, or of the whole image. */
int
conv_gemm_direct(const struct conv_shape *s)
{
    int pixel = s->kh == 1 && s->kw == 1 && s->stride == 1;

    return s->pad == 0 && (pixel || (s->kh == s->h && s->kw == s->w));
}

static void
fill(real *p, size_t n)
{
    memset(p, 0, n * sizeof(*p));
}

/* Unfolds output rows row0 .. row0 + height - 1 of the batch. */
static void
unfold(const struct window *v, const real *x, size_t row0, size_t height, real *col)
{
    const struct conv_shape *s = v->s;

#pragma omp parallel for schedule(static) if (height * v->wo * v->k > SERIAL)
    for (size_t r = row0; r < row0 + height; r++) {
        const real *image = x + r / v->ho * s->h * s->w * s->ci;
        real *out = col + (r - row0) * v->wo * v->k;
        size_t run = s->kw * s->ci;

        for (size_t ox = 0; ox < v->wo; ox++) {
            size_t ix = ox * s->stride;
            /* Of the kw pixels across, `left` and `right` lie in the border. */
            size_t left = ix < s->pad ? s->pad - ix : 0;
            size_t right = ix + s->kw > s->w + s->pad ? ix + s->kw - s->w - s->pad : 0;

            for (size_t ky = 0; ky < s->kh; ky++, out += run) {
                size_t iy = r % v->ho * s->stride + ky;

                if (iy < s->pad || iy >= s->h + s->pad || left + right >= s->kw) {
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
 * Adds the strip's unfolded gradient to the image it came from.  A thread owns whole image rows and
 * collects what falls on them in a fixed order.
 */
static void
fold_add(const struct window *v, const real *col, size_t row0, size_t height, real *dx)
{
    const struct conv_shape *s = v->s;
    size_t first = row0 / v->ho * s->h, end = ((row0 + height - 1) / v->ho + 1) * s->h;

#pragma omp parallel for schedule(static) if (height * v->wo * v->k > SERIAL)
    for (size_t in = first; in < end; in++) {
        real *out = dx + in * s->w * s->ci;

        for (size_t ky = 0; ky < s->kh; ky++) {
            size_t below = in % s->h + s->pad, r;

            if (below < ky || (below - ky) % s->stride != 0 || (below - ky) / s->stride >= v->ho)
                continue;
            r = in / s->h * v->ho + (below - ky) / s->stride;
            if (r < row0 || r >= row0 + height)
                continue;
            for (size_t ox = 0; ox < v->wo; ox++) {
                const real *c = col + ((r - row0) * v->wo + ox) * v->k + ky * s->kw * s->ci;
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
    struct window v = window_of(s);
    real *col =
        conv_gemm_direct(s) ? NULL : backend_scratch(SCRATCH_COLUMNS, v.height * v.wo * v.k);

    for (size_t r = 0, height; r < v.rows; r += height) {
        size_t pixels;
        real *out = y + r * v.wo * s->co;

        height = strip_height(&v, r);
        pixels = height * v.wo;
        if (bias != NULL)
            for (size_t p = 0; p < pixels; p++)
                memcpy(out + p * s->co, bias, s->co * sizeof(*y));
        if (col != NULL)
            unfold(&v, x, r, height, col);
        backend_gemm(1, 0, 0, pixels, s->co, v.k, 1, col != NULL ? col : x + r * v.wo * v.k, w,
                     bias != NULL, out);
    }
}

void
conv_gemm_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    struct window v = window_of(s);
    real *col;

    if (conv_gemm_direct(s)) {
        backend_gemm(1, 0, 1, v.rows * v.wo, v.k, s->co, 1, dy, w, 0, dx);
        return;
    }
    col = backend_scratch(SCRATCH_COLUMNS, v.height * v.wo * v.k);
    fill(dx, s->n * s->h * s->w * s->ci);
    for (size_t r = 0, height; r < v.rows; r += height) {
        height = strip_height(&v, r);
        backend_gemm(1, 0, 1, height * v.wo, v.k, s->co, 1, dy + r * v.wo * s->co, w, 0, col);
        fold_add(&v, col, r, height, dx);
    }
}

void
conv_gemm_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    struct window v = window_of(s);
    real *col =
        conv_gemm_direct(s) ? NULL : backend_scratch(SCRATCH_COLUMNS, v.height * v.wo * v.k);

    for (size_t r = 0, height; r < v.rows; r += height) {
        height = strip_height(&v, r);
        if (col != NULL)
            unfold(&v, x, r, height, col);
        backend_gemm(1, 1, 0, v.k, s->co, height * v.wo, 1, col != NULL ? col : x + r * v.wo * v.k,
                     dy + r * v.wo * s->co, r > 0, dw);
    }
}
