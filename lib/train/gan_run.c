#include "train/gan_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "image/sheet.h"
#include "nn/backend.h"
#include "nn/ops.h"
#include "train/checkpoint.h"
#include "train/generator_record.h"
#include "train/resume.h"
#include "train/weights.h"

static const char *const feed_name[GAN_FEEDS] = {"target", "input", "benign"};

enum { FEED_KEY = CATEGORY_NAME + 24, OPTIONS_TEXT = 320, MATCH_TEXT = 32 };

/* ---- begin and end ---- */

/* What stands for a category in a conditional network is its number. */
static int
same_categories(const struct gan_run *r, const struct ts_record *rec, struct err *e)
{
    for (size_t i = 0; i < r->gan.config.net.categories; i++) {
        const char *name = generator_record_category(rec, i);

        if (strcmp(name, r->category[i].name) != 0)
            return err_set(e, "its category %zu is '%.40s', not '%s'", i + 1, name,
                           r->category[i].name);
    }
    return 0;
}

/* Takes the weights and the patients of r->init. */
static int
inherit(struct gan_run *r, struct err *e)
{
    struct gan *g = &r->gan;
    struct ts_record rec = {0};
    const char *kind;
    int state, rc = -1;

    if (checkpoint_load(r->init, &rec, e) == -1)
        return -1;
    kind = ts_meta_or(&rec, "kind", "");
    state = strcmp(kind, "gan-state") == 0;
    if (!state && strcmp(kind, "generator") != 0) {
        err_set(e, "is no generator (its metadata says kind '%.40s')", kind);
        goto done;
    }
    if (generator_record_same(&rec, &g->config.net, g->config.mid, g->config.border, e) == -1 ||
        same_categories(r, &rec, e) == -1 ||
        checkpoint_get(&rec, state ? "g." : "", &g->g.params, 0, e) == -1)
        goto done;
    if (state && checkpoint_get(&rec, "d.", &g->d.params, 0, e) == -1) {
        err_in(e, "its discriminator");
        goto done;
    }
    if (g->config.ema > 0)
        params_average(&g->average.params, &g->g.params, 0);
    if (ts_meta(&rec, "patients") == NULL) {
        err_set(e, "metadata patients is missing");
        goto done;
    }
    rc = patients_parse(&r->patients, ts_meta(&rec, "patients"), e);
    snprintf(r->parent, sizeof(r->parent), "%s %016" PRIx64,
             state ? "generator and discriminator" : "generator", checkpoint_hash(&rec));
done:
    if (rc == -1)
        err_in(e, "%s", r->init);
    ts_clear(&rec);
    return rc;
}

/* Loads the classifier of r->features; of a resumed training, the state knows the patients. */
static int
open_match(struct gan_run *r, int resumed, struct err *e)
{
    const struct patients *seen = &r->match.model.patients;

    if (feature_match_open(&r->match, r->features, r->gan.config.net.size, r->n_categories,
                           r->feature_weight, e) == -1)
        return -1;
    r->gan.match = &r->match;
    for (size_t i = 0; !resumed && i < seen->n; i++)
        if (patients_add(&r->patients, seen->name[i], e) == -1)
            return -1;
    return 0;
}

