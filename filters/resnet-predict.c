/*
 * resnet-predict - scores of patches by a classifier that resnet-train made, in the order they
 * came.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/progress.h"
#include "io/output.h"
#include "nn/backend.h"
#include "stream/score_line.h"
#include "stream/tstream.h"
#include "train/classify.h"

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

/* Up to o.batch records, and what the network says of them. */
static struct held {
    struct ts_record *record;
    real *patch, *features;
    double *odds;
    size_t n, length;
} held;

static struct output features; /* all or nothing */

_Noreturn static void
fail(const struct err *e)
{
    output_abort(&features);
    cli_fail(e);
}

static void
prepare(const struct classify_model *m)
{
    struct err e;

    held.length = resnet50_features(&m->net);
    held.record = mem_array(o.batch, sizeof(*held.record), &e);
    held.patch = mem_array(o.batch, m->size * m->size * sizeof(real), &e);
    held.features = mem_array(o.batch, held.length * sizeof(real), &e);
    held.odds = mem_array(o.batch, sizeof(double), &e);
    if (!held.record || !held.patch || !held.features || !held.odds)
        fail(&e);
}

/* Takes over a record; `index` is its place in the stream. */
static void
take(const struct classify_model *m, struct ts_record *rec, uint64_t index)
{
    const char *patient = ts_meta_or(rec, "patient", "");
    struct err e;
    float *plane = feed_plane(rec, "image", m->size, &e);
    int fit = plane != NULL && score_line_check(rec, &e) == 0;

    if (fit && !o.allow_seen && patients_has(&m->patients, patient))
        fit = !err_set(&e, "the model was trained on patient %s (--allow-seen)", patient);
    if (!fit) {
        free(plane);
        err_in(&e, "stdin: record %" PRIu64, index);
        fail(&e);
    }
    for (size_t i = 0; i < m->size * m->size; i++)
        held.patch[held.n * m->size * m->size + i] = (real)plane[i];
    free(plane);
    ts_clear(&held.record[held.n]);
    held.record[held.n++] = *rec;
    *rec = (struct ts_record){0};
}

static void
write_features(struct ts_writer *w, struct ts_record *r, const real *v, const char *history)
{
    struct ts_tensor *x;
    struct err e;

    while (r->n_tensors > 0)
        ts_drop(r, r->tensor[0].name);
    x = ts_put(r, "features", TS_F32, 1, &held.length, &e);
    if (x == NULL)
        fail(&e);
    for (size_t i = 0; i < held.length; i++)
        ((float *)x->data)[i] = (float)v[i];
    if (ts_history_add(r, history, &e) == -1 || ts_write(w, r, &e) == -1)
        fail(&e);
}

static void
score(struct classify_model *m, struct tape *t, struct ts_writer *w, const char *history)
{
    if (held.n == 0)
        return;
    resnet50_apply(t, &m->net, held.patch, held.n, m->size, held.features, held.odds);
    for (size_t i = 0; i < held.n; i++) {
        struct ts_record *r = &held.record[i];

        if (!isfinite(held.odds[i])) {
            struct err e;

            err_set(&e, "%s: the score is not finite", ts_meta_or(r, "id", "?"));
            fail(&e);
        }
        score_line_write(stdout, r, classify_probability(held.odds[i]));
        if (w != NULL)
            write_features(w, r, held.features + i * held.length, history);
    }
    held.n = 0;
}

int
main(int argc, char **argv)
{
    struct classify_model model;
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *w = NULL;
    struct progress p;
    struct tape *tape;
    struct err e;
    char *history;
    int rc;

    backend_start(argv);
    cli_parse(&prog, argc, argv);
    if (o.model == NULL)
        cli_usage("--model is needed");
    backend_threads((int)o.threads);
    history = cli_history(&prog, &e);
    if (history == NULL || classify_model_load(&model, o.model, &e) == -1 ||
        (in = ts_open("-", &e)) == NULL ||
        (o.features != NULL &&
         (output_open(&features, o.features, &e) == -1 ||
          (w = ts_create(dup(fileno(features.file)), o.features, &e)) == NULL)))
        fail(&e);
    prepare(&model);
    tape = tape_open();
    progress_start(&p, "resnet-predict", "patches", 0, 0, o.progress);
    score_line_head(stdout);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        take(&model, &rec, ts_count(in) - 1);
        if (held.n == o.batch)
            score(&model, tape, w, history);
        progress_at(&p, ts_count(in), NULL);
    }
    if (rc == -1)
        fail(&e);
    score(&model, tape, w, history);
    if (w != NULL && (ts_finish(w, &e) == -1 || output_commit(&features, &e) == -1))
        fail(&e);
    progress_end(&p, ts_count(in));
    for (size_t i = 0; i < o.batch; i++)
        ts_clear(&held.record[i]);
    free(held.record);
    free(held.patch);
    free(held.features);
    free(held.odds);
    tape_close(tape);
    ts_close(in);
    classify_model_free(&model);
    free(history);
    cli_close_stdout();
    return 0;
}
