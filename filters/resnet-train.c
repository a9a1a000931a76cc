/*
 * resnet-train - trains ResNet-50, or a small network, to tell malignant patches from normal and
 * benign ones.
 *
 * The paper, "Results": batch 1, Adam 1e-5, 500,000 samples; every 5,000 the validation patches are
 * scored, and the weights with the highest area under the ROC curve are kept (--schedule constant
 * --keep best).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/progress.h"
#include "nn/backend.h"
#include "train/classify.h"
#include "train/resume.h"

enum { BN_AUTO }; /* the others follow in the order of enum norm_mode */

static struct opts {
    const char *val, *out, *state, *init, *log;
    int net, stem, bn, freeze, schedule, keep, resume, progress;
    size_t samples, every, batch, save_every, log_every, threads;
    double width, lr, weight_decay, average, beta1, beta2, epsilon;
    uint64_t seed;
} o = {.samples = 500000,
       .every = 5000,
       .batch = 1,
       .save_every = 5000,
       .log_every = 500,
       .lr = 1e-5,
       .schedule = SCHEDULE_COSINE,
       .beta1 = 0.9,
       .beta2 = 0.999,
       .epsilon = 1e-8,
       .seed = 1};

static const char *const nets[] = {"resnet50", "small", NULL};
static const char *const stems[] = {"imagenet", "small", NULL};
static const char *const keeps[] = {"last", "best", NULL};
static const char *const bn_words[] = {"auto", "frozen", "update", "batch", NULL};
static const char *const freeze_words[] = {"none",   "stem",   "layer1", "layer2",
                                           "layer3", "layer4", NULL};

