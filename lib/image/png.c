/*
 * PNG through libpng: grey of every depth in, and colour or a palette where it is grey all the
 * same; grey and RGB out.  libpng reports by longjmp: what is needed behind a jump lives in a
 * struct of the caller.
 */
#include <png.h>

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/mem.h"
#include "image/codec.h"
#include "io/output.h"

/* Deflate shrinks 1032 times at most: a header that promises more than that is lying. */
#define MAX_RATIO 1032

struct reader {
    const unsigned char *b;
    size_t n, at;
    png_structp png;
    png_infop info;
    unsigned char *row; /* a row, or all of them where the file is interlaced */
    struct err *e;
};

static void
on_error(png_structp png, png_const_charp text)
{
    struct err *e = png_get_error_ptr(png);

    /* A write that failed has left its reason already. */
    if (e->text[0] == '\0')
        err_set(e, "PNG: %s", text);
    png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void
read_bytes(png_structp png, png_bytep to, size_t n)
{
    struct reader *r = png_get_io_ptr(png);

    if (n > r->n - r->at)
        png_error(png, "the file is cut");
    memcpy(to, r->b + r->at, n);
    r->at += n;
}

static void
close_reader(struct reader *r)
{
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->row);
}

/*
 * One row of 1 (grey), 2 (grey, alpha), 3 or 4 (colour, alpha) channels into px.  Colour must be
 * grey, alpha must be opaque.
 */
static int
convert_row(const unsigned char *row, size_t y, size_t w, unsigned channels, unsigned bytes,
            uint16_t *px, struct err *e)
{
    unsigned opaque = bytes == 2 ? 65535 : 255;

    for (size_t x = 0; x < w; x++) {
        unsigned v[4] = {0};

        for (unsigned c = 0; c < channels; c++, row += bytes)
            v[c] = bytes == 2 ? (unsigned)row[0] << 8 | row[1] : row[0];
        if (channels >= 3 && (v[0] != v[1] || v[1] != v[2]))
            return err_set(e, "a colour image: pixel (%zu, %zu) is %u %u %u", x, y, v[0], v[1],
                           v[2]);
        if (channels % 2 == 0 && v[channels - 1] != opaque)
            return err_set(e, "pixel (%zu, %zu) is transparent (alpha %u of %u)", x, y,
                           v[channels - 1], opaque);
        px[x] = (uint16_t)v[0];
    }
    return 0;
}

/* Everything between two possible jumps.  Returns 0 or -1. */
static int
decode(struct reader *r, struct image *im)
{
    size_t h, w, stride, bytes;
    unsigned channels, depth;
    int interlaced;

    if (setjmp(png_jmpbuf(r->png)))
        return -1;
    png_set_read_fn(r->png, r, read_bytes);
    png_set_user_limits(r->png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
    png_set_chunk_cache_max(r->png, 128);
    png_set_chunk_malloc_max(r->png, 8 << 20);
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(r->png, r->info);
    h = png_get_image_height(r->png, r->info);
    w = png_get_image_width(r->png, r->info);
    interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
    if (png_get_rowbytes(r->png, r->info) / MAX_RATIO > r->n / h)
        return err_set(r->e, "%zu bytes cannot hold a %zu x %zu image", r->n, w, h);

    png_set_expand(r->png); /* palette to RGB, 1 2 4 bit grey to 8, a transparent colour to alpha */
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    channels = png_get_channels(r->png, r->info);
    depth = png_get_bit_depth(r->png, r->info);
    stride = png_get_rowbytes(r->png, r->info);
    if (mem_mul(stride, interlaced ? h : 1, &bytes) == -1 ||
        (r->row = mem_array(bytes, 1, r->e)) == NULL ||
        image_alloc(im, h, w, depth == 16 ? 65535 : 255, r->e) == -1)
        return -1;
    for (int pass = 0; interlaced && pass < 7; pass++)
        for (size_t y = 0; y < h; y++)
            png_read_row(r->png, r->row + y * stride, NULL);
    for (size_t y = 0; y < h; y++) {
        if (!interlaced)
            png_read_row(r->png, r->row, NULL);
        if (convert_row(r->row + (interlaced ? y * stride : 0), y, w, channels, depth / 8,
                        im->px + y * w, r->e) == -1)
            return -1;
    }
    png_read_end(r->png, NULL);
    return 0;
}

int
size_png(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e)
{
    enum { IHDR_END = 33 }; /* signature 8, length 4, type 4, data 13, CRC 4 */

    if (n < IHDR_END)
        return 1;
    if (memcmp(b + 8, "\0\0\0\15IHDR", 8) != 0)
        return err_set(e, "PNG: the header chunk is missing");
    if (png_get_uint_32(b + 29) != crc_more(0, b + 12, 17))
        return err_set(e, "PNG: IHDR: CRC error");
    *w = png_get_uint_32(b + 16);
    *h = png_get_uint_32(b + 20);
    return image_check_sides(*h, *w, e);
}

int
decode_png(const unsigned char *b, size_t n, struct image *im, struct err *e)
{
    struct reader r = {.b = b, .n = n, .e = e};
    size_t h, w;
    int rc;

    *im = (struct image){0};
    /* libpng would say no more than "invalid" of a size. */
    rc = size_png(b, n, &h, &w, e);
    if (rc != 0)
        return rc == 1 ? err_set(e, "PNG: the file is cut") : -1;
    e->text[0] = '\0';
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, e, on_error, on_warning);
    if (r.png == NULL)
        return err_set(e, "PNG: cannot start libpng");
    r.info = png_create_info_struct(r.png);
    rc = r.info ? decode(&r, im) : err_memory(e, 0);
    close_reader(&r);
    if (rc == -1)
        image_free(im);
    return rc;
}

