#include "stats/realism.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const comparisons[] = {"all", "half", "floor"};

/* ---- sets ---- */

/* As realism_name(), of one operand. */
static int
parse(struct realism *r, size_t k, const char *arg, struct err *e)
{
    const char *eq = strchr(arg, '='), *slash = strchr(arg, '/');
    char *name;
    size_t end;

    if (eq != NULL && slash != NULL && slash < eq)
        eq = NULL;
    r->path[k] = eq != NULL ? eq + 1 : arg;
    slash = strrchr(r->path[k], '/');
    name = eq != NULL ? mem_printf(e, "%.*s", (int)(eq - arg), arg)
                      : mem_string(slash != NULL ? slash + 1 : arg, e);
    if ((r->name[k] = name) == NULL)
        return -1;
    end = strlen(name);
    if (eq == NULL && end > 4 && strcmp(name + end - 4, ".sts") == 0)
        name[end - 4] = '\0';
    if (r->path[k][0] == '\0')
        return -err_set(e, "'%s': the name of the file is empty", arg);
    if (name[0] == '\0' || strpbrk(name, "\t\n\"\\") != NULL)
        return -err_set(e, "'%s': a name is empty or holds tabs, quotes or backslashes", arg);
    for (size_t i = 0; i < k; i++)
        if (strcmp(r->name[i], name) == 0)
            return -err_set(e, "two sets are named '%s': give them names (NAME=FILE)", name);
    return 0;
}

int
realism_name(struct realism *r, char **arg, size_t n, struct err *e)
{
    int rc = 0;

    *r = (struct realism){.n = n};
    if ((r->name = mem_array(n, sizeof(*r->name), e)) == NULL ||
        (r->path = mem_array(n, sizeof(*r->path), e)) == NULL ||
        (r->set = mem_array(n, sizeof(*r->set), e)) == NULL)
        return -1;
    for (size_t k = 0; k < n && rc == 0; k++)
        rc = parse(r, k, arg[k], e);
    return rc;
}

int
realism_read(struct realism *r, struct err *e)
{
    for (size_t k = 0; k < r->n; k++) {
        if (feature_set_read(&r->set[k], r->path[k], &r->names, e) == -1)
            return -1;
        if (r->set[k].d != r->set[0].d)
            return err_set(e, "%s: %zu features, %s has %zu", r->path[k], r->set[k].d, r->path[0],
                           r->set[0].d);
    }
    return 0;
}

void
realism_free(struct realism *r)
{
    for (size_t k = 0; k < r->n; k++) {
        free(r->name[k]);
        feature_set_free(&r->set[k]);
    }
    free(r->name);
    free(r->path);
    free(r->set);
    feature_names_free(&r->names);
}

/* ---- lines ---- */

void
realism_lines(const struct realism *r, const struct halves *h, const char *measure,
              const struct halves_range *range, size_t values, const struct halves_units *units,
              struct realism_line *line)
{
    const struct feature_set *real = &r->set[0];

    for (size_t i = 0; i < 2 * r->n - 1; i++) {
        size_t k = i < 2 * r->n - 2 ? i / 2 + 1 : 0;
        const struct halves_range *g = &range[k * values];

        line[i] = (struct realism_line){.measure = measure,
                                        .set = r->name[k],
                                        .reference = r->name[0],
                                        .comparison = k == 0       ? REALISM_FLOOR
                                                      : i % 2 == 0 ? REALISM_ALL
                                                                   : REALISM_HALF,
                                        .estimate = g->mean,
                                        .lower = g->least,
                                        .upper = g->most,
                                        .records = h->records,
                                        .units = units[k].part,
                                        .reference_records = h->records,
                                        .reference_units = units[k].a};
        if (line[i].comparison == REALISM_ALL) {
            line[i].estimate = line[i].lower = line[i].upper = NAN;
            line[i].records = r->set[k].n;
            line[i].units = r->set[k].units;
            line[i].reference_records = real->n;
            line[i].reference_units = real->units;
        }
    }
}

static void
number(FILE *f, double x)
{
    if (isnan(x))
        fputc('\t', f);
    else
        fprintf(f, "\t%.15g", x);
}

void
realism_tsv(FILE *f, const struct realism_line *line, size_t n)
{
    fputs(
        "measure\tcomparison\tset\treference\testimate\tlower\tupper\tcomponents\trecords\tunits\t"
        "reference_records\treference_units\n",
        f);
    for (size_t i = 0; i < n; i++) {
        const struct realism_line *l = &line[i];

        fprintf(f, "%s\t%s\t%s\t%s", l->measure, comparisons[l->comparison], l->set, l->reference);
        number(f, l->estimate);
        number(f, l->lower);
        number(f, l->upper);
        number(f, l->components > 0 ? (double)l->components : NAN);
        fprintf(f, "\t%zu\t%zu\t%zu\t%zu\n", l->records, l->units, l->reference_records,
                l->reference_units);
    }
}

void
realism_table(FILE *f, const struct realism_line *line, size_t n)
{
    int wide = 3;

    for (size_t i = 0; i < n; i++)
        wide = (int)strlen(line[i].set) > wide ? (int)strlen(line[i].set) : wide;
    fprintf(f, "%-9s  %-*s  %-5s  %10s  %10s  %10s  records (patients)\n", "measure", wide, "set",
            "how", "estimate", "lower", "upper");
    for (size_t i = 0; i < n; i++) {
        const struct realism_line *l = &line[i];

        if (i > 0 && strcmp(l->measure, l[-1].measure) != 0)
            fputc('\n', f);
        fprintf(f, "%-9s  %-*s  %-5s  %10.5g", l->measure, wide, l->set, comparisons[l->comparison],
                l->estimate);
        if (isnan(l->lower))
            fprintf(f, "  %10s  %10s", "", "");
        else
            fprintf(f, "  %10.5g  %10.5g", l->lower, l->upper);
        fprintf(f, "  %zu (%zu) and %zu (%zu) of %s", l->records, l->units, l->reference_records,
                l->reference_units, l->reference);
        if (l->components > 0)
            fprintf(f, "; %zu components", l->components);
        fputc('\n', f);
    }
}
