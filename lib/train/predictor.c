#include "train/predictor.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/resample.h"
#include "train/checkpoint.h"
#include "train/weights.h"

/* `own` 1: of resnet-train, which says more of a network than others do. */
static int
take(struct predictor *m, const struct ts_record *r, int own, int *head, struct err *e)
{
    struct classifier_config c = {.fixed = 1, .bn = NORM_FROZEN};
    struct weights_report report;
    uint64_t size = 0;

    if (weights_config(r, &c, e) == -1 ||
        (own && (checkpoint_get_count(r, "size", &size, e) == -1 ||
                 patients_parse(&m->patients, ts_meta_or(r, "patients", ""), e) == -1)))
        return -1;
    if (own && !classifier_takes(&c, size))
        return err_set(e, "metadata size: patches of %" PRIu64 " pixels do not fit the network",
                       size);
    m->size = size;
    m->hash = checkpoint_hash(r);
    return classifier_init(&m->net, &c, e) == -1 || weights_get(r, &m->net, head, &report, e) == -1
               ? -1
               : 0;
}

static int
end(struct predictor *m, struct ts_record *r, int rc, const char *path, struct err *e)
{
    ts_clear(r);
    if (rc == 0)
        return 0;
    predictor_free(m);
    return err_in(e, "%s", path);
}

int
predictor_load(struct predictor *m, const char *path, struct err *e)
{
    struct ts_record r = {0};
    int rc, head;

    *m = (struct predictor){0};
    if (checkpoint_load(path, &r, e) == -1)
        return -1;
    if (!weights_own(&r))
        rc = err_set(e, "is no classifier of resnet-train (its metadata says kind '%.40s')",
                     ts_meta_or(&r, "kind", ""));
    else if ((rc = take(m, &r, 1, &head, e)) == 0 && !head)
        rc = err_set(e, "has no last layer of two classes");
    return end(m, &r, rc, path, e);
}

int
predictor_load_any(struct predictor *m, const char *path, struct err *e)
{
    struct ts_record r = {0};
    int head;

    *m = (struct predictor){0};
    if (weights_load(path, &r, e) == -1)
        return -1;
    return end(m, &r, take(m, &r, weights_own(&r), &head, e), path, e);
}

void
predictor_free(struct predictor *m)
{
    classifier_free(&m->net);
    patients_free(&m->patients);
    *m = (struct predictor){0};
}

/* ---- batches ---- */

int
predict_batch_init(struct predict_batch *b, struct predictor *m, size_t size, int resize,
                   size_t room, struct err *e)
{
    size_t length = classifier_features(&m->net);

    if (!classifier_takes(&m->net.config, size)) {
        *b = (struct predict_batch){0};
        return err_set(e, "patches of %zu pixels do not fit the network", size);
    }

    *b = (struct predict_batch){.model = m, .size = size, .resize = resize, .room = room};
    b->record = mem_array(room, sizeof(*b->record), e);
    b->patch = mem_array(room, size * size * sizeof(real), e);
    b->features = mem_array(room, length * sizeof(real), e);
    b->odds = mem_array(room, sizeof(double), e);
    b->tape = tape_open();
    return b->record && b->patch && b->features && b->odds ? 0 : -1;
}

void
predict_batch_free(struct predict_batch *b)
{
    for (size_t i = 0; b->record != NULL && i < b->room; i++)
        ts_clear(&b->record[i]);
    free(b->record);
    free(b->patch);
    free(b->features);
    free(b->odds);
    tape_close(b->tape);
    *b = (struct predict_batch){0};
}

/* The image of a record as [size][size] fresh floats. */
static float *
plane_of(const struct predict_batch *b, struct ts_record *rec, struct err *e)
{
    const struct ts_tensor *x = ts_find(rec, "image");
    size_t side = b->resize && x != NULL && x->rank == 2 ? x->shape[0] : b->size;
    float *plane = feed_plane(rec, "image", side, e), *other;
    int rc;

    if (plane == NULL || side == b->size)
        return plane;
    other = mem_array_raw(b->size, b->size * sizeof(*other), e);
    rc = other == NULL ||
         resample_bilinear(plane, side, side, 0, 0, (double)side, (double)side, other, b->size,
                           b->size, e) == -1 ||
         ts_meta_setf(rec, "resized", e, "%zu to %zu, bilinear", side, b->size) == -1;
    free(plane);
    if (rc) {
        free(other);
        return NULL;
    }
    return other;
}

int
predict_batch_add(struct predict_batch *b, struct ts_record *rec, struct err *e)
{
    size_t pixels = b->size * b->size;
    float *plane = plane_of(b, rec, e);

    if (plane == NULL)
        return -1;
    for (size_t i = 0; i < pixels; i++)
        b->patch[b->n * pixels + i] = (real)plane[i];
    free(plane);
    ts_clear(&b->record[b->n]);
    b->record[b->n++] = *rec;
    *rec = (struct ts_record){0};
    return 0;
}

int
predict_batch_run(struct predict_batch *b, struct err *e)
{
    if (b->n > 0)
        classifier_apply(b->tape, &b->model->net, b->patch, b->n, b->size, b->features, b->odds);
    for (size_t i = 0; i < b->n; i++)
        if (!isfinite(b->odds[i]))
            return err_set(e, "%s: the score is not finite", ts_meta_or(&b->record[i], "id", "?"));
    return 0;
}

int
predict_batch_put_features(const struct predict_batch *b, size_t i, struct err *e)
{
    size_t n = classifier_features(&b->model->net);
    const real *features = b->features + i * n;
    struct ts_record *r = &b->record[i];
    struct ts_tensor *x;

    while (r->n_tensors > 0)
        ts_drop(r, r->tensor[0].name);
    if ((x = ts_put(r, "features", TS_F32, 1, &n, e)) == NULL)
        return -1;
    for (size_t k = 0; k < n; k++) {
        if (!isfinite(features[k]))
            return err_set(e, "%s: a feature is not finite", ts_meta_or(r, "id", "?"));
        ((float *)x->data)[k] = (float)features[k];
    }
    return ts_meta_setf(r, "features_of", e, "%016" PRIx64, b->model->hash);
}
