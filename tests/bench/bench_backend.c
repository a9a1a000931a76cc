/*
 * bench_backend - the speed of the backend, and of matrix products alone, on the shapes the
 * networks use.
 *
 * Shows the best of several runs in milliseconds and GFLOP/s.  With OMP_NUM_THREADS=1 the time is
 * that of the processor, which other programs on the machine disturb less.  Arguments: d (the
 * discriminator at full width and 256 pixels), mini, tiny, narrow, mid, products; default all.
 */
#include "nn/backend_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <omp.h>

static const struct conv_shape d_shapes[] = {
    {1, 256, 256, 1, 128, 3, 3, 1, 1},   {1, 128, 128, 128, 256, 3, 3, 1, 1},
    {1, 64, 64, 256, 512, 3, 3, 1, 1},   {1, 32, 32, 512, 1024, 3, 3, 1, 1},
    {1, 16, 16, 1024, 2048, 3, 3, 1, 1}, {1, 8, 8, 2048, 4096, 3, 3, 1, 1},
    {1, 4, 4, 4096, 4, 4, 4, 1, 0},      {0},
};

static const struct conv_shape mini_shapes[] = {
    {16, 64, 64, 1, 16, 3, 3, 1, 1},     {16, 32, 32, 16, 32, 3, 3, 1, 1},
    {16, 16, 16, 32, 64, 3, 3, 1, 1},    {16, 8, 8, 64, 128, 3, 3, 1, 1},
    {4, 32, 32, 16, 32, 3, 3, 1, 1},     {4, 16, 16, 32, 64, 3, 3, 1, 1},
    {4, 8, 8, 64, 128, 3, 3, 1, 1},      {4, 32, 32, 33, 32, 3, 3, 1, 1},
    {4, 128, 128, 128, 256, 3, 3, 1, 1}, {4, 64, 64, 256, 512, 3, 3, 1, 1},
    {4, 32, 32, 512, 1024, 3, 3, 1, 1},  {4, 16, 16, 1024, 2048, 3, 3, 1, 1},
    {4, 8, 8, 2048, 4096, 3, 3, 1, 1},   {0},
};

static const struct conv_shape tiny_shapes[] = {
    {8, 64, 64, 1, 16, 3, 3, 1, 1},
    {8, 64, 64, 4, 8, 3, 3, 1, 1},
    {8, 64, 64, 17, 16, 3, 3, 1, 1},
    {8, 64, 64, 16, 1, 3, 3, 1, 1},
    {8, 32, 32, 16, 32, 3, 3, 1, 1},
    {8, 32, 32, 33, 32, 3, 3, 1, 1},
    {8, 32, 32, 17, 32, 3, 3, 2, 1},
    {8, 16, 16, 32, 64, 3, 3, 1, 1},
    {8, 8, 8, 64, 128, 3, 3, 1, 1},
    {8, 4, 4, 128, 128, 3, 3, 1, 1},
    {8, 4, 4, 128, 4, 4, 4, 1, 0},
    {8, 8, 8, 32, 4, 1, 1, 1, 0},
    {0},
};

static const struct conv_shape narrow_shapes[] = {
    {4, 64, 64, 9, 4, 3, 3, 1, 1},
    {4, 64, 64, 4, 4, 3, 3, 1, 1},
    {4, 32, 32, 17, 4, 3, 3, 1, 1},
    {4, 32, 32, 4, 4, 3, 3, 1, 1},
    {4, 16, 16, 33, 8, 3, 3, 1, 1},
    {4, 16, 16, 8, 8, 3, 3, 1, 1},
    {4, 8, 8, 37, 16, 3, 3, 1, 1},
    {4, 64, 64, 1, 16, 3, 3, 1, 1},
    {4, 32, 32, 33, 16, 3, 3, 1, 1},
    {1, 256, 256, 33, 16, 3, 3, 1, 1},
    {0},
};

static const struct conv_shape mid_shapes[] = {
    {1, 256, 256, 16, 32, 3, 3, 1, 1},
    {1, 128, 128, 65, 64, 3, 3, 1, 1},
    {1, 32, 32, 257, 256, 3, 3, 1, 1},
    {4, 64, 64, 64, 64, 3, 3, 1, 1},
    {4, 64, 64, 64, 256, 1, 1, 1, 0},
    {4, 64, 64, 128, 128, 3, 3, 2, 1},
    {4, 64, 64, 256, 512, 1, 1, 2, 0},
    {4, 16, 16, 256, 256, 3, 3, 1, 1},
    {4, 8, 8, 512, 512, 3, 3, 1, 1},
    {4, 256, 256, 1, 64, 7, 7, 2, 3},
    {0},
};

