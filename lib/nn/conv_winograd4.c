/*
 * 3x3 convolution with 4 times fewer multiplications, for few channels: F(4x4, 3x3) of A. Lavin and
 * S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
 *
 * As in conv_winograd.c, with tiles of 4x4 pixels that see 6x6 of the input: 36 matrix products
 *
 *     M_k [tiles][co] = V_k [tiles][ci] U_k [ci][co],   k = 0 .. 35
 *
 * With few channels these are too small for OpenBLAS, and passing whole images from one transform
 * to the next costs as much as the products.  So each thread takes a strip of tiles all the way, in
 * memory that stays in its second cache, and the products are a loop of our own.
 *
 * Rounding is worse than in F(2x2, 3x3): 1e-6 to 3e-6 of the norm instead of 1e-7 to 5e-7, on the
 * shapes of tests/unit/test_backend.c.
 */
#include "nn/backend_parts.h"

#include <assert.h>
#include <string.h>

#include <omp.h>

#include "nn/lanes.h"

enum {
    K = 36,          /* elements of a transformed tile */
    STRIP = 1 << 18, /* numbers in V and M of a strip */
    MOST = 1 << 15,  /* weights of one pixel of the kernel: U has to stay in a cache too */
    ROWS = LANES >= 16 ? 8 : 4, /* rows of a product that are summed in registers */
};

/*
 * How far apart the 36 matrices of n numbers lie: not a power of two, or their elements would all
 * compete for the same few places of the first cache.
 */
static size_t
apart(size_t n)
{
    return n + LANES;
}

/* The tiles of a batch of images. */
struct tiling {
    size_t h, w;         /* of an image, pixels */
    size_t down, across; /* of an image, tiles */
    size_t tiles;        /* of the batch */
    size_t strip;        /* in a strip */
    size_t strips;
};

static struct tiling
tiling_of(const struct conv_shape *s)
{
    struct tiling t = {.h = s->h, .w = s->w, .down = s->h / 4, .across = s->w / 4};
    size_t most = STRIP / K / (s->ci + s->co), threads = (size_t)omp_get_max_threads();

    assert(conv_winograd4_can(s));
    t.tiles = s->n * t.down * t.across;
    /* As many strips for each thread, and whole blocks of rows in a strip. */
    t.strips = (t.tiles + threads * most - 1) / (threads * most) * threads;
    t.strip = (t.tiles + t.strips - 1) / t.strips;
    t.strip = (t.strip + ROWS - 1) / ROWS * ROWS;
    t.strips = (t.tiles + t.strip - 1) / t.strip;
    return t;
}

int
conv_winograd4_can(const struct conv_shape *s)
{
    return s->kh == 3 && s->kw == 3 && s->stride == 1 && s->pad == 1 && s->h % 4 == 0 &&
           s->w % 4 == 0 && s->ci % LANES == 0 && s->co % LANES == 0 && s->ci * s->co <= MOST;
}

/*
 * ---- the transforms in one direction; in two they are applied to columns and then to rows ----
 *
 * to[i], from[j] lie ts, fs vectors apart.
 */

/* B^T */
static inline void
input_line(const lanes *from, size_t fs, lanes *to, size_t ts)
{
    lanes d0 = from[0], d1 = from[fs], d2 = from[2 * fs], d3 = from[3 * fs], d4 = from[4 * fs];
    lanes d5 = from[5 * fs], even = d4 - 4 * d2, odd = d3 - 4 * d1, p = d4 - d2, q = 2 * (d3 - d1);

    to[0] = 4 * d0 - 5 * d2 + d4;
    to[ts] = even + odd;
    to[2 * ts] = even - odd;
    to[3 * ts] = p + q;
    to[4 * ts] = p - q;
    to[5 * ts] = 4 * d1 - 5 * d3 + d5;
}

/* A^T */
static inline void
output_line(const lanes *from, size_t fs, lanes *to, size_t ts)
{
    lanes m1 = from[fs], m2 = from[2 * fs], m3 = from[3 * fs], m4 = from[4 * fs];
    lanes a = m1 + m2, b = m1 - m2, c = m3 + m4, d = m3 - m4;

    to[0] = from[0] + a + c;
    to[ts] = b + 2 * d;
    to[2 * ts] = a + 4 * c;
    to[3 * ts] = b + 8 * d + from[5 * fs];
}

