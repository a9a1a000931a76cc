#include "stream/pickle.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_OBJECTS = 1 << 18, MAX_MEMO = 1 << 20, MAX_DEPTH = 8, MAX_VISITS = 1 << 13 };
#define MARK SIZE_MAX

enum kind { OTHER, WHOLE, TEXT, SEQUENCE, DICT, GLOBAL, STORAGE, TENSOR };
enum global { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, STORAGE_TYPE };

struct object {
    enum kind kind;
    int64_t whole;    /* a whole number; enum global; a tensor's arguments */
    const char *text; /* into the pickle, `length` bytes; a storage's key */
    size_t length;
    enum ts_dtype dtype; /* of a storage or its type */
    size_t *item;        /* of a sequence; of a dictionary key, value, key, value, ... */
    size_t n, cap;
};

struct machine {
    const unsigned char *at, *end;
    struct object *object;
    size_t n, cap;
    size_t *stack, depth, stack_cap;
    size_t *memo, memos, memo_cap;
    struct err *e;
};

/* ---- objects and the stack ---- */

static int
push(struct machine *m, size_t what)
{
    if (MEM_GROW(m->stack, m->stack_cap, m->depth + 1, m->e) == -1)
        return -1;
    m->stack[m->depth++] = what;
    return 0;
}

/* A new object on the stack, or NULL. */
static struct object *
push_new(struct machine *m, enum kind kind)
{
    if (m->n == MAX_OBJECTS) {
        err_set(m->e, "more than %d objects", MAX_OBJECTS);
        return NULL;
    }
    if (MEM_GROW(m->object, m->cap, m->n + 1, m->e) == -1)
        return NULL;
    m->object[m->n] = (struct object){.kind = kind};
    return push(m, m->n) == -1 ? NULL : &m->object[m->n++];
}

static int
push_whole(struct machine *m, int64_t v)
{
    struct object *o = push_new(m, WHOLE);

    if (o != NULL)
        o->whole = v;
    return o ? 0 : -1;
}

/* The top of the stack, taken off; it must not be a mark. */
static int
pop(struct machine *m, size_t *what)
{
    if (m->depth == 0 || m->stack[m->depth - 1] == MARK)
        return err_set(m->e, "nothing on the stack");
    *what = m->stack[--m->depth];
    return 0;
}

static struct object *
top(struct machine *m, enum kind kind, const char *name)
{
    struct object *o;

    if (m->depth == 0 || m->stack[m->depth - 1] == MARK) {
        err_set(m->e, "nothing on the stack");
        return NULL;
    }
    o = &m->object[m->stack[m->depth - 1]];
    if (o->kind != kind)
        err_set(m->e, "there is no %s on the stack", name);
    return o->kind == kind ? o : NULL;
}

/* The place of the last mark. */
static int
find_mark(struct machine *m, size_t *at)
{
    for (*at = m->depth; *at > 0; --*at)
        if (m->stack[*at - 1] == MARK) {
            --*at;
            return 0;
        }
    return err_set(m->e, "no mark on the stack");
}

