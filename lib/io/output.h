/*
 * output - files that appear whole or not at all.
 *
 * Written beside the target as TARGET.tmp, flushed to disk and renamed on commit; removed on abort.
 */
#ifndef MP_IO_OUTPUT_H
#define MP_IO_OUTPUT_H

#include <stdio.h>

#include "base/err.h"

struct output {
    FILE *file;
    char *path, *tmp;
};

/* Opens path for writing.  Returns 0, or -1 with the reason in e. */
int output_open(struct output *o, const char *path, struct err *e);

/* Flush, fsync, close, rename.  On failure the temporary is removed.  Returns 0 or -1. */
int output_commit(struct output *o, struct err *e);

/* Closes and removes what was written.  Harmless after a commit. */
void output_abort(struct output *o);

#endif
