/* Contact sheets: where cells stand, how levels become colours, outlines, quantiles, limits. */
#include "image/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/font.h"
#include "image/image.h"
#include "tap.h"

static const char *const heads[] = {"a", "b"};
static const struct sheet_look plain = {.lo = 0, .hi = 1, .signed_range = 1};

struct picture {
    uint8_t *px;
    size_t h, w;
};

static struct picture
render(const struct sheet *s, const struct sheet_look *look)
{
    struct picture p = {NULL, 0, 0};
    struct err e;

    p.px = sheet_render(s, look, &p.h, &p.w, &e);
    return p;
}

static const uint8_t *
at(const struct picture *p, size_t y, size_t x)
{
    return p->px + 3 * (y * p->w + x);
}

static int
is_rgb(const struct picture *p, size_t y, size_t x, int r, int g, int b)
{
    const uint8_t *q = at(p, y, x);

    return q[0] == r && q[1] == g && q[2] == b;
}

/* The first pixel of pure white: no type is that bright. */
static int
find_white(const struct picture *p, size_t *y, size_t *x)
{
    for (*y = 0; *y < p->h; ++*y)
        for (*x = 0; *x < p->w; ++*x)
            if (is_rgb(p, *y, *x, 255, 255, 255))
                return 1;
    return 0;
}

static struct sheet *
open_sheet(size_t columns, size_t per_line, size_t cell)
{
    struct sheet_spec spec = {columns, per_line, cell, heads};
    struct err e;

    return sheet_open(&spec, &e);
}

/* A 2 x 2 plane in a cell of 8: fourfold, exact levels, the window's ends clamped. */
static void
test_enlarge(void)
{
    static const float v[4] = {1.0f, 0.5f, 0.25f, 0.0f};
    struct sheet_look narrow = {.lo = 0.25, .hi = 0.75, .signed_range = 1};
    struct sheet *s = open_sheet(1, 1, 8);
    struct picture p, q;
    size_t y, x;
    struct err e;

    sheet_record(s, NULL, &e);
    sheet_cell(s, v, 2, 2, SHEET_GREY, NULL, &e);
    p = render(s, &plain);
    tap_ok(find_white(&p, &y, &x), "white is drawn white");
    tap_ok(is_rgb(&p, y + 3, x + 3, 255, 255, 255) && is_rgb(&p, y + 3, x + 4, 128, 128, 128) &&
               is_rgb(&p, y, x + 7, 128, 128, 128) && is_rgb(&p, y + 4, x, 64, 64, 64) &&
               is_rgb(&p, y + 7, x + 7, 0, 0, 0),
           "2 x 2 becomes 8 x 8 by repetition");
    q = render(s, &narrow);
    tap_ok(q.h == p.h && is_rgb(&q, y, x, 255, 255, 255) && is_rgb(&q, y, x + 4, 128, 128, 128) &&
               is_rgb(&q, y + 4, x, 0, 0, 0) && is_rgb(&q, y + 4, x + 4, 0, 0, 0),
           "the window 0.25 to 0.75 clamps at both ends");
    free(p.px);
    free(q.px);
    sheet_close(s);
}

/* 8 x 8 in a cell of 4 is averaged over blocks of 2 x 2. */
static void
test_reduce(void)
{
    struct sheet *s = open_sheet(1, 1, 4);
    float v[64] = {1, 1, 0, 1, [8] = 1, 1, 1, 0};
    struct picture p;
    size_t y, x;
    struct err e;

    sheet_record(s, NULL, &e);
    sheet_cell(s, v, 8, 8, SHEET_GREY, NULL, &e);
    p = render(s, &plain);
    tap_ok(find_white(&p, &y, &x) && is_rgb(&p, y, x + 1, 128, 128, 128) &&
               is_rgb(&p, y, x + 2, 0, 0, 0) && is_rgb(&p, y + 1, x, 0, 0, 0),
           "8 x 8 becomes 4 x 4 by means");
    free(p.px);
    sheet_close(s);
}

