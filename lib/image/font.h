/*
 * font - a small fixed-width bitmap font for captions: printable ASCII, drawn for this project.
 */
#ifndef MP_IMAGE_FONT_H
#define MP_IMAGE_FONT_H

#include <stddef.h>

#define FONT_GLYPH_W 5
#define FONT_GLYPH_H 9 /* 7 above the base line, 2 below */
#define FONT_ADVANCE 6 /* from one character to the next */
#define FONT_LINE 11   /* from one line of text to the next */

/* 1 where pixel (y, x) of c is ink; other characters than ASCII 32 to 126 look like '?'. */
int font_pixel(char c, size_t y, size_t x);

/* The width of a text in pixels, each font pixel drawn scale x scale. */
size_t font_width(const char *text, size_t scale);

#endif
