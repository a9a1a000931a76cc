#include "patch/postproc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/morph.h"
#include "patch/lesion_stats.h"
#include "patch/patch.h"

/* ASSUMPTION: "a 10px Gaussian smoothing filter" has a sigma of 10 px and is cut off as scipy's is.
 */
static const double truncate_at = 4;

const char *
postproc_word(enum postproc_verdict v)
{
    static const char *const word[] = {"kept", "empty", "small", "cut", "not-removed"};

    return word[v];
}

/*
 * Leaves the object alone in m and returns its area, or -1.
 *
 * DEVIATION, with `join` > 0: the paper keeps one connected object, which of a cluster of
 * calcifications is one speck.  Here parts are one object if they meet after each has grown by half
 * of `join`; the object is what they cover, not the gaps, and the largest is the one that covers
 * most.
 */
static long
keep_object(uint8_t *m, size_t h, size_t w, int connectivity, double join, struct err *e)
{
    size_t n = h * w, *area = NULL, *covered = NULL;
    uint32_t *label = mem_array_raw(n, sizeof(*label), e), best = 0;
    uint8_t *grown = mem_array_raw(n, 1, e);
    long count, rc = -1;

    if (label == NULL || grown == NULL)
        goto out;
    memcpy(grown, m, n);
    if (join > 0 && morph_dilate_disc(grown, h, w, join / 2, e) == -1)
        goto out;
    if ((count = morph_components(grown, h, w, connectivity, label, &area, e)) == -1)
        goto out;
    if ((covered = mem_array((size_t)count + 1, sizeof(*covered), e)) == NULL)
        goto out;
    for (size_t i = 0; i < n; i++)
        covered[label[i]] += m[i] != 0;
    for (uint32_t k = 1; k <= (uint32_t)count; k++) /* ties: the first in raster order */
        if (best == 0 || covered[k] > covered[best])
            best = k;
    for (size_t i = 0; i < n; i++)
        m[i] = best > 0 && m[i] && label[i] == best;
    rc = best > 0 ? (long)covered[best] : 0;
out:
    free(label);
    free(grown);
    free(area);
    free(covered);
    return rc;
}

/*
 * weight = exp(-d^2 / (2 sigma^2)), d the distance to the nearest object pixel, 0 from `radius` on.
 * The squared distance is the minimum over the row's columns of dx^2 + dy^2, dy to the nearest in
 * the column.
 */
static int
halo(float *p, size_t h, size_t w, double sigma, size_t radius, struct err *e)
{
    size_t far = radius + 1;
    double *weight = mem_array(radius * radius + 1, sizeof(*weight), e);
    size_t *dy = mem_array_raw(h * w, sizeof(*dy), e);

    if (weight == NULL || dy == NULL) {
        free(weight);
        free(dy);
        return -1;
    }
    for (size_t d2 = 0; d2 <= radius * radius; d2++)
        weight[d2] = exp(-(double)d2 / (2 * sigma * sigma));
    for (size_t i = 0; i < h * w; i++)
        dy[i] = p[i] > 0 ? 0 : i < w || dy[i - w] >= far ? far : dy[i - w] + 1;
    for (size_t i = h * w - w; i-- > 0;)
        if (dy[i + w] + 1 < dy[i])
            dy[i] = dy[i + w] + 1;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const size_t *row = dy + y * w;
            size_t least = far * far, from = x > radius ? x - radius : 0;

            for (size_t k = from; k < w && k <= x + radius; k++) {
                size_t dx = k > x ? k - x : x - k, d2 = dx * dx + row[k] * row[k];

                least = d2 < least ? d2 : least;
            }
            p[y * w + x] = least <= radius * radius ? (float)weight[least] : 0;
        }
    free(weight);
    free(dy);
    return 0;
}

/*
 * The weights of the window b of the plane; outside they are 0.  The window reaches a radius
 * further than the object, so smoothing it gives what smoothing the whole plane would, mirrored
 * edges included.
 */
static float *
weights(const struct postproc_config *c, const uint8_t *m, size_t w, struct box b, double sigma,
        size_t radius, struct err *e)
{
    size_t wide = b.x1 - b.x0, high = b.y1 - b.y0;
    float *p = mem_array_raw(wide * high, sizeof(*p), e);
    int rc;

    if (p == NULL)
        return NULL;
    for (size_t y = 0; y < high; y++)
        for (size_t x = 0; x < wide; x++)
            p[y * wide + x] = m[(b.y0 + y) * w + b.x0 + x] ? 1.0f : 0.0f;
    if (radius == 0)
        return p;
    rc = c->edge_only ? halo(p, high, wide, sigma, radius, e)
                      : gauss_smooth(p, high, wide, sigma, truncate_at, e);
    if (rc == -1) {
        free(p);
        return NULL;
    }
    return p;
}

