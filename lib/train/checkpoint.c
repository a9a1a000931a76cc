#include "train/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/rng.h"
#include "stream/tstream.h"

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
