/* Records in memory: tensors, metadata, history, planes. */
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stream/record.h"
#include "tap.h"

static struct err e;

static void
test_dtypes(void)
{
    /* Names and sizes as the safetensors format lists them. */
    static const struct {
        enum ts_dtype t;
        const char *name;
        size_t size;
    } want[] = {{TS_F64, "F64", 8},  {TS_F32, "F32", 4}, {TS_F16, "F16", 2}, {TS_BF16, "BF16", 2},
                {TS_I64, "I64", 8},  {TS_I32, "I32", 4}, {TS_I16, "I16", 2}, {TS_I8, "I8", 1},
                {TS_U64, "U64", 8},  {TS_U32, "U32", 4}, {TS_U16, "U16", 2}, {TS_U8, "U8", 1},
                {TS_BOOL, "BOOL", 1}};
    int bad = 0;

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        bad += strcmp(ts_dtype_name(want[i].t), want[i].name) != 0 ||
               ts_dtype_size(want[i].t) != want[i].size;
    tap_ok(bad == 0, "names and sizes of the types");
}

static void
test_tensors(void)
{
    struct ts_record r = {0}, copy = {0};
    struct ts_tensor *t;
    float *p;
    int zero = 1;

    p = ts_put_plane(&r, "a", 3, 5, &e);
    tap_ok(p != NULL && r.n_tensors == 1, "put a plane");
    for (int i = 0; i < 15; i++)
        zero &= p[i] == 0.0F;
    tap_ok(zero, "its data are zero");
    t = ts_find(&r, "a");
    tap_ok(t != NULL && t->rank == 2 && t->shape[0] == 3 && t->shape[1] == 5 && t->bytes == 60 &&
               t->dtype == TS_F32 && t->data == p,
           "found again");
    tap_ok(ts_find(&r, "b") == NULL, "another is not there");
    p[7] = 1;
    t = ts_put(&r, "a", TS_U8, 0, NULL, &e);
    tap_ok(t != NULL && r.n_tensors == 1 && t->bytes == 1 && *(uint8_t *)t->data == 0,
           "a scalar replaces it");
    for (int i = 0; i < 40; i++) {
        char name[8];

        snprintf(name, sizeof(name), "t%d", i);
        t = ts_put(&r, name, TS_I32, 1, (const size_t[]){2}, &e);
        ((int32_t *)t->data)[1] = i;
    }
    t = ts_find(&r, "t17");
    tap_ok(r.n_tensors == 41 && ((int32_t *)t->data)[1] == 17, "forty more, each with its data");
    ts_drop(&r, "t3");
    ts_drop(&r, "t3");
    tap_ok(r.n_tensors == 40 && ts_find(&r, "t3") == NULL && ts_find(&r, "t39") != NULL &&
               ((int32_t *)ts_find(&r, "t4")->data)[1] == 4,
           "dropped, twice is harmless");
    tap_ok(ts_rename(&r, "t5", "t6", &e) == 0 && r.n_tensors == 39 && ts_find(&r, "t5") == NULL &&
               ((int32_t *)ts_find(&r, "t6")->data)[1] == 5,
           "renamed over another");
    tap_ok(ts_rename(&r, "t6", "t6", &e) == 0 && ts_find(&r, "t6") != NULL, "renamed to itself");
    tap_ok(ts_rename(&r, "none", "t6", &e) == -1 && strstr(e.text, "none") != NULL &&
               ts_find(&r, "t6") != NULL,
           "what is not there cannot be renamed");
    tap_ok(ts_meta_set(&r, "k", "v", &e) == 0 && ts_copy(&copy, &r, &e) == 0 &&
               copy.n_tensors == 39 && strcmp(ts_meta(&copy, "k"), "v") == 0 &&
               ts_find(&copy, "t9")->data != ts_find(&r, "t9")->data &&
               ((int32_t *)ts_find(&copy, "t9")->data)[1] == 9,
           "a copy has its own data");
    ts_clear(&copy);
    ts_clear(&copy);
    tap_ok(copy.n_tensors == 0 && copy.tensor == NULL && copy.meta == NULL, "cleared twice");

    tap_ok(ts_put(&r, "", TS_U8, 0, NULL, &e) == NULL, "no empty name");
    tap_ok(ts_put(&r, "__metadata__", TS_U8, 0, NULL, &e) == NULL, "no tensor __metadata__");
    tap_ok(ts_put(&r, "x", TS_U8, 9, (const size_t[9]){0}, &e) == NULL, "no rank 9");
    tap_ok(ts_put(&r, "x", TS_F32, 3, (const size_t[]){SIZE_MAX / 8, 4, 2}, &e) == NULL &&
               strstr(e.text, "overflow") != NULL,
           "a shape that overflows");
    t = ts_put(&r, "x", TS_F32, 2, (const size_t[]){0, 4}, &e);
    tap_ok(t != NULL && t->bytes == 0 && t->data != NULL, "an empty tensor");
    ts_clear(&r);
}

