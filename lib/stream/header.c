#include "stream/header.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char META[] = "__metadata__";

/* ---- memory ---- */

/*
 * jansson 2.14 does not survive a refused allocation: its scanner takes no notice when a buffer
 * could not grow, and then runs off its end.  So its memory comes from here, and a refusal jumps
 * out of it.  Nothing is leaked, because all it ever took is freed together, and freeing each piece
 * is not needed.
 */
struct block {
    struct block *before;
    max_align_t data[];
};

static _Thread_local struct {
    struct block *last;
    unsigned char *next; /* free room in it */
    size_t left, refused;
    jmp_buf out;
} arena;

static void *
take(size_t n)
{
    const size_t align = sizeof(max_align_t), usual = (size_t)16 << 10;
    unsigned char *p;

    if (n <= SIZE_MAX / 2)
        n = (n + align - 1) / align * align;
    if (n > arena.left) {
        size_t room = n > usual ? n : usual;
        struct block *b = room <= SIZE_MAX / 2 ? malloc(sizeof(*b) + room) : NULL;

        if (b == NULL) {
            arena.refused = n;
            longjmp(arena.out, 1);
        }
        b->before = arena.last;
        arena.last = b;
        arena.next = (unsigned char *)b->data;
        arena.left = room;
    }
    p = arena.next;
    arena.next += n;
    arena.left -= n;
    return p;
}

static void
leave(void *p)
{
    (void)p;
}

static void
install(void)
{
    json_set_alloc_funcs(take, leave);
}

/* Runs a job that uses jansson and may end in any call of it; what is to be freed is in arg. */
static int
run(int (*job)(void *arg, struct err *e), void *arg, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc;

    pthread_once(&once, install);
    memset(&arena, 0, sizeof(arena));
    if (setjmp(arena.out) == 0)
        rc = job(arg, e);
    else
        rc = err_memory(e, arena.refused);
    while (arena.last != NULL) {
        struct block *b = arena.last;

        arena.last = b->before;
        free(b);
    }
    return rc;
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

struct parsing {
    const char *text;
    size_t n;
    struct ts_record *rec;
    struct placed *place;
    size_t bytes;
};

static int
parse_object(json_t *root, struct parsing *p, struct err *e)
{
    struct ts_record *rec = p->rec;
    size_t n = 0, most = json_object_size(root);

    p->place = mem_array(most, sizeof(*p->place), e);
    if (p->place == NULL || MEM_GROW(rec->tensor, rec->cap_tensors, most, e) == -1)
        return -1;
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
        if (parse_tensor(value, &p->place[n].tensor, &p->place[n].begin, e) == -1)
            return err_in(e, "tensor '%s'", key);
        p->place[n++].name = key;
    }
    qsort(p->place, n, sizeof(*p->place), by_place);
    for (size_t i = 0; i < n; i++) {
        const struct placed *from = &p->place[i];
        struct ts_tensor *t = &rec->tensor[i];

        if (from->begin != p->bytes)
            return err_set(e, "tensor '%s': data start at %zu and not at %zu: %s", from->name,
                           from->begin, p->bytes, from->begin > p->bytes ? "a hole" : "an overlap");
        p->bytes += from->tensor.bytes; /* cannot overflow: it was read as this tensor's end */
        *t = from->tensor;
        t->name = mem_string(from->name, e);
        if (t->name == NULL)
            return -1;
        rec->n_tensors = i + 1;
    }
    return 0;
}

static int
parse(void *arg, struct err *e)
{
    struct parsing *p = arg;
    json_error_t bad;
    json_t *root = json_loadb(p->text, p->n, JSON_REJECT_DUPLICATES, &bad);
    char *near;

    if (root != NULL)
        return parse_object(root, p, e);
    /* jansson quotes what stands there, which may be anything: leave that out. */
    near = strstr(bad.text, " near ");
    if (near != NULL)
        *near = '\0';
    return err_set(e, "header is not JSON (byte %d: %s)", bad.position, bad.text);
}

int
ts_header_parse(const char *text, size_t n, struct ts_record *rec, size_t *bytes, struct err *e)
{
    struct parsing p = {.text = text, .n = n, .rec = rec};
    int rc;

    if (n == 0 || text[0] != '{')
        return err_set(e, "header does not begin with '{'");
    rc = run(parse, &p, e);
    free(p.place);
    *bytes = p.bytes;
    return rc;
}

/* ---- writing ---- */

struct printing {
    const struct ts_record *rec;
    const size_t *order;
    unsigned char *out;
    size_t size;
};

static int
put_meta(json_t *root, const struct ts_record *rec, struct err *e)
{
    json_t *meta = json_object();

    json_object_set_new(root, META, meta);
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

    if (check_name("tensor name", t->name, e) == -1)
        return -1;
    if (mem_add(begin, t->bytes, &end) == -1 || end > INT64_MAX)
        return err_set(e, "data of the record overflow");
    for (unsigned i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    json_array_append_new(at, json_integer((json_int_t)begin));
    json_array_append_new(at, json_integer((json_int_t)end));
    json_object_set_new(v, "dtype", json_string(ts_dtype_name(t->dtype)));
    json_object_set_new(v, "shape", shape);
    json_object_set_new(v, "data_offsets", at);
    if (json_object_set_new(root, t->name, v) == -1)
        return err_set(e, "a tensor's name is not UTF-8");
    return 0;
}

static int
print(void *arg, struct err *e)
{
    struct printing *p = arg;
    json_t *root = json_object();
    size_t at = 0, text;

    if (p->rec->n_meta > 0 && put_meta(root, p->rec, e) == -1)
        return -1;
    for (size_t i = 0; i < p->rec->n_tensors; i++) {
        const struct ts_tensor *t = &p->rec->tensor[p->order[i]];

        if (put_tensor(root, t, at, e) == -1)
            return -1;
        at += t->bytes;
    }
    text = json_dumpb(root, NULL, 0, JSON_COMPACT);
    p->size = (8 + text + 63) / 64 * 64;
    p->out = mem_array_raw(p->size, 1, e);
    if (p->out == NULL)
        return -1;
    for (int i = 0; i < 8; i++)
        p->out[i] = (unsigned char)((uint64_t)(p->size - 8) >> (8 * i));
    memset(p->out + 8, ' ', p->size - 8);
    json_dumpb(root, (char *)p->out + 8, text, JSON_COMPACT);
    return 0;
}

unsigned char *
ts_header_print(const struct ts_record *rec, const size_t *order, size_t *n, struct err *e)
{
    struct printing p = {.rec = rec, .order = order};

    if (run(print, &p, e) == -1) {
        free(p.out);
        return NULL;
    }
    *n = p.size;
    return p.out;
}
