#include "stream/features.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/tsv.h"
#include "stream/tstream.h"

/* Makes room for one more vector of d numbers and keeps what is known of it; f->n is not yet more.
 */
static float *
new_vector(struct features *f, size_t d, const char *const *known, struct err *e)
{
    if (d == 0 || d > FEATURES_MAX_LENGTH) {
        err_set(e, "%zu features are outside 1 to %d", d, FEATURES_MAX_LENGTH);
        return NULL;
    }
    if (f->n > 0 && d != f->d) {
        err_set(e, "%zu features, those before have %zu", d, f->d);
        return NULL;
    }
    if (known[TS_ID][0] == '\0') {
        err_set(e, "id is missing");
        return NULL;
    }
    f->d = d;
    if (MEM_GROW(f->x, f->cap_x, (f->n + 1) * d, e) == -1 ||
        MEM_GROW(f->known, f->cap_known, (f->n + 1) * TS_IDENTITY, e) == -1)
        return NULL;
    for (size_t c = 0; c < TS_IDENTITY; c++) {
        size_t size = strlen(known[c]) + 1;

        if (strpbrk(known[c], "\t\n") != NULL) {
            err_set(e, "%s holds a tab or a newline", ts_identity_name[c]);
            return NULL;
        }
        if (MEM_GROW(f->text, f->cap_text, f->text_used + size, e) == -1)
            return NULL;
        memcpy(f->text + f->text_used, known[c], size);
        f->known[f->n * TS_IDENTITY + c] = f->text_used;
        f->text_used += size;
    }
    return f->x + f->n * d;
}

/* ---- streams ---- */

/* Features of two networks have nothing to do with each other. */
static int
check_network(struct features *f, const struct ts_record *r, struct err *e)
{
    const char *network = ts_meta(r, "features_of");

    if (network == NULL)
        return 0;
    if (f->network == NULL)
        return (f->network = mem_string(network, e)) == NULL ? -1 : 0;
    if (strcmp(f->network, network) != 0)
        return err_set(e, "features of network %.64s, of %.64s before", network, f->network);
    return 0;
}

static int
add_record(struct features *f, const struct ts_record *r, struct err *e)
{
    const struct ts_tensor *t = ts_find(r, "features");
    const char *known[TS_IDENTITY];
    float *to;

    for (size_t c = 0; c < TS_IDENTITY; c++)
        known[c] = ts_meta_or(r, ts_identity_name[c], "");
    if (t == NULL)
        return err_set(e, "has no tensor 'features'");
    if (t->dtype != TS_F32 || t->rank != 1)
        return err_set(e, "features are %s of rank %u, not F32 of rank 1", ts_dtype_name(t->dtype),
                       t->rank);
    if (check_network(f, r, e) == -1 || (to = new_vector(f, t->shape[0], known, e)) == NULL)
        return -1;
    memcpy(to, t->data, t->bytes);
    for (size_t k = 0; k < f->d; k++)
        if (!isfinite(to[k]))
            return err_set(e, "feature %zu is not finite", k + 1);
    f->n++;
    return 0;
}

static int
read_stream(struct features *f, struct ts_reader *in, struct err *e)
{
    struct ts_record rec = {0};
    int rc;

    while ((rc = ts_read(in, &rec, e)) == 1)
        if (add_record(f, &rec, e) == -1) {
            err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            rc = -1;
            break;
        }
    ts_clear(&rec);
    return rc;
}

/* ---- tables ---- */

/* Where in a line things stand. */
struct layout {
    size_t known[TS_IDENTITY]; /* or TSV_NONE */
    size_t *number;            /* [d] */
    char **name;               /* [d] of the columns, for messages; texts in names */
    char *names;
    size_t d;
};

static int
lay_number(struct layout *l, const struct tsv *t, char *name, struct err *e)
{
    if (tsv_column(t, name, &l->number[l->d], e) == -1)
        return -1;
    if (l->number[l->d] == TSV_NONE)
        return err_set(e, "%s: no column '%.64s' in the first line", t->path, name);
    l->name[l->d++] = name;
    return 0;
}

static int
is_numbered(const char *name)
{
    return name[0] == 'f' && name[1] != '\0' && strspn(name + 1, "0123456789") == strlen(name + 1);
}

/* "f1,f2,f3": as many as there are such columns. */
static char *
numbered_columns(const struct tsv *t, struct err *e)
{
    size_t d = 0, used = 0;
    char *list;

    for (size_t i = 0; i < t->fields; i++)
        d += (size_t)is_numbered(t->field[i]);
    if (d == 0) {
        err_set(e, "%s: no column 'f1' in the first line", t->path);
        return NULL;
    }
    if ((list = mem_array(d, 24, e)) == NULL)
        return NULL;
    for (size_t k = 1; k <= d; k++)
        used += (size_t)snprintf(list + used, 24, "%sf%zu", k > 1 ? "," : "", k);
    return list;
}

