#include "stats/feature_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stream/features.h"

/* ---- names ---- */

/* The numbers of the id of vector i, and of its patient, or else of itself. */
static int
name_record(struct feature_names *names, const struct features *f, size_t i, uint32_t *id,
            uint32_t *unit, struct err *e)
{
    const char *name = features_text(f, i, TS_ID);
    const char *patient = features_text(f, i, TS_PATIENT);
    size_t known = names->ids.n;
    char *text;
    int rc;

    text = patient[0] != '\0' ? mem_printf(e, "patient %s", patient) : mem_printf(e, "id %s", name);
    if (text == NULL)
        return -1;
    rc = names_number(&names->units, text, unit, e);
    free(text);
    if (rc == -1 || names_number(&names->ids, name, id, e) == -1)
        return -1;
    if (*id == known) {
        if (MEM_GROW(names->unit_of, names->cap_unit_of, known + 1, e) == -1 ||
            MEM_GROW(names->last_set, names->cap_last_set, known + 1, e) == -1)
            return -1;
        names->unit_of[*id] = *unit;
    } else if (names->last_set[*id] == names->sets)
        return err_set(e, "id '%.64s' comes twice", name);
    else if (names->unit_of[*id] != *unit)
        return err_set(e, "id '%.64s' is of patient '%.64s' here and of another in a set before",
                       name, patient);
    names->last_set[*id] = names->sets;
    return 0;
}

/* ---- reading ---- */

static int
check_network(struct feature_names *names, const char *network, struct err *e)
{
    if (network == NULL)
        return 0;
    if (names->network == NULL)
        return (names->network = mem_string(network, e)) == NULL ? -1 : 0;
    if (strcmp(names->network, network) != 0)
        return err_set(e, "features of network %.64s, of %.64s before", network, names->network);
    return 0;
}

static int
count_units(struct feature_set *s, struct err *e)
{
    size_t end = feature_set_unit_end(s);
    uint8_t *seen = mem_array(end, 1, e);

    if (seen == NULL)
        return -1;
    s->units = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->units += !seen[s->unit[i]];
        seen[s->unit[i]] = 1;
    }
    free(seen);
    return 0;
}

static int
take(struct feature_set *s, struct feature_names *names, struct features *f, struct err *e)
{
    if (f->n == 0)
        return err_set(e, "no records");
    if (f->n > FEATURE_SET_RECORDS)
        return err_set(e, "%zu records are more than %d", f->n, FEATURE_SET_RECORDS);
    *s = (struct feature_set){.n = f->n, .d = f->d, .data = f->x};
    f->x = NULL;
    if ((s->row = mem_array(s->n, sizeof(*s->row), e)) == NULL ||
        (s->record = mem_array(s->n, sizeof(*s->record), e)) == NULL ||
        (s->unit = mem_array(s->n, sizeof(*s->unit), e)) == NULL ||
        check_network(names, f->network, e) == -1)
        return -1;
    names->sets++;
    for (size_t i = 0; i < s->n; i++) {
        s->row[i] = s->data + i * s->d;
        if (name_record(names, f, i, &s->record[i], &s->unit[i], e) == -1)
            return err_in(e, "record %zu", i);
    }
    return count_units(s, e);
}

int
feature_set_read(struct feature_set *s, const char *path, struct feature_names *names,
                 struct err *e)
{
    struct features f = {0};
    int rc = features_read(&f, path, NULL, e);

    *s = (struct feature_set){0};
    if (rc == 0 && (rc = take(s, names, &f, e)) == -1) {
        err_in(e, "%s", strcmp(path, "-") == 0 ? "stdin" : path);
        feature_set_free(s);
    }
    features_free(&f);
    return rc;
}

/* ---- using ---- */

int
feature_set_part(struct feature_set *part, const struct feature_set *s, const size_t *index,
                 size_t n, struct err *e)
{
    *part = (struct feature_set){.n = n, .d = s->d};
    if ((part->row = mem_array(n, sizeof(*part->row), e)) == NULL ||
        (part->record = mem_array(n, sizeof(*part->record), e)) == NULL ||
        (part->unit = mem_array(n, sizeof(*part->unit), e)) == NULL)
        goto fail;
    for (size_t i = 0; i < n; i++) {
        part->row[i] = s->row[index[i]];
        part->record[i] = s->record[index[i]];
        part->unit[i] = s->unit[index[i]];
    }
    if (count_units(part, e) == 0)
        return 0;
fail:
    feature_set_free(part);
    return -1;
}

size_t
feature_set_rows(const struct feature_set *s, size_t first, size_t most, const double *centre,
                 double *out)
{
    size_t n = s->n - first < most ? s->n - first : most;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s->d; k++)
            out[i * s->d + k] = (double)s->row[first + i][k] - (centre != NULL ? centre[k] : 0);
    return n;
}

/* As the first row and the mean of what the others differ by: of equal numbers it is exact. */
void
feature_set_mean(const struct feature_set *s, double *mean)
{
    for (size_t k = 0; k < s->d; k++)
        mean[k] = 0;
    for (size_t i = 1; i < s->n; i++)
        for (size_t k = 0; k < s->d; k++)
            mean[k] += (double)s->row[i][k] - (double)s->row[0][k];
    for (size_t k = 0; k < s->d; k++)
        mean[k] = (double)s->row[0][k] + mean[k] / (double)s->n;
}

size_t
feature_set_unit_end(const struct feature_set *s)
{
    size_t end = 0;

    for (size_t i = 0; i < s->n; i++)
        end = s->unit[i] >= end ? (size_t)s->unit[i] + 1 : end;
    return end;
}

void
feature_set_free(struct feature_set *s)
{
    free(s->row);
    free(s->record);
    free(s->unit);
    free(s->data);
    *s = (struct feature_set){0};
}

void
feature_names_free(struct feature_names *names)
{
    names_free(&names->ids);
    names_free(&names->units);
    free(names->unit_of);
    free(names->last_set);
    free(names->network);
    *names = (struct feature_names){0};
}
