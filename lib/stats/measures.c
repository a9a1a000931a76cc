#include "stats/measures.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/tsv.h"
#include "stream/record.h"

/* What is being read, beside the measures themselves. */
struct reading {
    size_t patient_at;
    size_t column[MEASURES_MAX_COLUMNS]; /* the field of each measure */
    char **patient;                      /* [n] their names, owned */
    size_t cap_patient, cap_second, cap_value[MEASURES_MAX_COLUMNS];
};

enum { MAX_LINE = 16384, MAX_FIELDS = 256 };

static int
is_measure(const char *name)
{
    for (size_t i = 0; i < TS_IDENTITY; i++)
        if (strcmp(name, ts_identity_name[i]) == 0)
            return 0;
    return 1;
}

/* The first table says which columns there are; the second must have the same. */
static int
read_heading(struct measures *m, struct reading *r, struct tsv *t, int second, struct err *e)
{
    char **field = t->field;
    size_t k = 0;

    if (tsv_heading(t, e) == -1 || tsv_column(t, "patient", &r->patient_at, e) == -1)
        return -1;
    if (r->patient_at == TSV_NONE)
        return err_set(e, "%s: has no column 'patient'", t->path);
    for (size_t i = 0; i < t->fields; i++) {
        if (!is_measure(field[i]))
            continue;
        if (field[i][0] == '\0')
            return err_set(e, "%s: column %zu has no name", t->path, i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(field[j], field[i]) == 0)
                return err_set(e, "%s: two columns '%.64s'", t->path, field[i]);
        if (k == MEASURES_MAX_COLUMNS)
            return err_set(e, "%s: more than %d measures", t->path, MEASURES_MAX_COLUMNS);
        if (second && (k >= m->columns || strcmp(m->name[k], field[i]) != 0))
            return err_set(e, "%s: column '%.64s' is not as in the other table", t->path, field[i]);
        if (!second && (m->name[k] = mem_string(field[i], e)) == NULL)
            return -1;
        r->column[k++] = i;
        m->columns = second ? m->columns : k;
    }
    if (k < m->columns || k == 0)
        return err_set(e, "%s: %zu measures, %zu expected", t->path, k, k == 0 ? 1 : m->columns);
    return 0;
}

static int
add_row(struct measures *m, struct reading *r, char *const *field, int second, struct err *e)
{
    if (m->n == MEASURES_MAX_ROWS)
        return err_set(e, "more than %d lesions", MEASURES_MAX_ROWS);
    if (field[r->patient_at][0] == '\0')
        return err_set(e, "patient is empty");
    if (MEM_GROW(m->second, r->cap_second, m->n + 1, e) == -1 ||
        MEM_GROW(r->patient, r->cap_patient, m->n + 1, e) == -1)
        return -1;
    for (size_t k = 0; k < m->columns; k++) {
        if (MEM_GROW(m->value[k], r->cap_value[k], m->n + 1, e) == -1 ||
            tsv_number(field[r->column[k]], m->name[k], &m->value[k][m->n], e) == -1)
            return -1;
    }
    if ((r->patient[m->n] = mem_string(field[r->patient_at], e)) == NULL)
        return -1;
    m->second[m->n++] = (uint8_t)second;
    m->rows[second]++;
    return 0;
}

static int
read_table(struct measures *m, struct reading *r, const char *path, int second, struct err *e)
{
    struct tsv t;
    int rc;

    if (tsv_open(&t, path, MAX_LINE, MAX_FIELDS, e) == -1)
        return -1;
    rc = read_heading(m, r, &t, second, e);
    while (rc == 0 && (rc = tsv_next(&t, e)) == 1) {
        rc = add_row(m, r, t.field, second, e);
        if (rc == -1)
            err_in(e, "%s: line %zu", t.path, t.line);
    }
    if (rc == 0 && m->rows[second] == 0)
        rc = err_set(e, "%s: no lesions", t.path);
    tsv_close(&t);
    return rc;
}

static int
by_name(const void *a, const void *b)
{
    char *const *p = *(char *const *const *)a, *const *q = *(char *const *const *)b;

    return strcmp(*p, *q);
}

/* Numbers the patients in the order of their names, whatever the order of the rows. */
static int
number_patients(struct measures *m, char **name, struct err *e)
{
    char *const **sorted = mem_array(m->n, sizeof(*sorted), e);
    uint8_t in = 0;

    m->patient = mem_array(m->n, sizeof(*m->patient), e);
    if (sorted == NULL || m->patient == NULL) {
        free(sorted);
        return -1;
    }
    for (size_t i = 0; i < m->n; i++)
        sorted[i] = &name[i];
    qsort(sorted, m->n, sizeof(*sorted), by_name);
    for (size_t i = 0; i < m->n; i++) {
        size_t row = (size_t)(sorted[i] - name);
        uint8_t bit = m->second[row] ? 2 : 1;

        if (i == 0 || strcmp(*sorted[i - 1], *sorted[i]) != 0) {
            m->patients++;
            in = 0;
        }
        m->patient[row] = (uint32_t)(m->patients - 1);
        m->patients_of[m->second[row]] += !(in & bit);
        in |= bit;
    }
    free(sorted);
    return 0;
}

int
measures_read(struct measures *m, const char *first, const char *second, struct err *e)
{
    struct reading r = {0};
    int rc = -1;

    *m = (struct measures){0};
    if (read_table(m, &r, first, 0, e) == 0 && read_table(m, &r, second, 1, e) == 0)
        rc = number_patients(m, r.patient, e);
    for (size_t i = 0; i < m->n; i++)
        free(r.patient[i]);
    free(r.patient);
    if (rc == -1)
        measures_free(m);
    return rc;
}

void
measures_free(struct measures *m)
{
    for (size_t k = 0; k < MEASURES_MAX_COLUMNS; k++) {
        free(m->name[k]);
        free(m->value[k]);
    }
    free(m->second);
    free(m->patient);
    *m = (struct measures){0};
}

struct two_samples
measures_samples(const struct measures *m)
{
    return (struct two_samples){m->n, m->second, m->patient, m->patients};
}
