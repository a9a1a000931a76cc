/*
 * 3x3 convolution with 2.25 times fewer multiplications: S. Winograd's minimal filtering F(2x2,
 * 3x3) as A. Lavin and S. Gray apply it, "Fast algorithms for convolutional neural networks", CVPR
 * 2016.
 *
 * The output is cut into tiles of 2x2 pixels; a tile sees 4x4 pixels d of the input, and
 *
 *     y = A^T [(G g G^T) . (B^T d B)] A        g the 3x3 weights, . element by element
 *
 * is exact.  Over all channels the products of each of the 16 elements are a matrix product, which
 * OpenBLAS does: with U = G g G^T, V = B^T d B and y = A^T M A,
 *
 *     M_k [tiles][co] = V_k [tiles][ci] U_k [ci][co],   k = 0 .. 15
 *
 * The data gradient is the same with the weights turned by 180 degrees and transposed; the weight
 * gradient is the transposed algorithm, dg = G^T [V^T (A dy A^T)] G.
 *
 * V and M lie as [tiles][16][channels], U as [ci][16][co], so that what is transformed is written
 * in one go; the rows of the factors then lie far apart, which costs nothing because OpenBLAS
 * copies what it works on.  Tiles are worked on in strips whose V and M stay in the last cache.
 */
#include "nn/backend_parts.h"

#include <assert.h>

/* Narrow, so that more numbers of channels are multiples of it. */
#define LANES_BYTES 32
#include "nn/lanes.h"

enum {
    STRIP = 1 << 21,  /* numbers in V and M of a strip */
    SERIAL = 1 << 13, /* numbers for which a second thread does not pay */
};

/* The tiles of a batch of images. */
struct tiling {
    size_t h, w;         /* of an image, pixels */
    size_t down, across; /* of an image, tiles */
    size_t tiles;        /* of the batch */
    size_t strip;        /* in a strip */
};

static struct tiling
tiling_of(const struct conv_shape *s)
{
    struct tiling t = {.h = s->h, .w = s->w, .down = s->h / 2, .across = s->w / 2};
    size_t most = STRIP / 16 / (s->ci + s->co), strips;

    assert(conv_winograd_can(s));
    t.tiles = s->n * t.down * t.across;
    most = most < 128 ? 128 : most; /* each strip reads all the weights again */
    strips = (t.tiles + most - 1) / most;
    t.strip = (t.tiles + strips - 1) / strips;
    return t;
}

int
conv_winograd_can(const struct conv_shape *s)
{
    return s->kh == 3 && s->kw == 3 && s->stride == 1 && s->pad == 1 && s->h % 2 == 0 &&
           s->w % 2 == 0 && s->ci % LANES == 0 && s->co % LANES == 0;
}

/* ---- the five small transforms, each applied to columns and then to rows ---- */

/* v = B^T d B */
static inline void
input_transform(const lanes d[4][4], lanes v[4][4])
{
    lanes t[4][4];

    for (int j = 0; j < 4; j++) {
        t[0][j] = d[0][j] - d[2][j];
        t[1][j] = d[1][j] + d[2][j];
        t[2][j] = d[2][j] - d[1][j];
        t[3][j] = d[1][j] - d[3][j];
    }
    for (int i = 0; i < 4; i++) {
        v[i][0] = t[i][0] - t[i][2];
        v[i][1] = t[i][1] + t[i][2];
        v[i][2] = t[i][2] - t[i][1];
        v[i][3] = t[i][1] - t[i][3];
    }
}

/* y = A^T m A */
static inline void
output_transform(const lanes m[4][4], lanes y[2][2])
{
    lanes t[2][4];

    for (int j = 0; j < 4; j++) {
        t[0][j] = m[0][j] + m[1][j] + m[2][j];
        t[1][j] = m[1][j] - m[2][j] - m[3][j];
    }
    for (int i = 0; i < 2; i++) {
        y[i][0] = t[i][0] + t[i][1] + t[i][2];
        y[i][1] = t[i][1] - t[i][2] - t[i][3];
    }
}

/* m = A y A^T */
static inline void
output_transposed(const lanes y[2][2], lanes m[4][4])
{
    lanes t[4][2];

    for (int j = 0; j < 2; j++) {
        t[0][j] = y[0][j];
        t[1][j] = y[0][j] + y[1][j];
        t[2][j] = y[0][j] - y[1][j];
        t[3][j] = -y[1][j];
    }
    for (int i = 0; i < 4; i++) {
        m[i][0] = t[i][0];
        m[i][1] = t[i][0] + t[i][1];
        m[i][2] = t[i][0] - t[i][1];
        m[i][3] = -t[i][1];
    }
}

/* u = G g G^T */
static inline void
weight_transform(const lanes g[3][3], lanes u[4][4])
{
    const real half = (real)0.5;
    lanes t[4][3];

    for (int j = 0; j < 3; j++) {
        t[0][j] = g[0][j];
        t[1][j] = half * (g[0][j] + g[1][j] + g[2][j]);
        t[2][j] = half * (g[0][j] - g[1][j] + g[2][j]);
        t[3][j] = g[2][j];
    }
    for (int i = 0; i < 4; i++) {
        u[i][0] = t[i][0];
        u[i][1] = half * (t[i][0] + t[i][1] + t[i][2]);
        u[i][2] = half * (t[i][0] - t[i][1] + t[i][2]);
        u[i][3] = t[i][2];
    }
}