/* Puts the n entries above `at` into object o and takes them, and `extra` marks, off the stack. */
static int
gather(struct machine *m, struct object *o, size_t at, size_t n, size_t extra)
{
    if (MEM_GROW(o->item, o->cap, o->n + n + 1, m->e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++)
        o->item[o->n++] = m->stack[at + i];
    m->depth = at - extra;
    return 0;
}

/* A tuple of the n entries above `at`. */
static int
tuple(struct machine *m, size_t at, size_t n, size_t extra)
{
    struct object *o = push_new(m, SEQUENCE);

    if (o == NULL)
        return -1;
    m->depth--;
    if (gather(m, o, at, n, extra) == -1)
        return -1;
    return push(m, m->n - 1);
}

static int
tuple_of(struct machine *m, size_t n)
{
    if (m->depth < n)
        return err_set(m->e, "nothing on the stack");
    for (size_t i = 0; i < n; i++)
        if (m->stack[m->depth - 1 - i] == MARK)
            return err_set(m->e, "nothing on the stack");
    return tuple(m, m->depth - n, n, 0);
}

/* Items above a mark (or the last n entries) go into the list or dictionary below. */
static int
add_items(struct machine *m, enum kind kind, size_t n)
{
    size_t at, extra = n == 0;
    struct object *o;

    if (n == 0) {
        if (find_mark(m, &at) == -1)
            return -1;
        n = m->depth - ++at;
    } else {
        if (m->depth < n)
            return err_set(m->e, "nothing on the stack");
        at = m->depth - n;
    }
    for (size_t i = at; i < m->depth; i++)
        if (m->stack[i] == MARK)
            return err_set(m->e, "nothing on the stack");
    if (at < extra + 1 || m->stack[at - extra - 1] == MARK || (kind == DICT && n % 2 != 0))
        return err_set(m->e, "items without a place for them");
    o = &m->object[m->stack[at - extra - 1]];
    if (o->kind != kind)
        return err_set(m->e, "items for something that holds none");
    return gather(m, o, at, n, extra);
}

/* ---- callables ---- */

static int
push_global(struct machine *m, const char *module, size_t nm, const char *name, size_t nn)
{
    static const struct {
        const char *module, *name;
        enum global what;
        enum ts_dtype dtype;
    } known[] = {
        {"collections", "OrderedDict", ORDERED_DICT, TS_F32},
        {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR, TS_F32},
        {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, TS_F32},
        {"torch", "DoubleStorage", STORAGE_TYPE, TS_F64},
        {"torch", "FloatStorage", STORAGE_TYPE, TS_F32},
        {"torch", "HalfStorage", STORAGE_TYPE, TS_F16},
        {"torch", "BFloat16Storage", STORAGE_TYPE, TS_BF16},
        {"torch", "LongStorage", STORAGE_TYPE, TS_I64},
        {"torch", "IntStorage", STORAGE_TYPE, TS_I32},
        {"torch", "ShortStorage", STORAGE_TYPE, TS_I16},
        {"torch", "CharStorage", STORAGE_TYPE, TS_I8},
        {"torch", "ByteStorage", STORAGE_TYPE, TS_U8},
        {"torch", "BoolStorage", STORAGE_TYPE, TS_BOOL},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].module) == nm && memcmp(known[i].module, module, nm) == 0 &&
            strlen(known[i].name) == nn && memcmp(known[i].name, name, nn) == 0) {
            struct object *o = push_new(m, GLOBAL);

            if (o == NULL)
                return -1;
            o->whole = known[i].what;
            o->dtype = known[i].dtype;
            return 0;
        }
    return err_set(m->e, "refers to %.*s.%.*s, which no tensor needs", (int)(nm < 64 ? nm : 64),
                   module, (int)(nn < 64 ? nn : 64), name);
}

/* ("storage", type, key, device, numbers) */
static int
persistent(struct machine *m)
{
    struct object *o = top(m, SEQUENCE, "tuple"), *s, *part[5] = {NULL};

    if (o == NULL)
        return -1;
    for (size_t i = 0; i < 5 && o->n == 5; i++)
        part[i] = &m->object[o->item[i]];
    if (o->n != 5 || part[0]->kind != TEXT || part[0]->length != 7 ||
        memcmp(part[0]->text, "storage", 7) != 0 || part[1]->kind != GLOBAL ||
        part[1]->whole != STORAGE_TYPE || part[2]->kind != TEXT || part[4]->kind != WHOLE ||
        part[4]->whole < 0)
        return err_set(m->e, "a persistent id that is no storage");
    struct object storage = {.kind = STORAGE,
                             .whole = part[4]->whole,
                             .text = part[2]->text,
                             .length = part[2]->length,
                             .dtype = part[1]->dtype};
    m->depth--;
    s = push_new(m, STORAGE);
    if (s == NULL)
        return -1;
    *s = storage;
    return 0;
}

