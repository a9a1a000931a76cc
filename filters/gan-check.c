/*
 * gan-check - numbers that guard a generator.
 *
 * Do its lesions survive post-processing, differ from each other, and look like lesions?  Do the
 * bases tell by themselves where lesions were put?
 *
 * A small classifier is trained on real patches only and asked about synthetic ones beside their
 * own bases, on patients it has not seen.  The output is a table, one measure a line; with
 * --strict a measure that falls short makes the exit code 1.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cli.h"
#include "nn/backend.h"
#include "train/gan_check.h"
#include "train/places.h"

static struct opts {
    const char *lesion, *normal, *test_lesion, *test_normal, *generated, *kept, *bases;
    int removed, strict;
    size_t size, updates, batch, limit, threads;
    double width;
    uint64_t seed;
} o = {.size = 64, .updates = 750, .batch = 32, .limit = 400, .width = 1, .seed = 1};

static const struct cli_opt options[] = {
    CLI_TEXT('L', "lesion", "FILE", &o.lesion, "real malignant patches to train the judge on"),
    CLI_TEXT('N', "normal", "FILE", &o.normal, "real normal patches to train the judge on"),
    CLI_TEXT(0, "test-lesion", "FILE", &o.test_lesion, "real malignant patches of other patients"),
    CLI_TEXT(0, "test-normal", "FILE", &o.test_normal, "real normal patches of other patients"),
    CLI_TEXT('g', "generated", "FILE", &o.generated,
             "what gan-gen wrote (--variants 2 shows what the scalars do)"),
    CLI_TEXT('k', "kept", "FILE", &o.kept, "what lesion-postproc kept of it"),
    CLI_TEXT(0, "bases", "FILE", &o.bases,
             "bases at places like those of --lesion: is it known by the place?"),
    CLI_FLAG(0, "removed", &o.removed, "the lesions were removed: scores should fall"),
    CLI_SIZE(0, "size", "PX", &o.size, 16, 512, "side of the patches, a power of two"),
    CLI_SIZE('u', "updates", "N", &o.updates, 1, 1e6, "training updates of the judge"),
    CLI_SIZE('b', "batch", "N", &o.batch, 1, 1024, "patches of each class in an update"),
    CLI_REAL('w', "width", "X", &o.width, 0.01, 16, "multiplies the judge's filters"),
    CLI_SIZE(0, "limit", "N", &o.limit, 2, 5000, "patches whose lesions are correlated"),
    CLI_LOCAL_FLAG(0, "strict", &o.strict, "exit 1 if a measure falls short"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_END,
};

static const struct cli_prog prog = {
    "gan-check",
    "",
    "Prints numbers that guard a generator: survival, variety, and a judge's opinion.",
    options,
    0,
    0};

static int short_of_it;

/* One measure; `good` -1 where nothing is demanded. */
static void
line(const char *name, double value, const char *demand, int good)
{
    printf("%s\t%.4g\t%s\t%s\n", name, value, demand, good < 0 ? "-" : good ? "met" : "short");
    short_of_it += good == 0;
}

static struct ts_reader *
open_stream(const char *path)
{
    struct err e;
    struct ts_reader *r = ts_open(path, &e);

    if (r == NULL)
        cli_fail(&e);
    return r;
}

static void
train(struct judge *j)
{
    struct feed positive, negative;
    struct err e;

    if (judge_init(j, o.size, o.width, o.seed, &e) == -1 ||
        feed_open(&positive, o.lesion, FEED_LESIONS, &e) == -1 ||
        feed_open(&negative, o.normal, FEED_NORMAL, &e) == -1 ||
        judge_train(j, &positive, &negative, o.updates, o.batch, o.seed, &e) == -1)
        cli_fail(&e);
    feed_close(&positive);
    feed_close(&negative);
}

/* Whether places tell apart real lesions and bases that are like them, by judges of their own. */
static void
check_places(void)
{
    const struct tell_apart_config c = {
        .folds = 5, .updates = o.updates, .batch = o.batch, .width = o.width, .seed = o.seed};
    struct ts_reader *lesions = open_stream(o.lesion), *bases = open_stream(o.bases);
    struct places_report places;
    struct err e;

    if (places_report(lesions, bases, o.size, &c, &places, &e) == -1)
        cli_fail(&e);
    ts_close(lesions);
    ts_close(bases);
    line("places: real lesions whose surroundings show", (double)places.lesions, "", -1);
    line("places: bases whose surroundings show", (double)places.bases, "", -1);
    line("places: AUC of bases against real lesions, both hidden", places.area.value, "< 0.55",
         places.area.value < 0.55);
    line("places: lower end of its 95 % interval", places.area.lower, "", -1);
    line("places: upper end of its 95 % interval", places.area.upper, "", -1);
}

