#include "image/morph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- dilation and erosion ---- */

/*
 * Both shapes, the diamond that `steps` crosses make and the disc, are stacks of runs: at dy rows
 * from its centre the shape reaches half[dy] columns to either side, dy = 0 .. reach.  So a pixel
 * is inside the dilation if some column x' of its row has its nearest set pixel at dy <= reach rows
 * and |x - x'| <= half[dy]: two passes down and up the columns and one along each row, O(h w) for
 * any radius.
 */
struct shape {
    size_t reach;
    size_t *half; /* [reach + 1] */
};

/* Rows up or down to the nearest set pixel of each column, or `far`. */
static void
column_distance(const uint8_t *m, size_t h, size_t w, uint32_t far, uint32_t *d)
{
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            uint32_t above = y > 0 ? d[(y - 1) * w + x] : far;

            d[y * w + x] = m[y * w + x] ? 0 : above < far ? above + 1 : far;
        }
    for (size_t y = h - 1; y-- > 0;)
        for (size_t x = 0; x < w; x++)
            if (d[(y + 1) * w + x] + 1 < d[y * w + x])
                d[y * w + x] = d[(y + 1) * w + x] + 1;
}

static int
dilate(uint8_t *m, size_t h, size_t w, const struct shape *s, struct err *e)
{
    size_t n;
    uint32_t *d, far;
    long *cover;

    if (h == 0 || w == 0)
        return 0;
    if (mem_mul(h, w, &n) == -1 || h >= UINT32_MAX)
        return err_set(e, "size overflow (%zu x %zu)", w, h);
    d = mem_array_raw(n, sizeof(*d), e);
    cover = mem_array(w + 1, sizeof(*cover), e);
    if (d == NULL || cover == NULL) {
        free(d);
        free(cover);
        return -1;
    }
    far = (uint32_t)h;
    column_distance(m, h, w, far, d);
    for (size_t y = 0; y < h; y++) {
        long open = 0;

        /* cover[x]: runs that begin at x less those that ended before it. */
        memset(cover, 0, (w + 1) * sizeof(*cover));
        for (size_t x = 0; x < w; x++) {
            uint32_t dy = d[y * w + x];

            if (dy < far && dy <= s->reach) {
                size_t half = s->half[dy];

                cover[x > half ? x - half : 0]++;
                cover[half < w - x ? x + half + 1 : w]--;
            }
        }
        for (size_t x = 0; x < w; x++) {
            open += cover[x];
            m[y * w + x] = open > 0;
        }
    }
    free(d);
    free(cover);
    return 0;
}

/*
 * Erosion is the dilation of what is not set, the outside included.  The nearest pixel outside lies
 * straight up, down, left or right, within reach where the border is.
 */
static int
erode(uint8_t *m, size_t h, size_t w, const struct shape *s, size_t across, struct err *e)
{
    int rc;

    for (size_t i = 0; i < h * w; i++)
        m[i] = !m[i];
    rc = dilate(m, h, w, s, e);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            int near_edge = y < across || h - 1 - y < across || x < across || w - 1 - x < across;

            m[y * w + x] = !m[y * w + x] && !near_edge;
        }
    return rc;
}

/* Rows further away than the plane is high never count, whatever the radius. */
static int
shape_cross(struct shape *s, size_t h, size_t steps, struct err *e)
{
    s->reach = steps < h ? steps : h;
    s->half = mem_array_raw(s->reach + 1, sizeof(*s->half), e);
    if (s->half == NULL)
        return -1;
    for (size_t dy = 0; dy <= s->reach; dy++)
        s->half[dy] = steps - dy;
    return 0;
}

static int
shape_disc(struct shape *s, size_t h, double r, struct err *e)
{
    if (!(r >= 0 && r <= 1e6))
        return err_set(e, "a disc of radius %g", r);
    s->reach = (size_t)r < h ? (size_t)r : h;
    s->half = mem_array_raw(s->reach + 1, sizeof(*s->half), e);
    if (s->half == NULL)
        return -1;
    for (size_t dy = 0; dy <= s->reach; dy++) {
        double left = r * r - (double)dy * (double)dy;
        size_t half = (size_t)sqrt(left);

        /* The square root may round either way across a whole number. */
        while ((double)half * (double)half > left)
            half--;
        while ((double)(half + 1) * (double)(half + 1) <= left)
            half++;
        s->half[dy] = half;
    }
    return 0;
}

int
morph_dilate(uint8_t *m, size_t h, size_t w, unsigned steps, struct err *e)
{
    struct shape s;
    int rc;

    if (shape_cross(&s, h, steps, e) == -1)
        return -1;
    rc = dilate(m, h, w, &s, e);
    free(s.half);
    return rc;
}

