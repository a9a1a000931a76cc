/*
 * Cells are kept as 16-bit levels and drawn only when the sheet is written, so that window, title
 * and size of type can be chosen when all of them are known.
 */
#include "image/sheet.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/font.h"
#include "image/image.h"

#define MARGIN 16
#define GUTTER 4      /* between the cells of a record */
#define GAP 20        /* between records, and between lines of the sheet */
#define CAPTION_PAD 5 /* between a cell and the text at it */
#define BAR_W 96      /* colour bars of the legend */
#define LEVEL_MAX 65535
#define LEVEL_ZERO 32768 /* 0 of a signed plane */
#define LEVEL_UNIT 32767 /* levels from 0 to 1 of a signed plane */

struct cell {
    enum sheet_kind kind;
    size_t h, w;     /* at most the cell's side; 0 = empty */
    uint16_t *level; /* [h][w] owned */
    uint8_t *mask;   /* [h][w] owned, or NULL */
};

struct sheet {
    struct sheet_spec spec;
    struct cell *cell; /* [n * columns] */
    char **caption;    /* [n] owned, or NULL */
    size_t n, cap_cells, cap_captions;
    size_t filled;               /* cells of the last record */
    size_t lines, longest;       /* of all captions: most lines, longest line */
    int any_signed, any_outline; /* what the legend must explain */
};

struct rgb {
    uint8_t r, g, b;
};

/* Blue, orange and green of even lightness: told apart without red-green vision. */
static const struct rgb page = {30, 31, 33}, empty = {44, 45, 48}, bright = {236, 236, 232},
                        soft = {196, 197, 194}, ink_outline = {70, 222, 110};

static const char *const legend_grey = "grey", *const legend_signed = "signed",
                         *const legend_outline = "outline: mask";

static size_t
max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t
record_width(const struct sheet_spec *spec)
{
    return spec->columns * (spec->cell + GUTTER) - GUTTER;
}

/* ---- collecting ---- */

struct sheet *
sheet_open(const struct sheet_spec *spec, struct err *e)
{
    struct sheet *s;

    assert(spec->columns >= 1 && spec->columns <= 64 && spec->per_line <= 1024 && spec->cell >= 1 &&
           spec->cell <= SHEET_MAX_CELL);
    if ((s = mem_array(1, sizeof(*s), e)) == NULL)
        return NULL;
    s->spec = *spec;
    if (spec->per_line == 0)
        s->spec.per_line = max(1, (SHEET_PAGE_W - 2 * MARGIN + GAP) / (record_width(spec) + GAP));
    return s;
}

void
sheet_close(struct sheet *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n * s->spec.columns; i++) {
        free(s->cell[i].level);
        free(s->cell[i].mask);
    }
    for (size_t i = 0; i < s->n; i++)
        free(s->caption[i]);
    free(s->cell);
    free(s->caption);
    free(s);
}

/* Lines of a text and the length of its longest one. */
static void
text_extent(const char *t, size_t *lines, size_t *longest)
{
    *lines = *longest = 0;
    while (t != NULL && *t != '\0') {
        size_t n = strcspn(t, "\n");

        *longest = n > *longest ? n : *longest;
        ++*lines;
        t += n + (t[n] == '\n');
    }
}

/* Turns blanks into line ends, so that lines hold at most `room` characters where words allow it.
 */
static void
wrap(char *t, size_t room)
{
    char *line = t, *blank = NULL;

    for (; *t != '\0'; t++) {
        if (*t == '\n') {
            line = t + 1;
            blank = NULL;
        }
        if (*t == ' ')
            blank = t;
        if ((size_t)(t - line) >= room && blank != NULL) {
            *blank = '\n';
            line = blank + 1;
            blank = NULL;
        }
    }
}

/* Where things stand on the page, in pixels. */
struct layout {
    size_t scale; /* of the type */
    size_t record_w, line_h;
    size_t top; /* of the first line's cells */
    size_t h, w;
};

/* Width of "name lo [bar] hi" in the legend. */
static size_t
bar_width(const char *name, double lo, double hi, size_t scale)
{
    char t[80];

    snprintf(t, sizeof(t), "%s %.3g  %.3g", name, lo, hi);
    return font_width(t, scale) + BAR_W;
}

static size_t
legend_width(const struct sheet *s, const struct sheet_look *look, size_t scale)
{
    size_t w = bar_width(legend_grey, look->lo, look->hi, scale);

    if (s->any_signed)
        w += GAP + bar_width(legend_signed, -look->signed_range, look->signed_range, scale);
    if (s->any_outline)
        w += GAP + font_width(legend_outline, scale);
    return w;
}

