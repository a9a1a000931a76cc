#include "image/tissue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/box.h"
#include "image/film.h"
#include "image/morph.h"
#include "image/pectoral.h"
#include "image/resample.h"

/*
 * The search runs on a copy of about 512 pixels, its grey levels divided by the brightest, in which
 * what lies beside the film is painted over (film.h):
 *
 *   1. Otsu's threshold on the square roots separates what is bright; the largest bright part is
 *      the core of the breast, and tells on which side the chest wall is.
 *   2. What is dark and reaches an edge other than the chest wall, far from the core, is
 *      background.  Its median and its lower deviation (upwards there is stray light and skin) give
 *      level and noise; the level is taken row by row, because films are lighter at one end.
 *   3. Other bright parts that stand on background are labels, tape and edges of the film; in the
 *      breast they are tissue.
 *   4. What is brighter than the background by its noise and is no label grows onto the core;
 *      closing fills dark gaps, opening cuts thin bridges, and what background does not reach is
 *      filled.  Films are fogged along their edge at the chest wall: strips there are cut off.
 *
 * ASSUMPTION: nothing in the paper tells how its masks were made.  The constants are round numbers
 * that hold together: on 127 films of mini-MIAS with published masks the mean overlap lies between
 * 0.977 and 0.982 for noise 2 to 4, contrast 0.006 to 0.015 and a core of 0.4 to 0.8 of Otsu's
 * threshold; chosen on one half of the patients it is 0.984 on the other, and 0.979 the other way
 * round.
 */

#define WORK_SIDE 512    /* longer side of the copy, about */
#define SMOOTH 0.6       /* deviation of the smoothing before thresholds, in pixels of the copy */
#define CORE_PART 0.6    /* the core's threshold, as a part of Otsu's */
#define CORE_AREA 0.01   /* least share of the image that the core has */
#define FAR_PART 0.06    /* background begins this far from the core; a share of the longer side */
#define FILM_SHARE 0.25  /* least share of pixels that are not zero in a column of the film */
#define BACK_SHARE 0.002 /* fewer pixels of background tell nothing */
#define ROW_SPAN 16      /* rows up and down over which the background's level is taken */
#define RING 7           /* a label's surroundings are this far from it */
#define RING_SHARE 0.5   /* and more than this share of them is background */
#define LABEL_MARGIN 4   /* labels are taken out with a margin */
#define STRIP_PART 0.05  /* fog along an edge is narrower than this; a share of the longer side */

#define LEVELS 1024

struct work {
    size_t h, w, f;      /* size of the copy; one of its pixels is f x f of the image */
    size_t whole_w;      /* its width before what is behind the wall went, */
    size_t x0;           /* and the first column kept */
    size_t film0, film1; /* columns that hold the film or the detector's image, not padding */
    int right;           /* the chest wall is on the right */
    float *p;            /* grey levels, 0 .. 1, smoothed */
    float *th;           /* [h] tissue is brighter than this */
    uint8_t *off;        /* beside the film, and painted over */
    uint8_t *bright, *core, *tissue;
    uint8_t *back;   /* background; from find_labels() on labels; scratch in the end */
    uint32_t *label; /* of components */
};

static size_t
level_of(float v)
{
    return v >= 1 ? LEVELS - 1 : (size_t)(v * LEVELS);
}

/* ---- 0: the copy ---- */

static int
shrink(const struct image *im, struct work *k, struct err *e)
{
    size_t longer = im->h > im->w ? im->h : im->w;
    float brightest = 0;

    k->f = longer > WORK_SIDE ? (longer + WORK_SIDE / 2) / WORK_SIDE : 1;
    k->h = (im->h + k->f - 1) / k->f;
    k->w = k->whole_w = (im->w + k->f - 1) / k->f;
    k->p = mem_array_raw(k->h * k->w, sizeof(*k->p), e);
    if (k->p == NULL)
        return -1;
    for (size_t y = 0; y < k->h; y++)
        for (size_t x = 0; x < k->w; x++) {
            size_t y1 = (y + 1) * k->f < im->h ? (y + 1) * k->f : im->h;
            size_t x1 = (x + 1) * k->f < im->w ? (x + 1) * k->f : im->w;
            uint64_t sum = 0;
            float mean;

            for (size_t j = y * k->f; j < y1; j++)
                for (size_t i = x * k->f; i < x1; i++)
                    sum += im->px[j * im->w + i];
            mean = (float)sum / (float)((y1 - y * k->f) * (x1 - x * k->f));
            k->p[y * k->w + x] = mean;
            if (mean > brightest)
                brightest = mean;
        }
    if (brightest == 0)
        return err_set(e, "the image is black");
    for (size_t i = 0; i < k->h * k->w; i++)
        k->p[i] /= brightest;
    return 0;
}

