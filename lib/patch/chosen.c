#include "patch/chosen.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/names.h"
#include "io/tsv.h"

enum { IMAGE, X, Y, W, H, COLUMNS };

enum { MAX_FIELDS = 256 };

static const char *const column_name[COLUMNS] = {"image", "x", "y", "w", "h"};

static int
find_columns(struct tsv *t, size_t *column, struct err *e)
{
    if (tsv_heading(t, e) == -1)
        return -1;
    for (int k = 0; k < COLUMNS; k++) {
        if (tsv_column(t, column_name[k], &column[k], e) == -1)
            return -1;
        if (column[k] == TSV_NONE && k <= Y)
            return err_set(e, "%s:%zu: no column '%s'", t->path, t->line, column_name[k]);
    }
    if ((column[W] == TSV_NONE) != (column[H] == TSV_NONE))
        return err_set(e, "%s:%zu: one of the columns 'w' and 'h' without the other", t->path,
                       t->line);
    return 0;
}

/* A number from `least` to the largest side of an image. */
static int
number(const struct tsv *t, size_t column, const char *name, double least, double *v, struct err *e)
{
    if (tsv_number(t->field[column], name, v, e) == -1)
        return -1;
    if (!(*v >= least && *v <= MANIFEST_MAX_SIDE))
        return err_set(e, "%s %g is not from %g to %d", name, *v, least, MANIFEST_MAX_SIDE);
    return 0;
}

static int
read_place(const struct tsv *t, const size_t *column, const struct names *images,
           struct chosen_place *p, struct err *e)
{
    uint32_t image;

    *p = (struct chosen_place){.line = t->line};
    if (!names_find(images, t->field[column[IMAGE]], &image))
        return err_set(e, "no image '%.200s' in the manifest", t->field[column[IMAGE]]);
    p->image = image;
    if (number(t, column[X], "x", 0, &p->x, e) == -1 ||
        number(t, column[Y], "y", 0, &p->y, e) == -1)
        return -1;
    if (column[W] == TSV_NONE || (t->field[column[W]][0] == '\0' && t->field[column[H]][0] == '\0'))
        return 0;
    if (number(t, column[W], "w", 1, &p->w, e) == -1 ||
        number(t, column[H], "h", 1, &p->h, e) == -1)
        return -1;
    p->x += p->w / 2;
    p->y += p->h / 2;
    return 0;
}

int
chosen_read(struct chosen *c, const char *path, const struct manifest *m, struct err *e)
{
    struct names images = {0};
    size_t column[COLUMNS];
    uint32_t n;
    struct tsv t;
    int rc = -1;

    *c = (struct chosen){.path = path};
    if (tsv_open(&t, path, MANIFEST_MAX_LINE, MAX_FIELDS, e) == -1)
        return -1;
    for (size_t k = 0; k < m->n_images; k++)
        if (names_number(&images, m->row[m->image_first[k]].image, &n, e) == -1)
            goto done;
    if (find_columns(&t, column, e) == -1)
        goto done;
    while ((rc = tsv_next(&t, e)) == 1) {
        struct chosen_place p;

        if (c->n == CHOSEN_MAX)
            rc = err_set(e, "more than %d places", CHOSEN_MAX);
        else
            rc = read_place(&t, column, &images, &p, e);
        if (rc == -1) {
            err_in(e, "%s:%zu", t.path, t.line);
            goto done;
        }
        if (MEM_GROW(c->place, c->cap, c->n + 1, e) == -1) {
            rc = -1;
            goto done;
        }
        c->place[c->n++] = p;
    }
    if (rc == 0 && c->n == 0)
        rc = err_set(e, "%s: no places", t.path);
done:
    names_free(&images);
    tsv_close(&t);
    if (rc == -1)
        chosen_free(c);
    return rc;
}

void
chosen_free(struct chosen *c)
{
    free(c->place);
    *c = (struct chosen){0};
}
