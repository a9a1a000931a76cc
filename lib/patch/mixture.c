#include "patch/mixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "patch/patch.h"

/* Files in each other's place, and patches of test patients, would train without a sign of it. */
static int
check_patch(const struct ts_record *rec, const void *arg, struct err *e)
{
    const struct mixture_demand *d = arg;
    struct patch p;
    int positive;

    if (patch_read(&p, rec, e) == -1)
        return -1;
    positive = p.label == LABEL_MALIGNANT;
    if (d->split != SPLIT_NONE && p.split != SPLIT_NONE && p.split != d->split)
        return err_set(e, "split is '%s', expected '%s'", split_word[p.split],
                       split_word[d->split]);
    if (d->label == MIXTURE_ANY)
        return 1;
    if (p.label == LABEL_NONE)
        return err_set(e, "label '' is none of normal, benign, malignant");
    if (positive != (d->label == MIXTURE_POSITIVE))
        return err_set(e, "label is %s, expected %s", label_word[p.label],
                       positive ? "benign or normal" : "malignant");
    if (p.synthetic != (d->kind == MIXTURE_SYNTHETIC) && (p.synthetic || !d->allow_real))
        return err_set(e, p.synthetic ? "is synthetic, expected a real patch"
                                      : "is real, expected a synthetic patch");
    return 1;
}

size_t
mixture_find(const struct mixture *m, const char *name, size_t length)
{
    size_t k = 0;

    while (k < m->n &&
           (strlen(m->class[k].name) != length || memcmp(m->class[k].name, name, length) != 0))
        k++;
    return k;
}

struct mixture_class *
mixture_class(struct mixture *m, const char *name, size_t length, enum mixture_label label,
              struct err *e)
{
    size_t k = mixture_find(m, name, length);
    char *copy;

    if (k < m->n)
        return &m->class[k];
    if (MEM_GROW(m->class, m->cap_class, m->n + 1, e) == -1)
        return NULL;
    if (MEM_GROW(m->law, m->cap_law, m->n + 1, e) == -1)
        return NULL;
    if ((copy = mem_printf(e, "%.*s", (int)length, name)) == NULL)
        return NULL;
    m->law[k] = (struct mix_class){.weight = 1};
    m->class[k] = (struct mixture_class){.name = copy, .label = label};
    m->n++;
    return &m->class[k];
}

int
mixture_file(struct mixture_class *c, enum mixture_kind kind, const char *file, struct err *e)
{
    struct mixture_source *s = &c->source[kind];
    const char **more = mem_array(s->n_files + 1, sizeof(*more), e);

    if (more == NULL)
        return -1;
    for (size_t i = 0; i < s->n_files; i++)
        more[i] = s->file[i];
    more[s->n_files++] = file;
    free(s->file);
    s->file = more;
    return 0;
}

void
mixture_settle(struct mixture *m)
{
    for (size_t k = 0; k < m->n; k++)
        m->law[k].synthetic =
            m->schedule.initial > 0 && m->class[k].source[MIXTURE_SYNTHETIC].n_files > 0;
}

/* The value that pool b has and pool a lacks, or NULL. */
static const char *
missing(const struct pool *a, const struct pool *b)
{
    for (size_t i = 0; i < b->n_groups; i++) {
        size_t k = 0;

        while (k < a->n_groups && strcmp(a->group[k].value, b->group[i].value) != 0)
            k++;
        if (k == a->n_groups)
            return b->group[i].value;
    }
    return NULL;
}

static int
check_balance(const struct mixture *m, struct err *e)
{
    static const char *const kinds[MIXTURE_KINDS] = {"real", "synthetic"};
    const struct pool *first = &m->class[0].source[MIXTURE_REAL].pool;

    for (size_t k = 0; k < m->n; k++)
        for (int kind = MIXTURE_REAL; kind <= m->law[k].synthetic; kind++) {
            const struct pool *p = &m->class[k].source[kind].pool;
            const char *here = missing(p, first), *there = missing(first, p);

            if (here != NULL || there != NULL)
                return err_set(e, "%s %s patches cannot be balanced by %s: '%s' occurs %s them",
                               kinds[kind], m->class[k].name, m->balance, here ? here : there,
                               here ? "in others, not in" : "only in");
        }
    return 0;
}

int
mixture_open(struct mixture *m, struct err *e)
{
    mixture_settle(m);
    for (size_t k = 0; k < m->n; k++)
        for (int kind = MIXTURE_REAL; kind <= m->law[k].synthetic; kind++) {
            struct mixture_source *s = &m->class[k].source[kind];

            s->demand = (struct mixture_demand){.label = m->class[k].label,
                                                .kind = (enum mixture_kind)kind,
                                                .allow_real = m->allow_real,
                                                .split = m->split};
            if (pool_open_balanced(&s->pool, s->file, s->n_files, check_patch, &s->demand,
                                   m->balance, e) == -1)
                return -1;
        }
    return m->balance != NULL ? check_balance(m, e) : 0;
}

int
mixture_draw(struct mixture *m, uint64_t t, struct ts_record *rec, struct err *e)
{
    struct mix_choice c = mix_choose(&m->schedule, m->law, m->n, m->seed, t);

    return pool_draw(&m->class[c.class].source[c.synthetic].pool, &c.rng, rec, e);
}

void
mixture_close(struct mixture *m)
{
    for (size_t k = 0; k < m->n; k++) {
        for (int kind = MIXTURE_REAL; kind < MIXTURE_KINDS; kind++) {
            pool_close(&m->class[k].source[kind].pool);
            free(m->class[k].source[kind].file);
        }
        free(m->class[k].name);
    }
    free(m->class);
    free(m->law);
    *m = (struct mixture){0};
}