static int
reduce(struct machine *m)
{
    struct object *args = top(m, SEQUENCE, "tuple"), *f, *o;
    size_t arg;

    if (args == NULL || pop(m, &arg) == -1)
        return -1;
    f = top(m, GLOBAL, "callable");
    if (f == NULL)
        return -1;
    args = &m->object[arg];
    m->depth--;
    switch ((enum global)f->whole) {
    case ORDERED_DICT:
        if (args->n != 0)
            return err_set(m->e, "an ordered dictionary with arguments");
        return push_new(m, DICT) ? 0 : -1;
    case REBUILD_TENSOR:
        if (args->n < 4)
            return err_set(m->e, "a tensor with %zu arguments", args->n);
        o = push_new(m, TENSOR);
        if (o == NULL)
            return -1;
        o->whole = (int64_t)arg;
        return 0;
    case REBUILD_PARAMETER:
        if (args->n < 1 || m->object[args->item[0]].kind != TENSOR)
            return err_set(m->e, "a parameter that is no tensor");
        return push(m, args->item[0]);
    case STORAGE_TYPE:
        break;
    }
    return err_set(m->e, "a call of what is no function");
}

/* ---- opcodes ---- */

/* n bytes of argument, or NULL. */
static const unsigned char *
bytes(struct machine *m, uint64_t n)
{
    const unsigned char *p = m->at;

    if ((uint64_t)(m->end - m->at) < n) {
        err_set(m->e, "ends within an instruction");
        return NULL;
    }
    m->at += n;
    return p;
}

/* A little-endian number of n bytes, n <= 8. */
static int
unsigned_arg(struct machine *m, size_t n, uint64_t *v)
{
    const unsigned char *p = bytes(m, n);

    *v = 0;
    for (size_t i = 0; p != NULL && i < n; i++)
        *v |= (uint64_t)p[i] << (8 * i);
    return p ? 0 : -1;
}

static int
push_signed(struct machine *m, size_t n)
{
    uint64_t v;

    if (unsigned_arg(m, n, &v) == -1)
        return -1;
    if (n > 0 && n < 8 && (v >> (8 * n - 1) & 1) != 0)
        v |= UINT64_MAX << (8 * n);
    return push_whole(m, (int64_t)v);
}

static int
push_text(struct machine *m, size_t width)
{
    const unsigned char *p;
    struct object *o;
    uint64_t n;

    if (unsigned_arg(m, width, &n) == -1 || (p = bytes(m, n)) == NULL ||
        (o = push_new(m, TEXT)) == NULL)
        return -1;
    o->text = (const char *)p;
    o->length = n;
    return 0;
}

static int
memo_put(struct machine *m, uint64_t i)
{
    if (m->depth == 0 || m->stack[m->depth - 1] == MARK || i >= MAX_MEMO)
        return err_set(m->e, "a memo of nothing, or too many");
    if (MEM_GROW(m->memo, m->memo_cap, i + 1, m->e) == -1)
        return -1;
    while (m->memos <= i)
        m->memo[m->memos++] = MARK;
    m->memo[i] = m->stack[m->depth - 1];
    return 0;
}

static int
memo_get(struct machine *m, uint64_t i)
{
    if (i >= m->memos || m->memo[i] == MARK)
        return err_set(m->e, "a memo that is not there");
    return push(m, m->memo[i]);
}

/* "module\nname\n" */
static int
global(struct machine *m)
{
    const unsigned char *a = m->at, *b, *c;

    b = memchr(a, '\n', (size_t)(m->end - a));
    c = b ? memchr(b + 1, '\n', (size_t)(m->end - b - 1)) : NULL;
    if (c == NULL)
        return err_set(m->e, "ends within an instruction");
    m->at = c + 1;
    return push_global(m, (const char *)a, (size_t)(b - a), (const char *)b + 1,
                       (size_t)(c - b - 1));
}

static int
stack_global(struct machine *m)
{
    size_t name, module;

    if (pop(m, &name) == -1 || pop(m, &module) == -1)
        return -1;
    if (m->object[name].kind != TEXT || m->object[module].kind != TEXT)
        return err_set(m->e, "a name that is no text");
    return push_global(m, m->object[module].text, m->object[module].length, m->object[name].text,
                       m->object[name].length);
}

