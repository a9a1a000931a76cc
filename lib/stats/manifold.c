#include "stats/manifold.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/linalg.h"

enum { ROWS = 256 }; /* distances are made in squares of this side */

#define EDGE 1e-12 /* far above the rounding of squared lengths, far below what matters */

/* A set about to be compared. */
struct side {
    const struct feature_set *set;
    const double *centre; /* [d], subtracted: distances from products lose fewer digits */
    double *length;       /* [n] squared */
    double *radius;       /* [n] squared distance to the k-th neighbour */
};

/* What one thread works with. */
struct work {
    double *x, *y, *distance; /* rows, rows, [ROWS][ROWS] squared */
    double *nearest;          /* [ROWS][k] in rising order */
};

static int
work_make(struct work *t, size_t d, size_t k, struct err *e)
{
    t->x = mem_array_raw(ROWS * d, sizeof(double), e);
    t->y = mem_array_raw(ROWS * d, sizeof(double), e);
    t->distance = mem_array_raw(ROWS * ROWS, sizeof(double), e);
    t->nearest = mem_array_raw(ROWS * k, sizeof(double), e);
    return t->x && t->y && t->distance && t->nearest ? 0 : -1;
}

static void
work_free(struct work *t)
{
    free(t->x);
    free(t->y);
    free(t->distance);
    free(t->nearest);
}

static void
measure_lengths(struct side *s, double *row)
{
    for (size_t i = 0; i < s->set->n; i++) {
        feature_set_rows(s->set, i, 1, s->centre, row);
        for (size_t k = 0; k < s->set->d; k++)
            s->length[i] += row[k] * row[k];
    }
}

/*
 * |x - y|^2 = |x|^2 + |y|^2 - 2 x y, for the m rows in t->x and those of y from `at` on, whose
 * number it returns.
 */
static size_t
square(const struct side *x, size_t first, size_t m, const struct side *y, size_t at,
       struct work *t)
{
    size_t n = feature_set_rows(y->set, at, ROWS, y->centre, t->y);

    linalg_product_t(m, n, x->set->d, t->x, t->y, t->distance);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double *p = &t->distance[i * n + j];

            *p = fmax(0, x->length[first + i] + y->length[at + j] - 2 * *p);
        }
    return n;
}

/* Keeps the k smallest numbers seen. */
static void
keep(double *nearest, size_t k, double x)
{
    size_t i = k - 1;

    if (x >= nearest[i])
        return;
    for (; i > 0 && nearest[i - 1] > x; i--)
        nearest[i] = nearest[i - 1];
    nearest[i] = x;
}

static void
find_radii(struct side *s, size_t first, size_t k, struct work *t)
{
    size_t m = feature_set_rows(s->set, first, ROWS, s->centre, t->x);

    for (size_t i = 0; i < m * k; i++)
        t->nearest[i] = INFINITY;
    for (size_t at = 0; at < s->set->n; at += ROWS) {
        size_t n = square(s, first, m, s, at, t);

        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++)
                if (first + i != at + j)
                    keep(t->nearest + i * k, k, t->distance[i * n + j]);
    }
    for (size_t i = 0; i < m; i++)
        s->radius[first + i] = t->nearest[i * k + k - 1];
}

/* Which of the balls hold something, and how many of x's each record of y lies in. */
struct hits {
    uint8_t *x_reached; /* [n of x] lies in a ball of y */
    uint8_t *x_covered; /* [n of x] a record of y lies in its ball */
    uint32_t *y_inside; /* [n of y] balls of x it lies in */
};

static void
find_hits(const struct side *y, size_t first, const struct side *x, struct work *t, struct hits *h)
{
    size_t m = feature_set_rows(y->set, first, ROWS, y->centre, t->x);

    for (size_t at = 0; at < x->set->n; at += ROWS) {
        size_t n = square(y, first, m, x, at, t);

        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                double edge = EDGE * (y->length[first + i] + x->length[at + j]);
                double d = t->distance[i * n + j] - edge;

                if (d <= y->radius[first + i])
#pragma omp atomic write
                    h->x_reached[at + j] = 1;
                if (d <= x->radius[at + j]) {
#pragma omp atomic write
                    h->x_covered[at + j] = 1;
                    h->y_inside[first + i]++;
                }
            }
    }
}

static struct manifold
count(const struct hits *h, size_t n_x, size_t n_y, size_t k)
{
    struct manifold m = {0};

    for (size_t i = 0; i < n_x; i++) {
        m.recall += h->x_reached[i];
        m.coverage += h->x_covered[i];
    }
    for (size_t i = 0; i < n_y; i++) {
        m.precision += h->y_inside[i] > 0;
        m.density += h->y_inside[i];
    }
    m.recall /= (double)n_x;
    m.coverage /= (double)n_x;
    m.precision /= (double)n_y;
    m.density /= (double)n_y * (double)k;
    return m;
}

static size_t
blocks_of(const struct side *s)
{
    return (s->set->n + ROWS - 1) / ROWS;
}

int
manifold_compare(const struct feature_set *x, const struct feature_set *y, size_t k,
                 struct manifold *m, struct err *e)
{
    double *mean = NULL, *row = NULL;
    struct side a = {.set = x}, b = {.set = y};
    struct hits h = {0};
    int rc = -1;

    if (x->n <= k || y->n <= k)
        return err_set(e, "sets of %zu and %zu records: a %zu-th neighbour takes %zu", x->n, y->n,
                       k, k + 1);
    if ((mean = mem_array(x->d, sizeof(*mean), e)) == NULL ||
        (row = mem_array(x->d, sizeof(*row), e)) == NULL ||
        (a.length = mem_array(x->n, sizeof(double), e)) == NULL ||
        (a.radius = mem_array(x->n, sizeof(double), e)) == NULL ||
        (b.length = mem_array(y->n, sizeof(double), e)) == NULL ||
        (b.radius = mem_array(y->n, sizeof(double), e)) == NULL ||
        (h.x_reached = mem_array(x->n, 1, e)) == NULL ||
        (h.x_covered = mem_array(x->n, 1, e)) == NULL ||
        (h.y_inside = mem_array(y->n, sizeof(*h.y_inside), e)) == NULL)
        goto out;
    feature_set_mean(x, mean);
    a.centre = b.centre = mean;
    measure_lengths(&a, row);
    measure_lengths(&b, row);
    rc = 0;
#pragma omp parallel num_threads(linalg_team(blocks_of(&a) + blocks_of(&b)))
    {
        struct work t;
        struct err why;
        int ready = work_make(&t, x->d, k, &why) == 0;

        if (!ready)
#pragma omp critical
        {
            rc = -1;
            *e = why;
        }
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < blocks_of(&a) + blocks_of(&b); i++)
            if (ready)
                find_radii(i < blocks_of(&a) ? &a : &b,
                           (i < blocks_of(&a) ? i : i - blocks_of(&a)) * ROWS, k, &t);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < blocks_of(&b); i++)
            if (ready)
                find_hits(&b, i * ROWS, &a, &t, &h);
        work_free(&t);
    }
    *m = count(&h, x->n, y->n, k);
out:
    free(mean);
    free(row);
    free(a.length);
    free(a.radius);
    free(b.length);
    free(b.radius);
    free(h.x_reached);
    free(h.x_covered);
    free(h.y_inside);
    return rc;
}
