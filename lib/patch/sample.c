#include "patch/sample.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "base/rng.h"
#include "patch/footprint.h"
#include "patch/like.h"
#include "patch/patch.h"
#include "patch/place.h"

/* Places looked at on an image that was drawn, of those to choose from. */
enum { PLACES_OF_IMAGE = 16 };

/* Up to VISIBLE an item is drawn from. */
enum state { UNKNOWN, VISIBLE, OUTSIDE_BOX, FAINT, NO_PLACE };

/* What is drawn from: an image (its first row stands for it) or a finding. */
struct item {
    size_t row, image;
    uint32_t patient; /* her number */
};

/*
 * Random draws go down a tree: all that there is, patients, their images, items; `by` leaves levels
 * out.  The parts of a node stand together.
 */
struct node {
    size_t item;     /* the first item below, of a leaf the only one */
    size_t first, n; /* its parts: nodes first .. first + n - 1; a leaf has none */
    size_t left;     /* parts that are not known to be useless; of a leaf 1 or 0 */
};

/* The place most like an example among those looked at so far. */
struct search {
    size_t example;
    struct surround hidden; /* under the example's mask */
    float *patch;           /* [size][size] the one that is looked at */
    size_t left;            /* places still to be looked at */
    size_t item;
    struct place place;
    double distance; /* of the best, squared; infinite before the first */
};

struct sampler {
    const struct manifest *m;
    const char *name;
    struct cache *cache;
    struct sample_options o;
    struct item *item;
    unsigned char *state; /* of each item, as far as it is known */
    size_t n;
    struct node *node; /* [nodes], the root last; none with `each` */
    size_t nodes;
    struct names patient;
    uint64_t *drawn;  /* [patient.n] patches so far */
    uint64_t patches; /* the sum of them */
    double squares;   /* the sum of their squares */
    struct sample_report report;
    /* The image that was used last. */
    size_t image; /* its number + 1, or 0 */
    struct cache_plane pixels, tissue;
    int wall_right;       /* its chest wall is on the right */
    struct search search; /* with `like` */
};

/* ---- which items ---- */

static int
has_place(const struct finding *f)
{
    return f->has_box || f->mask[0] != '\0';
}

static int
is_wanted(const struct finding *f, const struct sample_options *o)
{
    if (!manifest_is_finding(f) || f->label != o->label)
        return 0;
    if (o->lesion == LESION_NONE || f->lesion == o->lesion)
        return 1;
    return (o->lesion == LESION_MASS || o->lesion == LESION_CALCIFICATION) &&
           f->lesion == LESION_BOTH;
}

/* A length of the image as it is, in pixels after downscale, those touched in part included. */
static size_t
shrunk(const struct sampler *s, size_t n)
{
    return (n + s->o.downscale - 1) / s->o.downscale;
}

static int
side_fits(const struct sampler *s, size_t w, size_t h)
{
    size_t side = shrunk(s, w > h ? w : h);

    return side >= s->o.min_box && side <= s->o.max_box;
}

static int
add_item(struct sampler *s, size_t row, size_t image, struct err *e)
{
    struct item *it = &s->item[s->n];

    *it = (struct item){.row = row, .image = image};
    if (names_number(&s->patient, s->m->row[row].patient, &it->patient, e) == -1)
        return -1;
    s->n++;
    return 0;
}

static int
add_normal(struct sampler *s, size_t k, struct err *e)
{
    size_t first = s->m->image_first[k], end = s->m->image_first[k + 1];
    const struct finding *f = &s->m->row[first];
    int located = 1;

    if (!manifest_is_finding(f)) {
        /* An image labelled benign or malignant without a finding has one, at a place unknown. */
        if (f->label != LABEL_NORMAL)
            s->report.unlocated += s->o.from != SAMPLE_CLEAN;
        else if (s->o.from != SAMPLE_AWAY)
            return add_item(s, first, k, e);
        return 0;
    }
    if (s->o.from == SAMPLE_CLEAN)
        return 0;
    for (size_t i = first; i < end; i++)
        located = located && has_place(&s->m->row[i]);
    if (located)
        return add_item(s, first, k, e);
    s->report.unlocated++;
    return 0;
}

static int
add_findings(struct sampler *s, size_t k, struct err *e)
{
    for (size_t i = s->m->image_first[k]; i < s->m->image_first[k + 1]; i++) {
        const struct finding *f = &s->m->row[i];

        if (!is_wanted(f, &s->o))
            continue;
        if (!has_place(f))
            s->report.unlocated++;
        else if (f->has_box && !side_fits(s, f->x1 - f->x0, f->y1 - f->y0))
            s->report.outside_box++;
        else if (add_item(s, i, k, e) == -1)
            return -1;
    }
    return 0;
}

