#include "train/classify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/ops.h"
#include "stats/delong.h"
#include "train/checkpoint.h"
#include "train/resnet_model.h"
#include "train/resume.h"

/* Patches scored at once: more are no faster. */
enum { SCORED = 8 };

int
classify_label(const struct ts_record *r, struct err *e)
{
    const char *label = ts_meta_or(r, "label", "");

    if (strcmp(label, "malignant") == 0)
        return 1;
    if (strcmp(label, "normal") == 0 || strcmp(label, "benign") == 0)
        return 0;
    return err_set(e, "label '%.40s' is none of normal, benign, malignant", label);
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
        void *list = v->malignant;
        float *plane;
        int room;

        label = classify_label(&rec, e);
        plane = label == -1 ? NULL : feed_plane(&rec, "image", size, e);
        room = plane != NULL && mem_grow(&list, &cap, v->n + 1, 1, e) == 0;
        free(plane);
        v->malignant = list;
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
    if (h != w || h < 32 || h > 1024)
        return err_set(e, "%s: record 0: image is %zux%zu, not square or not from 32 to 1024",
                       ts_name(c->feed.reader), w, h);
    c->size = h;
    return 0;
}

/* Weights of a network of our own know their patients, and how they are normalised. */
static int
from_file(struct classify *c, const struct ts_record *r, struct err *e)
{
    const char *bn = ts_meta_or(r, "bn", "");
    struct weights_report report;
    int head;

    if (strcmp(bn, resnet_bn_word(RESNET_BATCH)) == 0 && c->config.net.bn != RESNET_BATCH)
        return err_set(e, "has no running statistics: its batch normalisation is 'batch'");
    if (weights_get(r, &c->net, &head, &report, e) == -1 ||
        patients_parse(&c->patients, ts_meta_or(r, "patients", ""), e) == -1)
        return -1;
    if (!head)
        resnet50_start_head(&c->net, c->config.seed);
    free(c->origin);
    c->origin = mem_string(report.text, e);
    return c->origin ? 0 : -1;
}

static int
make_net(struct classify *c, int resumed, struct err *e)
{
    struct resnet_config *n = &c->config.net;
    struct ts_record r = {0};
    double width = 1;
    int rc = -1;

    if (c->config.init != NULL && weights_load(c->config.init, &r, e) == -1)
        return -1;
    if (c->config.init != NULL && weights_width(&r, &width, e) == -1)
        goto done;
    if (n->width == 0)
        n->width = width;
    if (c->config.init != NULL)
        n->limit = 2 * resnet_numbers_in(&r); /* a head that is new may not be there yet */
    if (resnet50_init(&c->net, n, e) == -1)
        goto done;
    if (!resumed && c->config.init == NULL)
        resnet50_start(&c->net, c->config.seed);
    rc = !resumed && c->config.init != NULL ? from_file(c, &r, e) : 0;
done:
    if (rc == -1 && c->config.init != NULL)
        err_in(e, "%s", c->config.init);
    ts_clear(&r);
    return rc;
}

