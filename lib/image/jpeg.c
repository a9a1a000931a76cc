/*
 * JPEG through libjpeg: grey, or colour that is grey.  What libjpeg takes for a warning (a cut
 * file, a damaged scan) is an error here: it would go on with invented pixels.
 */
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

#include <setjmp.h>
#include <stdlib.h>

#include "base/mem.h"
#include "image/codec.h"

/*
 * Grey images are often stored in colour; chroma that was compressed leaves R, G and B this far
 * apart at most.
 */
#define MAX_CHROMA 3

/* A Huffman code has a bit at least, and there is one for the mean of each block of 64 pixels. */
#define MAX_RATIO 512

/* More scans than any encoder makes: small files of many scans are made to waste time. */
#define MAX_SCANS 200

struct reader {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr mgr;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    unsigned char *row;
    int cut; /* the bytes ended early */
    struct err *e;
};

static void
fail(j_common_ptr c)
{
    struct reader *r = c->client_data;
    char text[JMSG_LENGTH_MAX];

    c->err->format_message(c, text);
    err_set(r->e, "JPEG: %s", text);
    r->cut = c->err->msg_code == JWRN_JPEG_EOF;
    longjmp(r->jump, 1);
}

static void
on_message(j_common_ptr c, int level)
{
    if (level < 0)
        fail(c);
}

static void
on_progress(j_common_ptr c)
{
    struct reader *r = c->client_data;

    if (r->d.input_scan_number > MAX_SCANS) {
        err_set(r->e, "JPEG: more than %d scans", MAX_SCANS);
        longjmp(r->jump, 1);
    }
}

static void
start(struct reader *r, const unsigned char *b, size_t n)
{
    r->d.err = jpeg_std_error(&r->mgr);
    r->mgr.error_exit = fail;
    r->mgr.emit_message = on_message;
    r->d.client_data = r;
    jpeg_create_decompress(&r->d);
    r->progress.progress_monitor = on_progress;
    r->d.progress = &r->progress;
    jpeg_mem_src(&r->d, b, n);
    jpeg_read_header(&r->d, TRUE);
}

static int
convert_row(const unsigned char *row, size_t y, size_t w, int colour, uint16_t *px, struct err *e)
{
    if (!colour) {
        for (size_t x = 0; x < w; x++)
            px[x] = row[x];
        return 0;
    }
    for (size_t x = 0; x < w; x++) {
        int r = row[3 * x], g = row[3 * x + 1], b = row[3 * x + 2];

        if (abs(r - g) > MAX_CHROMA || abs(g - b) > MAX_CHROMA || abs(r - b) > MAX_CHROMA)
            return err_set(e, "a colour image: pixel (%zu, %zu) is %d %d %d", x, y, r, g, b);
        /* Luma of ITU-R BT.601, exactly the grey level where all three agree. */
        px[x] = (uint16_t)((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
    }
    return 0;
}

static int
decode(struct reader *r, const unsigned char *b, size_t n, struct image *im)
{
    size_t h, w;
    int colour;

    if (setjmp(r->jump))
        return -1;
    start(r, b, n);
    h = r->d.image_height;
    w = r->d.image_width;
    if (image_check_sides(h, w, r->e) == -1)
        return -1;
    if (r->d.arith_code)
        return err_set(r->e, "JPEG: arithmetic coding is not supported");
    if (h * w / MAX_RATIO > n)
        return err_set(r->e, "%zu bytes cannot hold a %zu x %zu image", n, w, h);
    if (r->d.num_components != 1 && r->d.num_components != 3)
        return err_set(r->e, "JPEG: %d components, not 1 or 3", r->d.num_components);
    colour = r->d.num_components == 3;
    r->d.out_color_space = colour ? JCS_RGB : JCS_GRAYSCALE;
    /* The slow transform gives the same bytes on every processor. */
    r->d.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&r->d);
    r->row = mem_array_raw(w, 3, r->e);
    if (r->row == NULL || image_alloc(im, h, w, 255, r->e) == -1)
        return -1;
    while (r->d.output_scanline < h) {
        size_t y = r->d.output_scanline;
        JSAMPROW row = r->row;

        jpeg_read_scanlines(&r->d, &row, 1);
        if (convert_row(r->row, y, w, colour, im->px + y * w, r->e) == -1)
            return -1;
    }
    jpeg_finish_decompress(&r->d);
    return 0;
}

int
decode_jpeg(const unsigned char *b, size_t n, struct image *im, struct err *e)
{
    struct reader r = {.e = e};
    int rc;

    *im = (struct image){0};
    rc = decode(&r, b, n, im);
    jpeg_destroy_decompress(&r.d);
    free(r.row);
    if (rc == -1)
        image_free(im);
    return rc;
}

static int
read_size(struct reader *r, const unsigned char *b, size_t n, size_t *h, size_t *w)
{
    if (setjmp(r->jump))
        return r->cut ? 1 : -1;
    start(r, b, n);
    *h = r->d.image_height;
    *w = r->d.image_width;
    return image_check_sides(*h, *w, r->e);
}

int
size_jpeg(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e)
{
    struct reader r = {.e = e};
    int rc = read_size(&r, b, n, h, w);

    jpeg_destroy_decompress(&r.d);
    return rc;
}
