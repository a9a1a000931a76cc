#include "image/box.h"

static int
any_set(const uint8_t *p, size_t n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return any != 0;
}

/* First the rows that hold something; then each of them only as far as it widens the box. */
struct box
box_of_mask(const uint8_t *m, size_t h, size_t w)
{
    struct box b = {w, 0, 0, h};

    while (b.y0 < h && !any_set(m + b.y0 * w, w))
        b.y0++;
    if (b.y0 == h)
        return (struct box){0, 0, 0, 0};
    while (!any_set(m + (b.y1 - 1) * w, w))
        b.y1--;
    for (size_t y = b.y0; y < b.y1; y++) {
        const uint8_t *row = m + y * w;
        size_t x = 0;

        while (x < b.x0 && !row[x])
            x++;
        b.x0 = x;
        for (x = w; x > b.x1 && !row[x - 1];)
            x--;
        b.x1 = x;
    }
    return b;
}

struct box
box_widen(struct box b, size_t reach, size_t h, size_t w)
{
    return (struct box){.x0 = b.x0 > reach ? b.x0 - reach : 0,
                        .y0 = b.y0 > reach ? b.y0 - reach : 0,
                        .x1 = w - b.x1 > reach ? b.x1 + reach : w,
                        .y1 = h - b.y1 > reach ? b.y1 + reach : h};
}

int
box_meet(const struct box *a, const struct box *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}
