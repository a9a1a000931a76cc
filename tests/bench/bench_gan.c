/*
 * bench_gan - the speed and the memory of the GAN's updates, without reading data and logging.
 *
 *     bench_gan SIZE WIDTH D_WIDTH BATCH THREADS SECONDS
 *
 * Shows the best and the median, over updates that are made for SECONDS, of the discriminator's
 * update (four classes, with its penalty), of the generator's, and of one of the first with two of
 * the second; in seconds of the clock and of all threads' work, which other programs on the machine
 * disturb less.  The patches are noise; speed does not depend on them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/rng.h"
#include "nn/backend.h"
#include "train/gan.h"

enum { MOST = 4096, G_STEPS = 2 };

struct times {
    double clock[MOST], work[MOST];
    size_t n;
};

static double
now(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
show(const char *what, struct times *t)
{
    qsort(t->clock, t->n, sizeof(double), ascending);
    qsort(t->work, t->n, sizeof(double), ascending);
    printf("%-24s clock: best %.4f median %.4f s   work: best %.4f median %.4f s   (%zu times)\n",
           what, t->clock[0], t->clock[t->n / 2], t->work[0], t->work[t->n / 2], t->n);
}

static void
add(struct times *t, double clock, double work)
{
    if (t->n == MOST)
        return;
    t->clock[t->n] = clock;
    t->work[t->n++] = work;
}

int
main(int argc, char **argv)
{
    static struct times d, g, both;
    struct gan_losses l;
    struct gan gan;
    struct rusage usage;
    struct err e;
    double end;

    backend_start(argv);
    if (argc != 7) {
        fprintf(stderr, "usage: bench_gan SIZE WIDTH D_WIDTH BATCH THREADS SECONDS\n");
        return 2;
    }
    struct gan_config c = {
        .net = {.size = (size_t)atoi(argv[1]),
                .width = atof(argv[2]),
                .leak = 0.2,
                .spectral = 1,
                .attention = (size_t)atoi(argv[1]) / 8},
        .d_width = atof(argv[3]),
        .d_spectral = 1,
        .mid = 2048,
        .border = (size_t)atoi(argv[1]) * 10 / 256,
        .batch = (size_t)atoi(argv[4]),
        .g_steps = G_STEPS,
        .classes = {4},
        .aux = 0.1,
        .gp_lambda = 10,
        .gp_k = 1,
        .gp_every = 1,
        .gp_sigma = 0.0124,
        .adam = {.rate = 1e-4, .beta1 = 0, .beta2 = 0.9, .epsilon = 1e-8},
        .seed = 1,
    };
    size_t n = c.batch * c.net.size * c.net.size;
    struct rng r = rng_at(1, "bench_gan", 0);
    real *patches = malloc(4 * n * sizeof(*patches));

    backend_threads(atoi(argv[5]));
    if (patches == NULL || gan_init(&gan, &c, &e) == -1)
        abort();
    for (size_t i = 0; i < 4 * n; i++)
        patches[i] = (real)rng_uniform(&r);
    end = now(CLOCK_MONOTONIC) + atof(argv[6]);
    for (int first = 1; first || d.n == 0 || now(CLOCK_MONOTONIC) < end; first = 0) {
        double clock[3], work[3];

        clock[0] = now(CLOCK_MONOTONIC);
        work[0] = now(CLOCK_PROCESS_CPUTIME_ID);
        if (gan_step_d(&gan, 0, patches, patches + n, patches + 2 * n, patches + 3 * n, c.net.size,
                       1, &l, &e) == -1)
            abort();
        clock[1] = now(CLOCK_MONOTONIC);
        work[1] = now(CLOCK_PROCESS_CPUTIME_ID);
        for (int k = 0; k < G_STEPS; k++)
            if (gan_step_g(&gan, 0, patches + 3 * n, c.net.size, 1, &l, &e) == -1)
                abort();
        clock[2] = now(CLOCK_MONOTONIC);
        work[2] = now(CLOCK_PROCESS_CPUTIME_ID);
        if (first) /* makes primitives and takes memory */
            continue;
        add(&d, clock[1] - clock[0], work[1] - work[0]);
        add(&g, (clock[2] - clock[1]) / G_STEPS, (work[2] - work[1]) / G_STEPS);
        add(&both, clock[2] - clock[0], work[2] - work[0]);
    }
    printf("%s px, width %s, discriminator's %s, batch %s, %s threads, %s\n", argv[1], argv[2],
           argv[3], argv[4], argv[5], backend_name());
    show("discriminator", &d);
    show("generator", &g);
    show("step (1 and 2 of them)", &both);
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %ld MiB\n", usage.ru_maxrss / 1024);
    gan_free(&gan);
    free(patches);
    return 0;
}
