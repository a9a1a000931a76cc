#include "patch/like.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "patch/footprint.h"
#include "stream/tstream.h"

/* Keeps the mask as far as its box. */
static int
keep_mask(struct like_example *x, const uint8_t *mask, size_t side, struct err *e)
{
    size_t w;

    x->box = box_of_mask(mask, side, side);
    w = x->box.x1 - x->box.x0;
    if ((x->mask = mem_array_raw(w * (x->box.y1 - x->box.y0), 1, e)) == NULL)
        return -1;
    for (size_t y = x->box.y0; y < x->box.y1; y++)
        memcpy(x->mask + (y - x->box.y0) * w, mask + y * side + x->box.x0, w);
    return 0;
}

/* The middle of the planes of a record: image and mask [side][side] in fresh memory. */
static int
read_planes(const struct ts_record *r, size_t side, float **image, uint8_t **mask, struct err *e)
{
    const uint8_t *found;
    struct footprint at;
    size_t h, w, margin;
    float *plane = ts_plane(r, "image", &h, &w, e);
    int rc = -1;

    if (plane == NULL || footprint_read(&at, r, e) == -1)
        goto done;
    margin = at.margin;
    if (h != w || h != side + 2 * margin) {
        err_set(e, "image is %zux%zu with margin %zu, expected %zux%zu without", w, h, margin, side,
                side);
        goto done;
    }
    if ((found = ts_mask(r, "mask", h, w)) == NULL) {
        err_set(e, "no U8 tensor 'mask' of the size of 'image'");
        goto done;
    }
    *image = mem_array_raw(side * side, sizeof(**image), e);
    *mask = mem_array_raw(side * side, 1, e);
    if (*image == NULL || *mask == NULL)
        goto done;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            size_t from = (y + margin) * w + x + margin;

            (*image)[y * side + x] = plane[from];
            (*mask)[y * side + x] = found[from] != 0;
        }
    rc = 0;
done:
    free(plane);
    return rc;
}

static int
add(struct like *l, const struct ts_record *r, struct err *e)
{
    struct like_example x = {0};
    struct surround place;
    float *image = NULL;
    uint8_t *mask = NULL;
    int rc = -1;

    if (read_planes(r, l->side, &image, &mask, e) == -1 ||
        (rc = surround_init(&place, mask, l->side, e)) == -1)
        goto done;
    if (rc == 0) {
        l->left_out++;
        goto done;
    }
    surround_see(&place, image, x.x);
    surround_free(&place);
    rc = -1;
    if (l->n == LIKE_MAX) {
        err_set(e, "more than %d examples", LIKE_MAX);
        goto done;
    }
    if (surround_read(r, x.x, e) == -1 || MEM_GROW(l->example, l->cap, l->n + 1, e) == -1)
        goto done;
    if ((x.id = mem_string(ts_meta_or(r, "id", ""), e)) == NULL ||
        (x.patient = mem_string(ts_meta_or(r, "patient", ""), e)) == NULL ||
        keep_mask(&x, mask, l->side, e) == -1)
        goto done;
    l->example[l->n++] = x;
    x = (struct like_example){0};
    rc = 0;
done:
    free(x.id);
    free(x.patient);
    free(image);
    free(mask);
    return rc == -1 ? -1 : 0;
}

/*
 * Of the weight of each measure so much is its own, whatever it shares with the others: measures
 * that go together, and examples that are few, leave the matrix one that has an inverse, and what
 * no example shows counts at most 20 times what all of them show.
 */
static const double own_share = 0.05;

/* The matrix m becomes its lower root in place: m = root root'.  It is positive, by own_share. */
static void
take_root(double m[SURROUND_MEASURES][SURROUND_MEASURES])
{
    for (int i = 0; i < SURROUND_MEASURES; i++)
        for (int j = 0; j <= i; j++) {
            for (int k = 0; k < j; k++)
                m[i][j] -= m[i][k] * m[j][k];
            m[i][j] = i == j ? sqrt(m[i][i]) : m[i][j] / m[j][j];
        }
}

/*
 * In plain C, as everything that data filters do: with BLAS their bytes would depend on the
 * processor.
 */
static void
set_law(struct like *l)
{
    double mean[SURROUND_MEASURES] = {0}, covariance[SURROUND_MEASURES][SURROUND_MEASURES] = {{0}};

    for (size_t i = 0; i < l->n; i++)
        for (int k = 0; k < SURROUND_MEASURES; k++)
            mean[k] += l->example[i].x[k] / (double)l->n;
    for (size_t i = 0; i < l->n; i++)
        for (int k = 0; k < SURROUND_MEASURES; k++)
            for (int j = 0; j <= k; j++)
                covariance[k][j] +=
                    (l->example[i].x[k] - mean[k]) * (l->example[i].x[j] - mean[j]) / (double)l->n;
    for (int k = 0; k < SURROUND_MEASURES; k++) {
        double sd = sqrt(covariance[k][k]);

        /* What rounding leaves of equal numbers is no deviation. */
        l->scale[k] = sd > 1e-9 ? 1 / sd : 0;
        for (int j = 0; j < k; j++)
            l->root[k][j] = (1 - own_share) * covariance[k][j] * l->scale[k] * l->scale[j];
        l->root[k][k] = 1;
    }
    take_root(l->root);
}

int
like_read(struct like *l, const char *path, size_t side, struct err *e)
{
    struct ts_reader *in = ts_open(path, e);
    struct ts_record r = {0};
    int rc;

    *l = (struct like){.side = side};
    if (in == NULL)
        return -1;
    while ((rc = ts_read(in, &r, e)) == 1)
        if (add(l, &r, e) == -1) {
            err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            rc = -1;
            break;
        }
    if (rc == 0 && l->n == 0)
        rc = err_set(e, "%s: no lesion with surroundings among its %" PRIu64 " records",
                     ts_name(in), ts_count(in));
    ts_clear(&r);
    ts_close(in);
    if (rc == -1)
        like_free(l);
    else
        set_law(l);
    return rc;
}

void
like_free(struct like *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->example[i].id);
        free(l->example[i].patient);
        free(l->example[i].mask);
    }
    free(l->example);
    *l = (struct like){0};
}

void
like_mask(const struct like *l, size_t k, uint8_t *mask)
{
    const struct like_example *x = &l->example[k];
    size_t w = x->box.x1 - x->box.x0;

    memset(mask, 0, l->side * l->side);
    for (size_t y = x->box.y0; y < x->box.y1; y++)
        for (size_t i = 0; i < w; i++)
            mask[y * l->side + x->box.x0 + i] = x->mask[(y - x->box.y0) * w + i] ? 255 : 0;
}

double
like_distance(const struct like *l, size_t k, const double *x)
{
    double y[SURROUND_MEASURES], sum = 0;

    for (int i = 0; i < SURROUND_MEASURES; i++) {
        y[i] = (x[i] - l->example[k].x[i]) * l->scale[i];
        for (int j = 0; j < i; j++)
            y[i] -= l->root[i][j] * y[j];
        y[i] /= l->root[i][i];
        sum += y[i] * y[i];
    }
    return sum;
}
