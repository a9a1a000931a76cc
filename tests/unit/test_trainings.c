/*
 * Mean areas over trainings, their differences, degrees of freedom: against MRMCaov
 * (tests/ref/trainings.R) and the formulas written out in numpy (tests/ref/trainings.py);
 * properties; what is refused; a short simulation (sim/sim_trainings.c is the long one).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/trainings_world.h"
#include "stats/pvalue.h"
#include "tap.h"

/* ---- references ---- */

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

/* Cases of trainings.py; without clusters those of trainings.R. */
struct recipe {
    size_t n, trainings[2], clusters;
    int ties, one;
};

static struct study
recipe_study(const struct recipe *k)
{
    struct study s = {.positive = malloc(k->n), .patient = malloc(k->n * sizeof(*s.patient))};

    s.cases = (struct delong_cases){k->n, s.positive, k->clusters ? s.patient : NULL, k->clusters};
    for (size_t c = 0; c < k->n; c++) {
        uint64_t i = c + 1, g = k->clusters ? i * 7919 % k->clusters : 0;

        if (g < k->clusters / 2 && i % 2 == 0)
            g %= 3;
        s.patient[c] = (uint32_t)g;
        s.positive[c] = recipe(i, 7561, 31) < 0.35;
        for (size_t first = 0; k->one && first < c; first++)
            if (s.patient[first] == g) {
                s.positive[c] = s.positive[first];
                break;
            }
    }
    for (size_t a = 0; a < 2; a++)
        for (size_t j = 0; j < k->trainings[a]; j++) {
            s.score[a][j] = malloc(k->n * sizeof(double));
            for (size_t c = 0; c < k->n; c++) {
                uint64_t i = c + 1;
                double v =
                    recipe(i, 3571, 77) + recipe(i, 8123, 15) +
                    recipe(i, 6007 + 100 * (a + 1) + j + 1, 111) * (1 + (double)(j + 1) / 8) +
                    (0.625 - (double)(a + 1) / 8) * s.positive[c];

                s.score[a][j][c] = k->ties > 0 ? floor(v * k->ties / 4) : v;
            }
        }
    return s;
}

struct arms {
    struct trainings_patients patients;
    struct trainings_arm arm[2];
};

static struct arms
arms_make(const struct study *s, const size_t trainings[2])
{
    struct arms m;
    struct err e;

    if (trainings_patients_make(&m.patients, &s->cases, &e) == -1 ||
        trainings_arm_make(&m.arm[0], &m.patients, &s->cases, s->score[0], trainings[0], &e) ==
            -1 ||
        trainings_arm_make(&m.arm[1], &m.patients, &s->cases, s->score[1], trainings[1], &e) ==
            -1) {
        printf("Bail out! %s\n", e.text);
        exit(1);
    }
    return m;
}

static void
arms_free(struct arms *m)
{
    trainings_arm_free(&m->arm[0]);
    trainings_arm_free(&m->arm[1]);
    trainings_patients_free(&m->patients);
}

/* The largest error so far; of numbers near 0, such as what is left of P, against `scale`. */
static void
compare(double *worst, const char *what, double got, double want, double scale)
{
    double error = fabs(got - want) / fmax(fabs(want), scale);

    *worst = tap_larger(*worst, error);
    if (!(error < 1e-9))
        tap_note("%s: got %.17g, want %.17g", what, got, want);
}

static void
compare_estimate(double *worst, struct trainings_estimate got, const double want[4])
{
    compare(worst, "value", got.value, want[0], 1e-3);
    compare(worst, "patients", got.patients, want[1], 1e-5);
    compare(worst, "trainings", got.trainings, want[2], 1e-5);
    compare(worst, "df", got.df, want[3], 1);
}

