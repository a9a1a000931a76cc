#include "stream/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

static const char *const keys[] = {"label", "lesion", "split", "synthetic"};

int
summary_init(struct summary *s, struct err *e)
{
    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        s->key[i].key = keys[i];
    for (int i = 0; i < SUMMARY_CLASSES; i++)
        s->class[i].number = 1 + (uint64_t)i;
    s->slots = 1024;
    s->count = mem_array(s->slots, sizeof(*s->count), e);
    return s->count ? 0 : -1;
}

void
summary_free(struct summary *s)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t k = 0; k < s->key[i].n; k++)
            free(s->key[i].row[k].value);
        free(s->key[i].row);
    }
    for (size_t i = 0; i < s->n_tensors; i++)
        free(s->tensor[i].name);
    free(s->tensor);
    for (size_t i = 0; i < s->n_groups; i++) {
        free(s->group[i].label);
        free(s->group[i].lesion);
        free(s->group[i].of.who);
    }
    free(s->group);
    for (int i = 0; i < SUMMARY_CLASSES; i++)
        free(s->class[i].who);
    free(s->all.who);
    free(s->count);
    memset(s, 0, sizeof(*s));
}

/* ---- metadata ---- */

static int
count_value(struct summary_key *k, const char *value, struct err *e)
{
    char *copy = NULL;

    for (size_t i = 0; i < k->n; i++) {
        const char *have = k->row[i].value;

        if (have == value || (have != NULL && value != NULL && strcmp(have, value) == 0)) {
            k->row[i].n++;
            return 0;
        }
    }
    if (k->n == SUMMARY_VALUES) {
        k->left_out++;
        return 0;
    }
    if (MEM_GROW(k->row, k->cap, k->n + 1, e) == -1 ||
        (value != NULL && (copy = mem_string(value, e)) == NULL))
        return -1;
    k->row[k->n++] = (struct summary_count){copy, 1};
    return 0;
}

/* ---- patients ---- */

/* The slot of a key in an open-addressed table whose size is a power of two: its own, or a free
 * one. */
static struct summary_slot *
slot_of(struct summary_slot *table, size_t slots, uint64_t key)
{
    size_t i = (size_t)key & (slots - 1);

    while (table[i].n != 0 && table[i].key != key)
        i = (i + 1) & (slots - 1);
    return &table[i];
}

/* Keeps the table at most three quarters full with one count more. */
static int
make_room(struct summary *s, struct err *e)
{
    struct summary_slot *wider;

    if (s->counts < s->slots / 4 * 3)
        return 0;
    wider = mem_array(2 * s->slots, sizeof(*wider), e);
    if (wider == NULL)
        return -1;
    for (size_t i = 0; i < s->slots; i++)
        if (s->count[i].n != 0)
            *slot_of(wider, 2 * s->slots, s->count[i].key) = s->count[i];
    free(s->count);
    s->count = wider;
    s->slots *= 2;
    return 0;
}

/*
 * Who has n patches now: does she lead?  Every patient passes here with each of her numbers, so all
 * that reach the highest are compared, in whatever order they come.
 */
static int
lead(struct summary_spread *g, const char *patient, uint64_t n, struct err *e)
{
    char *copy;

    if (n < g->most || (n == g->most && strcmp(patient, g->who) >= 0))
        return 0;
    if (g->who == NULL || strcmp(patient, g->who) != 0) {
        if ((copy = mem_string(patient, e)) == NULL)
            return -1;
        free(g->who);
        g->who = copy;
    }
    g->most = n;
    return 0;
}

/* Counts a patch of a patient, whose name has this hash. */
static int
count_patient(struct summary *s, struct summary_spread *g, const char *patient, uint64_t hash,
              struct err *e)
{
    uint64_t key = hash + g->number * 0x9e3779b97f4a7c15u;
    struct summary_slot *slot;

    g->patches++;
    if (patient[0] == '\0') {
        g->unknown++;
        return 0;
    }
    if (make_room(s, e) == -1)
        return -1;
    slot = slot_of(s->count, s->slots, key);
    if (slot->n == 0) {
        if (g->patients == SUMMARY_PATIENTS || s->counts == SUMMARY_COUNTS) {
            g->left_out++;
            return 0;
        }
        slot->key = key;
        s->counts++;
        g->patients++;
    }
    slot->n++;
    g->squares += 2 * (double)slot->n - 1; /* n^2 - (n - 1)^2 */
    return lead(g, patient, slot->n, e);
}

/* The place of a word among those that are known, behind them of others; an empty one is last. */
static size_t
rank(const char *word, const char *const *known)
{
    size_t i = 0;

    while (known[i] != NULL && strcmp(known[i], word) != 0)
        i++;
    return i + (word[0] == '\0');
}

static int
compare_words(const char *a, const char *b, const char *const *known)
{
    size_t i = rank(a, known), j = rank(b, known);

    return i < j ? -1 : i > j ? 1 : strcmp(a, b);
}