/* One instruction; *stop is 1 behind the last. */
static int
step(struct machine *m, int *stop)
{
    const unsigned char *op = bytes(m, 1);
    size_t at;
    uint64_t v;

    if (op == NULL)
        return -1;
    switch (*op) {
    case 0x80: /* PROTO */
        if (unsigned_arg(m, 1, &v) == -1)
            return -1;
        return v >= 2 && v <= 5 ? 0 : err_set(m->e, "pickle protocol %d", (int)v);
    case 0x95: /* FRAME */
        return unsigned_arg(m, 8, &v);
    case '(':
        return push(m, MARK);
    case '.':
        *stop = 1;
        return 0;
    case 'N':
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return push_new(m, OTHER) ? 0 : -1;
    case 'G': /* BINFLOAT */
        return bytes(m, 8) && push_new(m, OTHER) ? 0 : -1;
    case 'K':
        return unsigned_arg(m, 1, &v) == -1 ? -1 : push_whole(m, (int64_t)v);
    case 'M':
        return unsigned_arg(m, 2, &v) == -1 ? -1 : push_whole(m, (int64_t)v);
    case 'J':
        return push_signed(m, 4);
    case 0x8a: /* LONG1 */
        if (unsigned_arg(m, 1, &v) == -1)
            return -1;
        return v > 8 ? err_set(m->e, "a number of %d bytes", (int)v) : push_signed(m, v);
    case 'X':
        return push_text(m, 4);
    case 0x8c: /* SHORT_BINUNICODE */
        return push_text(m, 1);
    case '}':
        return push_new(m, DICT) ? 0 : -1;
    case ']':
    case ')':
        return push_new(m, SEQUENCE) ? 0 : -1;
    case 't':
        if (find_mark(m, &at) == -1)
            return -1;
        return tuple(m, at + 1, m->depth - at - 1, 1);
    case 0x85: /* TUPLE1 .. TUPLE3 */
    case 0x86:
    case 0x87:
        return tuple_of(m, (size_t)*op - 0x84);
    case 'a':
        return add_items(m, SEQUENCE, 1);
    case 'e':
        return add_items(m, SEQUENCE, 0);
    case 's':
        return add_items(m, DICT, 2);
    case 'u':
        return add_items(m, DICT, 0);
    case 'b': /* BUILD: attributes of a dictionary, which say nothing of its tensors */
        return pop(m, &at) == -1 || top(m, DICT, "dictionary") == NULL ? -1 : 0;
    case 'q':
        return unsigned_arg(m, 1, &v) == -1 ? -1 : memo_put(m, v);
    case 'r':
        return unsigned_arg(m, 4, &v) == -1 ? -1 : memo_put(m, v);
    case 0x94: /* MEMOIZE */
        return memo_put(m, m->memos);
    case 'h':
        return unsigned_arg(m, 1, &v) == -1 ? -1 : memo_get(m, v);
    case 'j':
        return unsigned_arg(m, 4, &v) == -1 ? -1 : memo_get(m, v);
    case 'c':
        return global(m);
    case 0x93: /* STACK_GLOBAL */
        return stack_global(m);
    case 'Q':
        return persistent(m);
    case 'R':
        return reduce(m);
    }
    return err_set(m->e, "instruction 0x%02x, which no tensor needs", *op);
}

/* ---- tensors ---- */

static char *
text_of(const struct object *o, struct err *e)
{
    if (o->length > 200 || memchr(o->text, '\0', o->length) != NULL) {
        err_set(e, "a name of %zu bytes, or with a zero byte", o->length);
        return NULL;
    }
    return mem_printf(e, "%.*s", (int)o->length, o->text);
}

/* Takes over name. */
static int
add_tensor(const struct machine *m, const struct object *tensor, char *name,
           struct pickle_tensors *out)
{
    const struct object *args = &m->object[tensor->whole], *part[4];
    struct pickle_tensor t = {.name = name};
    size_t last, step_, numbers = 1;