/* A */
static inline void
gradient_line(const lanes *from, size_t fs, lanes *to, size_t ts)
{
    lanes y0 = from[0], y1 = from[fs], y2 = from[2 * fs], y3 = from[3 * fs];
    lanes a = y0 + y2, b = y1 + y3, c = y0 + 4 * y2, d = 2 * y1 + 8 * y3;

    to[0] = y0;
    to[ts] = a + b;
    to[2 * ts] = a - b;
    to[3 * ts] = c + d;
    to[4 * ts] = c - d;
    to[5 * ts] = y3;
}

/* G */
static inline void
weight_line(const lanes *from, size_t fs, lanes *to, size_t ts)
{
    const real sixth = (real)(1.0 / 6), twelfth = (real)(1.0 / 12);
    lanes g0 = from[0], g1 = from[fs], g2 = from[2 * fs];
    lanes a = -sixth * (g0 + g2), b = sixth * g1, c = (real)0.25 * (sixth * g0) + sixth * g2;

    to[0] = (real)0.25 * g0;
    to[ts] = a - b;
    to[2 * ts] = a + b;
    to[3 * ts] = c + twelfth * g1;
    to[4 * ts] = c - twelfth * g1;
    to[5 * ts] = g2;
}

/* G^T */
static inline void
weight_back_line(const lanes *from, size_t fs, lanes *to, size_t ts)
{
    const real sixth = (real)(1.0 / 6), twelfth = (real)(1.0 / 12);
    lanes u1 = from[fs], u2 = from[2 * fs], u3 = from[3 * fs], u4 = from[4 * fs];
    lanes a = sixth * (u1 + u2), b = u3 + u4;

    to[0] = (real)0.25 * from[0] - a + (real)0.25 * (sixth * b);
    to[ts] = sixth * (u2 - u1) + twelfth * (u3 - u4);
    to[2 * ts] = sixth * b - a + from[5 * fs];
}

/* ---- over images: the channels of a pixel lie together, and each is transformed alike ---- */

/* Where the top left pixel of a tile lies. */
struct corner {
    size_t image, y, x;
};

static struct corner
corner_of(const struct tiling *t, size_t tile)
{
    return (struct corner){tile / t->across / t->down, tile / t->across % t->down * 4,
                           tile % t->across * 4};
}

static size_t
pixel(const struct tiling *t, struct corner at, size_t i, size_t j)
{
    return (at.image * t->h + at.y + i) * t->w + at.x + j;
}

/* V = B^T d B of n tiles of x [.][h][w][channels]. */
static void
input_tiles(const struct tiling *t, size_t first, size_t n, const real *x, size_t channels, real *v)
{
    static const real border[MOST];

    for (size_t k = 0; k < n; k++) {
        struct corner at = corner_of(t, first + k);
        const real *from[K];

        for (size_t i = 0; i < 6; i++)
            for (size_t j = 0; j < 6; j++) {
                int inside = at.y + i >= 1 && at.y + i <= t->h && at.x + j >= 1 && at.x + j <= t->w;

                from[6 * i + j] = inside ? x + (pixel(t, at, i, j) - t->w - 1) * channels : border;
            }
        for (size_t c = 0; c < channels; c += LANES) {
            lanes d[K], r[K];

            for (size_t i = 0; i < K; i++)
                d[i] = load(from[i] + c);
            for (size_t j = 0; j < 6; j++)
                input_line(d + j, 6, r + j, 6);
            for (size_t i = 0; i < 6; i++)
                input_line(r + 6 * i, 1, d + 6 * i, 1);
            for (size_t i = 0; i < K; i++)
                store(v + i * apart(t->strip * channels) + k * channels + c, d[i]);
        }
    }
}

/* M = A dy A^T of n tiles of dy [.][h][w][channels]. */
static void
gradient_tiles(const struct tiling *t, size_t first, size_t n, const real *dy, size_t channels,
               real *m)
{
    for (size_t k = 0; k < n; k++) {
        struct corner at = corner_of(t, first + k);

        for (size_t c = 0; c < channels; c += LANES) {
            lanes d[16], h[24], r[K];

            for (size_t i = 0; i < 16; i++)
                d[i] = load(dy + pixel(t, at, i / 4, i % 4) * channels + c);
            for (size_t j = 0; j < 4; j++)
                gradient_line(d + j, 4, h + j, 4);
            for (size_t i = 0; i < 6; i++)
                gradient_line(h + 4 * i, 1, r + 6 * i, 1);
            for (size_t i = 0; i < K; i++)
                store(m + i * apart(t->strip * channels) + k * channels + c, r[i]);
        }
    }
}

