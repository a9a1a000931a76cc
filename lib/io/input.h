/*
 * input - files and archive members behind one reader.
 *
 * A path is a file name, "-" for standard input, or "archive:member" where the archive is a zip or
 * tar (any compression libarchive knows) and the member one of its regular files.  Nothing is ever
 * unpacked to disk, and no name from inside an archive is ever opened as a file.
 */
#ifndef MP_IO_INPUT_H
#define MP_IO_INPUT_H

#include <stddef.h>

#include "base/err.h"

/*
 * The whole file or member in fresh memory (caller frees; one spare zero byte behind the end).
 *
 *   limit  most bytes accepted; a larger file or member is an error
 *   n      written: the size
 *
 * NULL with the reason, which names the path, in e.
 */
unsigned char *input_slurp(const char *path, size_t limit, size_t *n, struct err *e);

/*
 * The first bytes, at most `limit` of them: a longer file or member is read no further and is no
 * error.  Standard input loses what was read.  Otherwise as input_slurp().
 */
unsigned char *input_head(const char *path, size_t limit, size_t *n, struct err *e);

/* A regular file of an archive. */
struct input_member {
    char *name;
    unsigned char *data;
    size_t n;
};

/*
 * All regular files of an archive, in its order.
 *
 *   limit  most bytes accepted, of all together
 *   count  written: their number
 *
 * Fresh memory; NULL with the reason, which names the path, in e.
 */
struct input_member *input_members(const char *path, size_t limit, size_t *count, struct err *e);
void input_members_free(struct input_member *m, size_t count);

/* The path of `name` under `root`: joined unless name is absolute; "archive:member" too. */
char *input_join(const char *root, const char *name, struct err *e);

#endif
