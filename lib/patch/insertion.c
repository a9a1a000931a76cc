#include "patch/insertion.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* ---- images by name ---- */

static const struct finding *
first_row(const struct insertion *s, size_t k)
{
    return &s->m->row[s->m->image_first[k]];
}

/* The slot of an image's name: its own, or the free one for it. */
static size_t *
slot_of(const struct insertion *s, const char *name)
{
    size_t at = (size_t)rng_hash(name, strlen(name)) & (s->slots - 1);

    while (s->slot[at] != 0 && strcmp(first_row(s, s->slot[at] - 1)->image, name) != 0)
        at = (at + 1) & (s->slots - 1);
    return &s->slot[at];
}

int
insertion_open(struct insertion *s, const struct manifest *m, size_t per_image, struct err *e)
{
    *s = (struct insertion){.m = m, .per_image = per_image, .slots = 16};
    while (s->slots < 2 * m->n_images)
        s->slots *= 2;
    s->image = mem_array(m->n_images, sizeof(*s->image), e);
    s->slot = mem_array(s->slots, sizeof(*s->slot), e);
    if (s->image == NULL || s->slot == NULL) {
        insertion_close(s);
        return -1;
    }
    for (size_t k = 0; k < m->n_images; k++)
        *slot_of(s, first_row(s, k)->image) = k + 1;
    return 0;
}

void
insertion_close(struct insertion *s)
{
    for (size_t k = 0; s->image != NULL && k < s->m->n_images; k++) {
        for (size_t i = 0; i < s->image[k].n; i++)
            insert_free(&s->image[k].lesion[i]);
        free(s->image[k].lesion);
    }
    free(s->image);
    free(s->slot);
    *s = (struct insertion){0};
}

/* ---- records ---- */

/* What a record says of its image is what the manifest says, as far as it says anything. */
static int
check_same(const struct ts_record *r, const char *key, const char *here, struct err *e)
{
    const char *there = ts_meta_or(r, key, here);

    if (strcmp(here, there) == 0)
        return 0;
    return err_set(e, "%s '%s', but the manifest has '%s' for %s", key, there, here,
                   ts_meta_or(r, "source", ""));
}

/* The number of the image that a record means, or -1. */
static long
find_image(const struct insertion *s, const struct ts_record *r, struct err *e)
{
    const char *source = ts_meta_or(r, "source", "");
    size_t k = *slot_of(s, source);
    const struct finding *f;

    if (k == 0)
        return err_set(e, "source '%s' is not in the manifest", source);
    f = first_row(s, --k);
    if (check_same(r, "patient", f->patient, e) == -1 ||
        check_same(r, "split", split_word[f->split], e) == -1)
        return -1;
    if (!manifest_is_finding(f) && f->label != LABEL_NORMAL)
        return err_set(e, "%s is %s, but the manifest does not say where", source,
                       label_word[f->label]);
    return (long)k;
}

static int
measure_image(const struct insertion *s, size_t k, struct err *e)
{
    struct insertion_image *im = &s->image[k];
    char *path;
    int rc;

    if (im->h > 0)
        return 0;
    path = manifest_path(s->m, first_row(s, k)->image, e);
    rc = path ? image_size(path, &im->h, &im->w, e) : -1;
    free(path);
    return rc;
}

static int
is_taken(const struct insertion *s, size_t k, const struct insert_lesion *l)
{
    const struct insertion_image *im = &s->image[k];

    for (size_t i = 0; i < im->n; i++)
        if (box_meet(&im->lesion[i].at, &l->at))
            return 1;
    for (size_t i = s->m->image_first[k]; i < s->m->image_first[k + 1]; i++) {
        const struct finding *f = &s->m->row[i];

        if (f->has_box && box_meet(&(struct box){f->x0, f->y0, f->x1, f->y1}, &l->at))
            return 1;
    }
    return 0;
}