int
gan_run_init(struct gan_run *r, struct gan_config *c, size_t n_samples, int resumed, struct err *e)
{
    size_t size = c->net.size, patch = size * size;
    int two_way = c->classes[0] == 2;

    r->n_categories = c->net.categories > 0 ? c->net.categories : 1;
    for (size_t i = 0; i < r->n_categories; i++) {
        struct gan_category *cat = &r->category[i];

        cat->has[GAN_TARGET] = cat->has[GAN_INPUT] = 1;
        cat->has[GAN_BENIGN] =
            !two_way && cat->feed[GAN_BENIGN].reader != NULL && !cat->feed[GAN_BENIGN].empty;
        for (int k = GAN_TARGET; k <= GAN_INPUT; k++)
            if (cat->feed[k].empty)
                return err_set(e, "%s: has no records", ts_name(cat->feed[k].reader));
        c->classes[i] = two_way ? 2 : cat->has[GAN_BENIGN] ? LOGITS : LOGITS - 1;
    }
    r->n_samples = n_samples;
    r->samples = mem_array(r->n_categories * n_samples * patch, sizeof(real), e);
    if (r->samples == NULL)
        return -1;
    for (int k = 0; k <= GAN_FEEDS; k++)
        if ((r->batch[k] = mem_array(c->batch * patch, sizeof(real), e)) == NULL)
            return -1;
    if (gan_init(&r->gan, c, e) == -1 || (r->init != NULL && !resumed && inherit(r, e) == -1) ||
        (r->features != NULL && open_match(r, resumed, e) == -1))
        return -1;
    for (size_t i = 0; !resumed && i < r->n_categories * n_samples; i++)
        if (feed_patch(&r->category[i / n_samples].feed[GAN_INPUT], size, r->samples + i * patch,
                       &r->patients, e) == -1)
            return -1;
    return 0;
}

void
gan_run_free(struct gan_run *r)
{
    gan_free(&r->gan);
    feature_match_free(&r->match);
    for (size_t i = 0; i < NET_MAX_CATEGORIES; i++)
        for (int k = 0; k < GAN_FEEDS; k++)
            if (r->category[i].feed[k].reader != NULL)
                feed_close(&r->category[i].feed[k]);
    for (int k = 0; k <= GAN_FEEDS; k++)
        free(r->batch[k]);
    free(r->samples);
    patients_free(&r->patients);
    *r = (struct gan_run){0};
}

/* ---- the schedule ---- */

uint64_t
gan_run_total(const struct gan_run *r)
{
    return (uint64_t)r->half + r->fade + r->full;
}

/*
 * "Over 3000 iterations, the weight on the 128px layer decreases from 1 to 0 while the weight of
 * the 256px increases from 0 to 1."
 */
double
gan_run_fade(const struct gan_run *r, uint64_t i)
{
    if (i < r->half)
        return 0;
    i -= r->half;
    return i < r->fade ? (double)(i + 1) / (double)r->fade : 1;
}

size_t
gan_run_side(const struct gan_run *r, uint64_t i)
{
    size_t size = r->gan.config.net.size;

    return gan_run_fade(r, i) > 0 ? size : size / 2;
}

size_t
gan_run_category(const struct gan_run *r, uint64_t i)
{
    return (size_t)(i % r->n_categories);
}

/* The next batch of a feed, reduced by the mean over 2x2 blocks where `side` is half the size. */
static int
next_batch(struct gan_run *r, struct feed *feed, real *to, size_t side, struct err *e)
{
    size_t size = r->gan.config.net.size;

    for (size_t k = 0; k < r->gan.config.batch; k++) {
        /* In place: a reduced pixel never lies behind the four it comes from. */
        real *at = to + k * side * side, *full = to + (r->gan.config.batch - 1) * size * size;

        if (side == size)
            full = at;
        if (feed_patch(feed, size, full, &r->patients, e) == -1)
            return -1;
        for (size_t y = 0; side < size && y < side; y++)
            for (size_t x = 0; x < side; x++) {
                const real *p = full + 2 * y * size + 2 * x;

                at[y * side + x] = (p[0] + p[1] + p[size] + p[size + 1]) / 4;
            }
    }
    return 0;
}

/* A batch of what the discriminator sees of a feed, or NULL. */
static int
class_batch(struct gan_run *r, size_t category, int feed, size_t side, const real **batch,
            struct err *e)
{
    struct gan_category *cat = &r->category[category];
    int seen = cat->has[feed] && (feed == GAN_TARGET || r->gan.config.classes[category] != 2);

    *batch = seen ? r->batch[feed] : NULL;
    return seen ? next_batch(r, &cat->feed[feed], r->batch[feed], side, e) : 0;
}