static void
test_meta(void)
{
    struct ts_record r = {0};
    char key[8];
    int sorted = 1;
    size_t before;

    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof(key), "k%02d", i * 37 % 50);
        ts_meta_setf(&r, key, &e, "%d", i * 37 % 50);
    }
    for (size_t i = 0; i < r.n_meta; i++)
        sorted &= (size_t)atoi(r.meta[i].value) == i;
    tap_ok(r.n_meta == 50 && sorted, "metadata stand in key order");
    tap_ok(strcmp(ts_meta(&r, "k31"), "31") == 0 && ts_meta(&r, "k") == NULL &&
               ts_meta(&r, "k50") == NULL,
           "found, and not found");
    tap_ok(strcmp(ts_meta_or(&r, "k31", "x"), "31") == 0 &&
               strcmp(ts_meta_or(&r, "q", "x"), "x") == 0,
           "with a fallback");
    ts_meta_set(&r, "k31", "new", &e);
    tap_ok(r.n_meta == 50 && strcmp(ts_meta(&r, "k31"), "new") == 0, "replaced");
    /* A value may be made from itself. */
    ts_meta_set(&r, "k31", ts_meta(&r, "k31"), &e);
    tap_ok(strcmp(ts_meta(&r, "k31"), "new") == 0, "replaced by itself");
    ts_meta_drop(&r, "k00");
    ts_meta_drop(&r, "k00");
    tap_ok(r.n_meta == 49 && ts_meta(&r, "k00") == NULL && strcmp(ts_meta(&r, "k01"), "1") == 0,
           "dropped");
    ts_history_add(&r, "one 1", &e);
    ts_history_add(&r, "two 2 --x", &e);
    tap_ok(strcmp(ts_meta(&r, "history"), "one 1\ntwo 2 --x") == 0, "history grows by lines");
    before = ts_memory(&r);
    ts_put_plane(&r, "p", 100, 100, &e);
    tap_ok(ts_memory(&r) >= before + 40000 && ts_memory(&r) < before + 42000, "memory is counted");
    ts_clear(&r);
}

static void
test_planes(void)
{
    struct ts_record r = {0};
    struct ts_tensor *t;
    size_t h = 0, w = 0;
    float *p;
    static const float bad[] = {NAN, INFINITY, -INFINITY};

    t = ts_put(&r, "u8", TS_U8, 2, (const size_t[]){2, 3}, &e);
    memcpy(t->data, (const uint8_t[]){0, 1, 51, 128, 254, 255}, 6);
    p = ts_plane(&r, "u8", &h, &w, &e);
    tap_ok(p != NULL && h == 2 && w == 3, "a plane of U8");
    tap_ok(p[0] == 0.0F && p[2] == 0.2F && p[5] == 1.0F, "is value/255");
    free(p);
    t = ts_put(&r, "u16", TS_U16, 2, (const size_t[]){1, 3}, &e);
    memcpy(t->data, (const uint16_t[]){0, 13107, 65535}, 6);
    p = ts_plane(&r, "u16", &h, &w, &e);
    tap_ok(p != NULL && p[0] == 0.0F && p[1] == 0.2F && p[2] == 1.0F, "U16 is value/65535");
    free(p);
    t = ts_put(&r, "f32", TS_F32, 2, (const size_t[]){1, 3}, &e);
    memcpy(t->data, (const float[]){-0.5F, FLT_MAX, 2.0F}, 12);
    p = ts_plane(&r, "f32", &h, &w, &e);
    tap_ok(p != NULL && memcmp(p, t->data, 12) == 0 && (void *)p != t->data, "F32 as it stands");
    free(p);
    for (int i = 0; i < 3; i++) {
        ((float *)t->data)[2] = bad[i];
        tap_ok(ts_plane(&r, "f32", &h, &w, &e) == NULL && strstr(e.text, "row 0, column 2") != NULL,
               "%g is refused, with its place", (double)bad[i]);
    }
    tap_ok(ts_plane(&r, "none", &h, &w, &e) == NULL && strstr(e.text, "none") != NULL, "missing");
    ts_put(&r, "f64", TS_F64, 2, (const size_t[]){1, 1}, &e);
    tap_ok(ts_plane(&r, "f64", &h, &w, &e) == NULL && strstr(e.text, "F64") != NULL, "wrong type");
    ts_put(&r, "cube", TS_F32, 3, (const size_t[]){1, 1, 1}, &e);
    tap_ok(ts_plane(&r, "cube", &h, &w, &e) == NULL && strstr(e.text, "rank 3") != NULL,
           "wrong rank");
    ts_put(&r, "empty", TS_F32, 2, (const size_t[]){4, 0}, &e);
    tap_ok(ts_plane(&r, "empty", &h, &w, &e) == NULL && strstr(e.text, "empty") != NULL, "empty");
    ts_clear(&r);
}

int
main(void)
{
    test_dtypes();
    test_tensors();
    test_meta();
    test_planes();
    return tap_done(37);
}
