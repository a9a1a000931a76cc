#include "io/tsv.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/number.h"

enum { CHUNK = 1 << 16 };

int
tsv_open(struct tsv *t, const char *path, size_t max_line, size_t max_fields, struct err *e)
{
    int is_stdin = strcmp(path, "-") == 0;

    *t = (struct tsv){.path = is_stdin ? "stdin" : path,
                      .fd = -1,
                      .max_line = max_line,
                      .max_fields = max_fields};
    t->field = mem_array(max_fields, sizeof(*t->field), e);
    if (t->field == NULL)
        return -1;
    t->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (t->fd == -1) {
        err_sys(e, "%s", path);
        tsv_close(t);
        return -1;
    }
    return 0;
}

void
tsv_close(struct tsv *t)
{
    if (t->fd > STDIN_FILENO)
        close(t->fd);
    free(t->field);
    free(t->buf);
    *t = (struct tsv){.fd = -1};
}

/* Reads some more behind what is there.  Returns the number of bytes, 0 at the end, or -1. */
static ssize_t
fill(struct tsv *t, struct err *e)
{
    ssize_t n;

    if (t->at > 0) {
        memmove(t->buf, t->buf + t->at, t->have - t->at);
        t->have -= t->at;
        t->at = 0;
    }
    if (MEM_GROW(t->buf, t->cap, t->have + CHUNK, e) == -1)
        return -1;
    do
        n = read(t->fd, t->buf + t->have, CHUNK);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        return err_sys(e, "%s", t->path);
    t->have += (size_t)n;
    return n;
}

const char *
tsv_peek(struct tsv *t, size_t *n, struct err *e)
{
    ssize_t got = 1;

    while (t->have < 8 && got > 0)
        if ((got = fill(t, e)) == -1)
            return NULL;
    *n = t->have;
    return t->buf;
}

/* The next line without its end, *n bytes.  1, 0 at the end of the file, -1. */
static int
next_line(struct tsv *t, char **line, size_t *n, struct err *e)
{
    size_t seen = 0;
    char *end;

    t->line++;
    while (t->have == t->at ||
           (end = memchr(t->buf + t->at + seen, '\n', t->have - t->at - seen)) == NULL) {
        ssize_t got;

        seen = t->have - t->at;
        if (seen > t->max_line)
            break;
        if ((got = fill(t, e)) == -1)
            return -1;
        if (got == 0 && seen == 0)
            return 0;
        if (got == 0)
            return err_set(e, "%s: line %zu: ends without a line feed: the file is cut", t->path,
                           t->line);
    }
    if (seen > t->max_line || (size_t)(end - t->buf) - t->at > t->max_line)
        return err_set(e, "%s: line %zu: more than %zu bytes", t->path, t->line, t->max_line);
    *line = t->buf + t->at;
    *n = (size_t)(end - *line);
    t->at += *n + 1;
    if (*n > 0 && (*line)[*n - 1] == '\r')
        --*n;
    (*line)[*n] = '\0';
    if (strlen(*line) != *n)
        return err_set(e, "%s: line %zu: holds a NUL byte", t->path, t->line);
    return 1;
}

/* Cuts the line at its tabs; *n fields in all, the first max_fields of them in field[]. */
static void
split(struct tsv *t, char *line, size_t *n)
{
    *n = 0;
    for (char *s = line, *tab;; s = tab + 1) {
        tab = strchr(s, '\t');
        if (*n < t->max_fields)
            t->field[*n] = s;
        ++*n;
        if (tab == NULL)
            return;
        *tab = '\0';
    }
}

int
tsv_heading(struct tsv *t, struct err *e)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *line;
    size_t n;
    int rc = next_line(t, &line, &n, e);

    if (rc == -1)
        return -1;
    if (rc == 0)
        return err_set(e, "%s: is empty", t->path);
    if (strncmp(line, mark, strlen(mark)) == 0)
        line += strlen(mark);
    split(t, line, &t->fields);
    if (t->fields > t->max_fields)
        return err_set(e, "%s: more than %zu columns", t->path, t->max_fields);
    return 0;
}

int
tsv_column(const struct tsv *t, const char *name, size_t *where, struct err *e)
{
    *where = TSV_NONE;
    for (size_t i = 0; i < t->fields; i++) {
        if (strcmp(t->field[i], name) != 0)
            continue;
        if (*where != TSV_NONE)
            return err_set(e, "%s: two columns '%.64s'", t->path, name);
        *where = i;
    }
    return 0;
}

int
tsv_next(struct tsv *t, struct err *e)
{
    char *line;
    size_t n;
    int rc = next_line(t, &line, &n, e);

    if (rc != 1)
        return rc;
    split(t, line, &n);
    if (n != t->fields)
        return err_set(e, "%s: line %zu: %zu fields, the first line has %zu", t->path, t->line, n,
                       t->fields);
    return 1;
}

int
tsv_number(const char *s, const char *what, double *v, struct err *e)
{
    if (number_real(s, v) == -1)
        return err_set(e, "%s '%.64s' is not a number", what, s);
    if (!isfinite(*v))
        return err_set(e, "%s '%.64s' is not finite", what, s);
    return 0;
}

void
tsv_text(FILE *f, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '\t')
            fputs("\\t", f);
        else if (*s == '\n')
            fputs("\\n", f);
        else if (*s == '\\')
            fputs("\\\\", f);
        else
            fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, f);
    }
}
