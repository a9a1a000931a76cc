/*
 * resnet-predict - scores of patches by a classifier that resnet-train made, in the order they
 * came.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/progress.h"
#include "io/output.h"
#include "nn/backend.h"
#include "stats/logistic.h"
#include "stream/score_line.h"
#include "stream/tstream.h"
#include "train/predictor.h"

static struct opts {
    const char *model, *features;
    int allow_seen, progress;
    size_t batch, threads;
} o = {.batch = 8};

static const struct cli_opt options[] = {
    CLI_TEXT('m', "model", "FILE", &o.model, "classifier that resnet-train made"),
    CLI_LOCAL_TEXT(0, "features", "FILE", &o.features, "write the pooled features as a stream"),
    CLI_FLAG(0, "allow-seen", &o.allow_seen, "score patients that the model was trained on"),
    CLI_SIZE('b', "batch", "N", &o.batch, 1, 1024, "patches scored at once"),
    CLI_THREADS(&o.threads),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "resnet-predict", "", "Scores patches: the probability of malignant, one line each.",
    options,          0,  0};

static struct output features; /* all or nothing */

_Noreturn static void
fail(const struct err *e)
{
    output_abort(&features);
    cli_fail(e);
}

/* Takes over a record; `index` is its place in the stream. */
static void
take(struct predict_batch *b, struct ts_record *rec, uint64_t index)
{
    const char *patient = ts_meta_or(rec, "patient", "");
    struct err e;
    int rc = score_line_check(rec, &e);

    if (rc == 0 && !o.allow_seen && patients_has(&b->model->patients, patient))
        rc = err_set(&e, "the model was trained on patient %s (--allow-seen)", patient);
    if (rc == -1 || predict_batch_add(b, rec, &e) == -1) {
        err_in(&e, "stdin: record %" PRIu64, index);
        fail(&e);
    }
}

static void
score(struct predict_batch *b, struct ts_writer *w, const char *history)
{
    struct err e;

    if (predict_batch_run(b, &e) == -1)
        fail(&e);
    for (size_t i = 0; i < b->n; i++) {
        score_line_write(stdout, &b->record[i], logistic_probability(b->odds[i]));
        if (w != NULL && (predict_batch_put_features(b, i, &e) == -1 ||
                          ts_history_add(&b->record[i], history, &e) == -1 ||
                          ts_write(w, &b->record[i], &e) == -1))
            fail(&e);
    }
    b->n = 0;
}

int
main(int argc, char **argv)
{
    struct predictor model;
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *w = NULL;
    struct progress p;
    struct predict_batch batch;
    struct err e;
    char *history;
    int rc;

    backend_start(argv);
    cli_parse(&prog, argc, argv);
    if (o.model == NULL)
        cli_usage("--model is needed");
    backend_threads((int)o.threads);
    history = cli_history(&prog, &e);
    if (history == NULL || predictor_load(&model, o.model, &e) == -1 ||
        predict_batch_init(&batch, &model, model.size, 0, o.batch, &e) == -1 ||
        (in = ts_open("-", &e)) == NULL ||
        (o.features != NULL &&
         (output_open(&features, o.features, &e) == -1 ||
          (w = ts_create(dup(fileno(features.file)), o.features, &e)) == NULL)))
        fail(&e);
    progress_start(&p, "resnet-predict", "patches", 0, 0, o.progress);
    score_line_head(stdout);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        take(&batch, &rec, ts_count(in) - 1);
        if (batch.n == o.batch)
            score(&batch, w, history);
        progress_at(&p, ts_count(in), NULL);
    }
    if (rc == -1)
        fail(&e);
    score(&batch, w, history);
    if (w != NULL && (ts_finish(w, &e) == -1 || output_commit(&features, &e) == -1))
        fail(&e);
    progress_end(&p, ts_count(in));
    predict_batch_free(&batch);
    ts_close(in);
    predictor_free(&model);
    free(history);
    cli_close_stdout();
    return 0;
}
