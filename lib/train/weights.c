#include "train/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/input.h"
#include "stream/pickle.h"
#include "stream/tstream.h"
#include "train/checkpoint.h"

/* ResNet-50 in double with its optimiser's moments is 0.6 GB. */
#define WEIGHTS_LIMIT ((size_t)2 << 30)
#define PICKLE_LIMIT ((size_t)4 << 20)

/* The last tensor but the head's in every ResNet-50, whatever stands before it. */
static const char mark[] = "layer4.2.bn3.weight";

static int
is_floating(const struct ts_tensor *x)
{
    return x->dtype == TS_F64 || x->dtype == TS_F32 || x->dtype == TS_F16 || x->dtype == TS_BF16;
}

/* ---- shapes ---- */

/* The shape that torchvision gives a parameter. */
static void
torch_shape(const struct tensor *w, size_t shape[NN_MAX_RANK])
{
    memcpy(shape, w->shape, NN_MAX_RANK * sizeof(size_t));
    if (w->rank == 4) {
        shape[0] = w->shape[3];
        shape[1] = w->shape[2];
        shape[2] = w->shape[0];
        shape[3] = w->shape[1];
    }
}

/* Where number i of torchvision's tensor stands in ours. */
static size_t
place(const struct tensor *w, size_t i)
{
    size_t kh = w->shape[0], kw = w->shape[1], ci = w->shape[2], co = w->shape[3];

    if (w->rank != 4)
        return i;
    return ((i / kw % kh * kw + i % kw) * ci + i / (kh * kw) % ci) * co + i / (kh * kw * ci);
}

static const char *
shape_text(const size_t *shape, unsigned rank, char *text, size_t n)
{
    size_t at = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < rank && at < n; i++)
        at += (size_t)snprintf(text + at, n - at, "%s%zu", i ? "x" : "", shape[i]);
    return text;
}

/* ---- from a record ---- */

/* What stands before the names: "module." and so on.  -1 if this is no ResNet-50. */
static int
prefix_of(const struct ts_record *r, const char **name, size_t *length, struct err *e)
{
    for (size_t i = 0; i < r->n_tensors; i++) {
        const char *s = r->tensor[i].name;
        size_t n = strlen(s), k = sizeof(mark) - 1;

        if (n >= k && strcmp(s + n - k, mark) == 0 && (n == k || s[n - k - 1] == '.')) {
            *name = s;
            *length = n - k;
            return 0;
        }
    }
    return err_set(e, "is no ResNet-50: there is no %s among its %zu tensors", mark, r->n_tensors);
}

static const struct ts_tensor *
named(const struct ts_record *r, const char *prefix, size_t length, const char *name)
{
    char full[256];

    snprintf(full, sizeof(full), "%.*s%s", (int)length, prefix, name);
    return ts_find(r, full);
}

static const char *const net_word[] = {"resnet50", "small"};
static const char *const stem_word[] = {"imagenet", "small"};
static const char *const bn_word[] = {"frozen", "update", "batch"};

const char *
weights_net_word(enum classifier_net net)
{
    return net_word[net];
}

const char *
weights_stem_word(enum resnet_stem stem)
{
    return stem_word[stem];
}

const char *
weights_bn_word(enum norm_mode bn)
{
    return bn_word[bn];
}

/* Its place among n words, or n. */
static size_t
find_word(const char *word, const char *const *words, size_t n)
{
    size_t k = 0;

    while (k < n && strcmp(word, words[k]) != 0)
        k++;
    return k;
}

int
weights_own(const struct ts_record *r)
{
    return find_word(ts_meta_or(r, "kind", ""), net_word, 2) < 2;
}

