#include "stats/delong.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct scored {
    double score;
    uint32_t index;
    uint8_t positive;
};

static int
by_score(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

    return (x > y) - (x < y);
}

/* The cases in ascending order of their scores. */
static struct scored *
sorted(const struct delong_cases *cases, const double *score, struct err *e)
{
    struct scored *s;

    if (cases->n > UINT32_MAX) {
        err_set(e, "%zu cases are too many", cases->n);
        return NULL;
    }
    if ((s = mem_array_raw(cases->n, sizeof(*s), e)) == NULL)
        return NULL;
    for (size_t i = 0; i < cases->n; i++) {
        if (!isfinite(score[i])) {
            err_set(e, "score %g of case %zu is not finite", score[i], i);
            free(s);
            return NULL;
        }
        s[i] = (struct scored){score[i], (uint32_t)i, cases->positive[i] != 0};
    }
    qsort(s, cases->n, sizeof(*s), by_score);
    return s;
}

/* The end of the run of equal scores that begins at `from`, and the positives in it. */
static size_t
run_end(const struct scored *s, size_t n, size_t from, size_t *positives)
{
    size_t to = from;

    for (*positives = 0; to < n && s[to].score == s[from].score; to++)
        *positives += s[to].positive;
    return to;
}

static size_t
count_positives(const struct delong_cases *cases)
{
    size_t m = 0;

    for (size_t i = 0; i < cases->n; i++)
        m += cases->positive[i] != 0;
    return m;
}

/*
 * Sun and Xu sort three times and subtract midranks.  What the difference of a case's midranks
 * among all and among its own kind counts, one walk over one sorted list counts directly: the cases
 * of the other kind below, and half of those that tie.  Twice the area times M N is a whole number,
 * so ties are exact.
 */
static int
place(const struct delong_cases *cases, const double *score, struct delong_curve *c, struct err *e)
{
    struct scored *s = sorted(cases, score, e);
    size_t n = cases->n, m, pos_below = 0, neg_below = 0, p;
    double pos, neg;
    uint64_t twice = 0;

    if (s == NULL)
        return -1;
    m = count_positives(cases);
    pos = (double)m;
    neg = (double)(n - m);
    for (size_t from = 0, to; from < n; from = to) {
        size_t q;

        to = run_end(s, n, from, &p);
        q = to - from - p;
        twice += (uint64_t)p * (2 * neg_below + q);
        for (size_t i = from; i < to; i++)
            c->placement[s[i].index] = s[i].positive
                                           ? ((double)neg_below + 0.5 * (double)q) / neg
                                           : ((double)(m - pos_below - p) + 0.5 * (double)p) / pos;
        pos_below += p;
        neg_below += q;
    }
    c->area = (double)twice / (2 * pos * neg);
    free(s);
    return 0;
}

/* Sums of squares over independent units, and how many units there are. */
struct sums {
    double pos, neg, cross;
    double n_pos, n_neg, n;
};

static struct sums
sums_of_cases(const struct delong_cases *cases, const double *va, const double *vb, double area)
{
    struct sums s = {.n = (double)cases->n};

    for (size_t i = 0; i < cases->n; i++) {
        double d = va[i] - (vb ? vb[i] : 0) - area;

        *(cases->positive[i] ? &s.pos : &s.neg) += d * d;
        *(cases->positive[i] ? &s.n_pos : &s.n_neg) += 1;
    }
    return s;
}

struct cluster {
    double a, b;
    uint8_t has_pos, has_neg;
};

static int
sums_of_clusters(const struct delong_cases *cases, const double *va, const double *vb, double area,
                 struct sums *s, struct err *e)
{
    struct cluster *c = mem_array(cases->clusters, sizeof(*c), e);

    if (c == NULL)
        return -1;
    for (size_t i = 0; i < cases->n; i++) {
        struct cluster *k = &c[cases->cluster[i]];
        double d = va[i] - (vb ? vb[i] : 0) - area;

        if (cases->positive[i]) {
            k->a += d;
            k->has_pos = 1;
        } else {
            k->b += d;
            k->has_neg = 1;
        }
    }
    *s = (struct sums){0};
    for (size_t k = 0; k < cases->clusters; k++) {
        s->pos += c[k].a * c[k].a;
        s->neg += c[k].b * c[k].b;
        s->cross += c[k].a * c[k].b;
        s->n_pos += c[k].has_pos;
        s->n_neg += c[k].has_neg;
        s->n += c[k].has_pos || c[k].has_neg;
    }
    free(c);
    return 0;
}

/* The variance of the area with placements va, or of the difference of two (vb not NULL). */
static int
variance(const struct delong_cases *cases, const double *va, const double *vb, double area,
         double *out, struct err *e)
{
    double m = (double)count_positives(cases), n = (double)cases->n - m;
    struct sums s;

    if (cases->cluster == NULL)
        s = sums_of_cases(cases, va, vb, area);
    else if (sums_of_clusters(cases, va, vb, area, &s, e) == -1)
        return -1;
    if (s.n_pos < 2 || s.n_neg < 2)
        return err_set(e,
                       "%.0f %s with positive cases and %.0f with negative ones: a variance "
                       "needs two of each",
                       s.n_pos, cases->cluster ? "patients" : "units", s.n_neg);
    *out = s.n_pos / (s.n_pos - 1) * s.pos / (m * m) + s.n_neg / (s.n_neg - 1) * s.neg / (n * n) +
           2 * s.n / (s.n - 1) * s.cross / (m * n);
    if (*out < 0) /* by rounding alone, see delong.h */
        *out = 0;
    return 0;
}

int
delong_curve_make(struct delong_curve *c, const struct delong_cases *cases, const double *score,
                  struct err *e)
{
    size_t m = count_positives(cases);

    *c = (struct delong_curve){0};
    if (m < 2 || cases->n - m < 2)
        return err_set(e,
                       "%zu positive and %zu negative cases: an area with its variance needs "
                       "two of each",
                       m, cases->n - m);
    if ((c->placement = mem_array_raw(cases->n, sizeof(*c->placement), e)) == NULL ||
        place(cases, score, c, e) == -1 ||
        variance(cases, c->placement, NULL, c->area, &c->variance, e) == -1) {
        delong_curve_free(c);
        return -1;
    }
    return 0;
}

void
delong_curve_free(struct delong_curve *c)
{
    free(c->placement);
    *c = (struct delong_curve){0};
}

int
delong_difference(const struct delong_cases *cases, const struct delong_curve *a,
                  const struct delong_curve *b, double *var, struct err *e)
{
    return variance(cases, a->placement, b->placement, a->area - b->area, var, e);
}

struct roc_point *
roc_points(const struct delong_cases *cases, const double *score, size_t *count, struct err *e)
{
    struct scored *s = sorted(cases, score, e);
    struct roc_point *point = s ? mem_array_raw(cases->n + 1, sizeof(*point), e) : NULL;
    size_t k = 0, i = cases->n;

    if (point == NULL) {
        free(s);
        return NULL;
    }
    point[0] = (struct roc_point){.threshold = INFINITY};
    while (i > 0) {
        struct roc_point next = point[k];

        next.threshold = s[i - 1].score;
        for (; i > 0 && s[i - 1].score == next.threshold; i--)
            ++*(s[i - 1].positive ? &next.true_positives : &next.false_positives);
        point[++k] = next;
    }
    *count = k + 1;
    free(s);
    return point;
}