/* Is the image of that row one of those that are drawn from? */
static int
is_of(const struct finding *f, const struct sample_options *o)
{
    return f->split == o->split && (o->view == VIEW_NONE || f->view == o->view);
}

/* The images of the places that were chosen, one by one. */
static int
add_chosen(struct sampler *s, struct err *e)
{
    for (size_t i = 0; i < s->o.at->n; i++) {
        const struct chosen_place *p = &s->o.at->place[i];
        const struct finding *f = &s->m->row[s->m->image_first[p->image]];

        if (!is_of(f, &s->o))
            return err_set(e, "%s:%zu: image %s is a %s of split %s: not what is drawn from",
                           s->o.at->path, p->line, f->image, f->view ? view_word[f->view] : "view",
                           split_word[f->split]);
        if (add_item(s, s->m->image_first[p->image], p->image, e) == -1)
            return -1;
    }
    return 0;
}

static int
add_items(struct sampler *s, struct err *e)
{
    if (s->o.at != NULL)
        return add_chosen(s, e);
    for (size_t k = 0; k < s->m->n_images; k++) {
        const struct finding *first = &s->m->row[s->m->image_first[k]];
        int rc;

        if (!is_of(first, &s->o))
            continue;
        rc = s->o.label == LABEL_NORMAL ? add_normal(s, k, e) : add_findings(s, k, e);
        if (rc == -1)
            return -1;
    }
    return 0;
}

/* ---- what is drawn from what ---- */

/*
 * The leaves, in the manifest's order, or patient by patient (counting sort): her images, and the
 * findings of each, then stand together.
 */
static int
add_leaves(struct sampler *s, struct err *e)
{
    size_t *at = mem_array(s->patient.n + 1, sizeof(*at), e), before = 0;

    if (at == NULL)
        return -1;
    for (size_t k = 0; k < s->n && s->o.by == SAMPLE_BY_PATIENT; k++)
        at[s->item[k].patient + 1]++;
    for (size_t p = 0; p < s->patient.n; p++)
        before = at[p] += before;
    for (size_t k = 0; k < s->n; k++) {
        size_t to = s->o.by == SAMPLE_BY_PATIENT ? at[s->item[k].patient]++ : k;

        s->node[to] = (struct node){.item = k, .left = 1};
    }
    s->nodes = s->n;
    free(at);
    return 0;
}

enum level { IMAGES, PATIENTS, ALL };

static size_t
group_of(const struct sampler *s, const struct node *p, enum level level)
{
    const struct item *it = &s->item[p->item];

    return level == IMAGES ? it->image : level == PATIENTS ? it->patient : 0;
}

/* Puts a level above the nodes from *first on, a node above each group, and moves *first to it. */
static void
add_level(struct sampler *s, size_t *first, enum level level)
{
    size_t end = s->nodes;

    for (size_t k = *first; k < end; k++) {
        if (k == *first || group_of(s, &s->node[k], level) != group_of(s, &s->node[k - 1], level))
            s->node[s->nodes++] = (struct node){.item = s->node[k].item, .first = k};
        s->node[s->nodes - 1].left = ++s->node[s->nodes - 1].n;
    }
    *first = end;
}

/* A normal image is an item itself, so it needs no level of its own. */
static int
build_tree(struct sampler *s, struct err *e)
{
    size_t first = 0;

    /* There is room: 3 n is less than the bytes of item[]. */
    s->node = mem_array(3 * s->n + 1, sizeof(*s->node), e);
    if (s->node == NULL || add_leaves(s, e) == -1)
        return -1;
    if (s->o.by != SAMPLE_BY_FINDING && s->o.label != LABEL_NORMAL)
        add_level(s, &first, IMAGES);
    if (s->o.by == SAMPLE_BY_PATIENT)
        add_level(s, &first, PATIENTS);
    add_level(s, &first, ALL);
    return 0;
}