int
morph_erode(uint8_t *m, size_t h, size_t w, unsigned steps, struct err *e)
{
    struct shape s;
    int rc;

    if (shape_cross(&s, h, steps, e) == -1)
        return -1;
    rc = erode(m, h, w, &s, steps, e);
    free(s.half);
    return rc;
}

int
morph_dilate_disc(uint8_t *m, size_t h, size_t w, double r, struct err *e)
{
    struct shape s;
    int rc;

    if (shape_disc(&s, h, r, e) == -1)
        return -1;
    rc = dilate(m, h, w, &s, e);
    free(s.half);
    return rc;
}

int
morph_erode_disc(uint8_t *m, size_t h, size_t w, double r, struct err *e)
{
    struct shape s;
    int rc;

    if (shape_disc(&s, h, r, e) == -1)
        return -1;
    rc = erode(m, h, w, &s, (size_t)r, e);
    free(s.half);
    return rc;
}

/* ---- components ---- */

/* Union-find over provisional labels.  The smaller of two roots stays: its component's first. */
static uint32_t
find_root(uint32_t *parent, uint32_t a)
{
    while (parent[a] != a) {
        parent[a] = parent[parent[a]];
        a = parent[a];
    }
    return a;
}

static uint32_t
join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = find_root(parent, a);
    b = find_root(parent, b);
    if (a > b) {
        uint32_t t = a;

        a = b;
        b = t;
    }
    parent[b] = a;
    return a;
}

/*
 * First pass: each set pixel takes the label of a neighbour above or to the left, all of which are
 * joined, or a new one.  Returns the number of provisional labels, or -1.
 */
static long
label_provisional(const uint8_t *m, size_t h, size_t w, int connectivity, uint32_t *label,
                  uint32_t **parent, struct err *e)
{
    size_t cap = 0, n = 0;

    *parent = NULL;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const uint32_t *at = label + y * w + x, *up = y > 0 ? at - w : NULL;
            uint32_t near[4] = {0}, l = 0;

            if (!m[y * w + x]) {
                label[y * w + x] = 0;
                continue;
            }
            near[0] = x > 0 ? at[-1] : 0;
            near[1] = up ? up[0] : 0;
            if (connectivity == 8 && up) {
                near[2] = x > 0 ? up[-1] : 0;
                near[3] = x + 1 < w ? up[1] : 0;
            }
            for (int i = 0; i < 4; i++)
                if (near[i] != 0 && near[i] != l)
                    l = l == 0 ? near[i] : join(*parent, l, near[i]);
            if (l == 0) {
                if (MEM_GROW(*parent, cap, n + 2, e) == -1)
                    return -1;
                l = (uint32_t)++n;
                (*parent)[l] = l;
            }
            label[y * w + x] = l;
        }
    return (long)n;
}

long
morph_components(const uint8_t *m, size_t h, size_t w, int connectivity, uint32_t *label,
                 size_t **area, struct err *e)
{
    uint32_t *parent;
    size_t n, *count;
    long provisional, found = 0;

    *area = NULL;
    if (mem_mul(h, w, &n) == -1 || n >= UINT32_MAX)
        return err_set(e, "size overflow (%zu x %zu)", w, h);
    provisional = label_provisional(m, h, w, connectivity, label, &parent, e);
    if (provisional == -1) {
        free(parent);
        return -1;
    }
    /* Parents come before their children, so one pass numbers them in raster order. */
    for (long l = 1; l <= provisional; l++)
        parent[l] = parent[l] == (uint32_t)l ? (uint32_t)++found : parent[parent[l]];
    count = mem_array((size_t)found + 1, sizeof(*count), e);
    if (count == NULL) {
        free(parent);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        label[i] = label[i] ? parent[label[i]] : 0;
        count[label[i]]++;
    }
    free(parent);
    *area = count;
    return found;
}

long
morph_keep_largest(uint8_t *m, size_t h, size_t w, int connectivity, struct err *e)
{
    size_t n, *area, best = 0;
    uint32_t *label;
    long found;

    if (mem_mul(h, w, &n) == -1)
        return err_set(e, "size overflow (%zu x %zu)", w, h);
    label = mem_array_raw(n, sizeof(*label), e);
    if (label == NULL)
        return -1;
    found = morph_components(m, h, w, connectivity, label, &area, e);
    if (found > 0) {
        best = 1;
        for (size_t k = 2; k <= (size_t)found; k++)
            if (area[k] > area[best])
                best = k;
        for (size_t i = 0; i < n; i++)
            m[i] = label[i] == best;
        found = (long)area[best];
    }
    free(area);
    free(label);
    return found;
}

