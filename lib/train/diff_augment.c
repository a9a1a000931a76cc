#include "train/diff_augment.h"

#include <stdio.h>

#include "base/rng.h"
#include "image/turn.h"
#include "nn/ops.h"

struct tensor *
diff_augment(struct tape *t, uint64_t seed, double p, struct tensor *x, const char *role,
             uint64_t update)
{
    size_t n = x->shape[0], s = x->shape[1], reach = s / 8;
    const size_t rows[2] = {n, s * s};
    struct tensor *factor, *offset, *y;
    uint32_t *from;
    char purpose[32];
    struct rng r, coin;

    if (!(p > 0))
        return x;
    snprintf(purpose, sizeof(purpose), "diff.%s", role);
    r = rng_at(seed, purpose, update);
    snprintf(purpose, sizeof(purpose), "ada.%s", role);
    coin = rng_at(seed, purpose, update);
    from = tape_bytes(t, n * s * s * sizeof(*from));
    factor = tape_const(t, 1, &n, NULL);
    offset = tape_const(t, 1, &n, NULL);
    for (size_t k = 0; k < n; k++) {
        unsigned turn = (unsigned)rng_below(&r, TURNS);
        long dy = (long)rng_below(&r, 2 * reach + 1) - (long)reach;
        long dx = (long)rng_below(&r, 2 * reach + 1) - (long)reach;

        factor->v[k] = (real)rng_between(&r, 0.8, 1.2);
        offset->v[k] = (real)rng_between(&r, -0.1, 0.1);
        if (!(rng_uniform(&coin) < p))
            turn = 0;
        if (!(rng_uniform(&coin) < p))
            dy = dx = 0;
        if (!(rng_uniform(&coin) < p)) {
            factor->v[k] = 1;
            offset->v[k] = 0;
        }
        for (size_t i = 0; i < s * s; i++) {
            long row = (long)(i / s) + dy, col = (long)(i % s) + dx, last = (long)s - 1;

            if (row < 0 || col < 0 || row > last || col > last) {
                from[k * s * s + i] = NN_NOWHERE;
                continue;
            }
            from[k * s * s + i] = (uint32_t)turn_from(turn, s, (size_t)row, (size_t)col);
        }
    }
    y = nn_gather(t, x, from);
    y = nn_mul(t, nn_reshape(t, y, 2, rows), nn_row_fill(t, factor, 2, rows));
    y = nn_add(t, y, nn_row_fill(t, offset, 2, rows));
    return nn_reshape(t, y, 4, x->shape);
}

void
ada_update(struct ada *a, size_t batch, double images, double sign, uint64_t updates)
{
    enum { INTERVAL = 4 };
    static const double target = 0.6, most = 0.8;
    double mean;

    a->signs += sign;
    if (updates % INTERVAL != 0)
        return;
    mean = a->signs / INTERVAL;
    a->signs = 0;
    a->p += ((mean > target) - (mean < target)) * (double)(INTERVAL * batch) / images;
    a->p = a->p < 0 ? 0 : a->p > most ? most : a->p;
}
