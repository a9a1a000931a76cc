/*
 * lesion-stats - measures the lesions of patches, one line each, so that real and synthetic ones
 * can be compared; or passes the patches on with their measures, so that they can be chosen by
 * them.
 *
 * How a lesion is found and what is measured stands in patch/lesion_stats.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/progress.h"
#include "patch/lesion_stats.h"
#include "stream/score_line.h"
#include "stream/tstream.h"

static const char *const regions[] = {"found", "mask", NULL};
static const char *const planes[] = {"image", "base", NULL};

static struct opts {
    struct lesion_options l;
    int region, plane, whole, pass, progress;
} o = {.l = LESION_DEFAULTS};

static const struct cli_opt options[] = {
    CLI_CHOICE(0, "region", &o.region, regions,
               "what is measured: the lesion found from the mask's brightest pixel, or the mask"),
    CLI_CHOICE(0, "plane", &o.plane, planes,
               "the patch as it is, or as it was before it was given a lesion"),
    CLI_FLAG(0, "whole", &o.whole, "leave out lesions that the edge of the patch may cut"),
    CLI_FLAG(0, "pass", &o.pass, "pass the patches on, measures in their metadata; no table"),
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

/* With --pass: where the patches go, and what their history gets. */
static struct ts_writer *out;
static char *history;

/* What is measured, in the order of the table. */
static const char *const names[] = {"area", "mean",      "sd",           "contrast",
                                    "edge", "roundness", "eccentricity", "cut"};
enum { MEASURES = sizeof(names) / sizeof(names[0]) };

/* Prints the line of a record, or passes it on. */
static int
put(struct ts_record *rec, const struct lesion_measures *m, struct err *e)
{
    const double value[MEASURES] = {m->area, m->mean,      m->sd,           m->contrast,
                                    m->edge, m->roundness, m->eccentricity, m->cut};

    if (!o.pass) {
        score_line_fields(stdout, rec);
        for (int k = 0; k < MEASURES; k++)
            printf("%.9g%c", value[k], k + 1 < MEASURES ? '\t' : '\n');
        return 0;
    }
    for (int k = 0; k < MEASURES; k++) {
        char key[32];

        snprintf(key, sizeof(key), "lesion_%s", names[k]);
        if (ts_meta_setf(rec, key, e, "%.9g", value[k]) == -1)
            return -1;
    }
    return ts_history_add(rec, history, e) == -1 ? -1 : ts_write(out, rec, e);
}

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
        if (put(&rec, &m, &e) == -1)
            cli_fail(&e);
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
    struct err e;

    o.l.region = o.region == 0 ? LESION_FOUND : LESION_MASK;
    o.l.plane = planes[o.plane];
    if (o.pass && ((history = cli_history(&prog, &e)) == NULL || (out = ts_stdout(&e)) == NULL))
        cli_fail(&e);
    if (!o.pass) {
        score_line_fields(stdout, NULL);
        for (int k = 0; k < MEASURES; k++)
            printf("%s%c", names[k], k + 1 < MEASURES ? '\t' : '\n');
    }
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
    if (o.pass && ts_finish(out, &e) == -1)
        cli_fail(&e);
    if (!o.pass)
        cli_close_stdout();
    free(history);
    return 0;
}