int
gan_run_iterate(struct gan_run *r, struct gan_losses *l, struct err *e)
{
    double fade = gan_run_fade(r, r->iteration);
    size_t side = gan_run_side(r, r->iteration), category = gan_run_category(r, r->iteration);
    struct feed *input = &r->category[category].feed[GAN_INPUT];
    real *base = r->batch[GAN_FEEDS];
    const real *b[GAN_FEEDS];
    /* Updates of the category at this size: those at half size have other features. */
    uint64_t seen = (r->iteration - (fade > 0 ? r->half : 0)) / r->n_categories;

    if (r->iteration > 0 && side != gan_run_side(r, r->iteration - 1))
        tape_release(r->gan.tape); /* the memory of the half-size stage has the wrong shapes */
    for (int k = 0; k < GAN_FEEDS; k++)
        if (class_batch(r, category, k, side, &b[k], e) == -1)
            return -1;
    if (r->features != NULL)
        feature_match_see(&r->match, r->gan.tape, category, b[GAN_TARGET], r->gan.config.batch,
                          side, seen);
    if (next_batch(r, input, base, side, e) == -1 ||
        gan_step_d(&r->gan, category, b[GAN_TARGET], b[GAN_BENIGN], b[GAN_INPUT], base, side, fade,
                   l, e) == -1)
        return -1;
    for (size_t k = 0; k < r->gan.config.g_steps; k++)
        if (next_batch(r, input, base, side, e) == -1 ||
            gan_step_g(&r->gan, category, base, side, fade, l, e) == -1)
            return -1;
    r->iteration++;
    return 0;
}

/* ---- what people look at ---- */

/* What the loss is, of each category where there are several. */
static void
describe_loss(const struct gan_run *r, char *text, size_t size)
{
    static const char *const loss[] = {
        [2] = "two-way: real against fake alone",
        [3] = "three-way: the benign stream is empty",
        [4] = "four-way",
    };
    size_t used = 0;

    for (size_t i = 0; i < r->n_categories && used < size; i++) {
        const char *name = r->category[i].name;

        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", i ? "; " : "", name,
                                 name[0] ? ": " : "", loss[r->gan.config.classes[i]]);
    }
}

/* The classifier whose features are matched: what it is, and its hash. */
static const char *
match_text(const struct gan_run *r, char text[MATCH_TEXT])
{
    const struct predictor *m = &r->match.model;

    snprintf(text, MATCH_TEXT, "%s %016" PRIx64, weights_net_word(m->net.config.net), m->hash);
    return text;
}

int
gan_run_log_start(const struct gan_run *r, struct jsonl *log, struct err *e)
{
    char loss[NET_MAX_CATEGORIES * (CATEGORY_NAME + 48)], match[MATCH_TEXT];

    describe_loss(r, loss, sizeof(loss));
    jsonl_begin(log);
    jsonl_text(log, "run", r->history);
    jsonl_text(log, "engine", backend_name());
    jsonl_int(log, "threads", r->threads);
    jsonl_int(log, "generator_parameters", (int64_t)r->gan.g.params.count);
    jsonl_int(log, "discriminator_parameters", (int64_t)r->gan.d.params.count);
    jsonl_text(log, "loss", loss);
    if (r->parent[0])
        jsonl_text(log, "init", r->parent);
    if (r->features != NULL)
        jsonl_text(log, "feature_match", match_text(r, match));
    jsonl_int(log, "resumed_at", (int64_t)r->iteration);
    return jsonl_end(log, e);
}

int
gan_run_log(const struct gan_run *r, const struct gan_losses *l, double seconds, struct jsonl *log,
            struct err *e)
{
    size_t category = gan_run_category(r, r->iteration - 1);

