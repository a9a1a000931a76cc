#include "stream/score_line.h"

#include <string.h>

static const char *const columns[] = {"id", "patient", "label", "lesion", "synthetic"};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const char *
field(const struct ts_record *r, size_t i)
{
    return ts_meta_or(r, columns[i], strcmp(columns[i], "synthetic") == 0 ? "0" : "");
}

void
score_line_fields(FILE *f, const struct ts_record *r)
{
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(f, "%s\t", r ? field(r, i) : columns[i]);
}

void
score_line_head(FILE *f)
{
    score_line_fields(f, NULL);
    fputs("score\n", f);
}

int
score_line_check(const struct ts_record *r, struct err *e)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (strpbrk(field(r, i), "\t\n") != NULL)
            return err_set(e, "%s holds a tab or a newline", columns[i]);
    return 0;
}

void
score_line_write(FILE *f, const struct ts_record *r, double score)
{
    score_line_fields(f, r);
    fprintf(f, "%.17g\n", score);
}
