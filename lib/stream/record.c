#include "stream/record.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [TS_F64] = {"F64", 8},   [TS_F32] = {"F32", 4}, [TS_F16] = {"F16", 2}, [TS_BF16] = {"BF16", 2},
    [TS_I64] = {"I64", 8},   [TS_I32] = {"I32", 4}, [TS_I16] = {"I16", 2}, [TS_I8] = {"I8", 1},
    [TS_U64] = {"U64", 8},   [TS_U32] = {"U32", 4}, [TS_U16] = {"U16", 2}, [TS_U8] = {"U8", 1},
    [TS_BOOL] = {"BOOL", 1},
};

const char *const ts_identity_name[TS_IDENTITY] = {"id", "patient", "label", "lesion", "synthetic"};

size_t
ts_dtype_size(enum ts_dtype t)
{
    return dtypes[t].size;
}

const char *
ts_dtype_name(enum ts_dtype t)
{
    return dtypes[t].name;
}

void
ts_clear(struct ts_record *r)
{
    for (size_t i = 0; i < r->n_tensors; i++) {
        free(r->tensor[i].name);
        free(r->tensor[i].data);
    }
    for (size_t i = 0; i < r->n_meta; i++) {
        free(r->meta[i].key);
        free(r->meta[i].value);
    }
    free(r->tensor);
    free(r->meta);
    memset(r, 0, sizeof(*r));
}

int
ts_copy(struct ts_record *to, const struct ts_record *from, struct err *e)
{
    ts_clear(to);
    for (size_t i = 0; i < from->n_tensors; i++) {
        const struct ts_tensor *t = &from->tensor[i];
        struct ts_tensor *copy = ts_put(to, t->name, t->dtype, t->rank, t->shape, e);

        if (copy == NULL)
            goto fail;
        memcpy(copy->data, t->data, t->bytes);
    }
    for (size_t i = 0; i < from->n_meta; i++)
        if (ts_meta_set(to, from->meta[i].key, from->meta[i].value, e) == -1)
            goto fail;
    return 0;
fail:
    ts_clear(to);
    return -1;
}

size_t
ts_memory(const struct ts_record *r)
{
    const size_t block = 2 * sizeof(void *); /* what malloc keeps beside each block */
    size_t n = sizeof(*r) + 2 * block + r->cap_tensors * sizeof(*r->tensor) +
               r->cap_meta * sizeof(*r->meta);

    for (size_t i = 0; i < r->n_tensors; i++)
        n += 2 * block + strlen(r->tensor[i].name) + r->tensor[i].bytes;
    for (size_t i = 0; i < r->n_meta; i++)
        n += 2 * block + strlen(r->meta[i].key) + strlen(r->meta[i].value);
    return n;
}

/* ---- tensors ---- */

struct ts_tensor *
ts_find(const struct ts_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_tensors; i++)
        if (strcmp(r->tensor[i].name, name) == 0)
            return &r->tensor[i];
    return NULL;
}

struct ts_tensor *
ts_put(struct ts_record *r, const char *name, enum ts_dtype dtype, unsigned rank,
       const size_t *shape, struct err *e)
{
    struct ts_tensor t = {.dtype = dtype, .rank = rank, .bytes = ts_dtype_size(dtype)}, *place;

    if (name[0] == '\0' || strcmp(name, "__metadata__") == 0 || rank > TS_MAX_RANK) {
        err_set(e, "tensor '%s': %s", name, rank > TS_MAX_RANK ? "rank too large" : "not a name");
        return NULL;
    }
    for (unsigned i = 0; i < rank; i++) {
        t.shape[i] = shape[i];
        if (mem_mul(t.bytes, shape[i], &t.bytes) == -1) {
            err_set(e, "tensor '%s': shape overflows", name);
            return NULL;
        }
    }
    if (MEM_GROW(r->tensor, r->cap_tensors, r->n_tensors + 1, e) == -1)
        return NULL;
    t.name = mem_string(name, e);
    if (t.name == NULL)
        return NULL;
    t.data = mem_array(t.bytes, 1, e);
    if (t.data == NULL) {
        free(t.name);
        return NULL;
    }
    place = ts_find(r, name);
    if (place == NULL) {
        place = &r->tensor[r->n_tensors++];
    } else {
        free(place->name);
        free(place->data);
    }
    *place = t;
    return place;
}