    jsonl_begin(log);
    jsonl_int(log, "iteration", (int64_t)r->iteration);
    if (r->gan.config.net.categories > 0)
        jsonl_text(log, "category", r->category[category].name);
    jsonl_int(log, "side", (int64_t)gan_run_side(r, r->iteration - 1));
    jsonl_real(log, "fade", gan_run_fade(r, r->iteration - 1));
    jsonl_real(log, "d_loss", l->d_total);
    jsonl_real(log, "d_real", l->real);
    jsonl_real(log, "d_fake", l->fake);
    if (r->category[category].has[GAN_BENIGN])
        jsonl_real(log, "d_benign", l->benign);
    if (r->gan.config.classes[category] != 2)
        jsonl_real(log, "d_input", l->input);
    if (gan_penalty_due(&r->gan.config, r->gan.d_updates - 1)) {
        jsonl_real(log, "penalty", l->penalty);
        jsonl_real(log, "slope", l->slope);
    }
    jsonl_real(log, "d_gradient", l->d_gradient);
    jsonl_real(log, "g_loss", l->g_total);
    if (r->features != NULL)
        jsonl_real(log, "feature_loss", l->feature);
    jsonl_real(log, "g_gradient", l->g_gradient);
    jsonl_real(log, "lesion", l->lesion);
    jsonl_real(log, "odds_real", l->odds_real);
    jsonl_real(log, "odds_fake", l->odds_fake);
    if (r->gan.config.augment == AUGMENT_ADA)
        jsonl_real(log, "augment_p", r->gan.augment.p);
    jsonl_real(log, "seconds", seconds);
    return jsonl_end(log, e);
}

static int
sheet_plane(struct sheet *s, const real *v, size_t side, enum sheet_kind kind, struct err *e)
{
    float *plane = mem_array(side * side, sizeof(*plane), e);
    int rc;

    if (plane == NULL)
        return -1;
    for (size_t i = 0; i < side * side; i++)
        plane[i] = (float)v[i];
    rc = sheet_cell(s, plane, side, side, kind, NULL, e);
    free(plane);
    return rc;
}

int
gan_run_sheet(struct gan_run *r, const char *path, struct err *e)
{
    static const char *const head[] = {"input", "lesion", "image"};
    struct generator *g = gan_best(&r->gan);
    struct tape *t = r->gan.tape;
    uint64_t last = r->iteration ? r->iteration - 1 : 0;
    size_t size = r->gan.config.net.size, side = gan_run_side(r, last);
    size_t cell = side < 128 ? 128 : side;
    const size_t shape[4] = {1, side, side, 1}, scalars[2] = {1, generator_scalars(g)};
    struct sheet *s = sheet_open(&(struct sheet_spec){3, 4, cell, head}, e);
    struct rng random = rng_at(r->gan.config.seed, "gan.samples", 0);
    char title[64];
    int rc = s ? 0 : -1;

    for (size_t k = 0; rc == 0 && k < r->n_categories * r->n_samples; k++) {
        const char *name = r->category[k / r->n_samples].name;
        struct tensor *x, *z, *lesion, *image;
        const real *full = r->samples + k * size * size;

        tape_reset(t);
        tape_record(t, 0);
        params_use(t, &g->params, 0);
        x = tape_const(t, 4, shape, NULL);
        for (size_t i = 0; i < side * side; i++) {
            const real *p = full + 2 * (i / side) * size + 2 * (i % side);

            x->v[i] = side == size ? full[i] : (p[0] + p[1] + p[size] + p[size + 1]) / 4;
        }
        z = tape_const(t, 2, scalars, NULL);
        for (size_t i = 0; i < z->n; i++)
            z->v[i] = (real)rng_between(&random, -1, 1);
        generator_forward(t, g, k / r->n_samples, x, z, gan_run_fade(r, last), &lesion, &image);
        rc = sheet_record(s, name[0] ? name : NULL, e) == -1 ||
                     sheet_plane(s, x->v, side, SHEET_GREY, e) == -1 ||
                     sheet_plane(s, lesion->v, side, SHEET_SIGNED, e) == -1 ||
                     sheet_plane(s, image->v, side, SHEET_GREY, e) == -1
                 ? -1
                 : 0;
    }
    tape_reset(t);
    if (rc == 0) {
        struct sheet_look look = {.title = title, .signed_range = 0.5};

        sheet_auto_window(s, &look);
        snprintf(title, sizeof(title), "iteration %" PRIu64, r->iteration);
        rc = sheet_write(s, path, &look, NULL, e);
    }
    sheet_close(s);
    return rc;
}

