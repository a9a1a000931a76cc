/* turn: a group of eight, and the flips and rotations of numpy. */
#include <string.h>

#include "image/turn.h"
#include "tap.h"

enum { SIDE = 3 };

static const char square[] = "abcdefghi";

/* numpy 1.24: np.rot90(np.fliplr(a) if flip else a, rotate // 90), row by row. */
static const char *const seen[2][4] = {
    {"abcdefghi", "cfibehadg", "ihgfedcba", "gdahebifc"},
    {"cbafedihg", "adgbehcfi", "ghidefabc", "ifchebgda"},
};

int
main(void)
{
    char turned[SIDE * SIDE], back[SIDE * SIDE];
    unsigned used = 0;

    for (int flip = 0; flip < 2; flip++)
        for (int k = 0; k < 4; k++) {
            unsigned turn = turn_of(flip, 90 * k);

            turn_square(turn, SIDE, 1, square, turned);
            tap_ok(memcmp(turned, seen[flip][k], sizeof(turned)) == 0, "flip %d, rotate %d", flip,
                   90 * k);
            turn_square(turn_undo(turn), SIDE, 1, turned, back);
            tap_ok(memcmp(back, square, sizeof(back)) == 0, "and back");
            used |= 1u << turn;
        }
    tap_ok(used == 0xff, "eight turns");
    tap_ok(turn_from(0, SIDE, 1, 2) == 5, "0 leaves a square as it is");
    return tap_done(18);
}