/* y [.][h][w][channels] = A^T M A (+ bias, or NULL) for n tiles. */
static void
output_tiles(const struct tiling *t, size_t first, size_t n, const real *m, const real *bias,
             size_t channels, real *y)
{
    for (size_t k = 0; k < n; k++) {
        struct corner at = corner_of(t, first + k);

        for (size_t c = 0; c < channels; c += LANES) {
            lanes d[K], h[24], r[16], b = bias != NULL ? load(bias + c) : (lanes){0};

            for (size_t i = 0; i < K; i++)
                d[i] = load(m + i * apart(t->strip * channels) + k * channels + c);
            for (size_t j = 0; j < 6; j++)
                output_line(d + j, 6, h + j, 6);
            for (size_t i = 0; i < 4; i++)
                output_line(h + 6 * i, 1, r + 4 * i, 1);
            for (size_t i = 0; i < 16; i++)
                store(y + pixel(t, at, i / 4, i % 4) * channels + c, r[i] + b);
        }
    }
}

/* ---- over weights [3][3][ci][co] ---- */

/* U = G g G^T */
static void
weight_tiles(size_t ci, size_t co, const real *w, real *u)
{
    size_t plane = ci * co;

#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < plane; at += LANES) {
        lanes g[9], h[18], r[K];

        for (size_t i = 0; i < 9; i++)
            g[i] = load(w + i * plane + at);
        for (size_t j = 0; j < 3; j++)
            weight_line(g + j, 3, h + j, 3);
        for (size_t i = 0; i < 6; i++)
            weight_line(h + 3 * i, 1, r + 6 * i, 1);
        for (size_t i = 0; i < K; i++)
            store(u + i * apart(plane) + at, r[i]);
    }
}

/* dw = G^T dU G, with dU the sum of `parts` of them. */
static void
weight_gradient(size_t ci, size_t co, size_t parts, const real *du, real *dw)
{
    size_t plane = ci * co;

#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < plane; at += LANES) {
        lanes u[K], h[18], r[9];

        for (size_t i = 0; i < K; i++) {
            u[i] = load(du + i * apart(plane) + at);
            for (size_t p = 1; p < parts; p++)
                u[i] += load(du + (p * K + i) * apart(plane) + at);
        }
        for (size_t j = 0; j < 6; j++)
            weight_back_line(u + j, 6, h + j, 6);
        for (size_t i = 0; i < 3; i++)
            weight_back_line(h + 6 * i, 1, r + 3 * i, 1);
        for (size_t i = 0; i < 9; i++)
            store(dw + i * plane + at, r[i]);
    }
}

/* Turned by 180 degrees, and [co][ci]. */
static void
weight_transposed(size_t ci, size_t co, const real *w, real *to)
{
#pragma omp parallel for schedule(static)
    for (size_t k = 0; k < 9; k++)
        for (size_t i0 = 0; i0 < ci; i0 += LANES)
            for (size_t o = 0; o < co; o++)
                for (size_t i = i0; i < i0 + LANES; i++)
                    to[((8 - k) * co + o) * ci + i] = w[(k * ci + i) * co + o];
}

/* ---- products ---- */

/*
 * C [rows][cols] (+)= A B for a block that fits the registers: cols is `wide` vectors.  Element
 * i, k of A lies at i ai + k ak; rows of B and C are ld numbers apart.
 */
static inline __attribute__((always_inline)) void
block(size_t rows, size_t wide, size_t depth, const real *a, size_t ai, size_t ak, const real *b,
      real *c, size_t ld, int add)
{
    lanes sum[ROWS][2];

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < wide; j++)
            sum[i][j] = add ? load(c + i * ld + j * LANES) : (lanes){0};
    for (size_t k = 0; k < depth; k++) {
        lanes bk[2];

        for (size_t j = 0; j < wide; j++)
            bk[j] = load(b + k * ld + j * LANES);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < wide; j++)
                sum[i][j] += a[i * ai + k * ak] * bk[j];
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < wide; j++)
            store(c + i * ld + j * LANES, sum[i][j]);
}