/* Type is drawn twice as large where every heading and caption still fits. */
static void
lay_out(const struct sheet *s, const struct sheet_look *look, struct layout *l)
{
    size_t across = s->n < s->spec.per_line ? max(s->n, 1) : s->spec.per_line;
    size_t down = (s->n + s->spec.per_line - 1) / s->spec.per_line, head = 0;
    size_t title_lines, title_longest, line;

    for (size_t i = 0; i < s->spec.columns; i++)
        head = max(head, strlen(s->spec.head[i]));
    text_extent(look->title, &title_lines, &title_longest);
    l->record_w = record_width(&s->spec);
    l->scale =
        2 * head * FONT_ADVANCE <= s->spec.cell && 2 * s->longest * FONT_ADVANCE <= l->record_w ? 2
                                                                                                : 1;
    line = l->scale * FONT_LINE;
    l->w = across * (l->record_w + GAP) - GAP;
    l->w = max(l->w, title_longest * FONT_ADVANCE * l->scale);
    l->w = max(l->w, legend_width(s, look, l->scale)) + 2 * MARGIN;
    l->line_h = s->spec.cell + (s->lines > 0 ? CAPTION_PAD + s->lines * line : 0) + GAP;
    l->top = MARGIN + (title_lines > 0 ? title_lines * line + MARGIN : 0) + line;
    l->h = l->top + max(down, 1) * l->line_h + line + MARGIN - (GAP - MARGIN);
}

int
sheet_record(struct sheet *s, const char *caption, struct err *e)
{
    static const struct sheet_look plain = {.lo = 0, .hi = 1, .signed_range = 1};
    size_t cells, lines, longest;
    struct layout l;

    if (mem_mul(s->n + 1, s->spec.columns, &cells) == -1)
        return err_memory(e, s->n);
    if (MEM_GROW(s->cell, s->cap_cells, cells, e) == -1 ||
        MEM_GROW(s->caption, s->cap_captions, s->n + 1, e) == -1)
        return -1;
    s->caption[s->n] = NULL;
    if (caption != NULL) {
        if ((s->caption[s->n] = mem_string(caption, e)) == NULL)
            return -1;
        wrap(s->caption[s->n], record_width(&s->spec) / FONT_ADVANCE);
    }
    memset(s->cell + s->n * s->spec.columns, 0, s->spec.columns * sizeof(*s->cell));
    s->n++;
    s->filled = 0;
    text_extent(s->caption[s->n - 1], &lines, &longest);
    s->lines = max(s->lines, lines);
    s->longest = max(s->longest, longest);
    lay_out(s, &plain, &l);
    if (l.h > IMAGE_MAX_SIDE || l.w > IMAGE_MAX_SIDE)
        return err_set(e, "sheet of %zu x %zu px: at most %d a side", l.w, l.h, IMAGE_MAX_SIDE);
    if (l.h * l.w > SHEET_MAX_PIXELS)
        return err_set(e, "sheet of %zu x %zu px: at most %zu in all", l.w, l.h, SHEET_MAX_PIXELS);
    return 0;
}

static uint16_t
level_of(double v, enum sheet_kind kind)
{
    if (!(v >= -1 && v <= 1))
        v = v > 1 ? 1 : v < -1 ? -1 : 0;
    if (kind == SHEET_SIGNED)
        return (uint16_t)(LEVEL_ZERO + lrint(v * LEVEL_UNIT));
    return (uint16_t)lrint((v > 0 ? v : 0) * LEVEL_MAX);
}

/* A larger plane is reduced by blocks of f x f; a border that fills no block is dropped. */
int
sheet_cell(struct sheet *s, const float *plane, size_t h, size_t w, enum sheet_kind kind,
           const uint8_t *mask, struct err *e)
{
    struct cell *c;
    size_t side = h > w ? h : w, f = (side + s->spec.cell - 1) / s->spec.cell;

    assert(s->n > 0 && s->filled < s->spec.columns);
    c = &s->cell[(s->n - 1) * s->spec.columns + s->filled++];
    if (plane == NULL || h / max(f, 1) == 0 || w / max(f, 1) == 0)
        return 0;
    if ((c->level = mem_array_raw((h / f) * (w / f), sizeof(*c->level), e)) == NULL ||
        (mask != NULL && (c->mask = mem_array((h / f) * (w / f), 1, e)) == NULL))
        return -1;
    c->kind = kind;
    c->h = h / f;
    c->w = w / f;
    for (size_t y = 0; y < c->h; y++)
        for (size_t x = 0; x < c->w; x++) {
            double sum = 0;
            int inside = 0;

            for (size_t i = 0; i < f * f; i++) {
                size_t p = (y * f + i / f) * w + x * f + i % f;

                sum += (double)plane[p];
                inside |= mask != NULL && mask[p] != 0;
            }
            c->level[y * c->w + x] = level_of(sum / (double)(f * f), kind);
            if (inside)
                c->mask[y * c->w + x] = 1;
        }
    s->any_signed |= kind == SHEET_SIGNED;
    s->any_outline |= mask != NULL;
    return 0;
}

