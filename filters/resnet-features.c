/*
 * resnet-features - what a classifier sees in patches: the pooled features in front of its last
 * layer, for tsne, frechet and precision-recall.
 *
 * The paper, "t-SNE Embedding": features of the last layer of the classifier trained on real
 * patches alone.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/progress.h"
#include "nn/backend.h"
#include "stream/tstream.h"
#include "train/predictor.h"

static struct opts {
    const char *model;
    int progress;
    size_t size, batch, threads;
} o = {.batch = 8};

static const struct cli_opt options[] = {
    CLI_TEXT('m', "model", "FILE", &o.model,
             "what resnet-train made, or any ResNet-50: .safetensors, .pth, .ckpt"),
    CLI_SIZE(0, "size", "PX", &o.size, 0, 1024,
             "bring patches to this side; 0 = what the model was trained on, or leave them"),
    CLI_SIZE('b', "batch", "N", &o.batch, 1, 1024, "patches looked at at once"),
    CLI_THREADS(&o.threads),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "resnet-features",
    "",
    "Writes the features that a classifier sees in patches, one record each.",
    options,
    0,
    0};

/* The side of a stream whose first record is at hand. */
static size_t
side(const struct predictor *m, const struct ts_record *first)
{
    const struct ts_tensor *x = ts_find(first, "image");
    size_t size = o.size ? o.size : m->size;

    if (size == 0 && x != NULL && x->rank == 2)
        size = x->shape[0];
    if (size != 0 && !classifier_takes(&m->net.config, size))
        cli_failf("stdin: record 0: patches of %zu pixels do not fit the network (--size)", size);
    return size ? size : 32;
}

static void
write_features(struct predict_batch *b, struct ts_writer *w, const char *history)
{
    struct err e;

    if (predict_batch_run(b, &e) == -1)
        cli_fail(&e);
    for (size_t i = 0; i < b->n; i++)
        if (predict_batch_put_features(b, i, &e) == -1 ||
            ts_history_add(&b->record[i], history, &e) == -1 ||
            ts_write(w, &b->record[i], &e) == -1)
            cli_fail(&e);
    b->n = 0;
}

int
main(int argc, char **argv)
{
    struct predictor model;
    struct predict_batch batch = {0};
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *out;
    struct progress p;
    struct err e;
    char *history;
    int rc;

    backend_start(argv);
    cli_parse(&prog, argc, argv);
    if (o.model == NULL)
        cli_usage("--model is needed");
    if (o.size != 0 && o.size < 16)
        cli_usage("--size: %zu is less than 16", o.size);
    backend_threads((int)o.threads);
    history = cli_history(&prog, &e);
    if (history == NULL || predictor_load_any(&model, o.model, &e) == -1 ||
        (in = ts_open("-", &e)) == NULL || (out = ts_stdout(&e)) == NULL)
        cli_fail(&e);
    progress_start(&p, "resnet-features", "patches", 0, 0, o.progress);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        /* A size that nobody named is that of the first patch, and then of all. */
        if (batch.room == 0 && predict_batch_init(&batch, &model, side(&model, &rec),
                                                  o.size || model.size, o.batch, &e) == -1)
            cli_fail(&e);
        if (predict_batch_add(&batch, &rec, &e) == -1) {
            err_in(&e, "stdin: record %" PRIu64, ts_count(in) - 1);
            cli_fail(&e);
        }
        if (batch.n == o.batch)
            write_features(&batch, out, history);
        progress_at(&p, ts_count(in), NULL);
    }
    if (rc == -1)
        cli_fail(&e);
    write_features(&batch, out, history);
    if (ts_finish(out, &e) == -1)
        cli_fail(&e);
    progress_end(&p, ts_count(in));
    ts_clear(&rec);
    predict_batch_free(&batch);
    ts_close(in);
    predictor_free(&model);
    free(history);
    return 0;
}
