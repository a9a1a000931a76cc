/*
 * 3x3 convolution, stride 1 and border 1, for a handful of channels: fewer than fill a vector.
 *
 * Here a vector holds neighbouring pixels of one channel, not the channels of a pixel, so none of
 * it is wasted and any number of channels will do.  The images are unpacked into planes, one a
 * channel, with a border of zeros, and the results packed again; a thread does that for a band of
 * rows at a time, which stays in its first caches.
 */
#include "nn/backend_parts.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <omp.h>

#include "nn/lanes.h"

enum {
    K = 9,     /* weights of a kernel */
    BAND = 16, /* rows of a band */
    ROWS = 4,  /* rows of results, */
    OUTS = 4,  /* channels of results, and */
    TAPS = 3,  /* weights of a row of the kernel, that are summed in registers */
};

struct bands {
    size_t h, w, n;   /* of the images */
    size_t per_image; /* bands */
    size_t row;       /* numbers in a row of a plane: border, pixels, and zeros to fill vectors */
};

static struct bands
bands_of(const struct conv_shape *s)
{
    assert(conv_planes_can(s));
    return (struct bands){
        .h = s->h,
        .w = s->w,
        .n = s->n * ((s->h + BAND - 1) / BAND),
        .per_image = (s->h + BAND - 1) / BAND,
        .row = (s->w + LANES - 1) / LANES * LANES + LANES,
    };
}

int
conv_planes_can(const struct conv_shape *s)
{
    return s->kh == 3 && s->kw == 3 && s->stride == 1 && s->pad == 1;
}

/* ---- four channels of LANES pixels, together or one by one ---- */

typedef real four __attribute__((vector_size(OUTS * sizeof(real))));

static inline void
copy4(real *to, const real *from)
{
    four v;

    memcpy(&v, from, sizeof(v));
    memcpy(to, &v, sizeof(v));
}

/* Numbers of one vector after those of another: the masks of GCC's shuffle. */
#ifdef MP_REAL_DOUBLE
typedef int64_t places __attribute__((vector_size(sizeof(lanes))));
#else
typedef int32_t places __attribute__((vector_size(sizeof(lanes))));
#endif

/* Every second number of two vectors, from `odd` on. */
static inline __attribute__((always_inline)) lanes
every_second(lanes a, lanes b, int odd)
{
    places p;

    for (int i = 0; i < LANES; i++)
        p[i] = 2 * i + odd;
    return __builtin_shuffle(a, b, p);
}

/* The halves of two vectors, a number of each in turn. */
static inline __attribute__((always_inline)) lanes
in_turn(lanes a, lanes b, int upper)
{
    places p;

    for (int i = 0; i < LANES; i++)
        p[i] = i / 2 + i % 2 * LANES + upper * LANES / 2;
    return __builtin_shuffle(a, b, p);
}

/* [pixel][channel] to [channel][pixel], and back. */
static inline __attribute__((always_inline)) void
part(lanes v[OUTS])
{
    lanes even0 = every_second(v[0], v[1], 0), even1 = every_second(v[2], v[3], 0);
    lanes odd0 = every_second(v[0], v[1], 1), odd1 = every_second(v[2], v[3], 1);

    v[0] = every_second(even0, even1, 0);
    v[1] = every_second(odd0, odd1, 0);
    v[2] = every_second(even0, even1, 1);
    v[3] = every_second(odd0, odd1, 1);
}

static inline __attribute__((always_inline)) void
join(lanes v[OUTS])
{
    lanes low02 = in_turn(v[0], v[2], 0), high02 = in_turn(v[0], v[2], 1);
    lanes low13 = in_turn(v[1], v[3], 0), high13 = in_turn(v[1], v[3], 1);

    v[0] = in_turn(low02, low13, 0);
    v[1] = in_turn(low02, low13, 1);
    v[2] = in_turn(high02, high13, 0);
    v[3] = in_turn(high02, high13, 1);
}

/* ---- images to planes ---- */

/* Rows of band i; *first is the number of its first row in its image. */
static size_t
band_rows(const struct bands *b, size_t i, size_t *first)
{
    *first = i % b->per_image * BAND;
    return b->h - *first < BAND ? b->h - *first : BAND;
}

static size_t
plane_size(const struct bands *b)
{
    return (BAND + 2) * b->row;
}

/*
 * Channels of `rows` rows of w pixels from `from` [rows][w][c] into planes [c][BAND + 2][row],
 * pixel 0 in column `left`.
 */