int
weights_config(const struct ts_record *r, struct classifier_config *c, struct err *e)
{
    const struct ts_tensor *x;
    const char *prefix = "";
    size_t length = 0, numbers = 0, bn;

    /* The small network's names could be anything's: its metadata say what it is. */
    c->net = strcmp(ts_meta_or(r, "kind", ""), net_word[NET_SMALL]) == 0 ? NET_SMALL : NET_RESNET50;
    if (c->net == NET_RESNET50 && prefix_of(r, &prefix, &length, e) == -1)
        return -1;
    x = named(r, prefix, length, "conv1.weight");
    if (x == NULL)
        return err_set(e, "tensor conv1.weight is missing");
    if (x->rank != 4 || x->shape[0] < 1 || x->shape[0] > 1024)
        return err_set(e, "tensor conv1.weight: is no convolution of 1 to 1024 channels");
    c->stem = c->net == NET_RESNET50 && x->shape[2] == 3 ? STEM_SMALL : STEM_IMAGENET;
    c->width = (double)x->shape[0] / 64;
    for (size_t i = 0; i < r->n_tensors; i++)
        numbers += r->tensor[i].bytes / ts_dtype_size(r->tensor[i].dtype);
    c->limit = 2 * (numbers + 1); /* a last layer for other classes is replaced by ours */
    if (!weights_own(r))
        return 0;
    bn = find_word(ts_meta_or(r, "bn", ""), bn_word, 3);
    if (bn == 3)
        return err_set(e, "metadata bn: '%.40s' is none of frozen, update, batch",
                       ts_meta_or(r, "bn", ""));
    c->bn = (enum norm_mode)bn;
    /* Channels are rounded one by one: the first ones do not tell. */
    return checkpoint_get_real(r, "width", 1.0 / 64, 4, &c->width, e);
}

static int
get(const struct ts_tensor *x, struct param *p, struct err *e)
{
    size_t shape[NN_MAX_RANK];
    char is[96], wants[96];

    if (x == NULL)
        return err_set(e, "tensor %s is missing", p->name);
    torch_shape(&p->w, shape);
    if (x->rank != p->w.rank || memcmp(x->shape, shape, x->rank * sizeof(size_t)) != 0)
        return err_set(e, "tensor %s is %s, not %s", p->name,
                       shape_text(x->shape, x->rank, is, sizeof(is)),
                       shape_text(shape, p->w.rank, wants, sizeof(wants)));
    if (!is_floating(x))
        return err_set(e, "tensor %s: numbers of type %s", p->name, ts_dtype_name(x->dtype));
    for (size_t i = 0; i < p->w.n; i++) {
        real v = (real)ts_value(x, i);

        if (!isfinite(v))
            return err_set(e, "tensor %s: number %zu is not finite", p->name, i);
        p->w.v[place(&p->w, i)] = v;
    }
    return 0;
}

/* The last layer of other classes fits in nothing but its inputs. */
static int
other_classes(const struct ts_tensor *x, const struct classifier *net)
{
    return x == NULL || x->rank != 2 || x->shape[0] != net->head->w.shape[0];
}

int
weights_get(const struct ts_record *r, struct classifier *net, int *head,
            struct weights_report *report, struct err *e)
{
    const struct params *set[2] = {&net->params, &net->stats};
    const struct ts_tensor *fc, *count;
    const char *prefix = "";
    size_t length = 0, known = 0, at = 0;
    char shape[96];

    report->text[0] = '\0';
    if (net->config.net == NET_RESNET50 && prefix_of(r, &prefix, &length, e) == -1)
        return -1;
    fc = named(r, prefix, length, "fc.weight");
    *head = !other_classes(fc, net);
    for (int k = 0; k < 2; k++) {
        if (k == 1 && net->config.bn == NORM_BATCH)
            continue; /* has no use for them */
        for (size_t i = 0; i < set[k]->n; i++) {
            struct param *p = set[k]->p[i];

            if (!*head && (p == net->head || p == net->head_bias))
                continue;
            if (get(named(r, prefix, length, p->name), p, e) == -1)
                return -1;
        }
    }
    for (size_t i = 0; i < net->stats.n; i++)
        for (size_t k = 0; net->config.bn != NORM_BATCH && k < net->stats.p[i]->w.n; k++)
            if (strstr(net->stats.p[i]->name, "running_var") && net->stats.p[i]->w.v[k] < 0)
                return err_set(e, "tensor %s: number %zu is negative", net->stats.p[i]->name, k);
    count = named(r, prefix, length, "bn1.num_batches_tracked");
    net->batches = count != NULL && count->dtype == TS_I64 && count->bytes == sizeof(int64_t) &&
                           *(const int64_t *)count->data > 0
                       ? (uint64_t) * (const int64_t *)count->data
                       : 0;