/* Padding is exactly zero, which background is not, or not everywhere. */
static void
find_padding(struct work *k)
{
    size_t first = k->w, last = 0;

    for (size_t x = 0; x < k->w; x++) {
        size_t n = 0;

        for (size_t y = 0; y < k->h; y++)
            n += k->p[y * k->w + x] > 0;
        if ((double)n >= FILM_SHARE * (double)k->h) {
            first = x < first ? x : first;
            last = x + 1;
        }
    }
    k->film0 = first < last ? first : 0;
    k->film1 = first < last ? last : k->w;
}

/* ---- 1: the core ---- */

/* Otsu's threshold, IEEE Trans. SMC 9(1):62, 1979, of the square roots of the film's pixels. */
static double
otsu(const struct work *k)
{
    double count[LEVELS] = {0}, total = 0, sum = 0, below = 0, sum_below = 0, best = -1;
    size_t at = 0;

    for (size_t y = 0; y < k->h; y++)
        for (size_t x = k->film0; x < k->film1; x++)
            if (!k->off[y * k->w + x])
                count[level_of(sqrtf(k->p[y * k->w + x]))]++;
    for (size_t i = 0; i < LEVELS; i++) {
        total += count[i];
        sum += count[i] * (double)i;
    }
    for (size_t i = 0; i + 1 < LEVELS; i++) {
        double above, d;

        below += count[i];
        sum_below += count[i] * (double)i;
        above = total - below;
        if (below == 0 || above == 0)
            continue;
        d = sum_below / below - (sum - sum_below) / above;
        if (below * above * d * d > best) {
            best = below * above * d * d;
            at = i;
        }
    }
    return pow((double)(at + 1) / LEVELS, 2);
}

static int
open_disc(const struct work *k, uint8_t *m, double radius, struct err *e)
{
    if (morph_erode_disc(m, k->h, k->w, radius, e) == -1)
        return -1;
    return morph_dilate_disc(m, k->h, k->w, radius, e);
}

static int
find_core(struct work *k, double radius, struct err *e)
{
    double level = CORE_PART * otsu(k);
    long area;

    for (size_t i = 0; i < k->h * k->w; i++)
        k->core[i] = k->bright[i] = (double)k->p[i] > level;
    if (open_disc(k, k->core, radius, e) == -1)
        return -1;
    area = morph_keep_largest(k->core, k->h, k->w, 4, e);
    if (area == -1)
        return -1;
    if ((double)area < CORE_AREA * (double)(k->h * k->w))
        return err_set(e, "no breast to be seen: the largest bright part has %.2g %% of the image",
                       100.0 * (double)area / (double)(k->h * k->w));
    return 0;
}

/* Takes away the columns outside [from, to). */
static void
crop(struct work *k, size_t from, size_t to)
{
    size_t w = to - from;

    for (size_t y = 0; y < k->h; y++) {
        memmove(k->p + y * w, k->p + y * k->w + from, w * sizeof(*k->p));
        memmove(k->off + y * w, k->off + y * k->w + from, w);
        memmove(k->bright + y * w, k->bright + y * k->w + from, w);
        memmove(k->core + y * w, k->core + y * k->w + from, w);
    }
    k->x0 = from;
    k->film0 = k->film0 > from ? k->film0 - from : 0;
    k->film1 = k->film1 < to ? k->film1 : to;
    k->film1 = k->film1 > from ? k->film1 - from : 0;
    k->w = w;
}

/*
 * The chest wall is where the core is cut straight, so that near its edge it is tall at once: from
 * its first bright row to its last, since dark tissue may lie between. What is behind the wall is
 * taken away, so that the copy's edge is the wall.
 */
