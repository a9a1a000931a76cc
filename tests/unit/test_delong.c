/*
 * Areas, variances and tests against pROC 1.18.0 (tests/ref/delong.R); properties; clustered
 * variances against their definition, a bootstrap of patients and a simulation.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/comparison.h"
#include "stats/delong.h"
#include "stats/pvalue.h"
#include "tap.h"

/* ---- pROC ---- */

/* The recipe of delong.R. */
struct cases {
    size_t n;
    uint8_t *positive;
    double *score[2];
};

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static struct cases
cases_make(size_t n, int ties, uint64_t part)
{
    struct cases c = {n, malloc(n), {malloc(n * sizeof(double)), malloc(n * sizeof(double))}};

    for (size_t k = 0; k < n; k++) {
        uint64_t i = k + 1 + part * 1000;
        double y = recipe(i, 7561, 31) < 0.35, x = recipe(i, 3571, 77) + recipe(i, 8123, 15);

        c.positive[k] = y > 0;
        c.score[0][k] = x + recipe(i, 6007, 111) + 0.5 * y;
        c.score[1][k] = x + recipe(i, 9001, 49) * 1.5 + 0.375 * y;
        for (int s = 0; ties > 0 && s < 2; s++)
            c.score[s][k] = floor(c.score[s][k] * ties / 4);
    }
    return c;
}

static void
cases_free(struct cases *c)
{
    free(c->positive);
    free(c->score[0]);
    free(c->score[1]);
}

static struct comparison_curve
curve_make(const struct cases *c, const double *score)
{
    struct delong_cases d = {.n = c->n, .positive = c->positive};
    struct comparison_curve curve = {.name = "", .units = c->n};
    struct err e;

    if (delong_curve_make(&curve.delong, &d, score, &e) == -1) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    return curve;
}

/* A quantity: how many values the file has, how many were seen, the largest relative error. */
struct worst {
    const char *what;
    int values, n;
    double error;
};

static void
compare(struct worst *w, size_t n_w, const char *what, double got, double want)
{
    double error = fabs(got - want) / fmax(fabs(want), 1e-300);

    for (size_t i = 0; i < n_w; i++)
        if (strcmp(w[i].what, what) == 0) {
            w[i].n++;
            w[i].error = tap_larger(w[i].error, error);
        }
    if (!(error <= 1e-10))
        tap_note("%s: got %.17g, want %.17g", what, got, want);
}

static void
test_proc(void)
{
    static struct worst w[] = {{"area_a", 12, 0, 0},  {"area_b", 12, 0, 0}, {"var_a", 12, 0, 0},
                               {"var_b", 12, 0, 0},   {"z", 12, 0, 0},      {"p", 22, 0, 0},
                               {"log10_p", 12, 0, 0}, {"t", 10, 0, 0},      {"df", 10, 0, 0},
                               {"lower", 8, 0, 0},    {"upper", 8, 0, 0}};
    enum { N_W = sizeof(w) / sizeof(w[0]) };
    FILE *f = fopen("tests/ref/delong.tsv", "r");
    char kind[16], what[16], was[16] = "";
    struct cases c = {0};
    struct comparison_curve curve[2] = {{0}};
    struct comparison *t = NULL;
    size_t n, count, was_n = 0;
    int ties, was_ties = -1;
    double want;

    tap_ok(f != NULL, "tests/ref/delong.tsv is there");
    if (f == NULL)
        return;
    while (fscanf(f, "%15s %zu %d %15s %lf", kind, &n, &ties, what, &want) == 5) {
        int paired = strcmp(kind, "unpaired") != 0;
        struct comparison_area area;
        struct err e;

        if (n != was_n || ties != was_ties || strcmp(kind, was) != 0) {
            struct comparison_plan plan = {.level = 0.95, .power = 0.8};
            struct delong_cases d;

            free(t);
            cases_free(&c);
            delong_curve_free(&curve[0].delong);
            delong_curve_free(&curve[1].delong);
            c = cases_make(n, ties, 0);
            d = (struct delong_cases){.n = n, .positive = c.positive};
            curve[0] = curve_make(&c, c.score[0]);
            if (paired)
                curve[1] = curve_make(&c, c.score[1]);
            else {
                struct cases other = cases_make(n + 7, ties, 1);

                curve[1] = curve_make(&other, other.score[1]);
                cases_free(&other);
            }
            plan.cases = paired ? &d : NULL;
            t = comparison_make(curve, 2, COMPARISON_ALL_PAIRS, &plan, &count, &e);
            was_n = n;
            was_ties = ties;
            strcpy(was, kind);
        }
        area = comparison_area(&curve[0], &(struct comparison_plan){.level = 0.9});
        compare(w, N_W, what,
                strcmp(what, "area_a") == 0    ? curve[0].delong.area
                : strcmp(what, "area_b") == 0  ? curve[1].delong.area
                : strcmp(what, "var_a") == 0   ? curve[0].delong.variance
                : strcmp(what, "var_b") == 0   ? curve[1].delong.variance
                : strcmp(what, "p") == 0       ? pow(10, t->log10_p)
                : strcmp(what, "log10_p") == 0 ? t->log10_p
                : strcmp(what, "df") == 0      ? t->df
                : strcmp(what, "lower") == 0   ? area.lower
                : strcmp(what, "upper") == 0   ? area.upper
                                               : t->statistic,
                want);
    }
    fclose(f);
    free(t);
    cases_free(&c);
    delong_curve_free(&curve[0].delong);
    delong_curve_free(&curve[1].delong);
    for (size_t i = 0; i < N_W; i++)
        tap_ok(w[i].n == w[i].values && w[i].error < 1e-10,
               "%s equals pROC's, n to 1,000,000 (%d values, %.1g)", w[i].what, w[i].n, w[i].error);
}

