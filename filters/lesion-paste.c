/*
 * lesion-paste - blends real lesions into the patches of a stream: a stage that is no GAN, in
 * gan-gen's place.
 *
 * The input patch becomes `base`, the lesion of a training patch, with its spicules and without its
 * surroundings, `lesion`, and base + lesion `image`.  `mask` is the lesion's own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/progress.h"
#include "patch/paste.h"
#include "patch/pool.h"

static struct opts {
    struct paste_config c;
    struct cli_list lesions;
    size_t variants;
    int progress, place;
    uint64_t seed;
} o = {.c = PASTE_DEFAULTS, .variants = 1, .seed = 1};

static const char *const places[] = {"source", "centre", NULL};

static const struct cli_opt options[] = {
    CLI_LIST(0, "lesions", "FILE", &o.lesions, "training patches of lesions, with masks"),
    CLI_CHOICE(0, "place", &o.place, places,
               "where the lesion goes: as in its patch, or the middle"),
    CLI_FLAG(0, "no-flip", &o.c.no_flip, "do not flip lesions"),
    CLI_FLAG(0, "no-rotate", &o.c.no_rotate, "do not turn lesions"),
    CLI_REAL(0, "max-cut", "SHARE", &o.c.max_cut, 0, 1,
             "leave out lesions of whose perimeter more is at their patch's edge"),
    CLI_SIZE(0, "variants", "N", &o.variants, 1, 100000, "synthetic patches for each input"),
    CLI_SEED(&o.seed),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "lesion-paste", "", "Blends real lesions into the patches of a stream.", options, 0, 0};

/* Lesions of each verdict. */
static uint64_t seen[PASTE_VERDICTS];

static int
check_donor(const struct ts_record *rec, const void *arg, struct err *e)
{
    int verdict = paste_donor(arg, rec, e);

    if (verdict == -1)
        return -1;
    seen[verdict]++;
    return verdict == PASTE_GOOD;
}

static void
tell_left_out(const struct pool *lesions)
{
    char why[200] = "";
    size_t n = 0;

    for (int v = PASTE_GOOD + 1; v < PASTE_VERDICTS; v++)
        if (seen[v] > 0)
            n += (size_t)snprintf(why + n, sizeof(why) - n, ", %" PRIu64 " %s", seen[v],
                                  paste_word((enum paste_verdict)v));
    if (n > 0)
        cli_warn("%" PRIu64 " of %zu lesions left out: %s", lesions->left_out,
                 lesions->n + (size_t)lesions->left_out, why + 2);
}

int
main(int argc, char **argv)
{
    struct ts_record in = {0}, donor = {0}, out = {0};
    struct ts_reader *reader;
    struct ts_writer *writer;
    struct pool lesions = {0};
    struct progress p;
    struct err e;
    char *history, purpose[48];
    uint64_t made = 0, index;
    int rc;

    cli_parse(&prog, argc, argv);
    o.c.centre = o.place == 1;
    if (o.lesions.n == 0)
        cli_usage("--lesions is needed");
    if ((history = cli_history(&prog, &e)) == NULL || (reader = ts_open("-", &e)) == NULL ||
        (writer = ts_stdout(&e)) == NULL ||
        pool_open(&lesions, o.lesions.item, o.lesions.n, check_donor, &o.c, &e) == -1)
        cli_fail(&e);
    tell_left_out(&lesions);

    progress_start(&p, "lesion-paste", "patches", 0, 0, o.progress);
    while ((rc = ts_read(reader, &in, &e)) == 1) {
        index = ts_count(reader) - 1;
        for (size_t k = 0; k < o.variants; k++, progress_at(&p, ++made, NULL)) {
            struct rng r;

            snprintf(purpose, sizeof(purpose), "lesion-paste.%zu", k);
            r = rng_at(o.seed, purpose, index);
            if (pool_draw(&lesions, &r, &donor, &e) == -1)
                cli_fail(&e);
            if (paste_record(&o.c, &in, &donor, o.seed, index, k, &out, &e) == -1) {
                err_in(&e, "%s: record %" PRIu64, ts_name(reader), index);
                cli_fail(&e);
            }
            if (ts_history_add(&out, history, &e) == -1 || ts_write(writer, &out, &e) == -1)
                cli_fail(&e);
        }
    }
    if (rc == -1 || ts_finish(writer, &e) == -1)
        cli_fail(&e);
    progress_end(&p, made);
    pool_close(&lesions);
    ts_close(reader);
    ts_clear(&in);
    ts_clear(&donor);
    ts_clear(&out);
    free(history);
    return 0;
}