static int
lay_out(struct layout *l, const struct tsv *t, const char *columns, struct err *e)
{
    size_t most = 1;

    for (size_t c = 0; c < TS_IDENTITY; c++)
        if (tsv_column(t, ts_identity_name[c], &l->known[c], e) == -1)
            return -1;
    if (l->known[TS_ID] == TSV_NONE)
        return err_set(e, "%s: no column 'id' in the first line", t->path);
    l->names = columns != NULL ? mem_string(columns, e) : numbered_columns(t, e);
    if (l->names == NULL)
        return -1;
    for (const char *s = l->names; *s != '\0'; s++)
        most += *s == ',';
    l->number = mem_array(most, sizeof(*l->number), e);
    l->name = mem_array(most, sizeof(*l->name), e);
    if (l->number == NULL || l->name == NULL)
        return -1;
    for (char *s = l->names, *comma; s != NULL; s = comma != NULL ? comma + 1 : NULL) {
        if ((comma = strchr(s, ',')) != NULL)
            *comma = '\0';
        if (lay_number(l, t, s, e) == -1)
            return -1;
    }
    return 0;
}

static int
add_line(struct features *f, const struct tsv *t, const struct layout *l, struct err *e)
{
    const char *known[TS_IDENTITY];
    float *to;
    double v;

    for (size_t c = 0; c < TS_IDENTITY; c++)
        known[c] = l->known[c] != TSV_NONE ? t->field[l->known[c]] : "";
    if ((to = new_vector(f, l->d, known, e)) == NULL)
        return -1;
    for (size_t k = 0; k < l->d; k++) {
        if (tsv_number(t->field[l->number[k]], l->name[k], &v, e) == -1)
            return -1;
        to[k] = (float)v;
        if (!isfinite(to[k]))
            return err_set(e, "%s '%.64s' is too large", l->name[k], t->field[l->number[k]]);
    }
    f->n++;
    return 0;
}

static int
read_table(struct features *f, struct tsv *t, const char *columns, struct err *e)
{
    struct layout l = {.d = 0};
    int rc = -1;

    if (tsv_heading(t, e) == -1 || lay_out(&l, t, columns, e) == -1)
        goto out;
    while ((rc = tsv_next(t, e)) == 1)
        if (add_line(f, t, &l, e) == -1) {
            rc = err_in(e, "%s: line %zu", t->path, t->line);
            break;
        }
out:
    free(l.number);
    free(l.name);
    free(l.names);
    return rc;
}

int
features_read(struct features *f, const char *path, const char *columns, struct err *e)
{
    struct ts_reader *in;
    struct tsv t;
    const char *bytes;
    size_t n;
    int rc = -1;

    if (tsv_open(&t, path, FEATURES_MAX_LINE, FEATURES_MAX_COLUMNS, e) == -1)
        return -1;
    if ((bytes = tsv_peek(&t, &n, e)) == NULL)
        goto out;
    /* The length of a header, which no stream has above 64 KiB, ends in zeros; text has none. */
    if (memchr(bytes, '\0', n < 8 ? n : 8) == NULL)
        rc = read_table(f, &t, columns, e);
    else if ((in = ts_resume(t.fd, t.path, bytes, n, e)) != NULL) {
        rc = read_stream(f, in, e);
        ts_close(in);
    }
out:
    tsv_close(&t);
    return rc;
}

/* ---- ids ---- */

const char *
features_text(const struct features *f, size_t i, enum ts_identity what)
{
    return f->text + f->known[i * TS_IDENTITY + what];
}

struct named {
    const char *id;
    size_t i;
};

static int
by_id(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->id, y->id);

    return order != 0 ? order : (x->i > y->i) - (x->i < y->i);
}

int
features_index(struct features *f, struct err *e)
{
    struct named *all = mem_array(f->n, sizeof(*all), e);
    int rc = -1;

    free(f->by_id);
    f->by_id = mem_array(f->n, sizeof(*f->by_id), e);
    if (all == NULL || f->by_id == NULL)
        goto out;
    for (size_t i = 0; i < f->n; i++)
        all[i] = (struct named){features_text(f, i, TS_ID), i};
    qsort(all, f->n, sizeof(*all), by_id);
    for (size_t k = 0; k < f->n; k++) {
        f->by_id[k] = all[k].i;
        if (k > 0 && strcmp(all[k - 1].id, all[k].id) == 0) {
            err_set(e, "id '%.64s' comes twice, as points %zu and %zu", all[k].id, all[k - 1].i + 1,
                    all[k].i + 1);
            goto out;
        }
    }
    rc = 0;
out:
    free(all);
    return rc;
}

size_t
features_find(const struct features *f, const char *id)
{
    size_t lo = 0, hi = f->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = strcmp(features_text(f, f->by_id[mid], TS_ID), id);

        if (order == 0)
            return f->by_id[mid];
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return f->n;
}

void
features_free(struct features *f)
{
    free(f->x);
    free(f->network);
    free(f->text);
    free(f->known);
    free(f->by_id);
    *f = (struct features){0};
}
