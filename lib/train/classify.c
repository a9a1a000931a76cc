#include "train/classify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/grad.h"
#include "nn/ops.h"
#include "patch/patch.h"
#include "stats/delong.h"
#include "train/checkpoint.h"
#include "train/resume.h"

/* Patches scored at once: more are no faster. */
enum { SCORED = 8 };

int
classify_label(const struct ts_record *r, struct err *e)
{
    struct patch p;

    if (patch_read(&p, r, e) == -1)
        return -1;
    if (p.label == LABEL_NONE)
        return err_set(e, "label '' is none of normal, benign, malignant");
    return p.label == LABEL_MALIGNANT;
}

/* ---- validation ---- */

static void
validation_free(struct validation *v)
{
    ts_close(v->reader);
    free(v->malignant);
    free(v->score);
    patients_free(&v->patients);
}

/* Labels and patients of the whole stream, which is read to its end and so known to be whole. */
static int
validation_open(struct validation *v, const char *path, size_t size, struct err *e)
{
    struct ts_record rec = {0};
    size_t cap = 0;
    int got = -1, label;

    v->reader = ts_open(path, e);
    if (v->reader == NULL)
        return -1;
    if (!ts_can_seek(v->reader))
        return err_set(e, "%s: is no file, and is to be read again and again", ts_name(v->reader));
    while ((got = ts_read(v->reader, &rec, e)) == 1) {
        float *plane;
        int room;

        label = classify_label(&rec, e);
        plane = label == -1 ? NULL : feed_plane(&rec, "image", size, e);
        room = plane != NULL && MEM_GROW(v->malignant, cap, v->n + 1, e) == 0;
        free(plane);
        if (!room || patients_add(&v->patients, ts_meta_or(&rec, "patient", ""), e) == -1) {
            err_in(e, "%s: record %" PRIu64, ts_name(v->reader), ts_count(v->reader) - 1);
            break;
        }
        v->malignant[v->n++] = (uint8_t)label;
        v->positives += (size_t)label;
    }
    ts_clear(&rec);
    if (got != 0)
        return -1;
    if (v->positives < 2 || v->n - v->positives < 2)
        return err_set(e, "%s: %zu malignant and %zu other patches; two of each are needed",
                       ts_name(v->reader), v->positives, v->n - v->positives);
    v->score = mem_array(v->n, sizeof(*v->score), e);
    return v->score ? 0 : -1;
}

/* ---- begin and end ---- */

/* "32x32" of the first record, for all. */
static int
find_size(struct classify *c, struct err *e)
{
    size_t h, w;
    float *plane;

    if (c->feed.empty)
        return err_set(e, "%s: has no records", ts_name(c->feed.reader));
    plane = ts_plane(&c->feed.record, "image", &h, &w, e);
    free(plane);
    if (plane == NULL)
        return err_in(e, "%s: record 0", ts_name(c->feed.reader));
    if (h != w || !classifier_takes(&c->config.net, h))
        return err_set(e, "%s: record 0: image is %zux%zu, not square or not from %s",
                       ts_name(c->feed.reader), w, h,
                       c->config.net.net == NET_SMALL ? "16 to 1024 in steps of 8" : "32 to 1024");
    c->size = h;
    return 0;
}

/* Weights of a network of our own know their patients. */
static int
from_file(struct classify *c, const struct ts_record *r, struct err *e)
{
    struct weights_report report;
    int head;

    if (weights_get(r, &c->net, &head, &report, e) == -1 ||
        patients_parse(&c->patients, ts_meta_or(r, "patients", ""), e) == -1)
        return -1;
    if (!head)
        classifier_start_head(&c->net, c->config.seed);
    free(c->origin);
    c->origin = mem_string(report.text, e);
    return c->origin ? 0 : -1;
}

/* The network of --init must be the one that was asked for; its width may be left to it. */
static int
take_config(struct classifier_config *n, const struct ts_record *r, struct err *e)
{
    struct classifier_config found = {.bn = NORM_UPDATE};

    if (weights_config(r, &found, e) == -1)
        return -1;
    if (found.net != n->net || found.stem != n->stem)
        return err_set(e, "holds net %s with stem %s, not %s with %s", weights_net_word(found.net),
                       weights_stem_word(found.stem), weights_net_word(n->net),
                       weights_stem_word(n->stem));
    if (found.bn == NORM_BATCH && n->bn != NORM_BATCH)
        return err_set(e, "has no running statistics: its batch normalisation is 'batch'");
    n->limit = found.limit;
    if (n->width == 0)
        n->width = found.width;
    return 0;
}

