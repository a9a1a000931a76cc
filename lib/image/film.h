/*
 * film - the film on a scan: apart from the strips beside it that the scanner adds.
 *
 * Where no film lies a scanner sees its lamp, white, or its lid, black.  Film is cut straight, so
 * that such a strip runs along a side of the image and ends at a straight line, tilted a little
 * where the film lay askew.
 */
#ifndef MP_IMAGE_FILM_H
#define MP_IMAGE_FILM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the strips along all four sides and paints them over with the level of the film at their
 * end, row by row or column by column: then the plane holds film alone, as far as its edges.
 *
 *   p    [h][w]  grey levels, 0 .. 1
 *   off  [h][w]  written: 1 beside the film, 0 on it
 */
void film_frame(float *p, uint8_t *off, size_t h, size_t w);

#endif
