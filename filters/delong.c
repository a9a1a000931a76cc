/*
 * delong - areas under ROC curves with intervals, and which of them differ.
 *
 * The paper, "Results": its classifiers are compared by DeLong's test.  Patches of one patient are
 * not independent, which that test assumes; --cluster patient does without it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "io/output.h"
#include "stats/comparison.h"
#include "stats/delong.h"
#include "stats/pvalue.h"
#include "stats/scores.h"

enum { CLUSTER_NONE, CLUSTER_PATIENT };
enum { HIGHER, LOWER };
enum { MAX_CURVES = 256 };

static struct opts {
    const char *reference, *roc;
    double level, power;
    int trainings, unpaired, direction, cluster, interval, table;
} o = {.level = 0.95, .power = 0.8};

static const char *const directions[] = {"higher", "lower", NULL};
static const char *const clusters[] = {"none", "patient", NULL};
static const char *const intervals[] = {"normal", "logit", NULL};

static const struct cli_opt options[] = {
    CLI_TEXT('r', "reference", "NAME", &o.reference,
             "compare every curve with this one; without it, every pair"),
    CLI_CHOICE(0, "direction", &o.direction, directions, "which scores mean malignant"),
    CLI_CHOICE(0, "cluster", &o.cluster, clusters,
               "what is independent: each case, or each patient"),
    CLI_FLAG(0, "trainings", &o.trainings,
             "a curve's files are its trainings: their mean area, for other seeds too"),
    CLI_FLAG(0, "unpaired", &o.unpaired, "the curves are of different cases"),
    CLI_REAL(0, "level", "SHARE", &o.level, 0.5, 0.999999, "level of the intervals"),
    CLI_REAL(0, "power", "SHARE", &o.power, 0.5, 0.999999, "power of the detectable difference"),
    CLI_CHOICE(0, "interval", &o.interval, intervals, "how the interval of an area is made"),
    CLI_LOCAL_TEXT(0, "roc", "FILE", &o.roc, "write the points of all curves to FILE"),
    CLI_FLAG(0, "table", &o.table, "print a table to read instead of TSV"),
    CLI_END,
};

static const struct cli_prog prog = {
    "delong",
    "[NAME=]FILE[,FILE ...] ...",
    "Areas under ROC curves, and DeLong's test of their differences.",
    options,
    1,
    MAX_CURVES};

static struct delong_cases
cases_of(const struct scores *s)
{
    return (struct delong_cases){s->n, s->positive, s->patient, s->n_patients};
}

static int
write_roc(FILE *f, const struct comparison_curve *c, const struct delong_cases *cases,
          const double *score, struct err *e)
{
    size_t n;
    struct roc_point *p = roc_points(cases, score, &n, e);

    if (p == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s\t%.15g\t%.17g\t%.15g\t%.15g\n", c->name, c->delong.area,
                o.direction == LOWER ? -p[i].threshold : p[i].threshold,
                (double)p[i].false_positives / (double)c->negatives,
                (double)p[i].true_positives / (double)c->positives);
    free(p);
    return 0;
}

/* One curve of all its files, or one of each of its trainings. */
static int
read_curve(const struct scores_operand *source, struct comparison_curve *c, struct scores *s,
           struct trainings_patients *patients, struct err *e)
{
    size_t step = o.trainings ? 1 : source->n, first = s->n_curves;
    struct delong_cases cases;

    for (size_t i = 0; i < source->n; i += step)
        if (scores_add(s, source->file + i, step, e) == -1)
            return -1;
    cases = cases_of(s);
    if (patients->n == 0 && trainings_patients_make(patients, &cases, e) == -1)
        return err_in(e, "%s", source->name);
    return comparison_curve_make(c, source->name, &cases, patients, s->curve + first,
                                 s->n_curves - first, o.trainings, e);
}

/* Reads the curves one after the other; s and patients then hold what paired ones are of. */
static void
read_curves(const struct scores_operand *source, size_t n, struct comparison_curve *curve,
            struct scores *s, struct trainings_patients *patients)
{
    struct delong_cases cases;
    struct output roc;
    struct err e;