static int
make_net(struct classify *c, int resumed, struct err *e)
{
    struct classifier_config *n = &c->config.net, average;
    struct ts_record r = {0};
    int rc = -1;

    if (c->config.init != NULL &&
        (weights_load(c->config.init, &r, e) == -1 || take_config(n, &r, e) == -1))
        goto done;
    if (n->width == 0)
        n->width = 1;
    average = *n;
    average.fixed = 1;
    if (classifier_init(&c->net, n, e) == -1 ||
        (c->config.average > 0 && classifier_init(&c->average, &average, e) == -1))
        goto done;
    if (!resumed && c->config.init == NULL)
        classifier_start(&c->net, c->config.seed);
    rc = !resumed && c->config.init != NULL ? from_file(c, &r, e) : 0;
done:
    if (rc == -1 && c->config.init != NULL && r.n_tensors > 0)
        err_in(e, "%s", c->config.init);
    ts_clear(&r);
    return rc;
}

int
classify_init(struct classify *c, const struct classify_config *config, const char *train,
              const char *validation, int resumed, struct err *e)
{
    size_t pixels;

    *c = (struct classify){.config = *config, .auc = -1, .best = -1};
    c->tape = tape_open();
    c->origin = mem_string("", e);
    if (c->origin == NULL || feed_open(&c->feed, train, FEED_ANY, e) == -1 ||
        find_size(c, e) == -1 ||
        (validation != NULL && validation_open(&c->validation, validation, c->size, e) == -1))
        return -1;
    if (!classifier_can_train(&config->net, config->batch, c->size))
        return err_set(e,
                       "batches of %zu patches of %zu pixels leave one number for the statistics "
                       "of batch normalisation",
                       config->batch, c->size);
    pixels = c->size * c->size;
    c->batch = mem_array(config->batch, pixels * sizeof(real), e);
    c->labels = mem_array(config->batch, 1, e);
    if (c->batch == NULL || c->labels == NULL || make_net(c, resumed, e) == -1)
        return -1;
    for (size_t i = 0; i < c->patients.n; i++)
        if (patients_has(&c->validation.patients, c->patients.name[i]))
            return err_set(e, "%s: was trained on patient %s of the validation stream",
                           config->init, c->patients.name[i]);
    return 0;
}

void
classify_free(struct classify *c)
{
    classifier_free(&c->net);
    classifier_free(&c->average);
    tape_close(c->tape);
    if (c->feed.reader != NULL)
        feed_close(&c->feed);
    validation_free(&c->validation);
    patients_free(&c->patients);
    free(c->origin);
    free(c->batch);
    free(c->labels);
    *c = (struct classify){0};
}

/* ---- training ---- */

/* The network that is scored and kept. */
static struct classifier *
kept(struct classify *c)
{
    return c->config.average > 0 ? &c->average : &c->net;
}

/* Updates of the whole training. */
static uint64_t
all_steps(const struct classify *c)
{
    return (c->config.samples + c->config.batch - 1) / c->config.batch;
}

uint64_t
classify_samples(const struct classify *c)
{
    return c->steps * c->config.batch;
}

int
classify_due(const struct classify *c, uint64_t n)
{
    uint64_t now = classify_samples(c);

    return now / n > (now - c->config.batch) / n || now >= c->config.samples;
}

static int
next_batch(struct classify *c, struct err *e)
{
    size_t pixels = c->size * c->size;

    for (size_t i = 0; i < c->config.batch; i++) {
        const char *patient;
        int label;

        if (feed_patch(&c->feed, c->size, c->batch + i * pixels, &c->patients, e) == -1)
            return -1;
        patient = ts_meta_or(&c->feed.record, "patient", "");
        label = classify_label(&c->feed.record, e);
        if (label != -1 && patients_has(&c->validation.patients, patient))
            label = err_set(e, "patient %s is in the validation stream too", patient);
        if (label == -1)
            return err_in(e, "%s: record %" PRIu64, ts_name(c->feed.reader), c->feed.at.count - 1);
        c->labels[i] = (unsigned char)label;
    }
    return 0;
}

