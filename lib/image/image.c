#include "image/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/codec.h"
#include "io/input.h"

/* Most bytes of a file: the largest image, 16 bit, not compressed, with room for a header. */
#define MAX_FILE ((size_t)IMAGE_MAX_SIDE * IMAGE_MAX_SIDE * 2 + 65536)

/* Bytes in which the size is nearly always found (a JPEG may carry an unusual lot of metadata). */
#define HEAD 65536

struct format {
    const char *magic;
    size_t n;
    int (*decode)(const unsigned char *b, size_t n, struct image *im, struct err *e);
    int (*size)(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e);
};

static const struct format formats[] = {
    {"\x89PNG\r\n\x1a\n", 8, decode_png, size_png},
    {"P5", 2, decode_pgm, size_pgm},
    {"P2", 2, decode_pgm, size_pgm},
    {"\xff\xd8\xff", 3, decode_jpeg, size_jpeg},
};

static const struct format *
find_format(const unsigned char *b, size_t n, struct err *e)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (n >= formats[i].n && memcmp(b, formats[i].magic, formats[i].n) == 0)
            return &formats[i];
    err_set(e, n == 0 ? "empty file" : "not a PNG, PGM or JPEG image");
    return NULL;
}

static const char *
name_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

int
image_check_sides(size_t h, size_t w, struct err *e)
{
    if (h < 1 || w < 1 || h > IMAGE_MAX_SIDE || w > IMAGE_MAX_SIDE)
        return err_set(e, "size %zu x %zu is outside 1 to %d", w, h, IMAGE_MAX_SIDE);
    return 0;
}

int
image_alloc(struct image *im, size_t h, size_t w, unsigned max, struct err *e)
{
    *im = (struct image){.h = h, .w = w, .max = max};
    if (image_check_sides(h, w, e) == -1)
        return -1;
    im->px = mem_array_raw(h * w, sizeof(*im->px), e);
    return im->px ? 0 : -1;
}

void
image_free(struct image *im)
{
    free(im->px);
    *im = (struct image){0};
}

int
image_read(const char *path, struct image *im, struct err *e)
{
    const struct format *f;
    unsigned char *b;
    size_t n;
    int rc;

    *im = (struct image){0};
    b = input_slurp(path, MAX_FILE, &n, e);
    if (b == NULL)
        return -1;
    f = find_format(b, n, e);
    rc = f ? f->decode(b, n, im, e) : -1;
    free(b);
    if (rc == -1) {
        image_free(im);
        return err_in(e, "%s", name_of(path));
    }
    return 0;
}

int
image_size(const char *path, size_t *h, size_t *w, struct err *e)
{
    unsigned char *b;
    size_t n;
    int rc = 1;

    for (int whole = 0; whole < 2 && rc == 1; whole++) {
        const struct format *f;

        b = whole ? input_slurp(path, MAX_FILE, &n, e) : input_head(path, HEAD, &n, e);
        if (b == NULL)
            return -1;
        f = find_format(b, n, e);
        rc = f ? f->size(b, n, h, w, e) : -1;
        free(b);
        /* What was read from a pipe cannot be read again; a short file has no more to give. */
        if (rc == 1 && (whole || n < HEAD || strcmp(path, "-") == 0))
            rc = err_set(e, "the header is cut or too long");
    }
    return rc == -1 ? err_in(e, "%s", name_of(path)) : 0;
}

/* ---- masks ---- */

int
mask_alloc(struct mask *m, size_t h, size_t w, struct err *e)
{
    *m = (struct mask){.h = h, .w = w};
    if (image_check_sides(h, w, e) == -1)
        return -1;
    m->px = mem_array(h * w, 1, e);
    return m->px ? 0 : -1;
}

void
mask_free(struct mask *m)
{
    free(m->px);
    *m = (struct mask){0};
}

int
mask_read(const char *path, unsigned value, struct mask *m, struct err *e)
{
    struct image im;

    *m = (struct mask){0};
    if (image_read(path, &im, e) == -1)
        return -1;
    if (mask_alloc(m, im.h, im.w, e) == -1) {
        image_free(&im);
        return err_in(e, "%s", name_of(path));
    }
    for (size_t i = 0; i < im.h * im.w; i++)
        m->px[i] = value == 0 ? im.px[i] != 0 : im.px[i] == value;
    image_free(&im);
    return 0;
}