/* ---- p-values: R 4.2.2's pnorm, pt, qt and p.adjust ---- */

static void
test_pvalues(void)
{
    static const double normal[][2] = {{0.5, -0.20966199360125953}, {1.96, -1.30106656222387},
                                       {-8, -14.905112555353172},   {38, -315.23875970829852},
                                       {40, -349.13597646368186},   {200, -8688.2887388558975}};
    static const double student[][3] = {{0.3, 3, -0.10581508078879996},
                                        {-2.5, 7.5, -1.4109415795494782},
                                        {12, 40.25, -14.147859520663573},
                                        {30, 1e6, -196.9200921275912},
                                        {40, 1e6, -348.85797706841112},
                                        {5, 1e6, -6.2415424726487903},
                                        {1e8, 2, -16},
                                        {0.001, 5, -0.00032984734350551323}};
    const double raw[] = {0.01, 0.04, 0.03, 0.005, 0.2}, holm[] = {0.04, 0.09, 0.09, 0.025, 0.2};
    double in[6], out[6];
    char text[40];
    struct err e;

    for (size_t i = 0; i < 6; i++)
        tap_ok(fabs(pvalue_normal(normal[i][0]) / normal[i][1] - 1) < 1e-13, "p of z = %g",
               normal[i][0]);
    for (size_t i = 0; i < 8; i++)
        tap_ok(fabs(pvalue_student(student[i][0], student[i][1]) / student[i][2] - 1) < 1e-12,
               "p of t = %g, %g degrees of freedom", student[i][0], student[i][1]);
    tap_near(quantile_normal(0.95), 1.959963984540054, 1e-14, "normal quantile");
    tap_near(quantile_student(0.95, 5), 2.5705818356363137, 1e-11, "quantile of t, 5 degrees");
    tap_near(quantile_student(0.95, 300.5), 1.9678897491558394, 1e-11, "300.5 degrees");
    for (int i = 0; i < 5; i++)
        in[i] = log10(raw[i]);
    tap_ok(pvalue_holm(in, 5, out, &e) == 0, "Holm's p");
    for (int i = 0; i < 5; i++)
        tap_near(pow(10, out[i]), holm[i], 1e-15, "is R's");
    in[0] = NAN;
    pvalue_holm(in, 5, out, &e);
    tap_ok(isnan(out[0]) && fabs(pow(10, out[3]) - 0.025) < 1e-15, "what has no p still counts");
    pvalue_text(-349.135976463682, 3, text, sizeof(text));
    tap_ok(strcmp(text, "7.31e-350") == 0, "a p that no double holds: %s", text);
    pvalue_text(-400.0000001, 3, text, sizeof(text));
    tap_ok(strcmp(text, "1e-400") == 0, "one that is rounded up: %s", text);
    pvalue_text(log10(0.03125), 4, text, sizeof(text));
    tap_ok(strcmp(text, "0.03125") == 0, "one that is not: %s", text);
}

