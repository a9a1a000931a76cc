#include "stats/affinity.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { MAX_STEPS = 100 };

static const double ENTROPY_TOLERANCE = 1e-5;

/* p [k] at beta; returns its entropy.  Distances less the least of them give the same p, and sums
 * that are at least 1. */
static double
row_at(const double *square, size_t k, double least, double beta, double *p)
{
    double sum = 0, mean = 0;

    for (size_t j = 0; j < k; j++) {
        p[j] = exp(-beta * (square[j] - least));
        sum += p[j];
        mean += (square[j] - least) * p[j];
    }
    for (size_t j = 0; j < k; j++)
        p[j] /= sum;
    return log(sum) + beta * mean / sum;
}

static void
row(const double *square, size_t k, double perplexity, double *p)
{
    double least = square[0], want = log(perplexity), beta = 1, lo = 0, hi = INFINITY;

    for (size_t j = 1; j < k; j++)
        least = fmin(least, square[j]);
    for (int step = 0; step < MAX_STEPS; step++) {
        double excess = row_at(square, k, least, beta, p) - want;

        if (fabs(excess) <= ENTROPY_TOLERANCE)
            return;
        if (excess > 0) {
            lo = beta;
            beta = isinf(hi) ? 2 * beta : (beta + hi) / 2;
        } else {
            hi = beta;
            beta = (lo + beta) / 2;
        }
    }
}

void
affinity_conditional(const double *square, size_t m, size_t k, double perplexity, double *p)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < m; i++)
        row(square + i * k, k, perplexity, p + i * k);
}

/* The place of column j in row i of index [n][k], or k. */
static size_t
find(const uint32_t *index, size_t k, size_t i, size_t j)
{
    const uint32_t *r = index + i * k;
    size_t lo = 0, hi = k;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (r[mid] < j)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < k && r[lo] == j ? lo : k;
}

/* Row i holds its own neighbours and those points whose neighbour it is. */
int
affinity_joint(struct affinity *a, const uint32_t *index, const double *p, size_t n, size_t k,
               struct err *e)
{
    size_t *used = mem_array(n, sizeof(*used), e);
    double half = 1 / (2 * (double)n);

    *a = (struct affinity){.n = n, .start = mem_array(n + 1, sizeof(*a->start), e)};
    if (used == NULL || a->start == NULL)
        goto fail;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < k; c++) {
            size_t j = index[i * k + c];

            a->start[i + 1]++;
            if (find(index, k, j, i) == k)
                a->start[j + 1]++;
        }
    for (size_t i = 0; i < n; i++) {
        a->start[i + 1] += a->start[i];
        used[i] = a->start[i];
    }
    a->other = mem_array(a->start[n], sizeof(*a->other), e);
    a->p = mem_array(a->start[n], sizeof(*a->p), e);
    if (a->other == NULL || a->p == NULL)
        goto fail;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < k; c++) {
            size_t j = index[i * k + c], back = find(index, k, j, i);
            double both = half * (p[i * k + c] + (back < k ? p[j * k + back] : 0));

            if (j < i && back < k)
                continue; /* written when j was reached */
            a->other[used[i]] = (uint32_t)j;
            a->p[used[i]++] = both;
            a->other[used[j]] = (uint32_t)i;
            a->p[used[j]++] = both;
        }
    free(used);
    return 0;
fail:
    free(used);
    affinity_free(a);
    return -1;
}

void
affinity_free(struct affinity *a)
{
    free(a->start);
    free(a->other);
    free(a->p);
    *a = (struct affinity){0};
}