double
sheet_quantile(const struct sheet *s, double q)
{
    size_t n = 0, below = 0, level = 0;
    static const size_t levels = LEVEL_MAX + 1;
    struct err ignored;
    size_t *count = mem_array(levels, sizeof(*count), &ignored);

    if (count == NULL)
        return 0;
    for (size_t i = 0; i < s->n * s->spec.columns; i++) {
        const struct cell *c = &s->cell[i];

        if (c->kind != SHEET_GREY)
            continue;
        for (size_t p = 0; p < c->h * c->w; p++)
            count[c->level[p]]++;
        n += c->h * c->w;
    }
    while (n > 0 && level < LEVEL_MAX && (double)(below += count[level]) < q * (double)n)
        level++;
    free(count);
    return (double)level / LEVEL_MAX;
}

void
sheet_auto_window(const struct sheet *s, struct sheet_look *look)
{
    look->lo = sheet_quantile(s, 0.01);
    look->hi = sheet_quantile(s, 0.99);
    if (!(look->lo < look->hi)) {
        look->lo = 0;
        look->hi = 1;
    }
}

/* ---- drawing ---- */

struct canvas {
    uint8_t *px;
    size_t h, w;
};

static void
dot(struct canvas *c, size_t y, size_t x, struct rgb k)
{
    if (y < c->h && x < c->w) {
        uint8_t *p = c->px + 3 * (y * c->w + x);

        p[0] = k.r;
        p[1] = k.g;
        p[2] = k.b;
    }
}

static void
fill(struct canvas *c, size_t y, size_t x, size_t h, size_t w, struct rgb k)
{
    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++)
            dot(c, y + i, x + j, k);
}

/* One line of n characters; returns where it ends. */
static size_t
type(struct canvas *c, size_t y, size_t x, size_t scale, const char *t, size_t n, struct rgb k)
{
    for (size_t i = 0; i < n; i++)
        for (size_t gy = 0; gy < FONT_GLYPH_H; gy++)
            for (size_t gx = 0; gx < FONT_GLYPH_W; gx++)
                if (font_pixel(t[i], gy, gx))
                    fill(c, y + gy * scale, x + (i * FONT_ADVANCE + gx) * scale, scale, scale, k);
    return x + n * FONT_ADVANCE * scale;
}

/* Lines parted by '\n', each cut to `room` characters with two dots at the end. */
static void
type_lines(struct canvas *c, size_t y, size_t x, size_t scale, size_t room, const char *t,
           struct rgb k)
{
    while (t != NULL && *t != '\0') {
        size_t n = strcspn(t, "\n");

        if (n <= room) {
            type(c, y, x, scale, t, n, k);
        } else if (room > 2) {
            size_t end = type(c, y, x, scale, t, room - 2, k);

            type(c, y, end, scale, "..", 2, k);
        }
        t += n + (t[n] == '\n');
        y += FONT_LINE * scale;
    }
}

static uint8_t
byte(double v)
{
    return (uint8_t)lrint(255 * (v > 1 ? 1 : v > 0 ? v : 0));
}

static struct rgb
colour_grey(double v, const struct sheet_look *look)
{
    uint8_t b = byte((v - look->lo) / (look->hi - look->lo));

    return (struct rgb){b, b, b};
}

/* From black over a deep to a light tone; lightness grows with the size of the value. */
static struct rgb
colour_signed(double v, const struct sheet_look *look)
{
    static const double deep[2][3] = {{0.86, 0.36, 0.02}, {0.06, 0.38, 0.84}};
    static const double light[2][3] = {{1.00, 0.88, 0.60}, {0.72, 0.90, 1.00}};
    double t = fabs(v) / look->signed_range, c[3];
    int neg = v < 0;

    t = t < 1 ? t : 1;
    for (int i = 0; i < 3; i++)
        c[i] = t < 0.6 ? deep[neg][i] * t / 0.6
                       : deep[neg][i] + (light[neg][i] - deep[neg][i]) * (t - 0.6) / 0.4;
    return (struct rgb){byte(c[0]), byte(c[1]), byte(c[2])};
}

static struct rgb
colour_level(enum sheet_kind kind, uint16_t level, const struct sheet_look *look)
{
    if (kind == SHEET_SIGNED)
        return colour_signed((level - (double)LEVEL_ZERO) / LEVEL_UNIT, look);
    return colour_grey((double)level / LEVEL_MAX, look);
}

