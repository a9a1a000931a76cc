#include "patch/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- regions ---- */

/* The sum of n bytes of 0 and 1, eight at a time; a byte of sum8 has room for 255 of them. */
static size_t
count_row(const uint8_t *p, size_t n)
{
    const uint64_t even = 0x00ff00ff00ff00ffu;
    size_t sum = 0;

    while (n >= 8) {
        size_t words = n / 8 < 255 ? n / 8 : 255;
        uint64_t sum8 = 0, word;

        for (size_t i = 0; i < words; i++) {
            memcpy(&word, p + 8 * i, sizeof(word));
            sum8 += word;
        }
        sum8 = (sum8 & even) + (sum8 >> 8 & even);
        sum += (size_t)(sum8 * 0x0001000100010001u >> 48);
        p += 8 * words;
        n -= 8 * words;
    }
    while (n-- > 0)
        sum += *p++;
    return sum;
}

static size_t
region_width(const struct region *g)
{
    return g->x1 - g->x0;
}

/* An empty set with room for the box; -1 leaves g all zeros. */
static int
region_alloc(struct region *g, size_t x0, size_t y0, size_t x1, size_t y1, struct err *e)
{
    size_t cells;

    *g = (struct region){0};
    if (x1 <= x0 || y1 <= y0)
        return 0;
    if (mem_mul(x1 - x0, y1 - y0, &cells) == -1)
        return err_set(e, "size overflow (%zu x %zu)", x1 - x0, y1 - y0);
    g->owned = mem_array(cells, 1, e);
    if (g->owned == NULL)
        return -1;
    g->px = g->owned;
    g->x0 = x0;
    g->y0 = y0;
    g->x1 = x1;
    g->y1 = y1;
    return 0;
}

/* Counts the set and trims its box. */
static void
region_settle(struct region *g)
{
    size_t h = g->y1 - g->y0, w = region_width(g), width;
    struct box b = {0, 0, 0, 0};

    if (g->owned != NULL)
        b = box_of_mask(g->owned, h, w);
    width = b.x1 - b.x0;
    for (size_t y = b.y0; y < b.y1; y++)
        memmove(g->owned + (y - b.y0) * width, g->owned + y * w + b.x0, width);
    g->x1 = g->x0 + b.x1;
    g->y1 = g->y0 + b.y1;
    g->x0 += b.x0;
    g->y0 += b.y0;
    g->count = g->px ? count_row(g->px, width * (b.y1 - b.y0)) : 0;
}

int
region_box(struct region *g, size_t x0, size_t y0, size_t x1, size_t y1, struct err *e)
{
    if (region_alloc(g, x0, y0, x1, y1, e) == -1)
        return -1;
    if (g->owned != NULL) {
        g->count = (x1 - x0) * (y1 - y0);
        memset(g->owned, 1, g->count);
    }
    return 0;
}

int
region_ellipse(struct region *g, size_t x0, size_t y0, size_t x1, size_t y1, struct err *e)
{
    size_t h = y1 - y0, w = x1 - x0;

    if (region_alloc(g, x0, y0, x1, y1, e) == -1)
        return -1;
    for (size_t y = 0; y < h && g->owned != NULL; y++)
        for (size_t x = 0; x < w; x++) {
            double u = ((double)x + 0.5) / (double)w * 2 - 1,
                   v = ((double)y + 0.5) / (double)h * 2 - 1;

            g->owned[y * w + x] = u * u + v * v <= 1;
        }
    region_settle(g);
    return 0;
}

struct region
region_borrow(const struct cache_plane *mask)
{
    return (struct region){.x0 = mask->x0,
                           .y0 = mask->y0,
                           .x1 = mask->x1,
                           .y1 = mask->y1,
                           .count = mask->count,
                           .px = mask->u8};
}

/* The common part of a region's box and another, empty where x1 <= x0 or y1 <= y0. */
static struct box
common(const struct region *g, size_t x0, size_t y0, size_t x1, size_t y1)
{
    return (struct box){x0 > g->x0 ? x0 : g->x0, y0 > g->y0 ? y0 : g->y0, x1 < g->x1 ? x1 : g->x1,
                        y1 < g->y1 ? y1 : g->y1};
}

static const uint8_t *
region_at(const struct region *g, size_t x, size_t y)
{
    return g->px + (y - g->y0) * region_width(g) + (x - g->x0);
}