/* The order of rows: of two groups, or of a group and what would be one. */
static int
compare_group(const struct summary_group *g, const char *label, const char *lesion, int synthetic)
{
    static const char *const labels[] = {"malignant", "benign", "normal", NULL};
    static const char *const lesions[] = {"mass", "calcification", "both", "other", NULL};
    int order = compare_words(g->label, label, labels);

    if (order == 0)
        order = compare_words(g->lesion, lesion, lesions);
    return order != 0 ? order : g->synthetic - synthetic;
}

/* The spread of a group, a new row in its place where there was none; NULL where there is no room.
 */
static int
group_of(struct summary *s, const char *label, const char *lesion, int synthetic,
         struct summary_spread **of, struct err *e)
{
    struct summary_group g = {.synthetic = synthetic,
                              .of.number = 1 + SUMMARY_CLASSES + s->n_groups};
    size_t at = 0;
    int order = 1;

    while (at < s->n_groups && (order = compare_group(&s->group[at], label, lesion, synthetic)) < 0)
        at++;
    *of = NULL;
    if (at < s->n_groups && order == 0) {
        *of = &s->group[at].of;
        return 0;
    }
    if (s->n_groups == SUMMARY_GROUPS)
        return 0;
    g.label = mem_string(label, e);
    g.lesion = g.label ? mem_string(lesion, e) : NULL;
    if (g.lesion == NULL || MEM_GROW(s->group, s->cap_groups, s->n_groups + 1, e) == -1) {
        free(g.label);
        free(g.lesion);
        return -1;
    }
    memmove(&s->group[at + 1], &s->group[at], (s->n_groups - at) * sizeof(g));
    s->group[at] = g;
    s->n_groups++;
    *of = &s->group[at].of;
    return 0;
}

static int
count_patients(struct summary *s, const struct ts_record *rec, struct err *e)
{
    const char *label = ts_meta_or(rec, "label", ""), *patient = ts_meta_or(rec, "patient", "");
    enum summary_class class = strcmp(label, "malignant") == 0 ? SUMMARY_MALIGNANT : SUMMARY_OTHER;
    uint64_t hash = rng_hash(patient, strlen(patient));
    struct summary_spread *group;

    if (group_of(s, label, ts_meta_or(rec, "lesion", ""),
                 strcmp(ts_meta_or(rec, "synthetic", "0"), "1") == 0, &group, e) == -1 ||
        count_patient(s, &s->all, patient, hash, e) == -1 ||
        count_patient(s, &s->class[class], patient, hash, e) == -1)
        return -1;
    if (group != NULL)
        return count_patient(s, group, patient, hash, e);
    s->groups_left_out++;
    return 0;
}

static double
known(const struct summary_spread *g)
{
    return (double)(g->patches - g->unknown - g->left_out);
}

double
summary_effective(const struct summary_spread *g)
{
    return g->patients > 0 ? known(g) * known(g) / g->squares : 0;
}

double
summary_largest_share(const struct summary_spread *g)
{
    return g->patients > 0 ? (double)g->most / known(g) : 0;
}

/* ---- values ---- */

/* The row of a tensor, a new one where it has none; *row is NULL where the table is full. */
static int
row_of(struct summary *s, const struct ts_tensor *t, struct summary_tensor **row, struct err *e)
{
    struct summary_tensor *r;

    for (size_t i = 0; i < s->n_tensors; i++) {
        r = *row = &s->tensor[i];
        if (r->dtype == t->dtype && r->rank == t->rank && strcmp(r->name, t->name) == 0 &&
            memcmp(r->shape, t->shape, t->rank * sizeof(t->shape[0])) == 0)
            return 0;
    }
    *row = NULL;
    if (s->n_tensors == SUMMARY_TENSORS)
        return 0;
    if (MEM_GROW(s->tensor, s->cap_tensors, s->n_tensors + 1, e) == -1)
        return -1;
    r = &s->tensor[s->n_tensors];
    *r = (struct summary_tensor){
        .dtype = t->dtype, .rank = t->rank, .min = INFINITY, .max = -INFINITY};
    memcpy(r->shape, t->shape, sizeof(r->shape));
    r->name = mem_string(t->name, e);
    if (r->name == NULL)
        return -1;
    s->n_tensors++;
    *row = r;
    return 0;
}

static void
measure(struct summary_tensor *row, const struct ts_tensor *t)
{
    size_t n = t->bytes / ts_dtype_size(t->dtype);

    row->records++;
    row->values += n;
    for (size_t i = 0; i < n; i++) {
        double v = ts_value(t, i);

        if (!isfinite(v)) {
            row->not_finite++;
            continue;
        }
        row->sum += v;
        if (v < row->min)
            row->min = v;
        if (v > row->max)
            row->max = v;
    }
}

int
summary_add(struct summary *s, const struct ts_record *rec, struct err *e)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (count_value(&s->key[i], ts_meta(rec, keys[i]), e) == -1)
            return -1;
    if (count_patients(s, rec, e) == -1)
        return -1;
    for (size_t i = 0; i < rec->n_tensors; i++) {
        const struct ts_tensor *t = &rec->tensor[i];
        struct summary_tensor *row;

        s->data_bytes += t->bytes;
        if (row_of(s, t, &row, e) == -1)
            return -1;
        if (row != NULL)
            measure(row, t);
        else
            s->tensors_left_out++;
    }
    s->records++;
    return 0;
}
