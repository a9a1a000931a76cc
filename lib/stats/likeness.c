#include "stats/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>
#include <omp.h>

#include "base/mem.h"
#include "image/box.h"
#include "image/morph.h"
#include "image/resample.h"
#include "image/turn.h"

enum {
    CELLS = LIKENESS_CELLS,
    ACROSS = LIKENESS_ACROSS,
    SHIFTS = (2 * LIKENESS_SHIFT + 1) * (2 * LIKENESS_SHIFT + 1),
    VIEWS = SHIFTS * TURNS, /* of one patch */
    ROWS = 256,             /* patches whose products are held at once, a thread, */
    COLUMNS = 4             /* and those of b beside them, all views */
};

/* Cells of the largest disc that could be; how many there are is in disc_make(). */
enum { MOST = ACROSS * ACROSS };

static const double smooth = 2;

int
likeness_patch_make(struct likeness_patch *p, const struct ts_record *r, struct err *e)
{
    const struct ts_tensor *mask = ts_find(r, "mask");
    struct box b;
    size_t h, w;
    float soft[CELLS * CELLS], *plane;
    int rc;

    if (mask == NULL || mask->dtype != TS_U8 || mask->rank != 2)
        return err_set(e, "has no mask, a plane of U8");
    if ((plane = ts_plane(r, "image", &h, &w, e)) == NULL)
        return -1;
    rc = h != w || mask->shape[0] != h || mask->shape[1] != w
             ? err_set(e, "image is %zux%zu, its mask %zux%zu: not squares of one size", w, h,
                       mask->shape[1], mask->shape[0])
             : resample_bilinear(plane, h, w, 0, 0, (double)h, (double)w, p->cell, CELLS, CELLS, e);
    free(plane);
    if (rc == -1)
        return -1;
    b = box_of_mask(mask->data, h, w);
    if (b.y1 == 0)
        return err_set(e, "its mask is empty");
    p->y = (double)(b.y0 + b.y1) / 2 * CELLS / (double)h;
    p->x = (double)(b.x0 + b.x1) / 2 * CELLS / (double)w;
    memcpy(soft, p->cell, sizeof(soft));
    if (gauss_smooth(soft, CELLS, CELLS, smooth, 4, e) == -1)
        return -1;
    for (size_t i = 0; i < CELLS * CELLS; i++)
        p->cell[i] -= soft[i];
    return 0;
}

/* The cells of the disc, as places in the square round it; returns how many. */
static size_t
disc_make(size_t place[MOST])
{
    const double middle = (ACROSS - 1) / 2.0;
    size_t n = 0;

    for (size_t y = 0; y < ACROSS; y++)
        for (size_t x = 0; x < ACROSS; x++)
            if (pow((double)y - middle, 2) + pow((double)x - middle, 2) <= ACROSS * ACROSS / 4.0)
                place[n++] = y * ACROSS + x;
    return n;
}

/* Beyond the edge of the patch stands its mirror image. */
static size_t
mirrored(long i)
{
    if (i < 0)
        i = -1 - i;
    if (i >= CELLS)
        i = 2 * CELLS - 1 - i;
    return (size_t)(i < 0 ? 0 : i);
}

/* One disc less its mean, of length 1: v [n]. */
static void
view(const struct likeness_patch *p, long dy, long dx, unsigned turn, const size_t *place, size_t n,
     float *v)
{
    long top = lround(p->y - ACROSS / 2.0) + dy, left = lround(p->x - ACROSS / 2.0) + dx;
    double sum = 0, square = 0, scale;

    for (size_t i = 0; i < n; i++) {
        size_t from = turn_from(turn, ACROSS, place[i] / ACROSS, place[i] % ACROSS);

        v[i] = p->cell[mirrored(top + (long)(from / ACROSS)) * CELLS +
                       mirrored(left + (long)(from % ACROSS))];
        sum += (double)v[i];
    }
    for (size_t i = 0; i < n; i++) {
        v[i] = (float)((double)v[i] - sum / (double)n);
        square += (double)v[i] * (double)v[i];
    }
    /* Rounding of grey levels is no structure. */
    scale = square > (double)n * 1e-12 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < n; i++)
        v[i] = (float)((double)v[i] * scale);
}

/* All views: v [VIEWS][n], those of one turn together. */
static void
views(const struct likeness_patch *p, const size_t *place, size_t n, float *v)
{
    for (unsigned turn = 0; turn < TURNS; turn++)
        for (long dy = -LIKENESS_SHIFT; dy <= LIKENESS_SHIFT; dy++)
            for (long dx = -LIKENESS_SHIFT; dx <= LIKENESS_SHIFT; dx++, v += n)
                view(p, dy, dx, turn, place, n, v);
}

double
likeness_pair(const struct likeness_patch *a, const struct likeness_patch *b, unsigned *turn)
{
    size_t place[MOST], n = disc_make(place);
    float x[MOST], y[MOST];
    double best = -2;

    view(a, 0, 0, 0, place, n, x);
    for (unsigned t = 0; t < TURNS; t++)
        for (long dy = -LIKENESS_SHIFT; dy <= LIKENESS_SHIFT; dy++)
            for (long dx = -LIKENESS_SHIFT; dx <= LIKENESS_SHIFT; dx++) {
                double sum = 0;

                view(b, dy, dx, t, place, n, y);
                for (size_t i = 0; i < n; i++)
                    sum += (double)x[i] * (double)y[i];
                if (sum > best) {
                    best = sum;
                    *turn = t;
                }
            }
    return best;
}

int
likeness_compare(const struct likeness_patch *a, size_t n, const struct likeness_patch *b, size_t m,
                 float *value, struct err *e)
{
    const size_t threads = (size_t)omp_get_max_threads(), width = COLUMNS * VIEWS;
    size_t place[MOST], d = disc_make(place), cells;
    float *x = NULL, *work = NULL;
    int rc = -1;

    if (mem_mul(n, d, &cells) == -1) {
        err_memory(e, (unsigned long long)-1);
        goto out;
    }
    if ((x = mem_array_raw(cells, sizeof(*x), e)) == NULL ||
        (work = mem_array_raw(threads, (d + ROWS) * width * sizeof(*work), e)) == NULL)
        goto out;
    for (size_t i = 0; i < n; i++)
        view(&a[i], 0, 0, 0, place, d, x + i * d);
#pragma omp parallel for schedule(dynamic)
    for (size_t first = 0; first < m; first += COLUMNS) {
        float *y = work + (size_t)omp_get_thread_num() * (d + ROWS) * width, *z = y + d * width;
        size_t columns = m - first < COLUMNS ? m - first : COLUMNS, wide = columns * VIEWS;

        for (size_t j = 0; j < columns; j++)
            views(&b[first + j], place, d, y + j * VIEWS * d);
        for (size_t top = 0; top < n; top += ROWS) {
            size_t rows = n - top < ROWS ? n - top : ROWS;

            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)wide, (int)d, 1,
                        x + top * d, (int)d, y, (int)d, 0, z, (int)wide);
            for (size_t i = 0; i < rows; i++)
                for (size_t j = 0; j < columns; j++) {
                    const float *s = z + i * wide + j * VIEWS;
                    float best = s[0];

                    for (size_t k = 1; k < VIEWS; k++)
                        best = s[k] > best ? s[k] : best;
                    value[(top + i) * m + first + j] = best;
                }
        }
    }
    rc = 0;
out:
    free(x);
    free(work);
    return rc;
}
