#include "train/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/rng.h"
#include "stream/tstream.h"
#include "train/category.h"

/* States of the paper's full training are 1.3 GB. */
#define CHECKPOINT_LIMIT ((size_t)8 << 30)

/* ---- parameters ---- */

/* The five arrays of a parameter; those it has not are NULL. */
struct part {
    const char *suffix;
    real *v;
    unsigned rank;
    const size_t *shape;
};

enum { PARTS = 5 };

static void
parts_of(const struct param *p, int optimiser, struct part part[PARTS])
{
    part[0] = (struct part){"", p->w.v, p->w.rank, p->w.shape};
    part[1] = (struct part){".u", p->u, 1, &p->out};
    part[2] = (struct part){".v", p->v, 1, &p->in};
    part[3] = (struct part){".m1", optimiser ? p->adam_m : NULL, p->w.rank, p->w.shape};
    part[4] = (struct part){".m2", optimiser ? p->adam_v : NULL, p->w.rank, p->w.shape};
}

int
checkpoint_put(struct ts_record *r, const char *prefix, const struct params *ps, int optimiser,
               struct err *e)
{
    for (size_t i = 0; i < ps->n; i++) {
        struct part part[PARTS];

        parts_of(ps->p[i], optimiser, part);
        for (int k = 0; k < PARTS; k++) {
            struct ts_tensor *x;
            char name[128];

            if (part[k].v == NULL)
                continue;
            snprintf(name, sizeof(name), "%s%s%s", prefix, ps->p[i]->name, part[k].suffix);
            x = ts_put(r, name, CHECKPOINT_REAL, part[k].rank, part[k].shape, e);
            if (x == NULL)
                return -1;
            memcpy(x->data, part[k].v, x->bytes);
        }
    }
    return 0;
}

int
checkpoint_get(const struct ts_record *r, const char *prefix, struct params *ps, int optimiser,
               struct err *e)
{
    for (size_t i = 0; i < ps->n; i++) {
        struct part part[PARTS];

        parts_of(ps->p[i], optimiser, part);
        for (int k = 0; k < PARTS; k++) {
            const struct ts_tensor *x;
            char name[128];
            int same;

            snprintf(name, sizeof(name), "%s%s%s", prefix, ps->p[i]->name, part[k].suffix);
            x = ts_find(r, name);
            if (part[k].v == NULL && k <= 2 && x != NULL)
                return err_set(e, "tensor %s: its network has no spectral normalisation", name);
            if (part[k].v == NULL)
                continue;
            if (x == NULL)
                return err_set(e, "tensor %s is missing", name);
            same = x->dtype == CHECKPOINT_REAL && x->rank == part[k].rank;
            for (unsigned d = 0; same && d < x->rank; d++)
                same = x->shape[d] == part[k].shape[d];
            if (!same)
                return err_set(e, "tensor %s has another type or shape than its network", name);
            memcpy(part[k].v, x->data, x->bytes);
            for (size_t j = 0; j < x->bytes / sizeof(real); j++)
                if (!isfinite(part[k].v[j]))
                    return err_set(e, "tensor %s: number %zu is not finite", name, j);
        }
    }
    return 0;
}

/* ---- numbers ---- */

int
checkpoint_put_count(struct ts_record *r, const char *key, uint64_t value, struct err *e)
{
    return ts_meta_setf(r, key, e, "%" PRIu64, value);
}

int
checkpoint_get_count(const struct ts_record *r, const char *key, uint64_t *value, struct err *e)
{
    const char *s = ts_meta_or(r, key, "");

    if (number_whole(s, UINT64_MAX, value) == -1)
        return err_set(e, "metadata %s: '%.40s' is not a whole number", key, s);
    return 0;
}

int
checkpoint_put_real(struct ts_record *r, const char *key, double value, struct err *e)
{
    return ts_meta_setf(r, key, e, "%.17g", value);
}