static void
find_wall(struct work *k)
{
    size_t first = k->w, last = 0, band = k->w / 32 + 1, left = 0, right = 0;

    for (size_t y = 0; y < k->h; y++)
        for (size_t x = 0; x < k->w; x++)
            if (k->core[y * k->w + x] && !k->off[y * k->w + x]) {
                first = x < first ? x : first;
                last = x > last ? x : last;
            }
    for (size_t x = first; x <= last; x++) {
        size_t top = k->h, bottom = 0;

        for (size_t y = 0; y < k->h; y++)
            if (k->core[y * k->w + x]) {
                top = y < top ? y : top;
                bottom = y;
            }
        if (top <= bottom && x < first + band)
            left += bottom - top;
        if (top <= bottom && x + band > last)
            right += bottom - top;
    }
    k->right = right > left;
    crop(k, k->right ? 0 : first, k->right ? last + 1 : k->w);
}

/* ---- 2: the background ---- */

/* Sets to 0 the parts of m that reach no edge but the chest wall's. */
static int
keep_outside(const struct work *k, uint8_t *m, struct err *e)
{
    size_t *area, outer = k->right ? 0 : k->w - 1;
    long n = morph_components(m, k->h, k->w, 4, k->label, &area, e);
    uint8_t *keep;

    if (n == -1)
        return -1;
    free(area);
    keep = mem_array((size_t)n + 1, 1, e);
    if (keep == NULL)
        return -1;
    for (size_t x = 0; x < k->w; x++)
        keep[k->label[x]] = keep[k->label[(k->h - 1) * k->w + x]] = 1;
    for (size_t y = 0; y < k->h; y++)
        keep[k->label[y * k->w + outer]] = 1;
    keep[0] = 0;
    for (size_t i = 0; i < k->h * k->w; i++)
        m[i] = keep[k->label[i]];
    free(keep);
    return 0;
}

struct histogram {
    size_t count[LEVELS], n;
};

/* The level below which `part` of the counted pixels are. */
static double
quantile(const struct histogram *g, double part)
{
    double left = part * (double)g->n;
    size_t i = 0;

    while (i + 1 < LEVELS && left > (double)g->count[i])
        left -= (double)g->count[i++];
    return ((double)i + (g->count[i] ? left / (double)g->count[i] : 0)) / LEVELS;
}

/* Counts the background of a row in, or out again. */
static void
count_row(const struct work *k, size_t y, int in, struct histogram *g)
{
    for (size_t x = k->film0; x < k->film1; x++)
        if (k->back[y * k->w + x] && !k->off[y * k->w + x]) {
            size_t *cell = &g->count[level_of(k->p[y * k->w + x])];

            *cell = in ? *cell + 1 : *cell - 1;
            g->n = in ? g->n + 1 : g->n - 1;
        }
}

/*
 * The threshold of each row: the background's median over the rows near it, not below that of the
 * image, plus the step.  Rows without enough background near them take it from the next row above
 * that has, or else below.
 */
static void
row_thresholds(struct work *k, double base, double step)
{
    struct histogram g = {.n = 0};
    size_t first = k->h;
    float level = (float)base;

    for (size_t y = 0; y < ROW_SPAN && y < k->h; y++)
        count_row(k, y, 1, &g);
    for (size_t y = 0; y < k->h; y++) {
        if (y + ROW_SPAN < k->h)
            count_row(k, y + ROW_SPAN, 1, &g);
        if (y > ROW_SPAN)
            count_row(k, y - ROW_SPAN - 1, 0, &g);
        if (g.n > 3 * ROW_SPAN) {
            level = (float)fmax(base, quantile(&g, 0.5));
            first = first < k->h ? first : y;
        }
        k->th[y] = level + (float)step;
    }
    for (size_t y = 0; first < k->h && y < first; y++)
        k->th[y] = k->th[first];
}

