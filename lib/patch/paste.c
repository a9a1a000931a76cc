#include "patch/paste.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/morph.h"
#include "patch/augment.h"

static double
unit_of(const struct paste_config *c, size_t h, size_t w)
{
    return c->absolute_px ? 1 : (double)(h < w ? h : w) / 256;
}

/* ---- the background ---- */

/* The known pixels, smoothed by a Gaussian of which only what falls on known pixels counts. */
static int
smooth_known(const float *image, const uint8_t *gap, size_t h, size_t w, double sigma,
             float *background, struct err *e)
{
    float *share = mem_array_raw(h * w, sizeof(*share), e);
    int rc;

    if (share == NULL)
        return -1;
    for (size_t i = 0; i < h * w; i++) {
        share[i] = gap[i] ? 0.0F : 1.0F;
        background[i] = gap[i] ? 0.0F : image[i];
    }
    rc = gauss_smooth(share, h, w, sigma, 4, e) == -1 ||
                 gauss_smooth(background, h, w, sigma, 4, e) == -1
             ? -1
             : 0;
    for (size_t i = 0; rc == 0 && i < h * w; i++)
        background[i] = gap[i] ? 0.0F : background[i] / share[i];
    free(share);
    return rc;
}

/*
 * Laplace's equation in the gap by successive over-relaxation; at the patch's edge the neighbours
 * that are missing are left out, so that the surface meets it level.  Starts from the mean of the
 * pixels round the gap.  The factor is the best one for a gap as wide as the patch: each sweep
 * leaves 1 - 2 pi / width of the error, or less.
 */
static int
fill_gap(const uint8_t *gap, size_t h, size_t w, float *background, struct err *e)
{
    static const double tolerance = 0x1p-22; /* of a step */
    size_t longest = h > w ? h : w, sweeps = 20 * longest, n = 0, n_rim = 0;
    double factor = 2 / (1 + M_PI / (double)longest), rim = 0, most = 1;
    double *v = mem_array_raw(h * w, sizeof(*v), e);
    size_t *at = mem_array_raw(h * w, sizeof(*at), e); /* the gap's pixels */

    if (v == NULL || at == NULL) {
        free(v);
        free(at);
        return -1;
    }
    for (size_t i = 0; i < h * w; i++) {
        size_t x = i % w, y = i / w;

        v[i] = (double)background[i];
        if (gap[i])
            at[n++] = i;
        else if ((x > 0 && gap[i - 1]) || (x + 1 < w && gap[i + 1]) || (y > 0 && gap[i - w]) ||
                 (y + 1 < h && gap[i + w])) {
            rim += v[i];
            n_rim++;
        }
    }
    for (size_t k = 0; k < n; k++)
        v[at[k]] = rim / (double)n_rim;
    for (size_t sweep = 0; sweep < sweeps && most > tolerance; sweep++) {
        most = 0;
        for (size_t k = 0; k < n; k++) {
            size_t i = at[k], x = i % w, y = i / w;
            double sum = 0, step;
            int parts = (x > 0) + (x + 1 < w) + (y > 0) + (y + 1 < h);

            sum += x > 0 ? v[i - 1] : 0;
            sum += x + 1 < w ? v[i + 1] : 0;
            sum += y > 0 ? v[i - w] : 0;
            sum += y + 1 < h ? v[i + w] : 0;
            step = factor * (sum / parts - v[i]);
            v[i] += step;
            most = fmax(most, fabs(step));
        }
    }
    for (size_t i = 0; i < h * w; i++)
        background[i] = (float)v[i];
    free(v);
    free(at);
    return 0;
}

/* ---- the weight ---- */

/*
 * 0 outside the gap, inside t^2 (3 - 2 t) with t the distance to the nearest pixel outside over
 * `edge`, at most 1.  What lies beyond the patch counts as inside unless `closed`: a lesion that
 * the patch's edge cuts goes on there, but when it is moved, that edge must not show.
 */