int
region_of_mask(struct region *g, const struct cache_plane *mask, size_t x0, size_t y0, size_t x1,
               size_t y1, struct err *e)
{
    const struct region all = region_borrow(mask);
    struct box b = common(&all, x0, y0, x1, y1);

    if (region_alloc(g, b.x0, b.y0, b.x1, b.y1, e) == -1)
        return -1;
    if (g->owned != NULL)
        for (size_t y = b.y0; y < b.y1; y++)
            memcpy(g->owned + (y - b.y0) * (b.x1 - b.x0), region_at(&all, b.x0, y), b.x1 - b.x0);
    region_settle(g);
    return 0;
}

size_t
region_count(const struct region *g, size_t x0, size_t y0, size_t x1, size_t y1)
{
    struct box b = common(g, x0, y0, x1, y1);
    size_t sum = 0;

    if (b.x0 >= b.x1)
        return 0;
    for (size_t y = b.y0; y < b.y1; y++)
        sum += count_row(region_at(g, b.x0, y), b.x1 - b.x0);
    return sum;
}

void
region_blocks(const struct region *g, size_t x0, size_t y0, size_t d, size_t n, uint32_t *count)
{
    struct box b = common(g, x0, y0, x0 + n * d, y0 + d);

    memset(count, 0, n * sizeof(*count));
    if (b.x0 >= b.x1)
        return;
    for (size_t y = b.y0; y < b.y1; y++) {
        const uint8_t *p = region_at(g, b.x0, y);
        size_t block = (b.x0 - x0) / d, left = d - (b.x0 - x0) % d;

        for (size_t x = b.x0; x < b.x1; x++) {
            count[block] += *p++;
            if (--left == 0) {
                left = d;
                block++;
            }
        }
    }
}

static int
is_in(const struct region *g, size_t x, size_t y)
{
    return x >= g->x0 && x < g->x1 && y >= g->y0 && y < g->y1 &&
           g->px[(y - g->y0) * (g->x1 - g->x0) + x - g->x0] != 0;
}

double
region_contrast(const struct region *lesion, const struct region *tissue,
                const struct cache_plane *p)
{
    size_t w = lesion->x1 - lesion->x0, h = lesion->y1 - lesion->y0, reach = (w > h ? w : h) / 2;
    size_t x0 = lesion->x0 > reach ? lesion->x0 - reach : 0;
    size_t y0 = lesion->y0 > reach ? lesion->y0 - reach : 0;
    double sum[2] = {0, 0}, n[2] = {0, 0}; /* round it, in it */

    for (size_t y = y0; y < lesion->y1 + reach && y < p->h; y++)
        for (size_t x = x0; x < lesion->x1 + reach && x < p->w; x++) {
            int in = is_in(lesion, x, y);

            if (!in && !is_in(tissue, x, y))
                continue;
            sum[in] += p->u8 ? p->u8[y * p->w + x] : p->u16[y * p->w + x];
            n[in]++;
        }
    return n[0] > 0 && n[1] > 0 ? (sum[1] / n[1] - sum[0] / n[0]) / p->max : 0;
}

void
region_free(struct region *g)
{
    free(g->owned);
    *g = (struct region){0};
}

/* The k-th pixel of the set in raster order among those in the box, of which there are more. */
static void
region_pixel(const struct region *g, struct box in, size_t k, size_t *px, size_t *py)
{
    struct box b = common(g, in.x0, in.y0, in.x1, in.y1);
    size_t x = b.x0, y = b.y0, n;

    while (k >= (n = count_row(region_at(g, b.x0, y), b.x1 - b.x0))) {
        k -= n;
        y++;
    }
    while (!*region_at(g, x, y) || k-- > 0)
        x++;
    *px = x;
    *py = y;
}

/* ---- places ---- */

/* The range of window corners that the sides of the image allow, both ends included; 0 if none. */
static int
corner_range(const struct place_rule *r, struct box *c)
{
    size_t w = r->w / r->downscale, h = r->h / r->downscale, need = r->size + 2 * r->margin;

    if (w < need || h < need)
        return 0;
    *c = (struct box){r->margin, r->margin, w - need + r->margin, h - need + r->margin};
    return 1;
}

/* The window at (x, y) with `more` pixels on each side, on the image before downscale. */
static struct box
window_box(const struct place_rule *r, size_t x, size_t y, size_t more)
{
    size_t d = r->downscale;

    return (struct box){(x - more) * d, (y - more) * d, (x + r->size + more) * d,
                        (y + r->size + more) * d};
}

/* Where in that window the lesion's pixel may be. */
static struct box
inner_box(const struct place_rule *r, size_t x, size_t y)
{
    size_t d = r->downscale, end = r->size - r->inset;

    return (struct box){(x + r->inset) * d, (y + r->inset) * d, (x + end) * d, (y + end) * d};
}

