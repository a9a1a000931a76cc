/*
 * tsv - lines of tab-separated files, one by one.
 */
#ifndef MP_STATS_TSV_H
#define MP_STATS_TSV_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

#define TSV_MAX_LINE 16384 /* bytes of a line */
#define TSV_MAX_FIELDS 256

struct tsv {
    FILE *file;
    const char *path; /* for messages: "stdin", or the path (borrowed) */
    char *line;       /* TSV_MAX_LINE + 2 bytes */
    size_t number;    /* of the line read last, from 1 */
};

/* Opens a file ("-" is standard input).  Returns 0, or -1 with the reason in e. */
int tsv_open(struct tsv *t, const char *path, struct err *e);
void tsv_close(struct tsv *t);

/*
 * The next line: its fields in field[TSV_MAX_FIELDS], which point into t->line, and their number in
 * *n (more are counted, not stored).  Lines may end in CR LF.  1; 0 at the end of the file; -1 with
 * the reason, which names file and line: too long, without an end, with a zero byte.
 */
int tsv_next(struct tsv *t, char **field, size_t *n, struct err *e);

#endif