/* The outline runs just outside the mask, so that it hides nothing of the lesion. */
static void
draw_cell(struct canvas *to, size_t top, size_t left, size_t side, const struct cell *c,
          const struct sheet_look *look)
{
    size_t k = c->h == 0 ? 1 : side / max(c->h, c->w), h = c->h * k, w = c->w * k;

    if (h < side || w < side)
        fill(to, top, left, side, side, empty);
    top += (side - h) / 2;
    left += (side - w) / 2;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const uint8_t *m = c->mask;
            size_t p = y / k * c->w + x / k;
            int edge = m != NULL && !m[p] &&
                       ((x > 0 && m[y / k * c->w + (x - 1) / k]) ||
                        (x + 1 < w && m[y / k * c->w + (x + 1) / k]) ||
                        (y > 0 && m[(y - 1) / k * c->w + x / k]) ||
                        (y + 1 < h && m[(y + 1) / k * c->w + x / k]));

            dot(to, top + y, left + x,
                edge ? ink_outline : colour_level(c->kind, c->level[p], look));
        }
}

/* "name lo [bar] hi"; returns where it ends. */
static size_t
draw_bar(struct canvas *to, size_t y, size_t x, size_t scale, const char *name,
         enum sheet_kind kind, double lo, double hi, const struct sheet_look *look)
{
    char t[80];

    snprintf(t, sizeof(t), "%s %.3g ", name, lo);
    x = type(to, y, x, scale, t, strlen(t), soft);
    for (size_t i = 0; i < BAR_W; i++) {
        double v = lo + (hi - lo) * ((double)i + 0.5) / BAR_W;

        fill(to, y, x + i, 7 * scale, 1,
             kind == SHEET_SIGNED ? colour_signed(v, look) : colour_grey(v, look));
    }
    snprintf(t, sizeof(t), " %.3g", hi);
    return type(to, y, x + BAR_W, scale, t, strlen(t), soft);
}

static void
draw_legend(struct canvas *to, const struct sheet *s, const struct sheet_look *look, size_t y,
            size_t scale)
{
    double r = look->signed_range;
    size_t x = draw_bar(to, y, MARGIN, scale, legend_grey, SHEET_GREY, look->lo, look->hi, look);

    if (s->any_signed)
        x = draw_bar(to, y, x + GAP, scale, legend_signed, SHEET_SIGNED, -r, r, look);
    if (s->any_outline)
        type(to, y, x + GAP, scale, legend_outline, strlen(legend_outline), ink_outline);
}

uint8_t *
sheet_render(const struct sheet *s, const struct sheet_look *look, size_t *h, size_t *w,
             struct err *e)
{
    const struct sheet_spec *spec = &s->spec;
    size_t across = s->n < spec->per_line ? s->n : spec->per_line;
    struct canvas to;
    struct layout l;

    assert(look->lo < look->hi && look->signed_range > 0);
    lay_out(s, look, &l);
    if (l.h > IMAGE_MAX_SIDE || l.w > IMAGE_MAX_SIDE || l.h * l.w > SHEET_MAX_PIXELS) {
        err_set(e, "sheet of %zu x %zu px is too large", l.w, l.h);
        return NULL;
    }
    if ((to.px = mem_array_raw(l.h * l.w, 3, e)) == NULL)
        return NULL;
    to.h = *h = l.h;
    to.w = *w = l.w;
    fill(&to, 0, 0, l.h, l.w, page);
    type_lines(&to, MARGIN, MARGIN, l.scale, SIZE_MAX, look->title, bright);
    for (size_t i = 0; i < across * spec->columns; i++) {
        size_t x = MARGIN + i / spec->columns * (l.record_w + GAP) +
                   i % spec->columns * (spec->cell + GUTTER);

        type_lines(&to, l.top - l.scale * FONT_LINE, x, l.scale,
                   spec->cell / (l.scale * FONT_ADVANCE), spec->head[i % spec->columns], bright);
    }
    for (size_t i = 0; i < s->n; i++) {
        size_t y = l.top + i / spec->per_line * l.line_h;
        size_t x = MARGIN + i % spec->per_line * (l.record_w + GAP);

        for (size_t k = 0; k < spec->columns; k++)
            draw_cell(&to, y, x + k * (spec->cell + GUTTER), spec->cell,
                      &s->cell[i * spec->columns + k], look);
        type_lines(&to, y + spec->cell + CAPTION_PAD, x, l.scale,
                   l.record_w / (l.scale * FONT_ADVANCE), s->caption[i], soft);
    }
    draw_legend(&to, s, look, l.h - MARGIN - l.scale * FONT_LINE, l.scale);
    return to.px;
}

int
sheet_write(const struct sheet *s, const char *path, const struct sheet_look *look,
            const char *const *text, struct err *e)
{
    size_t h, w;
    uint8_t *px = sheet_render(s, look, &h, &w, e);
    int rc = px == NULL ? -1 : rgb_write_png(path, px, h, w, text, e);

    free(px);
    return rc;
}