static double
window_area(const struct place_rule *r)
{
    double side = (double)(r->size * r->downscale);

    return side * side;
}

static size_t
count_in(const struct region *g, struct box b)
{
    return region_count(g, b.x0, b.y0, b.x1, b.y1);
}

/* One try: 1 if it is allowed. */
static int
try_place(const struct place_rule *r, const struct box *c, struct rng *rng, struct place *p)
{
    size_t count;

    if (r->lesion != NULL) {
        const struct region *g = r->lesion;
        size_t k = (size_t)rng_below(rng, g->count);
        size_t inner = r->size - 2 * r->inset, x, y;
        size_t dx = r->inset + (size_t)rng_below(rng, inner);
        size_t dy = r->inset + (size_t)rng_below(rng, inner);

        region_pixel(g, (struct box){g->x0, g->y0, g->x1, g->y1}, k, &p->seed_x, &p->seed_y);
        x = p->seed_x / r->downscale;
        y = p->seed_y / r->downscale;
        if (x < dx + c->x0 || x - dx > c->x1 || y < dy + c->y0 || y - dy > c->y1)
            return 0;
        p->x = x - dx;
        p->y = y - dy;
    } else {
        p->x = c->x0 + (size_t)rng_below(rng, c->x1 - c->x0 + 1);
        p->y = c->y0 + (size_t)rng_below(rng, c->y1 - c->y0 + 1);
    }
    count = count_in(r->tissue, window_box(r, p->x, p->y, 0));
    p->tissue = (double)count / window_area(r);
    if (!((double)count >= r->min_tissue * window_area(r)))
        return 0;
    for (size_t i = 0; i < r->n_avoid; i++)
        if (count_in(&r->avoid[i], window_box(r, p->x, p->y, r->margin)) != 0)
            return 0;
    return 1;
}

/*
 * Counting out: the rows of a window are kept as sums down each column, which change by a few rows
 * from one y to the next; sums of sums along the row then give each window's count at once.
 */
struct strip {
    uint32_t *column; /* [w] */
    uint64_t *before; /* [w + 1] sum of the columns to the left */
};

static void
strip_add(struct strip *s, const struct region *g, size_t y0, size_t y1, uint32_t sign)
{
    struct box b = common(g, 0, y0, g->x1, y1);

    for (size_t y = b.y0; y < b.y1; y++) {
        const uint8_t *from = region_at(g, g->x0, y);

        for (size_t x = g->x0; x < g->x1; x++)
            s->column[x] += sign * from[x - g->x0];
    }
}

static void
strip_sum(struct strip *s, size_t w)
{
    s->before[0] = 0;
    for (size_t x = 0; x < w; x++)
        s->before[x + 1] = s->before[x] + s->column[x];
}

struct count_out {
    const struct place_rule *r;
    const struct region *other; /* [n] the lesion, or what is to be avoided: counted together */
    size_t n;
    struct strip tissue, region;
};

/* Moves a strip of set g from the rows of window a to those of b below it; first: fills it. */
static void
strip_move(struct strip *s, const struct region *g, struct box a, struct box b, int first)
{
    if (!first)
        strip_add(s, g, a.y0, b.y0, UINT32_MAX);
    strip_add(s, g, first ? b.y0 : a.y1, b.y1, 1);
}

/* The part of the image in which they count: round the window, or within it. */
static struct box
counting_box(const struct place_rule *r, size_t x, size_t y)
{
    return r->lesion != NULL ? inner_box(r, x, y) : window_box(r, x, y, r->margin);
}

/* Moves the strips to the windows at y; first: they stand nowhere yet, else at y - 1. */
static void
move_to(struct count_out *c, size_t y, int first)
{
    const struct place_rule *r = c->r;
    size_t last = first ? y : y - 1;

    if (first) {
        memset(c->tissue.column, 0, r->w * sizeof(*c->tissue.column));
        memset(c->region.column, 0, r->w * sizeof(*c->region.column));
    }
    strip_move(&c->tissue, r->tissue, window_box(r, r->margin, last, 0),
               window_box(r, r->margin, y, 0), first);
    for (size_t i = 0; i < c->n; i++)
        strip_move(&c->region, &c->other[i], counting_box(r, r->margin, last),
                   counting_box(r, r->margin, y), first);
    strip_sum(&c->tissue, r->w);
    strip_sum(&c->region, r->w);
}

