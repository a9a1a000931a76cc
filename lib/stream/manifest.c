#include "stream/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

/* ---- one row ---- */

enum column {
    IMAGE,
    PATIENT,
    SPLIT,
    SIDE,
    VIEW,
    LABEL,
    LESION,
    X0,
    Y0,
    X1,
    Y1,
    MASK,
    TISSUE,
    COLUMNS
};

/* `must`: the column has to be there.  `words`: what it may hold; a "" among them allows none. */
static const struct {
    const char *name;
    int must;
    const char *words[6];
} column[COLUMNS] = {
    [IMAGE] = {"image", 1, {NULL}},
    [PATIENT] = {"patient", 1, {NULL}},
    [SPLIT] = {"split", 1, {"train", "val", "test"}},
    [SIDE] = {"side", 1, {"L", "R", ""}},
    [VIEW] = {"view", 1, {"CC", "MLO", ""}},
    [LABEL] = {"label", 1, {"normal", "benign", "malignant"}},
    [LESION] = {"lesion", 0, {"mass", "calcification", "both", "other", ""}},
    [X0] = {"x0", 0, {NULL}},
    [Y0] = {"y0", 0, {NULL}},
    [X1] = {"x1", 0, {NULL}},
    [Y1] = {"y1", 0, {NULL}},
    [MASK] = {"mask", 0, {NULL}},
    [TISSUE] = {"tissue", 0, {NULL}},
};

int
manifest_is_finding(const struct finding *f)
{
    return f->lesion[0] != '\0' || f->has_box || f->mask[0] != '\0';
}

