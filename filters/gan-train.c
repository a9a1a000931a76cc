/*
 * gan-train - trains the contextual GAN: lesion, benign and normal patches in, a generator out.
 *
 * The paper, section 2.  One iteration is one update of the discriminator and --g-steps of the
 * generator.  --remove exchanges the roles: the generator then turns lesions into normal tissue.
 * Streams that are named by category train one conditional model of all of them.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "base/mem.h"
#include "base/progress.h"
#include "nn/backend.h"
#include "train/gan_streams.h"
#include "train/resume.h"

enum { MOST_SAMPLES = 64 }; /* on a sheet */

enum { SN_NONE, SN_D, SN_GD };
static const char *const sn_words[] = {"none", "d", "gd", NULL};
static const char *const augment_words[] = {"none", "fixed", "ada", NULL}; /* as AUGMENT_* */

static struct opts {
    struct cli_list lesion, benign, normal, removes;
    const char *out, *state, *init, *feature_match, *sheets, *log;
    int remove, resume, anti_alias, no_lesion_channel, two_way;
    int sn, augment, progress;
    size_t size, iterations, half_iterations, fade, batch, g_steps, gp_every, mid, border,
        attention, samples;
    size_t save_every, sheet_every, log_every, threads;
    double width, d_width, leak, aux, gp_lambda, gp_k, gp_sigma, feature_weight;
    size_t ada_images;
    double lr, d_lr, beta1, beta2, epsilon, ema;
    uint64_t seed;
} o = {.size = 256,
       .iterations = 30000,
       .half_iterations = SIZE_MAX,
       .fade = 3000,
       .batch = 8,
       .g_steps = 2,
       .mid = 2048,
       .border = SIZE_MAX,
       .attention = SIZE_MAX,
       .samples = 8,
       .save_every = 500,
       .sheet_every = 500,
       .log_every = 1,
       .width = 1,
       .aux = 0.1,
       .gp_lambda = 10,
       .gp_k = 1,
       .gp_sigma = 0.0124,
       .gp_every = 1,
       .feature_weight = 1,
       .lr = 1e-4,
       .beta1 = 0,
       .beta2 = 0.9,
       .epsilon = 1e-8,
       .leak = 0.2,
       .sn = SN_GD,
       .ada_images = 20000,
       .seed = 1};