struct sampler *
sampler_open(const struct manifest *m, const char *name, struct cache *c,
             const struct sample_options *o, struct err *e)
{
    struct sampler *s = mem_array(1, sizeof(*s), e);

    if (s == NULL)
        return NULL;
    *s = (struct sampler){.m = m, .name = name, .cache = c, .o = *o};
    s->item = mem_array(o->at ? o->at->n : m->n, sizeof(*s->item), e);
    s->state = mem_array(o->at ? o->at->n : m->n, 1, e);
    if (s->item == NULL || s->state == NULL || add_items(s, e) == -1)
        goto fail;
    s->report.items = s->n;
    s->report.item_patients = s->patient.n;
    if (s->n == 0) {
        err_set(e,
                "%s: nothing to draw from in split %s (%zu of unknown place, %zu outside the box "
                "limits)",
                name, split_word[o->split], s->report.unlocated, s->report.outside_box);
        goto fail;
    }
    s->drawn = mem_array(s->patient.n, sizeof(*s->drawn), e);
    if (o->like != NULL &&
        (s->search.patch = mem_array(o->size * o->size, sizeof(*s->search.patch), e)) == NULL)
        goto fail;
    if (s->drawn == NULL || (o->each == 0 && o->at == NULL && build_tree(s, e) == -1))
        goto fail;
    return s;
fail:
    sampler_close(s);
    return NULL;
}

void
sampler_close(struct sampler *s)
{
    if (s == NULL)
        return;
    cache_release(&s->pixels);
    cache_release(&s->tissue);
    free(s->item);
    free(s->state);
    free(s->node);
    free(s->drawn);
    free(s->search.patch);
    names_free(&s->patient);
    free(s);
}

uint64_t
sampler_total(const struct sampler *s)
{
    return s->o.at != NULL ? s->n : s->o.each > 0 ? (uint64_t)s->n * s->o.each : UINT64_MAX;
}

struct sample_report
sampler_report(const struct sampler *s)
{
    struct sample_report r = s->report;
    double n = (double)s->patches;

    r.effective_patients = s->patches > 0 ? n * n / s->squares : 0;
    r.distance = s->patches > 0 ? r.distance / n : 0;
    return r;
}

/* ---- images and lesions ---- */

/* A mask must have the size of its image. */
static int
check_fit(const struct sampler *s, const struct cache_plane *mask, const char *name,
          const struct finding *f, struct err *e)
{
    if (mask->h == s->pixels.h && mask->w == s->pixels.w)
        return 0;
    return err_set(e, "%s is %zu x %zu pixels, its image %s is %zu x %zu", name, mask->w, mask->h,
                   f->image, s->pixels.w, s->pixels.h);
}

static int
load_mask(const struct sampler *s, const struct finding *f, const char *name, unsigned value,
          struct cache_plane *out, struct err *e)
{
    char *path = manifest_path(s->m, name, e);
    int rc = path ? cache_mask(s->cache, path, value, out, e) : -1;

    free(path);
    if (rc == 0 && check_fit(s, out, name, f, e) == -1) {
        cache_release(out);
        rc = -1;
    }
    return rc;
}

/*
 * The breast's outline is a D whose straight side is the chest wall: there is more tissue there.
 * A sixteenth of the width on either side is enough to tell.
 */
static int
wall_is_right(const struct cache_plane *tissue)
{
    const struct region g = region_borrow(tissue);
    size_t strip = (g.x1 - g.x0 + 15) / 16;

    return region_count(&g, g.x1 - strip, g.y0, g.x1, g.y1) >
           region_count(&g, g.x0, g.y0, g.x0 + strip, g.y1);
}

static int
load_image(struct sampler *s, size_t k, struct err *e)
{
    const struct finding *f = &s->m->row[s->m->image_first[k]];
    char *path;
    int rc;

    if (s->image == k + 1)
        return 0;
    s->image = 0;
    cache_release(&s->pixels);
    cache_release(&s->tissue);
    path = manifest_path(s->m, f->image, e);
    rc = path ? cache_image(s->cache, path, &s->pixels, e) : -1;
    if (rc == 0 && f->tissue[0] != '\0')
        rc = load_mask(s, f, f->tissue, 0, &s->tissue, e);
    else if (rc == 0)
        rc = cache_tissue(s->cache, path, &s->tissue, e);
    free(path);
    if (rc == 0) {
        s->image = k + 1;
        s->wall_right = wall_is_right(&s->tissue);
    }
    return rc;
}

static int
check_box(const struct sampler *s, const struct finding *f, struct err *e)
{
    if (!f->has_box || (f->x1 <= s->pixels.w && f->y1 <= s->pixels.h))
        return 0;
    return err_set(e, "box x %zu..%zu, y %zu..%zu reaches beyond its image %s of %zu x %zu pixels",
                   f->x0, f->x1, f->y0, f->y1, f->image, s->pixels.w, s->pixels.h);
}

