/*
 * lesion-postproc - cleans up the lesions that gan-gen grew (or removed) and adds them to their
 * patches.
 *
 * The paper, "Synthetic dataset", step 4: threshold, largest object, discard if small, expand,
 * smooth, multiply, add.  Patches whose object is too small are left out of the output.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "base/progress.h"
#include "patch/postproc.h"
#include "stream/tstream.h"

enum { RATIO_BINS = 1000 };

struct opts {
    struct postproc_config c;
    int connectivity, keep_discarded, progress;
    const char *log;
};

/* What happened to the whole stream. */
struct summary {
    uint64_t verdict[POSTPROC_VERDICTS];
    double residual; /* sum over the kept ones of which it is known, and their number */
    uint64_t measured;
    uint64_t ratio[RATIO_BINS + 1]; /* histogram of peak after / peak before */
};

/* To a thousandth, however long the stream was.  Not-a-number where nothing was kept. */
static double
median_ratio(const struct summary *s)
{
    uint64_t seen = 0;

    for (size_t i = 0; i <= RATIO_BINS; i++) {
        seen += s->ratio[i];
        if (s->verdict[POSTPROC_KEPT] > 0 && 2 * seen >= s->verdict[POSTPROC_KEPT])
            return (double)i / RATIO_BINS;
    }
    return NAN;
}

static void
count(struct summary *s, const struct postproc_account *a)
{
    double ratio = a->verdict == POSTPROC_KEPT ? a->peak_after / a->peak_before : 0;

    s->verdict[a->verdict]++;
    if (a->verdict == POSTPROC_KEPT && !isnan(a->residual)) {
        s->residual += a->residual;
        s->measured++;
    }
    if (a->verdict == POSTPROC_KEPT)
        s->ratio[ratio < 1 ? (size_t)(ratio * RATIO_BINS + 0.5) : RATIO_BINS]++;
}

static int
log_record(struct jsonl *l, uint64_t index, const struct ts_record *r,
           const struct postproc_account *a, struct err *e)
{
    jsonl_begin(l);
    jsonl_int(l, "record", (int64_t)index);
    jsonl_text(l, "id", ts_meta_or(r, "id", ""));
    jsonl_text(l, "verdict", postproc_word(a->verdict));
    jsonl_int(l, "area", (int64_t)a->area);
    jsonl_real(l, "share", a->share);
    jsonl_text(l, "bbox", ts_meta_or(r, "bbox", ""));
    jsonl_real(l, "peak_before", a->peak_before);
    jsonl_real(l, "peak_after", a->peak_after);
    jsonl_real(l, "contrast", a->contrast);
    jsonl_real(l, "residual", a->residual);
    return jsonl_end(l, e);
}

static int
log_summary(struct jsonl *l, const struct summary *s, uint64_t records, struct err *e)
{
    jsonl_begin(l);
    jsonl_int(l, "records", (int64_t)records);
    for (int v = POSTPROC_KEPT; v < POSTPROC_VERDICTS; v++)
        jsonl_int(l, postproc_word((enum postproc_verdict)v), (int64_t)s->verdict[v]);
    jsonl_real(l, "median_peak_kept", median_ratio(s));
    jsonl_real(l, "mean_residual", s->measured > 0 ? s->residual / (double)s->measured : NAN);
    return jsonl_end(l, e);
}

