/* The tape: memory over steps, what may be differentiated, numbers that are not finite. */
#include "nn/tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/grad.h"
#include "nn/ops.h"
#include "train/gan.h"
#include "tap.h"

static const size_t shape[2] = {3, 4};

static struct tensor *
numbers(struct tape *t, double first)
{
    struct tensor *x = tape_const(t, 2, shape, NULL);

    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)(first + (double)i);
    return x;
}

static int
all(const struct tensor *x, double want)
{
    for (size_t i = 0; i < x->n; i++)
        if (!(fabs((double)x->v[i] - want) <= 1e-6 * fabs(want)))
            return 0;
    return 1;
}

/* ---- memory ---- */

/* Updates of both networks at one size: the second asks for nothing that the first has not left. */
static void
steps(double fade, const char *what)
{
    struct gan_config c = {
        .net = {.size = 32, .width = 0.1, .leak = 0.2, .spectral = 1, .attention = 4},
        .d_width = 0.1,
        .d_spectral = 1,
        .mid = 2048,
        .border = 1,
        .batch = 2,
        .g_steps = 1,
        .classes = {LOGITS},
        .aux = 0.1,
        .gp_lambda = 10,
        .gp_k = 1,
        .gp_every = 1,
        .gp_sigma = 0.01,
        .augment = AUGMENT_FIXED,
        .ema = 0.9,
        .seed = 1,
        .adam = {1e-3, 0, 0.9, 1e-8}};
    size_t side = fade > 0 ? 32 : 16, after = 0;
    real *x = calloc(2 * side * side, sizeof(real));
    struct gan_losses l;
    struct gan g;
    struct err e;
    int bad = gan_init(&g, &c, &e) == -1;

    for (int i = 0; !bad && i < 8; i++) {
        for (size_t k = 0; k < 2 * side * side; k++)
            x[k] = (real)(0.5 + 0.4 * sin((double)k * (1 + 0.1 * i)));
        bad = gan_step_d(&g, 0, x, x, x, x, side, fade, &l, &e) == -1 ||
              gan_step_g(&g, 0, x, side, fade, &l, &e) == -1;
        if (i == 1)
            after = tape_memory(g.tape);
    }
    tap_ok(!bad && after > 0 && tape_memory(g.tape) == after,
           "%s: %zu bytes after two iterations and after eight", what, after);
    tape_release(g.tape);
    tap_ok(tape_memory(g.tape) == 0, "tape_release() gives it all back");
    tap_ok(gan_step_g(&g, 0, x, side, fade, &l, &e) == 0, "and the next step works");
    gan_free(&g);
    free(x);
}

/* A deep chain over 8 MiB tensors: without graph the gradients on the way are recycled. */
static size_t
chain(int create_graph)
{
    enum { DEPTH = 64 };
    const size_t large[2] = {1024, ((size_t)8 << 20) / 1024 / sizeof(real)};
    struct tape *t = tape_open();
    struct tensor *x = tape_const(t, 2, large, NULL), *y = x, *g;
    size_t before, took;

    for (int i = 0; i < DEPTH; i++)
        y = nn_affine(t, y, 1, 1);
    y = nn_sum(t, y);
    before = tape_memory(t);
    grad_of(t, y, &x, 1, create_graph, &g);
    took = tape_memory(t) - before;
    tap_ok(all(g, 1), "a chain of %d has the right gradient", DEPTH);
    tape_close(t);
    return took;
}

static void
memory(void)
{
    size_t without, with;

    steps(0, "half size");
    steps(0.5, "fading");
    steps(1, "full size");
    without = chain(0);
    with = chain(1);
    tap_ok(without <= (size_t)128 << 20 && with >= (size_t)448 << 20,
           "64 gradients of 8 MiB take %zu MiB without graph, %zu MiB with", without >> 20,
           with >> 20);
}

/* ---- differentiation ---- */

static void
gradients(void)
{
    struct tape *t = tape_open();
    struct tensor *x = numbers(t, 1), *other = numbers(t, 2), *y, *z, *g[3], *in[3];

    y = nn_sum(t, nn_mul(t, x, x));
    in[0] = x;
    in[1] = other;
    in[2] = y;
    grad_of(t, y, in, 3, 0, g);
    tap_ok(g[0]->v[3] == 8 && g[0]->v[11] == 24, "d sum(x^2) = 2 x");
    tap_ok(all(g[1], 0) && g[1]->rank == 2 && g[1]->shape[1] == 4,
           "what y does not depend on has a gradient of zeros");
    tap_ok(all(g[2], 1), "y has 1");
    grad_of(t, y, in, 3, 0, g);
    tap_ok(g[0]->v[3] == 8 && all(g[2], 1), "a second time the same");

    z = nn_mul(t, x, x); /* an inner tensor */
    y = nn_sum(t, nn_mul(t, z, x));
    in[0] = x;
    in[1] = z;
    grad_of(t, y, in, 2, 0, g);
    tap_ok(g[0]->v[1] == 12 && g[1]->v[1] == 2, "of an inner tensor and of what it is made from");

    grad_from(t, z, other, in, 1, 0, g);
    tap_ok(g[0]->v[1] == 2 * 2 * 3, "from a gradient that arrives at a tensor");

    for (int k = 0; k < 4; k++) { /* d^4 sum(x^4) = 24, by differentiating again and again */
        if (k == 0)
            y = nn_sum(t, nn_mul(t, nn_mul(t, x, x), nn_mul(t, x, x)));
        grad_of(t, y, &x, 1, 1, g);
        y = nn_sum(t, g[0]);
    }
    tap_ok(all(g[0], 24), "four times over");

    tape_reset(t);
    x = numbers(t, 1);
    tap_ok(tape_record(t, 0) == 1, "recording is on after a reset");
    z = nn_mul(t, x, x);
    tap_ok(tape_record(t, 1) == 0, "and off when told");
    y = nn_sum(t, nn_mul(t, z, x));
    grad_of(t, y, &x, 1, 0, g);
    tap_ok(g[0]->v[1] == 4, "what was made without recording is a constant: 2^2 for x = 2");

    /* One storage under two shapes. */
    y = nn_sum(t, nn_mul(t, nn_reshape(t, x, 1, (const size_t[]){12}),
                         nn_reshape(t, x, 1, (const size_t[]){12})));
    grad_of(t, y, &x, 1, 0, g);
    tap_ok(g[0]->v[5] == 12 && x->v[5] == 6, "views: gradients add up, values stay");
    tape_close(t);
}