static int
check_word(enum column c, const char *s, struct err *e)
{
    for (size_t i = 0; column[c].words[i] != NULL; i++)
        if (strcmp(s, column[c].words[i]) == 0)
            return 0;
    if (s[0] == '\0')
        return err_set(e, "%s is empty", column[c].name);
    return err_set(e, "%s '%.64s' is not one of its words", column[c].name, s);
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
check_row(const struct finding *f, struct err *e)
{
    const char *text[COLUMNS] = {
        [IMAGE] = f->image,   [PATIENT] = f->patient, [SPLIT] = f->split,
        [SIDE] = f->side,     [VIEW] = f->view,       [LABEL] = f->label,
        [LESION] = f->lesion, [MASK] = f->mask,       [TISSUE] = f->tissue};
    size_t bytes = 0;

    for (enum column c = 0; c < COLUMNS; c++) {
        if (text[c] == NULL)
            continue;
        if (!is_plain_text(text[c]))
            return err_set(e, "%s holds control characters or is not UTF-8", column[c].name);
        bytes += strlen(text[c]);
        if (column[c].words[0] != NULL && check_word(c, text[c], e) == -1)
            return -1;
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
    if (strcmp(f->label, "normal") == 0 && manifest_is_finding(f))
        return err_set(e, "label 'normal' on a row with a finding");
    return 0;
}

/* Appends a row whose texts are in place already. */
static int
append(struct manifest *m, const struct finding *f, struct err *e)
{
    void *rows = m->row, *firsts = m->image_first;

    if (m->n >= MANIFEST_MAX_ROWS)
        return err_set(e, "more than %d rows", MANIFEST_MAX_ROWS);
    if (mem_grow(&rows, &m->cap_rows, m->n + 1, sizeof(*m->row), e) == -1)
        return -1;
    m->row = rows;
    if (mem_grow(&firsts, &m->cap_images, m->n_images + 2, sizeof(*m->image_first), e) == -1)
        return -1;
    m->image_first = firsts;
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
    char **text[] = {&copy.image, &copy.patient, &copy.split, &copy.side,  &copy.view,
                     &copy.label, &copy.lesion,  &copy.mask,  &copy.tissue};

    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
        if ((*text[i] = manifest_text(m, *text[i] ? *text[i] : "", e)) == NULL)
            return -1;
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

static char *
text_of(const struct finding *f, enum column c)
{
    return c == IMAGE ? f->image : f->patient;
}

/* The first row with the same text as row i in column c; row i itself where it is the first. */
static size_t
table_first(struct table *t, const struct manifest *m, enum column c, size_t i)
{
    const char *key = text_of(&m->row[i], c);
    size_t at = (size_t)rng_hash(key, strlen(key)) & t->mask;

    while (t->slot[at] != 0) {
        if (strcmp(text_of(&m->row[t->slot[at] - 1], c), key) == 0)
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
    else if (strcmp(a->split, b->split) != 0)
        what = "split";
    else if (strcmp(a->side, b->side) != 0)
        what = "side";
    else if (strcmp(a->view, b->view) != 0)
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
        size_t first = m->image_first[k], other = table_first(&images, m, IMAGE, first), who;

        *bad = first;
        if (other != first) {
            err_set(e, "image '%s' stands on line %zu too: keep its rows together",
                    m->row[first].image, m->row[other].line);
            goto done;
        }
        who = table_first(&patients, m, PATIENT, first);
        if (strcmp(m->row[who].split, m->row[first].split) != 0) {
            err_set(e, "patient '%s' is in split '%s' here and in '%s' on line %zu",
                    m->row[first].patient, m->row[first].split, m->row[who].split,
                    m->row[who].line);
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
parse_header(char *line, enum column *where, struct err *e)
{
    char *field[COLUMNS];
    size_t n = split_fields(line, field, COLUMNS);
    unsigned seen = 0;

    for (size_t k = 0; k < n && k < COLUMNS; k++) {
        enum column c = 0;

        while (c < COLUMNS && strcmp(column[c].name, field[k]) != 0)
            c++;
        if (c == COLUMNS)
            return err_set(e, "unknown column '%.64s'", field[k]);
        if (seen & 1u << c)
            return err_set(e, "column '%s' twice", field[k]);
        seen |= 1u << c;
        where[k] = c;
    }
    if (n > COLUMNS)
        return err_set(e, "%zu columns, at most %d", n, COLUMNS);
    for (enum column c = 0; c < COLUMNS; c++)
        if (column[c].must && !(seen & 1u << c))
            return err_set(e, "column '%s' is missing", column[c].name);
    return (int)n;
}

/* A whole number from 0 to MANIFEST_MAX_SIDE, digits only. */
static int
parse_number(const char *what, const char *s, size_t *out, struct err *e)
{
    size_t v = 0, n = strlen(s);

    if (n == 0 || strspn(s, "0123456789") != n)
        return err_set(e, "%s '%.64s' is not a whole number", what, s);
    for (size_t i = 0; i < n; i++)
        if ((v = v * 10 + (size_t)(s[i] - '0')) > MANIFEST_MAX_SIDE)
            return err_set(e, "%s %.64s is larger than %d", what, s, MANIFEST_MAX_SIDE);
    *out = v;
    return 0;
}

static int
parse_box(char *const *text, struct finding *f, struct err *e)
{
    size_t *to[4] = {&f->x0, &f->y0, &f->x1, &f->y1};
    int given = 0;

    for (int k = 0; k < 4; k++)
        given += text[X0 + k][0] != '\0';
    if (given == 0)
        return 0;
    if (given < 4)
        return err_set(e, "box with %d of its 4 numbers", given);
    for (int k = 0; k < 4; k++)
        if (parse_number(column[X0 + k].name, text[X0 + k], to[k], e) == -1)
            return -1;
    f->has_box = 1;
    return 0;
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

static int
parse_row(char *line, const enum column *where, size_t columns, struct finding *f, struct err *e)
{
    char *field[COLUMNS], *text[COLUMNS];
    size_t n = split_fields(line, field, COLUMNS);

    if (n > columns)
        return err_set(e, "%zu fields, the header has %zu", n, columns);
    for (enum column c = 0; c < COLUMNS; c++)
        text[c] = empty_text;
    for (size_t k = 0; k < columns; k++) {
        if (k < n)
            text[where[k]] = field[k];
        else if (column[where[k]].must)
            return err_set(e, "%zu fields, '%s' is missing", n, column[where[k]].name);
    }
    *f = (struct finding){.image = text[IMAGE],
                          .patient = text[PATIENT],
                          .split = text[SPLIT],
                          .side = text[SIDE],
                          .view = text[VIEW],
                          .label = text[LABEL],
                          .lesion = text[LESION],
                          .mask = text[MASK],
                          .tissue = text[TISSUE]};
    if (parse_box(text, f, e) == -1 || parse_mask(f, e) == -1)
        return -1;
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
    enum column where[COLUMNS];
    struct finding f;
    char *text, *line = NULL;
    size_t n, bad;
    int rc, columns;

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
    columns = rc == 1 ? parse_header(line, where, e) : -1;
    if (columns == -1)
        goto fail_line;
    while ((rc = next_line(&l, &line, e)) == 1) {
        if (parse_row(line, where, (size_t)columns, &f, e) == -1)
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

int
manifest_write(FILE *f, const struct manifest *m, struct err *e)
{
    size_t bad;

    for (size_t i = 0; i < m->n; i++)
        if (check_row(&m->row[i], e) == -1)
            return err_in(e, "row %zu", i + 1);
    if (m->n > 0 && check_table(m, &bad, e) == -1)
        return err_in(e, "row %zu", bad + 1);
    for (enum column c = 0; c < COLUMNS; c++)
        fprintf(f, "%s%c", column[c].name, c + 1 < COLUMNS ? '\t' : '\n');
    for (size_t i = 0; i < m->n; i++) {
        const struct finding *r = &m->row[i];

        fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t", r->image, r->patient, r->split, r->side, r->view,
                r->label, r->lesion);
        if (r->has_box)
            fprintf(f, "%zu\t%zu\t%zu\t%zu\t%s", r->x0, r->y0, r->x1, r->y1, r->mask);
        else
            fprintf(f, "\t\t\t\t%s", r->mask);
        if (r->mask_value > 0)
            fprintf(f, "=%u", r->mask_value);
        fprintf(f, "\t%s\n", r->tissue);
    }
    return 0;
}
