/* Channels put side by side and taken apart: every number, at counts that are copied each in its
 * way. */
#include <stdlib.h>

#include "nn/ops.h"
#include "tap.h"

static struct tensor *
counted(struct tape *t, size_t rows, size_t channels, size_t first)
{
    const size_t shape[2] = {rows, channels};
    struct tensor *x = tape_const(t, 2, shape, NULL);

    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)(first + i);
    return x;
}

static int
is_part(const struct tensor *whole, const struct tensor *part, size_t first)
{
    size_t c = part->shape[1], all = whole->shape[1], bad = part->n != part->shape[0] * c;

    for (size_t i = 0; i < part->n; i++)
        bad += whole->v[i / c * all + first + i % c] != part->v[i];
    return bad == 0;
}

int
main(void)
{
    static const size_t rows[] = {3, 5000}; /* on one thread, on several */
    struct tape *t = tape_open();

    if (t == NULL)
        return 1;
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        for (size_t a = 1; a <= 18; a++) {
            size_t b = 19 - a;
            struct tensor *x, *y, *both, *wide;
            double sum = 0, want = 0;

            tape_reset(t);
            x = counted(t, rows[k], a, 1);
            y = counted(t, rows[k], b, 1 + x->n);
            both = nn_concat(t, x, y);
            wide = nn_embed(t, x, 2, a + 3);
            for (size_t i = 0; i < wide->n; i++)
                sum += (double)wide->v[i];
            for (size_t i = 0; i < x->n; i++)
                want += (double)x->v[i];
            tap_ok(both->shape[1] == a + b && is_part(both, x, 0) && is_part(both, y, a) &&
                       is_part(both, nn_slice(t, both, 0, a), 0) &&
                       is_part(both, nn_slice(t, both, a, b), a) && is_part(wide, x, 2) &&
                       sum == want,
                   "%zu rows, %zu and %zu channels", rows[k], a, b);
        }
    tape_close(t);
    return tap_done(36);
}