static int
fade(const uint8_t *gap, size_t h, size_t w, double edge, int closed, float *weight, struct err *e)
{
    size_t radius = (size_t)ceil(edge) + 1, far = radius + 1;
    size_t *dy = mem_array_raw(h * w, sizeof(*dy), e);

    if (dy == NULL)
        return -1;
    /* Distance to the nearest pixel outside in the same column. */
    for (size_t i = 0; i < h * w; i++)
        dy[i] = !gap[i] ? 0 : i < w ? (closed ? 1 : far) : dy[i - w] >= far ? far : dy[i - w] + 1;
    for (size_t i = h * w; i-- > 0;) {
        size_t below = i + w < h * w ? dy[i + w] : closed ? 0 : far;

        if (below + 1 < dy[i])
            dy[i] = below + 1;
    }
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const size_t *row = dy + y * w;
            size_t least = far * far, from = x > radius ? x - radius : 0;
            double t;

            for (size_t k = from; k < w && k <= x + radius; k++) {
                size_t dx = k > x ? k - x : x - k, d2 = dx * dx + row[k] * row[k];

                least = d2 < least ? d2 : least;
            }
            if (closed && (x + 1) * (x + 1) < least)
                least = (x + 1) * (x + 1);
            if (closed && (w - x) * (w - x) < least)
                least = (w - x) * (w - x);
            t = edge > 0 ? sqrt((double)least) / (edge + 1) : 1;
            t = gap[y * w + x] ? fmin(t, 1) : 0;
            weight[y * w + x] = (float)(t * t * (3 - 2 * t));
        }
    free(dy);
    return 0;
}

/* ---- the lesion ---- */

/* The expanded mask into gap.  Returns as paste_extract(). */
static int
find_gap(const struct paste_config *c, const uint8_t *mask, size_t h, size_t w, uint8_t *gap,
         struct err *e)
{
    size_t area = 0, grown = 0;

    for (size_t i = 0; i < h * w; i++)
        area += gap[i] = mask[i] != 0;
    if (area == 0)
        return 0;
    if (morph_dilate_disc(gap, h, w, c->expand * unit_of(c, h, w), e) == -1)
        return -1;
    for (size_t i = 0; i < h * w; i++)
        grown += gap[i] != 0;
    return grown < h * w && (double)grown <= c->max_area * (double)(h * w);
}

int
paste_extract(const struct paste_config *c, const float *image, const uint8_t *mask, size_t h,
              size_t w, float *lesion, struct err *e)
{
    uint8_t *gap = mem_array_raw(h * w, 1, e);
    float *background = mem_array_raw(h * w, sizeof(*background), e);
    double unit = unit_of(c, h, w);
    int rc = -1;

    if (gap == NULL || background == NULL)
        goto out;
    for (size_t i = 0; i < h * w; i++)
        if (!(image[i] >= 0 && image[i] <= 1)) {
            err_set(e, "grey level %g at row %zu, column %zu is outside 0 to 1", (double)image[i],
                    i / w, i % w);
            goto out;
        }
    if ((rc = find_gap(c, mask, h, w, gap, e)) != 1)
        goto out;
    rc = -1;
    if (smooth_known(image, gap, h, w, c->smooth * unit, background, e) == -1 ||
        fill_gap(gap, h, w, background, e) == -1 ||
        fade(gap, h, w, c->edge * unit, c->centre, lesion, e) == -1)
        goto out;
    for (size_t i = 0; i < h * w; i++)
        lesion[i] = fminf(1, fmaxf(-1, lesion[i] * (image[i] - background[i])));
    rc = 1;
out:
    free(gap);
    free(background);
    return rc;
}