int
main(int argc, char **argv)
{
    struct ts_reader *generated, *kept, *positive, *negative;
    struct lesion_report lesions;
    struct pair_report pairs;
    struct real_report found;
    struct judge judge;
    struct err e;
    double survived, most;
    char demand[32];

    backend_start(argv);
    cli_parse(&prog, argc, argv);
    if (o.lesion == NULL || o.normal == NULL || o.test_lesion == NULL || o.test_normal == NULL ||
        o.generated == NULL || o.kept == NULL)
        cli_usage("--lesion, --normal, --test-lesion, --test-normal, --generated and --kept "
                  "are needed");
    if ((o.size & (o.size - 1)) != 0)
        cli_usage("--size: %zu is not a power of two", o.size);
    backend_threads((int)o.threads);

    generated = open_stream(o.generated);
    kept = open_stream(o.kept);
    positive = open_stream(o.test_lesion);
    negative = open_stream(o.test_normal);
    if (lesion_report(generated, o.limit, &lesions, &e) == -1)
        cli_fail(&e);
    train(&judge);
    if (real_report(positive, negative, &judge, &found, &e) == -1 ||
        pair_report(kept, &judge, o.seed, &pairs, &e) == -1)
        cli_fail(&e);
    survived = lesions.patches ? (double)pairs.pairs / (double)lesions.patches : NAN;

    printf("measure\tvalue\tdemanded\tverdict\n");
    line("patches generated", (double)lesions.patches, "", -1);
    /* Of removals lesion-postproc keeps what is whole and gone, which is for its log to tell. */
    line("share kept by lesion-postproc", survived, o.removed ? "" : ">= 0.8",
         o.removed ? -1 : survived >= 0.8);
    line("median peak of the lesion channel", lesions.peak, "", -1);
    line("mean correlation of lesions on different inputs", lesions.correlation, "< 0.9",
         lesions.correlation < 0.9);
    line("median change by the random scalars", lesions.scalars_move, "> 0.01",
         lesions.scalars_move > 0.01);
    line("judge: AUC on real held-out patches", found.auc, "", -1);
    line("judge: real malignant patches tested", (double)found.positives, "", -1);
    line("judge: real normal patches tested", (double)found.negatives, "", -1);
    line("judge: share of real malignant patches called malignant", found.positives_called, "", -1);
    line("judge: share of real normal patches called malignant", found.negatives_called, "", -1);
    /* As rare as among normal patches, give or take as much again. */
    most = fmax(0.12, 2 * found.negatives_called);
    snprintf(demand, sizeof(demand), "<= %.4g", most);
    line(o.removed ? "judge: share of removed patches called malignant"
                   : "judge: share of synthetic patches called malignant",
         pairs.called, o.removed ? demand : "", o.removed ? pairs.called <= most : -1);
    line("pairs of image and base", (double)pairs.pairs, "", -1);
    line("patients they come from", (double)pairs.patients, "", -1);
    line("judge: mean change of the score", pairs.moved, o.removed ? "< 0" : "> 0",
         o.removed ? pairs.moved < 0 : pairs.moved > 0);
    line("judge: lower end of its 95 % interval", pairs.lo, o.removed ? "" : "> 0",
         o.removed ? -1 : pairs.lo > 0);
    line("judge: upper end of its 95 % interval", pairs.hi, o.removed ? "< 0" : "",
         o.removed ? pairs.hi < 0 : -1);
    line("judge: share of pairs that rose", pairs.share_up, o.removed ? "< 0.5" : "> 0.5",
         o.removed ? pairs.share_up < 0.5 : pairs.share_up > 0.5);
    if (o.bases != NULL)
        check_places();

    ts_close(generated);
    ts_close(kept);
    ts_close(positive);
    ts_close(negative);
    judge_free(&judge);
    cli_close_stdout();
    return o.strict && short_of_it ? 1 : 0;
}