static const struct cli_opt options[] = {
    CLI_LIST('L', "lesion", "[NAME=]FILE", &o.lesion,
             "stream of malignant lesion patches ('-' is standard input)"),
    CLI_LIST('B', "benign", "[NAME=]FILE", &o.benign,
             "stream of benign lesion patches; none or empty: three-way loss"),
    CLI_LIST('N', "normal", "[NAME=]FILE", &o.normal,
             "stream of normal patches; NAME: for each category of one conditional model"),
    CLI_LOCAL_TEXT('o', "out", "FILE", &o.out, "the generator, written when training is finished"),
    CLI_LOCAL_TEXT(0, "state", "FILE", &o.state,
                   "everything needed to resume (default: OUT.state)"),
    CLI_LOCAL_FLAG(0, "resume", &o.resume, "go on from the state"),
    CLI_TEXT(0, "init", "FILE", &o.init,
             "start from the weights of another training: its result, or its state"),
    CLI_FLAG(0, "remove", &o.remove, "train the remover: lesions in, normal tissue out"),
    CLI_LIST(0, "removes", "NAME", &o.removes, "the same for a category of a conditional model"),
    CLI_SIZE(0, "size", "PX", &o.size, 32, 512, "side of the patches, a power of two"),
    CLI_REAL('w', "width", "X", &o.width, 0.001, 16,
             "multiplies the number of filters; the paper has 1"),
    CLI_REAL(0, "d-width", "X", &o.d_width, 0, 16,
             "the same for the discriminator alone; 0 = as --width"),
    CLI_SIZE('i', "iterations", "N", &o.iterations, 1, 1e9, "iterations at full size"),
    CLI_SIZE(0, "half-iterations", "N", &o.half_iterations, 0, 1e9,
             "iterations at half size (default: as --iterations)"),
    CLI_SIZE(0, "fade", "N", &o.fade, 0, 1e9, "iterations in which full size is faded in"),
    CLI_SIZE('b', "batch", "N", &o.batch, 1, 4096, "patches of each class in an update"),
    CLI_SIZE(0, "g-steps", "N", &o.g_steps, 1, 100,
             "generator updates for each discriminator update"),
    CLI_REAL(0, "aux-weight", "X", &o.aux, 0, 1e6, "weight of the benign and normal losses"),
    CLI_REAL(0, "gp-lambda", "X", &o.gp_lambda, 0, 1e6, "weight of the gradient penalty; 0 = none"),
    CLI_REAL(0, "gp-k", "X", &o.gp_k, 0, 1e6, "slope that the penalty asks for"),
    CLI_REAL(0, "gp-sigma", "X", &o.gp_sigma, 0, 1,
             "noise round the real patches, in grey levels of [0,1]"),
    CLI_SIZE(0, "gp-every", "N", &o.gp_every, 1, 1000,
             "take the penalty in each N-th update, with N times its weight"),
    CLI_TEXT(0, "feature-match", "FILE", &o.feature_match,
             "have the generator's patches look as real ones to this classifier of resnet-train"),
    CLI_REAL(0, "feature-weight", "X", &o.feature_weight, 0, 1e6,
             "weight of that in the generator's loss; 0 = logged alone"),
    CLI_REAL(0, "lr", "X", &o.lr, 0, 1, "Adam: learning rate"),
    CLI_REAL(0, "d-lr", "X", &o.d_lr, 0, 1, "the discriminator's learning rate; 0 = as --lr"),
    CLI_REAL(0, "beta1", "X", &o.beta1, 0, 0.9999, "Adam: decay of the mean"),
    CLI_REAL(0, "beta2", "X", &o.beta2, 0, 0.999999, "Adam: decay of the square"),
    CLI_REAL(0, "epsilon", "X", &o.epsilon, 1e-30, 1, "Adam: added to the root"),
    CLI_REAL(0, "leak", "X", &o.leak, 0, 1, "slope of LeakyReLU"),
    CLI_SIZE(0, "mid", "N", &o.mid, 0, 65536,
             "filters of the centre at 256 px and width 1; 0 = none"),
    CLI_SIZE(0, "border", "PX", &o.border, 0, 255,
             "border without lesion (default: 10 at 256 px, in proportion)"),
    CLI_SIZE(0, "attention", "PX", &o.attention, 0, 64,
             "side of the map with self-attention (default: an eighth of --size); 0 = none"),
    CLI_CHOICE(0, "sn", &o.sn, sn_words,
               "spectral normalisation: none, of the discriminator, or of both networks"),
    CLI_FLAG(0, "anti-alias", &o.anti_alias,
             "low-pass filters where the discriminator halves maps and the generator doubles them"),
    CLI_FLAG(0, "no-lesion-channel", &o.no_lesion_channel,
             "let the generator write the whole patch, not a lesion"),
    CLI_FLAG(0, "two-way", &o.two_way,
             "tell real from fake alone: leave benign and normal out of the loss"),
    CLI_REAL(0, "ema", "X", &o.ema, 0, 0.999999,
             "keep a running average of the generator with this decay; 0 = none"),
    CLI_CHOICE(0, "augment", &o.augment, augment_words,
               "change what the discriminator sees at random: never, always, as often as it takes"),
    CLI_SIZE(0, "ada-images", "N", &o.ada_images, 1, 1e9,
             "with ada: real patches in which 'never' can become 'always'"),
    CLI_SIZE(0, "samples", "N", &o.samples, 1, MOST_SAMPLES,
             "inputs of the sample sheets, of each category"),
    CLI_LOCAL_TEXT(0, "sheets", "DIR", &o.sheets, "write sample sheets into DIR"),
    CLI_LOCAL_SIZE(0, "sheet-every", "N", &o.sheet_every, 1, 1e9, "iterations between sheets"),
    CLI_LOCAL_SIZE(0, "save-every", "N", &o.save_every, 1, 1e9, "iterations between states"),
    CLI_LOCAL_SIZE(0, "log-every", "N", &o.log_every, 1, 1e9,
                   "iterations between lines of the log"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_LOG(&o.log),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "gan-train", "", "Trains a generator that grows lesions on normal patches, or removes them.",
    options,     0,  0};

/* ---- streams: of one model without a name, or of each category ---- */

static struct gan_streams streams;

static void
read_streams(int stream, struct cli_list *list)
{
    struct err e;

    for (size_t i = 0; i < list->n; i++)
        if (gan_streams_add(&streams, stream, list->item[i], &e) == -1)
            cli_usage("%s", e.text);
    /* Of options without a name the last counts, as everywhere: in the history too. */
    if (streams.n == 0 && list->n > 1) {
        list->item[0] = list->item[list->n - 1];
        list->n = 1;
    }
}

static void
check_streams(void)
{
    struct err e;

    if (o.lesion.n == 0 || o.normal.n == 0 || o.out == NULL)
        cli_usage("--lesion, --normal and --out are needed");
    read_streams(STREAM_LESION, &o.lesion);
    read_streams(STREAM_BENIGN, &o.benign);
    read_streams(STREAM_NORMAL, &o.normal);
    if (gan_streams_check(&streams, &e) == -1 ||
        (o.remove && gan_streams_remove(&streams, NULL, &e) == -1))
        cli_usage("%s", e.text);
    for (size_t i = 0; i < o.removes.n; i++)
        if (gan_streams_remove(&streams, o.removes.item[i], &e) == -1)
            cli_usage("%s", e.text);
}

static void
check_options(void)
{
    check_streams();
    if ((o.size & (o.size - 1)) != 0)
        cli_usage("--size: %zu is not a power of two", o.size);
    if (o.half_iterations == SIZE_MAX)
        o.half_iterations = o.iterations;
    if (o.border == SIZE_MAX)
        o.border = (size_t)lround(10.0 * (double)o.size / 256);
    if (o.attention == SIZE_MAX)
        o.attention = o.size / 8;
    if (o.attention > 0 && !net_attends(o.size, o.attention))
        cli_usage("--attention: no map of %zu px has %zu: a power of two from 4 to %zu", o.size,
                  o.attention, o.size > 128 ? 64 : o.size / 2);
    if (o.state != NULL && strcmp(o.state, o.out) == 0)
        cli_usage("--state and --out are one file");
    if (streams.n * o.samples > MOST_SAMPLES)
        cli_usage("--samples: %zu for each of %zu categories are more than %d", o.samples,
                  streams.n, MOST_SAMPLES);
    if (2 * o.border >= o.size / 2)
        cli_usage("--border: %zu leaves nothing of %zu px", o.border, o.size);
}

static struct gan_config
config(void)
{
    return (struct gan_config){
        .net = {.size = o.size,
                .width = o.width,
                .leak = o.leak,
                .spectral = o.sn == SN_GD,
                .attention = o.attention,
                .anti_alias = o.anti_alias,
                .whole = o.no_lesion_channel,
                .categories = streams.n},
        .d_width = o.d_width > 0 ? o.d_width : o.width,
        .d_spectral = o.sn != SN_NONE,
        .mid = o.mid,
        .border = o.border,
        .batch = o.batch,
        .g_steps = o.g_steps,
        .classes = {o.two_way ? 2 : LOGITS},
        .aux = o.aux,
        .gp_lambda = o.gp_lambda,
        .gp_k = o.gp_k,
        .gp_sigma = o.gp_sigma,
        .gp_every = o.gp_every,
        .ema = o.ema,
        .augment = o.augment,
        .ada_images = (double)o.ada_images,
        .d_rate = o.d_lr,
        .seed = o.seed,
        .adam = {.rate = o.lr, .beta1 = o.beta1, .beta2 = o.beta2, .epsilon = o.epsilon}};
}

/* A folder that cannot be written should not be found out after 500 iterations. */
static int
check_sheets(struct err *e)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/.", o.sheets ? o.sheets : "");
    return o.sheets != NULL && access(path, W_OK) == -1 ? err_sys(e, "%s", o.sheets) : 0;
}