/* Moves a plane by whole pixels; zeros come in. */
static int
move(float *p, size_t h, size_t w, long dx, long dy, struct err *e)
{
    float *to = mem_array(h * w, sizeof(*to), e);

    if (to == NULL)
        return -1;
    for (long y = 0; y < (long)h; y++)
        for (long x = 0; x < (long)w; x++)
            if (y - dy >= 0 && y - dy < (long)h && x - dx >= 0 && x - dx < (long)w)
                to[y * (long)w + x] = p[(y - dy) * (long)w + x - dx];
    memcpy(p, to, h * w * sizeof(*to));
    free(to);
    return 0;
}

static int
move_to_centre(float *lesion, const uint8_t *mask, size_t h, size_t w, struct err *e)
{
    size_t x0 = w, y0 = h, x1 = 0, y1 = 0;

    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            if (mask[y * w + x]) {
                x0 = x < x0 ? x : x0;
                x1 = x + 1 > x1 ? x + 1 : x1;
                y0 = y < y0 ? y : y0;
                y1 = y + 1;
            }
    return move(lesion, h, w, ((long)w - (long)(x0 + x1)) / 2, ((long)h - (long)(y0 + y1)) / 2, e);
}

/* ---- records ---- */

static const struct ts_tensor *
mask_of(const struct ts_record *r, struct err *e)
{
    const struct ts_tensor *m = ts_find(r, "mask"), *image = ts_find(r, "image");

    if (m == NULL || image == NULL)
        err_set(e, "has no tensor '%s'", m == NULL ? "mask" : "image");
    else if (m->dtype != TS_U8 || m->rank != 2 || image->rank != 2 ||
             m->shape[0] != image->shape[0] || m->shape[1] != image->shape[1])
        err_set(e, "mask is no U8 plane of the size of image");
    else
        return m;
    return NULL;
}

int
paste_donor(const struct paste_config *c, const struct ts_record *donor, struct err *e)
{
    const struct ts_tensor *m = mask_of(donor, e);
    const char *label = ts_meta_or(donor, "label", "");
    uint8_t *gap;
    int rc;

    if (m == NULL)
        return -1;
    if (strcmp(label, "malignant") != 0 && strcmp(label, "benign") != 0)
        return err_set(e, "label '%.32s' is no lesion's (malignant, benign)", label);
    if (strcmp(ts_meta_or(donor, "synthetic", "0"), "1") == 0)
        return err_set(e, "is synthetic, expected a real lesion");
    if ((gap = mem_array_raw(m->bytes, 1, e)) == NULL)
        return -1;
    rc = find_gap(c, m->data, m->shape[0], m->shape[1], gap, e);
    free(gap);
    return rc;
}

static int
check_pair(const struct ts_record *in, const struct ts_record *donor, struct err *e)
{
    const char *label = ts_meta_or(in, "label", "");
    const char *a = ts_meta_or(in, "split", ""), *b = ts_meta_or(donor, "split", "");

    if (label[0] != '\0' && strcmp(label, "normal") != 0)
        return err_set(e, "label is '%.32s', expected a normal patch", label);
    if (a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0)
        return err_set(e, "is of split '%.32s', its lesion of '%.32s'", a, b);
    return 0;
}

static int
describe(struct ts_record *r, const struct ts_record *donor, const char *donor_id,
         const struct augment_change *turn, uint64_t seed, size_t k, struct err *e)
{
    static const char *const outdated[] = {"bbox", "seedpixel"};
    const char *parent = ts_meta_or(r, "id", "");
    char id[200];

    snprintf(id, sizeof(id), "%.64s/%.64s/%016" PRIx64 "/%zu", parent, donor_id, seed, k);
    for (size_t i = 0; i < sizeof(outdated) / sizeof(outdated[0]); i++)
        ts_meta_drop(r, outdated[i]);
    ts_drop(r, "mask");
    return ts_meta_set(r, "parent", parent, e) == -1 ||
                   ts_meta_setf(r, "id", e, "%016" PRIx64, rng_hash(id, strlen(id))) == -1 ||
                   ts_meta_set(r, "label", ts_meta_or(donor, "label", ""), e) == -1 ||
                   ts_meta_set(r, "lesion", ts_meta_or(donor, "lesion", ""), e) == -1 ||
                   ts_meta_set(r, "synthetic", "1", e) == -1 ||
                   ts_meta_set(r, "donor", donor_id, e) == -1 ||
                   ts_meta_set(r, "donor_patient", ts_meta_or(donor, "patient", ""), e) == -1 ||
                   ts_meta_setf(r, "donor_rotate", e, "%d", turn->rotate) == -1 ||
                   ts_meta_setf(r, "donor_flip", e, "%d", turn->flip) == -1
               ? -1
               : 0;
}

