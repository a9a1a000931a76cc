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
    double level;
    int unpaired, direction, cluster, interval, table;
} o = {.level = 0.95};

static const char *const directions[] = {"higher", "lower", NULL};
static const char *const clusters[] = {"none", "patient", NULL};
static const char *const intervals[] = {"normal", "logit", NULL};

static const struct cli_opt options[] = {
    CLI_TEXT('r', "reference", "NAME", &o.reference,
             "compare every curve with this one; without it, every pair"),
    CLI_CHOICE(0, "direction", &o.direction, directions, "which scores mean malignant"),
    CLI_CHOICE(0, "cluster", &o.cluster, clusters,
               "what is independent: each case, or each patient"),
    CLI_FLAG(0, "unpaired", &o.unpaired, "the curves are of different cases"),
    CLI_REAL(0, "level", "SHARE", &o.level, 0.5, 0.999999, "level of the intervals"),
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

/* One operand: a name and the files whose mean score it stands for. */
struct source {
    char *name, *text; /* text holds the names of the files, each with its end */
    const char **file;
    size_t n;
};

/* NAME=A,B,C or A,B,C; a "=" behind a "/" belongs to a file. */
static void
parse_source(const char *arg, struct source *s)
{
    const char *eq = strchr(arg, '='), *slash = strchr(arg, '/');
    struct err e;
    size_t n = 1, end;

    if (eq != NULL && slash != NULL && slash < eq)
        eq = NULL;
    s->text = mem_string(eq ? eq + 1 : arg, &e);
    for (const char *p = s->text; p != NULL && *p != '\0'; p++)
        n += *p == ',';
    s->file = s->text ? mem_array(n, sizeof(*s->file), &e) : NULL;
    if (s->file == NULL)
        cli_fail(&e);
    s->n = n;
    n = 0;
    for (char *p = s->text, *comma; p != NULL; p = comma ? comma + 1 : NULL) {
        if ((comma = strchr(p, ',')) != NULL)
            *comma = '\0';
        if (*p == '\0')
            cli_usage("'%s': the name of a file is empty", arg);
        s->file[n++] = p;
    }
    if (eq != NULL)
        s->name = mem_printf(&e, "%.*s", (int)(eq - arg), arg);
    else {
        slash = strrchr(s->file[0], '/');
        s->name = mem_string(slash ? slash + 1 : s->file[0], &e);
        end = s->name ? strlen(s->name) : 0;
        if (end > 4 && strcmp(s->name + end - 4, ".tsv") == 0)
            s->name[end - 4] = '\0';
    }
    if (s->name == NULL)
        cli_fail(&e);
    if (s->name[0] == '\0' || strpbrk(s->name, "\t\n\"\\") != NULL)
        cli_usage("'%s': a name is empty or holds tabs, quotes or backslashes", arg);
}

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

/* Reads the curves one after the other; s then holds the cases of paired ones. */
static void
read_curves(const struct source *source, size_t n, struct comparison_curve *curve, struct scores *s)
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
        struct comparison_curve *c = &curve[i];

        s->lower = o.direction == LOWER;
        s->patients = o.cluster == CLUSTER_PATIENT;
        if (scores_add(s, source[i].file, source[i].n, &e) == -1)
            goto fail;
        cases = cases_of(s);
        *c = (struct comparison_curve){.name = source[i].name,
                                       .positives = s->positives,
                                       .negatives = s->n - s->positives,
                                       .units = s->patients ? s->n_patients : s->n};
        if (delong_curve_make(&c->delong, &cases, s->curve[s->n_curves - 1], &e) == -1) {
            err_in(&e, "%s", c->name);
            goto fail;
        }
        if (o.roc != NULL && write_roc(roc.file, c, &cases, s->curve[s->n_curves - 1], &e) == -1)
            goto fail;
        if (o.unpaired)
            scores_free(s);
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

static void
print_tsv(const struct comparison_curve *curve, size_t n, const struct comparison *t, size_t count)
{
    char p[2][40];

    puts("what\tcurve\treference\testimate\tse\tlower\tupper\tstatistic\tdf\tp\tlog10_p\tholm_p\t"
         "log10_holm_p\tpositives\tnegatives\tunits");
    for (size_t i = 0; i < n; i++) {
        const struct comparison_curve *c = &curve[i];
        double lower, upper;

        comparison_area(c, o.level, o.interval == 0 ? INTERVAL_NORMAL : INTERVAL_LOGIT, &lower,
                        &upper);
        printf("area\t%s\t\t%.15g\t%.15g\t%.15g\t%.15g\t\t\t\t\t\t\t%zu\t%zu\t%zu\n", c->name,
               c->delong.area, sqrt(c->delong.variance), lower, upper, c->positives, c->negatives,
               c->units);
    }
    for (size_t i = 0; i < count; i++) {
        const struct comparison *d = &t[i];

        pvalue_text(d->log10_p, 15, p[0], sizeof(p[0]));
        pvalue_text(d->log10_holm, 15, p[1], sizeof(p[1]));
        printf("difference\t%s\t%s\t%.15g\t%.15g\t%.15g\t%.15g\t%.15g\t%.15g\t%s\t%.15g\t%s\t%.15g"
               "\t\t\t\n",
               curve[d->a].name, curve[d->b].name, d->difference, d->se, d->lower, d->upper,
               d->statistic, d->df, p[0], d->log10_p, p[1], d->log10_holm);
    }
}

static void
print_table(const struct comparison_curve *curve, size_t n, const struct comparison *t,
            size_t count)
{
    int wide = 5, pair = 10;
    char p[2][40], name[1024];

    for (size_t i = 0; i < n; i++)
        wide = (int)strlen(curve[i].name) > wide ? (int)strlen(curve[i].name) : wide;
    for (size_t i = 0; i < count; i++) {
        int both = (int)(strlen(curve[t[i].a].name) + strlen(curve[t[i].b].name)) + 3;

        pair = both > pair ? both : pair;
    }
    printf("Areas under ROC curves, %s, %s scores mean malignant; %g %% intervals (%s)\n\n",
           o.cluster == CLUSTER_PATIENT ? "clustered by patient" : "cases independent",
           directions[o.direction], 100 * o.level, intervals[o.interval]);
    printf("%-*s   area    lower   upper   se      malignant  other  units\n", wide, "curve");
    for (size_t i = 0; i < n; i++) {
        const struct comparison_curve *c = &curve[i];
        double lower, upper;

        comparison_area(c, o.level, o.interval == 0 ? INTERVAL_NORMAL : INTERVAL_LOGIT, &lower,
                        &upper);
        printf("%-*s   %.4f  %.4f  %.4f  %.4f  %9zu  %5zu  %5zu\n", wide, c->name, c->delong.area,
               lower, upper, sqrt(c->delong.variance), c->positives, c->negatives, c->units);
    }
    if (count == 0)
        return;
    printf("\n%-*s   area     lower    upper    %s        p         Holm's p (of %zu)\n", pair,
           "difference", o.unpaired ? "t" : "z", count);
    for (size_t i = 0; i < count; i++) {
        const struct comparison *d = &t[i];

        pvalue_text(d->log10_p, 3, p[0], sizeof(p[0]));
        pvalue_text(d->log10_holm, 3, p[1], sizeof(p[1]));
        snprintf(name, sizeof(name), "%s - %s", curve[d->a].name, curve[d->b].name);
        printf("%-*s   %+.4f  %+.4f  %+.4f  %+-7.2f  %-8s  %s\n", pair, name, d->difference,
               d->lower, d->upper, d->statistic, p[0], p[1]);
    }
}

int
main(int argc, char **argv)
{
    int first = cli_parse(&prog, argc, argv);
    size_t n = (size_t)(argc - first), reference = COMPARISON_ALL_PAIRS, count;
    struct scores s = {0};
    struct comparison_curve *curve;
    struct comparison *t;
    struct source *source;
    struct delong_cases cases;
    struct err e;

    if ((source = mem_array(n, sizeof(*source), &e)) == NULL ||
        (curve = mem_array(n, sizeof(*curve), &e)) == NULL)
        cli_fail(&e);
    for (size_t i = 0; i < n; i++) {
        parse_source(argv[first + (int)i], &source[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(source[k].name, source[i].name) == 0)
                cli_usage("two curves are named '%s': give them names (NAME=FILE)", source[i].name);
        if (o.reference != NULL && strcmp(source[i].name, o.reference) == 0)
            reference = i;
    }
    if (o.reference != NULL && reference == COMPARISON_ALL_PAIRS)
        cli_usage("--reference: no curve is named '%s'", o.reference);

    read_curves(source, n, curve, &s);
    cases = cases_of(&s);
    t = comparison_make(curve, n, reference, o.unpaired ? NULL : &cases, o.level, &count, &e);
    if (t == NULL)
        cli_fail(&e);
    (o.table ? print_table : print_tsv)(curve, n, t, count);
    cli_close_stdout();

    for (size_t i = 0; i < n; i++) {
        delong_curve_free(&curve[i].delong);
        free(source[i].name);
        free(source[i].text);
        free(source[i].file);
    }
    free(source);
    free(curve);
    free(t);
    scores_free(&s);
    return 0;
}