/* How many draws lead to the window at x of the row where the strips stand; 0: not allowed. */
static uint64_t
weight_at(const struct count_out *c, size_t x, uint64_t *tissue)
{
    const struct place_rule *r = c->r;
    struct box b = window_box(r, x, r->margin, 0), counted = counting_box(r, x, r->margin);
    uint64_t n;

    *tissue = c->tissue.before[b.x1] - c->tissue.before[b.x0];
    if (!((double)*tissue >= r->min_tissue * window_area(r)))
        return 0;
    n = c->region.before[counted.x1] - c->region.before[counted.x0];
    return r->lesion != NULL ? n : n == 0;
}

static void
count_out_free(struct count_out *c)
{
    free(c->tissue.column);
    free(c->tissue.before);
    free(c->region.column);
    free(c->region.before);
}

static int
count_out_init(struct count_out *c, const struct place_rule *r, struct err *e)
{
    *c = (struct count_out){.r = r, .other = r->avoid, .n = r->n_avoid};
    if (r->lesion != NULL) {
        c->other = r->lesion;
        c->n = 1;
    }
    c->tissue.column = mem_array(r->w, sizeof(*c->tissue.column), e);
    c->tissue.before = mem_array(r->w + 1, sizeof(*c->tissue.before), e);
    c->region.column = mem_array(r->w, sizeof(*c->region.column), e);
    c->region.before = mem_array(r->w + 1, sizeof(*c->region.before), e);
    if (c->tissue.column == NULL || c->tissue.before == NULL || c->region.column == NULL ||
        c->region.before == NULL) {
        count_out_free(c);
        return -1;
    }
    return 0;
}

/* Only windows that can touch the lesion need to be looked at. */
static int
narrow(const struct place_rule *r, struct box *c)
{
    size_t d = r->downscale, x0, y0, x1, y1;

    if (r->lesion == NULL)
        return 1;
    x0 = r->lesion->x0 / d;
    y0 = r->lesion->y0 / d;
    x1 = (r->lesion->x1 - 1) / d;
    y1 = (r->lesion->y1 - 1) / d;
    x0 = x0 + 1 > r->size ? x0 + 1 - r->size : 0;
    y0 = y0 + 1 > r->size ? y0 + 1 - r->size : 0;
    c->x0 = x0 > c->x0 ? x0 : c->x0;
    c->y0 = y0 > c->y0 ? y0 : c->y0;
    c->x1 = x1 < c->x1 ? x1 : c->x1;
    c->y1 = y1 < c->y1 ? y1 : c->y1;
    return c->x0 <= c->x1 && c->y0 <= c->y1;
}

int
place_draw_exact(const struct place_rule *r, struct rng *rng, struct place *p, struct err *e)
{
    struct count_out c;
    struct box range;
    uint64_t *row, total = 0, k, n, tissue = 0;
    size_t x, y;

    if (!corner_range(r, &range) || !narrow(r, &range))
        return 0;
    if (count_out_init(&c, r, e) == -1)
        return -1;
    row = mem_array(range.y1 - range.y0 + 1, sizeof(*row), e);
    if (row == NULL) {
        count_out_free(&c);
        return -1;
    }
    for (y = range.y0; y <= range.y1; y++) {
        move_to(&c, y, y == range.y0);
        for (x = range.x0; x <= range.x1; x++)
            row[y - range.y0] += weight_at(&c, x, &tissue);
        total += row[y - range.y0];
    }
    if (total > 0) {
        k = rng_below(rng, total);
        for (y = range.y0; k >= row[y - range.y0]; y++)
            k -= row[y - range.y0];
        move_to(&c, y, 1);
        for (x = range.x0; k >= (n = weight_at(&c, x, &tissue)); x++)
            k -= n;
        *p = (struct place){.x = x, .y = y, .tissue = (double)tissue / window_area(r)};
        /* What is left of k is uniform among the lesion's pixels in the window. */
        if (r->lesion != NULL)
            region_pixel(r->lesion, inner_box(r, x, y), (size_t)k, &p->seed_x, &p->seed_y);
    }
    free(row);
    count_out_free(&c);
    return total > 0;
}

int
place_draw(const struct place_rule *r, struct rng *rng, struct place *p, struct err *e)
{
    enum { TRIES = 64 };
    struct box range;

    *p = (struct place){0};
    if (!corner_range(r, &range))
        return 0;
    /*
     * A try is uniform, and so is one that is taken for being allowed.  After as many failures as
     * counting out would cost, counting out is uniform over the same set: the law stays the same.
     */
    for (int i = 0; i < TRIES; i++)
        if (try_place(r, &range, rng, p))
            return 1;
    return place_draw_exact(r, rng, p, e);
}