static int
find_background(struct work *k, const struct tissue_options *o, double *level, struct err *e)
{
    struct histogram g = {.n = 0};
    double far = FAR_PART * (double)(k->h > k->whole_w ? k->h : k->whole_w), base = 0, spread = 0;

    memcpy(k->back, k->bright, k->h * k->w);
    memcpy(k->tissue, k->core, k->h * k->w);
    if (morph_dilate_disc(k->back, k->h, k->w, LABEL_MARGIN, e) == -1 ||
        morph_dilate_disc(k->tissue, k->h, k->w, far, e) == -1)
        return -1;
    for (size_t i = 0; i < k->h * k->w; i++)
        k->back[i] = !k->back[i];
    if (keep_outside(k, k->back, e) == -1)
        return -1;
    for (size_t i = 0; i < k->h * k->w; i++)
        k->back[i] &= !k->tissue[i];
    for (size_t y = 0; y < k->h; y++)
        count_row(k, y, 1, &g);
    if ((double)g.n >= BACK_SHARE * (double)(k->h * k->w)) {
        base = quantile(&g, 0.5);
        spread = (base - quantile(&g, 0.1)) / 1.2816; /* a normal law's lower tenth */
    }
    row_thresholds(k, base, fmax(o->contrast, o->noise * spread));
    *level = base;
    return 0;
}

/* ---- 3: labels ---- */

/* Bright parts apart from the core and mostly amid background, with a margin, into k->back. */
static int
find_labels(struct work *k, struct err *e)
{
    static const int dy[] = {0, 0, 1, -1, 1, 1, -1, -1}, dx[] = {1, -1, 0, 0, 1, -1, 1, -1};
    size_t *area, *dark, *seen;
    long n = morph_components(k->bright, k->h, k->w, 8, k->label, &area, e);

    if (n == -1)
        return -1;
    dark = mem_array((size_t)n + 1, sizeof(*dark), e);
    seen = mem_array((size_t)n + 1, sizeof(*seen), e);
    for (size_t y = 0; dark && seen && y < k->h; y++)
        for (size_t x = 0; x < k->w; x++) {
            uint32_t l = k->label[y * k->w + x];

            for (int i = 0; l != 0 && i < 8; i++) {
                long v = (long)y + dy[i] * RING, u = (long)x + dx[i] * RING;

                if (v < 0 || u < 0 || v >= (long)k->h || u >= (long)k->w ||
                    k->label[v * (long)k->w + u] == l)
                    continue;
                seen[l]++;
                dark[l] += k->p[v * (long)k->w + u] <= k->th[v];
            }
        }
    for (size_t i = 0; dark && seen && i < k->h * k->w; i++)
        if (k->core[i])
            dark[k->label[i]] = 0;
    for (size_t i = 0; dark && seen && i < k->h * k->w; i++) {
        uint32_t l = k->label[i];

        k->back[i] = l != 0 && (double)dark[l] > RING_SHARE * (double)seen[l];
    }
    free(area);
    free(dark);
    free(seen);
    return dark && seen ? morph_dilate_disc(k->back, k->h, k->w, LABEL_MARGIN, e) : -1;
}

/* ---- 4: the breast ---- */

/* The part of k->tissue that shares most with the core. */
static int
keep_on_core(struct work *k, struct err *e)
{
    size_t *area, best = 0;
    long n = morph_components(k->tissue, k->h, k->w, 4, k->label, &area, e);

    if (n == -1)
        return -1;
    memset(area, 0, ((size_t)n + 1) * sizeof(*area));
    for (size_t i = 0; i < k->h * k->w; i++)
        area[k->label[i]] += k->core[i];
    for (size_t l = 1; l <= (size_t)n; l++)
        if (best == 0 || area[l] > area[best])
            best = l;
    for (size_t i = 0; i < k->h * k->w; i++)
        k->tissue[i] = best != 0 && k->label[i] == best;
    free(area);
    return 0;
}

/* Closes gaps up to twice the radius; outside counts as tissue when the erosion comes. */
static int
close_disc(struct work *k, double radius, struct err *e)
{
    size_t n = k->h * k->w;
    int rc = morph_dilate_disc(k->tissue, k->h, k->w, radius, e);

    for (size_t i = 0; i < n; i++)
        k->tissue[i] = !k->tissue[i];
    if (rc == 0)
        rc = morph_dilate_disc(k->tissue, k->h, k->w, radius, e);
    for (size_t i = 0; i < n; i++)
        k->tissue[i] = !k->tissue[i];
    return rc;
}

/*
 * Opens with a disc, the plane mirrored at its edges: what leaves an edge of the film need only be
 * as wide as the radius.
 */
