/*
 * place: sets of pixels against plain loops, and the law of the draws against all windows counted
 * one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "patch/place.h"
#include "tap.h"

enum { H = 26, W = 31, DRAWS = 15000 };

/* The normal deviate of a chi-square value (Wilson and Hilferty, PNAS 17:684, 1931). */
static double
deviate(double chi2, double freedom)
{
    double v = 2 / (9 * freedom);

    return (cbrt(chi2 / freedom) - (1 - v)) / sqrt(v);
}

/*
 * A mask plane of random pixels, trimmed to its box as the cache keeps it; full[H][W] is the truth.
 * `edge`: as far as the edges of the image.
 */
static void
random_mask(struct rng *r, uint8_t full[H][W], uint8_t *kept, struct cache_plane *p, double share,
            int edge)
{
    struct box b;
    size_t at = 0;

    memset(p, 0, sizeof(*p));
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++)
            full[y][x] = (edge || (y > 2 && x > 3 && x < 27)) && rng_uniform(r) < share;
    b = box_of_mask(&full[0][0], H, W);
    *p = (struct cache_plane){
        .h = H, .w = W, .x0 = b.x0, .y0 = b.y0, .x1 = b.x1, .y1 = b.y1, .max = 1, .u8 = kept};
    for (size_t y = b.y0; y < b.y1; y++)
        for (size_t x = b.x0; x < b.x1; x++)
            p->count += kept[at++] = full[y][x];
}

static size_t
count_full(uint8_t full[H][W], size_t x0, size_t y0, size_t x1, size_t y1)
{
    size_t n = 0;

    for (size_t y = y0; y < y1 && y < H; y++)
        for (size_t x = x0; x < x1 && x < W; x++)
            n += full[y][x];
    return n;
}

static void
test_regions(void)
{
    static uint8_t a_full[H][W], a_kept[H * W];
    struct cache_plane a;
    struct region g, part;
    struct err e;
    uint32_t blocks[5];
    size_t bad_count = 0, bad_part = 0, bad_blocks = 0, n, d;

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng r = rng_at(seed, "regions", 0);
        size_t x0 = rng_below(&r, W), y0 = rng_below(&r, H);
        size_t x1 = x0 + rng_below(&r, W), y1 = y0 + rng_below(&r, H);

        random_mask(&r, a_full, a_kept, &a, seed % 3 ? 0.3 : 0.003, seed & 1);
        g = region_borrow(&a);
        bad_count += region_count(&g, x0, y0, x1, y1) != count_full(a_full, x0, y0, x1, y1);
        if (region_of_mask(&part, &a, x0, y0, x1, y1, &e) == -1)
            exit(1);
        n = count_full(a_full, x0, y0, x1, y1);
        bad_part += part.count != n || region_count(&part, 0, 0, W, H) != n ||
                    (n > 0 && (part.x0 < x0 || part.y0 < y0 || part.x1 > x1 || part.y1 > y1));
        d = 1 + rng_below(&r, 4);
        x0 = rng_below(&r, W / 2);
        region_blocks(&part, x0, y0, d, 5, blocks);
        for (size_t k = 0; k < 5; k++)
            bad_blocks +=
                blocks[k] != region_count(&part, x0 + k * d, y0, x0 + (k + 1) * d, y0 + d);
        region_free(&part);
    }
    tap_ok(bad_count == 0, "counts in boxes, 200 masks");
    tap_ok(bad_part == 0, "the part of a mask in a box");
    tap_ok(bad_blocks == 0, "counts in blocks side by side");
}

static void
test_shapes(void)
{
    struct region g;
    struct err e;
    size_t x, y;
    int ok = 1;

    tap_ok(region_ellipse(&g, 100, 50, 500, 250, &e) == 0, "an ellipse");
    tap_near((double)g.count, 3.14159265 * 200 * 100, 100, "has the area pi a b");
    tap_ok(g.x0 == 100 && g.x1 == 500 && g.y0 == 50 && g.y1 == 250, "fills its box");
    for (y = 0; y < 200; y++)
        for (x = 0; x < 400; x++)
            ok = ok && g.px[y * 400 + x] == g.px[(199 - y) * 400 + x] &&
                 g.px[y * 400 + x] == g.px[y * 400 + 399 - x];
    tap_ok(ok && !g.px[0], "is symmetric, without the corners");
    region_free(&g);
    for (size_t n = 1; n < 4; n++)
        for (size_t m = 1; m < 4; m++) {
            ok = ok && region_ellipse(&g, 7, 9, 7 + n, 9 + m, &e) == 0 && g.count >= 1;
            region_free(&g);
        }
    tap_ok(ok, "the smallest boxes hold a pixel");
    tap_ok(region_box(&g, 3, 4, 20, 30, &e) == 0 && g.count == 17 * 26, "a box is full");
    region_free(&g);
    tap_ok(region_box(&g, 3, 4, 3, 30, &e) == 0 && g.count == 0 &&
               region_count(&g, 0, 0, 9, 9) == 0,
           "an empty box is the empty set");
    region_free(&g);
}

