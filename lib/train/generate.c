#include "train/generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/ops.h"
#include "patch/patch.h"
#include "train/feed.h"

static int
describe(struct ts_record *r, const struct generator_model *m, uint64_t seed, size_t k,
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
generate_patch(struct tape *t, struct generator_model *m, const struct ts_record *in, uint64_t seed,
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
