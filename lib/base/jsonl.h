/*
 * jsonl - logs of JSON objects, one a line.
 *
 *     jsonl_begin(&log);
 *     jsonl_text(&log, "stage", "128");
 *     jsonl_real(&log, "loss", 0.25);
 *     jsonl_end(&log, err);
 *
 * A log whose file is NULL swallows everything, so callers need no `if`.
 */
#ifndef MP_BASE_JSONL_H
#define MP_BASE_JSONL_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct jsonl {
    FILE *file; /* owned if opened by jsonl_open() */
    const char *path;
    int fields;
};

/* path NULL: a log that swallows.  `append` 0 truncates.  borrows path until jsonl_close(). */
int jsonl_open(struct jsonl *l, const char *path, int append, struct err *e);

void jsonl_begin(struct jsonl *l);
void jsonl_text(struct jsonl *l, const char *key, const char *value);
void jsonl_int(struct jsonl *l, const char *key, int64_t value);
/* Not-a-number and infinities, which JSON lacks, are written as null. */
void jsonl_real(struct jsonl *l, const char *key, double value);

/* Ends the line and flushes it.  Returns 0, or -1 with the reason in e. */
int jsonl_end(struct jsonl *l, struct err *e);

int jsonl_close(struct jsonl *l, struct err *e);

/* Writes s as a JSON string with its quotes; bytes that are not UTF-8 pass as they are. */
void jsonl_quote(FILE *f, const char *s);

#endif