/* ---- state ---- */

/* The categories as items of config_text(), each behind a comma; empty where they have no names. */
static char *
categories_text(const struct gan_run *r, struct err *e)
{
    char *text = mem_string("", e);

    for (size_t i = 0; text != NULL && i < r->gan.config.net.categories; i++) {
        const struct gan_category *cat = &r->category[i];
        char *longer = mem_printf(e, "%s, category %s: %s in %d classes", text, cat->name,
                                  cat->remove ? "removed" : "grown", r->gan.config.classes[i]);

        free(text);
        text = longer;
    }
    return text;
}

/*
 * Options that are off in most runs, each behind a comma, and only where they are on: states
 * written before there were such options can be resumed.
 */
static void
options_text(const struct gan_run *r, char text[OPTIONS_TEXT])
{
    const struct gan_config *c = &r->gan.config;
    char every[40] = "", ada[40] = "", match[MATCH_TEXT + 72] = "", model[MATCH_TEXT];

    if (c->gp_every > 1)
        snprintf(every, sizeof(every), ", gp-every %zu", c->gp_every);
    if (c->augment == AUGMENT_ADA)
        snprintf(ada, sizeof(ada), ", ada-images %.17g", c->ada_images);
    if (r->features != NULL)
        snprintf(match, sizeof(match), ", feature-match %s, feature-weight %.17g",
                 match_text(r, model), r->feature_weight);
    snprintf(text, OPTIONS_TEXT, "%s%s%s%s%s%s", c->net.whole ? ", no-lesion-channel" : "",
             c->d_spectral && !c->net.spectral ? ", sn d" : "",
             c->net.anti_alias ? ", anti-alias" : "", every, ada, match);
}

/* What a resumed run must share with the one that wrote the state, as one text. */
static char *
config_text(const struct gan_run *r, struct err *e)
{
    const struct gan_config *c = &r->gan.config;
    const struct net_config *n = &c->net;
    char *categories = categories_text(r, e), *text = NULL, options[OPTIONS_TEXT];

    options_text(r, options);
    if (categories != NULL)
        text = mem_printf(
            e,
            "size %zu, width %.17g, d-width %.17g, leak %.17g, spectral %d, "
            "attention %" PRIu64 ", mid %zu, border %zu, batch %zu, g-steps %zu, classes %d, "
            "aux-weight %.17g, gp-lambda %.17g, gp-k %.17g, gp-sigma %.17g, ema %.17g, "
            "diff-augment %d, lr %.17g, "
            "d-lr %.17g, beta1 %.17g, beta2 %.17g, epsilon %.17g, seed %" PRIu64
            ", half-iterations %zu, fade %zu, remove %d, samples %zu%s%s%s",
            n->size, n->width, c->d_width, n->leak, n->spectral, generator_record_attention(n),
            c->mid, c->border, c->batch, c->g_steps, c->classes[0], c->aux, c->gp_lambda, c->gp_k,
            c->gp_sigma, c->ema, (int)c->augment, c->adam.rate, c->d_rate, c->adam.beta1,
            c->adam.beta2, c->adam.epsilon, c->seed, r->half, r->fade, r->category[0].remove,
            r->n_samples, options, r->init != NULL ? ", init" : "", categories);
    free(categories);
    return text;
}

/* What each category is, or the only one. */
static int
describe_categories(const struct gan_run *r, struct ts_record *rec, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->n_categories; i++) {
        const struct gan_category *cat = &r->category[i];
        const char *label = cat->remove ? "normal" : "malignant";
        const char *lesion = cat->remove ? "" : cat->feed[GAN_TARGET].lesion;

        if (r->gan.config.net.categories > 0)
            rc = generator_record_put_category(rec, i, cat->name, label, lesion, e);
        else
            rc = ts_meta_set(rec, "label", label, e) == -1 ||
                         ts_meta_set(rec, "lesion", lesion, e) == -1
                     ? -1
                     : 0;
    }
    return rc;
}

