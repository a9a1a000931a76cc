/*
 * cache - images decoded once, kept raw on disk, and mapped.
 *
 * Drawing patches at random from thousands of images touches a few rows of each, again and again;
 * decoding them every time would take nearly all of the time, keeping them nearly all of the
 * memory.
 *
 * Entries are named by what they are made from: the number and the hash of the source file's bytes
 * (not its name or its time), the kind, and the version of mammopipe.  So a source that changed
 * gets an entry of its own, copies share one, any number of programs may use a folder at a time,
 * and the folder may be deleted whenever none does.  Entries are in the machine's own byte order.
 */
#ifndef MP_IMAGE_CACHE_H
#define MP_IMAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct cache;

/* One image or mask; px is read-only and may be NULL where the part that is kept is empty. */
struct cache_plane {
    size_t h, w;           /* of the whole image */
    size_t x0, y0, x1, y1; /* the part that is kept, half-open: of an image all of it, of a mask the
                              box round its pixels (all zeros in an empty mask) */
    size_t count;          /* pixels that are set, of a mask */
    unsigned max;          /* largest grey level: 255 or 65535; 1 for masks */
    const uint8_t *u8;     /* [y1 - y0][x1 - x0] where max is 255 or 1, else NULL */
    const uint16_t *u16;   /* the same where max is 65535 */
    void *map;             /* private */
    size_t map_bytes;
};

/*
 * Opens the folder dir, which is made if it is not there.  dir NULL: a nameless file in $TMPDIR (or
 * /tmp), gone when the program ends, however it ends.  NULL with the reason in e.
 */
struct cache *cache_open(const char *dir, struct err *e);
void cache_close(struct cache *c);

/*
 * The image at path (as image_read() takes it), the mask at path whose pixels are those of grey
 * level `value` (0: not zero), and the tissue that tissue_find() sees by default on the image at
 * path.
 *
 * out is written and stays valid until cache_release(), also past cache_close().  Returns 0, or -1
 * with the reason, which names the file, in e.  A source is read once more by each process, to hash
 * it; a file that changes after that is not noticed.
 */
int cache_image(struct cache *c, const char *path, struct cache_plane *out, struct err *e);
int cache_mask(struct cache *c, const char *path, unsigned value, struct cache_plane *out,
               struct err *e);
int cache_tissue(struct cache *c, const char *path, struct cache_plane *out, struct err *e);

/* Harmless on a plane of all zeros, or twice. */
void cache_release(struct cache_plane *p);

/* Images, masks and tissue masks that were decoded or computed, not found ready. */
uint64_t cache_misses(const struct cache *c);

#endif
