/*
 * sheet - contact sheets: records of small planes side by side, with headings and captions, as a
 * PNG.
 *
 * A record is one cell for each column ("base", "lesion", "image") and a caption below; records
 * stand side by side, `per_line` to a line of the sheet.  Every cell is a square of the same size:
 * a smaller plane is enlarged by a whole factor (nearest), a larger one reduced by a whole factor
 * (mean), both centred.
 *
 *     sheet_open(&spec, e)
 *         sheet_record(s, "malignant mass P102", e)
 *             sheet_cell(s, base, h, w, SHEET_GREY, NULL, e)
 *             sheet_cell(s, lesion, h, w, SHEET_SIGNED, mask, e)
 *     sheet_write(s, path, &look, text, e)
 *     sheet_close(s)
 *
 * All cells share the grey window and the lesion range of the look: nothing is stretched to one
 * patch.
 */
#ifndef MP_IMAGE_SHEET_H
#define MP_IMAGE_SHEET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SHEET_PAGE_W 1700 /* px */
#define SHEET_MAX_CELL 4096
#define SHEET_MAX_PIXELS ((size_t)1 << 25) /* each takes up to 6 bytes of memory */

enum sheet_kind {
    SHEET_GREY,  /* [0,1], black to white over the window */
    SHEET_SIGNED /* [-1,1], blue for negative, black for 0, orange for positive */
};

struct sheet_spec {
    size_t columns;          /* cells in a record, 1 .. 64 */
    size_t per_line;         /* records side by side, up to 1024; 0 = as many as fit SHEET_PAGE_W */
    size_t cell;             /* side of a cell on the sheet, 1 .. SHEET_MAX_CELL px */
    const char *const *head; /* [columns] headings; borrowed until sheet_close() */
};

struct sheet_look {
    const char *title; /* lines above the sheet, parted by '\n', or NULL */
    double lo, hi;     /* grey window, lo < hi: lo is black, hi is white; written below the sheet */
    double signed_range; /* the size of value in full colour, > 0; written below the sheet */
};

struct sheet;

/* NULL with the reason in e. */
struct sheet *sheet_open(const struct sheet_spec *spec, struct err *e);

/*
 * Begins the next record.  caption: text or NULL; it is broken at blanks where it is too long for
 * the record, and a word that is too long is cut.  Fails if the sheet would pass IMAGE_MAX_SIDE on
 * a side or SHEET_MAX_PIXELS.
 */
int sheet_record(struct sheet *s, const char *caption, struct err *e);

/*
 * The next cell of the record.  Values beyond the kind's range are clamped, not-a-number is drawn
 * as 0.
 *
 *   plane  [h][w], copied; NULL leaves the cell empty
 *   mask   [h][w], non-zero inside, or NULL: outlined in green
 */
int sheet_cell(struct sheet *s, const float *plane, size_t h, size_t w, enum sheet_kind kind,
               const uint8_t *mask, struct err *e);

/* The level at or below which a share q (0 .. 1) of the sheet's grey pixels lies; 0 without any. */
double sheet_quantile(const struct sheet *s, double q);

/* Sets the grey window from the 1st to the 99th percentile; to [0, 1] where these are one. */
void sheet_auto_window(const struct sheet *s, struct sheet_look *look);

/* Draws everything into fresh memory, RGB [h][w][3]; caller frees.  NULL with the reason in e. */
uint8_t *sheet_render(const struct sheet *s, const struct sheet_look *look, size_t *h, size_t *w,
                      struct err *e);

/*
 * Draws everything and writes the PNG atomically.  text: as in rgb_write_png().  The sheet stays,
 * so that it can be written again with another look.
 */
int sheet_write(const struct sheet *s, const char *path, const struct sheet_look *look,
                const char *const *text, struct err *e);

void sheet_close(struct sheet *s);

#endif