    for (int i = 0; i < 4; i++)
        part[i] = &m->object[args->item[i]];
    if (part[0]->kind != STORAGE || part[1]->kind != WHOLE || part[1]->whole < 0 ||
        part[2]->kind != SEQUENCE || part[3]->kind != SEQUENCE || part[2]->n != part[3]->n ||
        part[2]->n > TS_MAX_RANK) {
        err_set(m->e, "%s: is no tensor of up to %d axes", name, TS_MAX_RANK);
        goto fail;
    }
    t.dtype = part[0]->dtype;
    t.numbers = (size_t)part[0]->whole;
    t.offset = last = (size_t)part[1]->whole;
    t.rank = (unsigned)part[2]->n;
    for (unsigned i = 0; i < t.rank; i++) {
        const struct object *n = &m->object[part[2]->item[i]];
        const struct object *s = &m->object[part[3]->item[i]];

        if (n->kind != WHOLE || s->kind != WHOLE || n->whole < 0 || s->whole < 0) {
            err_set(m->e, "%s: a size or stride that is no whole number", name);
            goto fail;
        }
        t.shape[i] = (size_t)n->whole;
        t.stride[i] = (size_t)s->whole;
        if (mem_mul(numbers, t.shape[i], &numbers) == -1 ||
            (t.shape[i] > 0 && (mem_mul(t.shape[i] - 1, t.stride[i], &step_) == -1 ||
                                mem_add(last, step_, &last) == -1))) {
            err_set(m->e, "%s: its sizes overflow", name);
            goto fail;
        }
    }
    if (numbers > 0 && last >= t.numbers) {
        err_set(m->e, "%s: number %zu of a storage of %zu", name, last, t.numbers);
        goto fail;
    }
    t.storage = text_of(part[0], m->e);
    if (t.storage == NULL || MEM_GROW(out->tensor, out->cap, out->n + 1, m->e) == -1)
        goto fail;
    out->tensor[out->n++] = t;
    return 0;
fail:
    free(t.storage);
    free(name);
    return -1;
}

/* A dictionary may hold itself, or the same one many times: depth and visits are bounded. */
static int
collect(const struct machine *m, const struct object *dict, const char *prefix, int depth,
        size_t *visits, struct pickle_tensors *out)
{
    for (size_t i = 0; i + 1 < dict->n; i += 2) {
        const struct object *key = &m->object[dict->item[i]];
        const struct object *value = &m->object[dict->item[i + 1]];
        char *name, *full;
        int rc = 0;

        if (++*visits > MAX_VISITS)
            return err_set(m->e, "more than %d entries", MAX_VISITS);
        if (key->kind != TEXT || (value->kind != TENSOR && value->kind != DICT))
            continue;
        if (depth == MAX_DEPTH)
            return err_set(m->e, "dictionaries more than %d deep", MAX_DEPTH);
        name = text_of(key, m->e);
        full = name ? mem_printf(m->e, "%s%s%s", prefix, *prefix ? "." : "", name) : NULL;
        free(name);
        if (full == NULL)
            return -1;
        if (value->kind == TENSOR)
            rc = add_tensor(m, value, full, out);
        else {
            rc = collect(m, value, full, depth + 1, visits, out);
            free(full);
        }
        if (rc == -1)
            return -1;
    }
    return 0;
}

int
pickle_parse(const unsigned char *p, size_t n, struct pickle_tensors *out, struct err *e)
{
    struct machine m = {.at = p, .end = p + n, .e = e};
    int stop = 0, rc = -1;
    size_t visits = 0;
    struct object *o;

    *out = (struct pickle_tensors){0};
    while (!stop)
        if (step(&m, &stop) == -1) {
            err_in(e, "pickle: byte %zu", (size_t)(m.at - p));
            goto done;
        }
    o = top(&m, DICT, "dictionary");
    rc = o ? collect(&m, o, "", 0, &visits, out) : -1;
    if (rc == -1)
        err_in(e, "pickle");
done:
    for (size_t i = 0; i < m.n; i++)
        free(m.object[i].item);
    free(m.object);
    free(m.stack);
    free(m.memo);
    return rc;
}

void
pickle_free(struct pickle_tensors *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->tensor[i].name);
        free(p->tensor[i].storage);
    }
    free(p->tensor);
    *p = (struct pickle_tensors){0};
}
