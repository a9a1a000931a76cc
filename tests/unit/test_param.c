/* Parameters: starting values, spectral normalisation, averages, Adam. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/adam.h"
#include "nn/ops.h"
#include "tap.h"

static const double eps = sizeof(real) == 8 ? 1e-12 : 2e-6;

static struct param *
add(struct params *ps, const char *name, size_t a, size_t b, size_t c, size_t d, int spectral,
    uint64_t seed)
{
    const size_t shape[4] = {a, b, c, d};
    struct err e;
    struct param *p = param_add(ps, name, 4, shape, PARAM_GLOROT, spectral, seed, &e);

    if (p == NULL)
        exit(1);
    return p;
}

static int
same(const struct param *a, const struct param *b)
{
    return a->w.n == b->w.n && memcmp(a->w.v, b->w.v, a->w.n * sizeof(real)) == 0;
}

static void
starts(void)
{
    struct params ps = {0}, other = {0};
    struct param *p = add(&ps, "conv", 3, 3, 20, 30, 0, 7);
    struct param *q = add(&ps, "conv2", 3, 3, 20, 30, 0, 7);
    const size_t n = 6;
    struct err e;
    struct param *zero = param_add(&ps, "bias", 1, &n, PARAM_ZERO, 0, 7, &e);
    double limit = sqrt(6.0 / (9 * 20 + 9 * 30)), top = 0, sum = 0, squares = 0;

    for (size_t i = 0; i < p->w.n; i++) {
        double v = (double)p->w.v[i];

        top = fabs(v) > top ? fabs(v) : top;
        sum += v;
        squares += v * v;
    }
    tap_ok(top <= limit * (1 + eps) && top > 0.99 * limit,
           "Glorot: weights reach the limit %g, not beyond", limit);
    tap_near(sum / (double)p->w.n, 0, 4 * limit / sqrt(3.0 * (double)p->w.n), "their mean is 0");
    tap_near(squares / (double)p->w.n, limit * limit / 3, 0.05 * limit * limit,
             "their variance is that of a uniform");
    for (size_t i = 0, bad = 0; i <= n; i++) {
        if (i == n)
            tap_ok(bad == 0, "biases start at 0");
        else
            bad += zero->w.v[i] != 0;
    }
    tap_ok(same(p, add(&other, "conv", 3, 3, 20, 30, 1, 7)),
           "seed and name make the weights, nothing else");
    tap_ok(!same(p, q), "another name, other weights");
    tap_ok(!same(p, add(&other, "conv", 3, 3, 20, 30, 0, 8)), "another seed, other weights");
    tap_ok(ps.count == 2 * 5400 + 6, "%zu numbers are counted", ps.count);
    tap_ok(param_find(&ps, "conv2") == q && param_find(&ps, "con") == NULL, "found by name");
    params_free(&other);
    other.limit = 5400;
    add(&other, "one", 3, 3, 20, 30, 0, 7);
    tap_ok(param_add(&other, "more", 1, &n, PARAM_ZERO, 0, 7, &e) == NULL &&
               strstr(e.text, "more") != NULL && other.n == 1,
           "beyond the limit: %s", e.text);
    params_free(&ps);
    params_free(&other);
}

/*
 * W = A diag(5, 3, 2, 1) B^T with orthogonal A, B (products of plane rotations): the largest
 * singular value is 5 by construction.
 */