/* Sets of pixels, and the masks that they are borrowed from. */
struct shapes {
    struct region *region;
    struct cache_plane *mask;
    size_t n;
};

static void
shapes_free(struct shapes *g)
{
    for (size_t i = 0; i < g->n; i++) {
        region_free(&g->region[i]);
        cache_release(&g->mask[i]);
    }
    free(g->region);
    free(g->mask);
    *g = (struct shapes){0};
}

static int
shapes_alloc(struct shapes *g, size_t n, struct err *e)
{
    g->region = mem_array(n, sizeof(*g->region), e);
    g->mask = mem_array(n, sizeof(*g->mask), e);
    if (g->region == NULL || g->mask == NULL) {
        shapes_free(g);
        return -1;
    }
    g->n = n;
    return 0;
}

/* The pixels of a row's lesion: the mask inside the box, as far as there are; else the ellipse. */
static int
load_lesion(const struct sampler *s, const struct finding *f, struct region *out,
            struct cache_plane *mask, struct err *e)
{
    if (check_box(s, f, e) == -1)
        return -1;
    if (f->mask[0] == '\0')
        return region_ellipse(out, f->x0, f->y0, f->x1, f->y1, e);
    if (load_mask(s, f, f->mask, f->mask_value, mask, e) == -1)
        return -1;
    if (!f->has_box)
        *out = region_borrow(mask);
    else if (region_of_mask(out, mask, f->x0, f->y0, f->x1, f->y1, e) == -1)
        return -1;
    return out->count > 0 ? 0 : err_set(e, "mask %s has no pixel of this finding", f->mask);
}

/*
 * What a normal window must not touch of a row: the outline, whole, where there is a mask, else the
 * box.  Broader than the lesion itself, to be on the safe side.
 */
static int
load_outline(const struct sampler *s, const struct finding *f, struct region *out,
             struct cache_plane *mask, struct err *e)
{
    if (check_box(s, f, e) == -1)
        return -1;
    if (f->mask[0] == '\0')
        return region_box(out, f->x0, f->y0, f->x1, f->y1, e);
    if (load_mask(s, f, f->mask, f->mask_value, mask, e) == -1)
        return -1;
    *out = region_borrow(mask);
    return 0;
}

/* The lesion of a finding, or all outlines of an image, which may be none. */
static int
load_shapes(const struct sampler *s, const struct item *it, struct shapes *out, struct err *e)
{
    int normal = s->o.label == LABEL_NORMAL;
    size_t first = normal ? s->m->image_first[it->image] : it->row;
    size_t n = normal ? s->m->image_first[it->image + 1] - first : 1;

    *out = (struct shapes){0};
    if (!manifest_is_finding(&s->m->row[first]))
        return 0;
    if (shapes_alloc(out, n, e) == -1)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct finding *f = &s->m->row[first + i];
        int rc = normal ? load_outline(s, f, &out->region[i], &out->mask[i], e)
                        : load_lesion(s, f, &out->region[i], &out->mask[i], e);

        if (rc == -1) {
            shapes_free(out);
            return err_in(e, "%s:%zu", s->name, f->line);
        }
    }
    return 0;
}

/* ---- the record ---- */

/* The record's image, margin included, in pixels of the source: its corner and its side. */
struct frame {
    size_t x, y, side;
};

/* The sums of n blocks of d x d pixels side by side; the first has its corner at p[corner]. */
static void
block_sums(const struct cache_plane *p, size_t corner, size_t d, size_t n, uint64_t *sum)
{
    memset(sum, 0, n * sizeof(*sum));
    for (size_t j = 0; j < d; j++) {
        size_t i = corner + j * p->w;

        if (p->u8 != NULL)
            for (size_t x = 0; x < n; x++)
                for (size_t k = 0; k < d; k++)
                    sum[x] += p->u8[i++];
        else
            for (size_t x = 0; x < n; x++)
                for (size_t k = 0; k < d; k++)
                    sum[x] += p->u16[i++];
    }
}

static int
fill_plane(const struct sampler *s, const struct frame *at, float *out, struct err *e)
{
    const struct cache_plane *p = &s->pixels;
    size_t d = s->o.downscale, h = at->side / d;
    uint64_t *sum = mem_array(h, sizeof(*sum), e);
    double unit = (double)(d * d) * p->max;

    if (sum == NULL)
        return -1;
    for (size_t y = 0; y < h; y++) {
        block_sums(p, (at->y + y * d) * p->w + at->x, d, h, sum);
        for (size_t x = 0; x < h; x++)
            out[y * h + x] = (float)((double)sum[x] / unit);
    }
    free(sum);
    return 0;
}

