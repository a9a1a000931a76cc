#include "stream/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/rng.h"
#include "io/input.h"

/* ---- texts ---- */

/* Texts stand in blocks that live as long as the manifest; a file read is one block, cut up in
 * place. */
struct manifest_store {
    struct manifest_store *next;
    char *bytes;
    size_t used, size;
};

static char empty_text[] = "";

static struct manifest_store *
store_block(struct manifest *m, char *bytes, size_t used, size_t size, struct err *e)
{
    struct manifest_store *b = mem_array(1, sizeof(*b), e);

    if (b == NULL)
        return NULL;
    *b = (struct manifest_store){.next = m->store, .bytes = bytes, .used = used, .size = size};
    m->store = b;
    return b;
}

char *
manifest_text(struct manifest *m, const char *s, struct err *e)
{
    enum { BLOCK = 1 << 16 };
    struct manifest_store *b = m->store;
    size_t n = strlen(s) + 1;
    char *to;

    if (n == 1)
        return empty_text;
    if (b == NULL || b->size - b->used < n) {
        size_t size = n > BLOCK ? n : BLOCK;
        char *bytes = mem_array_raw(size, 1, e);

        if (bytes == NULL || (b = store_block(m, bytes, 0, size, e)) == NULL) {
            free(bytes);
            return NULL;
        }
    }
    to = b->bytes + b->used;
    memcpy(to, s, n);
    b->used += n;
    return to;
}

/*
 * Well-formed UTF-8 (RFC 3629: shortest form, no surrogates, at most U+10FFFF) without control
 * characters.  Whatever passes can stand in a field here and in the JSON header of a record.
 */
