/*
 * ts-sheet - draw the patches of a stream as a contact sheet.
 *
 * Chosen tensors of each record stand side by side, the mask is outlined, metadata become captions.
 * One grey window serves the whole sheet.  Records that are not drawn are read to the trailer all
 * the same.  A blind sheet mixes real and synthetic patches and keeps what they are in a key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/version.h"
#include "image/sheet.h"
#include "io/output.h"
#include "stream/blind.h"
#include "stream/score_line.h"
#include "stream/tstream.h"

enum { MAX_NAMES = 32, MIN_CELL = 128 };

/* A comma-separated option, taken apart. */
struct names {
    size_t n;
    char *item[MAX_NAMES];
    char *text; /* owned; the items point into it */
};

struct opts {
    const char *out, *tensors, *signed_names, *outline, *caption, *window, *title, *blind;
    size_t count, every, columns, zoom;
    uint64_t seed;
    double lesion_range, lo, hi;
    int auto_window;
};

/* The sheet and what it needs to know of the records. */
struct work {
    const struct opts *o;
    struct names tensors, signed_names, keys;
    int seen[MAX_NAMES]; /* some record had this tensor */
    struct sheet *sheet; /* opened with the first record */
    char *first_history;
};

static void
split_names(const char *option, const char *s, struct names *l)
{
    struct err e;

    if ((l->text = mem_string(s, &e)) == NULL)
        cli_fail(&e);
    for (char *save = NULL, *t = strtok_r(l->text, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
        if (l->n == MAX_NAMES)
            cli_usage("--%s: more than %d names", option, MAX_NAMES);
        l->item[l->n++] = t;
    }
}

static int
has_name(const struct names *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->item[i], s) == 0)
            return 1;
    return 0;
}

static void
parse_window(struct opts *o)
{
    char rest;

    if (sscanf(o->window, "%lf,%lf%c", &o->lo, &o->hi, &rest) != 2 ||
        !(o->lo >= 0 && o->lo < o->hi && o->hi <= 1))
        cli_usage("--window: '%s' is not LO,HI with 0 <= LO < HI <= 1", o->window);
}

/* Values that are plain numbers say little alone: "split=train" reads as "train", 35 as "x=35". */
static char *
caption_of(const struct ts_record *rec, const struct names *keys, struct err *e)
{
    char *text = mem_string("", e);

    for (size_t i = 0; i < keys->n && text != NULL; i++) {
        const char *v = ts_meta_or(rec, keys->item[i], "");
        int number = v[0] != '\0' && strchr("+-.0123456789", v[0]) != NULL;
        char *longer;

        if (v[0] == '\0')
            continue;
        longer = mem_printf(e, "%s%s%s%s%s", text, text[0] ? " " : "", number ? keys->item[i] : "",
                            number ? "=" : "", v);
        free(text);
        text = longer;
    }
    return text;
}

/* Tensors, cells and records per line follow the first record where the options leave them open. */
static int
open_sheet(struct work *w, const struct ts_record *rec, struct err *e)
{
    const struct opts *o = w->o;
    struct sheet_spec spec = {.head = (const char *const *)w->tensors.item};
    size_t side = 1, zoom = o->zoom, kept = 0;

    for (size_t i = 0; i < w->tensors.n; i++) {
        const struct ts_tensor *t = ts_find(rec, w->tensors.item[i]);

        if (t == NULL && o->tensors == NULL)
            continue;
        w->tensors.item[kept++] = w->tensors.item[i];
        for (unsigned d = 0; t != NULL && d < t->rank; d++)
            side = t->shape[d] > side ? t->shape[d] : side;
    }
    if (kept == 0)
        return err_set(e, "record 0 has no base, lesion or image: choose with --tensors");
    if (zoom == 0)
        zoom = side < MIN_CELL ? (MIN_CELL + side - 1) / side : 1;
    if (side > SHEET_MAX_CELL / zoom)
        return err_set(e, "a patch of %zu px, enlarged %zu times, exceeds %d px", side, zoom,
                       SHEET_MAX_CELL);
    w->tensors.n = spec.columns = kept;
    spec.cell = side * zoom;
    spec.per_line = o->columns;
    /* It would tell what the first one is. */
    w->first_history = mem_string(o->blind ? "" : ts_meta_or(rec, "history", ""), e);
    w->sheet = sheet_open(&spec, e);
    return w->first_history == NULL || w->sheet == NULL ? -1 : 0;
}