static int
open_mirrored(const struct work *k, uint8_t *m, double radius, struct err *e)
{
    size_t shorter = k->h < k->w ? k->h : k->w;
    size_t margin = (size_t)radius + 1 < shorter ? (size_t)radius + 1 : shorter;
    size_t h = k->h + 2 * margin, w = k->w + 2 * margin;
    uint8_t *wide = mem_array_raw(h * w, 1, e);
    int rc = wide ? 0 : -1;

    for (size_t y = 0; rc == 0 && y < h; y++)
        for (size_t x = 0; x < w; x++) {
            size_t v = y < margin ? margin - 1 - y : y - margin;
            size_t u = x < margin ? margin - 1 - x : x - margin;

            v = v < k->h ? v : 2 * k->h - 1 - v;
            u = u < k->w ? u : 2 * k->w - 1 - u;
            wide[y * w + x] = m[v * k->w + u];
        }
    if (rc == 0)
        rc = morph_erode_disc(wide, h, w, radius, e);
    if (rc == 0)
        rc = morph_dilate_disc(wide, h, w, radius, e);
    for (size_t y = 0; rc == 0 && y < k->h; y++)
        memcpy(m + y * k->w, wide + (y + margin) * w + margin, k->w);
    free(wide);
    return rc;
}

/* The boxes of n parts, numbered from 1 in k->label; the caller frees them. */
static struct box *
boxes(const struct work *k, size_t n, struct err *e)
{
    struct box *box = mem_array(n + 1, sizeof(*box), e);

    for (size_t i = 0; box != NULL && i <= n; i++)
        box[i] = (struct box){.y0 = k->h, .x0 = k->w};
    for (size_t y = 0; box != NULL && y < k->h; y++)
        for (size_t x = 0; x < k->w; x++) {
            struct box *b = &box[k->label[y * k->w + x]];

            b->y0 = y < b->y0 ? y : b->y0;
            b->x0 = x < b->x0 ? x : b->x0;
            b->y1 = y + 1;
            b->x1 = x + 1 > b->x1 ? x + 1 : b->x1;
        }
    return box;
}

/*
 * The breast is wide where it leaves the film.  A narrow strip along an edge, long or up to a
 * corner, is light that came in there, or a strip beside the film whose end is not straight; what
 * is narrow but short is a corner of the breast.
 */