static int
is_plain_text(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    while (*p != '\0') {
        static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
        unsigned more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
        uint32_t c = more ? *p & (0x3fu >> more) : *p;

        if (*p < 0x20 || *p == 0x7f || (*p >= 0x80 && more == 0) || *p >= 0xf8)
            return 0;
        for (unsigned k = 1; k <= more; k++) {
            if ((p[k] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (p[k] & 0x3f);
        }
        if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return 0;
        p += more + 1;
    }
    return 1;
}

/* ---- columns ---- */

enum column_kind { TEXT, TERM, PIXEL, MASK };

/* In the order they are written in.  `must`: the column has to be there. */
static const struct column {
    const char *name;
    enum column_kind kind;
    size_t at; /* in struct finding: char *, an enum of terms.h, size_t, char * */
    int must;
    const char *const *words;
    int may_be_empty; /* of words */
} columns[] = {
    {"image", TEXT, offsetof(struct finding, image), 1, NULL, 0},
    {"patient", TEXT, offsetof(struct finding, patient), 1, NULL, 0},
    {"split", TERM, offsetof(struct finding, split), 1, split_word, 0},
    {"side", TERM, offsetof(struct finding, side), 1, side_word, 1},
    {"view", TERM, offsetof(struct finding, view), 1, view_word, 1},
    {"label", TERM, offsetof(struct finding, label), 1, label_word, 0},
    {"lesion", TERM, offsetof(struct finding, lesion), 0, lesion_word, 1},
    {"x0", PIXEL, offsetof(struct finding, x0), 0, NULL, 0},
    {"y0", PIXEL, offsetof(struct finding, y0), 0, NULL, 0},
    {"x1", PIXEL, offsetof(struct finding, x1), 0, NULL, 0},
    {"y1", PIXEL, offsetof(struct finding, y1), 0, NULL, 0},
    {"mask", MASK, offsetof(struct finding, mask), 0, NULL, 0},
    {"tissue", TEXT, offsetof(struct finding, tissue), 0, NULL, 0},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* The field of a row, by the kind of its column. */
static char **
text_at(struct finding *f, const struct column *c)
{
    return (char **)(void *)((char *)f + c->at);
}

static unsigned *
term_at(struct finding *f, const struct column *c)
{
    _Static_assert(sizeof(enum term_split) == sizeof(unsigned), "enums of terms are unsigned");
    return (unsigned *)(void *)((char *)f + c->at);
}

static size_t *
pixel_at(struct finding *f, const struct column *c)
{
    return (size_t *)(void *)((char *)f + c->at);
}

/* ---- one row ---- */

int
manifest_is_finding(const struct finding *f)
{
    return f->lesion != LESION_NONE || f->has_box || f->mask[0] != '\0';
}

/* Where the value stands in "path=value": what follows the last '=', if that is all digits; or
 * NULL. */
static char *
mask_value_of(char *mask)
{
    char *eq = strrchr(mask, '=');

    if (eq == NULL || eq[1] == '\0' || strspn(eq + 1, "0123456789") != strlen(eq + 1))
        return NULL;
    return eq + 1;
}

/* Everything that can be said of one row by itself. */
static int
check_row(const struct finding *row, struct err *e)
{
    struct finding copy = *row, *f = &copy;
    size_t bytes = 0;

    for (const struct column *c = columns; c < columns + COLUMNS; c++) {
        if (c->kind == TERM && *term_at(f, c) == 0 && !c->may_be_empty)
            return err_set(e, "%s is empty", c->name);
        if (c->kind != TEXT && c->kind != MASK)
            continue;
        if (!is_plain_text(*text_at(f, c)))
            return err_set(e, "%s holds control characters or is not UTF-8", c->name);
        bytes += strlen(*text_at(f, c));
    }
    if (bytes > MANIFEST_MAX_LINE - 128)
        return err_set(e, "row of %zu bytes is too long", bytes);
    if (f->image[0] == '\0' || f->patient[0] == '\0')
        return err_set(e, "%s is empty", f->image[0] == '\0' ? "image" : "patient");
    if (f->has_box && (f->x1 > MANIFEST_MAX_SIDE || f->y1 > MANIFEST_MAX_SIDE))
        return err_set(e, "box reaches beyond %d", MANIFEST_MAX_SIDE);
    if (f->has_box && (f->x0 >= f->x1 || f->y0 >= f->y1))
        return err_set(e, "box x %zu..%zu, y %zu..%zu is empty", f->x0, f->x1, f->y0, f->y1);
    if (f->mask_value > MANIFEST_MAX_SIDE || (f->mask_value > 0 && f->mask[0] == '\0'))
        return err_set(e, "mask value %u without a mask, or too large", f->mask_value);
    if (mask_value_of(f->mask) != NULL)
        return err_set(e, "mask '%.64s': a path cannot end in '=' and digits", f->mask);
    if (f->label == LABEL_NORMAL && manifest_is_finding(f))
        return err_set(e, "label 'normal' on a row with a finding");
    return 0;
}

/* Appends a row whose texts are in place already. */
static int
append(struct manifest *m, const struct finding *f, struct err *e)
{
    if (m->n >= MANIFEST_MAX_ROWS)
        return err_set(e, "more than %d rows", MANIFEST_MAX_ROWS);
    if (MEM_GROW(m->row, m->cap_rows, m->n + 1, e) == -1)
        return -1;
    if (MEM_GROW(m->image_first, m->cap_images, m->n_images + 2, e) == -1)
        return -1;
    if (m->n == 0 || strcmp(m->row[m->n - 1].image, f->image) != 0)
        m->image_first[m->n_images++] = m->n;
    m->row[m->n++] = *f;
    m->image_first[m->n_images] = m->n;
    return 0;
}

int
manifest_add(struct manifest *m, const struct finding *f, struct err *e)
{
    struct finding copy = *f;

    for (const struct column *c = columns; c < columns + COLUMNS; c++) {
        char **text = text_at(&copy, c);

        if ((c->kind == TEXT || c->kind == MASK) &&
            (*text = manifest_text(m, *text ? *text : "", e)) == NULL)
            return -1;
    }
    if (copy.line == 0)
        copy.line = m->n + 2; /* behind the header line */
    if (check_row(&copy, e) == -1 || append(m, &copy, e) == -1)
        return err_in(e, "row %zu", m->n + 1);
    return 0;
}

/* ---- rows against each other ---- */

/* An open-addressed hash table from a text of the rows to the first row that bears it. */
struct table {
    size_t *slot; /* row number + 1, or 0 */
    size_t mask;
};

static int
table_init(struct table *t, size_t n, struct err *e)
{
    size_t size = 16;

    while (size < 2 * n)
        size *= 2;
    t->mask = size - 1;
    t->slot = mem_array(size, sizeof(*t->slot), e);
    return t->slot == NULL ? -1 : 0;
}

static const char *
image_of(const struct finding *f)
{
    return f->image;
}

static const char *
patient_of(const struct finding *f)
{
    return f->patient;
}

/* The first row with the same text as row i; row i itself where it is the first. */
static size_t
table_first(struct table *t, const struct manifest *m,
            const char *(*text_of)(const struct finding *), size_t i)
{
    const char *key = text_of(&m->row[i]);
    size_t at = (size_t)rng_hash(key, strlen(key)) & t->mask;

    while (t->slot[at] != 0) {
        if (strcmp(text_of(&m->row[t->slot[at] - 1]), key) == 0)
            return t->slot[at] - 1;
        at = (at + 1) & t->mask;
    }
    t->slot[at] = i + 1;
    return i;
}

/* The rows of one image describe one image. */
static int
check_agree(const struct finding *a, const struct finding *b, struct err *e)
{
    const char *what = NULL;

    if (strcmp(a->patient, b->patient) != 0)
        what = "patient";
    else if (a->split != b->split)
        what = "split";
    else if (a->side != b->side)
        what = "side";
    else if (a->view != b->view)
        what = "view";
    else if (strcmp(a->tissue, b->tissue) != 0)
        what = "tissue mask";
    if (what != NULL)
        return err_set(e, "image '%s' has another %s on line %zu", b->image, what, a->line);
    if (!manifest_is_finding(a) || !manifest_is_finding(b))
        return err_set(e, "image '%s' has a row without a finding (line %zu) beside others",
                       b->image, manifest_is_finding(a) ? b->line : a->line);
    return 0;
}

/* -1 with the row at fault in *bad. */
static int
check_table(const struct manifest *m, size_t *bad, struct err *e)
{
    struct table images = {NULL, 0}, patients = {NULL, 0};
    int rc = -1;

    *bad = 0;
    if (table_init(&images, m->n_images, e) == -1 || table_init(&patients, m->n, e) == -1)
        goto done;
    for (size_t k = 0; k < m->n_images; k++) {
        size_t first = m->image_first[k], other = table_first(&images, m, image_of, first), who;

        *bad = first;
        if (other != first) {
            err_set(e, "image '%s' stands on line %zu too: keep its rows together",
                    m->row[first].image, m->row[other].line);
            goto done;
        }
        who = table_first(&patients, m, patient_of, first);
        if (m->row[who].split != m->row[first].split) {
            err_set(e, "patient '%s' is in split '%s' here and in '%s' on line %zu",
                    m->row[first].patient, split_word[m->row[first].split],
                    split_word[m->row[who].split], m->row[who].line);
            goto done;
        }
        for (size_t i = first + 1; i < m->image_first[k + 1]; i++) {
            *bad = i;
            if (check_agree(&m->row[first], &m->row[i], e) == -1)
                goto done;
        }
    }
    rc = 0;
done:
    free(images.slot);
    free(patients.slot);
    return rc;
}

/* ---- reading ---- */

struct lines {
    const char *name; /* of the file, for messages */
    char *at, *end;
    size_t number; /* of the line read last */
};

/* The next line that is not empty, cut off in place, its "\r" gone.  1, 0 at the end, -1. */
static int
next_line(struct lines *l, char **line, struct err *e)
{
    while (l->at < l->end) {
        char *nl = memchr(l->at, '\n', (size_t)(l->end - l->at)), *stop = nl;

        l->number++;
        if (nl == NULL)
            return err_set(e, "the last line has no end: the file was cut");
        if (nl - l->at > MANIFEST_MAX_LINE)
            return err_set(e, "line of %zu bytes is longer than %d", (size_t)(nl - l->at),
                           MANIFEST_MAX_LINE);
        if (memchr(l->at, '\0', (size_t)(nl - l->at)) != NULL)
            return err_set(e, "a zero byte: not a text file (UTF-16?)");
        if (stop > l->at && stop[-1] == '\r')
            stop--;
        *stop = '\0';
        *line = l->at;
        l->at = nl + 1;
        if (stop > *line)
            return 1;
    }
    return 0;
}

/* Cuts a line at its tabs.  Returns the number of fields; those beyond `most` are counted only. */
static size_t
split_fields(char *line, char **field, size_t most)
{
    size_t n = 0;

    for (char *p = line; p != NULL; n++) {
        char *tab = strchr(p, '\t');

        if (tab != NULL)
            *tab = '\0';
        if (n < most)
            field[n] = p;
        p = tab ? tab + 1 : NULL;
    }
    return n;
}

/* where[k] = the column that the k-th field holds.  Returns the number of fields, or -1. */
static int
parse_header(char *line, const struct column **where, struct err *e)
{
    char *field[COLUMNS];
    size_t n = split_fields(line, field, COLUMNS);
    unsigned seen = 0;

    for (size_t k = 0; k < n && k < COLUMNS; k++) {
        unsigned c = 0;

        while (c < COLUMNS && strcmp(columns[c].name, field[k]) != 0)
            c++;
        if (c == COLUMNS)
            return err_set(e, "unknown column '%.64s'", field[k]);
        if (seen & 1u << c)
            return err_set(e, "column '%s' twice", field[k]);
        seen |= 1u << c;
        where[k] = &columns[c];
    }
    if (n > COLUMNS)
        return err_set(e, "%zu columns, at most %d", n, COLUMNS);
    for (unsigned c = 0; c < COLUMNS; c++)
        if (columns[c].must && !(seen & 1u << c))
            return err_set(e, "column '%s' is missing", columns[c].name);
    return (int)n;
}

/* A whole number from 0 to MANIFEST_MAX_SIDE. */
static int
parse_number(const char *what, const char *s, size_t *out, struct err *e)
{
    if (number_list(s, 1, MANIFEST_MAX_SIDE, out) == 0)
        return 0;
    return strspn(s, "0123456789") == strlen(s)
               ? err_set(e, "%s %.64s is larger than %d", what, s, MANIFEST_MAX_SIDE)
               : err_set(e, "%s '%.64s' is not a whole number", what, s);
}

static int
parse_mask(struct finding *f, struct err *e)
{
    char *text = mask_value_of(f->mask);
    size_t value;

    if (text == NULL)
        return 0;
    if (parse_number("mask value", text, &value, e) == -1)
        return -1;
    if (value == 0 || text - f->mask < 2)
        return err_set(e, "mask '%.64s' has %s", f->mask, value == 0 ? "the value 0" : "no path");
    f->mask_value = (unsigned)value;
    text[-1] = '\0';
    return 0;
}

/* One field that is not empty. */
static int
parse_field(const struct column *c, char *text, struct finding *f, struct err *e)
{
    int term;

    if (c->kind == PIXEL)
        return parse_number(c->name, text, pixel_at(f, c), e);
    if (c->kind == TERM) {
        if ((term = term_find(c->words, text)) == -1)
            return err_set(e, "%s '%.64s' is not one of its words", c->name, text);
        *term_at(f, c) = (unsigned)term;
        return 0;
    }
    *text_at(f, c) = text;
    return c->kind == MASK ? parse_mask(f, e) : 0;
}

static int
parse_row(char *line, const struct column *const *where, size_t n_columns, struct finding *f,
          struct err *e)
{
    char *field[COLUMNS];
    size_t n = split_fields(line, field, COLUMNS);
    int box = 0;

    if (n > n_columns)
        return err_set(e, "%zu fields, the header has %zu", n, n_columns);
    *f = (struct finding){0};
    for (const struct column *c = columns; c < columns + COLUMNS; c++)
        if (c->kind == TEXT || c->kind == MASK)
            *text_at(f, c) = empty_text;
    for (size_t k = 0; k < n_columns; k++) {
        if (k >= n && where[k]->must)
            return err_set(e, "%zu fields, '%s' is missing", n, where[k]->name);
        if (k >= n || field[k][0] == '\0')
            continue;
        if (parse_field(where[k], field[k], f, e) == -1)
            return -1;
        box += where[k]->kind == PIXEL;
    }
    if (box % 4 != 0)
        return err_set(e, "box with %d of its 4 numbers", box);
    f->has_box = box == 4;
    return check_row(f, e);
}

/* The folder of a path, "." where it has none. */
static char *
folder_of(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_string(".", e);
    return mem_printf(e, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

int
manifest_read(const char *path, const char *root, struct manifest *m, struct err *e)
{
    struct lines l = {.name = strcmp(path, "-") == 0 ? "stdin" : path};
    const struct column *where[COLUMNS];
    struct finding f;
    char *text, *line = NULL;
    size_t n, bad;
    int rc, n_columns;

    memset(m, 0, sizeof(*m));
    text = (char *)input_slurp(path, MANIFEST_MAX_BYTES, &n, e);
    if (text == NULL)
        return -1;
    if (store_block(m, text, n, n, e) == NULL) {
        free(text);
        return -1;
    }
    l.at = text;
    l.end = text + n;
    m->root = root != NULL ? mem_string(root, e) : folder_of(path, e);
    if (m->root == NULL)
        goto fail;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        l.at += 3;
    rc = next_line(&l, &line, e);
    if (rc == 0)
        err_set(e, "empty: a manifest begins with a line that names its columns");
    n_columns = rc == 1 ? parse_header(line, where, e) : -1;
    if (n_columns == -1)
        goto fail_line;
    while ((rc = next_line(&l, &line, e)) == 1) {
        if (parse_row(line, where, (size_t)n_columns, &f, e) == -1)
            goto fail_line;
        f.line = l.number;
        if (append(m, &f, e) == -1)
            goto fail_line;
    }
    if (rc == -1)
        goto fail_line;
    if (m->n > 0 && check_table(m, &bad, e) == -1) {
        err_in(e, "%s:%zu", l.name, m->row[bad].line);
        goto fail;
    }
    return 0;
fail_line:
    err_in(e, "%s:%zu", l.name, l.number);
fail:
    manifest_free(m);
    return -1;
}

void
manifest_free(struct manifest *m)
{
    while (m->store != NULL) {
        struct manifest_store *next = m->store->next;

        free(m->store->bytes);
        free(m->store);
        m->store = next;
    }
    free(m->root);
    free(m->row);
    free(m->image_first);
    memset(m, 0, sizeof(*m));
}

char *
manifest_path(const struct manifest *m, const char *name, struct err *e)
{
    return input_join(m->root ? m->root : ".", name, e);
}

/* ---- writing ---- */

static void
write_field(FILE *f, struct finding *row, const struct column *c)
{
    if (c->kind == TERM)
        fputs(c->words[*term_at(row, c)], f);
    else if (c->kind == PIXEL && row->has_box)
        fprintf(f, "%zu", *pixel_at(row, c));
    else if (c->kind != PIXEL)
        fputs(*text_at(row, c), f);
    if (c->kind == MASK && row->mask_value > 0)
        fprintf(f, "=%u", row->mask_value);
}

int
manifest_write(FILE *f, const struct manifest *m, struct err *e)
{
    size_t bad;

    for (size_t i = 0; i < m->n; i++)
        if (check_row(&m->row[i], e) == -1)
            return err_in(e, "row %zu", i + 1);
    if (m->n > 0 && check_table(m, &bad, e) == -1)
        return err_in(e, "row %zu", bad + 1);
    for (size_t c = 0; c < COLUMNS; c++)
        fprintf(f, "%s%c", columns[c].name, c + 1 < COLUMNS ? '\t' : '\n');
    for (size_t i = 0; i < m->n; i++)
        for (size_t c = 0; c < COLUMNS; c++) {
            write_field(f, &m->row[i], &columns[c]);
            putc(c + 1 < COLUMNS ? '\t' : '\n', f);
        }
    return 0;
}
