/*
 * What the discriminator sees of a patch: how often each change is made, that the changes are
 * independent, and how their probability is adapted.
 */
#include <stdlib.h>

#include "train/diff_augment.h"
#include "tap.h"

enum { SIDE = 32, REACH = SIDE / 8, PATCHES = 500, ROUNDS = 12 };

/* A mark with its centroid in the centre of the patch, which none of the square's symmetries but
   the identity maps to itself.  Offsets in half pixels. */
static const struct {
    int y, x;
    double v;
} mark[3] = {{1, 5, 1}, {-3, -1, 0.5}, {1, -9, 0.5}};

static size_t
at(int y, int x, int dy, int dx)
{
    return (size_t)((SIDE - 1 + y) / 2 + dy) * SIDE + (size_t)((SIDE - 1 + x) / 2 + dx);
}

/* Of PATCHES equal patches, the number in which those changes of `mask` were seen (bits: turn,
   shift, grey) is added to n[mask].  Patches in which something else was seen are returned. */
static int
count(double p, uint64_t update, int n[8])
{
    const size_t shape[4] = {PATCHES, SIDE, SIDE, 1};
    struct tape *t = tape_open();
    struct tensor *x = tape_const(t, 4, shape, NULL), *y;
    int bad = 0;

    for (size_t k = 0; k < PATCHES; k++)
        for (int i = 0; i < 3; i++)
            x->v[k * SIDE * SIDE + at(mark[i].y, mark[i].x, 0, 0)] = (real)mark[i].v;
    y = diff_augment(t, 7, p, x, "target", update);
    for (size_t k = 0; k < PATCHES; k++) {
        const real *v = y->v + k * SIDE * SIDE;
        double low = (double)v[0], high = low, sum = 0, cy = 0, cx = 0;
        int dy, dx, turned = 0;

        for (size_t i = 0; i < SIDE * SIDE; i++)
            high = (double)v[i] > high ? (double)v[i] : high;
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            double w = ((double)v[i] - low) / (high - low);

            sum += w;
            cy += w * (double)(i / SIDE);
            cx += w * (double)(i % SIDE);
        }
        dy = (int)lround(cy / sum - (SIDE - 1) / 2.0);
        dx = (int)lround(cx / sum - (SIDE - 1) / 2.0);
        bad += fabs(sum - 2) > 1e-4 || abs(dy) > REACH || abs(dx) > REACH ||
               !(high - low > 0.799 && high - low < 1.201 && fabs(low) < 0.1001);
        for (int i = 0; i < 3; i++)
            turned |= fabs(((double)v[at(mark[i].y, mark[i].x, dy, dx)] - low) / (high - low) -
                           mark[i].v) > 1e-4;
        n[turned | (dy != 0 || dx != 0) << 1 | (low != 0 || high != 1) << 2]++;
    }
    tape_close(t);
    return bad;
}

/* Each combination of changes as often as with independent ones. */
static void
rates(double p)
{
    /* One of eight turns is none, and so is one of 81 shifts. */
    double seen[3] = {p * 7 / 8, p * 80 / 81, p}, worst = 0;
    int n[8] = {0}, bad = 0, total = PATCHES * ROUNDS;

    for (uint64_t i = 0; i < ROUNDS; i++)
        bad += count(p, i, n);
    for (int mask = 0; mask < 8; mask++) {
        double want = 1;

        for (int i = 0; i < 3; i++)
            want *= mask >> i & 1 ? seen[i] : 1 - seen[i];
        worst = tap_larger(worst,
                           fabs(n[mask] - want * total) / (sqrt(want * (1 - want) * total) + 1e-9));
    }
    tap_ok(bad == 0 && worst < 4, "p = %g: combinations of changes are off by %.1f deviations", p,
           worst);
}

static void
adapting(void)
{
    struct ada a = {0};
    uint64_t n = 0;
    double was = 0;
    int moved = 0;

    for (int i = 0; i < 40; i++) {
        ada_update(&a, 5, 1000, 1, ++n);
        moved += a.p != was;
        was = a.p;
    }
    tap_ok(moved == 10, "it moves every fourth time");
    tap_near(a.p, 0.2, 1e-12, "200 patches of 1000 raise it by a fifth");
    for (int i = 0; i < 400; i++)
        ada_update(&a, 5, 1000, 1, ++n);
    tap_ok(a.p == 0.8, "to 0.8 at most");
    for (int i = 0; i < 4; i++)
        ada_update(&a, 5, 1000, i < 3 ? 0.8 : -0.2, ++n);
    tap_near(a.p, 0.78, 1e-12, "a mean sign of 0.55 lowers it");
    for (int i = 0; i < 4; i++)
        ada_update(&a, 5, 1000, i < 3 ? 1 : -0.2, ++n);
    tap_near(a.p, 0.8, 1e-12, "one of 0.7 raises it");
    for (int i = 0; i < 400; i++)
        ada_update(&a, 5, 1000, -1, ++n);
    tap_ok(a.p == 0, "to 0 at least");
}

int
main(void)
{
    struct tape *t = tape_open();
    const size_t shape[4] = {1, SIDE, SIDE, 1};
    struct tensor *x = tape_const(t, 4, shape, NULL);

    tap_ok(diff_augment(t, 7, 0, x, "target", 0) == x, "p = 0: the patches themselves");
    tape_close(t);
    rates(0.3);
    rates(0.8);
    rates(1);
    adapting();
    return tap_done(10);
}