/* The donor's lesion, turned, as a plane of h x w; the caller frees. */
static float *
lesion_of(const struct paste_config *c, const struct ts_record *donor, size_t h, size_t w,
          struct err *e)
{
    size_t dh, dw;
    const struct ts_tensor *mask = mask_of(donor, e);
    float *image = mask ? ts_plane(donor, "image", &dh, &dw, e) : NULL, *lesion = NULL;
    int rc = -1;

    if (image == NULL)
        return NULL;
    if (dh != h || dw != w) {
        err_set(e, "is %zux%zu, the patch %zux%zu", dw, dh, w, h);
        goto out;
    }
    if ((lesion = mem_array_raw(h * w, sizeof(*lesion), e)) == NULL)
        goto out;
    rc = paste_extract(c, image, mask->data, h, w, lesion, e);
    if (rc == 0)
        rc = err_set(e, "its mask is empty or covers too much");
    if (rc == 1 && c->centre)
        rc = move_to_centre(lesion, mask->data, h, w, e);
out:
    free(image);
    if (rc == -1) {
        free(lesion);
        return NULL;
    }
    return lesion;
}

int
paste_record(const struct paste_config *c, const struct ts_record *in, struct ts_record *donor,
             uint64_t seed, uint64_t index, size_t k, struct ts_record *out, struct err *e)
{
    char purpose[48], *donor_id = NULL;
    struct augment_change turn = {.scale = 1};
    float *base = NULL, *lesion = NULL, *to;
    struct rng r;
    size_t h, w;
    int rc = -1;

    if (check_pair(in, donor, e) == -1 || (base = ts_plane(in, "image", &h, &w, e)) == NULL ||
        (donor_id = mem_string(ts_meta_or(donor, "id", ""), e)) == NULL)
        goto out;
    snprintf(purpose, sizeof(purpose), "lesion-paste.turn.%zu", k);
    r = rng_at(seed, purpose, index);
    turn.flip = (int)rng_below(&r, 2) && !c->no_flip;
    turn.rotate = 90 * (int)rng_below(&r, 4) * !c->no_rotate;
    if (augment_apply(donor, 0, &turn, 0, e) == -1 ||
        (lesion = lesion_of(c, donor, h, w, e)) == NULL) {
        err_in(e, "lesion '%.64s'", donor_id);
        goto out;
    }
    for (size_t i = 0; i < h * w; i++)
        if (!(base[i] >= 0 && base[i] <= 1)) {
            err_set(e, "image: %g at row %zu, column %zu is outside 0 to 1", (double)base[i], i / w,
                    i % w);
            goto out;
        }
    if (ts_copy(out, in, e) == -1 || ts_rename(out, "image", "base", e) == -1 ||
        (to = ts_put_plane(out, "lesion", h, w, e)) == NULL)
        goto out;
    memcpy(to, lesion, h * w * sizeof(*to));
    if ((to = ts_put_plane(out, "image", h, w, e)) == NULL)
        goto out;
    for (size_t i = 0; i < h * w; i++)
        to[i] = fminf(1, fmaxf(0, base[i] + lesion[i]));
    rc = describe(out, donor, donor_id, &turn, seed, k, e);
out:
    free(donor_id);
    free(base);
    free(lesion);
    return rc;
}