    if (o.roc != NULL) {
        if (output_open(&roc, o.roc, &e) == -1)
            cli_fail(&e);
        fputs("curve\tarea\tthreshold\tfalse_positive_rate\ttrue_positive_rate\n", roc.file);
    }
    for (size_t i = 0; i < n; i++) {
        s->lower = o.direction == LOWER;
        s->patients = o.cluster == CLUSTER_PATIENT;
        if (read_curve(&source[i], &curve[i], s, patients, &e) == -1)
            goto fail;
        cases = cases_of(s);
        if (o.roc != NULL &&
            write_roc(roc.file, &curve[i], &cases, s->curve[s->n_curves - 1], &e) == -1)
            goto fail;
        if (o.unpaired) {
            scores_free(s);
            trainings_patients_free(patients);
        }
    }
    if (o.roc == NULL || output_commit(&roc, &e) == 0)
        return;
    cli_fail(&e);
fail:
    if (o.roc != NULL)
        output_abort(&roc);
    cli_fail(&e);
}

/* ---- printing ---- */

/* A field of TSV, empty where it does not apply. */
static void
field(int applies, double x)
{
    printf(applies ? "\t%.15g" : "\t", x);
}

static void
print_tsv(const struct comparison_curve *curve, size_t n, const struct comparison *t, size_t count,
          const struct comparison_plan *plan)
{
    char p[2][40];

    puts("what\tcurve\treference\testimate\tse\tlower\tupper\tstatistic\tdf\tp\tlog10_p\tholm_p\t"
         "log10_holm_p\tpositives\tnegatives\tunits\tdetectable\tse_patients\tse_trainings\t"
         "trainings\tpositive_patients\tnegative_patients\teffective_positive\t"
         "effective_negative");
    for (size_t i = 0; i < n; i++) {
        const struct comparison_curve *c = &curve[i];
        struct comparison_area x = comparison_area(c, plan);
        const double last[] = {sqrt(x.patients),
                               sqrt(x.trainings),
                               (double)c->trainings.n,
                               (double)c->positive_patients,
                               (double)c->negative_patients,
                               c->effective_positives,
                               c->effective_negatives};

        printf("area\t%s\t\t%.15g\t%.15g\t%.15g\t%.15g\t", c->name, x.area,
               sqrt(x.patients + x.trainings), x.lower, x.upper);
        field(o.trainings, x.df);
        printf("\t\t\t\t\t%zu\t%zu\t%zu\t", c->positives, c->negatives, c->units);
        for (size_t k = 0; k < sizeof(last) / sizeof(last[0]); k++)
            field(k < 3 ? o.trainings : o.cluster == CLUSTER_PATIENT, last[k]);
        putchar('\n');
    }
    for (size_t i = 0; i < count; i++) {
        const struct comparison *d = &t[i];

        pvalue_text(d->log10_p, 15, p[0], sizeof(p[0]));
        pvalue_text(d->log10_holm, 15, p[1], sizeof(p[1]));
        printf("difference\t%s\t%s\t%.15g\t%.15g\t%.15g\t%.15g\t%.15g\t%.15g\t%s\t%.15g\t%s\t%.15g"
               "\t\t\t\t%.15g",
               curve[d->a].name, curve[d->b].name, d->difference, d->se, d->lower, d->upper,
               d->statistic, d->df, p[0], d->log10_p, p[1], d->log10_holm, d->detectable);
        field(o.trainings, sqrt(d->patients));
        field(o.trainings, sqrt(d->trainings));
        puts("\t\t\t\t\t");
    }
}

static void
print_areas(const struct comparison_curve *curve, size_t n, int wide,
            const struct comparison_plan *plan)
{
    int patients = o.cluster == CLUSTER_PATIENT;

    printf("%s under ROC curves, %s, %s scores mean malignant; %g %% intervals (%s)\n\n",
           o.trainings ? "Mean areas of trainings" : "Areas",
           patients ? "clustered by patient" : "cases independent", directions[o.direction],
           100 * o.level, intervals[o.interval]);
    printf("%-*s   area    lower   upper   se      malignant  other  units%s%s\n", wide, "curve",
           patients ? "  malignant patients (effective)  other (effective)" : "",
           o.trainings ? "  trainings" : "");
    for (size_t i = 0; i < n; i++) {
        const struct comparison_curve *c = &curve[i];
        struct comparison_area x = comparison_area(c, plan);

        printf("%-*s   %.4f  %.4f  %.4f  %.4f  %9zu  %5zu  %5zu", wide, c->name, x.area, x.lower,
               x.upper, sqrt(x.patients + x.trainings), c->positives, c->negatives, c->units);
        if (patients)
            printf("  %18zu (%9.1f)  %5zu (%9.1f)", c->positive_patients, c->effective_positives,
                   c->negative_patients, c->effective_negatives);
        printf(o.trainings ? "  %9zu\n" : "\n", c->trainings.n);
    }
}