int
classify_step(struct classify *c, struct err *e)
{
    struct adam adam = c->config.adam;
    struct params *all = &c->net.params;
    size_t skip = classifier_first_trainable(&c->net), n = c->config.batch;
    struct params learning = {.p = all->p + skip, .n = all->n - skip};
    const size_t shape[4] = {n, c->size, c->size, 1};
    struct tensor *features, *logits, *loss, **w, **g;
    struct tape *t = c->tape;
    int finite;

    if (next_batch(c, e) == -1)
        return -1;
    tape_reset(t);
    params_use(t, all, 0);
    logits = classifier_forward(t, &c->net, tape_const(t, 4, shape, c->batch), 1, &features);
    loss = classifier_loss(t, logits, c->labels);
    w = tape_bytes(t, learning.n * sizeof(struct tensor *));
    g = tape_bytes(t, learning.n * sizeof(struct tensor *));
    for (size_t i = 0; i < learning.n; i++)
        w[i] = &learning.p[i]->w;
    grad_of(t, loss, w, learning.n, 0, g);
    finite = isfinite(loss->v[0]);
    for (size_t i = 0; finite && i < learning.n; i++)
        for (size_t k = 0; finite && k < g[i]->n; k++)
            finite = isfinite(g[i]->v[k]);
    if (!finite)
        return err_set(e, "step %" PRIu64 ": the loss (%g) or its gradient is not finite",
                       c->steps + 1, (double)loss->v[0]);
    adam.rate *= schedule_factor(c->config.schedule, c->steps, all_steps(c));
    adam_update(&adam, &learning, g, ++c->steps);
    if (c->config.average > 0)
        classifier_average(&c->average, &c->net, schedule_average(c->config.average, c->steps));
    c->loss_sum += (double)n * (double)loss->v[0];
    c->loss_count += n;
    for (size_t i = 0; i < n; i++)
        c->malignant_count += c->labels[i];
    return 0;
}

/* -log of the probability of the right class. */
static double
cross_entropy(double odds, int malignant)
{
    double against = malignant ? -odds : odds;

    return against > 0 ? against + log1p(exp(-against)) : log1p(exp(against));
}

/* Scores patches first .. first + n - 1 of the validation stream. */
static int
score_some(struct classify *c, const real *patch, size_t first, size_t n, struct err *e)
{
    struct validation *v = &c->validation;

    classifier_apply(c->tape, kept(c), patch, n, c->size, NULL, v->score + first);
    for (size_t i = first; i < first + n; i++) {
        if (!isfinite(v->score[i]))
            return err_set(e, "%s: record %zu: the score is not finite", ts_name(v->reader), i);
        c->loss += cross_entropy(v->score[i], v->malignant[i]) / (double)v->n;
    }
    return 0;
}

int
classify_evaluate(struct classify *c, int *better, struct err *e)
{
    struct validation *v = &c->validation;
    const struct delong_cases cases = {.n = v->n, .positive = v->malignant};
    struct delong_curve curve;
    struct ts_record rec = {0};
    size_t pixels = c->size * c->size, n = 0, held = 0;
    real *patch = mem_array(SCORED, pixels * sizeof(real), e);
    int rc = -1, got = -1;

    if (patch == NULL || ts_rewind(v->reader, e) == -1)
        goto done;
    c->loss = 0;
    while ((got = ts_read(v->reader, &rec, e)) == 1) {
        float *plane = feed_plane(&rec, "image", c->size, e);

        if (plane == NULL || n == v->n || classify_label(&rec, e) != v->malignant[n]) {
            free(plane);
            err_set(e, "%s: has changed", ts_name(v->reader));
            goto done;
        }
        for (size_t i = 0; i < pixels; i++)
            patch[held * pixels + i] = (real)plane[i];
        free(plane);
        n++;
        if (++held == SCORED || n == v->n) {
            if (score_some(c, patch, n - held, held, e) == -1)
                goto done;
            held = 0;
        }
    }
    if (got == -1)
        goto done;
    if (n != v->n) {
        err_set(e, "%s: has changed", ts_name(v->reader));
        goto done;
    }
    if (delong_curve_make(&curve, &cases, v->score, e) == -1)
        goto done;
    c->auc = curve.area;
    delong_curve_free(&curve);
    *better = c->auc > c->best;
    if (*better) {
        c->best = c->auc;
        c->best_samples = classify_samples(c);
    }
    rc = 0;
done:
    ts_clear(&rec);
    free(patch);
    return rc;
}

/* ---- log ---- */

