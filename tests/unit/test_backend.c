/* The backend against sums written out, on shapes that cross every border and fast path. */
#include "nn/backend_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "../tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In float, Winograd's way by 4x4 is off by 2.6e-6 on every processor tried, all else by less. */
static const double tolerance = sizeof(real) == sizeof(double) ? 1e-12 : 1e-5;

static real *
array(size_t n)
{
    real *p = malloc((n ? n : 1) * sizeof(*p));

    if (p == NULL)
        abort();
    return p;
}

static real *
normal(size_t n, uint64_t index)
{
    struct rng r = rng_at(1, "test_backend", index);
    real *p = array(n);

    for (size_t i = 0; i < n; i++)
        p[i] = (real)rng_normal(&r);
    return p;
}

/* |got - want| / |want|; not a number if any of got is. */
static double
distance(const real *got, const double *want, size_t n)
{
    double d = 0, w = 0;

    for (size_t i = 0; i < n; i++) {
        d += (got[i] - want[i]) * (got[i] - want[i]);
        w += want[i] * want[i];
    }
    return w > 0 ? sqrt(d / w) : sqrt(d);
}

static double
dot(const real *a, const real *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Everything at once, as it is defined: y += x w, dx += dy w, dw += x dy.  y starts as the bias. */
static void
naive_conv(const struct conv_shape *s, const real *x, const real *w, const real *dy, double *y,
           double *dx, double *dw)
{
    size_t ho = conv_out(s->h, s->kh, s->stride, s->pad);
    size_t wo = conv_out(s->w, s->kw, s->stride, s->pad);

    for (size_t i = 0; i < s->n * ho * wo * s->kh * s->kw; i++) {
        size_t kx = i % s->kw, ky = i / s->kw % s->kh, out = i / s->kw / s->kh;
        size_t ox = out % wo, oy = out / wo % ho, n = out / wo / ho;
        size_t iy = oy * s->stride + ky - s->pad, ix = ox * s->stride + kx - s->pad;
        size_t in = (n * s->h + iy) * s->w + ix, tap = ky * s->kw + kx;

        if (iy >= s->h || ix >= s->w)
            continue;
        for (size_t ci = 0; ci < s->ci; ci++) {
            for (size_t co = 0; co < s->co; co++) {
                size_t weight = (tap * s->ci + ci) * s->co + co;

                y[out * s->co + co] += (double)x[in * s->ci + ci] * w[weight];
                dx[in * s->ci + ci] += (double)dy[out * s->co + co] * w[weight];
                dw[weight] += (double)x[in * s->ci + ci] * dy[out * s->co + co];
            }
        }
    }
}

static double *
zeros(size_t n)
{
    double *p = calloc(n, sizeof(*p));

    if (p == NULL)
        abort();
    return p;
}

/* Ways to convolve: the backend's choice, and three that it only takes for some shapes. */
static const struct way {
    const char *name;
    void (*fwd)(const struct conv_shape *, const real *x, const real *w, const real *bias, real *y);
    void (*bwd_data)(const struct conv_shape *, const real *dy, const real *w, real *dx);
    void (*bwd_weights)(const struct conv_shape *, const real *x, const real *dy, real *dw);
} chosen = {"conv", backend_conv_fwd, backend_conv_bwd_data, backend_conv_bwd_weights},
  winograd = {"Winograd's conv", conv_winograd_fwd, conv_winograd_bwd_data,
              conv_winograd_bwd_weights},
  winograd4 = {"Winograd's conv, 4x4", conv_winograd4_fwd, conv_winograd4_bwd_data,
               conv_winograd4_bwd_weights},
  planes = {"conv in planes", conv_planes_fwd, conv_planes_bwd_data, conv_planes_bwd_weights};

static void
check_conv(const struct way *way, const struct conv_shape *s, uint64_t index)
{
    size_t ho = conv_out(s->h, s->kh, s->stride, s->pad);
    size_t wo = conv_out(s->w, s->kw, s->stride, s->pad);
    size_t nx = s->n * s->h * s->w * s->ci, nw = s->kh * s->kw * s->ci * s->co;
    size_t ny = s->n * ho * wo * s->co;
    real *x = normal(nx, 8 * index), *w = normal(nw, 8 * index + 1),
         *dy = normal(ny, 8 * index + 2);
    real *bias = normal(s->co, 8 * index + 3);
    real *y = array(ny), *dx = array(nx), *dw = array(nw);
    real *y2 = array(ny), *dx2 = array(nx), *dw2 = array(nw);
    double *want_y = zeros(ny), *want_dx = zeros(nx), *want_dw = zeros(nw);
    double ey, eb, ex, ew, inner, by_x, by_w, scale;
    int same;

    naive_conv(s, x, w, dy, want_y, want_dx, want_dw);

    /* Stale output must not show through. */
    memset(y, 0xff, ny * sizeof(*y));
    memset(dx, 0xff, nx * sizeof(*dx));
    memset(dw, 0xff, nw * sizeof(*dw));
    way->fwd(s, x, w, NULL, y);
    way->bwd_data(s, dy, w, dx);
    way->bwd_weights(s, x, dy, dw);
    ey = distance(y, want_y, ny);
    ex = distance(dx, want_dx, nx);
    ew = distance(dw, want_dw, nw);

    /* <conv(x, w), dy> = <x, bwd_data(dy, w)> = <w, bwd_weights(x, dy)> */
    inner = dot(y, dy, ny);
    by_x = dot(x, dx, nx);
    by_w = dot(w, dw, nw);
    scale = sqrt(dot(y, y, ny) * dot(dy, dy, ny)) * tolerance;

    way->fwd(s, x, w, NULL, y2);
    way->bwd_data(s, dy, w, dx2);
    way->bwd_weights(s, x, dy, dw2);
    same = memcmp(y, y2, ny * sizeof(*y)) == 0 && memcmp(dx, dx2, nx * sizeof(*dx)) == 0 &&
           memcmp(dw, dw2, nw * sizeof(*dw)) == 0;

    way->fwd(s, x, w, bias, y);
    for (size_t i = 0; i < ny; i++)
        want_y[i] += bias[i % s->co];
    eb = distance(y, want_y, ny);

    if (!tap_ok(ey <= tolerance && eb <= tolerance && ex <= tolerance && ew <= tolerance &&
                    fabs(inner - by_x) <= scale && fabs(inner - by_w) <= scale && same,
                "%s n %zu, %zux%zu, %zu -> %zu, kernel %zux%zu, stride %zu, pad %zu", way->name,
                s->n, s->h, s->w, s->ci, s->co, s->kh, s->kw, s->stride, s->pad))
        tap_note("errors: fwd %.2g, with bias %.2g, bwd_data %.2g, bwd_weights %.2g; "
                 "inner products %.9g %.9g %.9g; run twice: %s",
                 ey, eb, ex, ew, inner, by_x, by_w, same ? "same" : "differs");
    free(x), free(w), free(dy), free(bias);
    free(y), free(dx), free(dw), free(y2), free(dx2), free(dw2);
    free(want_y), free(want_dx), free(want_dw);
}

static void
check_convs(void)
{
    static const size_t channels[] = {1, 3, 4, 16, 17, 33, 64};
    static const struct {
        size_t k, stride, pad;
    } kernels[] = {{1, 1, 0}, {3, 1, 1}, {3, 2, 1}, {4, 1, 0}, {1, 2, 0}, {3, 1, 0}, {4, 2, 1}};
    static const struct conv_shape more[] = {
        {3, 5, 11, 2, 7, 3, 1, 1, 1}, /* a kernel that is not square: one pixel of border across */
        {2, 6, 5, 5, 6, 1, 3, 1, 0},  /* and flat */
        {1, 4, 4, 64, 4, 4, 4, 1, 0}, /* the discriminator's last layer: one output pixel */
        {2, 4, 4, 64, 1, 4, 4, 1, 0},
        {1, 200, 210, 12, 2, 3, 3, 1, 1}, /* more than one strip of the unfolded image */
        {1, 86, 86, 64, 64, 3, 3, 1, 1},  /* and so many channels that oneDNN blocks them */
        {2, 19, 17, 65, 100, 3, 3, 1, 1},
        {1, 48, 50, 64, 66, 3, 3, 2, 1},
        {1, 30, 31, 1, 64, 7, 7, 2, 3},
        {5, 1, 1, 3, 4, 3, 3, 1, 1}, /* all border but one tap */
        {1, 8, 8, 128, 128, 3, 3, 1, 1},
        {2, 16, 12, 64, 128, 3, 3, 1, 1}, /* Winograd's */
        {1, 22, 22, 1, 33, 1, 1, 2, 0},   /* oneDNN 2.6.3 would get the weight gradient wrong */
        {3, 8, 8, 64, 17, 1, 1, 2, 0},
    };
    static const struct conv_shape even[] = {
        {1, 2, 2, 8, 8, 3, 3, 1, 1}, /* one tile, all border */
        {3, 4, 10, 8, 24, 3, 3, 1, 1},
        {2, 16, 6, 40, 8, 3, 3, 1, 1},
        {2, 30, 64, 64, 512, 3, 3, 1, 1}, /* more than one strip of tiles */
    };
    static const struct conv_shape fours[] = {
        {1, 4, 4, 16, 16, 3, 3, 1, 1}, /* one tile, all border */
        {3, 8, 12, 16, 48, 3, 3, 1, 1},
        {5, 16, 4, 48, 16, 3, 3, 1, 1},
        {1, 72, 68, 32, 64, 3, 3, 1, 1}, /* more strips of tiles than threads */
    };
    static const struct conv_shape narrow[] = {
        {1, 1, 1, 1, 1, 3, 3, 1, 1},   /* all border but one tap */
        {2, 17, 16, 9, 4, 3, 3, 1, 1}, /* the second band has one row, the only vector no rest */
        {3, 35, 33, 4, 7, 3, 3, 1, 1},  {1, 6, 15, 16, 1, 3, 3, 1, 1},
        {1, 20, 47, 1, 13, 3, 3, 1, 1},
    };
    static const struct conv_shape closed[] = {
        {1, 5, 4, 8, 8, 3, 3, 1, 1}, {1, 4, 5, 8, 8, 3, 3, 1, 1}, {1, 4, 4, 9, 8, 3, 3, 1, 1},
        {1, 4, 4, 8, 9, 3, 3, 1, 1}, {1, 4, 4, 8, 8, 3, 3, 2, 1}, {1, 4, 4, 8, 8, 3, 3, 1, 0},
        {1, 4, 4, 8, 8, 1, 3, 1, 1}, {1, 4, 4, 8, 8, 3, 1, 1, 1},
    };
    uint64_t index = 0;

    for (size_t i = 0; i < COUNT(channels); i++) {
        for (size_t j = 0; j < COUNT(channels); j++) {
            for (size_t k = 0; k < COUNT(kernels); k++) {
                struct conv_shape s = {1 + index % 3, 7 + index % 4,     6 + index % 5,
                                       channels[i],   channels[j],       kernels[k].k,
                                       kernels[k].k,  kernels[k].stride, kernels[k].pad};

                /* Every pair of channels with the common kernel, else a third of them. */
                if (k == 1 || (i + j + k) % 3 == 0)
                    check_conv(&chosen, &s, index);
                index++;
            }
        }
    }
    for (size_t i = 0; i < COUNT(more); i++)
        check_conv(&chosen, &more[i], index++);
    for (size_t i = 0; i < COUNT(even); i++) {
        tap_ok(conv_winograd_can(&even[i]), "Winograd's way is open to this shape");
        check_conv(&winograd, &even[i], index++);
    }
    for (size_t i = 0; i < COUNT(fours); i++) {
        tap_ok(conv_winograd4_can(&fours[i]), "Winograd's way by 4x4 is open to this shape");
        check_conv(&winograd4, &fours[i], index++);
    }
    for (size_t i = 0; i < COUNT(narrow); i++) {
        tap_ok(conv_planes_can(&narrow[i]), "planes are open to this shape");
        check_conv(&planes, &narrow[i], index++);
    }
    for (size_t i = 0; i < COUNT(closed); i++)
        tap_ok(!conv_winograd_can(&closed[i]) && !conv_winograd4_can(&closed[i]),
               "and closed to this one");
}

static void
check_gemm(size_t batch, size_t m, size_t n, size_t k, uint64_t index)
{
    real *a = normal(batch * m * k, index), *b = normal(batch * k * n, index + 1);
    real *c0 = normal(batch * m * n, index + 2), *c = array(batch * m * n),
         *c2 = array(batch * m * n);
    double *want = zeros(batch * m * n), worst = 0;
    int same = 1;

    for (int way = 0; way < 12; way++) {
        int ta = way & 1, tb = way >> 1 & 1, kind = way >> 2;
        real alpha = kind == 2 ? (real)-0.75 : 1, beta = kind == 0 ? 0 : kind == 1 ? 1 : (real)0.5;
        double d;

        for (size_t i = 0; i < batch * m * n; i++) {
            size_t image = i / n / m, row = i / n % m, col = i % n;
            const real *ai = a + image * m * k, *bi = b + image * k * n;
            double sum = 0;

            for (size_t j = 0; j < k; j++)
                sum += (double)(ta ? ai[j * m + row] : ai[row * k + j]) *
                       (tb ? bi[col * k + j] : bi[j * n + col]);
            want[i] = alpha * sum + (kind ? beta * c0[i] : 0);
        }
        if (kind == 0) {
            /* beta 0 overwrites whatever is there */
            memset(c, 0xff, batch * m * n * sizeof(*c));
            memset(c2, 0xff, batch * m * n * sizeof(*c2));
        } else {
            memcpy(c, c0, batch * m * n * sizeof(*c));
            memcpy(c2, c0, batch * m * n * sizeof(*c2));
        }
        backend_gemm(batch, ta, tb, m, n, k, alpha, a, b, beta, c);
        backend_gemm(batch, ta, tb, m, n, k, alpha, a, b, beta, c2);
        d = distance(c, want, batch * m * n);
        worst = tap_larger(worst, d);
        same = same && memcmp(c, c2, batch * m * n * sizeof(*c)) == 0;
    }
    if (!tap_ok(worst <= tolerance && same, "gemm %zu x (%zu x %zu x %zu)", batch, m, n, k))
        tap_note("error %.2g, run twice: %s", worst, same ? "same" : "differs");
    free(a), free(b), free(c0), free(c), free(c2), free(want);
}

static void
check_gemv(size_t m, size_t n, uint64_t index)
{
    real *a = normal(m * n, index), *b = array(m + n), *v = normal(m + n, index + 1);
    double *want = zeros(m + n), e0, e1;
    real *one = array(m + n), *two = array(m + n);

    /* A v in want[0 .. m-1], then A^T v in want[m .. m+n-1]. */
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            want[i] += (double)a[i * n + j] * v[j];
            want[m + j] += (double)a[i * n + j] * v[i];
        }
    }
    memset(b, 0xff, (m + n) * sizeof(*b));
    backend_gemv(0, m, n, a, v, b);
    backend_gemv(1, m, n, a, v, b + m);
    e0 = distance(b, want, m);
    e1 = distance(b + m, want + m, n);
    backend_threads(1);
    backend_gemv(0, m, n, a, v, one);
    backend_gemv(1, m, n, a, v, one + m);
    backend_threads(3);
    backend_gemv(0, m, n, a, v, two);
    backend_gemv(1, m, n, a, v, two + m);
    backend_threads(0);
    if (!tap_ok(e0 <= tolerance && e1 <= tolerance &&
                    memcmp(one, two, (m + n) * sizeof(*one)) == 0 &&
                    memcmp(one, b, (m + n) * sizeof(*one)) == 0,
                "gemv %zu x %zu, the same bits at any thread count", m, n))
        tap_note("errors %.2g, transposed %.2g", e0, e1);
    free(a), free(b), free(v), free(want), free(one), free(two);
}

