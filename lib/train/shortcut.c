#include "train/shortcut.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "patch/patch.h"
#include "train/classify.h"

/* So small that it only matters where the features tell the classes apart without an error. */
static const double ridge = 1e-6;

int
shortcut_features(const struct ts_record *r, double x[SHORTCUT_FEATURES], struct err *e)
{
    const char *tissue = ts_meta_or(r, "tissue", "");
    size_t h, w;
    float *plane;
    double sum = 0;

    if (number_real(tissue, &x[SHORTCUT_TISSUE]) == -1 ||
        !(x[SHORTCUT_TISSUE] >= 0 && x[SHORTCUT_TISSUE] <= 1))
        return err_set(e, "tissue '%.32s' is no share of the patch", tissue);
    if ((plane = ts_plane(r, "image", &h, &w, e)) == NULL)
        return -1;
    for (size_t i = 0; i < h * w; i++)
        sum += (double)plane[i];
    free(plane);
    x[SHORTCUT_GREY] = sum / (double)(h * w);
    return 0;
}

static int
add_record(struct shortcut *s, const struct ts_record *r, int positive, enum term_split split,
           struct err *e)
{
    struct patch p;
    int label = classify_label(r, e);

    if (label == -1 || patch_read(&p, r, e) == -1)
        return -1;
    if (label != positive)
        return err_set(e, "label is %s, expected %s", label_word[p.label],
                       positive ? "malignant" : "benign or normal");
    if (split != SPLIT_NONE && p.split != SPLIT_NONE && p.split != split)
        return err_set(e, "split is '%s', expected '%s'", split_word[p.split], split_word[split]);
    if (mem_grow(&s->x, &s->cap_x, s->n + 1, SHORTCUT_FEATURES * sizeof(double), e) == -1)
        return -1;
    if (MEM_GROW(s->positive, s->cap_positive, s->n + 1, e) == -1)
        return -1;
    if (shortcut_features(r, s->x + s->n * SHORTCUT_FEATURES, e) == -1 ||
        patients_add(&s->patients, p.patient, e) == -1)
        return -1;
    s->positive[s->n++] = (uint8_t)positive;
    s->positives += (size_t)positive;
    return 0;
}

int
shortcut_add(struct shortcut *s, const char *path, int positive, enum term_split split,
             struct err *e)
{
    struct ts_reader *in = ts_open(path, e);
    struct ts_record rec = {0};
    int rc;

    if (in == NULL)
        return -1;
    while ((rc = ts_read(in, &rec, e)) == 1)
        if (add_record(s, &rec, positive, split, e) == -1) {
            err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            rc = -1;
            break;
        }
    ts_clear(&rec);
    ts_close(in);
    return rc;
}

int
shortcut_fit(const struct shortcut *s, struct logistic *m, struct err *e)
{
    return logistic_fit(m, s->x, s->positive, s->n, SHORTCUT_FEATURES, ridge, e);
}

void
shortcut_free(struct shortcut *s)
{
    free(s->x);
    free(s->positive);
    patients_free(&s->patients);
    *s = (struct shortcut){0};
}
