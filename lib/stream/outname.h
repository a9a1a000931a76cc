/*
 * outname - names for files that are made from the images of a manifest, one each.
 */
#ifndef MP_STREAM_OUTNAME_H
#define MP_STREAM_OUTNAME_H

#include <stddef.h>

#include "base/err.h"
#include "stream/manifest.h"

/*
 * The image's path in one piece, "/" and ":" replaced by "_" and the ending by `ending` (".png"),
 * so that images of the same name in different folders or archives stay apart:
 * "films.zip:left/a.pgm" gives "films.zip_left_a.png". A leading "/", "./" or "../" is dropped.
 * Fresh memory; NULL with the reason in e.
 */
char *outname_of(const char *image, const char *ending, struct err *e);

/*
 * Looks for two of n names that are the same.  NULL names are passed over.  Returns 1 and their
 * positions in a < b, 0 if all differ, -1 with the reason in e.
 */
int outname_clash(char *const *name, size_t n, size_t *a, size_t *b, struct err *e);

/*
 * What to put in front of a file's name so that a manifest with that root finds it in the folder
 * `out`: "masks/" where it is below the root, else the full path.  The folder must exist.  Fresh
 * memory; NULL with the reason in e.
 */
char *outname_folder(const char *root, const char *out, struct err *e);

/*
 * Tells whether `path` is the file `name` in the folder `out`, by whatever way the folder is
 * reached: 1, 0, or -1 (memory) with the reason in e.
 */
int outname_is(const char *out, const char *name, const char *path, struct err *e);

/*
 * No file that a manifest names is written over: refuses the file `name` in the folder `out` if it
 * is an image, a lesion's mask or, where `tissue` is not 0, a tissue mask of m.  Returns 0, or -1
 * with the reason in e.
 */
int outname_check(const char *out, const char *name, const struct manifest *m, int tissue,
                  struct err *e);

#endif
