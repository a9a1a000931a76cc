/* Headers that are right, and headers that are refused, each for its own reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stream/header.h"
#include "tap.h"

static struct err e;

#define T(dtype, shape, offsets) \
    "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define A(dtype, shape, offsets) "{\"a\":" T(dtype, shape, offsets) "}"

static const struct {
    const char *text;
    size_t tensors, bytes;
} good[] = {
    {"{}", 0, 0},
    {"{}  \n\t ", 0, 0},
    {"{\"__metadata__\":{}}", 0, 0},
    {"{\"__metadata__\":{\"a\":\"\",\"b\":\"\\u00e9\\n\"}}", 0, 0},
    {A("\"F32\"", "[]", "[0,4]"), 1, 4},
    {A("\"F64\"", "[0]", "[0,0]"), 1, 0},
    {A("\"F64\"", "[9223372036854775807,0]", "[0,0]"), 0, 0}, /* overflows on the way */
    {A("\"BOOL\"", "[1,1,1,1,1,1,1,7]", "[0,7]"), 1, 7},
    {"{\"b\":" T("\"U8\"", "[2]", "[3,5]") ",\"a\":" T("\"I8\"", "[3]", "[0,3]") "}", 2, 5},
    {"{\"a\":" T("\"U8\"", "[0]", "[3,3]") ",\"b\":" T("\"U8\"", "[3]", "[0,3]") ",\"c\":" T(
         "\"U8\"", "[1]", "[3,4]") "}",
     3, 4},
    {"{\"\\u00e9\":" T("\"BF16\"", "[2]", "[0,4]") "}", 1, 4},
};

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "begin"},
    {" {}", "begin"},
    {"[]", "begin"},
    {"\xef\xbb\xbf{}", "begin"},
    {"{", "JSON"},
    {"{}}", "JSON"},
    {"{} x", "JSON"},
    {"{\"a\":1,}", "JSON"},
    {"{'a':1}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"\xff\"}}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"\xc0\x80\"}}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"\xed\xa0\x80\"}}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"\\ud800\"}}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"\\u0000\"}}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"\n\"}}", "JSON"},
    {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", "duplicate"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", "duplicate"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0,1]") ",\"a\":" T("\"U8\"", "[1]", "[1,2]") "}", "duplicate"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0,1]") ",\"\\u0061\":" T("\"U8\"", "[1]", "[1,2]") "}",
     "duplicate"},
    {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
     "duplicate"},
    {"{\"__metadata__\":[]}", "not an object"},
    {"{\"__metadata__\":{\"a\":1}}", "not a text"},
    {"{\"__metadata__\":{\"a\":null}}", "not a text"},
    {"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", "not a text"},
    {"{\"__metadata__\":{\"\":\"1\"}}", "empty"},
    {"{\"__metadata__\":{\"a\\nb\":\"1\"}}", "control"},
    {"{\"\":" T("\"U8\"", "[1]", "[0,1]") "}", "empty"},
    {"{\"a\\u007f\":" T("\"U8\"", "[1]", "[0,1]") "}", "control"},
    {"{\"a\":1}", "is not made of"},
    {"{\"a\":{}}", "is not made of"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", "is not made of"},
    {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", "is not made of"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "is not made of"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", "is not made of"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"offsets\":[0,1]}}", "is not made of"},
    {A("\"F33\"", "[1]", "[0,4]"), "dtype"},
    {A("\"f32\"", "[1]", "[0,4]"), "dtype"},
    {A("32", "[1]", "[0,4]"), "dtype"},
    {A("\"U8\"", "1", "[0,1]"), "shape is not"},
    {A("\"U8\"", "{}", "[0,1]"), "shape is not"},
    {A("\"U8\"", "[-1]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[1,-1]", "[0,1]"), "shape[1]"},
    {A("\"U8\"", "[true]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[1.0]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[1e0]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[\"1\"]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[[1]]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[null]", "[0,1]"), "shape[0]"},
    {A("\"U8\"", "[01]", "[0,1]"), "JSON"},
    {A("\"U8\"", "[NaN]", "[0,1]"), "JSON"},
    {A("\"U8\"", "[18446744073709551617]", "[0,1]"), "JSON"},
    {A("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), "rank 9"},
    {A("\"F32\"", "[4611686018427387904]", "[0,0]"), "overflows"},
    {A("\"F32\"", "[4294967296,4294967296]", "[0,0]"), "overflows"},
    {A("\"U8\"", "[1]", "[0]"), "data_offsets"},
    {A("\"U8\"", "[1]", "[0,1,1]"), "data_offsets"},
    {A("\"U8\"", "[1]", "[0,1.0]"), "data_offsets"},
    {A("\"U8\"", "[1]", "[-1,0]"), "data_offsets"},
    {A("\"U8\"", "[1]", "[false,true]"), "data_offsets"},
    {A("\"U8\"", "[1]", "\"0,1\""), "data_offsets"},
    {A("\"U8\"", "[1]", "[0,2]"), "do not fit"},
    {A("\"U8\"", "[2]", "[0,1]"), "do not fit"},
    {A("\"U8\"", "[1]", "[1,0]"), "do not fit"},
    {A("\"U8\"", "[0]", "[1,0]"), "do not fit"},
    {A("\"U8\"", "[1]", "[1,2]"), "a hole"},
    {A("\"U8\"", "[0]", "[1,1]"), "a hole"},
    {A("\"U8\"", "[1]", "[9223372036854775806,9223372036854775807]"), "a hole"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,2]") ",\"b\":" T("\"U8\"", "[2]", "[1,3]") "}", "an overlap"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,2]") ",\"b\":" T("\"U8\"", "[2]", "[0,2]") "}", "an overlap"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,2]") ",\"b\":" T("\"U8\"", "[0]", "[1,1]") "}", "an overlap"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,2]") ",\"b\":" T("\"U8\"", "[2]", "[3,5]") "}", "a hole"},
};