static void
train(struct gan_run *r, struct jsonl *log)
{
    uint64_t total = gan_run_total(r);
    struct gan_losses losses = {0};
    struct progress p;
    struct err e;
    char note[96], path[4096];

    progress_start(&p, "gan-train", "iterations", r->iteration, total, o.progress);
    while (r->iteration < total) {
        double began = progress_clock();
        uint64_t i;

        if (gan_run_iterate(r, &losses, &e) == -1)
            cli_fail(&e);
        i = r->iteration;
        if (i % o.log_every == 0 &&
            gan_run_log(r, &losses, progress_clock() - began, log, &e) == -1)
            cli_fail(&e);
        if (o.sheets != NULL && (i % o.sheet_every == 0 || i == total)) {
            snprintf(path, sizeof(path), "%s/iteration-%06llu.png", o.sheets,
                     (unsigned long long)i);
            if (gan_run_sheet(r, path, &e) == -1)
                cli_fail(&e);
        }
        if ((i % o.save_every == 0 || i == total || cli_stopped()) &&
            gan_run_save(r, o.state, &e) == -1)
            cli_fail(&e);
        if (cli_stopped() && i < total)
            cli_failf("stopped after iteration %llu; --resume goes on from %s",
                      (unsigned long long)i, o.state);
        snprintf(note, sizeof(note), "D %.3f, G %.3f", losses.d_total, losses.g_total);
        progress_at(&p, i, note);
    }
    progress_end(&p, r->iteration);
}

int
main(int argc, char **argv)
{
    struct gan_run run = {0};
    struct gan_config c;
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
    if (o.init != NULL && strcmp(o.init, o.state) == 0)
        cli_usage("--init and --state are one file");
    if (o.feature_match != NULL && strcmp(o.feature_match, o.state) == 0)
        cli_usage("--feature-match and --state are one file");
    run.threads = backend_threads((int)o.threads);
    cli_catch_stop();

    c = config();
    run.half = o.half_iterations;
    run.fade = o.fade;
    run.full = o.iterations;
    run.history = history;
    run.init = o.init;
    run.features = o.feature_match;
    run.feature_weight = o.feature_weight;
    if (gan_streams_open(&streams, &run, &e) == -1 ||
        gan_run_init(&run, &c, o.samples, o.resume, &e) == -1 || check_sheets(&e) == -1 ||
        (o.resume ? gan_run_load(&run, o.state, &e) : gan_run_save(&run, o.state, &e)) == -1 ||
        (o.resume && o.log != NULL && resume_trim_log(o.log, run.iteration, &e) == -1) ||
        jsonl_open(&log, o.log, o.resume, &e) == -1 || gan_run_log_start(&run, &log, &e) == -1)
        cli_fail(&e);

    train(&run, &log);
    if (gan_run_export(&run, o.out, &e) == -1 || jsonl_close(&log, &e) == -1)
        cli_fail(&e);
    gan_run_free(&run);
    free(history);
    free(state);
    return 0;
}
