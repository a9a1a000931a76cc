#include "patch/lesion_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/morph.h"
#include "patch/footprint.h"

enum { LEVELS = 100 };

static const double truncate_at = 4; /* sigma, where Gaussians end */
static const double pi = 3.14159265358979323846;

/* ---- the margin ---- */

/* Has a neighbour that is in the patch and not in the region. */
static int
on_margin(const uint8_t *m, size_t h, size_t w, size_t y, size_t x)
{
    const uint8_t *at = m + y * w + x;

    return (y > 0 && !at[-(ptrdiff_t)w]) || (y + 1 < h && !at[w]) || (x > 0 && !at[-1]) ||
           (x + 1 < w && !at[1]);
}

/* Half the difference of the neighbours; at the end of a line, the difference to the one there is.
 */
static double
slope(const float *at, ptrdiff_t step, size_t i, size_t n)
{
    double before = i > 0 ? (double)at[-step] : (double)*at;
    double behind = i + 1 < n ? (double)at[step] : (double)*at;

    return (behind - before) / (i > 0 && i + 1 < n ? 2 : 1);
}

static void
centre_of(const uint8_t *m, size_t h, size_t w, double *cy, double *cx, size_t *n)
{
    double sy = 0, sx = 0;

    *n = 0;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            if (m[y * w + x]) {
                sy += (double)y;
                sx += (double)x;
                ++*n;
            }
    *cy = sy / (double)*n;
    *cx = sx / (double)*n;
}

/* How fast g falls outwards, on average over the margin; 0 where there is no margin. */
static double
steepness(const float *g, const uint8_t *m, size_t h, size_t w)
{
    double cy, cx, sum = 0;
    size_t n, margin = 0;

    centre_of(m, h, w, &cy, &cx, &n);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const float *at = g + y * w + x;
            double dy = (double)y - cy, dx = (double)x - cx, d = sqrt(dy * dy + dx * dx);

            if (!m[y * w + x] || !on_margin(m, h, w, y, x))
                continue;
            margin++;
            if (d > 0)
                sum -= (slope(at, (ptrdiff_t)w, y, h) * dy + slope(at, 1, x, w) * dx) / d;
        }
    return margin > 0 ? sum / (double)margin : 0;
}

/* ---- finding the lesion ---- */

static float *
smoothed(const float *image, size_t h, size_t w, double sigma, struct err *e)
{
    float *g = mem_array_raw(h * w, sizeof(*g), e);

    if (g == NULL)
        return NULL;
    memcpy(g, image, h * w * sizeof(*g));
    if (gauss_smooth(g, h, w, sigma, truncate_at, e) == -1) {
        free(g);
        return NULL;
    }
    return g;
}

/* The pixel of the mask where g is largest, the first of several; h * w if there is none. */
static size_t
brightest(const float *g, const uint8_t *mask, size_t n)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++)
        if (mask[i] && (best == n || g[i] > g[best]))
            best = i;
    return best;
}

/* m = what is connected with the seed where f >= level.  stack has room for h * w. */
static void
flood(const float *f, double level, size_t seed, size_t h, size_t w, uint8_t *m, size_t *stack)
{
    size_t n = 0;

    memset(m, 0, h * w);
    m[seed] = 1;
    stack[n++] = seed;
    while (n > 0) {
        size_t i = stack[--n], y = i / w, x = i % w;
        const size_t next[4] = {y > 0 ? i - w : i, y + 1 < h ? i + w : i, x > 0 ? i - 1 : i,
                                x + 1 < w ? i + 1 : i};

        for (int k = 0; k < 4; k++)
            if (!m[next[k]] && (double)f[next[k]] >= level) {
                m[next[k]] = 1;
                stack[n++] = next[k];
            }
    }
}

static double
unit_of(size_t h, size_t w)
{
    return (double)(h < w ? h : w) / 256;
}

int
lesion_find(const struct lesion_options *o, const float *image, const uint8_t *mask, size_t h,
            size_t w, uint8_t *region, struct err *e)
{
    size_t n = h * w, seed, *stack = mem_array_raw(n, sizeof(*stack), e);
    float *g = smoothed(image, h, w, o->smooth * unit_of(h, w), e);
    float *f = mem_array_raw(n, sizeof(*f), e);
    uint8_t *part = mem_array_raw(n, 1, e);
    double reach = o->reach * unit_of(h, w), best = 0;
    int rc = -1;

    if (stack == NULL || g == NULL || f == NULL || part == NULL)
        goto out;
    rc = 0;
    if ((seed = brightest(g, mask, n)) == n)
        goto out;
    for (size_t i = 0; i < n; i++) {
        double dy = (double)(i / w) - (double)(seed / w), dx = (double)(i % w) - (double)(seed % w);

        f[i] = (float)((double)g[i] * exp(-(dy * dy + dx * dx) / (2 * reach * reach)));
    }
    for (int k = 1; k < LEVELS; k++) {
        double level = (double)f[seed] * (1 - (double)k / LEVELS), steep;

        if (!(level > 0))
            break;
        flood(f, level, seed, h, w, part, stack);
        if ((steep = steepness(g, part, h, w)) > best) {
            best = steep;
            memcpy(region, part, n);
            rc = 1;
        }
    }
    if (rc == 1 && morph_fill_holes(region, h, w, e) == -1)
        rc = -1;
out:
    free(stack);
    free(g);
    free(f);
    free(part);
    return rc;
}

