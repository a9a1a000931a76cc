#include "patch/surround.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "image/morph.h"

static const double pi = 3.14159265358979323846;

/* ASSUMPTION: these reach past the spicules of most masses and leave most patches enough to see. */
static const double grown_radii = 0.5, grown = 8, near = 48, least_seen = 0.25;

const char *const surround_word[] = {"near",  "far",    "near_sd", "far_sd", "grain",
                                     "slope", "tissue", "depth",   "height"};

/* Mean place of what is not hidden, and its second moments about it. */
static void
set_moments(struct surround *s)
{
    double n = 0, x1 = 0, y1 = 0;

    for (size_t y = 0; y < s->side; y++)
        for (size_t x = 0; x < s->side; x++)
            if (s->zone[y * s->side + x] != SURROUND_HIDDEN) {
                n++;
                x1 += (double)x;
                y1 += (double)y;
            }
    s->cx = x1 / n;
    s->cy = y1 / n;
    for (size_t y = 0; y < s->side; y++)
        for (size_t x = 0; x < s->side; x++)
            if (s->zone[y * s->side + x] != SURROUND_HIDDEN) {
                double dx = (double)x - s->cx, dy = (double)y - s->cy;

                s->xx += dx * dx;
                s->xy += dx * dy;
                s->yy += dy * dy;
            }
}

int
surround_init(struct surround *s, const uint8_t *mask, size_t side, struct err *e)
{
    size_t n = side * side, area = 0, seen = 0;
    double unit = (double)side / 256;
    uint8_t *close = mem_array(n, 1, e);
    int rc = -1;

    *s = (struct surround){.side = side, .zone = mem_array(n, 1, e)};
    if (close == NULL || s->zone == NULL)
        goto done;
    for (size_t i = 0; i < n; i++)
        area += s->zone[i] = mask[i] != 0;
    if (area == 0) {
        rc = 0;
        goto done;
    }
    if (morph_dilate_disc(s->zone, side, side, grown_radii * sqrt((double)area / pi) + grown * unit,
                          e) == -1)
        goto done;
    memcpy(close, s->zone, n);
    if (morph_dilate_disc(close, side, side, near * unit, e) == -1)
        goto done;
    for (size_t i = 0; i < n; i++) {
        s->zone[i] = s->zone[i] ? SURROUND_HIDDEN : close[i] ? SURROUND_IS_NEAR : SURROUND_IS_FAR;
        seen += s->zone[i] != SURROUND_HIDDEN;
    }
    rc = (double)seen >= least_seen * (double)n;
    if (rc == 1)
        set_moments(s);
done:
    free(close);
    if (rc != 1)
        surround_free(s);
    return rc;
}

void
surround_free(struct surround *s)
{
    free(s->zone);
    *s = (struct surround){0};
}

/* Sums are taken about the middle of the range, so that squares lose nothing. */
static const double middle = 0.5;

void
surround_see(const struct surround *s, const float *image, double *x)
{
    size_t side = s->side;
    double n[3] = {0}, sum[3] = {0}, squares[3] = {0}, vx = 0, vy = 0, step = 0, steps = 0, det;

    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++) {
            const uint8_t *zone = s->zone + i * side + j;
            const float *at = image + i * side + j;
            double v = (double)*at - middle, right, down;

            if (*zone == SURROUND_HIDDEN)
                continue;
            n[*zone]++;
            sum[*zone] += v;
            squares[*zone] += v * v;
            vx += v * ((double)j - s->cx);
            vy += v * ((double)i - s->cy);
            if (i + 1 == side || j + 1 == side || zone[1] == SURROUND_HIDDEN ||
                zone[side] == SURROUND_HIDDEN)
                continue;
            right = (double)at[1] - (double)*at;
            down = (double)at[side] - (double)*at;
            step += sqrt(right * right + down * down);
            steps++;
        }
    for (int zone = SURROUND_IS_NEAR; zone <= SURROUND_IS_FAR; zone++) {
        /* Beside a large lesion nothing is far: what is near stands for it. */
        int of = n[zone] > 0 ? zone : SURROUND_IS_NEAR;
        double mean = sum[of] / n[of];

        x[SURROUND_NEAR + zone - SURROUND_IS_NEAR] = middle + mean;
        x[SURROUND_NEAR_SD + zone - SURROUND_IS_NEAR] =
            sqrt(fmax(squares[of] / n[of] - mean * mean, 0));
    }
    /* A hundredth of a step between two of 256 levels keeps the logarithm of a flat patch finite.
     */
    x[SURROUND_GRAIN] = log((steps > 0 ? step / steps : 0) + 0.01 / 256);
    det = s->xx * s->yy - s->xy * s->xy;
    x[SURROUND_SLOPE] =
        det > 0 ? (double)side * hypot(s->yy * vx - s->xy * vy, s->xx * vy - s->xy * vx) / det : 0;
}

int
surround_read(const struct ts_record *r, double *x, struct err *e)
{
    for (int k = SURROUND_SEEN; k < SURROUND_MEASURES; k++) {
        const char *text = ts_meta_or(r, surround_word[k], "");

        if (number_real(text, &x[k]) == -1 || !(x[k] >= 0 && x[k] <= 1))
            return err_set(e, "%s '%.32s' is no share: drawn by an older patch-sample?",
                           surround_word[k], text);
    }
    return 0;
}