static void
test_formulas(void)
{
    FILE *f = fopen("tests/ref/trainings.tsv", "r");
    struct recipe k;
    double want[12], worst = 0;
    int rows = 0, apart = 0;

    tap_ok(f != NULL, "tests/ref/trainings.tsv is there");
    while (f != NULL && fscanf(f, "%zu %d %zu %d %zu %zu", &k.n, &k.ties, &k.clusters, &k.one,
                               &k.trainings[0], &k.trainings[1]) == 6) {
        struct study s = recipe_study(&k);
        struct arms m = arms_make(&s, k.trainings);

        for (int i = 0; i < 12; i++)
            if (fscanf(f, "%lf", &want[i]) != 1)
                want[i] = NAN;
        compare_estimate(&worst, trainings_estimate(&m.patients, &m.arm[0], NULL), want);
        compare_estimate(&worst, trainings_estimate(&m.patients, &m.arm[1], NULL), want + 4);
        compare_estimate(&worst, trainings_estimate(&m.patients, &m.arm[0], &m.arm[1]), want + 8);
        apart += want[9] > 0;
        rows++;
        arms_free(&m);
        study_free(&s);
    }
    if (f != NULL)
        fclose(f);
    tap_ok(rows == 48 && worst < 1e-9,
           "the formulas by all pairs and covariances, trainings.tsv: %d rows, %.1g", rows, worst);
    tap_ok(apart > 15 && apart < 33, "in %d of them the patients' part is not cut off", apart);
}

/* Estimate, MS(R), Cov2 and standard error of both arms; P and standard error of the difference. */
static void
test_mrmcaov(void)
{
    FILE *f = fopen("tests/ref/trainings_mrmc.tsv", "r");
    struct recipe k = {0};
    double want[10], worst = 0;
    int rows = 0;

    tap_ok(f != NULL, "tests/ref/trainings_mrmc.tsv is there");
    while (f != NULL && fscanf(f, "%zu %d %zu", &k.n, &k.ties, &k.trainings[0]) == 3) {
        struct trainings_estimate t;
        struct study s;
        struct arms m;

        k.trainings[1] = k.trainings[0];
        s = recipe_study(&k);
        m = arms_make(&s, k.trainings);
        for (int i = 0; i < 10; i++)
            if (fscanf(f, "%lf", &want[i]) != 1)
                want[i] = NAN;
        for (int a = 0; a < 2; a++) {
            t = trainings_estimate(&m.patients, &m.arm[a], NULL);
            compare(&worst, "estimate", t.value, want[4 * a], 0);
            compare(&worst, "MS(R)", m.arm[a].variance, want[4 * a + 1], 0);
            compare(&worst, "Cov2", t.patients, fmax(0, want[4 * a + 2]), 1e-6);
            compare(&worst, "StdErr", sqrt(t.patients + t.trainings), want[4 * a + 3], 0);
        }
        t = trainings_estimate(&m.patients, &m.arm[0], &m.arm[1]);
        compare(&worst, "patients", t.patients, fmax(0, want[8]), 1e-6);
        compare(&worst, "StdErr", sqrt(t.patients + t.trainings), want[9], 0);
        rows++;
        arms_free(&m);
        study_free(&s);
    }
    if (f != NULL)
        fclose(f);
    tap_ok(rows == 12 && worst < 1e-9,
           "independent cases: equal to MRMCaov's, trainings_mrmc.tsv: %d rows, %.1g", rows, worst);
}

/* ---- properties ---- */

static int
same(struct trainings_estimate a, struct trainings_estimate b, double sign)
{
    return a.value == sign * b.value && fabs(a.patients - b.patients) < 1e-15 &&
           a.trainings == b.trainings && fabs(a.df / b.df - 1) < 1e-9;
}

/* All of one arm's trainings become its first. */
static void
make_equal(struct study *s, int arm, size_t trainings)
{
    for (size_t j = 1; j < trainings; j++)
        memcpy(s->score[arm][j], s->score[arm][0], s->cases.n * sizeof(double));
}

