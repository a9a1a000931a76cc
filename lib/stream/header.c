#include "stream/header.h"

#include <jansson.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char META[] = "__metadata__";

/*
 * jansson's scanner does not look whether its text buffer could grow, and would drop characters
 * without a word.  So its memory comes from here, and a refusal is remembered.
 */
static _Thread_local int starved;

static void *
take(size_t n)
{
    void *p = malloc(n);

    if (p == NULL)
        starved = 1;
    return p;
}

static void
install_memory(void)
{
    json_set_alloc_funcs(take, free);
}

static void
prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install_memory);
    starved = 0;
}

/* ---- reading ---- */

/* Names and keys appear in messages of one line and in tables. */
static int
check_name(const char *what, const char *s, struct err *e)
{
    if (s[0] == '\0')
        return err_set(e, "a %s is empty", what);
    for (const char *p = s; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return err_set(e, "a %s holds a control character", what);
    return 0;
}

static int
parse_count(const json_t *v, size_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return -1;
    *out = (size_t)json_integer_value(v);
    return 0;
}

static int
parse_dtype(const json_t *v, enum ts_dtype *out)
{
    if (!json_is_string(v))
        return -1;
    for (int t = TS_F64; t <= TS_BOOL; t++)
        if (strcmp(json_string_value(v), ts_dtype_name((enum ts_dtype)t)) == 0) {
            *out = (enum ts_dtype)t;
            return 0;
        }
    return -1;
}

/* Fills t but for its name; *begin is where its data start. */
static int
parse_tensor(const json_t *v, struct ts_tensor *t, size_t *begin, struct err *e)
{
    const json_t *shape = json_object_get(v, "shape"), *at = json_object_get(v, "data_offsets");
    size_t end;

    if (!json_is_object(v) || json_object_size(v) != 3 || shape == NULL || at == NULL ||
        json_object_get(v, "dtype") == NULL)
        return err_set(e, "is not made of dtype, shape and data_offsets");
    if (parse_dtype(json_object_get(v, "dtype"), &t->dtype) == -1)
        return err_set(e, "unknown dtype");
    if (!json_is_array(shape))
        return err_set(e, "shape is not a list");
    if (json_array_size(shape) > TS_MAX_RANK)
        return err_set(e, "rank %zu exceeds %d", json_array_size(shape), TS_MAX_RANK);
    t->rank = (unsigned)json_array_size(shape);
    t->bytes = ts_dtype_size(t->dtype);
    for (unsigned i = 0; i < t->rank; i++) {
        if (parse_count(json_array_get(shape, i), &t->shape[i]) == -1)
            return err_set(e, "shape[%u] is not a whole number", i);
        if (mem_mul(t->bytes, t->shape[i], &t->bytes) == -1)
            return err_set(e, "shape overflows");
    }
    if (!json_is_array(at) || json_array_size(at) != 2 ||
        parse_count(json_array_get(at, 0), begin) == -1 ||
        parse_count(json_array_get(at, 1), &end) == -1)
        return err_set(e, "data_offsets are not two whole numbers");
    if (end < *begin || end - *begin != t->bytes)
        return err_set(e, "data_offsets [%zu,%zu] do not fit %zu bytes", *begin, end, t->bytes);
    return 0;
}

static int
parse_meta(json_t *v, struct ts_record *rec, struct err *e)
{
    for (void *it = json_object_iter(v); it != NULL; it = json_object_iter_next(v, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);

        if (check_name("metadata key", key, e) == -1)
            return -1;
        if (!json_is_string(value))
            return err_set(e, "metadata '%s' is not a text", key);
        if (ts_meta_set(rec, key, json_string_value(value), e) == -1)
            return -1;
    }
    return 0;
}

/* A tensor with its name and the place of its data, while they are put in order. */
struct placed {
    struct ts_tensor tensor;
    const char *name;
    size_t begin;
};

/* Empty tensors share their offset with the next one and go first. */
static int
by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if ((x->tensor.bytes == 0) != (y->tensor.bytes == 0))
        return x->tensor.bytes == 0 ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int
parse_object(json_t *root, struct ts_record *rec, struct placed *place, size_t *bytes,
             struct err *e)
{
    size_t n = 0, end = 0;

    for (void *it = json_object_iter(root); it != NULL; it = json_object_iter_next(root, it)) {
        const char *key = json_object_iter_key(it);
        json_t *value = json_object_iter_value(it);

        if (strcmp(key, META) == 0) {
            if (!json_is_object(value))
                return err_set(e, "%s is not an object", META);
            if (parse_meta(value, rec, e) == -1)
                return -1;
            continue;
        }
        if (check_name("tensor name", key, e) == -1)
            return -1;
        if (parse_tensor(value, &place[n].tensor, &place[n].begin, e) == -1)
            return err_in(e, "tensor '%s'", key);
        place[n++].name = key;
    }
    qsort(place, n, sizeof(*place), by_place);
    for (size_t i = 0; i < n; i++) {
        struct ts_tensor *t = &rec->tensor[i];

        if (place[i].begin != end)
            return err_set(e, "tensor '%s': data start at %zu and not at %zu: %s",
                           place[i].name, place[i].begin, end,
                           place[i].begin > end ? "a hole" : "an overlap");
        end += place[i].tensor.bytes; /* cannot overflow: it was read as this tensor's end */
        *t = place[i].tensor;
        t->name = mem_string(place[i].name, e);
        if (t->name == NULL)
            return -1;
        rec->n_tensors = i + 1;
    }
    *bytes = end;
    return 0;
}

int
ts_header_parse(const char *text, size_t n, struct ts_record *rec, size_t *bytes, struct err *e)
{
    struct placed *place = NULL;
    json_error_t bad;
    json_t *root = NULL;
    size_t most;
    int rc = -1;

    if (n == 0 || text[0] != '{')
        return err_set(e, "header does not begin with '{'");
    prepare();
    root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &bad);
    if (starved) {
        err_memory(e, n);
        goto out;
    }
    if (root == NULL) {
        /* jansson quotes what stands there, which may be anything: leave that out. */
        char *near = strstr(bad.text, " near ");

        if (near != NULL)
            *near = '\0';
        err_set(e, "header is not JSON (byte %d: %s)", bad.position, bad.text);
        goto out;
    }
    most = json_object_size(root);
    place = mem_array(most, sizeof(*place), e);
    if (place == NULL || mem_grow((void **)&rec->tensor, &rec->cap_tensors, most,
                                  sizeof(*rec->tensor), e) == -1)
        goto out;
    rc = parse_object(root, rec, place, bytes, e);
out:
    free(place);
    json_decref(root);
    return rc;
}

