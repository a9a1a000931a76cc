/* What ts-info counts, and how patches spread over patients. */
#include <stdint.h>
#include <stdlib.h>
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
    tap_ok(s.all.patients == 77 && s.all.left_out == 0, "patients");
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
    tap_ok(s.all.patients == SUMMARY_PATIENTS && s.all.left_out == 5 && s.all.patches == s.records,
           "a million patients and more");
    tap_ok(summary_effective(&s.group[0].of) == SUMMARY_PATIENTS &&
               summary_effective(&s.class[SUMMARY_OTHER]) == SUMMARY_PATIENTS,
           "counted also by group and class");
    tap_ok(s.slots * sizeof(*s.count) <= 64 << 20, "in little memory");
    tap_ok(summary_write_patients(stdout, &s, &e) == -1 &&
               strcmp(e.text, "too many patients to count: 1000000 and more") == 0,
           "which is no table");
    /* They use up the room for all counts: a group that comes now has none. */
    ts_meta_set(&rec, "label", "benign", &e);
    ts_meta_set(&rec, "patient", "0", &e);
    summary_add(&s, &rec, &e);
    tap_ok(s.counts == SUMMARY_COUNTS && s.n_groups == 2 && s.group[0].of.patients == 0 &&
               s.group[0].of.left_out == 1 && s.all.left_out == 5 &&
               summary_effective(&s.group[0].of) == 0 && summary_largest_share(&s.group[0].of) == 0,
           "all counts are in use");
    summary_free(&s);
    ts_clear(&rec);
}

static void
add(struct summary *s, const char *label, const char *lesion, const char *synthetic,
    const char *patient)
{
    const char *meta[4][2] = {
        {"label", label}, {"lesion", lesion}, {"synthetic", synthetic}, {"patient", patient}};
    struct ts_record rec = {0};

    for (int i = 0; i < 4; i++)
        if (meta[i][1] != NULL)
            ts_meta_set(&rec, meta[i][0], meta[i][1], &e);
    summary_add(s, &rec, &e);
    ts_clear(&rec);
}

/* Effective numbers by hand: 6 and 2 and 2 of ten are 100 / 44. */
static void
test_spread(void)
{
    static const char *const who[] = {"b", "c", "a"};
    static const char *const want[][3] = {{"malignant", "mass", "0"},
                                          {"malignant", "calcification", "0"},
                                          {"malignant", "x", "0"},
                                          {"malignant", "", "1"},
                                          {"benign", "mass", "0"},
                                          {"normal", "", "0"},
                                          {"normal", "", "1"},
                                          {"other", "", "0"},
                                          {"", "", "0"}};
    struct summary s, t;
    int order = 1, same = 1;

    summary_init(&s, &e);
    add(&s, "normal", "", "1", "a");
    add(&s, NULL, NULL, NULL, "a");
    add(&s, "other", NULL, "0", "a");
    add(&s, "malignant", "x", NULL, "a");
    add(&s, "malignant", NULL, "1", "d");
    add(&s, "benign", "mass", NULL, "d");
    for (int i = 0; i < 10; i++)
        add(&s, "malignant", "mass", "0", who[i < 6 ? 0 : i % 2 + 1]);
    add(&s, "malignant", "calcification", "0", "b");
    for (int i = 0; i < 4; i++)
        add(&s, "normal", NULL, "0", i < 2 ? (i ? "" : NULL) : "b");
    tap_ok(s.n_groups == 9, "groups");
    for (size_t i = 0; i < 9 && i < s.n_groups; i++)
        order = order && strcmp(s.group[i].label, want[i][0]) == 0 &&
                strcmp(s.group[i].lesion, want[i][1]) == 0 &&
                s.group[i].synthetic == (want[i][2][0] == '1');
    tap_ok(order, "in a fixed order");
    tap_ok(s.group[0].of.patches == 10 && s.group[0].of.patients == 3 &&
               strcmp(s.group[0].of.who, "b") == 0,
           "patches and patients");
    tap_near(summary_effective(&s.group[0].of), 100.0 / 44, 1e-12, "their effective number");
    tap_near(summary_largest_share(&s.group[0].of), 0.6, 1e-12, "the largest share");
    tap_ok(s.group[5].of.patches == 4 && s.group[5].of.unknown == 2 && s.group[5].of.patients == 1,
           "unknown patients");
    tap_ok(summary_effective(&s.group[5].of) == 1 && summary_largest_share(&s.group[5].of) == 1,
           "are left out of the rest");
    /* 13 malignant: b 7, c 2, a 3, d 1; 8 others: a 3, d 1, b 2, unknown 2. */
    tap_ok(s.class[SUMMARY_MALIGNANT].patches == 13 && s.class[SUMMARY_OTHER].patches == 8 &&
               s.class[SUMMARY_OTHER].unknown == 2,
           "classes");
    tap_near(summary_effective(&s.class[SUMMARY_MALIGNANT]), 169.0 / 63, 1e-12,
             "effective patients with cancer");
    tap_near(summary_effective(&s.class[SUMMARY_OTHER]), 36.0 / 14, 1e-12, "and of the others");
    tap_ok(s.all.patients == 4, "patients in all");
    summary_free(&s);

    /* Whose share is largest does not hang on the order: of those with most the first by name. */
    for (uint32_t seed = 1; seed <= 100; seed++) {
        char name[8];

        summary_init(&t, &e);
        for (uint32_t i = 0; i < 40; i++) {
            /* A walk through 0 .. 39 from another start, with another step that is prime to 40. */
            uint32_t k = (seed * 17 + i * (uint32_t[]){1, 3, 7, 9, 11, 13}[seed % 6]) % 40;

            snprintf(name, sizeof(name), "%c%u", 'z' - (int)(k % 10), (unsigned)(k % 10));
            add(&t, "normal", "", "0", k < 38 ? name : "last");
        }
        same = same && t.all.patients == 11 && t.all.most == 4 && strcmp(t.all.who, "s7") == 0 &&
               fabs(summary_effective(&t.all) - 1600.0 / (8 * 16 + 2 * 9 + 4)) < 1e-12;
        if (!same) {
            tap_note("seed %u: %s with %d", (unsigned)seed, t.all.who, (int)t.all.most);
            seed = 100;
        }
        summary_free(&t);
    }
    tap_ok(same, "the order of records does not matter");

    summary_init(&t, &e);
    for (int i = 0; i < SUMMARY_GROUPS + 3; i++) {
        char name[8];

        snprintf(name, sizeof(name), "%d", i);
        add(&t, "malignant", name, "0", "a");
    }
    tap_ok(t.n_groups == SUMMARY_GROUPS && t.groups_left_out == 3 &&
               t.class[SUMMARY_MALIGNANT].patches == SUMMARY_GROUPS + 3,
           "too many groups are left out, but not of their class");
    tap_ok(summary_write_patients(stdout, &t, &e) == -1 && strstr(e.text, "more than 100 groups"),
           "which is no table");
    summary_free(&t);
}

int
main(void)
{
    test_types();
    test_counts();
    test_spread();
    test_limits();
    return tap_done(40);
}