static void
test_properties(void)
{
    int swapped = 1, moved = 1, itself = 1, one = 1, plain = 1, renamed = 1, few = 1;

    for (uint64_t number = 0; number < 120; number++) {
        size_t trainings[2] = {2 + number % 5, 2 + number % 5};
        struct world w = {.patients = 8 + number % 40,
                          .trainings = trainings[0],
                          .mixed = number % 2,
                          .skewed = number % 3 == 0,
                          .arm_sd = number % 7 == 0 ? 0 : 0.3,
                          .area = {0.8, 0.75},
                          .area_sd = {0.01, 0.03}};
        struct study s = world_study(&w, number, number);
        struct arms m = arms_make(&s, trainings), again;
        struct trainings_estimate t = trainings_estimate(&m.patients, &m.arm[0], &m.arm[1]), d;
        struct trainings_estimate a = trainings_estimate(&m.patients, &m.arm[0], NULL);
        struct delong_curve x, y;
        double var, *kept = s.score[0][0];
        struct err e;

        swapped &= same(t, trainings_estimate(&m.patients, &m.arm[1], &m.arm[0]), -1);
        d = trainings_estimate(&m.patients, &m.arm[0], &m.arm[0]);
        itself &= d.value == 0 && d.patients == 0 && d.trainings == 2 * a.trainings &&
                  fabs(d.df / (2 * (double)(trainings[0] - 1)) - 1) < 1e-12;
        few &= t.df >= 1 && a.df >= 1;

        /* A constant for each training; another numbering of patients; another first training. */
        for (size_t j = 0; j < trainings[1]; j++)
            for (size_t i = 0; i < s.cases.n; i++)
                s.score[1][j][i] += 3 * (double)j - 7;
        again = arms_make(&s, trainings);
        moved &= same(t, trainings_estimate(&again.patients, &again.arm[0], &again.arm[1]), 1);
        arms_free(&again);
        for (size_t i = 0; i < s.cases.n; i++)
            s.patient[i] = (uint32_t)w.patients - 1 - s.patient[i];
        s.score[0][0] = s.score[0][trainings[0] - 1];
        s.score[0][trainings[0] - 1] = kept;
        again = arms_make(&s, trainings);
        d = trainings_estimate(&again.patients, &again.arm[0], &again.arm[1]);
        renamed &= fabs(d.value - t.value) < 1e-15 && fabs(d.patients - t.patients) < 1e-15 &&
                   fabs(d.trainings - t.trainings) < 1e-15 && fabs(d.df / t.df - 1) < 1e-9;
        arms_free(&again);

        /* Equal trainings: patients alone; for even numbers of one kind Obuchowski's. */
        make_equal(&s, 0, trainings[0]);
        make_equal(&s, 1, trainings[1]);
        again = arms_make(&s, trainings);
        d = trainings_estimate(&again.patients, &again.arm[0], &again.arm[1]);
        one &= d.trainings == 0 && again.arm[0].unshared == 0 && again.arm[1].unshared == 0 &&
               d.df < INFINITY;
        if (delong_curve_make(&x, &s.cases, s.score[0][0], &e) == -1 ||
            delong_curve_make(&y, &s.cases, s.score[1][0], &e) == -1 ||
            delong_difference(&s.cases, &x, &y, &var, &e) == -1) {
            tap_ok(0, "%s", e.text);
            return;
        }
        one &= d.value == x.area - y.area;
        if (!w.mixed && !w.skewed)
            plain &= fabs(d.patients / var - 1) < 1e-11;
        else if (w.skewed)
            plain &= d.patients > var;
        arms_free(&again);
        arms_free(&m);
        delong_curve_free(&x);
        delong_curve_free(&y);
        study_free(&s);
        if (!(swapped && moved && itself && one && plain && renamed && few)) {
            tap_note("study %d", (int)number);
            break;
        }
    }
    tap_ok(swapped, "arms that change places: the difference changes its sign, nothing else");
    tap_ok(itself, "an arm against itself: difference and patients' part 0, df 2 (S - 1)");
    tap_ok(moved, "a constant added to the scores of a training changes nothing");
    tap_ok(renamed, "nor do the order of trainings and the numbers of patients");
    tap_ok(one, "equal trainings have no variance");
    tap_ok(plain, "then even patients have Obuchowski's, uneven ones more");
    tap_ok(few, "df is at least 1");
}

/* What the numbers of cases say of effective patients. */
static void
test_patients(void)
{
    const uint8_t positive[] = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    const uint32_t patient[] = {0, 0, 0, 0, 1, 2, 2, 3, 4, 5};
    struct delong_cases c = {10, positive, patient, 6};
    struct trainings_patients p;
    struct err e;

    if (!tap_ok(trainings_patients_make(&p, &c, &e) == 0, "six patients"))
        return;
    tap_ok(p.n == 6 && p.positives == 3 && p.negatives == 4,
           "three have positive cases, four others");
    tap_near(p.effective_positives, 36.0 / 18, 1e-15, "effectively two");
    tap_near(p.effective_negatives, 4, 1e-15, "and four");
    tap_near(p.overlap, 1.0 / 24, 1e-16, "one has both");
    trainings_patients_free(&p);
}