/* Signed levels: zero black, sign by hue, size by lightness, and the range scales. */
static void
test_signed(void)
{
    static const float v[4] = {0.0f, 0.25f, -0.25f, NAN};
    static const float one[4] = {1.0f, 1.0f, 1.0f, 1.0f};
    struct sheet_look half = {.lo = 0, .hi = 1, .signed_range = 0.5};
    struct sheet *s = open_sheet(2, 1, 2);
    struct picture p, q;
    const uint8_t *pos, *neg, *wide;
    size_t y, x;
    struct err e;

    sheet_record(s, NULL, &e);
    sheet_cell(s, one, 2, 2, SHEET_GREY, NULL, &e);
    sheet_cell(s, v, 2, 2, SHEET_SIGNED, NULL, &e);
    p = render(s, &plain);
    q = render(s, &half);
    if (!tap_ok(find_white(&p, &y, &x), "the grey cell is found"))
        return;
    x += 2 + 4; /* the cell and the gutter */
    pos = at(&p, y, x + 1);
    neg = at(&p, y + 1, x);
    wide = at(&q, y, x + 1);
    tap_ok(is_rgb(&p, y, x, 0, 0, 0) && is_rgb(&p, y + 1, x + 1, 0, 0, 0),
           "0 and not-a-number are black");
    tap_ok(pos[0] > pos[1] && pos[1] > pos[2], "positive is orange");
    tap_ok(neg[2] > neg[1] && neg[1] > neg[0], "negative is blue");
    tap_ok(wide[0] > pos[0] && wide[1] > pos[1], "a smaller range is brighter");
    free(p.px);
    free(q.px);
    sheet_close(s);
}

/* The outline of one mask pixel, enlarged 4 times: the ring of pixels around it, nothing inside. */
static void
test_outline(void)
{
    float v[9];
    uint8_t m[9] = {0, 0, 0, 0, 7, 0, 0, 0, 0};
    struct sheet *s = open_sheet(1, 1, 12);
    struct picture p;
    size_t y, x, drawn = 0;
    struct err e;

    for (int i = 0; i < 9; i++)
        v[i] = 1.0f;
    sheet_record(s, NULL, &e);
    sheet_cell(s, v, 3, 3, SHEET_GREY, m, &e);
    p = render(s, &plain);
    tap_ok(find_white(&p, &y, &x), "the cell is found");
    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 12; j++)
            drawn += !is_rgb(&p, y + i, x + j, 255, 255, 255);
    tap_ok(drawn == 16, "16 pixels around a square of 4 x 4");
    tap_ok(!is_rgb(&p, y + 3, x + 4, 255, 255, 255) && !is_rgb(&p, y + 8, x + 7, 255, 255, 255) &&
               is_rgb(&p, y + 4, x + 4, 255, 255, 255) && is_rgb(&p, y + 3, x + 3, 255, 255, 255),
           "just outside the mask");
    free(p.px);
    sheet_close(s);
}

static void
test_quantile(void)
{
    struct sheet *s = open_sheet(2, 4, 10);
    float v[100], none[100];
    struct err e;

    for (int i = 0; i < 100; i++) {
        v[i] = (float)i / 99.0f;
        none[i] = 1.0f;
    }
    tap_near(sheet_quantile(s, 0.5), 0, 0, "no pixels: 0");
    sheet_record(s, NULL, &e);
    sheet_cell(s, v, 10, 10, SHEET_GREY, NULL, &e);
    sheet_cell(s, none, 10, 10, SHEET_SIGNED, NULL, &e);
    tap_near(sheet_quantile(s, 0.01), 0, 1e-4, "1st percentile, signed cells left out");
    tap_near(sheet_quantile(s, 0.5), 49.0 / 99, 1e-4, "median");
    tap_near(sheet_quantile(s, 0.99), 98.0 / 99, 1e-4, "99th percentile");
    tap_near(sheet_quantile(s, 1), 1, 0, "maximum");
    sheet_close(s);
}