/* ---- writing ---- */

/*
 * jansson's functions pass a missing object on as a failure, so the checks here are for texts that are
 * not UTF-8; whether memory ran out is asked once at the end (`starved`).
 */
static int
put_meta(json_t *root, const struct ts_record *rec, struct err *e)
{
    json_t *meta = json_object();

    if (json_object_set_new(root, META, meta) == -1)
        return err_memory(e, sizeof(*meta));
    for (size_t i = 0; i < rec->n_meta; i++) {
        const char *key = rec->meta[i].key;

        if (check_name("metadata key", key, e) == -1)
            return -1;
        if (json_object_set_new(meta, key, json_string(rec->meta[i].value)) == -1)
            return err_set(e, "metadata '%s' is not UTF-8", key);
    }
    return 0;
}

static int
put_tensor(json_t *root, const struct ts_tensor *t, size_t begin, struct err *e)
{
    json_t *v = json_object(), *shape = json_array(), *at = json_array();
    size_t end;
    int rc;

    for (unsigned i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    rc = mem_add(begin, t->bytes, &end);
    json_array_append_new(at, json_integer((json_int_t)begin));
    json_array_append_new(at, json_integer((json_int_t)end));
    json_object_set_new(v, "dtype", json_string(ts_dtype_name(t->dtype)));
    json_object_set_new(v, "shape", shape);
    json_object_set_new(v, "data_offsets", at);
    if (json_object_set_new(root, t->name, v) == -1)
        return err_set(e, "a tensor's name is not UTF-8");
    if (rc == -1 || end > INT64_MAX)
        return err_set(e, "data of the record overflow");
    return check_name("tensor name", t->name, e);
}

static int
put_record(json_t *root, const struct ts_record *rec, const size_t *order, struct err *e)
{
    size_t at = 0;

    if (rec->n_meta > 0 && put_meta(root, rec, e) == -1)
        return -1;
    for (size_t i = 0; i < rec->n_tensors; i++) {
        if (put_tensor(root, &rec->tensor[order[i]], at, e) == -1)
            return -1;
        at += rec->tensor[order[i]].bytes;
    }
    return 0;
}

unsigned char *
ts_header_print(const struct ts_record *rec, const size_t *order, size_t *n, struct err *e)
{
    unsigned char *out = NULL;
    size_t text = 0, size;
    json_t *root;
    int rc;

    prepare();
    root = json_object();
    rc = put_record(root, rec, order, e);
    if (rc == 0)
        text = json_dumpb(root, NULL, 0, JSON_COMPACT);
    if (starved)
        err_memory(e, text);
    if (rc == -1 || starved)
        goto done;
    size = (8 + text + 63) / 64 * 64;
    out = mem_array_raw(size, 1, e);
    if (out == NULL)
        goto done;
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)((uint64_t)(size - 8) >> (8 * i));
    memset(out + 8, ' ', size - 8);
    json_dumpb(root, (char *)out + 8, text, JSON_COMPACT);
    if (starved) {
        err_memory(e, text);
        free(out);
        out = NULL;
        goto done;
    }
    *n = size;
done:
    json_decref(root);
    return out;
}