static void
test_degenerate(void)
{
    const uint8_t positive[] = {1, 1, 1, 0, 0, 0};
    const uint32_t patient[] = {0, 0, 0, 1, 2, 3};
    double perfect[] = {4, 5, 6, 1, 2, 3}, odd[] = {1, 5, 6, 4, 2, 3}, nan[] = {1, NAN, 6, 4, 2, 3};
    double *good[] = {perfect, perfect, perfect}, *bad[] = {odd, odd}, *broken[] = {odd, nan};
    struct delong_cases c = {6, positive, NULL, 0};
    struct comparison_plan plan = {.level = 0.95, .power = 0.8};
    struct comparison_curve v[3];
    struct comparison_area a;
    struct trainings_patients p;
    struct comparison *t;
    size_t count;
    struct err e;

    if (!tap_ok(trainings_patients_make(&p, &c, &e) == 0, "independent cases") ||
        !tap_ok(comparison_curve_make(&v[0], "a", &c, &p, good, 3, 1, &e) == 0 &&
                    comparison_curve_make(&v[1], "b", &c, &p, good, 2, 1, &e) == 0 &&
                    comparison_curve_make(&v[2], "c", &c, &p, bad, 2, 1, &e) == 0,
                "perfect trainings"))
        return;
    plan.patients = &p;
    a = comparison_area(&v[0], &plan);
    tap_ok(a.area == 1 && a.lower == 1 && a.upper == 1 && a.patients == 0 && a.trainings == 0,
           "have an area of 1 and no interval");
    t = comparison_make(v, 3, COMPARISON_ALL_PAIRS, &plan, &count, &e);
    tap_ok(t != NULL && count == 3 && t[0].difference == 0 && t[0].log10_p == 0 &&
               t[0].statistic == 0 && isnan(t[0].detectable),
           "against each other: difference 0, p 1, and nothing to say of what could be seen");
    tap_ok(t != NULL && fabs(t[1].difference - 3.0 / 9) < 1e-15 && t[1].trainings == 0 &&
               t[1].patients > 0 && t[1].log10_p < 0 && isfinite(t[1].df),
           "against others: the others' variance");
    free(t);
    for (int i = 0; i < 3; i++)
        comparison_curve_free(&v[i]);
    tap_ok(comparison_curve_make(&v[0], "a", &c, &p, good, 1, 1, &e) == -1 &&
               strcmp(e.text, "a: 1 training: a variance over trainings needs two") == 0,
           "%s", e.text);
    tap_ok(comparison_curve_make(&v[0], "a", &c, &p, broken, 2, 1, &e) == -1 &&
               strstr(e.text, "score nan of case 1") != NULL,
           "%s", e.text);
    trainings_patients_free(&p);
    c.cluster = patient;
    c.clusters = 4;
    tap_ok(trainings_patients_make(&p, &c, &e) == -1 && strstr(e.text, "1 patients") != NULL, "%s",
           e.text);
}

/* R 4.2.2: qt(0.975, df) + qt(0.8, df), and of another level and power. */
static void
test_detectable(void)
{
    struct world w = {14, 3, 0, 0, 0.3, {0.8, 0.8}, {0.01, 0.01}, 0};
    struct study s = world_study(&w, 3, 3);
    struct comparison_plan plan = {.level = 0.95, .power = 0.8};
    struct comparison_curve v[2];
    struct trainings_patients p;
    struct comparison *t;
    size_t count;
    struct err e;

    if (trainings_patients_make(&p, &s.cases, &e) == -1 ||
        comparison_curve_make(&v[0], "a", &s.cases, &p, s.score[0], 3, 1, &e) == -1 ||
        comparison_curve_make(&v[1], "b", &s.cases, &p, s.score[1], 3, 1, &e) == -1)
        return;
    plan.patients = &p;
    for (int i = 0; i < 2; i++) {
        t = comparison_make(v, 2, COMPARISON_ALL_PAIRS, &plan, &count, &e);
        tap_ok(fabs(t->detectable / t->se - quantile_student(plan.level, t->df) -
                    quantile_student(2 * plan.power - 1, t->df)) < 1e-12 &&
                   fabs((t->upper - t->lower) / 2 / t->se - quantile_student(plan.level, t->df)) <
                       1e-12,
               "detectable %.4f, %.1f degrees of freedom", t->detectable, t->df);
        free(t);
        plan.level = 0.99;
        plan.power = 0.5;
    }
    tap_near(quantile_student(0.95, 4) + quantile_student(0.6, 4), 3.717409682432974, 1e-9,
             "both quantiles of t, 4 degrees");
    tap_near(quantile_student(0, 4), 0, 1e-12, "a power of a half has none");
    comparison_curve_free(&v[0]);
    comparison_curve_free(&v[1]);
    trainings_patients_free(&p);
    study_free(&s);
}