/* ---- properties ---- */

static void
test_properties(void)
{
    int flipped = 1, equal = 1, monotone = 1, trapezoid = 1;

    for (size_t n = 20; n < 140; n++) {
        struct cases c = cases_make(n, n % 2 ? 12 : 0, n);
        struct delong_cases d = {.n = n, .positive = c.positive};
        struct comparison_curve v[2] = {curve_make(&c, c.score[0]), {0}};
        struct comparison_plan plan = {.level = 0.95, .power = 0.8};
        struct comparison *t;
        struct roc_point *p;
        size_t count, m = 0;
        double area = 0;
        struct err e;

        for (size_t i = 0; i < n; i++) {
            c.score[1][i] = -c.score[0][i];
            m += c.positive[i];
        }
        v[1] = curve_make(&c, c.score[1]);
        flipped &= v[0].delong.area + v[1].delong.area == 1 &&
                   fabs(v[0].delong.variance - v[1].delong.variance) < 1e-15;
        delong_curve_free(&v[1].delong);
        for (size_t i = 0; i < n; i++)
            c.score[1][i] = exp(c.score[0][i]);
        v[1] = curve_make(&c, c.score[1]);
        monotone &= v[0].delong.area == v[1].delong.area;
        plan.cases = &d;
        t = comparison_make(v, 2, COMPARISON_ALL_PAIRS, &plan, &count, &e);
        equal &= count == 1 && t->statistic == 0 && t->log10_p == 0 && t->log10_holm == 0;
        p = roc_points(&d, c.score[0], &count, &e);
        for (size_t i = 1; i < count; i++)
            area += (double)(p[i].false_positives - p[i - 1].false_positives) *
                    (double)(p[i].true_positives + p[i - 1].true_positives) / 2;
        trapezoid &= fabs(area / (double)(m * (n - m)) - v[0].delong.area) < 1e-14 &&
                     p[count - 1].true_positives == m && p[count - 1].false_positives == n - m;
        free(p);
        free(t);
        delong_curve_free(&v[0].delong);
        delong_curve_free(&v[1].delong);
        cases_free(&c);
    }
    tap_ok(flipped, "areas of scores and negated scores add up to 1, their variances are equal");
    tap_ok(monotone, "what keeps the order keeps the area");
    tap_ok(equal, "a curve against itself: z = 0, p = 1");
    tap_ok(trapezoid, "the area under the points is the area");
}

static void
test_refused(void)
{
    const uint8_t one[] = {1, 0, 0, 0}, two[] = {1, 1, 0, 0};
    const uint32_t patient[] = {0, 0, 1, 2};
    double score[] = {1, 2, 3, 4};
    struct delong_cases c = {.n = 4, .positive = one};
    struct comparison_curve v = {.delong = {.area = 0.9, .variance = 0.01}};
    struct comparison_area area;
    struct delong_curve k;
    struct err e;

    tap_ok(delong_curve_make(&k, &c, score, &e) == -1, "one positive case: %s", e.text);
    c.positive = two;
    c.cluster = patient;
    c.clusters = 3;
    tap_ok(delong_curve_make(&k, &c, score, &e) == -1, "one positive patient: %s", e.text);
    c.cluster = NULL;
    score[1] = NAN;
    tap_ok(delong_curve_make(&k, &c, score, &e) == -1, "not-a-number: %s", e.text);
    area = comparison_area(&v, &(struct comparison_plan){.level = 0.95});
    tap_ok(fabs(area.lower - 0.7040036015) < 1e-9 && area.upper == 1,
           "the normal interval ends at 1");
    /* log(9) -+ 1.959964 * 0.1 / 0.09 */
    area =
        comparison_area(&v, &(struct comparison_plan){.interval = INTERVAL_LOGIT, .level = 0.95});
    tap_ok(fabs(log(area.lower / (1 - area.lower)) - 0.0194868) < 1e-6 &&
               fabs(log(area.upper / (1 - area.upper)) - 4.3749623) < 1e-6,
           "the logit one does not reach it");
}

