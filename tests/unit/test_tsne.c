/*
 * Principal components, affinities, divergence and gradient against numpy and scikit-learn
 * (tests/ref/tsne.py); nearest neighbours and the quadtree against going through all pairs; whole
 * maps; placing.
 */
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/neighbours.h"
#include "stats/pca.h"
#include "stats/placing.h"
#include "stats/tsne.h"
#include "tap.h"

enum { N = 48, D = 7 };

static const double PERPLEXITY = 6;

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

/* cases() of tsne.py: group k holds the cases i with (i + 1) % 3 = k. */
static float *
cases(size_t n, size_t d)
{
    float *x = malloc(n * d * sizeof(*x));

    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < d; c++)
            x[i * d + c] =
                (float)(recipe(i + 1, 7561 + 12 * c, 31 + 46 * c) + 0.75 * ((i + 1) % 3 == c % 3));
    return x;
}

static void
check(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    printf("Bail out! %s\n", e->text);
    exit(1);
}

/* ---- numpy and scikit-learn ---- */

static struct {
    double variance[D], loading[D][D], all[N][N], near[N][N], kl, gradient[N][2];
} want;

static int
read_reference(void)
{
    FILE *f = fopen("tests/ref/tsne.tsv", "r");
    char what[16];
    int i, j, n = 0;
    double v;

    if (f == NULL || fscanf(f, "#%*[^\n]") != 0)
        return 0;
    while (fscanf(f, "%15s %d %d %lf", what, &i, &j, &v) == 4) {
        if (strcmp(what, "variance") == 0)
            want.variance[i] = v;
        else if (strcmp(what, "loading") == 0)
            want.loading[i][j] = v;
        else if (strcmp(what, "all") == 0)
            want.all[i][j] = want.all[j][i] = v;
        else if (strcmp(what, "near") == 0)
            want.near[i][j] = want.near[j][i] = v;
        else if (strcmp(what, "kl") == 0)
            want.kl = v;
        else
            want.gradient[i][j] = v;
        n++;
    }
    fclose(f);
    return n;
}

static void
test_pca(const float *x)
{
    double variance = 0, loading = 0, *y = malloc(N * 3 * sizeof(*y)), alone[3];
    struct pca p;
    struct err e;
    int same = 1;

    check(pca_fit(&p, x, N, D, D, &e), &e);
    for (int k = 0; k < D; k++) {
        variance = tap_larger(variance, fabs(p.variance[k] - want.variance[k]));
        for (int c = 0; c < D; c++)
            loading = tap_larger(loading, fabs(p.basis[c * D + k] - want.loading[k][c]));
    }
    tap_ok(variance < 1e-13 && loading < 1e-11, "principal components are numpy's (%.1g, %.1g)",
           variance, loading);
    pca_free(&p);

    check(pca_reduce(&p, x, N, D, 3, &e), &e);
    pca_apply(&p, x, N, y);
    for (int i = 0; i < N; i++) {
        pca_apply(&p, x + i * D, 1, alone);
        same &= memcmp(alone, y + 3 * i, sizeof(alone)) == 0;
    }
    tap_ok(p.k == 3 && same, "a case's components do not depend on the others");
    pca_free(&p);
    check(pca_reduce(&p, x, N, D, D, &e), &e);
    tap_ok(p.k == D && p.basis == NULL, "as many components as features: nothing changes");
    pca_free(&p);
    free(y);
}

/* The largest difference to scikit-learn's joint probabilities, over the largest of these. */
static double
compare(const struct affinity *a, double reference[N][N], double *sum)
{
    static double p[N][N];
    double error = 0, largest = 0;

    memset(p, 0, sizeof(p));
    *sum = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t c = a->start[i]; c < a->start[i + 1]; c++) {
            p[i][a->other[c]] += a->p[c];
            *sum += a->p[c];
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double d = fabs(p[i][j] - reference[i][j]);

            error = tap_larger(error, d);
            largest = tap_larger(largest, reference[i][j]);
        }
    return error / largest;
}