static int
fill_image(const struct sampler *s, const struct frame *at, struct ts_record *r, struct err *e)
{
    size_t h = at->side / s->o.downscale;
    float *out = ts_put_plane(r, "image", h, h, e);

    return out == NULL ? -1 : fill_plane(s, at, out, e);
}

/* A mask as a tensor: a pixel is 255 if `least` or more of the pixels it is made of are set. */
static struct ts_tensor *
fill_mask(const struct sampler *s, const char *name, const struct frame *at, const struct region *g,
          size_t least, struct ts_record *r, struct err *e)
{
    size_t d = s->o.downscale, h = at->side / d;
    struct ts_tensor *t = ts_put(r, name, TS_U8, 2, (const size_t[]){h, h}, e);
    uint32_t *count = mem_array(h, sizeof(*count), e);

    if (count == NULL)
        return NULL;
    for (size_t y = 0; y < h && t != NULL; y++) {
        region_blocks(g, at->x, at->y + y * d, d, h, count);
        for (size_t x = 0; x < h; x++)
            ((uint8_t *)t->data)[y * h + x] = count[x] >= least ? 255 : 0;
    }
    free(count);
    return t;
}

/* The box round the pixels of a mask, as the metadata `bbox`. */
static int
set_bbox(struct ts_record *r, const struct ts_tensor *mask, struct err *e)
{
    struct box b = box_of_mask(mask->data, mask->shape[0], mask->shape[1]);

    return patch_set_box(r, &b, e);
}

/* Where the centre of a patch is in the breast: in the box round its tissue, both from 0 to 1. */
static void
where_in_breast(const struct sampler *s, const struct place *p, double *depth, double *height)
{
    const struct cache_plane *t = &s->tissue;
    double half = (double)(s->o.size * s->o.downscale) / 2;
    double x = (double)(p->x * s->o.downscale) + half - (double)t->x0;
    double y = (double)(p->y * s->o.downscale) + half - (double)t->y0;
    double across = t->x1 > t->x0 ? x / (double)(t->x1 - t->x0) : 0;
    double down = t->y1 > t->y0 ? y / (double)(t->y1 - t->y0) : 0;

    across = s->wall_right ? 1 - across : across;
    *depth = across < 0 ? 0 : across > 1 ? 1 : across;
    *height = down < 0 ? 0 : down > 1 ? 1 : down;
}

static int
set_metadata(const struct sampler *s, const struct item *it, const struct place *p, uint64_t index,
             struct ts_record *r, struct err *e)
{
    const struct finding *f = &s->m->row[it->row];
    size_t d = s->o.downscale;
    const struct footprint at = {.placed = 1,
                                 .x = p->x * d,
                                 .y = p->y * d,
                                 .window = s->o.size * d,
                                 .margin = s->o.margin,
                                 .change = {.scale = 1}};
    const char *text[][2] = {{"parent", ""},
                             {"source", f->image},
                             {"patient", f->patient},
                             {"split", split_word[f->split]},
                             {"side", side_word[f->side]},
                             {"view", view_word[f->view]},
                             {"label", label_word[s->o.label]},
                             {"synthetic", "0"},
                             {"lesion", s->o.label == LABEL_NORMAL ? "" : lesion_word[f->lesion]}};
    char *id = mem_printf(e, "%s %zu %zu %zu %" PRIu64 " %" PRIu64, f->image, at.x, at.y, at.window,
                          s->o.seed, index);
    double depth, height;
    uint64_t hash;

    if (id == NULL)
        return -1;
    where_in_breast(s, p, &depth, &height);
    hash = rng_hash(id, strlen(id));
    free(id);
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
        if (ts_meta_set(r, text[i][0], text[i][1], e) == -1)
            return -1;
    if (ts_meta_setf(r, "id", e, "%016" PRIx64, hash) == -1 || footprint_write(&at, r, e) == -1 ||
        ts_meta_setf(r, "tissue", e, "%.4f", p->tissue) == -1 ||
        ts_meta_setf(r, "depth", e, "%.4f", depth) == -1 ||
        ts_meta_setf(r, "height", e, "%.4f", height) == -1 ||
        ts_meta_setf(r, "seed", e, "%" PRIu64, s->o.seed) == -1 ||
        ts_meta_setf(r, "index", e, "%" PRIu64, index) == -1)
        return -1;
    if (s->o.label == LABEL_NORMAL)
        return 0;
    return ts_meta_setf(r, "seedpixel", e, "%zu,%zu", p->seed_x / d - p->x + s->o.margin,
                        p->seed_y / d - p->y + s->o.margin);
}