int
main(int argc, char **argv)
{
    static const char *const connectivities[] = {"4", "8", NULL};
    struct opts o = {.c = POSTPROC_DEFAULTS};
    const struct cli_opt table[] = {
        CLI_REAL(0, "threshold", "T", &o.c.threshold, -1, 1,
                 "an object is where lesion > T; below T if T is negative (removal)"),
        CLI_CHOICE(0, "connectivity", &o.connectivity, connectivities, "neighbours that connect"),
        CLI_REAL(0, "join", "PX", &o.c.join, 0, 256,
                 "parts up to PX apart are one object (clusters)"),
        CLI_REAL(0, "min-area", "SHARE", &o.c.min_area, 0, 1,
                 "discard objects that cover less of the patch"),
        CLI_REAL(0, "expand", "PX", &o.c.expand, 0, 256, "expand the object"),
        CLI_FLAG(0, "disc", &o.c.disc, "expand by a disc, not by steps of a cross"),
        CLI_REAL(0, "blur", "PX", &o.c.blur, 0, 256, "sigma of the Gaussian at the object's edge"),
        CLI_FLAG(0, "edge-only", &o.c.edge_only, "fade outside the object only"),
        CLI_FLAG(0, "absolute-px", &o.c.absolute_px,
                 "PX are pixels as they are, not of a patch of 256 px"),
        CLI_FLAG(0, "whole", &o.c.whole, "discard lesions that the border cuts"),
        CLI_REAL(0, "border", "PX", &o.c.border, 0, 128,
                 "border that a generator keeps free of lesions"),
        CLI_REAL(0, "residual", "X", &o.c.residual, -1, 1,
                 "removal: discard lesions whose contrast is above X still"),
        CLI_FLAG(0, "keep-discarded", &o.keep_discarded, "pass discarded patches on, marked"),
        CLI_FLAG(0, "keep-generated", &o.c.keep_generated,
                 "keep what came in beside the result, as tensors generated and combined"),
        CLI_LOG(&o.log),
        CLI_PROGRESS(&o.progress),
        CLI_END};
    const struct cli_prog prog = {"lesion-postproc",
                                  "",
                                  "Clean up generated lesions and add them to their patches.",
                                  table,
                                  0,
                                  0};
    struct summary s = {.verdict = {0}};
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *out;
    struct progress p;
    struct jsonl log;
    struct err e = {0};
    char *history;
    int rc;

    cli_parse(&prog, argc, argv);
    if (o.c.residual < 1 && o.c.threshold >= 0)
        cli_usage("--residual goes with removal, a negative --threshold");
    o.c.connectivity = o.connectivity == 0 ? 4 : 8;
    if ((history = cli_history(&prog, &e)) == NULL || (in = ts_open("-", &e)) == NULL ||
        (out = ts_stdout(&e)) == NULL || jsonl_open(&log, o.log, 0, &e) == -1)
        cli_fail(&e);

    progress_start(&p, "lesion-postproc", "patches", 0, 0, o.progress);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        struct postproc_account a;

        if (postproc_record(&o.c, &rec, &a, &e) == -1) {
            err_in(&e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            cli_fail(&e);
        }
        count(&s, &a);
        if (log_record(&log, ts_count(in) - 1, &rec, &a, &e) == -1)
            cli_fail(&e);
        if ((a.verdict == POSTPROC_KEPT || o.keep_discarded) &&
            (ts_history_add(&rec, history, &e) == -1 || ts_write(out, &rec, &e) == -1))
            cli_fail(&e);
        progress_at(&p, ts_count(in), NULL);
    }
    if (rc == -1 || log_summary(&log, &s, ts_count(in), &e) == -1 || jsonl_close(&log, &e) == -1 ||
        ts_finish(out, &e) == -1)
        cli_fail(&e);
    progress_end(&p, ts_count(in));
    cli_warn("%" PRIu64 " patches: %" PRIu64 " kept (median of peak kept %.3f), %" PRIu64
             " empty, %" PRIu64 " too small, %" PRIu64 " cut, %" PRIu64 " not removed",
             ts_count(in), s.verdict[POSTPROC_KEPT], median_ratio(&s), s.verdict[POSTPROC_EMPTY],
             s.verdict[POSTPROC_SMALL], s.verdict[POSTPROC_CUT], s.verdict[POSTPROC_NOT_REMOVED]);
    ts_clear(&rec);
    ts_close(in);
    free(history);
    return 0;
}