int
checkpoint_get_real(const struct ts_record *r, const char *key, double lo, double hi, double *value,
                    struct err *e)
{
    const char *s = ts_meta_or(r, key, "");

    if (number_real(s, value) == -1 || !(*value >= lo && *value <= hi))
        return err_set(e, "metadata %s: '%.40s' is not a number from %g to %g", key, s, lo, hi);
    return 0;
}

uint64_t
checkpoint_attention(const struct net_config *c)
{
    return c->attention == c->size / 8 ? 1 : c->attention;
}

int
checkpoint_put_net(struct ts_record *r, const struct net_config *c, size_t mid, size_t border,
                   struct err *e)
{
    return checkpoint_put_count(r, "size", c->size, e) == -1 ||
                   checkpoint_put_real(r, "width", c->width, e) == -1 ||
                   checkpoint_put_real(r, "leak", c->leak, e) == -1 ||
                   checkpoint_put_count(r, "spectral", (uint64_t)c->spectral, e) == -1 ||
                   checkpoint_put_count(r, "attention", checkpoint_attention(c), e) == -1 ||
                   checkpoint_put_count(r, "mid", mid, e) == -1 ||
                   checkpoint_put_count(r, "border", border, e) == -1 ||
                   (c->whole && checkpoint_put_count(r, "whole", 1, e) == -1) ||
                   (c->anti_alias && checkpoint_put_count(r, "anti_alias", 1, e) == -1) ||
                   (c->categories && checkpoint_put_count(r, "categories", c->categories, e) == -1)
               ? -1
               : 0;
}

int
checkpoint_get_net(const struct ts_record *r, struct net_config *c, size_t *mid, size_t *border,
                   struct err *e)
{
    uint64_t size, spectral, attention, m, b, whole = 0, anti_alias = 0, categories = 0;

    if (checkpoint_get_count(r, "size", &size, e) == -1 ||
        checkpoint_get_real(r, "width", 1e-3, 16, &c->width, e) == -1 ||
        checkpoint_get_real(r, "leak", 0, 1, &c->leak, e) == -1 ||
        checkpoint_get_count(r, "spectral", &spectral, e) == -1 ||
        checkpoint_get_count(r, "attention", &attention, e) == -1 ||
        checkpoint_get_count(r, "mid", &m, e) == -1 ||
        checkpoint_get_count(r, "border", &b, e) == -1 ||
        (ts_meta(r, "whole") != NULL && checkpoint_get_count(r, "whole", &whole, e) == -1) ||
        (ts_meta(r, "anti_alias") != NULL &&
         checkpoint_get_count(r, "anti_alias", &anti_alias, e) == -1) ||
        (ts_meta(r, "categories") != NULL &&
         checkpoint_get_count(r, "categories", &categories, e) == -1))
        return -1;
    if (size < 32 || size > 512 || (size & (size - 1)) != 0)
        return err_set(e, "metadata size: %" PRIu64 " is not a power of two from 32 to 512", size);
    if (attention == 1)
        attention = size / 8;
    if (attention > 0 && !net_attends(size, attention))
        return err_set(e, "metadata attention: no map of %" PRIu64 " pixels", attention);
    if (m > 1 << 16 || b >= size / 2)
        return err_set(e, "metadata mid %" PRIu64 ", border %" PRIu64 ": out of range", m, b);
    if (whole > 1 || anti_alias > 1)
        return err_set(e, "metadata whole %" PRIu64 ", anti_alias %" PRIu64 ": neither 0 nor 1",
                       whole, anti_alias);
    if (ts_meta(r, "categories") != NULL && (categories < 1 || categories > NET_MAX_CATEGORIES))
        return err_set(e, "metadata categories: %" PRIu64 " is not from 1 to %d", categories,
                       NET_MAX_CATEGORIES);
    c->size = size;
    c->spectral = spectral != 0;
    c->attention = attention;
    c->whole = whole != 0;
    c->anti_alias = anti_alias != 0;
    c->categories = categories;
    *mid = m;
    *border = b;
    return 0;
}