static int
make_record(const struct sampler *s, const struct item *it, const struct place *p,
            const struct region *lesion, const struct region *tissue, uint64_t index,
            struct ts_record *r, struct err *e)
{
    size_t d = s->o.downscale;
    struct frame at = {.x = (p->x - s->o.margin) * d,
                       .y = (p->y - s->o.margin) * d,
                       .side = (s->o.size + 2 * s->o.margin) * d};

    ts_clear(r);
    if (fill_image(s, &at, r, e) == -1 || set_metadata(s, it, p, index, r, e) == -1)
        return -1;
    if (s->o.margin > 0 && fill_mask(s, "tissue", &at, tissue, (d * d + 1) / 2, r, e) == NULL)
        return -1;
    if (s->o.label != LABEL_NORMAL) {
        const struct ts_tensor *t = fill_mask(s, "mask", &at, lesion, 1, r, e);

        if (t == NULL || set_bbox(r, t, e) == -1)
            return -1;
    }
    return 0;
}

/* ---- drawing ---- */

static void
give_up(struct sampler *s, size_t k, enum state why)
{
    s->state[k] = (unsigned char)why;
    if (why == OUTSIDE_BOX)
        s->report.outside_box++;
    else if (why == FAINT)
        s->report.faint++;
    else
        s->report.no_place++;
}

/* Counts a patch of this item's patient: (n + 1)^2 is n^2 and 2 n + 1. */
static void
count_patient(struct sampler *s, const struct item *it)
{
    uint64_t n = s->drawn[it->patient]++;

    s->report.patients += n == 0;
    s->patches++;
    s->squares += 2 * (double)n + 1;
}

/* Pixels at each edge of a patch where the lesion's drawn pixel may not be. */
static size_t
inset(const struct sample_options *o)
{
    size_t most = (size_t)(o->max_offset * (double)o->size + 0.5), half = o->size / 2;
    size_t n = half > most ? half - most : 0;

    return n < (o->size - 1) / 2 ? n : (o->size - 1) / 2;
}

/* Looks at places of item k, whose image is loaded: 1, 0 where it has none, -1. */
static int
look(struct sampler *s, size_t k, const struct place_rule *rule, struct rng *rng, struct err *e)
{
    struct search *f = &s->search;
    size_t d = s->o.downscale;

    for (int i = 0; i < PLACES_OF_IMAGE && f->left > 0; i++) {
        double x[SURROUND_MEASURES], distance;
        struct place p;
        int rc = place_draw(rule, rng, &p, e);

        if (rc != 1)
            return rc;
        if (fill_plane(s, &(struct frame){p.x * d, p.y * d, s->o.size * d}, f->patch, e) == -1)
            return -1;
        surround_see(&f->hidden, f->patch, x);
        x[SURROUND_TISSUE] = p.tissue;
        where_in_breast(s, &p, &x[SURROUND_DEPTH], &x[SURROUND_HEIGHT]);
        distance = like_distance(s->o.like, f->example, x);
        f->left--;
        if (distance < f->distance) {
            f->distance = distance;
            f->item = k;
            f->place = p;
        }
    }
    return 1;
}

/* A patch of item k, or places to choose from: 1, 0 where it has none, -1. */
static int
draw_from(struct sampler *s, size_t k, struct rng *rng, uint64_t index, struct ts_record *r,
          struct err *e)
{
    const struct item *it = &s->item[k];
    const struct finding *f = &s->m->row[it->row];
    int normal = s->o.label == LABEL_NORMAL, rc;
    struct region tissue;
    struct shapes shapes;
    struct place place;

