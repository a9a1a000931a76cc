#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "patch/phantom_parts.h"

enum { MAX_LEVELS = 16 };

int
plane_alloc(struct plane *p, size_t h, size_t w, struct err *e)
{
    size_t n;

    p->h = h;
    p->w = w;
    p->px = NULL;
    if (mem_mul(h, w, &n) == -1)
        return err_set(e, "plane of %zu x %zu pixels", h, w);
    p->px = mem_array(n, sizeof *p->px, e);
    return p->px ? 0 : -1;
}

void
plane_free(struct plane *p)
{
    free(p->px);
    p->px = NULL;
}

float
plane_at(const struct plane *p, double x, double y)
{
    double xm = (double)(p->w - 1), ym = (double)(p->h - 1);

    x = x > 0 ? (x < xm ? x : xm) : 0;
    y = y > 0 ? (y < ym ? y : ym) : 0;
    size_t i = (size_t)y, j = (size_t)x;
    size_t i1 = i + 1 < p->h ? i + 1 : i, j1 = j + 1 < p->w ? j + 1 : j;
    float fy = (float)(y - (double)i), fx = (float)(x - (double)j);
    const float *a = p->px + i * p->w, *b = p->px + i1 * p->w;

    return (1 - fy) * (a[j] + fx * (a[j1] - a[j])) + fy * (b[j] + fx * (b[j1] - b[j]));
}

/* Nearly normal, mean 0 and variance 1: the sum of four bytes.  A picture takes a million of them.
 */
static float
quick_normal(struct rng *r)
{
    uint32_t x = rng_u32(r);
    uint32_t sum = (x & 255) + (x >> 8 & 255) + (x >> 16 & 255) + (x >> 24);

    return ((float)sum - 510.0f) * 0.0067662f;
}

/*
 * The next finer level: cubic B-spline coefficients on a grid twice as fine, by the two-scale
 * relation with weights (1 4 6 4 1)/8 in each direction.  Coarse rows and columns carry a margin of
 * one.
 */
static void
refine(const float *c, size_t cw, float *f, size_t h, size_t w, float *row)
{
    for (size_t i = 0; i < h; i++) {
        const float *a = c + (i / 2) * cw, *b = a + cw, *d = b + cw;

        if (i % 2 == 0)
            for (size_t j = 0; j < cw; j++)
                row[j] = 0.125f * (a[j] + d[j]) + 0.75f * b[j];
        else
            for (size_t j = 0; j < cw; j++)
                row[j] = 0.5f * (b[j] + d[j]);
        for (size_t j = 0; j < w; j++) {
            const float *q = row + j / 2;

            f[i * w + j] =
                j % 2 == 0 ? 0.125f * (q[0] + q[2]) + 0.75f * q[1] : 0.5f * (q[1] + q[2]);
        }
    }
}

/*
 * A pyramid: white noise on the coarsest grid is refined level by level, and white noise is added
 * on the way. Each level is an octave of the spectrum; in two dimensions 1/f^beta means a standard
 * deviation of (cell size)^((beta - 2) / 2).
 */
int
field_noise(struct plane *p, struct rng *r, double beta, double fine, double coarse, struct err *e)
{
    size_t h[MAX_LEVELS], w[MAX_LEVELS], n;
    unsigned first = fine > 1 ? (unsigned)floor(log2(fine) + 0.5) : 0;
    unsigned last = coarse > 1 ? (unsigned)floor(log2(coarse) + 0.5) : 0;
    float *a, *b, *row;

    if (last >= MAX_LEVELS)
        last = MAX_LEVELS - 1;
    if (first > last)
        first = last;
    h[0] = p->h;
    w[0] = p->w;
    for (unsigned l = 1; l <= last; l++) {
        h[l] = h[l - 1] / 2 + 3;
        w[l] = w[l - 1] / 2 + 3;
    }
    n = p->h * p->w;
    for (unsigned l = 1; l <= last; l++)
        n = h[l] * w[l] > n ? h[l] * w[l] : n;
    a = mem_array_raw(n, sizeof *a, e);
    b = mem_array_raw(n, sizeof *b, e);
    row = mem_array_raw(w[last > 0] + 3, sizeof *row, e);
    if (a == NULL || b == NULL || row == NULL) {
        free(a);
        free(b);
        free(row);
        return -1;
    }
    for (unsigned l = last + 1; l-- > 0;) {
        float amp = (float)pow(2.0, l * (beta - 2) / 2);
        float *swap = a;

        if (l < last)
            refine(b, w[l + 1], a, h[l], w[l], row);
        if (l >= first)
            for (size_t i = 0; i < h[l] * w[l]; i++)
                a[i] = (l < last ? a[i] : 0) + amp * quick_normal(r);
        a = b;
        b = swap;
    }

    double sum = 0, squares = 0;

    n = p->h * p->w;
    for (size_t i = 0; i < n; i++) {
        sum += (double)b[i];
        squares += (double)b[i] * (double)b[i];
    }
    double mean = sum / (double)n, sd = sqrt(squares / (double)n - mean * mean);

    for (size_t i = 0; i < n; i++)
        p->px[i] = (float)(((double)b[i] - mean) / (sd > 0 ? sd : 1));
    free(a);
    free(b);
    free(row);
    return 0;
}

void
field_dot(struct plane *p, double x, double y, double sigma, double amp)
{
    enum { MOST = 64 };
    float g[MOST];
    double reach = 3 * sigma + 0.5;
    long x0 = (long)ceil(x - reach), x1 = (long)floor(x + reach);
    long y0 = (long)ceil(y - reach), y1 = (long)floor(y + reach);
    double k = -0.5 / (sigma * sigma);

    x0 = x0 > 0 ? x0 : 0;
    y0 = y0 > 0 ? y0 : 0;
    x1 = x1 < (long)p->w ? x1 : (long)p->w - 1;
    y1 = y1 < (long)p->h ? y1 : (long)p->h - 1;
    x1 = x1 < x0 + MOST ? x1 : x0 + MOST - 1;
    for (long j = x0; j <= x1; j++)
        g[j - x0] = (float)exp(k * ((double)j - x) * ((double)j - x));
    for (long i = y0; i <= y1; i++) {
        float *row = p->px + (size_t)i * p->w;
        float f = (float)(amp * exp(k * ((double)i - y) * ((double)i - y)));

        for (long j = x0; j <= x1; j++)
            row[j] += f * g[j - x0];
    }
}

void
field_stroke(struct plane *p, struct stroke *s, struct rng *r)
{
    double step = 0.8 * s->sigma > 0.5 ? 0.8 * s->sigma : 0.5;
    size_t n = (size_t)(s->length / step) + 1;

    for (size_t i = 0; i < n; i++) {
        double at = (double)i / (double)n, left = 1 - s->taper * at;
        double sigma = s->sigma * (0.5 + 0.5 * left);

        if (s->taper > 0 && at < 0.25)
            left *= 4 * at;
        /* Dots at this distance add up to a line of height amp. */
        field_dot(p, s->x, s->y, sigma, s->amp * left * step / (2.5066 * sigma));
        s->angle += s->bend * step + s->curl * sqrt(step) * (double)quick_normal(r);
        s->x += step * cos(s->angle);
        s->y += step * sin(s->angle);
    }
}