int
checkpoint_same_net(const struct ts_record *r, const struct net_config *c, size_t mid,
                    size_t border, struct err *e)
{
    static const char *const keys[] = {"size", "categories", "width", "mid",       "border",
                                       "leak", "spectral",   "whole", "attention", "anti_alias"};
    struct ts_record want = {0};
    int rc = checkpoint_put_net(&want, c, mid, border, e);

    for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *has = ts_meta_or(r, keys[i], "0"), *needs = ts_meta_or(&want, keys[i], "0");

        if (strcmp(has, needs) != 0)
            rc = err_set(e, "its network has %s %.40s, not %s", keys[i], has, needs);
    }
    ts_clear(&want);
    return rc;
}

/* ---- categories ---- */

enum { CATEGORY_KEY = 48 };

static const char *
category_key(size_t i, const char *what, char key[CATEGORY_KEY])
{
    snprintf(key, CATEGORY_KEY, "category.%zu.%s", i, what);
    return key;
}

const char *
checkpoint_category_name(const struct ts_record *r, size_t i)
{
    char key[CATEGORY_KEY];

    return ts_meta_or(r, category_key(i, "name", key), "");
}

int
checkpoint_put_category(struct ts_record *r, size_t i, const char *name, const char *label,
                        const char *lesion, struct err *e)
{
    char key[CATEGORY_KEY];

    return ts_meta_set(r, category_key(i, "name", key), name, e) == -1 ||
                   ts_meta_set(r, category_key(i, "label", key), label, e) == -1 ||
                   ts_meta_set(r, category_key(i, "lesion", key), lesion, e) == -1
               ? -1
               : 0;
}

/* Name, label and lesion of category number i, which belong to the record. */
static int
get_category(const struct ts_record *r, size_t i, const char *made[3], struct err *e)
{
    static const char *const what[3] = {"name", "label", "lesion"};
    char key[CATEGORY_KEY];

    for (int k = 0; k < 3; k++)
        if ((made[k] = ts_meta(r, category_key(i, what[k], key))) == NULL)
            return err_set(e, "metadata %s is missing", key);
    if (!category_valid(made[0]))
        return err_set(e, "metadata category.%zu.name: '%.40s' is no category's name", i, made[0]);
    if (strcmp(made[1], "malignant") != 0 && strcmp(made[1], "normal") != 0)
        return err_set(e, "metadata category.%zu.label: '%.40s' is neither malignant nor normal", i,
                       made[1]);
    return 0;
}

/* ---- files ---- */

static uint64_t
hash_more(uint64_t h, const void *data, size_t n)
{
    return h * 0x9E3779B97F4A7C15u + rng_hash(data, n);
}

uint64_t
checkpoint_hash(const struct ts_record *r)
{
    uint64_t h = 0;

    for (size_t i = 0; i < r->n_tensors; i++) {
        h = hash_more(h, r->tensor[i].name, strlen(r->tensor[i].name));
        h = hash_more(h, r->tensor[i].data, r->tensor[i].bytes);
    }
    return h;
}

static uint64_t
metadata_hash(const struct ts_record *r)
{
    uint64_t h = 0;

    for (size_t i = 0; i < r->n_meta; i++) {
        const struct ts_meta *m = &r->meta[i];

        if (strcmp(m->key, "crc32") == 0 || strcmp(m->key, "metadata_hash") == 0)
            continue;
        h = hash_more(h, m->key, strlen(m->key));
        h = hash_more(h, m->value, strlen(m->value));
    }
    return h;
}

int
checkpoint_save(const char *path, struct ts_record *r, struct err *e)
{
    if (ts_meta_setf(r, "metadata_hash", e, "%016" PRIx64, metadata_hash(r)) == -1)
        return err_in(e, "%s", path);
    return ts_save(path, r, e);
}

