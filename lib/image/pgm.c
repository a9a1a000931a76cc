/*
 * PGM, plain (P2) and raw (P5), as netpbm's pgm(5) defines them.  A file holds one image; bytes
 * behind it are an error, because nothing else would tell a wrong size from a right one.
 */
#include "image/codec.h"

struct cursor {
    const unsigned char *p, *end;
};

struct header {
    int raw;
    size_t h, w;
    unsigned max;
};

static int
is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Skips white space and comments, which run from # to the end of the line. */
static void
skip(struct cursor *c)
{
    while (c->p < c->end && (is_space(*c->p) || *c->p == '#')) {
        if (*c->p == '#')
            while (c->p < c->end && *c->p != '\n' && *c->p != '\r')
                c->p++;
        else
            c->p++;
    }
}

/* The next number, at most `limit`.  Returns 0, 1 at the end of the bytes, or -1. */
static int
number(struct cursor *c, const char *what, unsigned limit, unsigned *v, struct err *e)
{
    skip(c);
    if (c->p == c->end)
        return 1;
    if (*c->p < '0' || *c->p > '9')
        return err_set(e, "%s is not a number", what);
    for (*v = 0; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        *v = *v * 10 + (unsigned)(*c->p - '0');
        if (*v > limit)
            return err_set(e, "%s exceeds %u", what, limit);
    }
    return 0;
}

/* A number of the header: as number(), but what follows it must be there too. */
static int
header_number(struct cursor *c, const char *what, unsigned limit, unsigned *v, struct err *e)
{
    int rc = number(c, what, limit, v, e);

    if (rc != 0)
        return rc;
    if (c->p == c->end)
        return 1;
    if (!is_space(*c->p) && *c->p != '#')
        return err_set(e, "%s is not a number", what);
    return *v >= 1 ? 0 : err_set(e, "%s is 0", what);
}

/* Reads up to the white space behind the largest value: 0, 1 where the bytes end first, or -1. */
static int
read_header(struct cursor *c, struct header *hd, struct err *e)
{
    unsigned h, w;
    int rc;

    hd->raw = c->p[1] == '5';
    c->p += 2;
    if ((rc = header_number(c, "the width", IMAGE_MAX_SIDE, &w, e)) != 0 ||
        (rc = header_number(c, "the height", IMAGE_MAX_SIDE, &h, e)) != 0 ||
        (rc = header_number(c, "the largest value", 65535, &hd->max, e)) != 0)
        return rc;
    hd->h = h;
    hd->w = w;
    return 0;
}

static int
decode_raw(struct cursor *c, const struct header *hd, uint16_t *px, struct err *e)
{
    size_t n = hd->h * hd->w, bytes = hd->max > 255 ? 2 : 1, have;

    /* One white space ends the header.  A comment here is pixels, as for netpbm's own readers. */
    if (!is_space(*c->p++))
        return err_set(e, "no white space behind the largest value");
    have = (size_t)(c->end - c->p);
    if (have != n * bytes)
        return err_set(e, "%zu bytes of pixels where %zu x %zu needs %zu", have, hd->w, hd->h,
                       n * bytes);
    for (size_t i = 0; i < n; i++, c->p += bytes)
        px[i] = bytes == 2 ? (uint16_t)(c->p[0] << 8 | c->p[1]) : c->p[0];
    return 0;
}

static int
decode_plain(struct cursor *c, const struct header *hd, uint16_t *px, struct err *e)
{
    for (size_t i = 0; i < hd->h * hd->w; i++) {
        unsigned v;
        int rc = number(c, "a pixel", 65535, &v, e);

        if (rc == 1)
            return err_set(e, "%zu pixels where %zu x %zu needs %zu", i, hd->w, hd->h,
                           hd->h * hd->w);
        if (rc == -1)
            return -1;
        if (c->p < c->end && !is_space(*c->p) && *c->p != '#')
            return err_set(e, "pixel %zu is not a number", i);
        px[i] = (uint16_t)v;
    }
    skip(c);
    if (c->p != c->end)
        return err_set(e, "bytes behind the last pixel");
    return 0;
}

int
size_pgm(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e)
{
    struct cursor c = {b, b + n};
    struct header hd;
    int rc = read_header(&c, &hd, e);

    if (rc == 0) {
        *h = hd.h;
        *w = hd.w;
    }
    return rc;
}

int
decode_pgm(const unsigned char *b, size_t n, struct image *im, struct err *e)
{
    struct cursor c = {b, b + n};
    struct header hd;
    unsigned max;
    int rc = read_header(&c, &hd, e);

    *im = (struct image){0};
    if (rc == 1)
        return err_set(e, "the header is cut");
    if (rc == -1)
        return -1;
    /* A pixel takes at least one byte: no memory is taken for a size that lies. */
    if ((size_t)(c.end - c.p) < hd.h * hd.w)
        return err_set(e, "%zu bytes behind the header of a %zu x %zu image", (size_t)(c.end - c.p),
                       hd.w, hd.h);
    max = hd.max > 255 ? 65535 : 255;
    if (image_alloc(im, hd.h, hd.w, max, e) == -1)
        return -1;
    rc = hd.raw ? decode_raw(&c, &hd, im->px, e) : decode_plain(&c, &hd, im->px, e);
    for (size_t i = 0; i < hd.h * hd.w && rc == 0; i++) {
        if (im->px[i] > hd.max)
            rc = err_set(e, "pixel (%zu, %zu) is %u, the largest value %u", i % hd.w, i / hd.w,
                         im->px[i], hd.max);
        else if (hd.max != max)
            im->px[i] = (uint16_t)((im->px[i] * max + hd.max / 2) / hd.max);
    }
    if (rc == -1)
        image_free(im);
    return rc;
}
