/*
 * precision-recall - does a set of features lie where the real ones lie, and everywhere they do:
 * precision and recall, density and coverage, beside what real against real gives.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/mem.h"
#include "stats/halves.h"
#include "stats/manifold.h"
#include "stats/realism.h"

enum { MAX_SETS = 64 };

static struct opts {
    size_t k, splits, threads;
    uint64_t seed;
    int table;
} o = {.k = 3, .splits = 10, .seed = 1};

static const struct cli_opt options[] = {
    CLI_SIZE(0, "k", "K", &o.k, 1, MANIFOLD_NEIGHBOURS,
             "balls reach to the K-th nearest neighbour"),
    CLI_SIZE(0, "splits", "N", &o.splits, 1, 1000, "times REAL is cut into halves for the floor"),
    CLI_FLAG(0, "table", &o.table, "print a table to read instead of TSV"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_END,
};

static const struct cli_prog prog = {
    "precision-recall",
    "[NAME=]REAL [NAME=]OTHER ...",
    "Precision, recall, density and coverage of features, beside real against real.",
    options,
    2,
    MAX_SETS};

enum { PRECISION, RECALL, DENSITY, COVERAGE, VALUES };

static const char *const names[] = {"precision", "recall", "density", "coverage"};

static int
measure(const struct feature_set *x, const struct feature_set *y, const void *k, double *value,
        struct err *e)
{
    struct manifold m;

    if (manifold_compare(x, y, *(const size_t *)k, &m, e) == -1)
        return -1;
    value[PRECISION] = m.precision;
    value[RECALL] = m.recall;
    value[DENSITY] = m.density;
    value[COVERAGE] = m.coverage;
    return 0;
}

/* All lines, 2 n - 1 of each measure. */
static struct realism_line *
compare(const struct realism *r)
{
    size_t n = r->n, each = 2 * n - 1;
    struct realism_line *line;
    struct halves_range *range;
    struct halves_units *units;
    struct halves h;
    struct err e;

    if ((line = mem_array(VALUES * each, sizeof(*line), &e)) == NULL ||
        (range = mem_array(n * VALUES, sizeof(*range), &e)) == NULL ||
        (units = mem_array(n, sizeof(*units), &e)) == NULL ||
        halves_make(&h, r->set, n, o.splits, o.seed, &e) == -1 ||
        halves_compare(&h, measure, &o.k, VALUES, range, units, &e) == -1)
        cli_fail(&e);
    for (size_t i = 0; i < VALUES; i++)
        realism_lines(r, &h, names[i], range + i, VALUES, units, line + i * each);
    for (size_t k = 1; k < n; k++) {
        double value[VALUES];

        if (measure(&r->set[0], &r->set[k], &o.k, value, &e) == -1)
            cli_fail(&e);
        for (size_t i = 0; i < VALUES; i++)
            line[i * each + 2 * k - 2].estimate = value[i];
    }
    free(range);
    free(units);
    return line;
}

int
main(int argc, char **argv)
{
    int first = cli_parse(&prog, argc, argv);
    size_t n = (size_t)(argc - first);
    struct realism_line *line;
    struct realism r;
    struct err e;
    int rc = realism_name(&r, argv + first, n, &e);

    if (rc == 1)
        cli_usage("%s", e.text);
    if (rc == -1)
        cli_fail(&e);
    if (o.threads > 0)
        omp_set_num_threads((int)o.threads);
    if (realism_read(&r, &e) == -1)
        cli_fail(&e);
    line = compare(&r);
    (o.table ? realism_table : realism_tsv)(stdout, line, VALUES * (2 * n - 1));
    cli_close_stdout();
    free(line);
    realism_free(&r);
    return 0;
}