/* g = G^T u G */
static inline void
weight_transposed(const lanes u[4][4], lanes g[3][3])
{
    const real half = (real)0.5;
    lanes t[3][4];

    for (int j = 0; j < 4; j++) {
        t[0][j] = u[0][j] + half * (u[1][j] + u[2][j]);
        t[1][j] = half * (u[1][j] - u[2][j]);
        t[2][j] = half * (u[1][j] + u[2][j]) + u[3][j];
    }
    for (int i = 0; i < 3; i++) {
        g[i][0] = t[i][0] + half * (t[i][1] + t[i][2]);
        g[i][1] = half * (t[i][1] - t[i][2]);
        g[i][2] = half * (t[i][1] + t[i][2]) + t[i][3];
    }
}

/* ---- over images: the channels of a pixel lie together, and each is transformed alike ---- */

/* Tiles first .. first + n - 1, which are rows of V and M. */
struct strip {
    size_t first, n;
};

/* Where the top left pixel of tile k of a strip lies. */
struct corner {
    size_t image, y, x;
};

static struct corner
corner_of(const struct tiling *t, const struct strip *s, size_t k)
{
    size_t tile = s->first + k;

    return (struct corner){tile / t->across / t->down, tile / t->across % t->down * 2,
                           tile % t->across * 2};
}

/* The number of the pixel i rows below and j columns right of a corner, over the whole batch. */
static size_t
pixel(const struct tiling *t, struct corner at, size_t i, size_t j)
{
    return (at.image * t->h + at.y + i) * t->w + at.x + j;
}

static struct strip
strip_at(const struct tiling *t, size_t first)
{
    size_t left = t->tiles - first;

    return (struct strip){first, left < t->strip ? left : t->strip};
}

/* V = B^T d B of x [n][h][w][channels]. */
static void
input_tiles(const struct tiling *t, const struct strip *s, const real *x, size_t channels, real *v)
{
    real *border = backend_scratch(SCRATCH_SRC, channels);

    memset(border, 0, channels * sizeof(*border));
#pragma omp parallel for schedule(static) if (16 * s->n * channels > SERIAL)
    for (size_t k = 0; k < s->n; k++) {
        struct corner at = corner_of(t, s, k);
        const real *from[4][4];
        real *to = v + k * 16 * channels;

        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 4; j++) {
                int inside = at.y + i >= 1 && at.y + i <= t->h && at.x + j >= 1 && at.x + j <= t->w;

                from[i][j] = inside ? x + (pixel(t, at, i, j) - t->w - 1) * channels : border;
            }
        for (size_t c = 0; c < channels; c += LANES) {
            lanes d[4][4], r[4][4];

            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    d[i][j] = load(from[i][j] + c);
            input_transform(d, r);
            for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < 4; j++)
                    store(to + (4 * i + j) * channels + c, r[i][j]);
        }
    }
}

/* M = A dy A^T of dy [n][h][w][channels]. */
static void
gradient_tiles(const struct tiling *t, const struct strip *s, const real *dy, size_t channels,
               real *m)
{
#pragma omp parallel for schedule(static) if (16 * s->n * channels > SERIAL)
    for (size_t k = 0; k < s->n; k++) {
        struct corner at = corner_of(t, s, k);
        const real *above = dy + pixel(t, at, 0, 0) * channels;
        const real *below = above + t->w * channels;
        real *to = m + k * 16 * channels;

        for (size_t c = 0; c < channels; c += LANES) {
            const lanes y[2][2] = {{load(above + c), load(above + channels + c)},
                                   {load(below + c), load(below + channels + c)}};
            lanes r[4][4];

            output_transposed(y, r);
            for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < 4; j++)
                    store(to + (4 * i + j) * channels + c, r[i][j]);
        }
    }
}

/* y [n][h][w][channels] = A^T M A (+ bias, or NULL). */
static void
output_tiles(const struct tiling *t, const struct strip *s, const real *m, const real *bias,
             size_t channels, real *y)
{
#pragma omp parallel for schedule(static) if (16 * s->n * channels > SERIAL)
    for (size_t k = 0; k < s->n; k++) {
        struct corner at = corner_of(t, s, k);
        const real *from = m + k * 16 * channels;
        real *above = y + pixel(t, at, 0, 0) * channels, *below = above + t->w * channels;

        for (size_t c = 0; c < channels; c += LANES) {
            lanes d[4][4], r[2][2], b = bias != NULL ? load(bias + c) : (lanes){0};

            for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < 4; j++)
                    d[i][j] = load(from + (4 * i + j) * channels + c);
            output_transform(d, r);
            store(above + c, r[0][0] + b);
            store(above + channels + c, r[0][1] + b);
            store(below + c, r[1][0] + b);
            store(below + channels + c, r[1][1] + b);
        }
    }
}