static void
spectral(void)
{
    enum { IN = 12, OUT = 4 };
    static const double singular[OUT] = {5, 3, 2, 1};
    double m[IN][OUT] = {{0}}, sigma = 0;
    struct params ps = {0};
    struct param *p = add(&ps, "w", 2, 2, 3, OUT, 1, 3);
    struct tape *t = tape_open();
    real u[OUT], v[IN];

    for (int i = 0; i < OUT; i++)
        m[i][i] = singular[i];
    for (int i = 0; i < IN; i++)
        for (int k = 0; k < i; k++)
            for (int c = 0; c < OUT; c++) { /* rows i, k turned by i + 2 k */
                double a = m[i][c], b = m[k][c], cs = cos(i + 2 * k), sn = sin(i + 2 * k);

                m[i][c] = cs * a - sn * b;
                m[k][c] = sn * a + cs * b;
            }
    for (int i = 0; i < OUT; i++)
        for (int k = 0; k < i; k++)
            for (int r = 0; r < IN; r++) {
                double a = m[r][i], b = m[r][k], cs = cos(3 * i + k), sn = sin(3 * i + k);

                m[r][i] = cs * a - sn * b;
                m[r][k] = sn * a + cs * b;
            }
    for (int r = 0; r < IN; r++)
        for (int c = 0; c < OUT; c++)
            p->w.v[r * OUT + c] = (real)m[r][c];

    for (int i = 0; i < 100; i++)
        params_use(t, &ps, 1);
    for (int r = 0; r < IN; r++)
        for (int c = 0; c < OUT; c++)
            sigma += (double)(p->v[r] * p->u[c]) * m[r][c];
    tap_near(sigma, 5, 10 * eps, "after 100 iterations sigma is the largest singular value");
    for (int i = 0, bad = 0; i <= IN * OUT; i++) {
        if (i == IN * OUT)
            tap_ok(bad == 0, "what is used is W / sigma");
        else
            bad += !(fabs((double)p->use->v[i] - (double)p->w.v[i] / 5) <= 10 * eps);
    }
    memcpy(u, p->u, sizeof(u));
    memcpy(v, p->v, sizeof(v));
    for (size_t i = 0; i < p->w.n; i++)
        p->w.v[i] += (real)0.1 * (real)(i % 3);
    params_use(t, &ps, 0);
    tap_ok(memcmp(u, p->u, sizeof(u)) == 0 && memcmp(v, p->v, sizeof(v)) == 0,
           "without iterating u and v stay");
    params_use(t, &ps, 1);
    tap_ok(memcmp(u, p->u, sizeof(u)) != 0, "iterating moves them");
    tape_close(t);
    params_free(&ps);
}

static void
averages(void)
{
    struct params a = {0}, b = {0};
    struct param *p = add(&a, "w", 1, 1, 5, 6, 1, 1), *q = add(&b, "w", 1, 1, 5, 6, 1, 2);
    double want = (double)p->w.v[7], error = 0;

    for (int step = 1; step <= 20; step++) {
        for (size_t i = 0; i < q->w.n; i++)
            q->w.v[i] = (real)(sin(step) + (double)i);
        params_average(&a, &b, 0.9);
        want = 0.9 * want + 0.1 * (sin(step) + 7);
        error = tap_larger(error, fabs((double)p->w.v[7] - want));
    }
    tap_ok(error <= 20 * eps, "an average over 20 steps, error %.1e", error);
    tap_ok(memcmp(p->u, q->u, 6 * sizeof(real)) == 0 && memcmp(p->v, q->v, 5 * sizeof(real)) == 0,
           "with the singular vectors of the last");
    params_free(&a);
    params_free(&b);
}

/* Values against PyTorch are in test_ops_ref.c. */
static void
adam(void)
{
    const struct adam a = {.rate = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    struct params ps = {0};
    const size_t n = 3;
    struct err e;
    struct param *p = param_add(&ps, "x", 1, &n, PARAM_ZERO, 0, 0, &e);
    struct tape *t = tape_open();
    struct tensor *g = tape_const(t, 1, &n, NULL);

    /* Whatever the scale of the gradient, the first step is as long as the rate. */
    g->v[0] = 1000;
    g->v[1] = (real)-1e-3;
    adam_update(&a, &ps, &g, 1);
    tap_near((double)p->w.v[0], -0.1, 1e-6, "the first step is the rate");
    tap_near((double)p->w.v[1], 0.1, 1e-5, "for a small gradient too");
    tap_ok(p->w.v[2] == 0, "and none for a gradient of 0");
    for (uint64_t step = 2; step < 2000; step++) { /* (x - 3)^2 */
        for (size_t i = 0; i < n; i++)
            g->v[i] = 2 * (p->w.v[i] - 3);
        adam_update(&a, &ps, &g, step);
    }
    tap_ok(fabs((double)p->w.v[0] - 3) < 0.01 && fabs((double)p->w.v[2] - 3) < 0.01,
           "it finds the bottom of a parabola");
    tape_close(t);
    params_free(&ps);
}

int
main(void)
{
    starts();
    spectral();
    averages();
    adam();
    return tap_done(20);
}