int
classify_log_loss(struct classify *c, double seconds, struct jsonl *log, struct err *e)
{
    double n = (double)c->loss_count;
    double rate = c->config.adam.rate *
                  schedule_factor(c->config.schedule, c->steps ? c->steps - 1 : 0, all_steps(c));

    jsonl_begin(log);
    jsonl_int(log, "iteration", (int64_t)c->steps);
    jsonl_int(log, "samples", (int64_t)classify_samples(c));
    jsonl_real(log, "loss", c->loss_sum / n);
    jsonl_real(log, "malignant", (double)c->malignant_count / n);
    jsonl_real(log, "rate", rate);
    jsonl_real(log, "seconds", seconds);
    c->loss_sum = 0;
    c->loss_count = c->malignant_count = 0;
    return jsonl_end(log, e);
}

int
classify_log_evaluation(const struct classify *c, double seconds, struct jsonl *log, struct err *e)
{
    jsonl_begin(log);
    jsonl_int(log, "iteration", (int64_t)c->steps);
    jsonl_int(log, "samples", (int64_t)classify_samples(c));
    jsonl_real(log, "val_auc", c->auc);
    jsonl_real(log, "val_loss", c->loss);
    jsonl_real(log, "best_auc", c->best);
    jsonl_int(log, "best_samples", (int64_t)c->best_samples);
    jsonl_real(log, "seconds", seconds);
    return jsonl_end(log, e);
}

/* ---- files ---- */

/* What a resumed run must share with the one that wrote the state, as one text. */
static char *
config_text(const struct classify *c, struct err *e)
{
    const struct classify_config *o = &c->config;
    char end[48] = "open";    /* a rate that falls knows its end */
    char every[24] = "never"; /* without validation patches there is nothing to be due */

    if (o->schedule != SCHEDULE_CONSTANT)
        snprintf(end, sizeof(end), "%" PRIu64, all_steps(c));
    if (c->validation.n > 0)
        snprintf(every, sizeof(every), "%" PRIu64, o->every);
    return mem_printf(
        e,
        "net %s, stem %s, size %zu, width %.17g, bn %s, frozen %zu, batch %zu, every %s, lr %.17g, "
        "schedule %s, updates %s, beta1 %.17g, beta2 %.17g, epsilon %.17g, "
        "weight-decay %.17g, average %.17g, keep %s, seed %" PRIu64 ", validation %zu",
        weights_net_word(o->net.net), weights_stem_word(o->net.stem), c->size, o->net.width,
        weights_bn_word(o->net.bn), o->net.frozen, o->batch, every, o->adam.rate,
        schedule_words[o->schedule], end, o->adam.beta1, o->adam.beta2, o->adam.epsilon,
        o->adam.decay, o->average, o->keep == KEEP_BEST ? "best" : "last", o->seed,
        c->validation.n);
}

/* The metadata that results and states share. */
static int
describe(const struct classify *c, const char *suffix, struct ts_record *r, struct err *e)
{
    const char *net = weights_net_word(c->config.net.net);
    char *patients = patients_text(&c->patients, e), *config = config_text(c, e);
    int rc = patients == NULL || config == NULL ||
                     ts_meta_setf(r, "kind", e, "%s%s", net, suffix) == -1 ||
                     ts_meta_set(r, "bn", weights_bn_word(c->config.net.bn), e) == -1 ||
                     checkpoint_put_real(r, "width", c->config.net.width, e) == -1 ||
                     checkpoint_put_count(r, "size", c->size, e) == -1 ||
                     checkpoint_put_count(r, "samples", classify_samples(c), e) == -1 ||
                     checkpoint_put_real(r, "val_auc", c->auc, e) == -1 ||
                     ts_meta_set(r, "origin", c->origin, e) == -1 ||
                     ts_meta_set(r, "patients", patients, e) == -1 ||
                     ts_meta_set(r, "config", config, e) == -1 ||
                     ts_history_add(r, c->config.history, e) == -1
                 ? -1
                 : 0;

    free(patients);
    free(config);
    return rc;
}

int
classify_export(const struct classify *c, const char *path, struct err *e)
{
    struct ts_record r = {0};
    const struct classifier *net = c->config.average > 0 ? &c->average : &c->net;
    int rc = describe(c, "", &r, e) == -1 || weights_put(&r, net, e) == -1
                 ? -1
                 : checkpoint_save(path, &r, e);

    ts_clear(&r);
    return rc;
}