/* One step from y, and what the gradient must have been. */
static void
test_gradient(struct tsne *t, double tolerance, const char *what)
{
    float *start = cases(N, 2);
    double y[2 * N], error = 0, kl, scale = 0;
    struct err e;

    for (int i = 0; i < 2 * N; i++)
        y[i] = t->y[i] = 3 * (double)start[i];
    kl = tsne_divergence(t);
    tap_ok(fabs(kl / want.kl - 1) < tolerance, "divergence, %s (%.1g)", what, kl / want.kl - 1);
    check(tsne_step(t, &e), &e);
    for (int i = 0; i < 2 * N; i++) {
        /* The gain of the first step is 0.8. */
        double g = (y[i] - t->y[i]) / (0.8 * t->rate), d = fabs(g - want.gradient[i / 2][i % 2]);

        error = tap_larger(error, d);
        scale = tap_larger(scale, fabs(want.gradient[i / 2][i % 2]));
    }
    tap_ok(error / scale < tolerance, "gradient, %s (%.1g)", what, error / scale);
    free(start);
}

static void
test_reference(void)
{
    struct tsne_config c = TSNE_DEFAULTS;
    float *x = cases(N, D);
    struct tsne t;
    double error, sum;
    struct err e;

    tap_ok(read_reference() == 1815, "tests/ref/tsne.tsv is there, whole");
    test_pca(x);
    c.perplexity = PERPLEXITY;
    c.exaggeration = 1;
    check(tsne_open(&t, &c, x, N, D, &e), &e);
    error = compare(&t.p, want.all, &sum);
    tap_ok(error < 1e-6 && fabs(sum - 1) < 1e-12, "affinities of all pairs (%.1g)", error);
    test_gradient(&t, 1e-6, "all pairs");
    tsne_close(&t);

    c.exact_below = 0;
    check(tsne_open(&t, &c, x, N, D, &e), &e);
    error = compare(&t.p, want.near, &sum);
    tap_ok(error < 1e-6 && fabs(sum - 1) < 1e-12, "affinities of neighbours (%.1g)", error);
    tsne_close(&t);

    free(x);
}

/* ---- neighbours ---- */

struct pair {
    double square;
    uint32_t index;
};

