/* cache: what comes out is what is in the files; entries are found again, renewed and repaired. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "image/cache.h"
#include "image/image.h"
#include "image/tissue.h"
#include "tap.h"

enum { SIDE_H = 150, SIDE_W = 110 };

static char dir[] = "/tmp/test_cache.XXXXXX", image_path[64], deep_path[64], mask_path[64],
            store[64];

static void
put_pgm(const char *path, unsigned max, unsigned (*level)(size_t y, size_t x))
{
    FILE *f = fopen(path, "wb");

    if (f == NULL)
        exit(1);
    fprintf(f, "P5\n%d %d\n%u\n", SIDE_W, SIDE_H, max);
    for (size_t y = 0; y < SIDE_H; y++)
        for (size_t x = 0; x < SIDE_W; x++) {
            if (max > 255)
                fputc((int)(level(y, x) >> 8), f);
            fputc((int)(level(y, x) & 255), f);
        }
    if (fclose(f) != 0)
        exit(1);
}

/* A breast on the left: bright, rounded, on black. */
static unsigned
breast(size_t y, size_t x)
{
    double v = ((double)y - 75) / 60, u = (double)x / 70;

    return u * u + v * v < 1 ? 120 + (unsigned)((x * 7 + y * 13) % 40) : 0;
}

static unsigned
deep(size_t y, size_t x)
{
    return (unsigned)(y * 400 + x * 3);
}

static unsigned
spots(size_t y, size_t x)
{
    if (y >= 20 && y < 30 && x >= 40 && x < 44)
        return 7;
    return y == 100 && x > 90 ? 9 : 0;
}

static size_t
files_in(const char *path)
{
    DIR *d = opendir(path);
    size_t n = 0;

    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        closedir(d);
    return n - 2;
}

static int
same_image(const struct cache_plane *p, const char *path)
{
    struct image im;
    struct err e;
    int ok;

    if (image_read(path, &im, &e) == -1)
        return 0;
    ok = p->h == im.h && p->w == im.w && p->max == im.max && p->x1 == im.w && p->y1 == im.h;
    for (size_t i = 0; i < im.h * im.w && ok; i++)
        ok = (p->u8 ? p->u8[i] : p->u16[i]) == im.px[i];
    image_free(&im);
    return ok;
}

static int
same_mask(const struct cache_plane *p, const struct mask *m)
{
    size_t count = 0;

    for (size_t y = 0; y < m->h; y++)
        for (size_t x = 0; x < m->w; x++) {
            int in = x >= p->x0 && x < p->x1 && y >= p->y0 && y < p->y1;

            if ((in ? p->u8[(y - p->y0) * (p->x1 - p->x0) + x - p->x0] : 0) != m->px[y * m->w + x])
                return 0;
            count += m->px[y * m->w + x];
        }
    return p->h == m->h && p->w == m->w && p->count == count;
}

/* All kinds of entries, in a cache that has them (misses 0) or not. */
static void
check_all(const char *what, struct cache *c, uint64_t misses)
{
    struct cache_plane p, q;
    struct image im;
    struct mask m;
    struct err e = {.text = ""};
    uint64_t before = cache_misses(c);

    tap_ok(cache_image(c, image_path, &p, &e) == 0 && p.u8 && same_image(&p, image_path),
           "%s: 8 bit", what);
    cache_release(&p);
    tap_ok(cache_image(c, deep_path, &p, &e) == 0 && p.u16 && same_image(&p, deep_path),
           "%s: 16 bit", what);
    tap_ok(cache_mask(c, mask_path, 7, &q, &e) == 0 && mask_read(mask_path, 7, &m, &e) == 0 &&
               same_mask(&q, &m) && q.x0 == 40 && q.x1 == 44 && q.y0 == 20 && q.y1 == 30,
           "%s: a mask of one grey level, as the box round it", what);
    tap_ok(same_image(&p, deep_path), "%s: a plane outlives others", what);
    cache_release(&p);
    cache_release(&q);
    mask_free(&m);
    tap_ok(cache_mask(c, mask_path, 0, &q, &e) == 0 && mask_read(mask_path, 0, &m, &e) == 0 &&
               same_mask(&q, &m),
           "%s: a mask of all levels", what);
    cache_release(&q);
    cache_release(&q);
    mask_free(&m);
    tap_ok(cache_mask(c, mask_path, 5, &q, &e) == 0 && q.count == 0 && q.x1 == 0 && q.h == SIDE_H,
           "%s: an empty mask", what);
    cache_release(&q);
    tap_ok(cache_tissue(c, image_path, &q, &e) == 0 && image_read(image_path, &im, &e) == 0 &&
               tissue_find(&im, NULL, &m, &e) == 0 && same_mask(&q, &m) && q.count > 0,
           "%s: tissue", what);
    cache_release(&q);
    mask_free(&m);
    image_free(&im);
    tap_ok(cache_misses(c) - before == misses, "%s: %llu made", what, (unsigned long long)misses);
}