/* The metadata that results and states share. */
static int
describe(const struct gan_run *r, struct ts_record *rec, struct err *e)
{
    const struct gan_config *c = &r->gan.config;
    char *patients = patients_text(&r->patients, e), match[MATCH_TEXT];
    uint64_t last = r->iteration ? r->iteration - 1 : 0;
    int rc = patients == NULL || generator_record_put(rec, &c->net, c->mid, c->border, e) == -1 ||
                     checkpoint_put_count(rec, "iteration", r->iteration, e) == -1 ||
                     checkpoint_put_real(rec, "fade", gan_run_fade(r, last), e) == -1 ||
                     checkpoint_put_real(rec, "ema", c->ema, e) == -1 ||
                     (r->parent[0] && ts_meta_set(rec, "init", r->parent, e) == -1) ||
                     (r->features != NULL &&
                      (ts_meta_set(rec, "feature_match", match_text(r, match), e) == -1 ||
                       checkpoint_put_real(rec, "feature_weight", r->feature_weight, e) == -1)) ||
                     describe_categories(r, rec, e) == -1 ||
                     ts_meta_set(rec, "patients", patients, e) == -1 ||
                     ts_history_add(rec, r->history, e) == -1
                 ? -1
                 : 0;

    free(patients);
    return rc;
}

/* A feed's key in a state: feed.target, or feed.CATEGORY.target. */
static const char *
feed_key(const struct gan_category *cat, int feed, char key[FEED_KEY])
{
    snprintf(key, FEED_KEY, "feed.%s%s%s", cat->name, cat->name[0] ? "." : "", feed_name[feed]);
    return key;
}

static int
put_places(struct ts_record *rec, const struct gan_category *cat, struct err *e)
{
    char key[FEED_KEY];

    for (int k = 0; k < GAN_FEEDS; k++) {
        char *place;
        int set;

        if (!cat->has[k])
            continue;
        place = feed_place(&cat->feed[k], e);
        set = place ? ts_meta_set(rec, feed_key(cat, k, key), place, e) : -1;
        free(place);
        if (set == -1)
            return -1;
    }
    return 0;
}

static int
get_places(const struct ts_record *rec, struct gan_category *cat, struct err *e)
{
    char key[FEED_KEY];

    for (int k = 0; k < GAN_FEEDS; k++)
        if (cat->has[k] &&
            feed_continue(&cat->feed[k], ts_meta_or(rec, feed_key(cat, k, key), ""), e) == -1)
            return -1;
    return 0;
}

/* The inputs of the sample sheets. */
static int
put_samples(struct ts_record *rec, const struct gan_run *r, struct err *e)
{
    size_t side = r->gan.config.net.size;
    const size_t shape[3] = {r->n_categories * r->n_samples, side, side};
    struct ts_tensor *x = ts_put(rec, "samples", CHECKPOINT_REAL, 3, shape, e);

    if (x == NULL)
        return -1;
    memcpy(x->data, r->samples, x->bytes);
    return 0;
}

int
gan_run_save(const struct gan_run *r, const char *path, struct err *e)
{
    struct ts_record rec = {0};
    char *config = config_text(r, e);
    int rc = -1;

    if (config == NULL || describe(r, &rec, e) == -1 ||
        ts_meta_set(&rec, "kind", "gan-state", e) == -1 ||
        ts_meta_set(&rec, "config", config, e) == -1 ||
        checkpoint_put_count(&rec, "g_updates", r->gan.g_updates, e) == -1 ||
        checkpoint_put_count(&rec, "d_updates", r->gan.d_updates, e) == -1 ||
        (r->gan.config.augment == AUGMENT_ADA &&
         (checkpoint_put_real(&rec, "augment_p", r->gan.augment.p, e) == -1 ||
          checkpoint_put_real(&rec, "augment_signs", r->gan.augment.signs, e) == -1)))
        goto done;
    for (size_t i = 0; i < r->n_categories; i++)
        if (put_places(&rec, &r->category[i], e) == -1)
            goto done;
    if (put_samples(&rec, r, e) == -1 ||
        (r->features != NULL && feature_match_put(&rec, &r->match, e) == -1) ||
        checkpoint_put(&rec, "g.", &r->gan.g.params, 1, e) == -1 ||
        checkpoint_put(&rec, "d.", &r->gan.d.params, 1, e) == -1 ||
        (r->gan.config.ema > 0 &&
         checkpoint_put(&rec, "average.", &r->gan.average.params, 0, e) == -1))
        goto done;
    rc = checkpoint_save(path, &rec, e);
done:
    free(config);
    ts_clear(&rec);
    return rc;
}