static int
by_square(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    if (x->square != y->square)
        return x->square > y->square ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static int
by_number(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

/* 1 if the k neighbours of q are those found by sorting all distances. */
static int
neighbours_right(const double *q, size_t self, const double *x, size_t n, size_t d, size_t k,
                 const uint32_t *index, const double *square)
{
    struct pair *all = malloc(n * sizeof(*all));
    size_t many = 0;
    int right = 1;

    for (size_t j = 0; j < n; j++) {
        double sum = 0;

        for (size_t c = 0; c < d; c++)
            sum += (q[c] - x[j * d + c]) * (q[c] - x[j * d + c]);
        if (j != self)
            all[many++] = (struct pair){sum, (uint32_t)j};
    }
    qsort(all, many, sizeof(*all), by_square);
    qsort(all, k, sizeof(*all), by_number);
    for (size_t j = 0; j < k; j++)
        right &= all[j].index == index[j] && all[j].square == square[j];
    free(all);
    return right;
}

static void
test_neighbours(void)
{
    int failed = 0;

    for (uint64_t seed = 1; seed <= 100 && failed == 0; seed++) {
        struct rng r = rng_at(seed, "test", 0);
        size_t n = 5 + rng_below(&r, 90), m = 1 + rng_below(&r, 40), d = 1 + rng_below(&r, 9);
        size_t k = 1 + rng_below(&r, n - 1);
        int grid = (int)rng_below(&r, 3); /* whole numbers: many are equally far */
        double *x = malloc(n * d * sizeof(*x)), *q = malloc(m * d * sizeof(*q));
        size_t most = n > m ? n : m;
        uint32_t *index = malloc(most * k * sizeof(*index));
        double *square = malloc(most * k * sizeof(*square));
        struct err e;

        /* Far from 0, where products of matrices lose most digits. */
        for (size_t i = 0; i < n * d; i++)
            x[i] = grid ? (double)rng_below(&r, 3) : 1e4 + rng_normal(&r);
        for (size_t i = 0; i < m * d; i++)
            q[i] = grid ? (double)rng_below(&r, 3) : 1e4 + rng_normal(&r);
        check(neighbours_find(NULL, n, x, n, d, k, index, square, &e), &e);
        for (size_t i = 0; i < n; i++)
            failed |= !neighbours_right(x + i * d, i, x, n, d, k, index + i * k, square + i * k);
        check(neighbours_find(q, m, x, n, d, k, index, square, &e), &e);
        for (size_t i = 0; i < m; i++)
            failed |= !neighbours_right(q + i * d, n, x, n, d, k, index + i * k, square + i * k);
        if (failed)
            tap_note("seed %" PRIu64 ": n %zu, m %zu, d %zu, k %zu", seed, n, m, d, k);
        free(x);
        free(q);
        free(index);
        free(square);
    }
    tap_ok(!failed, "nearest neighbours are those of all sorted distances, ties too, 100 seeds");
}

static void
test_conditional(void)
{
    enum { K = 40 };
    double square[4][K], p[4][K], entropy[4] = {0}, worst = 0;

    for (int k = 0; k < K; k++) {
        square[0][k] = 1 + recipe((uint64_t)k + 1, 7561, 31);
        square[1][k] = 1e12 * square[0][k]; /* exp() of these alone is 0 */
        square[2][k] = 7;                   /* all alike */
        square[3][k] = k < 20 ? 0 : 1;      /* more copies than the perplexity */
    }
    affinity_conditional(square[0], 4, K, 10, p[0]);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < K; k++)
            entropy[i] -= p[i][k] > 0 ? p[i][k] * log(p[i][k]) : 0;
    tap_ok(fabs(entropy[0] - log(10)) < 2e-5 && fabs(entropy[1] - log(10)) < 2e-5,
           "entropies are the logarithm of the perplexity, at any scale");
    for (int k = 0; k < K; k++)
        worst =
            tap_larger(worst, tap_larger(fabs(p[2][k] - 1.0 / K), fabs(p[3][k] - (k < 20) / 20.0)));
    tap_ok(worst < 1e-12, "where no precision fits, the nearest share the row");
}

/* ---- the tree ---- */

/* Points in clusters of very different sizes, some of them in one place. */
static void
scatter(double *y, size_t n, uint64_t seed)
{
    struct rng r = rng_at(seed, "scatter", 0);

    for (size_t i = 0; i < n; i++) {
        double size = pow(10, (double)(i % 4) - 2);

        for (int k = 0; k < 2; k++)
            y[2 * i + (size_t)k] = (double)(i % 4) * 9 + size * rng_normal(&r);
        if (i > 8 && i % 5 == 0)
            memcpy(y + 2 * i, y + 2 * (i - 4), 2 * sizeof(*y));
    }
}

static void
test_tree(void)
{
    int failed = 0;
    double rough = 0, scale = 0;

    for (uint64_t seed = 1; seed <= 100 && !failed; seed++) {
        size_t n = 1 + seed * 3;
        double *y = malloc(2 * n * sizeof(*y));
        struct quadtree t;
        struct err e;

        scatter(y, n, seed);
        if (seed % 10 == 0) /* all in one place */
            for (size_t i = 0; i < 2 * n; i++)
                y[i] = 5;
        check(quadtree_open(&t, n, &e), &e);
        quadtree_build(&t, y);
        failed |= t.n_nodes >= 2 * n;
        for (size_t i = 0; i < n; i++) {
            double sum = 0, f[2] = {0}, exact[2] = {0}, half[2] = {0}, got, all;

            for (size_t j = 0; j < n; j++) {
                double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1];
                double w = 1 / (1 + dx * dx + dy * dy);

                sum += j == i ? 0 : w;
                exact[0] += w * w * dx;
                exact[1] += w * w * dy;
            }
            got = quadtree_repel(&t, y + 2 * i, i, 0, f);
            all = quadtree_repel(&t, y + 2 * i, QUADTREE_NOBODY, 0, (double[2]){0});
            failed |= !(fabs(got - sum) <= 1e-12 * (double)n) ||
                      !(fabs(all - sum - 1) <= 1e-12 * (double)n) ||
                      !(fabs(f[0] - exact[0]) + fabs(f[1] - exact[1]) <= 1e-12 * (double)n);
            quadtree_repel(&t, y + 2 * i, i, 0.5, half);
            rough += hypot(half[0] - exact[0], half[1] - exact[1]);
            scale += hypot(exact[0], exact[1]);
        }
        if (failed)
            tap_note("seed %" PRIu64 ", %zu points", seed, n);
        quadtree_close(&t);
        free(y);
    }
    tap_ok(!failed, "theta 0: the sums over all pairs, 100 seeds");
    tap_ok(rough / scale < 0.02 && rough > 0, "theta 0.5: forces within 2 %% (%.2g)",
           rough / scale);
}

/* ---- maps ---- */

