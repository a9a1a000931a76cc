#include "image/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/version.h"
#include "image/image.h"
#include "image/tissue.h"
#include "io/input.h"

#define MAX_SOURCE ((size_t)1 << 30)

/* ---- a hash table of numbers ---- */

struct slot {
    uint64_t key, a, b;
    int used;
};

struct table {
    struct slot *slot;
    size_t n, size; /* size is a power of two, or 0 */
};

/* The slot of key, or the free one where it belongs; the table is never full. */
static struct slot *
table_slot(const struct table *t, uint64_t key)
{
    size_t at = (size_t)key & (t->size - 1);

    while (t->slot[at].used && t->slot[at].key != key)
        at = (at + 1) & (t->size - 1);
    return &t->slot[at];
}

static const struct slot *
table_get(const struct table *t, uint64_t key)
{
    const struct slot *s = t->size > 0 ? table_slot(t, key) : NULL;

    return s != NULL && s->used ? s : NULL;
}

static int
table_put(struct table *t, uint64_t key, uint64_t a, uint64_t b, struct err *e)
{
    struct slot *s;

    if (2 * (t->n + 1) > t->size) {
        struct table bigger = {.n = t->n, .size = t->size ? 2 * t->size : 64};

        bigger.slot = mem_array(bigger.size, sizeof(*bigger.slot), e);
        if (bigger.slot == NULL)
            return -1;
        for (size_t i = 0; i < t->size; i++)
            if (t->slot[i].used)
                *table_slot(&bigger, t->slot[i].key) = t->slot[i];
        free(t->slot);
        *t = bigger;
    }
    s = table_slot(t, key);
    t->n += !s->used;
    *s = (struct slot){.key = key, .a = a, .b = b, .used = 1};
    return 0;
}

/* ---- the store ---- */

struct cache {
    char *dir;            /* NULL: the nameless file */
    int fd;               /* of the nameless file */
    uint64_t end;         /* of the nameless file: where the next entry goes */
    struct table entries; /* of the nameless file: key -> offset, bytes */
    struct table sources; /* hash of a path -> bytes, hash of them */
    uint64_t misses;
};

enum kind { KIND_IMAGE, KIND_MASK, KIND_TISSUE };

/* What an entry begins with; its pixels follow.  All of it has a fixed size and no padding. */
struct header {
    char magic[8];
    uint32_t order; /* tells the byte order */
    uint32_t max;
    uint64_t key, source_bytes, source_hash;
    uint64_t count;
    uint32_t h, w, x0, y0, x1, y1;
    uint8_t spare[24];
};

#define MAGIC "mpcache1"
#define ORDER 0x01020304u

_Static_assert(sizeof(struct header) == 96, "the header has no padding");

static struct cache *
nameless(struct cache *c, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    char *name = mem_printf(e, "%s/mammopipe.XXXXXX", tmp != NULL && tmp[0] ? tmp : "/tmp");

    if (name == NULL)
        return NULL;
    c->fd = mkstemp(name);
    if (c->fd == -1)
        err_sys(e, "%s", name);
    else
        unlink(name);
    free(name);
    return c->fd == -1 ? NULL : c;
}

struct cache *
cache_open(const char *dir, struct err *e)
{
    struct cache *c = mem_array(1, sizeof(*c), e);
    struct stat st;
    int ok;

    if (c == NULL)
        return NULL;
    c->fd = -1;
    if (dir == NULL) {
        ok = nameless(c, e) != NULL;
    } else if (mkdir(dir, 0777) == -1 && errno != EEXIST) {
        ok = err_sys(e, "%s", dir) == 0;
    } else if (stat(dir, &st) == -1 || !S_ISDIR(st.st_mode)) {
        ok = err_set(e, "%s: not a folder", dir) == 0;
    } else {
        c->dir = mem_string(dir, e);
        ok = c->dir != NULL;
    }
    if (!ok) {
        cache_close(c);
        return NULL;
    }
    return c;
}

void
cache_close(struct cache *c)
{
    if (c == NULL)
        return;
    if (c->fd != -1)
        close(c->fd);
    free(c->dir);
    free(c->entries.slot);
    free(c->sources.slot);
    free(c);
}

uint64_t
cache_misses(const struct cache *c)
{
    return c->misses;
}

static char *
entry_name(const struct cache *c, uint64_t key, struct err *e)
{
    return mem_printf(e, "%s/%016llx.raw", c->dir, (unsigned long long)key);
}

static int
write_at(int fd, const void *bytes, size_t n, uint64_t at)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t put = pwrite(fd, p, n, (off_t)at);

        if (put == -1 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        p += put;
        at += (uint64_t)put;
        n -= (size_t)put;
    }
    return 0;
}