static int
cut_strips(struct work *k, struct err *e)
{
    double radius = STRIP_PART * (double)(k->h > k->whole_w ? k->h : k->whole_w);
    size_t n = k->h * k->w, *area;
    struct box *box;
    long parts;

    memcpy(k->back, k->tissue, n);
    if (open_mirrored(k, k->back, radius, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        k->back[i] = k->tissue[i] && !k->back[i];
    parts = morph_components(k->back, k->h, k->w, 8, k->label, &area, e);
    if (parts == -1)
        return -1;
    free(area);
    box = boxes(k, (size_t)parts, e);
    for (size_t i = 0; box != NULL && i < n; i++) {
        const struct box *b = &box[k->label[i]];
        size_t rows = b->y1 - b->y0, columns = b->x1 - b->x0;
        int edges = (b->y0 == 0) + (b->y1 == k->h) + (k->right ? b->x1 == k->w : b->x0 == 0);

        if (k->label[i] != 0 &&
            (edges > 1 || (edges == 1 && (double)(rows > columns ? rows : columns) >= radius)))
            k->tissue[i] = 0;
    }
    free(box);
    return box ? 0 : -1;
}

static int
grow(struct work *k, double radius, struct err *e)
{
    size_t n = k->h * k->w;

    for (size_t i = 0; i < n; i++)
        k->tissue[i] = k->core[i] || k->p[i] > k->th[i / k->w];
    if (close_disc(k, radius, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        k->tissue[i] &= !k->back[i];
    if (open_disc(k, k->tissue, radius, e) == -1 || keep_on_core(k, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        k->back[i] = !k->tissue[i];
    if (keep_outside(k, k->back, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        k->tissue[i] = !k->back[i];
    if (cut_strips(k, e) == -1 || keep_on_core(k, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        k->tissue[i] &= !k->off[i];
    return 0;
}

static int
cut_pectoral(struct work *k, struct tissue_account *a, struct err *e)
{
    size_t cut = 0;
    int found = pectoral_find(k->p, k->tissue, k->h, k->w, k->right, k->back, e);

    for (size_t i = 0; found == 1 && i < k->h * k->w; i++) {
        cut += k->back[i];
        k->tissue[i] &= !k->back[i];
    }
    a->pectoral = (double)cut / (double)(k->h * k->whole_w);
    return found == -1 ? -1 : 0;
}

/* The copy's mask in the image's size, its steps smoothed. */
static int
enlarge(const struct work *k, struct mask *out, struct err *e)
{
    enum { BAND = 64 };
    float *soft = mem_array(k->h * k->whole_w, sizeof(*soft), e);
    float *band = mem_array_raw(BAND * out->w, sizeof(*band), e);
    double f = (double)k->f;
    int rc = soft && band ? 0 : -1;

    for (size_t y = 0; rc == 0 && y < k->h; y++)
        for (size_t x = 0; x < k->w; x++)
            soft[y * k->whole_w + k->x0 + x] = k->tissue[y * k->w + x];
    if (rc == 0)
        rc = gauss_smooth(soft, k->h, k->whole_w, k->f > 1 ? 1 : 0, 3, e);
    for (size_t y = 0; rc == 0 && y < out->h; y += BAND) {
        size_t n = out->h - y < BAND ? out->h - y : BAND;

        rc = resample_bilinear(soft, k->h, k->whole_w, (double)y / f, 0, (double)n / f,
                               (double)out->w / f, band, n, out->w, e);
        for (size_t i = 0; rc == 0 && i < n * out->w; i++)
            out->px[y * out->w + i] = band[i] > 0.5f;
    }
    free(soft);
    free(band);
    return rc;
}

static int
search(struct work *k, const struct tissue_options *o, struct tissue_account *a, struct err *e)
{
    double radius = o->detail * (double)(k->h > k->w ? k->h : k->w);

    film_frame(k->p, k->off, k->h, k->w);
    for (size_t i = 0; i < k->h * k->w; i++)
        a->beside += k->off[i] / (double)(k->h * k->w);
    find_padding(k);
    if (gauss_smooth(k->p, k->h, k->w, SMOOTH, 3, e) == -1 || find_core(k, radius, e) == -1)
        return -1;
    find_wall(k);
    if (find_background(k, o, &a->background, e) == -1 || find_labels(k, e) == -1)
        return -1;
    a->side = k->right ? 'R' : 'L';
    a->threshold = (double)k->th[k->h / 2];
    for (size_t i = 0; i < k->h * k->w; i++)
        a->labels += k->back[i] / (double)(k->h * k->whole_w);
    if (grow(k, radius, e) == -1)
        return -1;
    return o->cut_pectoral ? cut_pectoral(k, a, e) : 0;
}

int
tissue_trace(const struct image *im, const struct tissue_options *o, struct mask *out,
             struct tissue_account *account, struct err *e)
{
    static const struct tissue_options defaults = TISSUE_DEFAULTS;
    struct tissue_account a = {0};
    struct work k = {0};
    size_t n, sum = 0;
    int rc = -1;

    *out = (struct mask){0};
    o = o ? o : &defaults;
    if (shrink(im, &k, e) == -1)
        goto done;
    n = k.h * k.w;
    k.th = mem_array(k.h, sizeof(*k.th), e);
    k.label = mem_array_raw(n, sizeof(*k.label), e);
    k.off = mem_array_raw(n, 1, e);
    k.bright = mem_array_raw(n, 1, e);
    k.core = mem_array_raw(n, 1, e);
    k.back = mem_array_raw(n, 1, e);
    k.tissue = mem_array_raw(n, 1, e);
    if (k.th && k.label && k.off && k.bright && k.core && k.back && k.tissue &&
        search(&k, o, &a, e) == 0 && mask_alloc(out, im->h, im->w, e) == 0)
        rc = enlarge(&k, out, e);
    for (size_t i = 0; rc == 0 && i < im->h * im->w; i++)
        sum += out->px[i];
    if (rc == 0 && sum == 0)
        rc = err_set(e, "no breast to be seen: nothing is left of the bright parts");
    a.share = (double)sum / ((double)im->h * (double)im->w);
    if (account != NULL)
        *account = a;
done:
    free(k.p);
    free(k.th);
    free(k.label);
    free(k.off);
    free(k.bright);
    free(k.core);
    free(k.back);
    free(k.tissue);
    if (rc == -1)
        mask_free(out);
    return rc;
}

int
tissue_find(const struct image *im, const struct tissue_options *o, struct mask *out, struct err *e)
{
    return tissue_trace(im, o, out, NULL, e);
}
