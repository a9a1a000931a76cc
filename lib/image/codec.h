/*
 * codec - the image formats, one pair of functions each; private to lib/image.
 *
 * decode_X() turns the n bytes at b into an image whose pixels the caller frees (image_free()); on
 * failure the image is empty.  size_X() finds height and width from the beginning of a file alone:
 * 0, -1, or 1 where the header goes on behind the n bytes.  Sides are 1 .. IMAGE_MAX_SIDE, else an
 * error.
 */
#ifndef MP_IMAGE_CODEC_H
#define MP_IMAGE_CODEC_H

#include "image/image.h"

int decode_png(const unsigned char *b, size_t n, struct image *im, struct err *e);
int size_png(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e);

int decode_pgm(const unsigned char *b, size_t n, struct image *im, struct err *e);
int size_pgm(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e);

int decode_jpeg(const unsigned char *b, size_t n, struct image *im, struct err *e);
int size_jpeg(const unsigned char *b, size_t n, size_t *h, size_t *w, struct err *e);

/* Checks the sides and allocates the pixels (uninitialised). */
int image_alloc(struct image *im, size_t h, size_t w, unsigned max, struct err *e);

/* The sides are inside 1 .. IMAGE_MAX_SIDE. */
int image_check_sides(size_t h, size_t w, struct err *e);

#endif
