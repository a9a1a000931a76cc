#include "image/tissue.h"

#include <stdlib.h>

#include "base/mem.h"
#include "image/morph.h"
#include "image/resample.h"

/* The search runs on a copy whose longer side is about this many pixels. */
#define WORK_SIDE 512

/* The largest share of the image's range that may separate background from breast. */
#define LEVELS 256

/* Otsu's threshold over grey levels 0 .. LEVELS - 1. */
static size_t
otsu(const size_t *count)
{
    double total = 0, sum = 0, below = 0, sum_below = 0, best = -1;
    size_t at = 0;

    for (size_t i = 0; i < LEVELS; i++) {
        total += (double)count[i];
        sum += (double)count[i] * (double)i;
    }
    for (size_t i = 0; i + 1 < LEVELS; i++) {
        double above, d;

        below += (double)count[i];
        sum_below += (double)count[i] * (double)i;
        above = total - below;
        if (below == 0 || above == 0)
            continue;
        d = sum_below / below - (sum - sum_below) / above;
        if (below * above * d * d > best) {
            best = below * above * d * d;
            at = i;
        }
    }
    return at;
}

/* The image in [0, 1], made smaller by whole blocks. */
static float *
shrink(const struct image *im, size_t f, size_t h, size_t w, struct err *e)
{
    float *p = mem_array_raw(h * w, sizeof(*p), e);

    if (p == NULL)
        return NULL;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            double sum = 0;

            for (size_t j = 0; j < f; j++)
                for (size_t i = 0; i < f; i++)
                    sum += im->px[(y * f + j) * im->w + x * f + i];
            p[y * w + x] = (float)(sum / ((double)(f * f) * im->max));
        }
    return p;
}

int
tissue_find(const struct image *im, const struct tissue_options *o, struct mask *out, struct err *e)
{
    size_t longer = im->h > im->w ? im->h : im->w;
    size_t f = longer > WORK_SIDE ? (longer + WORK_SIDE / 2) / WORK_SIDE : 1;
    size_t h = im->h / f, w = im->w / f, count[LEVELS] = {0}, level;
    float *p;
    uint8_t *m;
    long area = -1;

    (void)o;
    *out = (struct mask){0};
    if (h == 0 || w == 0)
        return err_set(e, "an image of %zu x %zu is too thin", im->w, im->h);
    p = shrink(im, f, h, w, e);
    m = p ? mem_array(h * w, 1, e) : NULL;
    if (m != NULL) {
        for (size_t i = 0; i < h * w; i++)
            count[(size_t)(p[i] * (LEVELS - 1))]++;
        level = otsu(count) / 2;
        for (size_t i = 0; i < h * w; i++)
            m[i] = p[i] * (LEVELS - 1) > (float)level;
        if (morph_erode_disc(m, h, w, 3, e) == 0 && morph_dilate_disc(m, h, w, 3, e) == 0)
            area = morph_keep_largest(m, h, w, 4, e);
        if (area == 0)
            err_set(e, "no breast to be seen");
        if (area > 0 && morph_fill_holes(m, h, w, e) == 0 && mask_alloc(out, im->h, im->w, e) == 0)
            for (size_t y = 0; y < im->h; y++)
                for (size_t x = 0; x < im->w; x++)
                    out->px[y * im->w + x] =
                        m[(y / f < h ? y / f : h - 1) * w + (x / f < w ? x / f : w - 1)];
    }
    free(p);
    free(m);
    return out->px ? 0 : -1;
}