/* ---- simulation ---- */

struct counts {
    int different, normal, covered, power;
    double square, se2; /* of differences, of their standard errors */
};

/* Studies of equal arms, and again of such as differ by what a study says that it could detect. */
static int
simulate(const struct world *w, uint64_t studies, struct counts *c)
{
    *c = (struct counts){0};
    for (uint64_t i = 0; i < studies; i++) {
        struct study s = world_study(w, i, i);
        struct world other = *w;
        struct finding f = {0}, g = {0};
        struct err e;

        if (study_analyse(&s, w, &f, &e) == -1)
            return tap_ok(0, "%s", e.text);
        c->square += f.difference.difference * f.difference.difference;
        c->se2 += f.difference.se * f.difference.se;
        c->different += f.difference.log10_p < log10(0.05);
        c->normal += fabs(f.difference.statistic) > quantile_normal(0.95);
        c->covered += f.logit.lower <= s.area[0] && s.area[0] <= f.logit.upper;
        study_free(&s);
        other.area[0] += f.difference.detectable / 2;
        other.area[1] -= f.difference.detectable / 2;
        s = world_study(&other, i, studies + i);
        if (study_analyse(&s, &other, &g, &e) == -1)
            return tap_ok(0, "%s", e.text);
        c->power += g.difference.log10_p < log10(0.05);
        study_free(&s);
    }
    return 1;
}

/*
 * Four of the worlds in tests/ref/trainings_sim.tsv, 400 studies of each.  What should happen in
 * 5 % of them has a standard deviation of 1.1 % in one world and 0.54 % in all four; three of them
 * are allowed.  There, in 1,000 studies of each, equal arms are called different in 3.7, 3.2, 2.8
 * and 5.8 %, with normal quantiles in 5 to 10 %, and what a study says that it could detect is
 * found in 65 to 75 %.
 */
static void
test_simulation(void)
{
    enum { STUDIES = 400 };
    static const struct world worlds[] = {
        {50, 3, 0, 0, 0.3, {0.8, 0.8}, {0.03, 0.03}, 0},
        {50, 3, 1, 0, 0, {0.8, 0.8}, {0.03, 0.03}, 0},
        {50, 5, 1, 1, 0.3, {0.8, 0.8}, {0.01, 0.01}, 0},
        {14, 10, 1, 0, 0.3, {0.8, 0.8}, {0.005, 0.005}, 0},
    };
    enum { WORLDS = sizeof(worlds) / sizeof(worlds[0]) };
    struct counts sum = {0}, c;
    double all = WORLDS * STUDIES;

    for (size_t k = 0; k < WORLDS; k++) {
        if (!simulate(&worlds[k], STUDIES, &c))
            return;
        tap_ok(c.different <= (0.05 + 0.033) * STUDIES,
               "%zu patients, %zu trainings: equal arms differ in %.1f %%", worlds[k].patients,
               worlds[k].trainings, 100.0 * c.different / STUDIES);
        tap_ok(fabs(sqrt(c.se2 / c.square) - 1) < 0.12, "standard error %.4f, in truth %.4f",
               sqrt(c.se2 / STUDIES), sqrt(c.square / STUDIES));
        sum.different += c.different;
        sum.normal += c.normal;
        sum.covered += c.covered;
        sum.power += c.power;
    }
    tap_ok(fabs(sum.different / all - 0.039) < 3 * 0.0054, "all in all in %.1f %%",
           100 * sum.different / all);
    tap_ok(sum.normal / all > 0.055, "with normal quantiles in %.1f %%", 100 * sum.normal / all);
    tap_ok(fabs(sum.covered / all - 0.95) < 3 * 0.0054, "the area's logit interval covers %.1f %%",
           100 * sum.covered / all);
    tap_ok(fabs(sum.power / all - 0.72) < 3 * 0.011, "what is detectable is found in %.1f %%",
           100 * sum.power / all);
}

int
main(void)
{
    test_formulas();
    test_mrmcaov();
    test_properties();
    test_patients();
    test_degenerate();
    test_detectable();
    test_simulation();
    return tap_done(41);
}