static void
unpack(const struct bands *b, const real *from, size_t rows, size_t c, size_t left, real *planes)
{
    size_t size = plane_size(b);

    for (size_t y = 0; y < rows; y++) {
        const real *in = from + y * b->w * c;
        real *out = planes + y * b->row;
        size_t k = 0;

        for (size_t i = 0; i < c; i++) { /* zeros first, then pixels over some of them */
            store(out + i * size + b->row - 2 * LANES, (lanes){0});
            store(out + i * size + b->row - LANES, (lanes){0});
            out[i * size] = 0;
        }
        for (; k + OUTS <= c; k += OUTS) {
            real *restrict p0 = out + k * size + left, *restrict p1 = p0 + size;
            real *restrict p2 = p1 + size, *restrict p3 = p2 + size;
            size_t x = 0;

            for (; x + LANES <= b->w; x += LANES) {
                real line[LANES * OUTS];
                lanes v[OUTS];

                for (size_t i = 0; i < LANES; i++)
                    copy4(line + i * OUTS, in + (x + i) * c + k);
                for (size_t i = 0; i < OUTS; i++)
                    v[i] = load(line + i * LANES);
                part(v);
                store(p0 + x, v[0]);
                store(p1 + x, v[1]);
                store(p2 + x, v[2]);
                store(p3 + x, v[3]);
            }
            for (; x < b->w; x++) {
                p0[x] = in[x * c + k];
                p1[x] = in[x * c + k + 1];
                p2[x] = in[x * c + k + 2];
                p3[x] = in[x * c + k + 3];
            }
        }
        for (; k < c; k++)
            for (size_t x = 0; x < b->w; x++)
                out[k * size + left + x] = in[x * c + k];
    }
}

/* Planes of band i of x [.][h][w][c], with the rows above and below it. */
static void
unpack_input(const struct bands *b, size_t i, const real *x, size_t c, real *planes)
{
    size_t first, rows = band_rows(b, i, &first), above = first == 0, below = first + rows == b->h;
    size_t size = plane_size(b);
    const real *image = x + i / b->per_image * b->h * b->w * c;

    for (size_t k = 0; k < c; k++) {
        if (above)
            memset(planes + k * size, 0, b->row * sizeof(*planes));
        if (below)
            memset(planes + k * size + (rows + 1) * b->row, 0, b->row * sizeof(*planes));
    }
    unpack(b, image + (first + above - 1) * b->w * c, rows + 2 - above - below, c, 1,
           planes + above * b->row);
}

/* ---- forward, and the data gradient with the weights turned by 180 degrees and transposed ---- */

/*
 * Weights as block() reads them: outputs in groups of 4 and then one by one, [group][ci][9][outs].
 *   turned  1: of the data gradient, from `in` = co to `out` = ci of w [9][ci][co]
 */
static void
order_weights(const real *w, size_t in, size_t out, int turned, real *to)
{
    for (size_t o = 0, outs; o < out; o += outs) {
        outs = out - o >= OUTS ? OUTS : 1;
        for (size_t i = 0; i < in; i++)
            for (size_t k = 0; k < K; k++)
                for (size_t j = 0; j < outs; j++)
                    *to++ = turned ? w[((K - 1 - k) * out + o + j) * in + i]
                                   : w[(k * in + i) * out + o + j];
    }
}

/* `rows` rows of LANES pixels of `outs` channels, to result[channel][row]. */
static inline __attribute__((always_inline)) void
block(size_t rows, size_t outs, size_t in, const real *x, size_t row, size_t plane, const real *w,
      const real *bias, lanes result[OUTS][ROWS])
{
    lanes sum[OUTS][ROWS];

    for (size_t o = 0; o < outs; o++)
        for (size_t r = 0; r < rows; r++)
            sum[o][r] = bias != NULL ? (lanes){0} + bias[o] : (lanes){0};
    for (size_t i = 0; i < in; i++, x += plane, w += K * outs)
#pragma GCC unroll 6
        for (size_t y = 0; y < rows + 2; y++)
            for (size_t kx = 0; kx < TAPS; kx++) {
                lanes v = load(x + y * row + kx);

                for (size_t r = 0; r < rows; r++)
                    for (size_t o = 0; o < outs && y >= r && y < r + 3; o++)
                        sum[o][r] += w[((y - r) * TAPS + kx) * outs + o] * v;
            }
    for (size_t o = 0; o < outs; o++)
        for (size_t r = 0; r < rows; r++)
            result[o][r] = sum[o][r];
}

/* n pixels of `outs` planes to out [n][c]. */
static void
pack(lanes from[OUTS][ROWS], size_t r, size_t outs, size_t n, real *out, size_t c)
{
    real line[LANES * OUTS];
    lanes v[OUTS];

    if (outs == 1) {
        store(line, from[0][r]);
        for (size_t x = 0; x < n; x++)
            out[x * c] = line[x];
        return;
    }
    for (size_t o = 0; o < OUTS; o++)
        v[o] = from[o][r];
    join(v);
    for (size_t o = 0; o < OUTS; o++)
        store(line + o * LANES, v[o]);
    for (size_t x = 0; x < n; x++)
        copy4(out + x * c, line + x * OUTS);
}

