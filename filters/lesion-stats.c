/*
 * lesion-stats - measures the lesions of patches, one line each, so that real and synthetic ones
 * can be compared.
 *
 * How a lesion is found and what is measured stands in patch/lesion_stats.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/cli.h"
#include "base/progress.h"
#include "patch/lesion_stats.h"
#include "stream/score_line.h"
#include "stream/tstream.h"

static const char *const regions[] = {"found", "mask", NULL};
static const char *const planes[] = {"image", "base", NULL};

static struct opts {
    struct lesion_options l;
    int region, plane, whole, progress;
} o = {.l = LESION_DEFAULTS};

static const struct cli_opt options[] = {
    CLI_CHOICE(0, "region", &o.region, regions,
               "what is measured: the lesion found from the mask's brightest pixel, or the mask"),
    CLI_CHOICE(0, "plane", &o.plane, planes,
               "the patch as it is, or as it was before it was given a lesion"),
    CLI_FLAG(0, "whole", &o.whole, "leave out lesions that the edge of the patch may cut"),
    CLI_REAL(0, "smooth", "PX", &o.l.smooth, 0, 64, "sigma of the Gaussian that smooths first"),
    CLI_REAL(0, "reach", "PX", &o.l.reach, 1, 1024,
             "sigma of the Gaussian that keeps a lesion near its brightest pixel"),
    CLI_REAL(0, "ring", "X", &o.l.ring, 0.1, 10, "width of the surroundings, in lesion radii"),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "lesion-stats", "[FILE ...]", "Measures the lesions of patches.", options, 0, 10000};

/* Over all files. */
static struct {
    uint64_t records, empty, cut;
} count;

static struct progress bar;

static void
measure(const char *path)
{
    struct ts_record rec = {0};
    struct lesion_measures m;
    struct ts_reader *in;
    struct err e;
    int rc;

    if ((in = ts_open(path, &e)) == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        int found =
            score_line_check(&rec, &e) == -1 ? -1 : lesion_measure_record(&o.l, &rec, &m, &e);

        if (found == -1) {
            err_in(&e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            cli_fail(&e);
        }
        progress_at(&bar, ++count.records, NULL);
        if (found == 0 || (o.whole && m.cut)) {
            *(found == 0 ? &count.empty : &count.cut) += 1;
            continue;
        }
        score_line_fields(stdout, &rec);
        printf("%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%d\n", m.area, m.mean, m.sd, m.contrast,
               m.edge, m.roundness, m.eccentricity, m.cut);
    }
    if (rc == -1)
        cli_fail(&e);
    ts_clear(&rec);
    ts_close(in);
}

int
main(int argc, char **argv)
{
    int first = cli_parse(&prog, argc, argv);

    o.l.region = o.region == 0 ? LESION_FOUND : LESION_MASK;
    o.l.plane = planes[o.plane];
    score_line_fields(stdout, NULL);
    puts("area\tmean\tsd\tcontrast\tedge\troundness\teccentricity\tcut");
    progress_start(&bar, "lesion-stats", "patches", 0, 0, o.progress);
    if (first == argc)
        measure("-");
    for (int i = first; i < argc; i++)
        measure(argv[i]);
    progress_end(&bar, count.records);
    if (count.empty + count.cut > 0)
        cli_warn("%" PRIu64 " of %" PRIu64 " lesions left out: %" PRIu64
                 " that cannot be measured, "
                 "%" PRIu64 " that may be cut",
                 count.empty + count.cut, count.records, count.empty, count.cut);
    cli_close_stdout();
    return 0;
}
