#include "stats/tsne.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/neighbours.h"
#include "stats/pca.h"

/* Points that a thread takes at a time; neighbours in the tree cost alike and share their cells. */
enum { BATCH = 64 };

static const double START = 1e-4; /* standard deviation */

/* ---- the start ---- */

/*
 * Column k of the start: y less its mean, scaled, or random numbers where it has no variance worth
 * the name beside `variance`, that of the first.
 */
static void
start_column(struct tsne *t, const struct tsne_config *c, const double *y, size_t stride, int k,
             double variance)
{
    double mean = 0, own = 0;

    for (size_t i = 0; y != NULL && i < t->n; i++)
        mean += y[i * stride] / (double)t->n;
    for (size_t i = 0; y != NULL && i < t->n; i++)
        own += (y[i * stride] - mean) * (y[i * stride] - mean) / (double)t->n;
    for (size_t i = 0; i < t->n; i++) {
        struct rng r = rng_at(c->seed, k == 0 ? "tsne-x" : "tsne-y", i);

        t->y[2 * i + (size_t)k] =
            START *
            (own > 1e-12 * variance ? (y[i * stride] - mean) / sqrt(variance) : rng_normal(&r));
    }
}

static int
start(struct tsne *t, const struct tsne_config *c, const float *x, size_t d, struct err *e)
{
    size_t k = d < 2 ? d : 2;
    struct pca p = {0};
    double *y = NULL;
    int rc = -1;

    if (!c->random &&
        (pca_fit(&p, x, t->n, d, k, e) == -1 || (y = mem_array(t->n, k * sizeof(*y), e)) == NULL))
        goto out;
    if (y != NULL)
        pca_apply(&p, x, t->n, y);
    start_column(t, c, y, k, 0, y != NULL ? p.variance[0] : 0);
    start_column(t, c, y != NULL && k == 2 ? y + 1 : NULL, k, 1, y != NULL ? p.variance[0] : 0);
    rc = 0;
out:
    pca_free(&p);
    free(y);
    return rc;
}

/* ---- affinities ---- */

static int
affinities(struct tsne *t, const double *x, size_t k, double perplexity, struct err *e)
{
    size_t n = t->n;
    uint32_t *index = mem_array(n, k * sizeof(*index), e);
    double *square = mem_array(n, k * sizeof(*square), e), *p = mem_array(n, k * sizeof(*p), e);
    int rc = -1;

    if (index != NULL && square != NULL && p != NULL &&
        neighbours_find(NULL, n, x, n, t->kept, k, index, square, e) == 0) {
        affinity_conditional(square, n, k, perplexity, p);
        rc = affinity_joint(&t->p, index, p, n, k, e);
    }
    free(index);
    free(square);
    free(p);
    return rc;
}

int
tsne_open(struct tsne *t, const struct tsne_config *c, const float *x, size_t n, size_t d,
          struct err *e)
{
    int exact = n < c->exact_below;
    size_t k = exact ? n - 1 : (size_t)(3 * c->perplexity + 1);
    struct pca basis = {0};
    double *reduced = NULL;
    int rc = -1;

    assert(c->exact_below <= TSNE_EXACT_MAX);
    *t = (struct tsne){.n = n, .exaggeration = c->exaggeration, .theta = exact ? 0 : c->theta};
    if (n < TSNE_MIN || n > TSNE_MAX)
        return err_set(e, "%zu points: a map has %d to %d", n, TSNE_MIN, TSNE_MAX);
    if (!(c->perplexity < (double)n / 3))
        return err_set(e, "a perplexity of %g wants more than %g points, there are %zu",
                       c->perplexity, 3 * c->perplexity, n);
    k = k < n - 1 ? k : n - 1;
    t->rate = c->rate > 0 ? c->rate : fmax((double)n / c->exaggeration / 4, 50);
    t->y = mem_array(n, 2 * sizeof(*t->y), e);
    t->velocity = mem_array(n, 2 * sizeof(*t->velocity), e);
    t->gain = mem_array(n, 2 * sizeof(*t->gain), e);
    t->force = mem_array(n, 4 * sizeof(*t->force), e);
    t->sum_w = mem_array(n, sizeof(*t->sum_w), e);
    if (!t->y || !t->velocity || !t->gain || !t->force || !t->sum_w ||
        quadtree_open(&t->tree, n, e) == -1 || pca_reduce(&basis, x, n, d, c->components, e) == -1)
        goto out;
    t->kept = basis.k;
    if ((reduced = mem_array(n, basis.k * sizeof(*reduced), e)) == NULL)
        goto out;
    pca_apply(&basis, x, n, reduced);
    if (affinities(t, reduced, k, c->perplexity, e) == 0)
        rc = start(t, c, x, d, e);
out:
    pca_free(&basis);
    free(reduced);
    if (rc == -1)
        tsne_close(t);
    return rc;
}