int
classify_init(struct classify *c, const struct classify_config *config, const char *train,
              const char *validation, int resumed, struct err *e)
{
    size_t pixels;

    *c = (struct classify){.config = *config, .best = -1};
    c->tape = tape_open();
    c->origin = mem_string("", e);
    if (c->origin == NULL || feed_open(&c->feed, train, FEED_ANY, e) == -1 ||
        find_size(c, e) == -1 || validation_open(&c->validation, validation, c->size, e) == -1)
        return -1;
    if (!resnet50_can_train(&config->net, config->batch, c->size))
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
    resnet50_free(&c->net);
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
    struct params *all = &c->net.params;
    size_t skip = resnet50_first_trainable(&c->net), n = c->config.batch;
    struct params learning = {.p = all->p + skip, .n = all->n - skip};
    const size_t shape[4] = {n, c->size, c->size, 1};
    struct tensor *features, *logits, *loss, **w, **g;
    struct tape *t = c->tape;
    int finite;

    if (next_batch(c, e) == -1)
        return -1;
    tape_reset(t);
    params_use(t, all, 0);
    logits = resnet50_forward(t, &c->net, tape_const(t, 4, shape, c->batch), 1, &features);
    loss = resnet50_loss(t, logits, c->labels);
    w = tape_bytes(t, learning.n * sizeof(struct tensor *));
    g = tape_bytes(t, learning.n * sizeof(struct tensor *));
    for (size_t i = 0; i < learning.n; i++)
        w[i] = &learning.p[i]->w;
    tape_grad(t, loss, w, learning.n, 0, g);
    finite = isfinite(loss->v[0]);
    for (size_t i = 0; finite && i < learning.n; i++)
        for (size_t k = 0; finite && k < g[i]->n; k++)
            finite = isfinite(g[i]->v[k]);
    if (!finite)
        return err_set(e, "step %" PRIu64 ": the loss (%g) or its gradient is not finite",
                       c->steps + 1, (double)loss->v[0]);
    adam_update(&c->config.adam, &learning, g, ++c->steps);
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

    resnet50_apply(c->tape, &c->net, patch, n, c->size, NULL, v->score + first);
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

    jsonl_begin(log);
    jsonl_int(log, "iteration", (int64_t)c->steps);
    jsonl_int(log, "samples", (int64_t)classify_samples(c));
    jsonl_real(log, "loss", c->loss_sum / n);
    jsonl_real(log, "malignant", (double)c->malignant_count / n);
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

    return mem_printf(
        e,
        "size %zu, width %.17g, bn %s, frozen %zu, batch %zu, every %" PRIu64
        ", lr %.17g, beta1 %.17g, beta2 %.17g, epsilon %.17g, seed %" PRIu64 ", validation %zu",
        c->size, o->net.width, resnet_bn_word(o->net.bn), o->net.frozen, o->batch, o->every,
        o->adam.rate, o->adam.beta1, o->adam.beta2, o->adam.epsilon, o->seed, c->validation.n);
}

/* The metadata that results and states share. */
static int
describe(const struct classify *c, const char *kind, struct ts_record *r, struct err *e)
{
    char *patients = patients_text(&c->patients, e), *config = config_text(c, e);
    int rc = patients == NULL || config == NULL || ts_meta_set(r, "kind", kind, e) == -1 ||
                     ts_meta_set(r, "bn", resnet_bn_word(c->config.net.bn), e) == -1 ||
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
    int rc = describe(c, "resnet50", &r, e) == -1 || weights_put(&r, &c->net, e) == -1
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
    int rc = place == NULL || describe(c, "resnet50-state", &r, e) == -1 ||
                     ts_meta_set(&r, "feed", place, e) == -1 ||
                     checkpoint_put_count(&r, "steps", c->steps, e) == -1 ||
                     checkpoint_put_count(&r, "batches", c->net.batches, e) == -1 ||
                     checkpoint_put_real(&r, "loss_sum", c->loss_sum, e) == -1 ||
                     checkpoint_put_count(&r, "loss_count", c->loss_count, e) == -1 ||
                     checkpoint_put_count(&r, "malignant_count", c->malignant_count, e) == -1 ||
                     checkpoint_put_real(&r, "best", c->best, e) == -1 ||
                     checkpoint_put_count(&r, "best_samples", c->best_samples, e) == -1 ||
                     checkpoint_put(&r, "net.", &c->net.params, 1, e) == -1 ||
                     checkpoint_put(&r, "stats.", &c->net.stats, 0, e) == -1
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
    if (strcmp(ts_meta_or(&r, "kind", ""), "resnet50") != 0 ||
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
    int rc = -1;

    if (config == NULL || checkpoint_load(path, &r, e) == -1) {
        free(config);
        return -1;
    }
    if (strcmp(ts_meta_or(&r, "kind", ""), "resnet50-state") != 0) {
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
        checkpoint_get_real(&r, "val_auc", 0, 1, &c->auc, e) == -1 ||
        checkpoint_get_real(&r, "best", -1, 1, &c->best, e) == -1 ||
        checkpoint_get_count(&r, "best_samples", &c->best_samples, e) == -1 ||
        checkpoint_get(&r, "net.", &c->net.params, 1, e) == -1 ||
        checkpoint_get(&r, "stats.", &c->net.stats, 0, e) == -1 ||
        patients_parse(&c->patients, ts_meta_or(&r, "patients", ""), e) == -1 ||
        feed_continue(&c->feed, ts_meta_or(&r, "feed", ""), e) == -1 ||
        (c->best_samples > 0 && check_best(c, best, &r, e) == -1))
        goto done;
    rc = 0;
done:
    if (rc == -1)
        err_in(e, "%s", path);
    free(config);
    ts_clear(&r);
    return rc;
}