static double
now(void)
{
    struct timespec t;

    clock_gettime(omp_get_max_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static real *
array(size_t n)
{
    real *p = malloc(n * sizeof(*p));

    if (p == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        p[i] = (real)((double)(i * 2654435761u % 65536) / 65536 - 0.5);
    return p;
}

/*
 * One of fifteen: forward, data, weights by the backend, then by products, in planes, by Winograd's
 * way with tiles of 2x2 and of 4x4.
 */
static void
run(int which, const struct conv_shape *s, real *x, real *w, real *y)
{
    switch (which) {
    case 0:
        backend_conv_fwd(s, x, w, NULL, y);
        break;
    case 1:
        backend_conv_bwd_data(s, y, w, x);
        break;
    case 2:
        backend_conv_bwd_weights(s, x, y, w);
        break;
    case 3:
        conv_gemm_fwd(s, x, w, NULL, y);
        break;
    case 4:
        conv_gemm_bwd_data(s, y, w, x);
        break;
    case 5:
        conv_gemm_bwd_weights(s, x, y, w);
        break;
    case 6:
        conv_planes_fwd(s, x, w, NULL, y);
        break;
    case 7:
        conv_planes_bwd_data(s, y, w, x);
        break;
    case 8:
        conv_planes_bwd_weights(s, x, y, w);
        break;
    case 9:
        conv_winograd_fwd(s, x, w, NULL, y);
        break;
    case 10:
        conv_winograd_bwd_data(s, y, w, x);
        break;
    case 11:
        conv_winograd_bwd_weights(s, x, y, w);
        break;
    case 12:
        conv_winograd4_fwd(s, x, w, NULL, y);
        break;
    case 13:
        conv_winograd4_bwd_data(s, y, w, x);
        break;
    default:
        conv_winograd4_bwd_weights(s, x, y, w);
    }
}

/* The best of at least four runs and 0.1 s, after one that warms up. */
static double
best_of(int which, const struct conv_shape *s, real *x, real *w, real *y)
{
    double best = 1e9, start, t;
    int runs = 0;

    run(which, s, x, w, y);
    start = now();
    do {
        t = now();
        run(which, s, x, w, y);
        t = now() - t;
        best = t < best ? t : best;
    } while (++runs < 4 || now() - start < 0.1);
    return best;
}

static void
bench_convs(const struct conv_shape *s)
{
    static const char *const kind[] = {"forward", "data", "weights"};
    static const char *const way[] = {"backend", "products", "planes", "Winograd 2x2",
                                      "Winograd 4x4"};

    printf("%-32s %-8s", "convolution, ms and GFLOP/s", "");
    for (int k = 0; k < 5; k++)
        printf("  %18s", way[k]);
    printf("\n");
    for (; s->n != 0; s++) {
        size_t ho = conv_out(s->h, s->kh, s->stride, s->pad);
        size_t wo = conv_out(s->w, s->kw, s->stride, s->pad);
        size_t nw = s->kh * s->kw * s->ci * s->co;
        double flops = 2e-9 * (double)(s->n * ho * wo) * (double)nw;
        real *x = array(s->n * s->h * s->w * s->ci), *w = array(nw),
             *y = array(s->n * ho * wo * s->co);

        for (int k = 0; k < 3; k++) {
            printf("%zu x %zux%zu %zu->%zu %zux%zu/%zu%*s %-8s", s->n, s->h, s->w, s->ci, s->co,
                   s->kh, s->kw, s->stride, 2, "", kind[k]);
            for (int j = 0; j < 5; j++) {
                if ((j == 2 && !conv_planes_can(s)) || (j == 3 && !conv_winograd_can(s)) ||
                    (j == 4 && !conv_winograd4_can(s))) {
                    printf("  %18s", "");
                    continue;
                }

                double t = best_of(3 * j + k, s, x, w, y);

                printf("  %10.3f %7.1f", t * 1e3, flops / t);
            }
            printf("\n");
        }
        free(x), free(w), free(y);
    }
}

static void
bench_products(void)
{
    static const size_t size[][4] = {
        {8, 64, 16, 1},      {8, 64, 16, 4},      {8, 64, 4, 16},      {8, 64, 2, 16},
        {8, 256, 64, 4},     {8, 256, 8, 64},     {1, 1024, 256, 64},  {1, 1024, 1024, 1024},
        {1, 1, 4096, 18432}, {1, 18432, 1, 4096}, {1, 18432, 4096, 1},
    };

    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        size_t batch = size[i][0], m = size[i][1], n = size[i][2], k = size[i][3];
        real *a = array(batch * m * k), *b = array(batch * k * n), *c = array(batch * m * n);
        double flops = 2.0 * (double)(batch * m * n) * (double)k;
        int calls = 1 + (int)(1e6 / flops);
        double best = 1e9;

        for (int r = 0; r < 6; r++) {
            double t = now();

            for (int j = 0; j < calls; j++)
                backend_gemm(batch, 0, 0, m, n, k, 1, a, b, 0, c);
            t = (now() - t) / calls;
            best = t < best ? t : best;
        }
        printf("gemm %zu x (%zu x %zu x %zu): %.2f us, %.1f GFLOP/s\n", batch, m, n, k, best * 1e6,
               flops * 1e-9 / best);
        free(a), free(b), free(c);
    }
    for (int trans = 0; trans < 2; trans++) {
        size_t m = 18432, n = 4096;
        real *a = array(m * n), *x = array(m), *y = array(m);
        double best = 1e9;

        for (int r = 0; r < 6; r++) {
            double t = now();

            backend_gemv(trans, m, n, a, x, y);
            t = now() - t;
            best = t < best ? t : best;
        }
        printf("gemv %zu x %zu%s: %.1f ms, %.1f GB/s\n", m, n, trans ? " transposed" : "",
               best * 1e3, (double)(m * n * sizeof(real)) * 1e-9 / best);
        free(a), free(x), free(y);
    }
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "all";
    int all = strcmp(what, "all") == 0;

    printf("%s, %s, %d threads\n", backend_name(), REAL_NAME, omp_get_max_threads());
    if (all || strcmp(what, "d") == 0)
        bench_convs(d_shapes);
    if (all || strcmp(what, "mini") == 0)
        bench_convs(mini_shapes);
    if (all || strcmp(what, "tiny") == 0)
        bench_convs(tiny_shapes);
    if (all || strcmp(what, "narrow") == 0)
        bench_convs(narrow_shapes);
    if (all || strcmp(what, "mid") == 0)
        bench_convs(mid_shapes);
    if (all || strcmp(what, "products") == 0)
        bench_products();
    return 0;
}
