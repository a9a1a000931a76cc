/* What ts-info counts. */
#include <stdint.h>
#include <string.h>

#include "base/rng.h"
#include "stream/summary.h"
#include "tap.h"

static struct err e;

static const struct summary_count *
row_of(const struct summary_key *k, const char *value)
{
    for (size_t i = 0; i < k->n; i++)
        if (value == NULL ? k->row[i].value == NULL
                          : k->row[i].value != NULL && strcmp(k->row[i].value, value) == 0)
            return &k->row[i];
    return NULL;
}

/* One tensor of each type with known bits; minimum, maximum and mean by hand. */
static void
test_types(void)
{
    const struct {
        enum ts_dtype t;
        size_t n;
        const void *data;
        double min, max, mean;
        uint64_t bad;
    } cases[] = {
        {TS_F64, 2, (const double[]){-1e300, 1}, -1e300, 1, -5e299, 0},
        {TS_F32, 4, (const float[]){NAN, 0.5F, INFINITY, 1.5F}, 0.5, 1.5, 1, 2},
        /* 1.0, -2.0, 65504, the smallest subnormal 2^-24, infinity, not a number */
        {TS_F16, 6, (const uint16_t[]){0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x7e01}, -2, 65504,
         (65503 + 0x1p-24) / 4, 2},
        /* 1.0, -2.0, 3.0, infinity */
        {TS_BF16, 4, (const uint16_t[]){0x3f80, 0xc000, 0x4040, 0x7f80}, -2, 3, 2.0 / 3, 1},
        {TS_I64, 2, (const int64_t[]){INT64_MIN, 0}, -0x1p63, 0, -0x1p62, 0},
        {TS_I32, 2, (const int32_t[]){INT32_MIN, 0}, -0x1p31, 0, -0x1p30, 0},
        {TS_I16, 2, (const int16_t[]){-32768, 32767}, -32768, 32767, -0.5, 0},
        {TS_I8, 2, (const int8_t[]){-128, 127}, -128, 127, -0.5, 0},
        {TS_U64, 1, (const uint64_t[]){UINT64_C(1) << 63}, 0x1p63, 0x1p63, 0x1p63, 0},
        {TS_U32, 1, (const uint32_t[]){UINT32_MAX}, 4294967295.0, 4294967295.0, 4294967295.0, 0},
        {TS_U16, 2, (const uint16_t[]){65535, 1}, 1, 65535, 32768, 0},
        {TS_U8, 2, (const uint8_t[]){255, 1}, 1, 255, 128, 0},
        {TS_BOOL, 4, (const uint8_t[]){1, 0, 0, 0}, 0, 1, 0.25, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ts_record rec = {0};
        struct summary s;
        const struct summary_tensor *t;

        summary_init(&s, &e);
        memcpy(ts_put(&rec, "a", cases[i].t, 1, &cases[i].n, &e)->data, cases[i].data,
               cases[i].n * ts_dtype_size(cases[i].t));
        summary_add(&s, &rec, &e);
        t = &s.tensor[0];
        tap_ok(t->min == cases[i].min && t->max == cases[i].max && t->not_finite == cases[i].bad &&
                   fabs(t->sum / (double)(t->values - t->not_finite) - cases[i].mean) <=
                       1e-12 * fabs(cases[i].mean),
               "%s: %g, %g, %g", ts_dtype_name(cases[i].t), t->min, t->max, t->sum);
        summary_free(&s);
        ts_clear(&rec);
    }
}

static void
test_counts(void)
{
    struct ts_record rec = {0};
    struct summary s;

    summary_init(&s, &e);
    for (int i = 0; i < 300; i++) {
        ts_meta_set(&rec, "label", i % 3 ? "benign" : "malignant", &e);
        ts_meta_setf(&rec, "split", &e, "%d", i % 150);
        ts_meta_setf(&rec, "patient", &e, "p%d", i % 77);
        if (i == 250)
            ts_meta_set(&rec, "synthetic", "1", &e);
        ts_put(&rec, "a", TS_U8, 2, (const size_t[]){1 + (size_t)i % 2, 2}, &e);
        summary_add(&s, &rec, &e);
    }
    tap_ok(s.records == 300 && s.data_bytes == 900, "records and bytes");
    tap_ok(row_of(&s.key[0], "benign")->n == 200 && row_of(&s.key[0], "malignant")->n == 100 &&
               s.key[0].n == 2 && strcmp(s.key[0].row[0].value, "malignant") == 0,
           "labels, in the order they came");
    tap_ok(s.key[1].n == 1 && row_of(&s.key[1], NULL)->n == 300, "no lesions");
    tap_ok(s.key[2].n == SUMMARY_VALUES && s.key[2].left_out == 100,
           "too many values are left out");
    tap_ok(row_of(&s.key[3], "1")->n == 50 && row_of(&s.key[3], NULL)->n == 250, "synthetic");
    tap_ok(s.patients == 77 && !s.patients_full, "patients");
    tap_ok(s.n_tensors == 2 && s.tensor[0].records == 150 && s.tensor[1].values == 600,
           "tensors of two shapes");
    summary_free(&s);
    ts_clear(&rec);
}

static void
test_limits(void)
{
    struct ts_record rec = {0};
    struct summary s;

    summary_init(&s, &e);
    for (int i = 0; i < SUMMARY_TENSORS + 10; i++) {
        char name[16];

        snprintf(name, sizeof(name), "t%d", i % (SUMMARY_TENSORS + 5));
        ts_put(&rec, name, TS_U8, 0, NULL, &e);
        summary_add(&s, &rec, &e);
        ts_clear(&rec);
    }
    tap_ok(s.n_tensors == SUMMARY_TENSORS && s.tensors_left_out == 5 && s.tensor[0].records == 2,
           "a full table of tensors still counts those it has");
    summary_free(&s);
    summary_init(&s, &e);
    for (int i = 0; i < SUMMARY_PATIENTS + 5; i++) {
        ts_meta_setf(&rec, "patient", &e, "%d", i);
        summary_add(&s, &rec, &e);
    }
    tap_ok(s.patients == SUMMARY_PATIENTS && s.patients_full, "a million patients and more");
    tap_ok(s.patient_slots * sizeof(uint64_t) <= 32 << 20, "in little memory");
    summary_free(&s);
    ts_clear(&rec);
}

int
main(void)
{
    test_types();
    test_counts();
    test_limits();
    return tap_done();
}
