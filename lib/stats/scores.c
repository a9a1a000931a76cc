#include "stats/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/tsv.h"

enum column { ID, LABEL, SCORE, PATIENT, COLUMNS };

static const char *const column_name[COLUMNS] = {"id", "label", "score", "patient"};

/* One file being read. */
struct table {
    struct tsv tsv;
    size_t where[COLUMNS]; /* the field of each column, or TSV_NONE */
};

enum { MAX_FIELDS = 256 };

static int
read_heading(struct table *t, int patients, struct err *e)
{
    if (tsv_heading(&t->tsv, e) == -1)
        return -1;
    for (enum column c = 0; c < COLUMNS; c++) {
        if (tsv_column(&t->tsv, column_name[c], &t->where[c], e) == -1)
            return -1;
        if (t->where[c] == TSV_NONE && (c != PATIENT || patients))
            return err_set(e, "%s: no column '%s' in the first line", t->tsv.path, column_name[c]);
    }
    return 0;
}

/* ---- the cases ---- */

/* What one line says. */
struct row {
    const char *id, *patient;
    int positive;
    double score;
};

static int
parse_row(struct table *t, const struct scores *s, struct row *row, struct err *e)
{
    char **field = t->tsv.field;
    const char *label = field[t->where[LABEL]];

    row->id = field[t->where[ID]];
    row->patient = s->patients ? field[t->where[PATIENT]] : "";
    if (row->id[0] == '\0')
        return err_set(e, "id is empty");
    if (s->patients && row->patient[0] == '\0')
        return err_set(e, "patient is empty");
    row->positive = strcmp(label, "malignant") == 0;
    if (!row->positive && strcmp(label, "benign") != 0 && strcmp(label, "normal") != 0)
        return err_set(e, "label '%.64s' is none of normal, benign, malignant", label);
    if (tsv_number(field[t->where[SCORE]], "score", &row->score, e) == -1)
        return -1;
    if (s->lower)
        row->score = -row->score;
    return 0;
}

/* A line of the first file: a new case, whose score goes behind the others'. */
static int
new_case(struct scores *s, const struct row *row, double **sum, size_t *cap_sum, struct err *e)
{
    uint32_t i;

    if (s->n == SCORES_MAX_CASES)
        return err_set(e, "more than %d cases", SCORES_MAX_CASES);
    if (names_number(&s->ids, row->id, &i, e) == -1)
        return -1;
    if (i < s->n)
        return err_set(e, "id '%.64s' stands on line %zu too", row->id, (size_t)i + 2);
    if (MEM_GROW(s->positive, s->cap_positive, s->n + 1, e) == -1 ||
        MEM_GROW(*sum, *cap_sum, s->n + 1, e) == -1)
        return -1;
    if (s->patients && (MEM_GROW(s->patient, s->cap_patient, s->n + 1, e) == -1 ||
                        names_number(&s->patient_names, row->patient, &s->patient[i], e) == -1))
        return -1;
    s->n_patients = s->patient_names.n;
    s->positive[i] = (uint8_t)row->positive;
    s->positives += (size_t)row->positive;
    (*sum)[i] = row->score;
    s->n++;
    return 0;
}

/* A line of a later file: the same case again. */
static int
known_case(const struct scores *s, const struct row *row, double *sum, uint8_t *seen, struct err *e)
{
    const char *patient;
    uint32_t i;

    if (!names_find(&s->ids, row->id, &i))
        return err_set(e, "id '%.64s' is not in %s", row->id, s->origin);
    if (seen[i])
        return err_set(e, "id '%.64s' comes twice", row->id);
    if (s->positive[i] != row->positive)
        return err_set(e, "id '%.64s' is %s here and %s in %s", row->id,
                       row->positive ? "malignant" : "not malignant",
                       row->positive ? "not malignant" : "malignant", s->origin);
    patient = s->patients ? names_text(&s->patient_names, s->patient[i]) : "";
    if (s->patients && strcmp(patient, row->patient) != 0)
        return err_set(e, "id '%.64s' is of patient '%.64s' here and of '%.64s' in %s", row->id,
                       row->patient, patient, s->origin);
    seen[i] = 1;
    sum[i] += row->score;
    return 0;
}

/* ---- files ---- */

static int
check_all_seen(const struct scores *s, const uint8_t *seen, const char *path, struct err *e)
{
    size_t missing = 0, first = 0;

    for (size_t i = s->n; i-- > 0;)
        if (!seen[i]) {
            missing++;
            first = i;
        }
    if (missing == 0)
        return 0;
    return err_set(e, "%s: %zu of the %zu ids of %s are missing, '%.64s' the first", path, missing,
                   s->n, s->origin, names_text(&s->ids, (uint32_t)first));
}

static int
read_rows(struct table *t, struct scores *s, int first, double **sum, size_t *cap_sum,
          struct err *e)
{
    uint8_t *seen = first ? NULL : mem_array(s->n, 1, e);
    struct row row;
    int rc = first || seen != NULL ? 0 : -1;