static void
convolve(const struct conv_shape *s, size_t in, size_t out, const real *x, const real *w,
         const real *bias, real *y)
{
    struct bands b = bands_of(s);
    size_t size = plane_size(&b);
    real *work = backend_scratch(SCRATCH_COLUMNS, in * size * (size_t)omp_get_max_threads());

#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < b.n; i++) {
        real *planes = work + in * size * (size_t)omp_get_thread_num();
        size_t first, rows = band_rows(&b, i, &first);
        real *image = y + (i / b.per_image * b.h + first) * b.w * out;

        unpack_input(&b, i, x, in, planes);
        for (size_t o = 0, outs; o < out; o += outs) {
            const real *wo = w + o * in * K, *bo = bias != NULL ? bias + o : NULL;

            outs = out - o >= OUTS ? OUTS : 1;
            for (size_t r = 0, deep; r < rows; r += deep) {
                deep = rows - r >= ROWS ? ROWS : 1;
                for (size_t at = 0; at < b.w; at += LANES) {
                    const real *from = planes + r * b.row + at;
                    lanes result[OUTS][ROWS];

                    if (deep == ROWS && outs == OUTS)
                        block(ROWS, OUTS, in, from, b.row, size, wo, bo, result);
                    else if (deep == ROWS)
                        block(ROWS, 1, in, from, b.row, size, wo, bo, result);
                    else if (outs == OUTS)
                        block(1, OUTS, in, from, b.row, size, wo, bo, result);
                    else
                        block(1, 1, in, from, b.row, size, wo, bo, result);
                    for (size_t k = 0; k < deep; k++)
                        pack(result, k, outs, b.w - at < LANES ? b.w - at : LANES,
                             image + ((r + k) * b.w + at) * out + o, out);
                }
            }
        }
    }
}

void
conv_planes_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias, real *y)
{
    real *ordered = backend_scratch(SCRATCH_WEIGHTS, K * s->ci * s->co);

    order_weights(w, s->ci, s->co, 0, ordered);
    convolve(s, s->ci, s->co, x, ordered, bias, y);
}

void
conv_planes_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    real *ordered = backend_scratch(SCRATCH_WEIGHTS, K * s->ci * s->co);

    order_weights(w, s->co, s->ci, 1, ordered);
    convolve(s, s->co, s->ci, dy, ordered, NULL, dx);
}

/* ---- the weight gradient ---- */

/* Adds a band's products of one row of the kernel, a vector each, to sum [3][stride] .. + outs. */
static inline __attribute__((always_inline)) void
block_weights(size_t outs, const struct bands *b, size_t rows, const real *x, const real *dy,
              real *sum, size_t stride)
{
    size_t size = plane_size(b);
    lanes part[TAPS][OUTS];

    for (size_t k = 0; k < TAPS; k++)
        for (size_t o = 0; o < outs; o++)
            part[k][o] = load(sum + (k * stride + o) * LANES);
    for (size_t r = 0; r < rows; r++)
        for (size_t at = 0; at < b->w; at += LANES) {
            lanes d[OUTS];

            for (size_t o = 0; o < outs; o++)
                d[o] = load(dy + o * size + r * b->row + at);
            for (size_t k = 0; k < TAPS; k++) {
                lanes v = load(x + r * b->row + at + k);

                for (size_t o = 0; o < outs; o++)
                    part[k][o] += v * d[o];
            }
        }
    for (size_t k = 0; k < TAPS; k++)
        for (size_t o = 0; o < outs; o++)
            store(sum + (k * stride + o) * LANES, part[k][o]);
}

void
conv_planes_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    struct bands b = bands_of(s);
    size_t size = plane_size(&b), nw = K * s->ci * s->co, threads = (size_t)omp_get_max_threads();
    real *work = backend_scratch(SCRATCH_COLUMNS, (s->ci + s->co) * size * threads);
    real *sums = backend_scratch(SCRATCH_DST, nw * LANES * threads);

    memset(sums, 0, nw * LANES * threads * sizeof(*sums));
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < b.n; i++) {
        real *in = work + (s->ci + s->co) * size * (size_t)omp_get_thread_num();
        real *out = in + s->ci * size, *sum = sums + nw * LANES * (size_t)omp_get_thread_num();
        size_t first, rows = band_rows(&b, i, &first);

        unpack_input(&b, i, x, s->ci, in);
        unpack(&b, dy + (i / b.per_image * b.h + first) * b.w * s->co, rows, s->co, 0, out);
        for (size_t ky = 0; ky < 3; ky++)
            for (size_t c = 0; c < s->ci; c++)
                for (size_t o = 0, outs; o < s->co; o += outs) {
                    const real *from = in + c * size + ky * b.row, *d = out + o * size;
                    real *to = sum + ((ky * TAPS * s->ci + c) * s->co + o) * LANES;

                    outs = s->co - o >= OUTS ? OUTS : 1;
                    if (outs == OUTS)
                        block_weights(OUTS, &b, rows, from, d, to, s->ci * s->co);
                    else
                        block_weights(1, &b, rows, from, d, to, s->ci * s->co);
                }
    }
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < nw; i++) {
        real sum = 0;

        for (size_t t = 0; t < threads; t++)
            for (size_t k = 0; k < LANES; k++)
                sum += sums[(t * nw + i) * LANES + k];
        dw[i] = sum;
    }
}
