/*
 * sim_trainings [STUDIES] > tests/ref/trainings_sim.tsv - how often lib/stats/trainings is wrong.
 *
 * Every line is a world (trainings_world.h) in which the arms do not differ, and STUDIES (1,000)
 * studies of it.  Columns, counts unless said otherwise:
 *
 *   sd, se        standard deviation of the difference over studies; root of the mean square of its
 *                 standard errors
 *   df            median degrees of freedom
 *   different     studies that call the arms different at 5 %
 *   normal        ... were normal quantiles taken in the place of t's
 *   today         ... and with patients alone, of mean scores (delong --cluster patient)
 *   covered       studies in which the 95 % interval of the first arm's area holds the truth
 *   logit         the same of the logit interval
 *   detectable    median of what the studies say they could detect with a power of 80 %
 *   reached       studies of which that can be so, areas around 0.8 lying so far apart below 0.97
 *   power         those that call the arms different where they differ by what the study said,
 *                 with the same numbers of patches, all else drawn anew
 */
#include <stdio.h>
#include <string.h>

#include "sim/trainings_world.h"
#include "stats/pvalue.h"

struct result {
    struct finding f;
    double today; /* z of mean scores */
    double truth; /* of the first arm's area */
    int reached, power;
};

static void
die(const struct err *e)
{
    fprintf(stderr, "sim_trainings: %s\n", e->text);
    exit(1);
}

/* Patients alone, as without --trainings. */
static double
z_of_means(struct study *s, const struct world *w)
{
    struct comparison_plan plan = {.cases = &s->cases, .level = 0.95, .power = 0.8};
    struct comparison_curve arm[WORLD_ARMS] = {{0}};
    struct comparison *t;
    struct err e;
    size_t count;
    double z;

    for (int a = 0; a < WORLD_ARMS; a++) {
        for (size_t j = 1; j < w->trainings; j++)
            for (size_t i = 0; i < s->cases.n; i++)
                s->score[a][0][i] += s->score[a][j][i];
        if (delong_curve_make(&arm[a].delong, &s->cases, s->score[a][0], &e) == -1)
            die(&e);
    }
    if ((t = comparison_make(arm, WORLD_ARMS, COMPARISON_ALL_PAIRS, &plan, &count, &e)) == NULL)
        die(&e);
    z = t->statistic;
    free(t);
    for (int a = 0; a < WORLD_ARMS; a++)
        comparison_curve_free(&arm[a]);
    return z;
}

static int
called(const struct finding *f)
{
    return f->difference.log10_p < log10(0.05);
}

/* A study, and one of arms that differ by what the first says that it could detect. */
static void
run(const struct world *w, uint64_t i, uint64_t studies, struct result *r)
{
    struct study s = world_study(w, i, i);
    struct world other = *w;
    struct finding f;
    struct err e;

    *r = (struct result){.truth = s.area[0]};
    if (study_analyse(&s, w, &r->f, &e) == -1)
        die(&e);
    r->today = z_of_means(&s, w);
    study_free(&s);
    other.area[0] += r->f.difference.detectable / 2;
    other.area[1] -= r->f.difference.detectable / 2;
    if (!(other.area[0] < 0.97))
        return;
    r->reached = 1;
    s = world_study(&other, i, studies + i);
    if (study_analyse(&s, &other, &f, &e) == -1)
        die(&e);
    r->power = called(&f);
    study_free(&s);
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *x, size_t n)
{
    qsort(x, n, sizeof(*x), ascending);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

static void
line(const struct world *w, struct result *r, double *x, size_t studies)
{
    double z = quantile_normal(0.95), square = 0, se2 = 0, df, detectable;
    int different = 0, normal = 0, today = 0, covered = 0, logit = 0, reached = 0, power = 0;

#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < studies; i++)
        run(w, i, studies, &r[i]);
    for (size_t i = 0; i < studies; i++) {
        const struct comparison *d = &r[i].f.difference;

        square += d->difference * d->difference;
        se2 += d->se * d->se;
        different += called(&r[i].f);
        normal += fabs(d->statistic) > z;
        today += fabs(r[i].today) > z;
        covered += r[i].f.area.lower <= r[i].truth && r[i].truth <= r[i].f.area.upper;
        logit += r[i].f.logit.lower <= r[i].truth && r[i].truth <= r[i].f.logit.upper;
        reached += r[i].reached;
        power += r[i].power;
        x[i] = d->df;
    }
    df = median(x, studies);
    for (size_t i = 0; i < studies; i++)
        x[i] = r[i].f.difference.detectable;
    detectable = median(x, studies);
    printf("%zu\t%zu\t%s\t%s\t%g\t%g\t%g\t%g\t%zu\t%.5f\t%.5f\t%.1f\t%d\t%d\t%d\t%d\t%d\t%.4f\t%"
           "d\t%d\n",
           w->patients, w->trainings, w->mixed ? "both" : "one", w->skewed ? "skewed" : "even",
           w->arm_sd, w->area_sd[0], w->area_sd[1], w->same_seed, studies,
           sqrt(square / (double)studies), sqrt(se2 / (double)studies), df, different, normal,
           today, covered, logit, detectable, reached, power);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static const size_t patients[] = {14, 50, 400}, trainings[] = {3, 5, 10};
    static const double sd[] = {0.005, 0.01, 0.03, 0.05};
    size_t studies = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    struct result *r = calloc(studies, sizeof(*r));
    double *x = calloc(studies, sizeof(*x));

    if (studies < 2 || r == NULL || x == NULL)
        return 1;
    printf(
        "# Made by `make sim-trainings`; tests/sim/sim_trainings.c says what the columns are.\n"
        "patients\ttrainings\tkinds\tpatches\tarm_sd\tsd_1\tsd_2\tsame_seed\tstudies\tsd\tse\tdf\t"
        "different\tnormal\ttoday\tcovered\tlogit\tdetectable\treached\tpower\n");
    for (size_t p = 0; p < 3; p++)
        for (int kind = 0; kind < 4; kind++)
            for (int arm = 0; arm < 2; arm++)
                for (size_t s = 0; s < 3; s++)
                    for (size_t k = 0; k < 4 && (p < 2 || kind % 2 == 1); k++)
                        line(&(struct world){patients[p],
                                             trainings[s],
                                             kind / 2,
                                             kind % 2,
                                             0.3 * arm,
                                             {0.8, 0.8},
                                             {sd[k], sd[k]},
                                             0},
                             r, x, studies);
    /* One arm's trainings are unstable; seeds that both arms share make their areas alike. */
    for (size_t p = 0; p < 3; p++)
        for (size_t s = 0; s < 3; s++) {
            line(
                &(struct world){patients[p], trainings[s], 0, 1, 0.3, {0.8, 0.8}, {0.005, 0.05}, 0},
                r, x, studies);
            line(
                &(struct world){
                    patients[p], trainings[s], 0, 1, 0.3, {0.8, 0.8}, {0.03, 0.03}, 0.5},
                r, x, studies);
        }
    free(r);
    free(x);
    return 0;
}