void
tsne_close(struct tsne *t)
{
    affinity_free(&t->p);
    quadtree_close(&t->tree);
    free(t->y);
    free(t->velocity);
    free(t->gain);
    free(t->force);
    free(t->sum_w);
    *t = (struct tsne){0};
}

/* ---- the gradient ---- */

/* Point by point, without the tree: what quadtree_repel() approximates. */
static double
repel_all(const struct tsne *t, size_t i, double *force)
{
    const double *y = t->y;
    double sum = 0, fx = 0, fy = 0;

    for (size_t j = 0; j < t->n; j++) {
        double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1];
        double w = 1 / (1 + dx * dx + dy * dy);

        sum += w;
        fx += w * w * dx;
        fy += w * w * dy;
    }
    force[0] += fx;
    force[1] += fy;
    return sum - 1; /* itself */
}

static double
repel(const struct tsne *t, size_t i, double *force)
{
    return t->theta > 0 ? quadtree_repel(&t->tree, t->y + 2 * i, i, t->theta, force)
                        : repel_all(t, i, force);
}

static void
attract(const struct tsne *t, size_t i, double *force)
{
    const double *y = t->y;
    double fx = 0, fy = 0;

    for (size_t c = t->p.start[i]; c < t->p.start[i + 1]; c++) {
        size_t j = t->p.other[c];
        double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1];
        double pull = t->p.p[c] / (1 + dx * dx + dy * dy);

        fx += pull * dx;
        fy += pull * dy;
    }
    force[0] += fx;
    force[1] += fy;
}

/* Attraction and repulsion of every point, and the sum of w over all pairs, in a fixed order. */
static double
forces(struct tsne *t)
{
    double sum = 0;

    if (t->theta > 0)
        quadtree_build(&t->tree, t->y);
#pragma omp parallel for schedule(dynamic, BATCH)
    for (size_t place = 0; place < t->n; place++) {
        size_t i = t->theta > 0 ? quadtree_at(&t->tree, place) : place;
        double f[4] = {0};

        attract(t, i, f);
        t->sum_w[i] = repel(t, i, f + 2);
        memcpy(t->force + 4 * i, f, sizeof(f));
    }
    for (size_t i = 0; i < t->n; i++)
        sum += t->sum_w[i];
    return sum;
}

/*
 * Gradient descent with momentum and a gain for each coordinate, which grows while the gradient
 * points the way the point moves (JMLR 2008, section 3.4).  The early steps end with the point at
 * rest and its gains at 1, as in scikit-learn.
 */
int
tsne_step(struct tsne *t, struct err *e)
{
    int early = t->iteration < TSNE_EARLY_STEPS;
    double exaggeration = early ? t->exaggeration : 1, momentum = early ? 0.5 : 0.8;
    double sum = forces(t), square = 0;

    if (t->iteration == 0 || t->iteration == TSNE_EARLY_STEPS)
        for (size_t i = 0; i < 2 * t->n; i++) {
            t->velocity[i] = 0;
            t->gain[i] = 1;
        }
    for (size_t i = 0; i < 2 * t->n; i++) {
        const double *f = t->force + i / 2 * 4 + i % 2;
        double g = 4 * (exaggeration * f[0] - f[2] / sum);

        square += g * g;
        t->gain[i] = t->velocity[i] * g < 0 ? t->gain[i] + 0.2 : fmax(t->gain[i] * 0.8, 0.01);
        t->velocity[i] = momentum * t->velocity[i] - t->rate * t->gain[i] * g;
        t->y[i] += t->velocity[i];
    }
    t->gradient_norm = sqrt(square);
    t->iteration++;
    if (!(t->gradient_norm < 1e100))
        return err_set(e, "iteration %zu: the map runs away, the learning rate of %g is too large",
                       t->iteration, t->rate);
    return 0;
}

double
tsne_divergence(struct tsne *t)
{
    double sum = forces(t), all = 0;

    /* sum_w is free again: it takes each point's share. */
#pragma omp parallel for schedule(dynamic, BATCH)
    for (size_t i = 0; i < t->n; i++) {
        const double *y = t->y;
        double part = 0;

        for (size_t c = t->p.start[i]; c < t->p.start[i + 1]; c++) {
            size_t j = t->p.other[c];
            double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1], p = t->p.p[c];

            if (p > 0)
                part += p * (log(p * sum) + log1p(dx * dx + dy * dy));
        }
        t->sum_w[i] = part;
    }
    for (size_t i = 0; i < t->n; i++)
        all += t->sum_w[i];
    return all;
}