/* In a folder an entry appears whole or not at all, under a name that no other program writes. */
static int
store_in_folder(struct cache *c, const struct header *h, const void *px, size_t bytes,
                struct err *e)
{
    char *name = entry_name(c, h->key, e), *tmp = name ? mem_printf(e, "%s.XXXXXX", name) : NULL;
    int fd = tmp ? mkstemp(tmp) : -1, rc = -1;

    if (tmp == NULL)
        goto done;
    if (fd == -1) {
        err_sys(e, "%s", tmp);
        goto done;
    }
    if (write_at(fd, h, sizeof(*h), 0) == 0 && write_at(fd, px, bytes, sizeof(*h)) == 0 &&
        fchmod(fd, 0644) == 0 && fsync(fd) == 0 && rename(tmp, name) == 0)
        rc = 0;
    else
        err_sys(e, "%s", name);
    close(fd);
    if (rc == -1)
        unlink(tmp);
done:
    free(name);
    free(tmp);
    return rc;
}

/* In the nameless file it begins at a multiple of any page size, so that it can be mapped. */
static int
store_nameless(struct cache *c, const struct header *h, const void *px, size_t bytes, struct err *e)
{
    const uint64_t page = 65536;
    uint64_t at = c->end;

    if (write_at(c->fd, h, sizeof(*h), at) == -1 ||
        write_at(c->fd, px, bytes, at + sizeof(*h)) == -1)
        return err_sys(e, "decoded images in %s", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    c->end = (at + sizeof(*h) + bytes + page - 1) / page * page;
    return table_put(&c->entries, h->key, at, sizeof(*h) + bytes, e);
}

/* Whether the bytes that were mapped are the whole entry `want` asks for; fills in out. */
static int
accept_entry(void *map, size_t bytes, const struct header *want, struct cache_plane *out)
{
    const struct header *h = map;
    const uint8_t *px = (const uint8_t *)map + sizeof(*h);
    size_t size = h->max > 255 ? 2 : 1;

    if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 || h->order != ORDER ||
        h->key != want->key || h->source_bytes != want->source_bytes ||
        h->source_hash != want->source_hash)
        return 0;
    if (h->h > IMAGE_MAX_SIDE || h->w > IMAGE_MAX_SIDE || h->x0 > h->x1 || h->y0 > h->y1 ||
        h->x1 > h->w || h->y1 > h->h)
        return 0;
    if (bytes != sizeof(*h) + (size_t)(h->x1 - h->x0) * (h->y1 - h->y0) * size)
        return 0;
    *out = (struct cache_plane){.h = h->h,
                                .w = h->w,
                                .x0 = h->x0,
                                .y0 = h->y0,
                                .x1 = h->x1,
                                .y1 = h->y1,
                                .count = (size_t)h->count,
                                .max = h->max,
                                .u8 = size == 1 ? px : NULL,
                                .u16 = size == 2 ? (const uint16_t *)(const void *)px : NULL,
                                .map = map,
                                .map_bytes = bytes};
    return 1;
}

/* Maps an entry: 1, 0 where it is not there (or not whole), -1. */
static int
map_entry(const struct cache *c, const struct header *want, struct cache_plane *out, struct err *e)
{
    const struct slot *s = NULL;
    uint64_t at = 0, bytes = 0;
    int fd = c->fd, rc = 0;
    void *map;

    if (c->dir == NULL) {
        s = table_get(&c->entries, want->key);
        if (s == NULL)
            return 0;
        at = s->a;
        bytes = s->b;
    } else {
        char *name = entry_name(c, want->key, e);
        struct stat st;

        if (name == NULL)
            return -1;
        fd = open(name, O_RDONLY);
        if (fd == -1 && errno != ENOENT)
            rc = err_sys(e, "%s", name);
        free(name);
        if (fd == -1)
            return rc;
        if (fstat(fd, &st) == 0 && st.st_size > 0)
            bytes = (uint64_t)st.st_size;
    }
    if (bytes >= sizeof(struct header)) {
        map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, (off_t)at);
        if (map == MAP_FAILED)
            rc = err_sys(e, "cannot map %llu bytes", (unsigned long long)bytes);
        else if (!(rc = accept_entry(map, (size_t)bytes, want, out)))
            munmap(map, (size_t)bytes);
    }
    if (c->dir != NULL)
        close(fd);
    return rc;
}

void
cache_release(struct cache_plane *p)
{
    if (p->map != NULL)
        munmap(p->map, p->map_bytes);
    memset(p, 0, sizeof(*p));
}

/* ---- entries and their sources ---- */

/* Number and hash of the bytes at path, computed once. */
static int
source_of(struct cache *c, const char *path, uint64_t *bytes, uint64_t *hash, struct err *e)
{
    uint64_t key = rng_hash(path, strlen(path));
    const struct slot *s = table_get(&c->sources, key);
    unsigned char *text;
    size_t n;

    if (s == NULL) {
        text = input_slurp(path, MAX_SOURCE, &n, e);
        if (text == NULL)
            return -1;
        *bytes = n;
        *hash = rng_hash(text, n);
        free(text);
        return table_put(&c->sources, key, *bytes, *hash, e);
    }
    *bytes = s->a;
    *hash = s->b;
    return 0;
}