/* The mask to outline: borrowed from the record, NULL where there is none. */
static int
find_mask(const struct ts_record *rec, const char *name, const struct ts_tensor **m, struct err *e)
{
    *m = strcmp(name, "none") == 0 ? NULL : ts_find(rec, name);
    if (*m != NULL && ((*m)->dtype != TS_U8 || (*m)->rank != 2))
        return err_set(e, "%s is not a plane of U8", name);
    return 0;
}

static int
draw_tensor(struct work *w, const struct ts_record *rec, size_t column,
            const struct ts_tensor *mask, struct err *e)
{
    const char *name = w->tensors.item[column];
    enum sheet_kind kind = has_name(&w->signed_names, name) ? SHEET_SIGNED : SHEET_GREY;
    const uint8_t *outline = NULL;
    size_t ph, pw;
    float *plane;
    int rc;

    if (ts_find(rec, name) == NULL)
        return sheet_cell(w->sheet, NULL, 0, 0, kind, NULL, e);
    w->seen[column] = 1;
    if ((plane = ts_plane(rec, name, &ph, &pw, e)) == NULL)
        return -1;
    if (strcmp(name, w->o->outline) == 0)
        for (size_t i = 0; i < ph * pw; i++)
            plane[i] = plane[i] > 0 ? 1.0f : 0.0f;
    else if (mask != NULL && strcmp(name, "base") != 0)
        outline = mask->data;
    rc = outline != NULL && (mask->shape[0] != ph || mask->shape[1] != pw)
             ? err_set(e, "%s is %zu x %zu, its mask %zu x %zu", name, ph, pw, mask->shape[0],
                       mask->shape[1])
             : sheet_cell(w->sheet, plane, ph, pw, kind, outline, e);
    free(plane);
    return rc;
}

/* number: what stands below it on a blind sheet, or 0. */
static int
draw_record(struct work *w, const struct ts_record *rec, size_t number, struct err *e)
{
    const struct ts_tensor *mask;
    char *caption;
    int rc;

    if (w->sheet == NULL && open_sheet(w, rec, e) == -1)
        return -1;
    if (find_mask(rec, w->o->outline, &mask, e) == -1)
        return -1;
    caption = number > 0 ? mem_printf(e, "%zu", number) : caption_of(rec, &w->keys, e);
    if (caption == NULL)
        return -1;
    rc = sheet_record(w->sheet, caption, e);
    for (size_t i = 0; i < w->tensors.n && rc == 0; i++)
        rc = draw_tensor(w, rec, i, mask, e);
    free(caption);
    return rc;
}

/* ---- blind sheets ---- */

struct blind_sheet {
    struct work *w;
    FILE *key;
};

/* Draws a record under its number, and writes what it is. */
static int
draw_blind(void *context, const struct ts_record *rec, size_t number, struct err *e)
{
    const struct blind_sheet *b = context;

    if (draw_record(b->w, rec, number, e) == -1)
        return -1;
    score_line_fields(b->key, rec);
    fprintf(b->key, "%zu\n", number);
    return 0;
}

static int
draw_mixed(const struct blind *blind, struct work *w, FILE *key, struct err *e)
{
    struct blind_sheet b = {w, key};

    score_line_fields(key, NULL);
    fputs("number\n", key);
    return blind_mixed(blind, draw_blind, &b, e);
}

static int
finish_sheet(const struct work *w, const char *history, struct err *e)
{
    const struct opts *o = w->o;
    struct sheet_look look = {.lo = o->lo, .hi = o->hi, .signed_range = o->lesion_range};
    char *title = mem_string(o->title ? o->title : "", e), *longer;
    const char *text[9] = {"Software", "mammopipe " MP_VERSION, "Description", history};
    size_t n = 4;
    int rc;

    if (o->auto_window) {
        sheet_auto_window(w->sheet, &look);
        longer = title == NULL
                     ? NULL
                     : mem_printf(e, "%s%sgrey window: 1st to 99th percentile of this sheet", title,
                                  title[0] ? "\n" : "");
        free(title);
        title = longer;
    }
    if (title == NULL)
        return -1;
    look.title = title;
    if (o->title != NULL && o->title[0] != '\0') {
        text[n++] = "Title";
        text[n++] = o->title;
    }
    if (w->first_history[0] != '\0') {
        text[n++] = "Source";
        text[n++] = w->first_history;
    }
    rc = sheet_write(w->sheet, o->out, &look, text, e);
    free(title);
    return rc;
}

static struct output key; /* of a blind sheet: all or nothing */

_Noreturn static void
fail(const struct err *e)
{
    output_abort(&key);
    cli_fail(e);
}