/* ---- clusters ---- */

static void
test_clusters(void)
{
    FILE *f = fopen("tests/ref/delong_clustered.tsv", "r");
    double worst = 0, plain = 0, va, vb, vd;
    size_t n, clusters;
    int ties, rows = 0;

    tap_ok(f != NULL, "tests/ref/delong_clustered.tsv is there");
    while (f != NULL &&
           fscanf(f, "%zu %d %zu %lf %lf %lf", &n, &ties, &clusters, &va, &vb, &vd) == 6) {
        struct cases c = cases_make(n, ties, 0);
        struct delong_cases d = {n, c.positive, NULL, clusters};
        struct delong_curve a = {0}, b = {0};
        struct comparison_curve p = curve_make(&c, c.score[0]);
        uint32_t *number = malloc(n * sizeof(*number));
        double difference = NAN;
        struct err e;

        for (size_t i = 0; i < n; i++)
            number[i] = (uint32_t)((i + 1) * 7919 % clusters);
        d.cluster = number;
        if (delong_curve_make(&a, &d, c.score[0], &e) == -1 ||
            delong_curve_make(&b, &d, c.score[1], &e) == -1 ||
            delong_difference(&d, &a, &b, &difference, &e) == -1)
            tap_ok(0, "%s", e.text);
        worst = tap_larger(
            worst, tap_larger(fabs(a.variance / va - 1),
                              tap_larger(fabs(b.variance / vb - 1), fabs(difference / vd - 1))));
        if (clusters == n)
            plain = tap_larger(plain, fabs(a.variance / p.delong.variance - 1));
        rows++;
        free(number);
        delong_curve_free(&a);
        delong_curve_free(&b);
        delong_curve_free(&p.delong);
        cases_free(&c);
    }
    if (f != NULL)
        fclose(f);
    tap_ok(rows == 18 && worst < 1e-11, "clustered variances by definition: %d rows, %.1g", rows,
           worst);
    tap_ok(plain < 1e-13, "one case a cluster: equal to DeLong's, %.1g", plain);
}

/*
 * 80 patients: 40 with four malignant patches and a normal one, 40 with four normal ones.  What a
 * patient's patches have in common has a standard deviation of 1, what they have not one of 0.7.
 */
enum { PATIENTS = 80, PATCHES = 40 * 5 + 40 * 4 };

struct study {
    uint8_t positive[PATCHES];
    uint32_t patient[PATCHES];
    double score[2][PATCHES];
};

static void
study_make(struct study *s, uint64_t number)
{
    struct rng r = rng_at(17, "study", number);
    size_t k = 0;

    for (uint32_t p = 0; p < PATIENTS; p++) {
        double u = rng_normal(&r), v = 0.6 * u + 0.8 * rng_normal(&r);

        for (int i = 0; i < (p < 40 ? 5 : 4); i++, k++) {
            s->positive[k] = p < 40 && i < 4;
            s->patient[k] = p;
            s->score[0][k] = u + 0.7 * rng_normal(&r) + 1.0 * s->positive[k];
            s->score[1][k] = v + 0.7 * rng_normal(&r) + 0.6 * s->positive[k];
        }
    }
}

/* The area to expect, where 160 of the 32,000 pairs are of one patient. */
static double
true_area(double shift)
{
    double apart = erfc(-shift / sqrt(2 * 1.49) * M_SQRT1_2) / 2;
    double within = erfc(-shift / sqrt(2 * 0.49) * M_SQRT1_2) / 2;

    return apart + (within - apart) * 160 / 32000;
}