/* The sheet grows by lines, stays even, and is refused where it would pass its limits. */
static void
test_size(void)
{
    struct sheet *s = open_sheet(2, 3, 200);
    struct picture p;
    size_t h[8], w[8];
    struct err e;
    int rc = 0;

    for (int i = 0; i < 8; i++) {
        rc |= sheet_record(s, "caption", &e);
        p = render(s, &plain);
        h[i] = p.h;
        w[i] = p.w;
        free(p.px);
    }
    tap_ok(rc == 0 && w[2] == w[1] + 2 * 200 + 4 + 20 && w[3] == w[2] && w[7] == w[2],
           "width grows by records up to three on a line");
    tap_ok(h[1] == h[0] && h[2] == h[0] && h[3] > h[0] && h[6] - h[3] == h[3] - h[0],
           "height grows by even lines");
    sheet_close(s);

    s = open_sheet(2, 0, 100);
    for (int i = 0; i < 12; i++)
        sheet_record(s, NULL, &e);
    p = render(s, &plain);
    tap_ok(p.w == 7 * 204 + 6 * 20 + 32, "seven records of 204 px fit %d px: %zu", SHEET_PAGE_W,
           p.w);
    free(p.px);
    sheet_close(s);

    s = open_sheet(1, 1, 128);
    sheet_record(s, "malignant calcification P1", &e);
    p = render(s, &plain);
    h[0] = p.h;
    free(p.px);
    sheet_record(s, "a b", &e);
    p = render(s, &plain);
    tap_ok(p.h - h[0] == 128 + 5 + 2 * FONT_LINE + 20,
           "a caption of 26 characters takes two lines in 128 px");
    free(p.px);
    sheet_close(s);

    s = open_sheet(1, 1, 4096);
    rc = 0;
    for (int i = 0; i < 10 && rc == 0; i++)
        rc = sheet_record(s, NULL, &e);
    tap_ok(rc == -1 && strstr(e.text, "px") != NULL, "too many pixels are refused: %s", e.text);
    sheet_close(s);
    s = open_sheet(1, 1, 8);
    rc = 0;
    for (int i = 0; i < 2000 && rc == 0; i++)
        rc = sheet_record(s, NULL, &e);
    tap_ok(rc == -1 && strstr(e.text, "16384") != NULL, "too high is refused: %s", e.text);
    sheet_close(s);
}

static size_t
ink(char c)
{
    size_t n = 0;

    for (size_t y = 0; y < FONT_GLYPH_H; y++)
        for (size_t x = 0; x < FONT_GLYPH_W; x++)
            n += (size_t)font_pixel(c, y, x);
    return n;
}

static void
test_font(void)
{
    size_t same = 0, blank = 0;

    for (char a = ' '; a < '~'; a++) {
        blank += ink(a) == 0;
        for (char b = (char)(a + 1); b <= '~'; b++) {
            int differ = 0;

            for (size_t y = 0; y < FONT_GLYPH_H; y++)
                for (size_t x = 0; x < FONT_GLYPH_W; x++)
                    differ |= font_pixel(a, y, x) != font_pixel(b, y, x);
            same += !differ;
        }
    }
    tap_ok(same == 0 && blank == 1 && ink(' ') == 0,
           "95 glyphs, all different, only the blank blank");
    tap_ok(ink('T') == 11 && font_pixel('T', 0, 0) && !font_pixel('T', 1, 0) &&
               font_pixel('T', 6, 2) && !font_pixel('T', 7, 2),
           "T stands on the base line");
    tap_ok(font_pixel('p', 8, 0) && ink('\n') == ink('?') && ink((char)0xe9) == ink('?'),
           "p hangs below it; what is not ASCII is '?'");
    tap_ok(font_width("abc", 2) == 34 && font_width("", 1) == 0, "widths");
}

int
main(void)
{
    test_enlarge();
    test_reduce();
    test_signed();
    test_outline();
    test_quantile();
    test_size();
    test_font();
    return tap_done(27);
}