static void
product(size_t rows, size_t cols, size_t depth, const real *a, size_t ai, size_t ak, const real *b,
        real *c, int add)
{
    for (size_t j = 0; j < cols; j += 2 * LANES) {
        int two = cols - j > LANES;
        size_t i = 0;

        for (; i + ROWS <= rows; i += ROWS)
            if (two)
                block(ROWS, 2, depth, a + i * ai, ai, ak, b + j, c + i * cols + j, cols, add);
            else
                block(ROWS, 1, depth, a + i * ai, ai, ak, b + j, c + i * cols + j, cols, add);
        for (; i < rows; i++)
            if (two)
                block(1, 2, depth, a + i * ai, ai, ak, b + j, c + i * cols + j, cols, add);
            else
                block(1, 1, depth, a + i * ai, ai, ak, b + j, c + i * cols + j, cols, add);
    }
}

/* ---- the three convolutions ---- */

/* y = x * w, with the weights' transform U. */
static void
convolve(const struct tiling *t, size_t ci, size_t co, const real *x, const real *u,
         const real *bias, real *y)
{
    size_t nv = apart(t->strip * ci), nm = apart(t->strip * co), room = K * (nv + nm);
    real *work = backend_scratch(SCRATCH_COLUMNS, room * (size_t)omp_get_max_threads());

#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < t->strips; i++) {
        size_t first = i * t->strip, left = t->tiles - first, n = left < t->strip ? left : t->strip;
        real *v = work + room * (size_t)omp_get_thread_num(), *m = v + K * nv;

        input_tiles(t, first, n, x, ci, v);
        for (size_t k = 0; k < K; k++)
            product(n, co, ci, v + k * nv, ci, 1, u + k * apart(ci * co), m + k * nm, 0);
        output_tiles(t, first, n, m, bias, co, y);
    }
}

void
conv_winograd4_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                   real *y)
{
    struct tiling t = tiling_of(s);
    real *u = backend_scratch(SCRATCH_WEIGHTS, K * apart(s->ci * s->co));

    weight_tiles(s->ci, s->co, w, u);
    convolve(&t, s->ci, s->co, x, u, bias, y);
}

/* The same with the weights turned by 180 degrees and transposed. */
void
conv_winograd4_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    struct tiling t = tiling_of(s);
    real *u = backend_scratch(SCRATCH_WEIGHTS, K * apart(s->ci * s->co));
    real *turned = backend_scratch(SCRATCH_DST, 9 * s->ci * s->co);

    weight_transposed(s->ci, s->co, w, turned);
    weight_tiles(s->co, s->ci, turned, u);
    convolve(&t, s->co, s->ci, dy, u, NULL, dx);
}

/* dw = G^T [V^T (A dy A^T)] G: each thread sums over its strips, in order. */
void
conv_winograd4_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    struct tiling t = tiling_of(s);
    size_t threads = (size_t)omp_get_max_threads(), plane = apart(s->ci * s->co);
    size_t parts = threads < t.strips ? threads : t.strips;
    size_t each = (t.strips + parts - 1) / parts;
    size_t nv = apart(t.strip * s->ci), nm = apart(t.strip * s->co), room = K * (nv + nm);
    real *du = backend_scratch(SCRATCH_WEIGHTS, K * plane * parts);
    real *work = backend_scratch(SCRATCH_COLUMNS, room * parts);

    parts = (t.strips + each - 1) / each;
#pragma omp parallel for schedule(static)
    for (size_t p = 0; p < parts; p++) {
        real *v = work + room * p, *m = v + K * nv, *sum = du + K * plane * p;

        for (size_t i = p * each; i < (p + 1) * each && i < t.strips; i++) {
            size_t first = i * t.strip, left = t.tiles - first, n = left < t.strip ? left : t.strip;

            input_tiles(&t, first, n, x, s->ci, v);
            gradient_tiles(&t, first, n, dy, s->co, m);
            for (size_t k = 0; k < K; k++)
                product(s->ci, s->co, n, v + k * nv, 1, s->ci, m + k * nm, sum + k * plane,
                        i > p * each);
        }
    }
    weight_gradient(s->ci, s->co, parts, du, dw);
}
