#include "stream/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

static const char *const keys[] = {"label", "lesion", "split", "synthetic"};

int
summary_init(struct summary *s, struct err *e)
{
    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        s->key[i].key = keys[i];
    s->patient_slots = 1024;
    s->patient = mem_array(s->patient_slots, sizeof(*s->patient), e);
    return s->patient ? 0 : -1;
}

void
summary_free(struct summary *s)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t k = 0; k < s->key[i].n; k++)
            free(s->key[i].row[k].value);
        free(s->key[i].row);
    }
    for (size_t i = 0; i < s->n_tensors; i++)
        free(s->tensor[i].name);
    free(s->tensor);
    free(s->patient);
    memset(s, 0, sizeof(*s));
}

/* ---- metadata ---- */

static int
count_value(struct summary_key *k, const char *value, struct err *e)
{
    char *copy = NULL;

    for (size_t i = 0; i < k->n; i++) {
        const char *have = k->row[i].value;

        if (have == value || (have != NULL && value != NULL && strcmp(have, value) == 0)) {
            k->row[i].n++;
            return 0;
        }
    }
    if (k->n == SUMMARY_VALUES) {
        k->left_out++;
        return 0;
    }
    if (mem_grow((void **)&k->row, &k->cap, k->n + 1, sizeof(*k->row), e) == -1 ||
        (value != NULL && (copy = mem_string(value, e)) == NULL))
        return -1;
    k->row[k->n++] = (struct summary_count){copy, 1};
    return 0;
}

/* The slot of a hash in an open-addressed table whose size is a power of two. */
static uint64_t *
slot_of(uint64_t *table, size_t slots, uint64_t hash)
{
    size_t i = (size_t)hash & (slots - 1);

    while (table[i] != 0 && table[i] != hash)
        i = (i + 1) & (slots - 1);
    return &table[i];
}

static int
count_patient(struct summary *s, const char *patient, struct err *e)
{
    uint64_t hash = rng_hash(patient, strlen(patient)), *slot, *larger;

    hash += hash == 0;
    slot = slot_of(s->patient, s->patient_slots, hash);
    if (*slot == hash)
        return 0;
    if (s->patients == SUMMARY_PATIENTS) {
        s->patients_full = 1;
        return 0;
    }
    if (s->patients >= s->patient_slots / 2) {
        larger = mem_array(2 * s->patient_slots, sizeof(*larger), e);
        if (larger == NULL)
            return -1;
        for (size_t i = 0; i < s->patient_slots; i++)
            if (s->patient[i] != 0)
                *slot_of(larger, 2 * s->patient_slots, s->patient[i]) = s->patient[i];
        free(s->patient);
        s->patient = larger;
        s->patient_slots *= 2;
        slot = slot_of(s->patient, s->patient_slots, hash);
    }
    *slot = hash;
    s->patients++;
    return 0;
}

/* ---- values ---- */

/* The row of a tensor, a new one where it has none; *row is NULL where the table is full. */
static int
row_of(struct summary *s, const struct ts_tensor *t, struct summary_tensor **row, struct err *e)
{
    struct summary_tensor *r;

    for (size_t i = 0; i < s->n_tensors; i++) {
        r = *row = &s->tensor[i];
        if (r->dtype == t->dtype && r->rank == t->rank && strcmp(r->name, t->name) == 0 &&
            memcmp(r->shape, t->shape, t->rank * sizeof(t->shape[0])) == 0)
            return 0;
    }
    *row = NULL;
    if (s->n_tensors == SUMMARY_TENSORS)
        return 0;
    if (mem_grow((void **)&s->tensor, &s->cap_tensors, s->n_tensors + 1, sizeof(*r), e) == -1)
        return -1;
    r = &s->tensor[s->n_tensors];
    *r = (struct summary_tensor){
        .dtype = t->dtype, .rank = t->rank, .min = INFINITY, .max = -INFINITY};
    memcpy(r->shape, t->shape, sizeof(r->shape));
    r->name = mem_string(t->name, e);
    if (r->name == NULL)
        return -1;
    s->n_tensors++;
    *row = r;
    return 0;
}

static void
measure(struct summary_tensor *row, const struct ts_tensor *t)
{
    size_t n = t->bytes / ts_dtype_size(t->dtype);

    row->records++;
    row->values += n;
    for (size_t i = 0; i < n; i++) {
        double v = ts_value(t, i);

        if (!isfinite(v)) {
            row->not_finite++;
            continue;
        }
        row->sum += v;
        if (v < row->min)
            row->min = v;
        if (v > row->max)
            row->max = v;
    }
}

int
summary_add(struct summary *s, const struct ts_record *rec, struct err *e)
{
    const char *patient = ts_meta(rec, "patient");

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (count_value(&s->key[i], ts_meta(rec, keys[i]), e) == -1)
            return -1;
    if (patient != NULL && count_patient(s, patient, e) == -1)
        return -1;
    for (size_t i = 0; i < rec->n_tensors; i++) {
        const struct ts_tensor *t = &rec->tensor[i];
        struct summary_tensor *row;

        s->data_bytes += t->bytes;
        if (row_of(s, t, &row, e) == -1)
            return -1;
        if (row != NULL)
            measure(row, t);
        else
            s->tensors_left_out++;
    }
    s->records++;
    return 0;
}
