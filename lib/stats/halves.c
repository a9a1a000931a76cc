#include "stats/halves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* ---- one split ---- */

/* A record where the split's order of patients puts it. */
struct place {
    uint64_t key;
    uint32_t unit;
    size_t index;
};

static int
by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->unit != y->unit)
        return x->unit < y->unit ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* The records of a set, in the split's order of their patients. */
static struct place *
arrange(const struct feature_set *s, uint64_t seed, size_t split, struct err *e)
{
    struct place *p = mem_array(s->n, sizeof(*p), e);

    if (p == NULL)
        return NULL;
    for (size_t i = 0; i < s->n; i++) {
        struct rng r = rng_at(seed, "halves", (uint64_t)split << 32 | s->unit[i]);

        p[i] = (struct place){rng_u64(&r), s->unit[i], i};
    }
    qsort(p, s->n, sizeof(*p), by_place);
    return p;
}

/* A split: of each set the records that do not belong to a patient of A; and those of A itself. */
struct split {
    size_t n_sets;
    size_t **index; /* [n_sets + 1]: B, of each other set, A */
    size_t *n;
};

static void
split_free(struct split *s)
{
    for (size_t k = 0; s->index != NULL && k <= s->n_sets; k++)
        free(s->index[k]);
    free(s->index);
    free(s->n);
}

static int
split_make(struct split *s, const struct halves *h, size_t split, struct err *e)
{
    size_t end = 0, units = 0;
    uint8_t *in_a = NULL;
    struct place *p = NULL;
    int rc = -1;

    *s = (struct split){.n_sets = h->n_sets};
    for (size_t k = 0; k < h->n_sets; k++) {
        size_t more = feature_set_unit_end(&h->set[k]);

        end = more > end ? more : end;
    }
    if ((s->index = mem_array(h->n_sets + 1, sizeof(*s->index), e)) == NULL ||
        (s->n = mem_array(h->n_sets + 1, sizeof(*s->n), e)) == NULL ||
        (in_a = mem_array(end, 1, e)) == NULL)
        goto out;
    for (size_t k = 0; k < h->n_sets; k++) {
        const struct feature_set *set = &h->set[k];
        size_t *a = s->index[h->n_sets];

        free(p);
        if ((p = arrange(set, h->seed, split, e)) == NULL ||
            (s->index[k] = mem_array(set->n, sizeof(**s->index), e)) == NULL ||
            (k == 0 && (a = mem_array(set->n, sizeof(*a), e)) == NULL))
            goto out;
        s->index[h->n_sets] = a;
        for (size_t i = 0; i < set->n; i++) {
            if (k == 0) {
                units += i == 0 || p[i].unit != p[i - 1].unit;
                in_a[p[i].unit] = units <= set->units / 2;
            }
            if (!in_a[p[i].unit])
                s->index[k][s->n[k]++] = p[i].index;
            else if (k == 0)
                a[s->n[h->n_sets]++] = p[i].index;
        }
    }
    rc = 0;
out:
    free(p);
    free(in_a);
    if (rc == -1)
        split_free(s);
    return rc;
}

int
halves_make(struct halves *h, const struct feature_set *set, size_t n_sets, size_t splits,
            uint64_t seed, struct err *e)
{
    *h = (struct halves){set, n_sets, splits, SIZE_MAX, seed};
    if (set[0].units < 2)
        return err_set(e, "all records are of one patient: there are no halves");
    for (size_t i = 0; i < splits; i++) {
        struct split s;

        if (split_make(&s, h, i, e) == -1)
            return -1;
        for (size_t k = 0; k <= n_sets; k++)
            h->records = s.n[k] < h->records ? s.n[k] : h->records;
        split_free(&s);
    }
    if (h->records == 0)
        return err_set(e, "a set has patients of one half of the reference only");
    return 0;
}

/* ---- all splits ---- */

/* One split's numbers, [n_sets][values], and the patients of its parts. */
static int
compare(const struct halves *h, size_t split, halves_measure *measure, const void *context,
        size_t values, double *value, struct halves_units *units, struct err *e)
{
    struct feature_set a = {0}, part = {0};
    struct split s;
    int rc = -1;

    if (split_make(&s, h, split, e) == -1)
        return -1;
    if (feature_set_part(&a, &h->set[0], s.index[h->n_sets], h->records, e) == -1)
        goto out;
    for (size_t k = 0; k < h->n_sets; k++) {
        if (feature_set_part(&part, &h->set[k], s.index[k], h->records, e) == -1)
            goto out;
        units[k] = (struct halves_units){a.units, part.units};
        if (measure(&a, &part, context, value + k * values, e) == -1) {
            err_in(e, "split %zu", split);
            goto out;
        }
        feature_set_free(&part);
    }
    rc = 0;
out:
    feature_set_free(&a);
    feature_set_free(&part);
    split_free(&s);
    return rc;
}

static void
summarise(const struct halves *h, size_t values, const double *value,
          const struct halves_units *each, struct halves_range *range, struct halves_units *units)
{
    for (size_t i = 0; i < h->n_sets * values; i++) {
        double sum = 0;

        range[i] = (struct halves_range){0, INFINITY, -INFINITY};
        for (size_t s = 0; s < h->splits; s++) {
            double x = value[s * h->n_sets * values + i];

            sum += x;
            range[i].least = fmin(range[i].least, x);
            range[i].most = fmax(range[i].most, x);
        }
        range[i].mean = sum / (double)h->splits;
    }
    for (size_t k = 0; k < h->n_sets; k++) {
        units[k] = each[k];
        for (size_t s = 1; s < h->splits; s++) {
            const struct halves_units *u = &each[s * h->n_sets + k];

            units[k].a = u->a < units[k].a ? u->a : units[k].a;
            units[k].part = u->part < units[k].part ? u->part : units[k].part;
        }
    }
}

int
halves_compare(const struct halves *h, halves_measure *measure, const void *context, size_t values,
               struct halves_range *range, struct halves_units *units, struct err *e)
{
    double *value = mem_array(h->splits * h->n_sets * values, sizeof(*value), e);
    struct halves_units *each = mem_array(h->splits * h->n_sets, sizeof(*each), e);
    size_t failed = SIZE_MAX;
    int rc = -1;

    if (value == NULL || each == NULL)
        goto out;
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < h->splits; i++) {
        struct err why;

        if (compare(h, i, measure, context, values, value + i * h->n_sets * values,
                    each + i * h->n_sets, &why) == -1)
#pragma omp critical
            if (i < failed) {
                failed = i;
                *e = why;
            }
    }
    if (failed != SIZE_MAX)
        goto out;
    summarise(h, values, value, each, range, units);
    rc = 0;
out:
    free(value);
    free(each);
    return rc;
}
