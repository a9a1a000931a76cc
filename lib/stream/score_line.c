#include "stream/score_line.h"

#include <string.h>

static const char *
field(const struct ts_record *r, size_t i)
{
    return ts_meta_or(r, ts_identity_name[i], i == TS_SYNTHETIC ? "0" : "");
}

void
score_line_fields(FILE *f, const struct ts_record *r)
{
    for (size_t i = 0; i < TS_IDENTITY; i++)
        fprintf(f, "%s\t", r ? field(r, i) : ts_identity_name[i]);
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
    for (size_t i = 0; i < TS_IDENTITY; i++)
        if (strpbrk(field(r, i), "\t\n") != NULL)
            return err_set(e, "%s holds a tab or a newline", ts_identity_name[i]);
    return 0;
}

void
score_line_write(FILE *f, const struct ts_record *r, double score)
{
    score_line_fields(f, r);
    fprintf(f, "%.17g\n", score);
}