int
classify_save(const struct classify *c, const char *path, struct err *e)
{
    struct ts_record r = {0};
    char *place = feed_place(&c->feed, e);
    int rc = place == NULL || describe(c, "-state", &r, e) == -1 ||
                     ts_meta_set(&r, "feed", place, e) == -1 ||
                     checkpoint_put_count(&r, "steps", c->steps, e) == -1 ||
                     checkpoint_put_count(&r, "batches", c->net.batches, e) == -1 ||
                     checkpoint_put_real(&r, "loss_sum", c->loss_sum, e) == -1 ||
                     checkpoint_put_count(&r, "loss_count", c->loss_count, e) == -1 ||
                     checkpoint_put_count(&r, "malignant_count", c->malignant_count, e) == -1 ||
                     checkpoint_put_real(&r, "best", c->best, e) == -1 ||
                     checkpoint_put_count(&r, "best_samples", c->best_samples, e) == -1 ||
                     checkpoint_put(&r, "net.", &c->net.params, 1, e) == -1 ||
                     checkpoint_put(&r, "stats.", &c->net.stats, 0, e) == -1 ||
                     checkpoint_put(&r, "average.", &c->average.params, 0, e) == -1 ||
                     checkpoint_put(&r, "average-stats.", &c->average.stats, 0, e) == -1
                 ? -1
                 : checkpoint_save(path, &r, e);

    free(place);
    ts_clear(&r);
    return rc;
}

/*
 * The best weights may be later than the state, if the run was stopped between the two: then the
 * resumed run finds the same again.
 */
static int
check_best(const struct classify *c, const char *path, const struct ts_record *state, struct err *e)
{
    struct ts_record r = {0};
    uint64_t samples;
    int rc = -1;

    if (checkpoint_load(path, &r, e) == -1)
        return -1;
    if (!weights_own(&r) ||
        strcmp(ts_meta_or(&r, "config", ""), ts_meta_or(state, "config", "")) != 0 ||
        checkpoint_get_count(&r, "samples", &samples, e) == -1 || samples < c->best_samples)
        err_set(e, "%s: does not hold the best weights of this run", path);
    else
        rc = 0;
    ts_clear(&r);
    return rc;
}

int
classify_load(struct classify *c, const char *path, const char *best, struct err *e)
{
    struct ts_record r = {0};
    char *config = config_text(c, e);
    const char *kind;
    int rc = -1;

    if (config == NULL || checkpoint_load(path, &r, e) == -1) {
        free(config);
        return -1;
    }
    kind = strrchr(ts_meta_or(&r, "kind", ""), '-');
    if (kind == NULL || strcmp(kind, "-state") != 0) {
        err_set(e, "is no state of resnet-train");
        goto done;
    }
    free(c->origin);
    c->origin = mem_string(ts_meta_or(&r, "origin", ""), e);
    if (c->origin == NULL || resume_check_config(ts_meta_or(&r, "config", ""), config, e) == -1 ||
        checkpoint_get_count(&r, "steps", &c->steps, e) == -1 ||
        checkpoint_get_count(&r, "batches", &c->net.batches, e) == -1 ||
        checkpoint_get_real(&r, "loss_sum", -1e300, 1e300, &c->loss_sum, e) == -1 ||
        checkpoint_get_count(&r, "loss_count", &c->loss_count, e) == -1 ||
        checkpoint_get_count(&r, "malignant_count", &c->malignant_count, e) == -1 ||
        checkpoint_get_real(&r, "val_auc", -1, 1, &c->auc, e) == -1 ||
        checkpoint_get_real(&r, "best", -1, 1, &c->best, e) == -1 ||
        checkpoint_get_count(&r, "best_samples", &c->best_samples, e) == -1 ||
        checkpoint_get(&r, "net.", &c->net.params, 1, e) == -1 ||
        checkpoint_get(&r, "stats.", &c->net.stats, 0, e) == -1 ||
        checkpoint_get(&r, "average.", &c->average.params, 0, e) == -1 ||
        checkpoint_get(&r, "average-stats.", &c->average.stats, 0, e) == -1 ||
        patients_parse(&c->patients, ts_meta_or(&r, "patients", ""), e) == -1 ||
        feed_continue(&c->feed, ts_meta_or(&r, "feed", ""), e) == -1 ||
        (c->config.keep == KEEP_BEST && c->best_samples > 0 && check_best(c, best, &r, e) == -1))
        goto done;
    c->average.batches = c->net.batches;
    rc = 0;
done:
    if (rc == -1)
        err_in(e, "%s", path);
    free(config);
    ts_clear(&r);
    return rc;
}