    for (size_t i = 0; i < r->n_tensors; i++) {
        const char *name = r->tensor[i].name, *end = strrchr(name, '.');

        if (strncmp(name, prefix, length) != 0)
            continue;
        name += length;
        known += param_find(&net->params, name) != NULL || param_find(&net->stats, name) != NULL ||
                 (end != NULL && strcmp(end, ".num_batches_tracked") == 0);
    }
    if (!*head)
        at = (size_t)snprintf(report->text, sizeof(report->text), "the last layer (%s%s) is new",
                              fc ? "fc.weight is " : "there is no fc.weight",
                              fc ? shape_text(fc->shape, fc->rank, shape, sizeof(shape)) : "");
    if (known < r->n_tensors)
        snprintf(report->text + at, sizeof(report->text) - at,
                 "%s%zu tensors that the network has not are left out", at ? "; " : "",
                 r->n_tensors - known);
    return 0;
}

/* ---- to a record ---- */

static int
put(struct ts_record *r, const struct param *p, struct err *e)
{
    size_t shape[NN_MAX_RANK];
    struct ts_tensor *x;

    torch_shape(&p->w, shape);
    x = ts_put(r, p->name, TS_F32, p->w.rank, shape, e);
    for (size_t i = 0; x != NULL && i < p->w.n; i++)
        ((float *)x->data)[i] = (float)p->w.v[place(&p->w, i)];
    return x ? 0 : -1;
}

int
weights_put(struct ts_record *r, const struct classifier *net, struct err *e)
{
    static const char mean[] = "running_mean";

    for (size_t i = 0; i < net->params.n; i++)
        if (put(r, net->params.p[i], e) == -1)
            return -1;
    for (size_t i = 0; i < net->stats.n; i++) {
        const struct param *p = net->stats.p[i];
        size_t n = strlen(p->name) < sizeof(mean) ? 0 : strlen(p->name) - sizeof(mean) + 1;
        struct ts_tensor *count;
        char name[128];

        if (put(r, p, e) == -1)
            return -1;
        if (strcmp(p->name + n, mean) != 0)
            continue;
        snprintf(name, sizeof(name), "%.*snum_batches_tracked", (int)n, p->name);
        count = ts_put(r, name, TS_I64, 0, NULL, e);
        if (count == NULL)
            return -1;
        *(int64_t *)count->data = (int64_t)net->batches;
    }
    return 0;
}

/* ---- files ---- */

static const struct input_member *
member(const struct input_member *m, size_t n, const char *folder, size_t length, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(m[i].name, folder, length) == 0 && strcmp(m[i].name + length, name) == 0)
            return &m[i];
    return NULL;
}

/* Copies a tensor out of its storage, whatever its strides. */
static int
put_strided(struct ts_record *r, const struct pickle_tensor *t, const unsigned char *storage,
            size_t *room, struct err *e)
{
    size_t size = ts_dtype_size(t->dtype), bytes = size, at[TS_MAX_RANK] = {0};
    struct ts_tensor *x;
    unsigned char *to;

    for (unsigned i = 0; i < t->rank; i++)
        if (mem_mul(bytes, t->shape[i], &bytes) == -1)
            return err_set(e, "%s: its sizes overflow", t->name);
    if (bytes > *room)
        return err_set(e, "%s: with it the tensors have more bytes than the file accounts for",
                       t->name);
    *room -= bytes;
    x = ts_put(r, t->name, t->dtype, t->rank, t->shape, e);
    if (x == NULL)
        return -1;
    to = x->data;
    for (size_t k = 0; k < bytes / size; k++) {
        size_t from = t->offset;

        for (unsigned i = 0; i < t->rank; i++)
            from += at[i] * t->stride[i];
        memcpy(to + k * size, storage + from * size, size);
        for (unsigned i = t->rank; i-- > 0 && ++at[i] == t->shape[i];)
            at[i] = 0;
    }
    return 0;
}