/* ---- over weights [3][3][ci][co] ---- */

/* U = G g G^T; turned: of the weights turned by 180 degrees. */
static void
weight_tiles(const struct conv_shape *s, const real *w, int turned, real *u)
{
    size_t plane = s->ci * s->co;

#pragma omp parallel for schedule(static) if (16 * plane > SERIAL)
    for (size_t ci = 0; ci < s->ci; ci++) {
        const real *from = w + ci * s->co;
        real *to = u + ci * 16 * s->co;

        for (size_t c = 0; c < s->co; c += LANES) {
            lanes g[3][3], r[4][4];

            for (size_t k = 0; k < 9; k++)
                g[k / 3][k % 3] = load(from + (turned ? 8 - k : k) * plane + c);
            weight_transform(g, r);
            for (size_t k = 0; k < 16; k++)
                store(to + k * s->co + c, r[k / 4][k % 4]);
        }
    }
}

/* dw = G^T dU G */
static void
weight_gradient(const struct conv_shape *s, const real *du, real *dw)
{
    size_t plane = s->ci * s->co;

#pragma omp parallel for schedule(static) if (16 * plane > SERIAL)
    for (size_t ci = 0; ci < s->ci; ci++) {
        const real *from = du + ci * 16 * s->co;
        real *to = dw + ci * s->co;

        for (size_t c = 0; c < s->co; c += LANES) {
            lanes u[4][4], r[3][3];

            for (size_t k = 0; k < 16; k++)
                u[k / 4][k % 4] = load(from + k * s->co + c);
            weight_transposed(u, r);
            for (size_t k = 0; k < 9; k++)
                store(to + k * plane + c, r[k / 3][k % 3]);
        }
    }
}

/* ---- the three convolutions ---- */

/* M = V U, or with tb M = V U^T, for each of the 16 elements: V [n][16][k], M [n][16][m]. */
static void
products(const struct strip *s, int tb, size_t m, size_t k, const real *v, const real *u, real *out)
{
    /* Inside a parallel region an OpenBLAS that is built on OpenMP uses one thread. */
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < 16; i++)
        blas_gemm(0, tb, s->n, m, k, 1, v + i * k, 16 * k, u + i * (tb ? k : m), 16 * (tb ? k : m),
                  0, out + i * m, 16 * m);
}

/* dU = V^T M, added to what is there unless this is the first strip: V [n][16][ci], M [n][16][co].
 */
static void
products_of_tiles(const struct strip *s, size_t ci, size_t co, const real *v, const real *m,
                  real *du)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < 16; i++)
        blas_gemm(1, 0, ci, co, s->n, 1, v + i * ci, 16 * ci, m + i * co, 16 * co, s->first > 0,
                  du + i * co, 16 * co);
}

void
conv_winograd_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                  real *y)
{
    struct tiling t = tiling_of(s);
    real *u = backend_scratch(SCRATCH_WEIGHTS, 16 * s->ci * s->co);
    real *v = backend_scratch(SCRATCH_COLUMNS, 16 * t.strip * s->ci);
    real *m = backend_scratch(SCRATCH_DST, 16 * t.strip * s->co);

    weight_tiles(s, w, 0, u);
    for (size_t first = 0; first < t.tiles; first += t.strip) {
        struct strip now = strip_at(&t, first);

        input_tiles(&t, &now, x, s->ci, v);
        products(&now, 0, s->co, s->ci, v, u, m);
        output_tiles(&t, &now, m, bias, s->co, y);
    }
}

void
conv_winograd_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    struct tiling t = tiling_of(s);
    real *u = backend_scratch(SCRATCH_WEIGHTS, 16 * s->ci * s->co);
    real *v = backend_scratch(SCRATCH_COLUMNS, 16 * t.strip * s->co);
    real *m = backend_scratch(SCRATCH_DST, 16 * t.strip * s->ci);

    weight_tiles(s, w, 1, u);
    for (size_t first = 0; first < t.tiles; first += t.strip) {
        struct strip now = strip_at(&t, first);

        input_tiles(&t, &now, dy, s->co, v);
        products(&now, 1, s->ci, s->co, v, u, m);
        output_tiles(&t, &now, m, NULL, s->ci, dx);
    }
}

void
conv_winograd_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    struct tiling t = tiling_of(s);
    real *du = backend_scratch(SCRATCH_WEIGHTS, 16 * s->ci * s->co);
    real *v = backend_scratch(SCRATCH_COLUMNS, 16 * t.strip * s->ci);
    real *m = backend_scratch(SCRATCH_DST, 16 * t.strip * s->co);

    for (size_t first = 0; first < t.tiles; first += t.strip) {
        struct strip now = strip_at(&t, first);

        input_tiles(&t, &now, x, s->ci, v);
        gradient_tiles(&t, &now, dy, s->co, m);
        products_of_tiles(&now, s->ci, s->co, v, m, du);
    }
    weight_gradient(s, du, dw);
}