static double *
map_of(const struct tsne_config *c, const float *x, size_t n, size_t d, size_t steps, double *kl)
{
    double *y = malloc(2 * n * sizeof(*y));
    struct tsne t;
    struct err e;

    check(tsne_open(&t, c, x, n, d, &e), &e);
    while (t.iteration < steps)
        check(tsne_step(&t, &e), &e);
    *kl = tsne_divergence(&t);
    memcpy(y, t.y, 2 * n * sizeof(*y));
    tsne_close(&t);
    return y;
}

/* The share of points whose nearest in the map is of their own group. */
static double
purity(const double *y, size_t n)
{
    size_t good = 0;

    for (size_t i = 0; i < n; i++) {
        size_t best = n;
        double least = INFINITY;

        for (size_t j = 0; j < n; j++) {
            double d = hypot(y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1]);

            if (j != i && d < least) {
                least = d;
                best = j;
            }
        }
        good += best < n && best % 3 == i % 3;
    }
    return (double)good / (double)n;
}

static void
test_maps(void)
{
    enum { n = 240, d = 12 };
    struct tsne_config c = TSNE_DEFAULTS;
    float *x = cases(n, d), flat[100 * 4], line[100];
    double kl, before, *one, *other;
    int finite = 1, threads = omp_get_max_threads();
    struct tsne t;
    struct err e;

    c.components = 5;
    for (size_t exact = 0; exact <= 1000; exact += 1000) {
        c.exact_below = exact;
        omp_set_num_threads(1);
        one = map_of(&c, x, n, d, 30, &kl);
        omp_set_num_threads(3);
        other = map_of(&c, x, n, d, 30, &before);
        tap_ok(memcmp(one, other, 2 * n * sizeof(*one)) == 0 && kl == before,
               "1 thread and 3: the same bytes%s", exact ? ", all pairs" : "");
        free(one);
        free(other);
    }
    omp_set_num_threads(threads);
    c.exact_below = 0;
    free(map_of(&c, x, n, d, 0, &before));
    one = map_of(&c, x, n, d, 300, &kl);
    tap_ok(kl < before / 2 && purity(one, n) > 0.97, "KL falls from %.3f to %.3f, purity %.3f",
           before, kl, purity(one, n));
    free(one);
    c.random = 1;
    c.seed = 7;
    one = map_of(&c, x, n, d, 300, &kl);
    c.seed = 8;
    other = map_of(&c, x, n, d, 300, &before);
    tap_ok(kl != before && purity(one, n) > 0.97 && purity(other, n) > 0.97,
           "so it does from random starts, KL %.3f and %.3f", kl, before);
    free(one);
    free(other);

    c = (struct tsne_config)TSNE_DEFAULTS;
    for (size_t i = 0; i < 100; i++) {
        line[i] = x[i];
        for (size_t k = 0; k < 4; k++)
            flat[4 * i + k] = 0.3f;
    }
    for (size_t exact = 0; exact <= 1000; exact += 1000) {
        c.exact_below = exact;
        one = map_of(&c, flat, 100, 4, 260, &kl);
        other = map_of(&c, line, 100, 1, 260, &before);
        for (int i = 0; i < 200; i++)
            finite &= isfinite(one[i]) && isfinite(other[i]);
        finite &= isfinite(kl) && isfinite(before);
        free(one);
        free(other);
    }
    tap_ok(finite, "points that are all alike, or on a line, have finite places");

    c.perplexity = 80;
    tap_ok(tsne_open(&t, &c, x, n, d, &e) == -1 && strstr(e.text, "80") && strstr(e.text, "240"),
           "%s", e.text);
    tap_ok(tsne_open(&t, &c, x, 3, d, &e) == -1, "%s", e.text);
    c.perplexity = 30;
    c.rate = 1e9;
    check(tsne_open(&t, &c, x, n, d, &e), &e);
    free(x);
    finite = 1;
    while (finite && t.iteration < 300 && tsne_step(&t, &e) == 0)
        for (int i = 0; i < 2 * n; i++)
            finite &= isfinite(t.y[i]);
    tap_ok(finite, "a rate far too large: no step ends with NaN");
    tsne_close(&t);
}

/* ---- placing ---- */

