#include "train/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "patch/patch.h"

/* ---- patients ---- */

static size_t
place_of(const struct patients *p, const char *name, int *found)
{
    size_t lo = 0, hi = p->n;

    *found = 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(p->name[mid], name);

        if (order == 0) {
            *found = 1;
            return mid;
        }
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int
patients_has(const struct patients *p, const char *name)
{
    int found;

    place_of(p, name, &found);
    return found;
}

int
patients_add(struct patients *p, const char *name, struct err *e)
{
    int found;
    size_t at = place_of(p, name, &found);
    char *copy;

    if (found || name[0] == '\0')
        return 0;
    if (MEM_GROW(p->name, p->cap, p->n + 1, e) == -1)
        return -1;
    copy = mem_string(name, e);
    if (copy == NULL)
        return -1;
    memmove(p->name + at + 1, p->name + at, (p->n - at) * sizeof(char *));
    p->name[at] = copy;
    p->n++;
    return 0;
}

void
patients_free(struct patients *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->name[i]);
    free(p->name);
    *p = (struct patients){0};
}

char *
patients_text(const struct patients *p, struct err *e)
{
    size_t n = 1;
    char *text, *at;

    for (size_t i = 0; i < p->n; i++)
        n += strlen(p->name[i]) + 1;
    text = at = mem_array(n, 1, e);
    for (size_t i = 0; text != NULL && i < p->n; i++)
        at += sprintf(at, "%s%s", i ? "\n" : "", p->name[i]);
    return text;
}

int
patients_parse(struct patients *p, const char *text, struct err *e)
{
    char *copy = mem_string(text, e), *rest = NULL;
    int rc = copy ? 0 : -1;

    for (char *s = rc == 0 ? strtok_r(copy, "\n", &rest) : NULL; s != NULL && rc == 0;
         s = strtok_r(NULL, "\n", &rest))
        rc = patients_add(p, s, e);
    free(copy);
    return rc;
}

/* ---- feeds ---- */

int
feed_open(struct feed *f, const char *path, enum feed_role role, struct err *e)
{
    int rc;

    *f = (struct feed){.role = role};
    f->reader = ts_open(path, e);
    if (f->reader == NULL)
        return -1;
    rc = ts_read(f->reader, &f->record, e);
    if (rc == -1)
        goto fail;
    f->empty = rc == 0;
    f->pending = rc == 1;
    f->ahead = ts_tell(f->reader);
    f->lesion = mem_string(ts_meta_or(&f->record, "lesion", ""), e);
    if (f->lesion == NULL)
        goto fail;
    return 0;
fail:
    feed_close(f);
    return -1;
}

void
feed_close(struct feed *f)
{
    ts_close(f->reader);
    ts_clear(&f->record);
    free(f->lesion);
    *f = (struct feed){0};
}

/* Makes `record` the next one to use. */
static int
advance(struct feed *f, struct err *e)
{
    int rc;

    if (f->pending) {
        f->pending = 0;
        f->at = f->ahead;
        return 0;
    }
    rc = ts_read(f->reader, &f->record, e);
    if (rc == 0) {
        if (!ts_can_seek(f->reader))
            return err_set(e,
                           "%s: ended after %" PRIu64 " records; training reads on "
                           "(a producer needs --endless, a file is read again)",
                           ts_name(f->reader), f->used);
        if (ts_rewind(f->reader, e) == -1)
            return -1;
        rc = ts_read(f->reader, &f->record, e);
        if (rc == 0)
            return err_set(e, "%s: has no records", ts_name(f->reader));
    }
    if (rc == -1)
        return -1;
    f->at = ts_tell(f->reader);
    return 0;
}

float *
feed_plane(const struct ts_record *r, const char *name, size_t side, struct err *e)
{
    size_t h, w;
    float *plane = ts_plane(r, name, &h, &w, e);

    if (plane == NULL)
        return NULL;
    if (h != side || w != side) {
        err_set(e, "%s is %zux%zu, not %zux%zu", name, w, h, side, side);
        goto fail;
    }
    for (size_t i = 0; i < h * w; i++)
        if (!(plane[i] >= -0.01F && plane[i] <= 1.01F)) {
            err_set(e, "%s: grey level %g is not in [0, 1]", name, (double)plane[i]);
            goto fail;
        }
    return plane;
fail:
    free(plane);
    return NULL;
}

/* Streams given in each other's place train without a sign of it. */
static int
check_label(const struct feed *f, struct err *e)
{
    struct patch p;

    if (patch_read(&p, &f->record, e) == -1)
        return -1;
    if (f->role == FEED_ANY || p.label == LABEL_NONE ||
        (p.label == LABEL_NORMAL) == (f->role == FEED_NORMAL))
        return 0;
    return err_set(e, "label is %s, expected %s patches", label_word[p.label],
                   f->role == FEED_NORMAL ? "normal" : "lesion");
}

int
feed_patch(struct feed *f, size_t side, real *to, struct patients *patients, struct err *e)
{
    float *plane = NULL;

    if (advance(f, e) == -1)
        return -1;
    if (check_label(f, e) == -1 || (plane = feed_plane(&f->record, "image", side, e)) == NULL ||
        patients_add(patients, ts_meta_or(&f->record, "patient", ""), e) == -1) {
        free(plane);
        return err_in(e, "%s: record %" PRIu64, ts_name(f->reader), f->at.count - 1);
    }
    for (size_t i = 0; i < side * side; i++)
        to[i] = (real)plane[i];
    free(plane);
    f->used++;
    return 0;
}

char *
feed_place(const struct feed *f, struct err *e)
{
    return mem_printf(e, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %08" PRIx32 " %" PRIu64 " %08" PRIx32,
                      f->used, f->at.offset, f->at.count, f->at.crc, f->at.segment_count,
                      f->at.segment_crc);
}

int
feed_continue(struct feed *f, const char *place, struct err *e)
{
    struct ts_position at;
    uint64_t used;
    int end = -1;

    sscanf(place, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNx32 " %" SCNu64 " %" SCNx32 "%n",
           &used, &at.offset, &at.count, &at.crc, &at.segment_count, &at.segment_crc, &end);
    if (end == -1 || place[end] != '\0')
        return err_set(e, "'%s' is no place in a stream", place);
    if (used == 0)
        return 0;
    if (ts_can_seek(f->reader)) {
        f->pending = 0;
        if (ts_seek(f->reader, &at, e) == -1)
            return -1;
    } else {
        while (f->at.count < at.count)
            if (advance(f, e) == -1)
                return -1;
        if (f->at.offset != at.offset || f->at.crc != at.crc)
            return err_set(e, "%s: its first %" PRIu64 " records are not those of the training",
                           ts_name(f->reader), at.count);
    }
    f->at = at;
    f->used = used;
    return 0;
}