/* ---- numbers that are not finite ---- */

static void
not_finite(void)
{
    struct tape *t = tape_open();
    struct tensor *x = numbers(t, -4), *y[8], *g;
    size_t n = 0, lost = 0;

    x->v[5] = NAN;
    y[n++] = nn_leaky_relu(t, x, 0.2);
    y[n++] = nn_leaky_relu(t, x, 0);
    y[n++] = nn_clip(t, x, -1, 1);
    y[n++] = nn_softmax(t, x);
    y[n++] = nn_logsumexp(t, x);
    y[n++] = nn_sqrt(t, x);
    y[n++] = nn_col_sum(t, x);
    y[n++] = nn_scale(t, x, nn_mean(t, x));
    for (size_t i = 0; i < n; i++)
        lost += !isnan(nn_sum(t, y[i])->v[0]);
    tap_ok(lost == 0, "not-a-number is not lost on its way to the loss");
    grad_of(t, nn_sum(t, nn_mul(t, x, x)), &x, 1, 0, &g);
    tap_ok(isnan(g->v[5]) && g->v[4] == 0, "nor in a gradient, where it belongs");

    /* The largest exponents: softmax and log-sum-exp keep them in range. */
    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)(i % 4 == 0 ? 3e4 : -3e4);
    tap_ok(nn_softmax(t, x)->v[0] == 1 && nn_softmax(t, x)->v[1] == 0, "softmax of large numbers");
    tap_near((double)nn_logsumexp(t, x)->v[0], 3e4, 1e-2, "log-sum-exp of large numbers");
    tape_close(t);
}

/* An update whose loss is not finite changes no weight. */
static void
refused(void)
{
    struct gan_config c = {
        .net = {.size = 32, .width = 0.05, .leak = 0.2, .spectral = 1, .attention = 4},
        .d_width = 0.05,
        .d_spectral = 1,
        .batch = 1,
        .g_steps = 1,
        .classes = {LOGITS},
        .aux = 0.1,
        .gp_lambda = 10,
        .gp_k = 1,
        .gp_every = 1,
        .seed = 1,
        .adam = {1e-3, 0, 0.9, 1e-8}};
    real *x = calloc(16 * 16, sizeof(real)), *bad = calloc(16 * 16, sizeof(real)), *kept;
    struct gan_losses l;
    struct gan g;
    struct err e;
    struct tensor *w;

    if (gan_init(&g, &c, &e) == -1)
        exit(1);
    bad[77] = INFINITY;
    w = &g.d.params.p[2]->w;
    kept = calloc(w->n, sizeof(real));
    memcpy(kept, w->v, w->n * sizeof(real));
    tap_ok(gan_step_d(&g, 0, bad, x, x, x, 16, 0, &l, &e) == -1 &&
               strstr(e.text, "not finite") != NULL && strstr(e.text, "update 0") != NULL,
           "%s", e.text);
    tap_ok(memcmp(kept, w->v, w->n * sizeof(real)) == 0 && g.d_updates == 0,
           "no weight was changed");
    tap_ok(gan_step_g(&g, 0, bad, 16, 0, &l, &e) == -1 && g.g_updates == 0, "%s", e.text);
    tap_ok(gan_step_d(&g, 0, x, x, x, x, 16, 0, &l, &e) == 0 &&
               memcmp(kept, w->v, w->n * sizeof(real)) != 0 && g.d_updates == 1,
           "the next update works");
    gan_free(&g);
    free(kept);
    free(bad);
    free(x);
}

/* Wherever in a window it lies. */
static void
not_a_number_passes_pools(void)
{
    const size_t image[4] = {1, 2, 2, 1};
    struct tape *t = tape_open();
    int lost = 0;

    for (int k = 0; k < 4; k++) {
        struct tensor *x = tape_const(t, 4, image, (const real[]){3, 1, 2, 4});

        x->v[k] = (real)NAN;
        lost += !isnan(nn_max_pool2(t, x)->v[0]) + !isnan(nn_max_pool(t, x, 2, 2, 0)->v[0]);
    }
    tap_ok(lost == 0, "what is not a number passes max-pool");
    tape_close(t);
}

int
main(void)
{
    memory();
    gradients();
    not_finite();
    refused();
    not_a_number_passes_pools();
    return tap_done(32);
}