int
main(void)
{
    struct ts_record rec = {0};
    size_t bytes, n;
    unsigned char *out;
    char deep[6000];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int rc = ts_header_parse(good[i].text, strlen(good[i].text), &rec, &bytes, &e);

        if (strstr(good[i].text, "9223372036854775807"))
            tap_ok(rc == -1 && strstr(e.text, "overflows"), "even if a later length is 0");
        else
            tap_ok(rc == 0 && rec.n_tensors == good[i].tensors && bytes == good[i].bytes, "%s",
                   good[i].text);
        ts_clear(&rec);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int rc = ts_header_parse(bad[i].text, strlen(bad[i].text), &rec, &bytes, &e);

        if (!tap_ok(rc == -1 && strstr(e.text, bad[i].why) != NULL && !strchr(e.text, '\n'),
                    "refused: case %zu, %s", i, bad[i].why))
            tap_note("%s: %s", bad[i].text, e.text);
        ts_clear(&rec);
    }
    tap_ok(ts_header_parse("{}\0", 3, &rec, &bytes, &e) == -1, "a zero byte behind the object");
    ts_clear(&rec);
    memset(deep, '[', sizeof(deep));
    memcpy(deep, "{\"a\":", 5);
    tap_ok(ts_header_parse(deep, sizeof(deep), &rec, &bytes, &e) == -1, "deeply nested: %s",
           e.text);
    ts_clear(&rec);

    /* The bytes of a known header, by hand. */
    ts_put(&rec, "b", TS_U8, 2, (const size_t[]){2, 3}, &e);
    ts_meta_set(&rec, "k\"", "v\n", &e);
    ts_put(&rec, "a", TS_F32, 0, NULL, &e);
    out = ts_header_print(&rec, (const size_t[]){1, 0}, &n, &e);
    static const char want[] = "{\"__metadata__\":{\"k\\\"\":\"v\\n\"},\"a\":{\"dtype\":\"F32\","
                               "\"shape\":[],\"data_offsets\":[0,4]},"
                               "\"b\":{\"dtype\":\"U8\",\"shape\":[2,3],\"data_offsets\":[4,10]}}";
    tap_ok(out != NULL && n == 192 && out[0] == 184 && out[1] == 0 &&
               memcmp(out + 8, want, sizeof(want) - 1) == 0 && out[8 + sizeof(want) - 1] == ' ' &&
               out[n - 1] == ' ',
           "the bytes of a header");
    free(out);
    ts_clear(&rec);
    return tap_done(85);
}