static const struct cli_opt options[] = {
    CLI_TEXT('V', "val", "FILE", &o.val, "stream of validation patches, a file"),
    CLI_LOCAL_TEXT('o', "out", "FILE", &o.out, "the weights that are kept"),
    CLI_LOCAL_TEXT(0, "state", "FILE", &o.state,
                   "everything needed to resume (default: OUT.state)"),
    CLI_LOCAL_FLAG(0, "resume", &o.resume, "go on from the state"),
    CLI_TEXT('i', "init", "FILE", &o.init, "weights to start from: .safetensors, .pth, .ckpt"),
    CLI_CHOICE(0, "net", &o.net, nets, "the network"),
    CLI_CHOICE(0, "stem", &o.stem, stems,
               "how ResNet-50 begins: as for photographs, or without stride and pooling"),
    CLI_CHOICE(0, "bn", &o.bn, bn_words,
               "batch normalisation; auto = frozen with --init, else update"),
    CLI_CHOICE(0, "freeze", &o.freeze, freeze_words, "stages that do not learn, up to this one"),
    CLI_REAL('w', "width", "X", &o.width, 0, 4, "multiplies the channels; 0 = as in --init, or 1"),
    CLI_SIZE('n', "samples", "N", &o.samples, 1, 1e12, "patches to train on"),
    CLI_SIZE(0, "every", "N", &o.every, 1, 1e12, "patches between validations"),
    CLI_SIZE('b', "batch", "N", &o.batch, 1, 1024, "patches in an update"),
    CLI_REAL(0, "lr", "X", &o.lr, 0, 1, "Adam: learning rate"),
    CLI_CHOICE(0, "schedule", &o.schedule, schedule_words, "how the rate falls"),
    CLI_REAL(0, "weight-decay", "X", &o.weight_decay, 0, 10, "Adam: decay of the weights"),
    CLI_REAL(0, "average", "X", &o.average, 0, 0.999999,
             "decay of the running average that is kept; 0 = none"),
    CLI_CHOICE(0, "keep", &o.keep, keeps, "which weights"),
    CLI_REAL(0, "beta1", "X", &o.beta1, 0, 0.9999, "Adam: decay of the mean"),
    CLI_REAL(0, "beta2", "X", &o.beta2, 0, 0.999999, "Adam: decay of the square"),
    CLI_REAL(0, "epsilon", "X", &o.epsilon, 1e-30, 1, "Adam: added to the root"),
    CLI_LOCAL_SIZE(0, "save-every", "N", &o.save_every, 1, 1e12, "patches between states"),
    CLI_LOCAL_SIZE(0, "log-every", "N", &o.log_every, 1, 1e12, "patches between losses in the log"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_LOG(&o.log),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "resnet-train", "", "Trains a classifier to tell malignant patches from all others.",
    options,        0,  0};

static void
check_options(void)
{
    if (o.out == NULL)
        cli_usage("--out is needed");
    if (o.keep == KEEP_BEST && o.val == NULL)
        cli_usage("--keep: the best weights are those that --val chooses");
    if (o.net == NET_SMALL && (o.stem != STEM_IMAGENET || o.freeze > 0))
        cli_usage("--stem and --freeze go with --net resnet50");
    if (o.bn == BN_AUTO)
        o.bn = 1 + (o.init != NULL ? NORM_FROZEN : NORM_UPDATE);
    if (o.bn == 1 + NORM_FROZEN && o.init == NULL)
        cli_usage("--bn: frozen needs the statistics of trained weights (--init)");
    if (o.freeze > 0 && o.init == NULL)
        cli_usage("--freeze: random weights that do not learn are of no use (--init)");
    if (o.width > 0 && o.width < 1.0 / 64)
        cli_usage("--width: %g leaves less than a channel", o.width);
    if (o.val != NULL && strcmp(o.val, "-") == 0)
        cli_usage("--val: standard input holds the patches to train on");
    if (o.state != NULL && strcmp(o.state, o.out) == 0)
        cli_usage("--state and --out are one file");
}

static struct classify_config
config(const char *history)
{
    return (struct classify_config){.net = {.net = (enum classifier_net)o.net,
                                            .stem = (enum resnet_stem)o.stem,
                                            .width = o.width,
                                            .bn = (enum norm_mode)(o.bn - 1),
                                            .frozen = (size_t)o.freeze},
                                    .adam = {.rate = o.lr,
                                             .beta1 = o.beta1,
                                             .beta2 = o.beta2,
                                             .epsilon = o.epsilon,
                                             .decay = o.weight_decay},
                                    .schedule = (enum schedule)o.schedule,
                                    .average = o.average,
                                    .keep = (enum classify_keep)o.keep,
                                    .batch = o.batch,
                                    .samples = o.samples,
                                    .every = o.every,
                                    .seed = o.seed,
                                    .init = o.init,
                                    .history = history};
}

/* The run record: the first line of a log. */
static int
log_start(struct jsonl *log, const struct classify *c, struct err *e)
{
    const struct params *ps = &c->net.params;
    size_t learning = 0;

    for (size_t i = classifier_first_trainable(&c->net); i < ps->n; i++)
        learning += ps->p[i]->w.n;
    jsonl_begin(log);
    jsonl_text(log, "run", c->config.history);
    jsonl_text(log, "engine", backend_name());
    jsonl_int(log, "threads", backend_threads((int)o.threads));
    jsonl_text(log, "start", o.init ? o.init : "random");
    jsonl_text(log, "left_out", c->origin);
    jsonl_text(log, "net", nets[o.net]);
    jsonl_text(log, "bn", bn_words[o.bn]);
    jsonl_real(log, "width", c->config.net.width);
    jsonl_int(log, "size", (int64_t)c->size);
    jsonl_int(log, "parameters", (int64_t)ps->count);
    jsonl_int(log, "learning", (int64_t)learning);
    jsonl_int(log, "validation", (int64_t)c->validation.n);
    jsonl_int(log, "validation_malignant", (int64_t)c->validation.positives);
    jsonl_int(log, "resumed_at", (int64_t)c->steps);
    return jsonl_end(log, e);
}

static void
train(struct classify *c, struct jsonl *log)
{
    double began = progress_clock();
    struct progress p;
    struct err e;
    char note[96];
    int better;

    progress_start(&p, "resnet-train", "patches", classify_samples(c), o.samples, o.progress);
    while (classify_samples(c) < o.samples) {
        if (classify_step(c, &e) == -1)
            cli_fail(&e);
        snprintf(note, sizeof(note), "loss %.3f", c->loss_sum / (double)c->loss_count);
        if (c->auc >= 0)
            snprintf(note + strlen(note), sizeof(note) - strlen(note), ", AUC %.3f", c->auc);
        if (classify_due(c, o.log_every)) {
            if (classify_log_loss(c, progress_clock() - began, log, &e) == -1)
                cli_fail(&e);
            began = progress_clock();
        }
        if (o.val != NULL && classify_due(c, o.every)) {
            double start = progress_clock();

            if (classify_evaluate(c, &better, &e) == -1 ||
                (better && o.keep == KEEP_BEST && classify_export(c, o.out, &e) == -1) ||
                classify_log_evaluation(c, progress_clock() - start, log, &e) == -1)
                cli_fail(&e);
            began += progress_clock() - start;
        }
        if ((classify_due(c, o.save_every) || cli_stopped()) && classify_save(c, o.state, &e) == -1)
            cli_fail(&e);
        if (cli_stopped() && classify_samples(c) < o.samples)
            cli_failf("stopped after %llu patches; --resume goes on from %s",
                      (unsigned long long)classify_samples(c), o.state);
        progress_at(&p, classify_samples(c), note);
    }
    progress_end(&p, classify_samples(c));
}

int
main(int argc, char **argv)
{
    struct classify c;
    struct classify_config conf;
    struct jsonl log;
    struct err e;
    char *history, *state = NULL;

    backend_start(argv);
    cli_parse(&prog, argc, argv);
    check_options();
    if (o.state == NULL)
        o.state = state = mem_printf(&e, "%s.state", o.out);
    history = cli_history(&prog, &e);
    if (history == NULL || o.state == NULL)
        cli_fail(&e);
    backend_threads((int)o.threads);
    cli_catch_stop();

    conf = config(history);
    if (classify_init(&c, &conf, "-", o.val, o.resume, &e) == -1 ||
        (o.resume ? classify_load(&c, o.state, o.out, &e) : classify_save(&c, o.state, &e)) == -1)
        cli_fail(&e);
    if (!o.resume && c.origin[0] != '\0')
        cli_warn("%s: %s", o.init, c.origin);
    if ((o.resume && o.log != NULL && resume_trim_log(o.log, c.steps, &e) == -1) ||
        jsonl_open(&log, o.log, o.resume, &e) == -1 || log_start(&log, &c, &e) == -1)
        cli_fail(&e);

    train(&c, &log);
    if ((o.keep == KEEP_LAST && classify_export(&c, o.out, &e) == -1) ||
        jsonl_close(&log, &e) == -1)
        cli_fail(&e);
    classify_free(&c);
    free(history);
    free(state);
    return 0;
}