int
checkpoint_load(const char *path, struct ts_record *r, struct err *e)
{
    const char *want;
    char have[17];

    if (ts_load(path, CHECKPOINT_LIMIT, r, e) == -1)
        return -1;
    want = ts_meta(r, "metadata_hash");
    snprintf(have, sizeof(have), "%016" PRIx64, metadata_hash(r));
    if (want == NULL || strcmp(want, have) == 0)
        return 0;
    err_set(e, "%s: metadata_hash is '%.20s', the metadata have %s", path, want, have);
    ts_clear(r);
    return -1;
}

/* ---- generators ---- */

/* Metadata that promise a larger network than the file holds must not cost memory. */
static size_t
numbers_in(const struct ts_record *r)
{
    size_t n = 1;

    for (size_t i = 0; i < r->n_tensors; i++)
        n += r->tensor[i].bytes / sizeof(real);
    return n;
}

/* What the generator makes if it is told to make `category`; NULL where there is none to tell. */
static int
choose_category(struct generator_model *m, const struct ts_record *r, const char *category,
                struct err *e)
{
    size_t n = m->g.config.categories, used = 0;
    const char *made[NET_MAX_CATEGORIES][3] = {
        {"", ts_meta_or(r, "label", ""), ts_meta_or(r, "lesion", "")}};
    char names[NET_MAX_CATEGORIES * (CATEGORY_NAME + 2) + 1];
    int found = n == 0 && category == NULL;

    if (n == 0 && category != NULL)
        return err_set(e, "is no conditional model: it has no category '%.40s'", category);
    for (size_t i = 0; i < n; i++) {
        if (get_category(r, i, made[i], e) == -1)
            return -1;
        for (size_t k = 0; k < i; k++)
            if (strcmp(made[k][0], made[i][0]) == 0)
                return err_set(e, "metadata category.%zu.name: a second '%s'", i, made[i][0]);
        used += (size_t)sprintf(names + used, "%s%s", i ? ", " : "", made[i][0]);
        if (category != NULL && strcmp(made[i][0], category) == 0) {
            m->category = i;
            found = 1;
        }
    }
    if (!found && category == NULL)
        return err_set(e, "is a conditional model: --category names one of %s", names);
    if (!found)
        return err_set(e, "has no category '%.40s': --category names one of %s", category, names);
    m->label = mem_string(made[m->category][1], e);
    m->lesion = mem_string(made[m->category][2], e);
    return m->label && m->lesion ? 0 : -1;
}

int
generator_model_load(struct generator_model *m, const char *path, const char *category,
                     struct err *e)
{
    struct ts_record r = {0};
    struct net_config net;
    size_t mid, border;
    const char *kind, *prefix = "";
    double ema = 0;
    int rc = -1;

    *m = (struct generator_model){0};
    if (checkpoint_load(path, &r, e) == -1)
        return -1; /* names the path */
    kind = ts_meta_or(&r, "kind", "");
    if (strcmp(kind, "gan-state") == 0) {
        if (checkpoint_get_real(&r, "ema", 0, 1, &ema, e) == -1)
            goto done;
        prefix = ema > 0 ? "average." : "g.";
    } else if (strcmp(kind, "generator") != 0) {
        err_set(e, "is no generator (its metadata says kind '%.40s')", kind);
        goto done;
    }
    net.limit = numbers_in(&r);
    if (checkpoint_get_net(&r, &net, &mid, &border, e) == -1 ||
        checkpoint_get_real(&r, "fade", 0, 1, &m->fade, e) == -1 ||
        generator_init(&m->g, &net, mid, border, 0, e) == -1 ||
        checkpoint_get(&r, prefix, &m->g.params, 0, e) == -1 ||
        choose_category(m, &r, category, e) == -1)
        goto done;
    m->hash = checkpoint_hash(&r);
    rc = 0;
done:
    ts_clear(&r);
    if (rc == -1) {
        err_in(e, "%s", path);
        generator_model_free(m);
    }
    return rc;
}

void
generator_model_free(struct generator_model *m)
{
    generator_free(&m->g);
    free(m->label);
    free(m->lesion);
    *m = (struct generator_model){0};
}