/* Steps 4 to 6 on the object in m. */
static int
refine(const struct postproc_config *c, double unit, float *lesion, uint8_t *m, size_t h, size_t w,
       struct err *e)
{
    double sigma = c->blur * unit, expand = c->expand * unit;
    size_t radius = (size_t)floor(truncate_at * sigma + 0.5);
    struct box b;
    float *p;

    if ((c->disc ? morph_dilate_disc(m, h, w, expand, e)
                 : morph_dilate(m, h, w, (unsigned)floor(expand + 0.5), e)) == -1)
        return -1;
    b = box_widen(box_of_mask(m, h, w), radius, h, w);
    if ((p = weights(c, m, w, b, sigma, radius, e)) == NULL)
        return -1;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            int inside = x >= b.x0 && x < b.x1 && y >= b.y0 && y < b.y1;

            lesion[y * w + x] *= inside ? p[(y - b.y0) * (b.x1 - b.x0) + x - b.x0] : 0.0f;
        }
    free(p);
    return 0;
}

/* The largest value of the threshold's sign, where m is set (NULL: everywhere). */
static double
peak(const float *lesion, const uint8_t *m, size_t n, double threshold)
{
    float sign = threshold < 0 ? -1.0f : 1.0f, most = 0;

    for (size_t i = 0; i < n; i++)
        if ((m == NULL || m[i]) && sign * lesion[i] > most)
            most = sign * lesion[i];
    return (double)most;
}

static double
unit_of(const struct postproc_config *c, size_t h, size_t w)
{
    return c->absolute_px ? 1 : (double)(h < w ? h : w) / 256;
}

/* m has a pixel in the border of the patch, or beside it. */
static int
is_cut(const struct postproc_config *c, const uint8_t *m, size_t h, size_t w)
{
    struct box b = box_of_mask(m, h, w);
    size_t border = (size_t)lround(c->border * unit_of(c, h, w));

    return b.x1 > 0 &&
           (b.x0 <= border || b.y0 <= border || b.x1 + border >= w || b.y1 + border >= h);
}

static int
check_range(const char *name, const float *p, size_t h, size_t w, float lo, struct err *e)
{
    for (size_t i = 0; i < h * w; i++)
        if (!(p[i] >= lo && p[i] <= 1))
            return err_set(e, "%s: %g at row %zu, column %zu is outside %g to 1", name,
                           (double)p[i], i / w, i % w, (double)lo);
    return 0;
}

