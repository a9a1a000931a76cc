#include "stats/tsv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int
tsv_open(struct tsv *t, const char *path, struct err *e)
{
    int is_stdin = strcmp(path, "-") == 0;

    *t = (struct tsv){.path = is_stdin ? "stdin" : path};
    if ((t->line = mem_array_raw(TSV_MAX_LINE + 2, 1, e)) == NULL)
        return -1;
    if ((t->file = is_stdin ? stdin : fopen(path, "r")) == NULL) {
        err_sys(e, "%s", path);
        tsv_close(t);
        return -1;
    }
    return 0;
}

void
tsv_close(struct tsv *t)
{
    if (t->file != NULL && t->file != stdin)
        fclose(t->file);
    free(t->line);
    *t = (struct tsv){0};
}

/* The next line without its end.  1, 0 at the end of the file, -1. */
static int
next_line(struct tsv *t, struct err *e)
{
    size_t n;

    t->number++;
    if (fgets(t->line, TSV_MAX_LINE + 2, t->file) == NULL) {
        if (ferror(t->file))
            return err_sys(e, "%s", t->path);
        return 0;
    }
    n = strlen(t->line);
    if (n > 0 && t->line[n - 1] == '\n') {
        t->line[--n] = '\0';
        if (n > 0 && t->line[n - 1] == '\r')
            t->line[--n] = '\0';
        return 1;
    }
    if (n > TSV_MAX_LINE)
        return err_set(e, "%s: line %zu: more than %d bytes", t->path, t->number, TSV_MAX_LINE);
    return err_set(e,
                   feof(t->file) ? "%s: line %zu: ends without a line feed: the file is cut"
                                 : "%s: line %zu: holds a NUL byte",
                   t->path, t->number);
}

int
tsv_next(struct tsv *t, char **field, size_t *n, struct err *e)
{
    int rc = next_line(t, e);

    *n = 0;
    if (rc != 1)
        return rc;
    for (char *s = t->line, *tab;; s = tab + 1) {
        tab = strchr(s, '\t');
        if (*n < TSV_MAX_FIELDS)
            field[*n] = s;
        ++*n;
        if (tab == NULL)
            return 1;
        *tab = '\0';
    }
}