static int
put_entry(struct cache *c, const struct header *h, const void *px, struct err *e)
{
    size_t bytes = (size_t)(h->x1 - h->x0) * (h->y1 - h->y0) * (h->max > 255 ? 2 : 1);

    return c->dir ? store_in_folder(c, h, px, bytes, e) : store_nameless(c, h, px, bytes, e);
}

static int
put_image(struct cache *c, struct header *h, const char *path, struct err *e)
{
    struct image im;
    int rc;

    if (image_read(path, &im, e) == -1)
        return -1;
    h->h = h->y1 = (uint32_t)im.h;
    h->w = h->x1 = (uint32_t)im.w;
    h->max = im.max;
    if (im.max == 255) {
        /* One byte a pixel, packed in place: the place written never runs ahead of the one read. */
        uint8_t *u8 = (uint8_t *)im.px;

        for (size_t i = 0; i < im.h * im.w; i++)
            u8[i] = (uint8_t)im.px[i];
    }
    rc = put_entry(c, h, im.px, e);
    image_free(&im);
    return rc;
}

/* Stores the box round a mask's pixels; frees the mask. */
static int
put_mask(struct cache *c, struct header *h, struct mask *m, struct err *e)
{
    size_t x0 = m->w, y0 = m->h, x1 = 0, y1 = 0, count = 0, w;
    int rc;

    for (size_t y = 0; y < m->h; y++)
        for (size_t x = 0; x < m->w; x++)
            if (m->px[y * m->w + x]) {
                x0 = x < x0 ? x : x0;
                x1 = x + 1 > x1 ? x + 1 : x1;
                y0 = y < y0 ? y : y0;
                y1 = y + 1;
                count++;
            }
    if (count == 0)
        x0 = y0 = 0;
    w = x1 - x0;
    for (size_t y = y0; y < y1; y++)
        memmove(m->px + (y - y0) * w, m->px + y * m->w + x0, w);
    h->h = (uint32_t)m->h;
    h->w = (uint32_t)m->w;
    h->x0 = (uint32_t)x0;
    h->y0 = (uint32_t)y0;
    h->x1 = (uint32_t)x1;
    h->y1 = (uint32_t)y1;
    h->max = 1;
    h->count = count;
    rc = put_entry(c, h, m->px, e);
    mask_free(m);
    return rc;
}

static int
put_tissue(struct cache *c, struct header *h, const char *path, struct err *e)
{
    struct image im;
    struct mask m;
    int rc;

    if (image_read(path, &im, e) == -1)
        return -1;
    rc = tissue_find(&im, NULL, &m, e);
    image_free(&im);
    return rc == -1 ? err_in(e, "%s", path) : put_mask(c, h, &m, e);
}

static int
fetch(struct cache *c, enum kind kind, const char *path, unsigned value, struct cache_plane *out,
      struct err *e)
{
    struct header h = {.magic = MAGIC, .order = ORDER};
    struct mask m;
    char text[160];
    int rc;

    memset(out, 0, sizeof(*out));
    if (source_of(c, path, &h.source_bytes, &h.source_hash, e) == -1)
        return -1;
    snprintf(text, sizeof(text), "%s %d %u %llu %llu", MP_VERSION, (int)kind, value,
             (unsigned long long)h.source_bytes, (unsigned long long)h.source_hash);
    h.key = rng_hash(text, strlen(text));
    rc = map_entry(c, &h, out, e);
    if (rc != 0)
        return rc == 1 ? 0 : -1;
    c->misses++;
    switch (kind) {
    case KIND_IMAGE:
        rc = put_image(c, &h, path, e);
        break;
    case KIND_MASK:
        rc = mask_read(path, value, &m, e) == -1 ? -1 : put_mask(c, &h, &m, e);
        break;
    case KIND_TISSUE:
        rc = put_tissue(c, &h, path, e);
        break;
    }
    if (rc == -1)
        return -1;
    rc = map_entry(c, &h, out, e);
    if (rc == 0)
        err_set(e, "%s: its entry in the cache is gone or was changed", path);
    return rc == 1 ? 0 : -1;
}

int
cache_image(struct cache *c, const char *path, struct cache_plane *out, struct err *e)
{
    return fetch(c, KIND_IMAGE, path, 0, out, e);
}

int
cache_mask(struct cache *c, const char *path, unsigned value, struct cache_plane *out,
           struct err *e)
{
    return fetch(c, KIND_MASK, path, value, out, e);
}

int
cache_tissue(struct cache *c, const char *path, struct cache_plane *out, struct err *e)
{
    return fetch(c, KIND_TISSUE, path, 0, out, e);
}
