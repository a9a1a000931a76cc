/*
 * Products of matrices give all squared distances quickly as |q|^2 + |x|^2 - 2 q x, with a rounding
 * error that has a bound.  Whatever could be among the k nearest within that bound is then measured
 * by its plain sum of squares, and these decide.
 */
#include "stats/neighbours.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include <cblas.h>
#include <omp.h>

#include "base/mem.h"

enum { BLOCK = 32 }; /* points whose products are held at once, a thread */

struct candidate {
    double square;
    uint32_t index;
};

/* The farthest of k candidates stands first. */
struct heap {
    struct candidate *at;
    size_t n, k;
};

static int
is_farther(const struct candidate *a, const struct candidate *b)
{
    return a->square > b->square || (a->square == b->square && a->index > b->index);
}

static void
sift_down(struct heap *h, size_t i, struct candidate c)
{
    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && is_farther(&h->at[child + 1], &h->at[child]))
            child++;
        if (!is_farther(&h->at[child], &c))
            break;
        h->at[i] = h->at[child];
    }
    h->at[i] = c;
}

/* Keeps c if it is among the k nearest so far. */
static inline void
offer(struct heap *h, struct candidate c)
{
    size_t i;

    if (h->n == h->k) {
        if (is_farther(&h->at[0], &c))
            sift_down(h, 0, c);
        return;
    }
    for (i = h->n++; i > 0 && is_farther(&c, &h->at[(i - 1) / 2]); i = (i - 1) / 2)
        h->at[i] = h->at[(i - 1) / 2];
    h->at[i] = c;
}

static int
by_index(const void *a, const void *b)
{
    uint32_t i = ((const struct candidate *)a)->index, j = ((const struct candidate *)b)->index;

    return (i > j) - (i < j);
}

static double
squared_distance(const double *a, const double *b, size_t d)
{
    double sum = 0;

    for (size_t c = 0; c < d; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

static double
squared_norm(const double *a, size_t d)
{
    double sum = 0;

    for (size_t c = 0; c < d; c++)
        sum += a[c] * a[c];
    return sum;
}

/*
 * The neighbours of one point.
 *
 *   near  [n]      its distances by products, less |q|^2
 *   slack          twice what these may be wrong by
 *   self           the point that is left out, or n
 */
static void
choose(const double *q, const double *x, size_t n, size_t d, const double *near, double slack,
       size_t self, struct heap *h)
{
    double limit;

    h->n = 0;
    for (size_t j = 0; j < n; j++)
        if (j != self)
            offer(h, (struct candidate){near[j], (uint32_t)j});
    limit = h->at[0].square + slack;
    h->n = 0;
    for (size_t j = 0; j < n; j++)
        if (j != self && near[j] <= limit)
            offer(h, (struct candidate){squared_distance(q, x + j * d, d), (uint32_t)j});
    qsort(h->at, h->k, sizeof(*h->at), by_index);
}

int
neighbours_find(const double *q, size_t m, const double *x, size_t n, size_t d, size_t k,
                uint32_t *index, double *square, struct err *e)
{
    size_t threads = (size_t)omp_get_max_threads(), room;
    const double *from = q != NULL ? q : x;
    double *norm = mem_array(n, sizeof(*norm), e), *near = NULL, largest = 0;
    struct candidate *kept = NULL;
    int rc = -1;

    if (norm == NULL)
        return -1;
    if (mem_mul(n, BLOCK * sizeof(*near), &room) == -1) {
        err_memory(e, (unsigned long long)-1);
        goto out;
    }
    if ((near = mem_array_raw(threads, room, e)) == NULL ||
        (kept = mem_array_raw(threads, k * sizeof(*kept), e)) == NULL)
        goto out;
    for (size_t j = 0; j < n; j++) {
        norm[j] = squared_norm(x + j * d, d);
        largest = fmax(largest, norm[j]);
    }
#pragma omp parallel for schedule(dynamic)
    for (size_t first = 0; first < m; first += BLOCK) {
        size_t thread = (size_t)omp_get_thread_num(), rows = m - first < BLOCK ? m - first : BLOCK;
        double *part = near + thread * BLOCK * n;
        struct heap h = {.at = kept + thread * k, .k = k};

        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)n, (int)d, -2,
                    from + first * d, (int)d, x, (int)d, 0, part, (int)n);
        for (size_t r = 0; r < rows; r++) {
            size_t i = first + r;
            const double *point = from + i * d;
            /* A sum of d products is wrong by less than d u |q| |x|, u = DBL_EPSILON / 2. */
            double slack = 8 * (double)(d + 8) * DBL_EPSILON * (squared_norm(point, d) + largest);

            for (size_t j = 0; j < n; j++)
                part[r * n + j] += norm[j];
            choose(point, x, n, d, part + r * n, slack, q != NULL ? n : i, &h);
            for (size_t j = 0; j < k; j++) {
                index[i * k + j] = h.at[j].index;
                square[i * k + j] = h.at[j].square;
            }
        }
    }
    rc = 0;
out:
    free(norm);
    free(near);
    free(kept);
    return rc;
}