/* What placing_add() says is least at y, from its definition. */
static double
objective(const double *map, size_t n, const double *p, const double *y)
{
    double pull = 0, sum = 0;

    for (size_t j = 0; j < n; j++) {
        double dx = y[0] - map[2 * j], dy = y[1] - map[2 * j + 1], d2 = dx * dx + dy * dy;

        pull += p[j] * log1p(d2);
        sum += 1 / (1 + d2);
    }
    return 1.5 * pull + log(sum);
}

static void
test_placing(void)
{
    enum { n = 300, m = 90, d = 12, k = 16 };
    struct tsne_config c = TSNE_DEFAULTS;
    struct placing_config pc = {5, 6, 0};
    float *x = cases(n + m, d);
    double kl, *map, y[2 * (m + 2)], alone[2], square[m * k], p[m * k], all[n], worst = 0, twin = 0;
    double *old, *new, width = 0;
    uint32_t index[m * k];
    size_t home = 0;
    int same = 1, least = 1;
    struct placing s;
    struct pca basis;
    struct err e;

    c.components = 6;
    c.exact_below = 0;
    map = map_of(&c, x, n, d, 350, &kl);
    for (int i = 0; i < 2 * n; i++)
        width = tap_larger(width, 2 * fabs(map[i]));
    check(placing_open(&s, &pc, x, map, n, d, &e), &e);
    check(placing_add(&s, x + n * d, m, y, &e), &e);
    for (size_t i = 0; i < m; i++) {
        check(placing_add(&s, x + (n + i) * d, 1, alone, &e), &e);
        same &= memcmp(alone, y + 2 * i, sizeof(alone)) == 0;
    }
    tap_ok(same, "a new point's place does not depend on the other new ones");

    for (size_t i = 0; i < m; i++) {
        size_t best = 0;

        for (size_t j = 1; j < n; j++)
            if (hypot(y[2 * i] - map[2 * j], y[2 * i + 1] - map[2 * j + 1]) <
                hypot(y[2 * i] - map[2 * best], y[2 * i + 1] - map[2 * best + 1]))
                best = j;
        home += best % 3 == (n + i) % 3;
    }
    tap_ok(home > m * 95 / 100, "%zu of %d new points lie among their own", home, m);

    check(pca_fit(&basis, x, n, d, 6, &e), &e);
    old = malloc(n * 6 * sizeof(*old));
    new = malloc(m * 6 * sizeof(*new));
    pca_apply(&basis, x, n, old);
    pca_apply(&basis, x + n * d, m, new);
    check(neighbours_find(new, m, old, n, 6, k, index, square, &e), &e);
    affinity_conditional(square, m, k, 5, p);
    for (size_t i = 0; i < m; i++) {
        double here, at[2];

        memset(all, 0, sizeof(all));
        for (size_t j = 0; j < k; j++)
            all[index[i * k + j]] = p[i * k + j];
        here = objective(map, n, all, y + 2 * i);
        for (int turn = 0; turn < 8; turn++) {
            at[0] = y[2 * i] + 0.02 * cos(turn * 0.785398);
            at[1] = y[2 * i + 1] + 0.02 * sin(turn * 0.785398);
            least &= objective(map, n, all, at) > here;
        }
    }
    tap_ok(least, "each is where its divergence is least");

    /* Old cases again, and the same a little aside: both near their places. */
    check(placing_add(&s, x, m, y, &e), &e);
    for (size_t i = 0; i < m; i++)
        twin = tap_larger(twin, hypot(y[2 * i] - map[2 * i], y[2 * i + 1] - map[2 * i + 1]));
    tap_ok(twin == 0, "an old case gets its old place");
    for (size_t i = 0; i < m; i++)
        x[i * d] += 1e-4f;
    check(placing_add(&s, x, m, y, &e), &e);
    for (size_t i = 0; i < m; i++)
        worst += hypot(y[2 * i] - map[2 * i], y[2 * i + 1] - map[2 * i + 1]) / m;
    tap_ok(worst < 0.05 * width, "one nearly equal is %.2f away on average, the map is %.0f wide",
           worst, width);
    placing_close(&s);
    pc.perplexity = 100;
    tap_ok(placing_open(&s, &pc, x, map, n, d, &e) == -1, "%s", e.text);
    pca_free(&basis);
    free(old);
    free(new);
    free(map);
    free(x);
}

int
main(void)
{
    test_reference();
    test_neighbours();
    test_conditional();
    test_tree();
    test_maps();
    test_placing();
    return tap_done(27);
}