static int
load_samples(struct gan_run *r, const struct ts_record *rec, struct err *e)
{
    size_t side = r->gan.config.net.size, n = r->n_categories * r->n_samples;
    const struct ts_tensor *x = ts_find(rec, "samples");

    if (x == NULL || x->dtype != CHECKPOINT_REAL || x->rank != 3 || x->shape[0] != n ||
        x->shape[1] != side || x->shape[2] != side)
        return err_set(e, "has no samples of the right type and size");
    memcpy(r->samples, x->data, x->bytes);
    for (size_t i = 0; i < n * side * side; i++)
        if (!isfinite(r->samples[i]))
            return err_set(e, "samples: number %zu is not finite", i);
    return 0;
}

int
gan_run_load(struct gan_run *r, const char *path, struct err *e)
{
    struct ts_record rec = {0};
    char *config = config_text(r, e);
    int rc = -1;

    if (config == NULL || checkpoint_load(path, &rec, e) == -1) {
        free(config);
        return -1;
    }
    if (strcmp(ts_meta_or(&rec, "kind", ""), "gan-state") != 0) {
        err_set(e, "is no state of gan-train");
        goto done;
    }
    if (resume_check_config(ts_meta_or(&rec, "config", ""), config, e) == -1 ||
        load_samples(r, &rec, e) == -1 ||
        (r->features != NULL && feature_match_get(&rec, &r->match, e) == -1) ||
        checkpoint_get_count(&rec, "iteration", &r->iteration, e) == -1 ||
        checkpoint_get_count(&rec, "g_updates", &r->gan.g_updates, e) == -1 ||
        checkpoint_get_count(&rec, "d_updates", &r->gan.d_updates, e) == -1 ||
        (r->gan.config.augment == AUGMENT_ADA &&
         (checkpoint_get_real(&rec, "augment_p", 0, 1, &r->gan.augment.p, e) == -1 ||
          checkpoint_get_real(&rec, "augment_signs", -4, 4, &r->gan.augment.signs, e) == -1)) ||
        checkpoint_get(&rec, "g.", &r->gan.g.params, 1, e) == -1 ||
        checkpoint_get(&rec, "d.", &r->gan.d.params, 1, e) == -1 ||
        (r->gan.config.ema > 0 &&
         checkpoint_get(&rec, "average.", &r->gan.average.params, 0, e) == -1) ||
        patients_parse(&r->patients, ts_meta_or(&rec, "patients", ""), e) == -1)
        goto done;
    snprintf(r->parent, sizeof(r->parent), "%s", ts_meta_or(&rec, "init", ""));
    for (size_t i = 0; i < r->n_categories; i++)
        if (get_places(&rec, &r->category[i], e) == -1)
            goto done;
    rc = 0;
done:
    if (rc == -1)
        err_in(e, "%s", path);
    free(config);
    ts_clear(&rec);
    return rc;
}

int
gan_run_export(struct gan_run *r, const char *path, struct err *e)
{
    struct ts_record rec = {0};
    int rc = describe(r, &rec, e) == -1 || ts_meta_set(&rec, "kind", "generator", e) == -1 ||
                     checkpoint_put(&rec, "", &gan_best(&r->gan)->params, 0, e) == -1
                 ? -1
                 : checkpoint_save(path, &rec, e);

    ts_clear(&rec);
    return rc;
}
