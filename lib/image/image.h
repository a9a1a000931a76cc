/*
 * image - grey images and masks in memory, and their files.
 *
 * PNG (8, 16 bit, grey; colour only where R = G = B), PGM (P2, P5, 8 and 16 bit) and JPEG (grey, or
 * colour that is grey) come in through one call; PNG goes out.  Grey levels are absolute: nothing
 * is ever stretched to the range of an image.
 */
#ifndef MP_IMAGE_IMAGE_H
#define MP_IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define IMAGE_MAX_SIDE 16384

/* Grey levels 0 .. max (255 or 65535), row-major; owned by the image. */
struct image {
    size_t h, w;
    unsigned max;
    uint16_t *px;
};

/* A binary mask [h][w] of 0 and 1, row-major; owned by the mask. */
struct mask {
    size_t h, w;
    uint8_t *px;
};

/* Reads a file or archive member ("-" is stdin), told by its first bytes.  Returns 0 or -1. */
int image_read(const char *path, struct image *im, struct err *e);
void image_free(struct image *im);

/* Width and height alone, from the header. */
int image_size(const char *path, size_t *h, size_t *w, struct err *e);

/* A mask file: any image.  value 0 = every non-zero pixel, else the pixels of that grey level. */
int mask_read(const char *path, unsigned value, struct mask *m, struct err *e);
int mask_alloc(struct mask *m, size_t h, size_t w, struct err *e);
void mask_free(struct mask *m);

/* PNG, atomically.  text: NULL, or pairs (keyword, text) ended by NULL, stored as tEXt. */
int image_write_png(const char *path, const struct image *im, const char *const *text,
                    struct err *e);
int mask_write_png(const char *path, const struct mask *m, struct err *e); /* 0 / 255 */
int rgb_write_png(const char *path, const uint8_t *rgb, size_t h, size_t w, const char *const *text,
                  struct err *e);

#endif