float *
ts_put_plane(struct ts_record *r, const char *name, size_t h, size_t w, struct err *e)
{
    struct ts_tensor *t = ts_put(r, name, TS_F32, 2, (const size_t[]){h, w}, e);

    return t ? t->data : NULL;
}

void
ts_drop(struct ts_record *r, const char *name)
{
    struct ts_tensor *t = ts_find(r, name);

    if (t == NULL)
        return;
    free(t->name);
    free(t->data);
    r->n_tensors--;
    memmove(t, t + 1, (size_t)(r->tensor + r->n_tensors - t) * sizeof(*t));
}

int
ts_rename(struct ts_record *r, const char *from, const char *to, struct err *e)
{
    char *name;

    if (ts_find(r, from) == NULL)
        return err_set(e, "no tensor '%s'", from);
    if (strcmp(from, to) == 0)
        return 0;
    name = mem_string(to, e);
    if (name == NULL)
        return -1;
    ts_drop(r, to);
    struct ts_tensor *t = ts_find(r, from);
    free(t->name);
    t->name = name;
    return 0;
}

/* ---- values ---- */

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
static double
half(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double v;

    if (exponent == 31)
        v = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        v = ldexp(fraction, -24);
    else
        v = ldexp(1024 + fraction, exponent - 25);
    return h & 0x8000 ? -v : v;
}

/* The upper half of an F32. */
static double
brain(uint16_t b)
{
    uint32_t bits = (uint32_t)b << 16;
    float f;

    memcpy(&f, &bits, sizeof(f));
    return (double)f;
}

double
ts_value(const struct ts_tensor *t, size_t i)
{
    switch (t->dtype) {
    case TS_F64:
        return ((const double *)t->data)[i];
    case TS_F32:
        return (double)((const float *)t->data)[i];
    case TS_F16:
        return half(((const uint16_t *)t->data)[i]);
    case TS_BF16:
        return brain(((const uint16_t *)t->data)[i]);
    case TS_I64:
        return (double)((const int64_t *)t->data)[i];
    case TS_I32:
        return ((const int32_t *)t->data)[i];
    case TS_I16:
        return ((const int16_t *)t->data)[i];
    case TS_I8:
        return ((const int8_t *)t->data)[i];
    case TS_U64:
        return (double)((const uint64_t *)t->data)[i];
    case TS_U32:
        return ((const uint32_t *)t->data)[i];
    case TS_U16:
        return ((const uint16_t *)t->data)[i];
    case TS_U8:
    case TS_BOOL:
        break;
    }
    return ((const uint8_t *)t->data)[i];
}

/* ---- metadata ---- */