    if (load_image(s, it->image, e) == -1)
        return err_in(e, "%s:%zu", s->name, s->m->row[s->m->image_first[it->image]].line);
    if (load_shapes(s, it, &shapes, e) == -1)
        return -1;
    tissue = region_borrow(&s->tissue);
    if (!normal && !f->has_box &&
        !side_fits(s, shapes.region[0].x1 - shapes.region[0].x0,
                   shapes.region[0].y1 - shapes.region[0].y0)) {
        give_up(s, k, OUTSIDE_BOX);
        rc = 0;
    } else if (!normal && s->o.min_contrast > 0 && s->state[k] != VISIBLE &&
               region_contrast(shapes.region, &tissue, &s->pixels) < s->o.min_contrast) {
        give_up(s, k, FAINT);
        rc = 0;
    } else {
        const struct place_rule rule = {
            .h = s->pixels.h,
            .w = s->pixels.w,
            .downscale = s->o.downscale,
            .size = s->o.size,
            .margin = s->o.margin,
            .inset = inset(&s->o),
            .min_tissue = s->o.min_tissue,
            .tissue = &tissue,
            .lesion = normal ? NULL : shapes.region,
            .avoid = shapes.region,
            .n_avoid = normal ? shapes.n : 0,
        };

        s->state[k] = VISIBLE;
        rc = s->o.like ? look(s, k, &rule, rng, e) : place_draw(&rule, rng, &place, e);
        if (rc == 0)
            give_up(s, k, NO_PLACE);
        else if (s->o.like == NULL && rc == 1 &&
                 make_record(s, it, &place, shapes.region, &tissue, index, r, e) == -1)
            rc = err_in(e, "%s:%zu", s->name, f->line);
        else if (s->o.like == NULL && rc == 1)
            count_patient(s, it);
    }
    shapes_free(&shapes);
    return rc;
}

/*
 * A patch of what is below p: 1, 0 where there is none, -1.
 *
 * Parts without a place are drawn again, so that the others stay equally likely.  Each try has a
 * generator of its own: what happens below it, and whether it is known to be useless already, must
 * not matter to the next.
 */
static int
draw_below(struct sampler *s, struct node *p, struct rng *rng, uint64_t index, struct ts_record *r,
           struct err *e)
{
    int rc = 0;

    if (p->n == 0) {
        rc = draw_from(s, p->item, rng, index, r, e);
        p->left = rc != 0;
        return rc;
    }
    while (rc == 0 && p->left > 0) {
        struct node *part = &s->node[p->first + rng_below(rng, p->n)];
        struct rng own = rng_at(rng_u64(rng), "place", index);

        if (part->left == 0)
            continue;
        rc = draw_below(s, part, &own, index, r, e);
        p->left -= rc == 0;
    }
    return rc;
}

static int
no_patch(const struct sampler *s, struct err *e)
{
    return err_set(e,
                   "%s: no patch of %zu pixels with %g tissue in any of %zu %s (%zu outside the "
                   "box limits, %zu too faint)",
                   s->name, s->o.size, s->o.min_tissue, s->n,
                   s->o.label == LABEL_NORMAL ? "images" : "findings", s->report.outside_box,
                   s->report.faint);
}

/* The example's place as the tensor `place`, and which example it is. */
static int
put_place(const struct sampler *s, struct ts_record *r, struct err *e)
{
    const struct like_example *x = &s->o.like->example[s->search.example];
    size_t size = s->o.size, h = size + 2 * s->o.margin;
    struct ts_tensor *t = ts_put(r, "place", TS_U8, 2, (const size_t[]){h, h}, e);
    size_t w = x->box.x1 - x->box.x0;

    if (t == NULL)
        return -1;
    for (size_t y = x->box.y0; y < x->box.y1; y++)
        for (size_t i = 0; i < w; i++)
            ((uint8_t *)t->data)[(y + s->o.margin) * h + x->box.x0 + i + s->o.margin] =
                x->mask[(y - x->box.y0) * w + i] ? 255 : 0;
    return ts_meta_set(r, "like", x->id, e) == -1 ? -1
                                                  : ts_meta_set(r, "like_patient", x->patient, e);
}

/* Draws an example, then places, and makes the one that is most like it a record. */
static int
draw_like(struct sampler *s, uint64_t index, struct ts_record *r, struct err *e)
{
    struct rng rng = rng_at(s->o.seed, "like", index);
    struct search *f = &s->search;
    uint8_t *mask = mem_array_raw(s->o.size * s->o.size, 1, e);
    const struct item *it;
    struct region tissue;
    int rc;

    if (mask == NULL)
        return -1;
    f->example = (size_t)rng_below(&rng, s->o.like->n);
    f->left = s->o.candidates;
    f->distance = INFINITY;
    like_mask(s->o.like, f->example, mask);
    rc = surround_init(&f->hidden, mask, s->o.size, e);
    free(mask);
    if (rc == -1)
        return -1;
    while (rc == 1 && f->left > 0) {
        struct rng own = rng_at(rng_u64(&rng), "candidates", index);

        rc = draw_below(s, &s->node[s->nodes - 1], &own, index, r, e);
    }
    surround_free(&f->hidden);
    if (rc != 1)
        return rc == 0 ? no_patch(s, e) : -1;
    it = &s->item[f->item];
    if (load_image(s, it->image, e) == -1)
        return -1;
    tissue = region_borrow(&s->tissue);
    if (make_record(s, it, &f->place, NULL, &tissue, index, r, e) == -1 || put_place(s, r, e) == -1)
        return err_in(e, "%s:%zu", s->name, s->m->row[it->row].line);
    count_patient(s, it);
    s->report.distance += sqrt(f->distance);
    return 1;
}

