#include "train/generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/ops.h"
#include "patch/patch.h"
#include "train/category.h"
#include "train/checkpoint.h"
#include "train/feed.h"
#include "train/generator_record.h"

/* ---- loading ---- */

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
choose_category(struct generate *m, const struct ts_record *r, const char *category, struct err *e)
{
    size_t n = m->g.config.categories, used = 0;
    const char *made[NET_MAX_CATEGORIES][3] = {
        {"", ts_meta_or(r, "label", ""), ts_meta_or(r, "lesion", "")}};
    char names[NET_MAX_CATEGORIES * (CATEGORY_NAME + 2) + 1];
    int found = n == 0 && category == NULL;

    if (n == 0 && category != NULL)
        return err_set(e, "is no conditional model: it has no category '%.40s'", category);
    for (size_t i = 0; i < n; i++) {
        if (generator_record_get_category(r, i, made[i], e) == -1)
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
generate_open(struct generate *m, const char *path, const char *category, struct err *e)
{
    struct ts_record r = {0};
    struct net_config net;
    size_t mid, border;
    const char *kind, *prefix = "";
    double ema = 0;
    int rc = -1;

    *m = (struct generate){0};
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
    if (generator_record_get(&r, &net, &mid, &border, e) == -1 ||
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
        generate_close(m);
    }
    return rc;
}

void
generate_close(struct generate *m)
{
    generator_free(&m->g);
    free(m->label);
    free(m->lesion);
    *m = (struct generate){0};
}

/* ---- patches ---- */

static int
describe(struct ts_record *r, const struct generate *m, uint64_t seed, size_t k,
         const struct tensor *scalars, struct err *e)
{
    const char *parent = ts_meta_or(r, "id", "");
    char text[32 * 2 * GENERATOR_MAX_BLOCKS], *at = text, id[192];
    int n;

    for (size_t i = 0; i < scalars->n; i++)
        at += sprintf(at, "%s%.9g", i ? " " : "", (double)scalars->v[i]);
    n = snprintf(id, sizeof(id), "%.64s/%016" PRIx64 "/%" PRIu64 "/%zu", parent, m->hash, seed, k);
    if (m->g.config.categories > 0)
        snprintf(id + n, sizeof(id) - (size_t)n, "/%zu", m->category);
    /* Where the real lesion was tells whether it is gone. */
    return (ts_find(r, "mask") != NULL && ts_rename(r, "mask", "base_mask", e) == -1) ||
                   patch_synthesize(r, id, m->label, m->lesion, e) == -1 ||
                   ts_meta_setf(r, "model", e, "%016" PRIx64, m->hash) == -1 ||
                   ts_meta_set(r, "scalars", text, e) == -1
               ? -1
               : 0;
}

int
generate_patch(struct tape *t, struct generate *m, const struct ts_record *in, uint64_t seed,
               uint64_t index, size_t k, struct ts_record *out, struct err *e)
{
    size_t side = m->fade > 0 ? m->g.config.size : m->g.config.size / 2, pixels = side * side;
    float *base = feed_plane(in, "image", side, e), *plane;
    struct tensor *x, *z, *lesion, *image;
    struct rng r;
    char purpose[48];

    if (base == NULL)
        return -1;

    tape_reset(t);
    tape_record(t, 0);
    params_use(t, &m->g.params, 0);
    x = tape_const(t, 4, (const size_t[]){1, side, side, 1}, NULL);
    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)base[i];
    z = tape_const(t, 2, (const size_t[]){1, generator_scalars(&m->g)}, NULL);
    snprintf(purpose, sizeof(purpose), "gan-gen.%zu", k);
    r = rng_at(seed, purpose, index);
    for (size_t i = 0; i < z->n; i++)
        z->v[i] = (real)rng_between(&r, -1, 1);
    generator_forward(t, &m->g, m->category, x, z, m->fade, &lesion, &image);

    free(base);
    for (size_t i = 0; i < lesion->n; i++)
        if (!isfinite(lesion->v[i]))
            return err_set(e, "the generator makes a lesion that is not finite");
    if (ts_copy(out, in, e) == -1 || ts_rename(out, "image", "base", e) == -1 ||
        (plane = ts_put_plane(out, "lesion", side, side, e)) == NULL)
        return -1;
    for (size_t i = 0; i < pixels; i++)
        plane[i] = (float)lesion->v[i];
    if ((plane = ts_put_plane(out, "image", side, side, e)) == NULL)
        return -1;
    for (size_t i = 0; i < pixels; i++)
        plane[i] = (float)image->v[i];
    return describe(out, m, seed, k, z, e);
}