struct truth {
    uint8_t tissue[H][W], other[H][W];
};

/* How likely each window is, by the definition in sample.h: the number of draws that lead to it. */
static double
window_weight(const struct place_rule *r, struct truth *t, size_t x, size_t y)
{
    size_t d = r->downscale, s = r->size, m = r->margin, n;

    if (x < m || y < m || x + s + m > W / d || y + s + m > H / d)
        return 0;
    n = count_full(t->tissue, x * d, y * d, (x + s) * d, (y + s) * d);
    if ((double)n < r->min_tissue * (double)(s * d * s * d))
        return 0;
    if (r->lesion != NULL)
        return (double)count_full(t->other, (x + r->inset) * d, (y + r->inset) * d,
                                  (x + s - r->inset) * d, (y + s - r->inset) * d);
    if (r->n_avoid > 0)
        return count_full(t->other, (x - m) * d, (y - m) * d, (x + s + m) * d, (y + s + m) * d) ==
               0;
    return 1;
}

/* Whether a lesion's pixel lies in the part of the window at (x, y) where it may. */
static int
in_middle(const struct place_rule *r, size_t sx, size_t sy, size_t x, size_t y)
{
    size_t d = r->downscale, end = r->size - r->inset;

    return sx / d >= x + r->inset && sx / d < x + end && sy / d >= y + r->inset && sy / d < y + end;
}

typedef int draw_fn(const struct place_rule *, struct rng *, struct place *, struct err *);

/* Draws many and compares with the weights; checks seed pixels and shares on the way. */
static void
check_law(const char *what, const struct place_rule *rule, struct truth *t, draw_fn *draw)
{
    static size_t seen[H][W], seeds[H][W];
    double total = 0, chi2 = 0, cells = 0;
    size_t bad = 0, d = rule->downscale, n;
    struct place p;
    struct err e;

    memset(seen, 0, sizeof(seen));
    memset(seeds, 0, sizeof(seeds));
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++)
            total += window_weight(rule, t, x, y);
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct rng rng = rng_at(11, "law", i);
        double side = (double)(rule->size * d);

        if (draw(rule, &rng, &p, &e) != 1) {
            bad++;
            continue;
        }
        seen[p.y][p.x]++;
        n = count_full(t->tissue, p.x * d, p.y * d, (p.x + rule->size) * d, (p.y + rule->size) * d);
        bad += !(fabs(p.tissue - (double)n / (side * side)) < 1e-12);
        if (rule->lesion == NULL)
            continue;
        bad += p.seed_x >= W || p.seed_y >= H || !t->other[p.seed_y][p.seed_x] ||
               !in_middle(rule, p.seed_x, p.seed_y, p.x, p.y);
        seeds[p.seed_y % H][p.seed_x % W]++;
    }
    tap_ok(bad == 0 && total > 0, "%s: every draw is allowed and tells the truth", what);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++) {
            double want = window_weight(rule, t, x, y) / total * DRAWS,
                   diff = (double)seen[y][x] - want;

            if (want > 0) {
                chi2 += diff * diff / want;
                cells++;
            } else if (seen[y][x] > 0) {
                chi2 = INFINITY;
            }
        }
    tap_ok(cells > 20 && deviate(chi2, cells - 1) < 4, "%s: windows as likely as they should be",
           what);
    tap_note("%.0f windows, chi-square %.1f", cells, chi2);
    if (rule->lesion == NULL)
        return;
    chi2 = cells = 0;
    for (size_t sy = 0; sy < H; sy++)
        for (size_t sx = 0; sx < W; sx++) {
            double want = 0, diff;

            for (size_t y = 0; t->other[sy][sx] && y < H; y++)
                for (size_t x = 0; x < W; x++)
                    if (in_middle(rule, sx, sy, x, y))
                        want += window_weight(rule, t, x, y) > 0;
            want *= DRAWS / total;
            diff = (double)seeds[sy][sx] - want;
            if (want > 0) {
                chi2 += diff * diff / want;
                cells++;
            }
        }
    tap_ok(deviate(chi2, cells - 1) < 4, "%s: seed pixels too", what);
    tap_note("%.0f pixels, chi-square %.1f", cells, chi2);
}