static void
test_coverage(void)
{
    enum { STUDIES = 600 };
    static struct study s;
    const double truth[2] = {true_area(1.0), true_area(0.6)};
    int covered[2][2] = {{0}}; /* [plain, clustered][area, difference] */

    for (uint64_t i = 0; i < STUDIES; i++) {
        study_make(&s, i);
        for (int clustered = 0; clustered < 2; clustered++) {
            struct delong_cases d = {PATCHES, s.positive, clustered ? s.patient : NULL, PATIENTS};
            struct comparison_plan plan = {.cases = &d, .level = 0.95, .power = 0.8};
            struct comparison_curve v[2] = {{0}};
            struct comparison_area area;
            struct comparison *t;
            size_t count;
            struct err e;

            if (delong_curve_make(&v[0].delong, &d, s.score[0], &e) == -1 ||
                delong_curve_make(&v[1].delong, &d, s.score[1], &e) == -1 ||
                (t = comparison_make(v, 2, COMPARISON_ALL_PAIRS, &plan, &count, &e)) == NULL)
                return;
            area = comparison_area(&v[0], &plan);
            covered[clustered][0] += area.lower <= truth[0] && truth[0] <= area.upper;
            covered[clustered][1] +=
                t->lower <= truth[0] - truth[1] && truth[0] - truth[1] <= t->upper;
            free(t);
            delong_curve_free(&v[0].delong);
            delong_curve_free(&v[1].delong);
        }
    }
    for (int k = 0; k < 2; k++) {
        const char *what = k ? "difference" : "area";
        double plain = (double)covered[0][k] / STUDIES, clustered = (double)covered[1][k] / STUDIES;

        /* 0.95 with 600 studies has a standard deviation of 0.009. */
        tap_ok(fabs(clustered - 0.95) < 0.03,
               "the clustered 95 %% interval of the %s covers %.1f %%", what, 100 * clustered);
        tap_ok(plain < 0.85, "DeLong's covers %.1f %%", 100 * plain);
    }
}

static void
test_bootstrap(void)
{
    enum { DRAWS = 2000 };
    static struct study s;
    static uint8_t positive[PATIENTS * 5];
    static double score[2][PATIENTS * 5];
    struct delong_cases d = {PATCHES, s.positive, s.patient, PATIENTS};
    struct delong_curve a = {0}, b = {0};
    double sum[2] = {0}, square[2] = {0}, difference, var[2];
    struct err e;

    study_make(&s, 1000);
    if (delong_curve_make(&a, &d, s.score[0], &e) == -1 ||
        delong_curve_make(&b, &d, s.score[1], &e) == -1 ||
        delong_difference(&d, &a, &b, &difference, &e) == -1)
        return;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct rng r = rng_at(3, "bootstrap", i);
        struct delong_curve x, y;
        size_t n = 0;

        for (int p = 0; p < PATIENTS; p++) {
            size_t who = (size_t)rng_below(&r, PATIENTS);
            size_t from = who < 40 ? 5 * who : 200 + 4 * (who - 40);

            for (size_t k = from; k < from + (who < 40 ? 5 : 4); k++, n++) {
                positive[n] = s.positive[k];
                score[0][n] = s.score[0][k];
                score[1][n] = s.score[1][k];
            }
        }
        d = (struct delong_cases){.n = n, .positive = positive};
        if (delong_curve_make(&x, &d, score[0], &e) == -1 ||
            delong_curve_make(&y, &d, score[1], &e) == -1)
            return;
        sum[0] += x.area;
        square[0] += x.area * x.area;
        sum[1] += x.area - y.area;
        square[1] += (x.area - y.area) * (x.area - y.area);
        delong_curve_free(&x);
        delong_curve_free(&y);
    }
    for (int k = 0; k < 2; k++)
        var[k] = (square[k] - sum[k] * sum[k] / DRAWS) / (DRAWS - 1);
    tap_ok(fabs(sqrt(a.variance / var[0]) - 1) < 0.08,
           "standard error of the area %.4f, by a bootstrap of patients %.4f", sqrt(a.variance),
           sqrt(var[0]));
    tap_ok(fabs(sqrt(difference / var[1]) - 1) < 0.08, "of the difference %.4f, %.4f",
           sqrt(difference), sqrt(var[1]));
    delong_curve_free(&a);
    delong_curve_free(&b);
}

int
main(void)
{
    test_proc();
    test_pvalues();
    test_properties();
    test_refused();
    test_clusters();
    test_coverage();
    test_bootstrap();
    return tap_done(57);
}
