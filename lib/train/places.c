#include "train/places.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "patch/surround.h"
#include "train/feed.h"

/* Real lesions' patches, and behind them bases. */
struct places {
    size_t n, size, cap_patch, cap_patient, cap_other, cap_put;
    float *patch;
    uint32_t *patient, *other;
    uint8_t *put;
    struct names patients;
};

static void
places_free(struct places *p)
{
    free(p->patch);
    free(p->patient);
    free(p->other);
    free(p->put);
    names_free(&p->patients);
}

/* The mean of what is near stands for what is hidden: a smoother filling would follow the grey
 * levels at the lesion's margin. */
static void
hide(const struct surround *s, float *image)
{
    double sum = 0, n = 0;

    for (size_t i = 0; i < s->side * s->side; i++)
        if (s->zone[i] == SURROUND_IS_NEAR) {
            sum += (double)image[i];
            n++;
        }
    for (size_t i = 0; i < s->side * s->side; i++)
        if (s->zone[i] == SURROUND_HIDDEN)
            image[i] = (float)(sum / n);
}

static int
number(struct places *p, const struct ts_record *rec, const char *key, uint32_t *out, struct err *e)
{
    const char *patient = ts_meta_or(rec, key, "");

    if (patient[0] == '\0')
        return err_set(e, "has no %s", key);
    return names_number(&p->patients, patient, out, e);
}

/* Takes the patch of a record: 1, 0 where its surroundings do not show, -1. */
static int
add(struct places *p, const struct ts_record *rec, int put, struct err *e)
{
    const char *name = put ? "place" : "mask";
    const uint8_t *mask = ts_mask(rec, name, p->size, p->size);
    size_t pixels = p->size * p->size;
    float *image = feed_plane(rec, "image", p->size, e);
    struct surround s;
    int rc = -1;

    if (image == NULL)
        return -1;
    if (mask == NULL) {
        err_set(e, "no U8 tensor '%s' of the size of 'image'", name);
        goto done;
    }
    if ((rc = surround_init(&s, mask, p->size, e)) != 1)
        goto done;
    hide(&s, image);
    surround_free(&s);
    rc = -1;
    if (MEM_GROW(p->patch, p->cap_patch, (p->n + 1) * pixels, e) == -1 ||
        MEM_GROW(p->patient, p->cap_patient, p->n + 1, e) == -1 ||
        MEM_GROW(p->other, p->cap_other, p->n + 1, e) == -1 ||
        MEM_GROW(p->put, p->cap_put, p->n + 1, e) == -1 ||
        number(p, rec, "patient", &p->patient[p->n], e) == -1 ||
        number(p, rec, put ? "like_patient" : "patient", &p->other[p->n], e) == -1)
        goto done;
    memcpy(p->patch + p->n * pixels, image, pixels * sizeof(*image));
    p->put[p->n++] = (uint8_t)put;
    rc = 1;
done:
    free(image);
    return rc;
}

/* The stream is read to its end, or it would not be known to be whole. */
static int
read_places(struct places *p, struct ts_reader *in, int put, size_t *taken, struct err *e)
{
    struct ts_record rec = {0};
    int rc;

    *taken = 0;
    while ((rc = ts_read(in, &rec, e)) == 1) {
        int got = *taken < PLACES_MOST ? add(p, &rec, put, e) : 0;

        if (got == -1) {
            rc = err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            break;
        }
        *taken += (size_t)got;
    }
    ts_clear(&rec);
    return rc;
}

int
places_report(struct ts_reader *lesions, struct ts_reader *bases, size_t size,
              const struct tell_apart_config *c, struct places_report *r, struct err *e)
{
    struct places p = {.size = size};
    struct tell_apart_config fit = *c;
    double *area = mem_array(c->folds, sizeof(*area), e);
    int rc = -1;

    if (area == NULL || read_places(&p, lesions, 0, &r->lesions, e) == -1)
        goto done;
    if (p.patients.n < 2) {
        err_set(e, "%s: lesions of two patients, with surroundings, are needed", ts_name(lesions));
        goto done;
    }
    if (p.patients.n < fit.folds)
        fit.folds = p.patients.n;
    if (read_places(&p, bases, 1, &r->bases, e) == -1)
        goto done;
    if (tell_apart(&(struct tell_apart_patches){p.n, size, p.patch, p.put, p.patient, p.other,
                                                p.patients.n},
                   &fit, area, e) == -1) {
        err_in(e, "%s", ts_name(bases));
        goto done;
    }
    r->area = tell_apart_area(area, fit.folds, 0.95);
    rc = 0;
done:
    free(area);
    places_free(&p);
    return rc;
}