/* Primitives are kept by shape and number of threads: neither may be taken for another. */
static void
check_threads(void)
{
    struct conv_shape s = {2, 20, 20, 16, 24, 3, 3, 1, 1};
    size_t nx = 2 * 20 * 20 * 16, ny = 2 * 20 * 20 * 24, nw = 9 * 16 * 24;
    real *x = normal(nx, 300000), *dy = normal(ny, 300001);
    real *dw[4] = {array(nw), array(nw), array(nw), array(nw)};
    double *want = zeros(nw), worst = 0;

    for (int i = 0; i < 4; i++) {
        backend_threads(1 + i % 2);
        backend_conv_bwd_weights(&s, x, dy, dw[i]);
    }
    tap_ok(backend_threads(0) >= 1, "as many threads as processors");
    for (size_t i = 0; i < nw; i++)
        want[i] = dw[0][i];
    worst = distance(dw[1], want, nw);
    tap_ok(memcmp(dw[0], dw[2], nw * sizeof(real)) == 0 &&
               memcmp(dw[1], dw[3], nw * sizeof(real)) == 0 && worst <= tolerance,
           "one thread and two, twice: the same bits each time, the same numbers");
    s.pad = 0;
    backend_conv_bwd_weights(&s, x, dy, dw[0]);
    tap_ok(distance(dw[0], want, nw) > 0.1, "another border is another convolution");
    free(x), free(dy), free(want);
    for (int i = 0; i < 4; i++)
        free(dw[i]);
}