static void
print_table(const struct comparison_curve *curve, size_t n, const struct comparison *t,
            size_t count, const struct comparison_plan *plan)
{
    char p[2][40], name[1024];
    int wide = 5;

    for (size_t i = 0; i < n; i++)
        wide = (int)strlen(curve[i].name) > wide ? (int)strlen(curve[i].name) : wide;
    print_areas(curve, n, wide, plan);
    if (count > 0)
        printf("\n%-*s   area     lower    upper    %s        p         Holm's p (of %zu)  "
               "detectable (power %g)\n",
               2 * wide + 3, "difference", o.unpaired || o.trainings ? "t" : "z", count, o.power);
    for (size_t i = 0; i < count; i++) {
        const struct comparison *d = &t[i];

        pvalue_text(d->log10_p, 3, p[0], sizeof(p[0]));
        pvalue_text(d->log10_holm, 3, p[1], sizeof(p[1]));
        snprintf(name, sizeof(name), "%s - %s", curve[d->a].name, curve[d->b].name);
        printf("%-*s   %+.4f  %+.4f  %+.4f  %+-7.2f  %-8s  %-16s  %.4f\n", 2 * wide + 3, name,
               d->difference, d->lower, d->upper, d->statistic, p[0], p[1], d->detectable);
    }
}

int
main(int argc, char **argv)
{
    int first = cli_parse(&prog, argc, argv);
    size_t n = (size_t)(argc - first), reference = COMPARISON_ALL_PAIRS, count;
    struct scores s = {0};
    struct trainings_patients patients = {0};
    struct comparison_plan plan = {.interval = o.interval ? INTERVAL_LOGIT : INTERVAL_NORMAL,
                                   .level = o.level,
                                   .power = o.power};
    struct comparison_curve *curve;
    struct comparison *t;
    struct scores_operand *source;
    struct delong_cases cases;
    struct err e;

    if (o.trainings && (o.unpaired || o.roc != NULL))
        cli_usage("--trainings goes without --unpaired and --roc");
    if ((source = mem_array(n, sizeof(*source), &e)) == NULL ||
        (curve = mem_array(n, sizeof(*curve), &e)) == NULL)
        cli_fail(&e);
    for (size_t i = 0; i < n; i++) {
        if (scores_operand_make(&source[i], argv[first + (int)i], &e) == -1)
            cli_usage("%s", e.text);
        if (o.trainings && source[i].n < 2)
            cli_usage("--trainings: '%s' has one file: a variance over trainings needs two",
                      source[i].name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(source[k].name, source[i].name) == 0)
                cli_usage("two curves are named '%s': give them names (NAME=FILE)", source[i].name);
        if (o.reference != NULL && strcmp(source[i].name, o.reference) == 0)
            reference = i;
    }
    if (o.reference != NULL && reference == COMPARISON_ALL_PAIRS)
        cli_usage("--reference: no curve is named '%s'", o.reference);

    read_curves(source, n, curve, &s, &patients);
    cases = cases_of(&s);
    plan.cases = o.unpaired ? NULL : &cases;
    plan.patients = o.trainings ? &patients : NULL;
    t = comparison_make(curve, n, reference, &plan, &count, &e);
    if (t == NULL)
        cli_fail(&e);
    (o.table ? print_table : print_tsv)(curve, n, t, count, &plan);
    cli_close_stdout();

    for (size_t i = 0; i < n; i++) {
        comparison_curve_free(&curve[i]);
        scores_operand_free(&source[i]);
    }
    free(source);
    free(curve);
    free(t);
    trainings_patients_free(&patients);
    scores_free(&s);
    return 0;
}