static int
keep(struct insertion *s, size_t k, struct insert_lesion *l, struct err *e)
{
    struct insertion_image *im = &s->image[k];

    s->bytes += insert_memory(l);
    if (s->bytes > INSERTION_MAX_BYTES)
        return err_set(e, "the lesions so far need more than %zu bytes: split the stream",
                       INSERTION_MAX_BYTES);
    if (MEM_GROW(im->lesion, im->cap, im->n + 1, e) == -1)
        return -1;
    im->lesion[im->n++] = *l;
    return 0;
}

int
insertion_add(struct insertion *s, struct ts_record *r, struct err *e)
{
    enum insertion_verdict verdict = INSERTION_TAKEN;
    struct insert_lesion l;
    long found = find_image(s, r, e);
    size_t k = (size_t)found;
    int rc;

    if (found == -1 || measure_image(s, k, e) == -1)
        return -1;
    if (strcmp(ts_meta_or(r, "kept", "1"), "1") != 0) {
        s->count[INSERTION_DISCARDED]++;
        return INSERTION_DISCARDED;
    }
    if ((rc = insert_take(&l, r, s->image[k].h, s->image[k].w, e)) == -1)
        return -1;
    if (rc == 0)
        verdict = INSERTION_EMPTY;
    else if (s->image[k].n == s->per_image)
        verdict = INSERTION_FULL;
    else if (is_taken(s, k, &l))
        verdict = INSERTION_OVERLAP;
    if (verdict != INSERTION_TAKEN)
        insert_free(&l);
    else if (keep(s, k, &l, e) == -1) {
        insert_free(&l);
        return -1;
    }
    s->count[verdict]++;
    return (int)verdict;
}

/* ---- images and rows ---- */

int
insertion_draw(const struct insertion *s, size_t k, struct image *im, struct image *mask,
               struct err *e)
{
    const struct insertion_image *to = &s->image[k];
    char *path = manifest_path(s->m, first_row(s, k)->image, e);
    int rc = path ? image_read(path, im, e) : -1;

    *mask = (struct image){0};
    if (rc == -1) {
        free(path);
        return -1;
    }
    if (im->h != to->h || im->w != to->w) {
        rc = err_set(e, "%s has become another image", path);
        goto out;
    }
    insert_widen(im);
    *mask = (struct image){.h = im->h, .w = im->w, .max = 255};
    if ((mask->px = mem_array(im->h * im->w, sizeof(*mask->px), e)) == NULL)
        rc = -1;
    for (size_t i = 0; i < to->n && rc == 0; i++)
        rc = insert_apply(&to->lesion[i], (unsigned)i + 1, im, mask, e);
out:
    if (rc == -1) {
        image_free(im);
        image_free(mask);
    }
    free(path);
    return rc;
}

int
insertion_rows(const struct insertion *s, size_t k, const char *image, const char *mask,
               struct manifest *out, struct err *e)
{
    const struct insertion_image *im = &s->image[k];
    struct finding f;
    char *name = manifest_text(out, image, e), *outline = manifest_text(out, mask, e);

    if (name == NULL || outline == NULL)
        return -1;
    for (size_t i = s->m->image_first[k]; i < s->m->image_first[k + 1]; i++) {
        f = s->m->row[i];
        f.line = 0;
        if (im->n > 0 && !manifest_is_finding(&f))
            continue;
        if (im->n > 0)
            f.image = name;
        if (manifest_add(out, &f, e) == -1)
            return -1;
    }
    for (size_t i = 0; i < im->n; i++) {
        struct insert_lesion *l = &im->lesion[i];

        f = *first_row(s, k);
        f.line = 0;
        f.image = name;
        f.label = l->label;
        f.lesion = l->kind;
        f.has_box = 1;
        f.x0 = l->box.x0;
        f.y0 = l->box.y0;
        f.x1 = l->box.x1;
        f.y1 = l->box.y1;
        f.mask = outline;
        f.mask_value = (unsigned)i + 1;
        if (manifest_add(out, &f, e) == -1)
            return -1;
    }
    return 0;
}