int
main(void)
{
    static const size_t size[][4] = {
        {1, 1, 1, 1},      {3, 2, 3, 4},     {2, 64, 64, 1},    {4, 64, 64, 2},
        {16, 64, 16, 4},   {2, 64, 16, 64},  {3, 64, 65, 66},   {2, 256, 256, 16},
        {1, 17, 33, 65},   {1, 200, 3, 300}, {8, 16, 256, 256}, {5, 33, 1, 19},
        {1, 1, 1025, 300}, {1, 700, 1, 129}, {1, 300, 257, 1}, /* gemv and outer product */
    };
    static const size_t matrix[][2] = {{1, 1}, {1, 700},    {700, 1},
                                       {3, 5}, {129, 1025}, {1153, 257}};

    tap_note("%s, %s", backend_name(), REAL_NAME);
    backend_threads(0);
    tap_ok(conv_out(256, 3, 1, 1) == 256 && conv_out(4, 4, 1, 0) == 1 && conv_out(7, 3, 2, 1) == 4,
           "conv_out");
    check_convs();
    check_threads();
    for (size_t i = 0; i < COUNT(size); i++)
        check_gemm(size[i][0], size[i][1], size[i][2], size[i][3], 100000 + 8 * i);
    for (size_t i = 0; i < COUNT(matrix); i++)
        check_gemv(matrix[i][0], matrix[i][1], 200000 + 8 * i);
    return tap_done(221);
}