/* ---- measuring ---- */

/*
 * The length of the outline by Cauchy and Crofton: pi / 4 times the number of runs of the region
 * along rows, along columns, and along both diagonals, whose lines lie closer by the root of 2.
 */
static double
perimeter(const uint8_t *m, size_t h, size_t w)
{
    size_t straight = 0, diagonal = 0;

    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const uint8_t *at = m + y * w + x, *up = y > 0 ? at - w : NULL;

            if (!*at)
                continue;
            straight += (size_t)(x == 0 || !at[-1]) + (size_t)(up == NULL || !*up);
            diagonal += (size_t)(up == NULL || x == 0 || !up[-1]) +
                        (size_t)(up == NULL || x + 1 == w || !up[1]);
        }
    return pi / 4 * ((double)straight + (double)diagonal / sqrt(2));
}

static double
eccentricity(const uint8_t *m, size_t h, size_t w, double cy, double cx)
{
    double yy = 0, xx = 0, xy = 0, middle, half, large;

    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            if (m[y * w + x]) {
                yy += ((double)y - cy) * ((double)y - cy);
                xx += ((double)x - cx) * ((double)x - cx);
                xy += ((double)y - cy) * ((double)x - cx);
            }
    /* The eigenvalues of the matrix of second moments. */
    middle = (yy + xx) / 2;
    half = sqrt((yy - xx) * (yy - xx) / 4 + xy * xy);
    large = middle + half;
    return large > 0 ? sqrt(fmax(1 - fmax(middle - half, 0) / large, 0)) : 0;
}

/* Sums over the pixels where m is `value`. */
struct sums {
    double n, sum, squares;
};

static struct sums
sums_of(const float *image, const uint8_t *m, uint8_t value, size_t n, double about)
{
    struct sums s = {0, 0, 0};

    for (size_t i = 0; i < n; i++)
        if (m[i] == value) {
            double v = (double)image[i] - about;

            s.n++;
            s.sum += v;
            s.squares += v * v;
        }
    return s;
}

static int
touches_edge(const uint8_t *m, size_t h, size_t w)
{
    int touches = 0;

    for (size_t y = 0; y < h; y++)
        touches |= m[y * w] || m[y * w + w - 1];
    for (size_t x = 0; x < w; x++)
        touches |= m[x] || m[(h - 1) * w + x];
    return touches;
}

int
lesion_measure(const struct lesion_options *o, const float *image, const uint8_t *region, size_t h,
               size_t w, struct lesion_measures *out, struct err *e)
{
    enum { INSIDE = 1, AROUND = 2 };
    size_t n = h * w, area;
    uint8_t *part = mem_array_raw(n, 1, e);
    float *g = smoothed(image, h, w, o->smooth * unit_of(h, w), e);
    struct sums inside, around;
    double cy, cx, length;
    int rc = -1;

    if (part == NULL || g == NULL)
        goto out;
    rc = 0;
    centre_of(region, h, w, &cy, &cx, &area);
    if (area == 0)
        goto out;
    memcpy(part, region, n);
    if ((rc = morph_dilate_disc(part, h, w, o->ring * sqrt((double)area / pi), e)) == -1)
        goto out;
    for (size_t i = 0; i < n; i++)
        part[i] = region[i] ? INSIDE : part[i] ? AROUND : 0;
    around = sums_of(image, part, AROUND, n, 0);
    if (around.n == 0)
        goto out;
    inside = sums_of(image, part, INSIDE, n, 0);
    length = perimeter(region, h, w);
    *out = (struct lesion_measures){
        .area = (double)area,
        .mean = inside.sum / inside.n,
        .sd = sqrt(sums_of(image, part, INSIDE, n, inside.sum / inside.n).squares / inside.n),
        .contrast = inside.sum / inside.n - around.sum / around.n,
        .edge = steepness(g, region, h, w),
        .roundness = 4 * pi * (double)area / (length * length),
        .eccentricity = eccentricity(region, h, w, cy, cx),
        .cut = touches_edge(region, h, w)};
    rc = 1;
out:
    free(part);
    free(g);
    return rc;
}

int
lesion_measure_record(const struct lesion_options *o, const struct ts_record *r,
                      struct lesion_measures *out, struct err *e)
{
    const uint8_t *mask;
    uint8_t *region = NULL;
    struct footprint_square at;
    float *image;
    size_t h, w;
    int rc = -1;

    if ((image = ts_plane(r, o->plane, &h, &w, e)) == NULL)
        return -1;
    if ((mask = ts_mask(r, "mask", h, w)) == NULL || h != w || h == 0) {
        err_set(e, "no square U8 tensor 'mask' of the size of '%s'", o->plane);
        goto out;
    }
    if (footprint_square(r, h, &at, e) == -1 || (region = mem_array_raw(h * w, 1, e)) == NULL)
        goto out;
    if (o->region == LESION_FOUND)
        rc = lesion_find(o, image, mask, h, w, region, e);
    else {
        for (size_t i = 0; i < h * w; i++)
            region[i] = mask[i] != 0;
        rc = 1;
    }
    if (rc == 1)
        rc = lesion_measure(o, image, region, h, w, out, e);
    if (rc == 1) {
        out->area *= at.pixel * at.pixel;
        out->edge /= at.pixel;
    }
out:
    free(region);
    free(image);
    return rc;
}