/* The corner of the window whose middle is nearest to `at`, along one side of the image. */
static int
chosen_corner(const struct sampler *s, double at, size_t side, size_t *corner)
{
    size_t d = s->o.downscale;
    double c = floor(at / (double)d - (double)s->o.size / 2 + 0.5);

    if (!(c >= (double)s->o.margin && c + (double)(s->o.size + s->o.margin) <= (double)(side / d)))
        return -1;
    *corner = (size_t)c;
    return 0;
}

/* The box of a chosen place as the tensor `place`. */
static int
put_box(const struct sampler *s, const struct chosen_place *c, const struct place *p,
        struct ts_record *r, struct err *e)
{
    size_t d = s->o.downscale;
    const struct frame at = {(p->x - s->o.margin) * d, (p->y - s->o.margin) * d,
                             (s->o.size + 2 * s->o.margin) * d};
    struct region g;
    int rc;

    if (region_ellipse(&g, (size_t)fmax(c->x - c->w / 2, 0), (size_t)fmax(c->y - c->h / 2, 0),
                       (size_t)(c->x + c->w / 2), (size_t)(c->y + c->h / 2), e) == -1)
        return -1;
    rc = fill_mask(s, "place", &at, &g, 1, r, e) == NULL ? -1 : 0;
    region_free(&g);
    return rc;
}

static int
draw_chosen(struct sampler *s, uint64_t index, struct ts_record *r, struct err *e)
{
    const struct chosen_place *c = &s->o.at->place[index];
    const struct item *it = &s->item[index];
    size_t window = s->o.size * s->o.downscale;
    struct place p = {0};
    struct region tissue;

    if (load_image(s, it->image, e) == -1)
        return err_in(e, "%s:%zu", s->name, s->m->row[it->row].line);
    if (chosen_corner(s, c->x, s->pixels.w, &p.x) == -1 ||
        chosen_corner(s, c->y, s->pixels.h, &p.y) == -1)
        return err_set(e,
                       "%s:%zu: a patch of %zu pixels with its margin of %zu round %g,%g does not "
                       "fit image %s of %zu x %zu",
                       s->o.at->path, c->line, window, s->o.margin * s->o.downscale, c->x, c->y,
                       s->m->row[it->row].image, s->pixels.w, s->pixels.h);
    tissue = region_borrow(&s->tissue);
    p.tissue = (double)region_count(&tissue, p.x * s->o.downscale, p.y * s->o.downscale,
                                    p.x * s->o.downscale + window, p.y * s->o.downscale + window) /
               (double)(window * window);
    if (!(p.tissue >= s->o.min_tissue))
        return err_set(e, "%s:%zu: %.3f of the patch round %g,%g on image %s is tissue, not %g",
                       s->o.at->path, c->line, p.tissue, c->x, c->y, s->m->row[it->row].image,
                       s->o.min_tissue);
    if (make_record(s, it, &p, NULL, &tissue, index, r, e) == -1 ||
        (c->w > 0 && put_box(s, c, &p, r, e) == -1))
        return err_in(e, "%s:%zu", s->o.at->path, c->line);
    count_patient(s, it);
    return 1;
}

int
sampler_draw(struct sampler *s, uint64_t index, struct ts_record *r, struct err *e)
{
    struct rng rng = rng_at(s->o.seed, "patch-sample", index);
    int rc;

    if (s->o.at != NULL)
        return draw_chosen(s, index, r, e);
    if (s->o.each > 0) {
        size_t k = (size_t)(index / s->o.each);

        return s->state[k] <= VISIBLE ? draw_from(s, k, &rng, index, r, e) : 0;
    }
    if (s->o.like != NULL)
        return draw_like(s, index, r, e);
    rc = draw_below(s, &s->node[s->nodes - 1], &rng, index, r, e);
    return rc == 0 ? no_patch(s, e) : rc;
}
