/*
 * lesion-compare - how the lesions of two tables of lesion-stats differ, real and synthetic ones.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "stats/measures.h"

static struct opts {
    size_t draws;
    double level;
    uint64_t seed;
    int table;
} o = {.draws = 2000, .level = 0.95, .seed = 1};

static const struct cli_opt options[] = {
    CLI_SIZE(0, "draws", "N", &o.draws, 100, 1000000, "draws of the bootstrap"),
    CLI_REAL(0, "level", "SHARE", &o.level, 0.5, 0.999, "level of the intervals"),
    CLI_FLAG(0, "table", &o.table, "print a table to read instead of TSV"),
    CLI_SEED(&o.seed),
    CLI_END,
};

static const struct cli_prog prog = {
    "lesion-compare",
    "REAL SYNTHETIC",
    "How the lesions of two tables of lesion-stats differ, measure by measure.",
    options,
    2,
    2};

static void
print_head(const struct measures *m)
{
    if (o.table) {
        printf("Lesions: %zu of %zu patients, and %zu of %zu; %g %% intervals by patient\n\n",
               m->rows[0], m->patients_of[0], m->rows[1], m->patients_of[1], 100 * o.level);
        printf("%-12s  %-32s  %-32s  %-32s  distance\n", "", "first: median [quartiles]",
               "second: median [quartiles]", "difference of medians");
        return;
    }
    puts("measure\tn1\tpatients1\tlower_quartile1\tmedian1\tupper_quartile1\tn2\tpatients2\t"
         "lower_quartile2\tmedian2\tupper_quartile2\tdifference\tdifference_lower\t"
         "difference_upper\tdistance\tdistance_lower\tdistance_upper");
}

static void
print_line(const struct measures *m, const char *name, const struct two_samples_result *r)
{
    char part[3][64];

    if (!o.table) {
        printf("%s", name);
        for (int k = 0; k < 2; k++)
            printf("\t%zu\t%zu\t%.9g\t%.9g\t%.9g", m->rows[k], m->patients_of[k], r->quartile[k][0],
                   r->quartile[k][1], r->quartile[k][2]);
        printf("\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n", r->difference, r->difference_lower,
               r->difference_upper, r->distance, r->distance_lower, r->distance_upper);
        return;
    }
    for (int k = 0; k < 2; k++)
        snprintf(part[k], sizeof(part[k]), "%.4g [%.4g, %.4g]", r->quartile[k][1],
                 r->quartile[k][0], r->quartile[k][2]);
    snprintf(part[2], sizeof(part[2]), "%+.4g [%+.4g, %+.4g]", r->difference, r->difference_lower,
             r->difference_upper);
    printf("%-12s  %-32s  %-32s  %-32s  %.3f [%.3f, %.3f]\n", name, part[0], part[1], part[2],
           r->distance, r->distance_lower, r->distance_upper);
}

int
main(int argc, char **argv)
{
    int first = cli_parse(&prog, argc, argv);
    struct two_samples_result r;
    struct two_samples s;
    struct measures m;
    struct err e;

    if (measures_read(&m, argv[first], argv[first + 1], &e) == -1)
        cli_fail(&e);
    s = measures_samples(&m);
    for (size_t k = 0; k < m.columns; k++) {
        if (two_samples_compare(&s, m.value[k], o.draws, o.level, o.seed, &r, &e) == -1)
            cli_fail(&e);
        if (k == 0)
            print_head(&m);
        print_line(&m, m.name[k], &r);
    }
    measures_free(&m);
    cli_close_stdout();
    return 0;
}
