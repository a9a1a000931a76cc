/*
 * tsv - tables of text: a line of column names, then lines of as many fields, parted by tabs.
 *
 * Lines end in LF or CR LF, the last one too: a file that ends within a line is cut.  A UTF-8 byte
 * order mark, which spreadsheets write, may stand before the column names.
 *
 *     if (tsv_open(&t, path, 1 << 14, 256, e) == -1 || tsv_heading(&t, e) == -1)
 *         ...
 *     while ((rc = tsv_next(&t, e)) == 1)
 *         ... t.field[] ...
 *     tsv_close(&t);
 */
#ifndef MP_IO_TSV_H
#define MP_IO_TSV_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct tsv {
    const char *path; /* for messages: the path, or "stdin" */
    char **field;     /* [fields] of the line read last; changed by the next one */
    size_t fields;    /* the columns, once the heading is read */
    size_t line;      /* the number of the line read last, from 1 */

    /* Private. */
    int fd;
    char *buf; /* bytes at .. have are read and not yet handed out */
    size_t at, have, cap, max_line, max_fields;
};

#define TSV_NONE ((size_t)-1)

/*
 * Path "-" is standard input.  borrows path until tsv_close().  A line of more than max_line bytes,
 * or of more than max_fields fields, is an error.  Returns 0, or -1 with the reason in e and
 * nothing to close.
 */
int tsv_open(struct tsv *t, const char *path, size_t max_line, size_t max_fields, struct err *e);

/*
 * Before anything is read: the first bytes, *n of them (at least 8 unless the input has less),
 * which stay unread.  The descriptor is t->fd, behind them, for who finds that this is no text.
 * NULL with the reason in e.
 */
const char *tsv_peek(struct tsv *t, size_t *n, struct err *e);

/* Reads the column names into field[].  Returns 0, or -1 with the reason in e. */
int tsv_heading(struct tsv *t, struct err *e);

/*
 * After tsv_heading() and before tsv_next(): *where is the column of that name, or TSV_NONE.
 * Returns 0, or -1 with the reason in e: there are two.
 */
int tsv_column(const struct tsv *t, const char *name, size_t *where, struct err *e);

/*
 * The next line, cut into field[].  Returns 1, 0 at the end of the file, -1 with the reason, which
 * names path and line, in e.
 */
int tsv_next(struct tsv *t, struct err *e);

void tsv_close(struct tsv *t);

/*
 * The whole of s as a finite number into *v.  Returns 0, or -1 with the reason ("score 'x' is not a
 * number"), for which `what` says what it is, in e.
 */
int tsv_number(const char *s, const char *what, double *v, struct err *e);

/*
 * Writes a field to f, whose errors the caller checks: tab, newline and backslash, which would
 * break its line, as \t, \n and \\, other control characters as ?.
 */
void tsv_text(FILE *f, const char *s);

#endif