/* The place of key in the sorted list, or where it would stand. */
static size_t
meta_place(const struct ts_record *r, const char *key, int *found)
{
    size_t lo = 0, hi = r->n_meta;

    *found = 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(r->meta[mid].key, key);

        if (c == 0) {
            *found = 1;
            return mid;
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const char *
ts_meta(const struct ts_record *r, const char *key)
{
    int found;
    size_t i = meta_place(r, key, &found);

    return found ? r->meta[i].value : NULL;
}

const char *
ts_meta_or(const struct ts_record *r, const char *key, const char *fallback)
{
    const char *value = ts_meta(r, key);

    return value ? value : fallback;
}

/* Takes value, which was allocated, also on failure. */
static int
meta_take(struct ts_record *r, const char *key, char *value, struct err *e)
{
    int found;
    size_t i = meta_place(r, key, &found);
    char *name;

    if (found) {
        free(r->meta[i].value);
        r->meta[i].value = value;
        return 0;
    }
    if (MEM_GROW(r->meta, r->cap_meta, r->n_meta + 1, e) == -1 ||
        (name = mem_string(key, e)) == NULL) {
        free(value);
        return -1;
    }
    memmove(&r->meta[i + 1], &r->meta[i], (r->n_meta - i) * sizeof(*r->meta));
    r->meta[i] = (struct ts_meta){name, value};
    r->n_meta++;
    return 0;
}

int
ts_meta_set(struct ts_record *r, const char *key, const char *value, struct err *e)
{
    char *copy = mem_string(value, e);

    return copy ? meta_take(r, key, copy, e) : -1;
}

int
ts_meta_setf(struct ts_record *r, const char *key, struct err *e, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return err_set(e, "metadata '%s': cannot format", key);
    text = mem_array_raw((size_t)n + 1, 1, e);
    if (text == NULL)
        return -1;
    va_start(ap, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return meta_take(r, key, text, e);
}

void
ts_meta_drop(struct ts_record *r, const char *key)
{
    int found;
    size_t i = meta_place(r, key, &found);

    if (!found)
        return;
    free(r->meta[i].key);
    free(r->meta[i].value);
    r->n_meta--;
    memmove(&r->meta[i], &r->meta[i + 1], (r->n_meta - i) * sizeof(*r->meta));
}

int
ts_history_add(struct ts_record *r, const char *stage, struct err *e)
{
    const char *before = ts_meta(r, "history");

    if (before == NULL)
        return ts_meta_set(r, "history", stage, e);
    return ts_meta_setf(r, "history", e, "%s\n%s", before, stage);
}

/* ---- planes ---- */

static void
from_u8(const unsigned char *in, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)in[i] / 255.0F;
}

static void
from_u16(const uint16_t *in, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)in[i] / 65535.0F;
}

/* Returns the first value that is not finite, or n. */
static size_t
from_f32(const float *in, float *out, size_t n)
{
    size_t bad = n;

    for (size_t i = n; i-- > 0;) {
        out[i] = in[i];
        if (!isfinite(in[i]))
            bad = i;
    }
    return bad;
}

float *
ts_plane(const struct ts_record *r, const char *name, size_t *h, size_t *w, struct err *e)
{
    const struct ts_tensor *t = ts_find(r, name);
    float *out;
    size_t n, bad;

    if (t == NULL) {
        err_set(e, "no tensor '%s'", name);
        return NULL;
    }
    if (t->rank != 2 || t->bytes == 0) {
        err_set(e, "tensor '%s' is no plane (rank %u%s)", name, t->rank, t->bytes ? "" : ", empty");
        return NULL;
    }
    if (t->dtype != TS_U8 && t->dtype != TS_U16 && t->dtype != TS_F32) {
        err_set(e, "tensor '%s' is %s and not F32, U8 or U16", name, ts_dtype_name(t->dtype));
        return NULL;
    }
    n = bad = t->bytes / ts_dtype_size(t->dtype);
    out = mem_array_raw(n, sizeof(*out), e);
    if (out == NULL)
        return NULL;
    if (t->dtype == TS_U8)
        from_u8(t->data, out, n);
    else if (t->dtype == TS_U16)
        from_u16(t->data, out, n);
    else
        bad = from_f32(t->data, out, n);
    *h = t->shape[0];
    *w = t->shape[1];
    if (bad < n) {
        err_set(e, "tensor '%s': value at row %zu, column %zu is not finite", name, bad / *w,
                bad % *w);
        free(out);
        return NULL;
    }
    return out;
}

const uint8_t *
ts_mask(const struct ts_record *r, const char *name, size_t h, size_t w)
{
    const struct ts_tensor *t = ts_find(r, name);

    return t != NULL && t->dtype == TS_U8 && t->rank == 2 && t->shape[0] == h && t->shape[1] == w
               ? t->data
               : NULL;
}
