#include "image/resample.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/*
 * Along one axis, output pixel i is the sum over its taps [first[i], first[i] + n[i]) with the
 * weights weight[i * most ...].  Taps may lie outside the window, where the source goes on, but not
 * outside the source, where the weights that are left are made to sum to 1 again.
 */
struct taps {
    size_t most; /* taps of one pixel, at most */
    size_t *first, *n;
    double *weight;
};

static void
taps_free(struct taps *t)
{
    free(t->first);
    free(t->n);
    free(t->weight);
}

static int
taps_make(struct taps *t, size_t src, double from, double len, size_t dst, struct err *e)
{
    double scale = len / (double)dst, support = scale > 1 ? scale : 1;
    size_t cells;

    *t = (struct taps){.most = 2 * (size_t)ceil(support) + 1};
    if (mem_mul(t->most, dst, &cells) == -1)
        return err_set(e, "size overflow (%zu taps)", t->most);
    t->first = mem_array_raw(dst, sizeof(*t->first), e);
    t->n = mem_array_raw(dst, sizeof(*t->n), e);
    t->weight = mem_array(cells, sizeof(*t->weight), e);
    if (t->first == NULL || t->n == NULL || t->weight == NULL) {
        taps_free(t);
        return -1;
    }
    for (size_t i = 0; i < dst; i++) {
        double centre = from + ((double)i + 0.5) * scale, sum = 0;
        double *weight = t->weight + i * t->most;
        double lo = floor(centre - support + 0.5), hi = floor(centre + support + 0.5);

        t->first[i] = lo > 0 ? (size_t)lo : 0;
        t->n[i] = (hi < (double)src ? (size_t)hi : src) - t->first[i];
        for (size_t j = 0; j < t->n[i]; j++) {
            double d = fabs((double)(t->first[i] + j) + 0.5 - centre) / support;

            weight[j] = d < 1 ? 1 - d : 0;
            sum += weight[j];
        }
        for (size_t j = 0; j < t->n[i]; j++)
            weight[j] /= sum;
    }
    return 0;
}

static int
check_window(double from, double len, size_t side, size_t dst, const char *axis, struct err *e)
{
    /* A hair of rounding is allowed at the far end. */
    if (!(from >= 0 && len > 0 && from + len <= (double)side * (1 + 1e-12)) || dst == 0)
        return err_set(e, "window %g + %g of %zu %s to %zu", from, len, side, axis, dst);
    return 0;
}

int
resample_bilinear(const float *src, size_t h, size_t w, double y0, double x0, double sh, double sw,
                  float *dst, size_t dh, size_t dw, struct err *e)
{
    struct taps tx, ty;
    size_t top, rows, cells;
    float *part = NULL;
    double *sum = NULL;
    int rc = -1;

    if (check_window(y0, sh, h, dh, "rows", e) == -1 ||
        check_window(x0, sw, w, dw, "columns", e) == -1)
        return -1;
    if (taps_make(&tx, w, x0, sw, dw, e) == -1)
        return -1;
    if (taps_make(&ty, h, y0, sh, dh, e) == -1) {
        taps_free(&tx);
        return -1;
    }
    /* Rows first, those that some output row needs; then the columns of what they became. */
    top = ty.first[0];
    rows = ty.first[dh - 1] + ty.n[dh - 1] - top;
    if (mem_mul(rows, dw, &cells) == -1) {
        err_set(e, "size overflow (%zu x %zu)", dw, rows);
        goto done;
    }
    part = mem_array_raw(cells, sizeof(*part), e);
    sum = mem_array_raw(dw, sizeof(*sum), e);
    if (part == NULL || sum == NULL)
        goto done;
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < dw; x++) {
            const float *from = src + (top + y) * w + tx.first[x];
            const double *weight = tx.weight + x * tx.most;
            double s = 0;

            for (size_t j = 0; j < tx.n[x]; j++)
                s += weight[j] * (double)from[j];
            part[y * dw + x] = (float)s;
        }
    for (size_t y = 0; y < dh; y++) {
        for (size_t x = 0; x < dw; x++)
            sum[x] = 0;
        for (size_t j = 0; j < ty.n[y]; j++) {
            const float *from = part + (ty.first[y] - top + j) * dw;
            double weight = ty.weight[y * ty.most + j];

            for (size_t x = 0; x < dw; x++)
                sum[x] += weight * (double)from[x];
        }
        for (size_t x = 0; x < dw; x++)
            dst[y * dw + x] = (float)sum[x];
    }
    rc = 0;
done:
    free(part);
    free(sum);
    taps_free(&tx);
    taps_free(&ty);
    return rc;
}

static size_t
nearest(double from, double step, size_t i, size_t side)
{
    double at = floor(from + ((double)i + 0.5) * step);

    return !(at > 0) ? 0 : at < (double)side ? (size_t)at : side - 1;
}

void
resample_nearest_u8(const uint8_t *src, size_t h, size_t w, double y0, double x0, double sh,
                    double sw, uint8_t *dst, size_t dh, size_t dw)
{
    for (size_t y = 0; y < dh; y++) {
        const uint8_t *row = src + w * nearest(y0, sh / (double)dh, y, h);

        for (size_t x = 0; x < dw; x++)
            dst[y * dw + x] = row[nearest(x0, sw / (double)dw, x, w)];
    }
}