/* NAME/data.pkl, and NAME/data/KEY for each storage. */
static int
load_pth(const char *path, struct ts_record *r, struct err *e)
{
    static const char pickle_name[] = "data.pkl";
    struct pickle_tensors p = {0};
    const struct input_member *pickle = NULL, *order;
    size_t n = 0, length = 0, room = 0;
    struct input_member *m = input_members(path, WEIGHTS_LIMIT, &n, e);
    int rc = -1;

    if (m == NULL)
        return -1; /* names the path */
    /*
     * Tensors may share a storage, or repeat its numbers (stride 0): what they all take is bounded
     * by the file.  Twice its size is enough for weights that stand in it and in a copy by
     * reference.
     */
    for (size_t i = 0; i < n; i++)
        room += 2 * m[i].n;
    for (size_t i = 0; i < n && pickle == NULL; i++) {
        size_t k = strlen(m[i].name), end = sizeof(pickle_name) - 1;

        if (k > end && strcmp(m[i].name + k - end, pickle_name) == 0 &&
            m[i].name[k - end - 1] == '/') {
            pickle = &m[i];
            length = k - end;
        }
    }
    if (pickle == NULL) {
        err_set(e, "no %s among its %zu files", pickle_name, n);
        goto done;
    }
    order = member(m, n, pickle->name, length, "byteorder");
    if (order != NULL && (order->n != 6 || memcmp(order->data, "little", 6) != 0)) {
        err_set(e, "its numbers are not little-endian");
        goto done;
    }
    if (pickle->n > PICKLE_LIMIT) {
        err_set(e, "%s has %zu bytes, more than %zu", pickle_name, pickle->n, PICKLE_LIMIT);
        goto done;
    }
    if (pickle_parse(pickle->data, pickle->n, &p, e) == -1)
        goto done;
    for (size_t i = 0; i < p.n; i++) {
        const struct pickle_tensor *t = &p.tensor[i];
        const struct input_member *data;
        size_t bytes;
        char name[256];

        snprintf(name, sizeof(name), "data/%s", t->storage);
        data = member(m, n, pickle->name, length, name);
        if (data == NULL || mem_mul(t->numbers, ts_dtype_size(t->dtype), &bytes) == -1 ||
            data->n != bytes) {
            err_set(e, "%s: %s is missing, or does not hold its %zu numbers", t->name, name,
                    t->numbers);
            goto done;
        }
        if (put_strided(r, t, data->data, &room, e) == -1)
            goto done;
    }
    rc = 0;
done:
    if (rc == -1) {
        err_in(e, "%s", path);
        ts_clear(r);
    }
    pickle_free(&p);
    input_members_free(m, n);
    return rc;
}

int
weights_load(const char *path, struct ts_record *r, struct err *e)
{
    size_t n;
    unsigned char *head = input_head(path, 4, &n, e);
    int zip, pickle;

    if (head == NULL)
        return -1;
    zip = n == 4 && memcmp(head, "PK\3\4", 4) == 0;
    pickle = n >= 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
    free(head);
    if (zip)
        return load_pth(path, r, e);
    if (ts_load(path, WEIGHTS_LIMIT, r, e) == 0)
        return 0;
    if (pickle)
        err_set(e, "%s: a bare pickle, as torch.save() wrote it before 1.6: save it anew", path);
    return -1;
}