static void
test_folder(void)
{
    struct err e = {.text = ""};
    struct cache *c = cache_open(store, &e);
    struct cache_plane p;
    char *name;
    DIR *d;

    if (!tap_ok(c != NULL, "a folder is made"))
        return;
    check_all("new folder", c, 6);
    check_all("same folder", c, 0);
    cache_close(c);
    tap_ok(files_in(store) == 6, "six entries, nothing else");
    c = cache_open(store, &e);
    check_all("opened again", c, 0);
    cache_close(c);

    /* The same bytes under another name, and other bytes under the same name. */
    name = mem_printf(&e, "%s/copy.pgm", dir);
    put_pgm(name, 255, breast);
    c = cache_open(store, &e);
    tap_ok(cache_image(c, name, &p, &e) == 0 && cache_misses(c) == 0, "a copy shares the entry");
    cache_release(&p);
    cache_close(c);
    put_pgm(name, 255, spots);
    c = cache_open(store, &e);
    tap_ok(cache_image(c, name, &p, &e) == 0 && cache_misses(c) == 1 && same_image(&p, name),
           "a changed file gets a new entry");
    cache_release(&p);
    cache_close(c);
    unlink(name);
    free(name);

    /* Entries that are cut or garbled are made again. */
    d = opendir(store);
    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        name = mem_printf(&e, "%s/%s", store, f->d_name);
        if (f->d_name[0] != '.' && truncate(name, f->d_name[0] & 1 ? 0 : 100) == -1)
            tap_ok(0, "truncate");
        free(name);
    }
    closedir(d);
    c = cache_open(store, &e);
    check_all("cut entries", c, 6);
    cache_close(c);
}

static void
test_nameless(void)
{
    struct err e = {.text = ""};
    struct cache *c;
    struct cache_plane p;

    setenv("TMPDIR", dir, 1);
    c = cache_open(NULL, &e);
    if (!tap_ok(c != NULL, "a nameless cache"))
        return;
    check_all("nameless", c, 6);
    check_all("nameless again", c, 0);
    tap_ok(cache_image(c, image_path, &p, &e) == 0, "a plane");
    cache_close(c);
    tap_ok(same_image(&p, image_path), "outlives the cache");
    cache_release(&p);
    tap_ok(files_in(dir) == 4, "and no file was left");
}

static void
test_errors(void)
{
    struct err e = {.text = ""};
    struct cache *c;
    struct cache_plane p;
    char *bad = mem_printf(&e, "%s/none.pgm", dir);
    FILE *f;

    tap_ok(cache_open(image_path, &e) == NULL && strstr(e.text, "not a folder"),
           "a file is no folder");
    tap_ok(cache_open("/nonexistent/a/b", &e) == NULL && strstr(e.text, "/nonexistent/a/b"),
           "a folder that cannot be made is named");
    c = cache_open(store, &e);
    tap_ok(cache_image(c, bad, &p, &e) == -1 && strstr(e.text, "none.pgm"),
           "a missing image is named");
    f = fopen(bad, "wb");
    if (f == NULL || fputs("P5\n10 10\n255\nabc", f) < 0 || fclose(f) != 0)
        exit(1);
    tap_ok(cache_tissue(c, bad, &p, &e) == -1 && strstr(e.text, "none.pgm"),
           "a cut image is named");
    cache_close(c);
    c = cache_open(store, &e);
    tap_ok(cache_mask(c, bad, 0, &p, &e) == -1 && strstr(e.text, "none.pgm"),
           "a cut mask is named");
    cache_close(c);
    unlink(bad);
    setenv("TMPDIR", "/nonexistent", 1);
    tap_ok(cache_open(NULL, &e) == NULL && strstr(e.text, "/nonexistent"),
           "a TMPDIR that is not there");
    free(bad);
}

int
main(void)
{
    char command[96];

    if (mkdtemp(dir) == NULL)
        return 1;
    snprintf(image_path, sizeof(image_path), "%s/breast.pgm", dir);
    snprintf(deep_path, sizeof(deep_path), "%s/deep.pgm", dir);
    snprintf(mask_path, sizeof(mask_path), "%s/mask.pgm", dir);
    snprintf(store, sizeof(store), "%s/store", dir);
    put_pgm(image_path, 255, breast);
    put_pgm(deep_path, 65535, deep);
    put_pgm(mask_path, 255, spots);
    test_folder();
    test_nameless();
    test_errors();
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) != 0 || tap_done(62);
}
