#include "image/turn.h"

#include <string.h>

size_t
turn_from(unsigned turn, size_t side, size_t y, size_t x)
{
    size_t row = turn & 1 ? side - 1 - y : y, col = turn & 2 ? side - 1 - x : x;

    return turn & 4 ? col * side + row : row * side + col;
}

void
turn_square(unsigned turn, size_t side, size_t size, const void *from, void *to)
{
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            memcpy((char *)to + (y * side + x) * size,
                   (const char *)from + turn_from(turn, side, y, x) * size, size);
}

unsigned
turn_undo(unsigned turn)
{
    static const unsigned undo[TURNS] = {0, 1, 2, 3, 4, 6, 5, 7};

    return undo[turn];
}

unsigned
turn_of(int flip, int rotate)
{
    static const unsigned turn[2][4] = {{0, 5, 3, 6}, {2, 4, 1, 7}};

    return turn[flip][rotate / 90];
}
