/*
 * gan-gen - grows a lesion on every patch of a stream with a trained generator, or removes one.
 *
 * The input patch becomes `base`, what the generator adds `lesion`, and base + lesion `image`: the
 * paper's three channels.  Hand the result to lesion-postproc.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/progress.h"
#include "nn/backend.h"
#include "stream/tstream.h"
#include "train/generate.h"

static struct opts {
    const char *model, *category;
    size_t variants, threads;
    int progress;
    uint64_t seed;
} o = {.variants = 1, .seed = 1};

static const struct cli_opt options[] = {
    CLI_TEXT('m', "model", "FILE", &o.model, "generator that gan-train made"),
    CLI_TEXT(0, "category", "NAME", &o.category, "what a conditional generator is to make"),
    CLI_SIZE(0, "variants", "N", &o.variants, 1, 100000, "synthetic patches for each input"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "gan-gen", "", "Grows a lesion on every patch of a stream, or removes one.", options, 0, 0};

int
main(int argc, char **argv)
{
    struct generate model;
    struct ts_record in = {0}, out = {0};
    struct ts_reader *reader;
    struct ts_writer *writer;
    struct progress p;
    struct tape *tape;
    struct err e;
    char *history;
    uint64_t made = 0, index;
    int rc;

    backend_start(argv);
    cli_parse(&prog, argc, argv);
    if (o.model == NULL)
        cli_usage("--model is needed");
    backend_threads((int)o.threads);
    if (generate_open(&model, o.model, o.category, &e) == -1)
        cli_fail(&e);
    history = cli_history(&prog, &e);
    reader = history ? ts_open("-", &e) : NULL;
    writer = reader ? ts_stdout(&e) : NULL;
    if (writer == NULL)
        cli_fail(&e);

    tape = tape_open();
    progress_start(&p, "gan-gen", "patches", 0, 0, o.progress);
    while ((rc = ts_read(reader, &in, &e)) == 1) {
        index = ts_count(reader) - 1;
        for (size_t k = 0; k < o.variants; k++, progress_at(&p, ++made, NULL)) {
            if (generate_patch(tape, &model, &in, o.seed, index, k, &out, &e) == -1) {
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
    tape_close(tape);
    ts_close(reader);
    ts_clear(&in);
    ts_clear(&out);
    generate_close(&model);
    free(history);
    return 0;
}
