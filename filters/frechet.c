/*
 * frechet - how far sets of features are from a real one: kernel distance and Frechet distance,
 * beside what real against real gives.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/mem.h"
#include "stats/frechet.h"
#include "stats/halves.h"
#include "stats/kernel_distance.h"
#include "stats/realism.h"

enum { MAX_SETS = 64, MAX_COMPONENTS = 64 };

static struct opts {
    size_t components, draws, splits, threads;
    uint64_t seed;
    int table;
} o = {.draws = 200, .splits = 10, .seed = 1};

static const struct cli_opt options[] = {
    CLI_SIZE(0, "components", "N", &o.components, 0, 4096,
             "principal components of the Frechet distance; 0 = a tenth of the records, to 64"),
    CLI_SIZE(0, "draws", "N", &o.draws, 0, 100000,
             "draws of patients for the interval of the kernel distance; 0 = none"),
    CLI_SIZE(0, "splits", "N", &o.splits, 1, 1000, "times REAL is cut into halves for the floor"),
    CLI_FLAG(0, "table", &o.table, "print a table to read instead of TSV"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_END,
};

static const struct cli_prog prog = {
    "frechet",
    "[NAME=]REAL [NAME=]OTHER ...",
    "Kernel and Frechet distances of features, beside real against real.",
    options,
    2,
    MAX_SETS};

/* The two distances, and the components used. */
enum { KID, FRECHET, USED, VALUES };

static int
measure(const struct feature_set *x, const struct feature_set *y, const void *components,
        double *value, struct err *e)
{
    struct kernel_draws w;
    size_t used;
    int rc;

    if (kernel_draws_make(&w, x, y, 0, 0, e) == -1)
        return -1;
    rc = kernel_distance(x, y, &w, &value[KID], e);
    kernel_draws_free(&w);
    if (rc == -1 ||
        frechet_distance(x, y, *(const size_t *)components, &value[FRECHET], &used, e) == -1)
        return -1;
    value[USED] = (double)used;
    return 0;
}

/* Fewer than a tenth of the records of each part, so that covariances mean something. */
static size_t
components_for(const struct halves *h)
{
    size_t most = (h->records - 1) / 10, d = h->set[0].d;

    if (most == 0)
        cli_failf("the smallest part has %zu records: one component takes 11", h->records);
    if (o.components > most)
        cli_failf("--components %zu: the smallest part has %zu records, which allow for %zu",
                  o.components, h->records, most);
    if (o.components > d)
        cli_failf("--components %zu: there are %zu features", o.components, d);
    if (o.components > 0)
        return o.components;
    most = most < MAX_COMPONENTS ? most : MAX_COMPONENTS;
    return most < d ? most : d;
}

/* A set against all of REAL. */
static void
compare_all(const struct feature_set *real, const struct feature_set *set, size_t components,
            struct realism_line *kid, struct realism_line *frechet)
{
    struct kernel_draws w;
    struct err e;
    double *distance = mem_array(o.draws + 1, sizeof(*distance), &e);

    if (distance == NULL || kernel_draws_make(&w, real, set, o.draws, o.seed, &e) == -1 ||
        kernel_distance(real, set, &w, distance, &e) == -1 ||
        frechet_distance(real, set, components, &frechet->estimate, &frechet->components, &e) == -1)
        cli_fail(&e);
    kid->estimate = distance[0];
    kernel_interval(distance + 1, o.draws, 0.95, &kid->lower, &kid->upper);
    kernel_draws_free(&w);
    free(distance);
}

/* All lines, 2 n - 1 of each distance. */
static struct realism_line *
compare(const struct realism *r)
{
    size_t n = r->n, each = 2 * n - 1, components;
    struct realism_line *line;
    struct halves_range *range;
    struct halves_units *units;
    struct halves h;
    struct err e;

    if (halves_make(&h, r->set, n, o.splits, o.seed, &e) == -1)
        cli_fail(&e);
    components = components_for(&h);
    if ((line = mem_array(2 * each, sizeof(*line), &e)) == NULL ||
        (range = mem_array(n * VALUES, sizeof(*range), &e)) == NULL ||
        (units = mem_array(n, sizeof(*units), &e)) == NULL)
        cli_fail(&e);
    if (halves_compare(&h, measure, &components, VALUES, range, units, &e) == -1)
        cli_fail(&e);
    realism_lines(r, &h, "kid", range + KID, VALUES, units, line);
    realism_lines(r, &h, "frechet", range + FRECHET, VALUES, units, line + each);
    for (size_t k = 0; k < n; k++) {
        struct realism_line *l = line + each + (k == 0 ? each - 1 : 2 * k - 1);

        l->components = (size_t)range[k * VALUES + USED].least;
        if (k > 0)
            compare_all(&r->set[0], &r->set[k], components, &line[2 * k - 2], l - 1);
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
    (o.table ? realism_table : realism_tsv)(stdout, line, 2 * (2 * n - 1));
    cli_close_stdout();
    free(line);
    realism_free(&r);
    return 0;
}