int
morph_fill_holes(uint8_t *m, size_t h, size_t w, struct err *e)
{
    size_t n, *area;
    uint32_t *label;
    uint8_t *open;
    long found;

    if (mem_mul(h, w, &n) == -1)
        return err_set(e, "size overflow (%zu x %zu)", w, h);
    if (n == 0)
        return 0;
    label = mem_array_raw(n, sizeof(*label), e);
    if (label == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        m[i] = !m[i];
    found = morph_components(m, h, w, 4, label, &area, e);
    open = found >= 0 ? mem_array((size_t)found + 1, 1, e) : NULL;
    if (open != NULL) {
        for (size_t x = 0; x < w; x++)
            open[label[x]] = open[label[(h - 1) * w + x]] = 1;
        for (size_t y = 0; y < h; y++)
            open[label[y * w]] = open[label[y * w + w - 1]] = 1;
        open[0] = 0;
        for (size_t i = 0; i < n; i++)
            m[i] = !open[label[i]];
    }
    free(open);
    free(area);
    free(label);
    return open ? 0 : -1;
}

/* ---- Gaussian smoothing ---- */

/* The index inside 0 .. n-1 that index i stands for when the line is mirrored at its edges. */
static size_t
mirror(long i, size_t n)
{
    long period = 2 * (long)n;

    i %= period;
    if (i < 0)
        i += period;
    return (size_t)(i < (long)n ? i : period - 1 - i);
}

/* k[j] for j = 0 .. radius; the whole kernel sums to 1. */
static void
gauss_kernel(double sigma, size_t radius, double *k)
{
    double sum = 0;

    for (size_t j = 0; j <= radius; j++) {
        k[j] = exp(-0.5 / (sigma * sigma) * (double)(j * j));
        sum += j == 0 ? k[j] : 2 * k[j];
    }
    for (size_t j = 0; j <= radius; j++)
        k[j] /= sum;
}

/* Down the columns, a row of sums at a time. */
static void
smooth_columns(const float *src, size_t h, size_t w, const double *k, size_t radius, double *sum,
               float *dst)
{
    for (size_t y = 0; y < h; y++) {
        for (size_t x = 0; x < w; x++)
            sum[x] = k[0] * (double)src[y * w + x];
        for (size_t j = radius; j >= 1; j--) {
            const float *above = src + w * mirror((long)y - (long)j, h);
            const float *below = src + w * mirror((long)y + (long)j, h);

            for (size_t x = 0; x < w; x++)
                sum[x] += k[j] * ((double)above[x] + (double)below[x]);
        }
        for (size_t x = 0; x < w; x++)
            dst[y * w + x] = (float)sum[x];
    }
}

/* Along the rows, in place; line holds w + 2 radius mirrored pixels. */
static void
smooth_rows(float *p, size_t h, size_t w, const double *k, size_t radius, double *sum, double *line)
{
    for (size_t y = 0; y < h; y++) {
        const double *mid = line + radius;

        for (size_t x = 0; x < w + 2 * radius; x++)
            line[x] = (double)p[y * w + mirror((long)x - (long)radius, w)];
        for (size_t x = 0; x < w; x++)
            sum[x] = k[0] * mid[x];
        for (size_t j = radius; j >= 1; j--)
            for (size_t x = 0; x < w; x++)
                sum[x] += k[j] * (mid[x - j] + mid[x + j]);
        for (size_t x = 0; x < w; x++)
            p[y * w + x] = (float)sum[x];
    }
}

int
gauss_smooth(float *p, size_t h, size_t w, double sigma, double truncate, struct err *e)
{
    size_t n, radius;
    double *k, *sum, *line;
    float *copy;
    int rc = -1;

    if (!(sigma >= 0 && truncate >= 0 && sigma * truncate <= 1e6))
        return err_set(e, "Gaussian smoothing with sigma %g, truncated at %g", sigma, truncate);
    if (mem_mul(h, w, &n) == -1)
        return err_set(e, "size overflow (%zu x %zu)", w, h);
    radius = (size_t)floor(truncate * sigma + 0.5);
    if (sigma == 0 || radius == 0 || n == 0)
        return 0;
    k = mem_array_raw(radius + 1, sizeof(*k), e);
    sum = mem_array_raw(w, sizeof(*sum), e);
    line = mem_array_raw(w + 2 * radius, sizeof(*line), e);
    copy = mem_array_raw(n, sizeof(*copy), e);
    if (k != NULL && sum != NULL && line != NULL && copy != NULL) {
        memcpy(copy, p, n * sizeof(*copy));
        gauss_kernel(sigma, radius, k);
        smooth_columns(copy, h, w, k, radius, sum, p);
        smooth_rows(p, h, w, k, radius, sum, line);
        rc = 0;
    }
    free(k);
    free(sum);
    free(line);
    free(copy);
    return rc;
}
