#include "stats/placing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/affinity.h"
#include "stats/neighbours.h"

static const double EXAGGERATION = 1.5;

enum { MAX_STEPS = 250 };

int
placing_open(struct placing *p, const struct placing_config *c, const float *x, const double *y,
             size_t n, size_t d, struct err *e)
{
    *p = (struct placing){.config = *c, .n = n};
    if (!(c->perplexity < (double)n / 3))
        return err_set(e, "a perplexity of %g wants more than %g old points, there are %zu",
                       c->perplexity, 3 * c->perplexity, n);
    p->y = mem_array(n, 2 * sizeof(*p->y), e);
    if (p->y == NULL || quadtree_open(&p->tree, n, e) == -1 ||
        pca_reduce(&p->basis, x, n, d, c->components, e) == -1 ||
        (p->x = mem_array(n, p->basis.k * sizeof(*p->x), e)) == NULL) {
        placing_close(p);
        return -1;
    }
    pca_apply(&p->basis, x, n, p->x);
    memcpy(p->y, y, n * 2 * sizeof(*y));
    quadtree_build(&p->tree, y);
    return 0;
}

void
placing_close(struct placing *p)
{
    free(p->x);
    free(p->y);
    pca_free(&p->basis);
    quadtree_close(&p->tree);
    *p = (struct placing){0};
}

/* A new point's view of the old ones: k neighbours and their affinities. */
struct view {
    const uint32_t *index;
    const double *p;
    size_t k;
};

/* What is to be least, and its gradient. */
static double
objective(const struct placing *s, const struct view *v, const double *y, double *gradient)
{
    double pull[2] = {0}, push[2] = {0}, sum = 0, w;

    for (size_t c = 0; c < v->k; c++) {
        const double *o = s->y + 2 * (size_t)v->index[c];
        double dx = y[0] - o[0], dy = y[1] - o[1], d2 = dx * dx + dy * dy;

        sum += v->p[c] * log1p(d2);
        pull[0] += v->p[c] / (1 + d2) * dx;
        pull[1] += v->p[c] / (1 + d2) * dy;
    }
    w = quadtree_repel(&s->tree, y, QUADTREE_NOBODY, s->config.theta, push);
    for (int k = 0; k < 2; k++)
        gradient[k] = 2 * (EXAGGERATION * pull[k] - push[k] / w);
    return EXAGGERATION * sum + log(w);
}

/*
 * Goes down the gradient by steps that grow while they pay and are halved when they do not: two
 * coordinates need no more, and nothing is left to tune.
 */
static void
descend(const struct placing *s, const struct view *v, double *y)
{
    double gradient[2], now = objective(s, v, y, gradient), rate = 0.5;

    for (int step = 0; step < MAX_STEPS; step++) {
        double next[2] = {y[0] - rate * gradient[0], y[1] - rate * gradient[1]}, there[2], then;

        if (!(rate * hypot(gradient[0], gradient[1]) > 1e-6))
            return;
        then = objective(s, v, next, there);
        if (then < now) {
            now = then;
            memcpy(y, next, sizeof(next));
            memcpy(gradient, there, sizeof(there));
            rate *= 1.5;
        } else
            rate /= 2;
    }
}

/* The better of two places to begin: between the neighbours, or at the nearest of them. */
static void
begin(const struct placing *s, const struct view *v, size_t nearest, double *y)
{
    const double *at = s->y + 2 * (size_t)v->index[nearest];
    double mean[2] = {0}, gradient[2];

    for (size_t c = 0; c < v->k; c++)
        for (int k = 0; k < 2; k++)
            mean[k] += v->p[c] * s->y[2 * (size_t)v->index[c] + (size_t)k];
    if (objective(s, v, at, gradient) < objective(s, v, mean, gradient))
        memcpy(y, at, sizeof(mean));
    else
        memcpy(y, mean, sizeof(mean));
}

int
placing_add(const struct placing *s, const float *x, size_t m, double *y, struct err *e)
{
    size_t n = s->n, k = (size_t)(3 * s->config.perplexity + 1);
    double *q = NULL, *square = NULL, *p = NULL;
    uint32_t *index = NULL;
    int rc = -1;

    k = k < n ? k : n;
    if ((q = mem_array(m, s->basis.k * sizeof(*q), e)) == NULL ||
        (index = mem_array(m, k * sizeof(*index), e)) == NULL ||
        (square = mem_array(m, k * sizeof(*square), e)) == NULL ||
        (p = mem_array(m, k * sizeof(*p), e)) == NULL)
        goto out;
    pca_apply(&s->basis, x, m, q);
    if (neighbours_find(q, m, s->x, n, s->basis.k, k, index, square, e) == -1)
        goto out;
    affinity_conditional(square, m, k, s->config.perplexity, p);
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < m; i++) {
        struct view v = {index + i * k, p + i * k, k};
        size_t nearest = 0;

        for (size_t c = 1; c < k; c++)
            if (square[i * k + c] < square[i * k + nearest])
                nearest = c;
        if (square[i * k + nearest] == 0)
            memcpy(y + 2 * i, s->y + 2 * (size_t)v.index[nearest], 2 * sizeof(*y));
        else {
            begin(s, &v, nearest, y + 2 * i);
            descend(s, &v, y + 2 * i);
        }
    }
    rc = 0;
out:
    free(q);
    free(index);
    free(square);
    free(p);
    return rc;
}
