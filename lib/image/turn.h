/*
 * turn - the eight symmetries of a square, by number.
 *
 * Bit 0 of a turn reverses the rows, bit 1 the columns; bit 2 then makes rows of the columns.  0
 * leaves a square as it is.
 */
#ifndef MP_IMAGE_TURN_H
#define MP_IMAGE_TURN_H

#include <stddef.h>

enum { TURNS = 8 };

/* Where pixel y, x of a square [side][side] that was turned comes from: row * side + column. */
size_t turn_from(unsigned turn, size_t side, size_t y, size_t x);

/* Turns a square of elements of `size` bytes into another. */
void turn_square(unsigned turn, size_t side, size_t size, const void *from, void *to);

/* What undoes it. */
unsigned turn_undo(unsigned turn);

/* The turn that flips left to right (0, 1), and then rotates by 0, 90, 180 or 270 degrees
 * counter-clockwise as seen. */
unsigned turn_of(int flip, int rotate);

#endif