/* ---- writing ---- */

struct writer {
    png_structp png;
    png_infop info;
    unsigned char *row;
    FILE *file;
    struct err *e;
};

static void
write_bytes(png_structp png, png_bytep from, size_t n)
{
    struct writer *w = png_get_io_ptr(png);

    if (fwrite(from, 1, n, w->file) != n) {
        err_sys(w->e, "write");
        png_error(png, "write");
    }
}

static void
flush_bytes(png_structp png)
{
    (void)png; /* output_commit() flushes */
}

static void
put_texts(struct writer *w, const char *const *text)
{
    for (; text != NULL && text[0] != NULL; text += 2) {
        png_text t = {.compression = PNG_TEXT_COMPRESSION_NONE};
        char keyword[80] = "";

        /* libpng does not write through these, but its types say that it could. */
        strncpy(keyword, text[0], sizeof(keyword) - 1);
        t.key = keyword;
        memcpy(&t.text, &text[1], sizeof(t.text));
        t.text_length = strlen(text[1]);
        png_set_text(w->png, w->info, &t, 1);
    }
}

/* One row of the source as bytes of the file. */
typedef void row_fn(const void *source, size_t y, size_t w, unsigned char *row);

static int
encode(struct writer *wr, const void *source, row_fn *fill, size_t h, size_t w, int depth,
       int colour, const char *const *text)
{
    if (setjmp(png_jmpbuf(wr->png)))
        return -1;
    png_set_write_fn(wr->png, wr, write_bytes, flush_bytes);
    png_set_IHDR(wr->png, wr->info, (png_uint_32)w, (png_uint_32)h, depth, colour,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    put_texts(wr, text);
    png_write_info(wr->png, wr->info);
    for (size_t y = 0; y < h; y++) {
        fill(source, y, w, wr->row);
        png_write_row(wr->png, wr->row);
    }
    png_write_end(wr->png, NULL);
    return 0;
}

static int
write_png(const char *path, const void *source, row_fn *fill, size_t h, size_t w, int depth,
          int colour, const char *const *text, struct err *e)
{
    struct writer wr = {.e = e};
    struct output out;
    int rc = -1;

    if (image_check_sides(h, w, e) == -1)
        return err_in(e, "%s", path);
    if (output_open(&out, path, e) == -1)
        return -1;
    e->text[0] = '\0';
    wr.file = out.file;
    wr.row = mem_array_raw(w, 6, e);
    wr.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, e, on_error, on_warning);
    wr.info = wr.png ? png_create_info_struct(wr.png) : NULL;
    if (wr.row != NULL && wr.info != NULL)
        rc = encode(&wr, source, fill, h, w, depth, colour, text);
    else if (wr.row != NULL)
        err_set(e, "PNG: cannot start libpng");
    png_destroy_write_struct(&wr.png, &wr.info);
    free(wr.row);
    if (rc == -1) {
        output_abort(&out);
        return err_in(e, "%s", path);
    }
    return output_commit(&out, e);
}

static void
fill_8(const void *source, size_t y, size_t w, unsigned char *row)
{
    const struct image *im = source;

    for (size_t x = 0; x < w; x++)
        row[x] = (unsigned char)im->px[y * w + x];
}

static void
fill_16(const void *source, size_t y, size_t w, unsigned char *row)
{
    const struct image *im = source;

    for (size_t x = 0; x < w; x++) {
        row[2 * x] = (unsigned char)(im->px[y * w + x] >> 8);
        row[2 * x + 1] = (unsigned char)(im->px[y * w + x] & 255);
    }
}

static void
fill_mask(const void *source, size_t y, size_t w, unsigned char *row)
{
    const struct mask *m = source;

    for (size_t x = 0; x < w; x++)
        row[x] = m->px[y * w + x] ? 255 : 0;
}

static void
fill_rgb(const void *source, size_t y, size_t w, unsigned char *row)
{
    memcpy(row, (const unsigned char *)source + y * w * 3, w * 3);
}

int
image_write_png(const char *path, const struct image *im, const char *const *text, struct err *e)
{
    int wide = im->max > 255;

    return write_png(path, im, wide ? fill_16 : fill_8, im->h, im->w, wide ? 16 : 8,
                     PNG_COLOR_TYPE_GRAY, text, e);
}

int
mask_write_png(const char *path, const struct mask *m, struct err *e)
{
    return write_png(path, m, fill_mask, m->h, m->w, 8, PNG_COLOR_TYPE_GRAY, NULL, e);
}

int
rgb_write_png(const char *path, const uint8_t *rgb, size_t h, size_t w, const char *const *text,
              struct err *e)
{
    return write_png(path, rgb, fill_rgb, h, w, 8, PNG_COLOR_TYPE_RGB, text, e);
}