static void
test_law(int edge)
{
    static struct truth t;
    static uint8_t tissue_kept[H * W], other_kept[H * W];
    struct cache_plane tissue, other;
    struct region tissue_set, other_set, avoid[2];
    struct err e;
    struct rng r = rng_at(5, "truth", 0);
    struct place_rule rule = {
        .h = H, .w = W, .downscale = 1, .size = 6, .min_tissue = 0.75, .tissue = &tissue_set};

    tap_note("masks that reach the edges: %d", edge);
    random_mask(&r, t.tissue, tissue_kept, &tissue, 0.8, edge);
    random_mask(&r, t.other, other_kept, &other, 0.04, edge);
    tissue_set = region_borrow(&tissue);
    other_set = region_borrow(&other);

    check_law("normal", &rule, &t, place_draw);
    check_law("normal, counted out", &rule, &t, place_draw_exact);
    rule.lesion = &other_set;
    check_law("lesion", &rule, &t, place_draw);
    check_law("lesion, counted out", &rule, &t, place_draw_exact);
    rule.margin = 1;
    check_law("lesion, margin", &rule, &t, place_draw);
    check_law("lesion, margin, counted out", &rule, &t, place_draw_exact);
    rule.margin = 2;
    rule.downscale = 2;
    rule.size = 5;
    check_law("lesion, margin, downscale", &rule, &t, place_draw);
    check_law("lesion, margin, downscale, counted out", &rule, &t, place_draw_exact);
    rule.inset = 1;
    check_law("lesion near the centre", &rule, &t, place_draw);
    check_law("lesion near the centre, counted out", &rule, &t, place_draw_exact);
    rule.inset = 0;
    rule.lesion = NULL;
    rule.downscale = 1;
    rule.size = 3;
    rule.margin = 1;
    /* To be avoided: two sets, which overlap. */
    for (size_t y = 12; y < 17; y++)
        for (size_t x = 5; x < 9; x++)
            t.other[y][x] = 1;
    if (region_box(&avoid[1], 5, 12, 9, 17, &e) == -1)
        exit(1);
    avoid[0] = other_set;
    rule.avoid = avoid;
    rule.n_avoid = 2;
    check_law("away", &rule, &t, place_draw);
    check_law("away, counted out", &rule, &t, place_draw_exact);
    region_free(&avoid[1]);
}

/* A lesion of few pixels, whose windows are few too: only those are looked at. */
static void
test_small(void)
{
    static struct truth t;
    static uint8_t kept[H * W];
    struct cache_plane tissue;
    struct region tissue_set, lesion;
    struct rng r = rng_at(8, "truth", 0);
    struct err e;
    struct place_rule rule = {.h = H,
                              .w = W,
                              .downscale = 1,
                              .size = 6,
                              .min_tissue = 0.5,
                              .tissue = &tissue_set,
                              .lesion = &lesion};

    random_mask(&r, t.tissue, kept, &tissue, 0.8, 1);
    tissue_set = region_borrow(&tissue);
    if (region_box(&lesion, 15, 12, 17, 13, &e) == -1)
        exit(1);
    t.other[12][15] = t.other[12][16] = 1;
    check_law("small lesion", &rule, &t, place_draw);
    check_law("small lesion, counted out", &rule, &t, place_draw_exact);
    rule.downscale = 2;
    rule.size = 5;
    check_law("small lesion, downscale, counted out", &rule, &t, place_draw_exact);
    region_free(&lesion);
}

static void
test_none(void)
{
    static struct truth t;
    static uint8_t kept[H * W];
    struct cache_plane tissue;
    struct region set, one;
    struct rng r = rng_at(6, "truth", 0), r2;
    struct place_rule rule = {
        .h = H, .w = W, .downscale = 1, .size = 6, .min_tissue = 1, .tissue = &set};
    struct place p;
    struct err e;

    random_mask(&r, t.tissue, kept, &tissue, 0.5, 0);
    set = region_borrow(&tissue);
    tap_ok(place_draw(&rule, &r, &p, &e) == 0, "no window of full tissue: none drawn");
    rule.min_tissue = 0;
    rule.size = H + 1;
    tap_ok(place_draw(&rule, &r, &p, &e) == 0, "a window larger than the image");
    rule.size = H - 2;
    rule.margin = 1;
    tap_ok(place_draw(&rule, &r, &p, &e) == 1 && p.y == 1, "one that just fits, with its margin");
    rule.margin = 2;
    tap_ok(place_draw(&rule, &r, &p, &e) == 0, "a margin too large");

    /* One window in some 500: tries will hardly find it, counting out must. */
    memset(kept, 0, sizeof(kept));
    tissue = (struct cache_plane){
        .h = H, .w = W, .x0 = 10, .y0 = 12, .x1 = 16, .y1 = 18, .count = 36, .u8 = kept};
    memset(kept, 1, 36);
    set = region_borrow(&tissue);
    rule = (struct place_rule){
        .h = H, .w = W, .downscale = 1, .size = 6, .min_tissue = 1, .tissue = &set};
    r2 = rng_at(7, "rare", 0);
    tap_ok(place_draw(&rule, &r2, &p, &e) == 1 && p.x == 10 && p.y == 12 && p.tissue == 1,
           "the only allowed window is found");
    if (region_box(&one, 16, 12, 17, 13, &e) == -1)
        exit(1);
    rule.lesion = &one;
    tap_ok(place_draw(&rule, &r2, &p, &e) == 0, "a lesion that no allowed window reaches");
    region_free(&one);
    rule.lesion = NULL;
    memset(&set, 0, sizeof(set));
    tap_ok(place_draw(&rule, &r2, &p, &e) == 0, "an empty tissue mask");
    rule.min_tissue = 0;
    tap_ok(place_draw(&rule, &r2, &p, &e) == 1 && p.tissue == 0,
           "is no matter where no tissue is asked for");
}

int
main(void)
{
    test_regions();
    test_shapes();
    test_law(0);
    test_law(1);
    test_small();
    test_none();
    return tap_done(91);
}