int
main(int argc, char **argv)
{
    struct opts o = {.signed_names = "lesion",
                     .outline = "mask",
                     .caption = "label,lesion,patient",
                     .window = "0,1",
                     .count = 24,
                     .every = 1,
                     .seed = 1,
                     .lesion_range = 0.5};
    const struct cli_opt table[] = {
        CLI_LOCAL_TEXT('o', "out", "FILE", &o.out, "PNG to write (required)"),
        CLI_SIZE('n', "count", "N", &o.count, 1, 65536, "records to draw"),
        CLI_SIZE(0, "every", "K", &o.every, 1, 1e9,
                 "draw the first record and every K-th after it"),
        CLI_TEXT(0, "tensors", "NAMES", &o.tensors,
                 "tensors side by side; without: those of base,lesion,image there are"),
        CLI_TEXT(0, "signed", "NAMES", &o.signed_names, "tensors drawn blue (-) to orange (+)"),
        CLI_TEXT(0, "outline", "NAME", &o.outline,
                 "mask outlined on every tensor but base, or none"),
        CLI_TEXT(0, "caption", "KEYS", &o.caption, "metadata written below each record"),
        CLI_LOCAL_TEXT(0, "title", "TEXT", &o.title, "line above the sheet"),
        CLI_SIZE(0, "columns", "N", &o.columns, 0, 1024,
                 "records per line; 0 = as many as fit 1700 px"),
        CLI_SIZE(0, "zoom", "N", &o.zoom, 0, 64, "enlarge N times; 0 = to 128 px or more"),
        CLI_TEXT(0, "window", "LO,HI", &o.window, "grey levels drawn black and white"),
        CLI_FLAG(0, "auto-window", &o.auto_window,
                 "window from the 1st to the 99th percentile of the whole sheet"),
        CLI_REAL(0, "lesion-range", "R", &o.lesion_range, 1e-4, 1, "signed value in full colour"),
        CLI_LOCAL_TEXT(0, "blind", "FILE", &o.blind,
                       "mix and number real and synthetic patches; which is which goes to FILE"),
        CLI_SEED(&o.seed),
        CLI_END};
    const struct cli_prog prog = {
        "ts-sheet", "", "Draw the patches of a stream as a contact sheet.", table, 0, 0};
    struct work w = {.o = &o};
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct blind blind = {0};
    struct err e = {0};
    char *history;
    int rc;

    cli_parse(&prog, argc, argv);
    if (o.out == NULL || o.out[0] == '\0')
        cli_usage("--out FILE is required");
    parse_window(&o);
    if (o.blind != NULL) {
        if (o.tensors != NULL || o.count < 2)
            cli_usage("--blind shows image alone, of two records or more");
        o.tensors = "image";
        o.outline = "none";
        blind = (struct blind){.seed = o.seed, .half = o.count / 2};
    }
    split_names("tensors", o.tensors ? o.tensors : "base,lesion,image", &w.tensors);
    split_names("signed", o.signed_names, &w.signed_names);
    split_names("caption", o.caption, &w.keys);
    if ((history = cli_history(&prog, &e)) == NULL || (in = ts_open("-", &e)) == NULL)
        cli_fail(&e);

    for (size_t i = 0, drawn = 0; (rc = ts_read(in, &rec, &e)) == 1; i++) {
        if (i % o.every != 0 || drawn == o.count)
            continue;
        drawn += o.blind == NULL;
        /* What the key could not hold is refused before it is known whether it is drawn. */
        if ((o.blind == NULL                    ? draw_record(&w, &rec, 0, &e)
             : score_line_check(&rec, &e) == -1 ? -1
                                                : blind_offer(&blind, &rec, &e)) == -1) {
            err_in(&e, "%s: record %zu", ts_name(in), i);
            cli_fail(&e);
        }
    }
    if (rc == -1)
        cli_fail(&e);
    if (o.blind != NULL &&
        (output_open(&key, o.blind, &e) == -1 || draw_mixed(&blind, &w, key.file, &e) == -1)) {
        if (key.file != NULL)
            err_in(&e, "%s", ts_name(in));
        fail(&e);
    }
    if (w.sheet == NULL)
        cli_failf("%s: no records to draw", ts_name(in));
    for (size_t i = 0; i < w.tensors.n; i++)
        if (!w.seen[i]) {
            err_set(&e, "%s: no drawn record has a tensor '%s'", ts_name(in), w.tensors.item[i]);
            fail(&e);
        }
    if (finish_sheet(&w, history, &e) == -1 || (o.blind != NULL && output_commit(&key, &e) == -1))
        fail(&e);
    blind_free(&blind);
    sheet_close(w.sheet);
    ts_clear(&rec);
    ts_close(in);
    free(w.first_history);
    free(w.tensors.text);
    free(w.signed_names.text);
    free(w.keys.text);
    free(history);
    return 0;
}