    while (rc == 0 && (rc = tsv_next(&t->tsv, e)) == 1) {
        rc = parse_row(t, s, &row, e);
        if (rc == 0)
            rc = first ? new_case(s, &row, sum, cap_sum, e) : known_case(s, &row, *sum, seen, e);
        if (rc == -1) {
            err_in(e, "%s: line %zu", t->tsv.path, t->tsv.line);
            goto out;
        }
    }
    if (rc == 0 && !first)
        rc = check_all_seen(s, seen, t->tsv.path, e);
out:
    free(seen);
    return rc;
}

/* Adds the scores of a file to *sum, or makes *sum where the file is the first. */
static int
read_file(struct scores *s, const char *path, double **sum, size_t *cap_sum, struct err *e)
{
    int first = s->origin == NULL, rc = -1;
    struct table t;

    if (tsv_open(&t.tsv, path, SCORES_MAX_LINE, MAX_FIELDS, e) == -1)
        return -1;
    if (first && (s->origin = mem_string(t.tsv.path, e)) == NULL)
        goto out;
    rc = read_heading(&t, s->patients, e);
    if (rc == 0)
        rc = read_rows(&t, s, first, sum, cap_sum, e);
out:
    tsv_close(&t.tsv);
    return rc;
}

int
scores_add(struct scores *s, const char *const *file, size_t n_files, struct err *e)
{
    double *sum = NULL;
    size_t cap = 0;

    if (MEM_GROW(s->curve, s->cap_curve, s->n_curves + 1, e) == -1)
        return -1;
    if (s->origin != NULL && (sum = mem_array(s->n, sizeof(*sum), e)) == NULL)
        return -1;
    for (size_t i = 0; i < n_files; i++)
        if (read_file(s, file[i], &sum, &cap, e) == -1) {
            free(sum);
            return -1;
        }
    for (size_t i = 0; i < s->n; i++) {
        sum[i] /= (double)n_files;
        if (!isfinite(sum[i])) {
            free(sum);
            return err_set(e, "%s: mean score of id '%.64s' is not finite", file[0],
                           names_text(&s->ids, (uint32_t)i));
        }
    }
    s->curve[s->n_curves++] = sum;
    return 0;
}

void
scores_free(struct scores *s)
{
    for (size_t i = 0; i < s->n_curves; i++)
        free(s->curve[i]);
    free(s->curve);
    free(s->positive);
    free(s->patient);
    names_free(&s->ids);
    names_free(&s->patient_names);
    free(s->origin);
    *s = (struct scores){0};
}

/* ---- operands ---- */

/* The files, parted by commas. */
static int
operand_files(struct scores_operand *o, const char *arg, const char *files, struct err *e)
{
    size_t n = 1;

    if ((o->text = mem_string(files, e)) == NULL)
        return -1;
    for (const char *p = files; *p != '\0'; p++)
        n += *p == ',';
    if ((o->file = mem_array(n, sizeof(*o->file), e)) == NULL)
        return -1;
    for (char *p = o->text, *comma; p != NULL; p = comma ? comma + 1 : NULL) {
        if ((comma = strchr(p, ',')) != NULL)
            *comma = '\0';
        if (*p == '\0')
            return err_set(e, "'%s': the name of a file is empty", arg);
        o->file[o->n++] = p;
    }
    return 0;
}

static char *
name_of_file(const char *file, struct err *e)
{
    const char *slash = strrchr(file, '/');
    char *name = mem_string(slash != NULL ? slash + 1 : file, e);
    size_t n = name != NULL ? strlen(name) : 0;

    if (n > 4 && strcmp(name + n - 4, ".tsv") == 0)
        name[n - 4] = '\0';
    return name;
}

int
scores_operand_make(struct scores_operand *o, const char *arg, struct err *e)
{
    const char *eq = strchr(arg, '='), *slash = strchr(arg, '/');

    *o = (struct scores_operand){0};
    if (eq != NULL && slash != NULL && slash < eq)
        eq = NULL;
    if (operand_files(o, arg, eq != NULL ? eq + 1 : arg, e) == -1)
        goto fail;
    o->name =
        eq != NULL ? mem_printf(e, "%.*s", (int)(eq - arg), arg) : name_of_file(o->file[0], e);
    if (o->name == NULL)
        goto fail;
    if (o->name[0] == '\0' || strpbrk(o->name, "\t\n\"\\") != NULL) {
        err_set(e, "'%s': a name is empty or holds tabs, quotes or backslashes", arg);
        goto fail;
    }
    return 0;
fail:
    scores_operand_free(o);
    return -1;
}

void
scores_operand_free(struct scores_operand *o)
{
    free(o->name);
    free(o->file);
    free(o->text);
    *o = (struct scores_operand){0};
}
