#include "train/feature_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/ops.h"

/*
 * Half of what is known is of the last 69 batches.  Of batches of 4 that is a mean known to a
 * thirtieth of a standard deviation.
 */
static const double decay = 0.99;

/*
 * Added to variances, so that channels which real patches leave dark do not count without bound.
 * Behind batch normalisation the others have deviations of 0.05 to 0.4.
 */
static const double least_variance = 1e-4;

int
feature_match_init(struct feature_match *m, size_t size, size_t categories, double weight,
                   struct err *e)
{
    struct tape *t = tape_open();
    const size_t shape[4] = {1, size, size, 1};

    m->size = size;
    m->categories = categories;
    m->weight = weight;
    tape_record(t, 0);
    params_use(t, &m->model.net.params, 0);
    m->features = classifier_stages(t, &m->model.net, tape_const(t, 4, shape, NULL))->n;
    tape_close(t);
    m->mean = mem_array(categories * m->features, sizeof(double), e);
    m->variance = mem_array(categories * m->features, sizeof(double), e);
    return m->mean && m->variance ? 0 : -1;
}

int
feature_match_open(struct feature_match *m, const char *path, size_t size, size_t categories,
                   double weight, struct err *e)
{
    int rc = -1;

    *m = (struct feature_match){0};
    if (predictor_load(&m->model, path, e) == -1)
        return -1;
    if (m->model.size != size)
        err_set(e, "%s: was trained on patches of %zu pixels, not of %zu", path, m->model.size,
                size);
    else if (m->model.net.config.bn == NORM_BATCH)
        err_set(e, "%s: has no running statistics (its metadata says bn 'batch')", path);
    else if (m->model.patients.n == 0)
        err_set(e, "%s: names no patients it was trained on", path);
    else
        rc = feature_match_init(m, size, categories, weight, e);
    if (rc == -1)
        feature_match_free(m);
    return rc;
}

void
feature_match_free(struct feature_match *m)
{
    predictor_free(&m->model);
    free(m->mean);
    free(m->variance);
    *m = (struct feature_match){0};
}

static const char *const tensor_name[2] = {"match.mean", "match.variance"};

int
feature_match_put(struct ts_record *r, const struct feature_match *m, struct err *e)
{
    const double *v[2] = {m->mean, m->variance};
    const size_t shape[2] = {m->categories, m->features};

    for (int k = 0; k < 2; k++) {
        struct ts_tensor *x = ts_put(r, tensor_name[k], TS_F64, 2, shape, e);

        if (x == NULL)
            return -1;
        memcpy(x->data, v[k], x->bytes);
    }
    return 0;
}

int
feature_match_get(const struct ts_record *r, struct feature_match *m, struct err *e)
{
    double *v[2] = {m->mean, m->variance};

    for (int k = 0; k < 2; k++) {
        const struct ts_tensor *x = ts_find(r, tensor_name[k]);

        if (x == NULL || x->dtype != TS_F64 || x->rank != 2 || x->shape[0] != m->categories ||
            x->shape[1] != m->features)
            return err_set(e, "has no %s of the right type and size", tensor_name[k]);
        memcpy(v[k], x->data, x->bytes);
        for (size_t i = 0; i < m->categories * m->features; i++)
            if (!isfinite(v[k][i]) || (k == 1 && v[k][i] < 0))
                return err_set(e, "%s: number %zu is not finite, or negative", tensor_name[k], i);
    }
    return 0;
}

/* What the classifier sees of patches; its weights are constants. */
static struct tensor *
features_of(struct tape *t, struct feature_match *m, struct tensor *image)
{
    int recording = tape_record(t, 0);

    params_use(t, &m->model.net.params, 0);
    tape_record(t, recording);
    if (image->shape[1] < m->size)
        image = nn_up2(t, image);
    return classifier_stages(t, &m->model.net, image);
}

/*
 * With the share a of the new batch, whose mean is b and whose variance is s, the mean and the
 * variance of the mixture: m + a (b - m) and (1 - a) (v + a (b - m)^2) + a s.
 */
void
feature_match_see(struct feature_match *m, struct tape *t, size_t category, const real *patch,
                  size_t n, size_t side, uint64_t seen)
{
    double young = (1 + (double)seen) / (10 + (double)seen), a = 1 - fmin(decay, young);
    double *mean = m->mean + category * m->features, *v = m->variance + category * m->features;
    const struct tensor *f;

    tape_reset(t);
    tape_record(t, 0);
    f = features_of(t, m, tape_const(t, 4, (const size_t[]){n, side, side, 1}, patch));
    for (size_t k = 0; k < m->features; k++) {
        double b = 0, s = 0, off;

        for (size_t i = 0; i < n; i++)
            b += (double)f->v[i * m->features + k] / (double)n;
        for (size_t i = 0; i < n; i++) {
            off = (double)f->v[i * m->features + k] - b;
            s += off * off / (double)n;
        }
        if (seen == 0) {
            mean[k] = 0;
            v[k] = 1;
        }
        off = b - mean[k];
        mean[k] += a * off;
        v[k] = (1 - a) * (v[k] + a * off * off) + a * s;
    }
    tape_reset(t);
}

struct tensor *
feature_match_loss(struct tape *t, struct feature_match *m, size_t category, struct tensor *image)
{
    const double *mean = m->mean + category * m->features;
    const double *v = m->variance + category * m->features;
    struct tensor *want = tape_new(t, 1, &m->features), *unit = tape_new(t, 1, &m->features), *off;

    for (size_t k = 0; k < m->features; k++) {
        want->v[k] = (real)mean[k];
        unit->v[k] = (real)(1 / sqrt(v[k] + least_variance));
    }
    off = nn_col_sum(t, features_of(t, m, image));
    off = nn_sub(t, nn_affine(t, off, 1 / (double)image->shape[0], 0), want);
    off = nn_mul(t, off, unit);
    return nn_mean(t, nn_mul(t, off, off));
}