int
postproc_plane(const struct postproc_config *c, const float *base, float *lesion, uint8_t *mask,
               float *image, size_t h, size_t w, struct postproc_account *a, struct err *e)
{
    size_t n = h * w;
    float t = (float)c->threshold;
    long area;
    struct box b;

    *a = (struct postproc_account){.verdict = POSTPROC_KEPT, .contrast = NAN, .residual = NAN};
    if (check_range("base", base, h, w, 0, e) == -1 ||
        check_range("lesion", lesion, h, w, -1, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        mask[i] = t < 0 ? lesion[i] < t : lesion[i] > t;
    area = keep_object(mask, h, w, c->connectivity, c->join * unit_of(c, h, w), e);
    if (area == -1)
        return -1;
    a->area = (size_t)area;
    a->share = (double)area / (double)n;
    a->peak_before = peak(lesion, mask, n, c->threshold);
    if (area == 0)
        a->verdict = POSTPROC_EMPTY;
    else if ((double)area < c->min_area * (double)n)
        a->verdict = POSTPROC_SMALL;
    else if (c->whole && t >= 0 && is_cut(c, mask, h, w))
        a->verdict = POSTPROC_CUT;
    else {
        if (refine(c, unit_of(c, h, w), lesion, mask, h, w, e) == -1)
            return -1;
        a->peak_after = peak(lesion, NULL, n, c->threshold);
    }
    b = box_of_mask(mask, h, w);
    a->x0 = b.x0;
    a->y0 = b.y0;
    a->x1 = b.x1;
    a->y1 = b.y1;
    for (size_t i = 0; i < n; i++) {
        float v = base[i] + lesion[i];

        image[i] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
    return 0;
}

/* The two planes that gan-gen writes, as floats of one size; the caller frees both, also on
 * failure. */
static int
read_planes(const struct ts_record *r, float **base, float **lesion, size_t *h, size_t *w,
            struct err *e)
{
    size_t lh, lw;

    if (ts_find(r, "base") == NULL || ts_find(r, "lesion") == NULL)
        return err_set(e, "no tensor '%s': expected patches made by gan-gen",
                       ts_find(r, "base") == NULL ? "base" : "lesion");
    if ((*base = ts_plane(r, "base", h, w, e)) == NULL ||
        (*lesion = ts_plane(r, "lesion", &lh, &lw, e)) == NULL)
        return -1;
    if (*h != lh || *w != lw)
        return err_set(e, "base is %zu x %zu, lesion %zu x %zu", *w, *h, lw, lh);
    return 0;
}

/* Contrast of the region that is set in m; not-a-number where it has no surroundings. */
static int
contrast_of(const float *image, const uint8_t *m, size_t h, size_t w, double *contrast,
            struct err *e)
{
    static const struct lesion_options usual = LESION_DEFAULTS;
    struct lesion_measures found;
    int rc = lesion_measure(&usual, image, m, h, w, &found, e);

    *contrast = rc == 1 ? found.contrast : NAN;
    return rc == -1 ? -1 : 0;
}

/*
 * Is the real lesion gone, and was all of it there?  What cannot be measured, because the lesion
 * has no pixel or no surroundings, passes for not removed.
 */
static int
check_removal(const struct postproc_config *c, const struct ts_record *r, const float *base,
              const float *image, size_t h, size_t w, struct postproc_account *a, struct err *e)
{
    const uint8_t *was = ts_mask(r, "base_mask", h, w);
    int demanded = c->whole || c->residual < 1, rc = -1;
    uint8_t *m;

    if (ts_find(r, "base_mask") == NULL && !demanded)
        return 0;
    if (was == NULL)
        return err_set(e, "no U8 tensor 'base_mask' of the size of 'base': where the lesion was "
                          "that is to be removed");
    if ((m = mem_array_raw(h * w, 1, e)) == NULL)
        return -1;
    for (size_t i = 0; i < h * w; i++)
        m[i] = was[i] != 0;
    if (contrast_of(base, m, h, w, &a->contrast, e) == -1 ||
        contrast_of(image, m, h, w, &a->residual, e) == -1)
        goto out;
    if (a->verdict == POSTPROC_KEPT && c->whole && is_cut(c, m, h, w))
        a->verdict = POSTPROC_CUT;
    else if (a->verdict == POSTPROC_KEPT && c->residual < 1 && !(a->residual <= c->residual))
        a->verdict = POSTPROC_NOT_REMOVED;
    rc = 0;
out:
    free(m);
    return rc;
}

int
postproc_record(const struct postproc_config *c, struct ts_record *r, struct postproc_account *a,
                struct err *e)
{
    float *base = NULL, *lesion = NULL, *image = NULL, *plane;
    struct ts_tensor *mask;
    size_t h, w;
    int rc = -1;

    if (read_planes(r, &base, &lesion, &h, &w, e) == -1)
        goto out;
    if (c->keep_generated &&
        (ts_rename(r, "lesion", "generated", e) == -1 ||
         (ts_find(r, "image") != NULL && ts_rename(r, "image", "combined", e) == -1)))
        goto out;
    mask = ts_put(r, "mask", TS_U8, 2, (const size_t[]){h, w}, e);
    image = mem_array_raw(h * w, sizeof(*image), e);
    if (mask == NULL || image == NULL ||
        postproc_plane(c, base, lesion, mask->data, image, h, w, a, e) == -1 ||
        (c->threshold < 0 && check_removal(c, r, base, image, h, w, a, e) == -1))
        goto out;
    if (!isnan(a->residual) && ts_meta_setf(r, "residual", e, "%.6f", a->residual) == -1)
        goto out;
    if ((plane = ts_put_plane(r, "lesion", h, w, e)) == NULL)
        goto out;
    memcpy(plane, lesion, h * w * sizeof(*plane));
    if ((plane = ts_put_plane(r, "image", h, w, e)) == NULL)
        goto out;
    memcpy(plane, image, h * w * sizeof(*plane));
    if (ts_meta_set(r, "kept", a->verdict == POSTPROC_KEPT ? "1" : postproc_word(a->verdict), e) ==
            -1 ||
        patch_set_box(r, &(struct box){a->x0, a->y0, a->x1, a->y1}, e) == -1)
        goto out;
    rc = 0;
out:
    free(base);
    free(lesion);
    free(image);
    return rc;
}
