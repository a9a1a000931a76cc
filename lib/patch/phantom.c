#include "patch/phantom.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "patch/phantom_parts.h"
#include "patch/place.h"

/* Patches of this side (64 pixels at the default size) should not tell lesions by their mean. */
#define WINDOW_MM 19.2

size_t
phantom_views(const struct phantom_opts *o)
{
    return 2 * o->sides;
}

/*
 * Shares.  Independent draws would miss a share of 0.4 by five of a hundred patients.  Additive
 * recurrences frac(start + p a) with badly approximable steps a keep within three of any count
 * (from patient q on they are the same with another start, frac(start + q a)), and steps that are
 * independent over the rational numbers spread the patients evenly over class, split, kind and side
 * together (L. Kuipers and H. Niederreiter, Uniform Distribution of Sequences, 1974, chapters 1.6
 * and 2.3); patient p still depends on p alone.
 */
static double
even(double start, uint64_t p, int i)
{
    static const double step[] = {0.6180339887498949, 0.4142135623730951, 0.7320508075688772,
                                  0.6457513110645906}; /* of the golden ratio, sqrt 2, 3, 7 */
    double x = start + fmod((double)p * step[i], 1.0);

    return x - floor(x);
}

void
phantom_case(const struct phantom_opts *o, uint64_t k, struct phantom_case *c)
{
    struct rng r = rng_at(o->seed, "phantom-case", 0);
    uint64_t p = k / phantom_views(o), view = k % phantom_views(o);
    double u[4];

    for (int i = 0; i < 4; i++)
        u[i] = even(rng_uniform(&r), p, i);

    c->patient = p;
    c->label = u[0] < o->malignant               ? LABEL_MALIGNANT
               : u[0] < o->malignant + o->benign ? LABEL_BENIGN
                                                 : LABEL_NORMAL;
    c->split = u[1] < o->train ? SPLIT_TRAIN : u[1] < o->train + o->val ? SPLIT_VAL : SPLIT_TEST;
    c->kind = u[2] < o->calcification ? LESION_CALCIFICATION : LESION_MASS;
    c->side = u[3] < 0.5 ? SIDE_L : SIDE_R; /* of the lesion */
    if (view >= 2) {
        c->side = c->side == SIDE_L ? SIDE_R : SIDE_L;
        c->label = LABEL_NORMAL;
    }
    c->view = view % 2 == 0 ? VIEW_CC : VIEW_MLO;
}

/* How a picture is taken: grey = floor + gain * density, less where the breast is thin. */
struct exposure {
    double gain, floor, noise, skin;
    double roll; /* pixels over which the breast grows thick behind the skin */
};

static struct exposure
exposure_draw(double mm, struct rng *r)
{
    struct exposure x;

    x.gain = rng_between(r, 0.62, 0.85);
    x.floor = rng_between(r, 0.10, 0.17);
    x.noise = rng_between(r, 0.004, 0.009);
    x.skin = rng_between(r, 0.08, 0.2);
    x.roll = mm * rng_between(r, 4, 9);
    return x;
}

/* Share of the full thickness at a distance from the skin. */
static double
thickness(const struct exposure *x, double mm, double inside)
{
    return 1 - exp(-(inside + 0.5 * mm) / x->roll);
}

/*
 * The shoulder of the curve that a picture for display is made with: straight up to the knee, then
 * ever flatter, so that dense tissue grows bright and never white.  And its slope.
 */
static const double knee = 0.6, top = 0.98;

static double
shoulder(double grey)
{
    return grey > knee ? top - (top - knee) * exp(-(grey - knee) / (top - knee)) : grey;
}

static double
shoulder_slope(double grey)
{
    return grey > knee ? exp(-(grey - knee) / (top - knee)) : 1;
}

/* One picture while it is drawn. */
struct scene {
    const struct phantom_opts *o;
    struct phantom_case c;
    uint64_t k;
    struct breast b;
    struct exposure x;
    struct plane inside, density;
    double *sums;  /* [h + 1][w + 1] of the density, for means over windows */
    uint8_t *mask; /* [h][w], the numbers of the findings */
    struct {
        double x, y, radius;
    } taken[PHANTOM_MAX_FINDINGS];
    size_t n_taken;
};

/* Mean density over a window of `side` pixels around (x, y), cut at the edges of the box. */
static double
window_mean(const struct scene *s, double x, double y, double side)
{
    size_t h = s->density.h, w = s->density.w;
    double half = side / 2;
    size_t x0 = x > half ? (size_t)(x - half) : 0, y0 = y > half ? (size_t)(y - half) : 0;
    size_t x1 = (size_t)(x + half) < w ? (size_t)(x + half) : w;
    size_t y1 = (size_t)(y + half) < h ? (size_t)(y + half) : h;
    const double *t = s->sums + y0 * (w + 1), *b = s->sums + y1 * (w + 1);

    return (b[x1] - b[x0] - t[x1] + t[x0]) / ((double)(x1 - x0) * (double)(y1 - y0));
}

static void
sum_density(struct scene *s)
{
    size_t h = s->density.h, w = s->density.w;

    memset(s->sums, 0, (w + 1) * sizeof *s->sums);
    for (size_t i = 0; i < h; i++) {
        const double *above = s->sums + i * (w + 1);
        double *to = s->sums + (i + 1) * (w + 1), row = 0;

        to[0] = 0;
        for (size_t j = 0; j < w; j++) {
            row += (double)s->density.px[i * w + j];
            to[j + 1] = above[j + 1] + row;
        }
    }
}

/*
 * How far (x, y) is from all that a lesion must keep clear of: the skin, the edges of the picture,
 * the muscle, other lesions.
 */
static double
clearance(const struct scene *s, double x, double y)
{
    double room = (double)plane_at(&s->inside, x, y) - 2 * s->b.mm;

    room = fmin(room, fmin(x, (double)(s->density.w - 1) - x));
    room = fmin(room, fmin(y, (double)(s->density.h - 1) - y));
    room = fmin(room, -breast_muscle(&s->b, x, y + (double)s->b.y0));
    for (size_t i = 0; i < s->n_taken; i++)
        room = fmin(room, hypot(x - s->taken[i].x, y - s->taken[i].y) - s->taken[i].radius);
    return room;
}

/*
 * A place for the lesion: of a few at its distance behind the nipple, the one where the mean of the
 * window around it, lesion included, comes closest to that of a window anywhere in the breast.  In
 * the mean a lesion then displaces tissue rather than adding to it.  Where nothing is free at that
 * distance, the roomiest of the places tried.  Returns 0 if not even that holds the lesion.
 */
static int
place(struct scene *s, const struct lesion *l, struct rng *r, double *x, double *y)
{
    enum { TRIES = 300, ENOUGH = 40 };
    double mm = s->b.mm, radius = lesion_radius(l, mm), side = WINDOW_MM * mm;
    double ny = s->b.cy - (double)s->b.y0, target = 0, best = INFINITY, roomiest = -INFINITY;

    for (int i = 0; i < TRIES; i++) {
        double tx = rng_uniform(r) * (double)s->density.w,
               ty = rng_uniform(r) * (double)s->density.h;

        target = window_mean(s, tx, ty, side) - lesion_load(l, mm, side);
        if ((double)plane_at(&s->inside, tx, ty) > 0.35 * side)
            break;
    }
    for (int i = 0, found = 0; i < TRIES && found < ENOUGH; i++) {
        double far = (l->behind + 9 * rng_between(r, -1, 1)) * mm;
        double angle = 3.141592653589793 + rng_between(r, -1.3, 1.3);
        double cx = s->b.depth + far * cos(angle), cy = ny + far * sin(angle);

        if (!(clearance(s, cx, cy) > radius))
            continue;
        found++;
        double miss = fabs(window_mean(s, cx, cy, side) - target);

        if (miss < best) {
            best = miss;
            *x = cx;
            *y = cy;
        }
    }
    for (int i = 0; i < TRIES && !(best < INFINITY); i++) {
        double cx = rng_uniform(r) * (double)s->density.w,
               cy = rng_uniform(r) * (double)s->density.h;
        double room = clearance(s, cx, cy);

        if (room > roomiest) {
            roomiest = room;
            *x = cx;
            *y = cy;
        }
    }
    if (!(best < INFINITY || roomiest > radius))
        return 0;
    s->taken[s->n_taken].x = *x;
    s->taken[s->n_taken].y = *y;
    s->taken[s->n_taken++].radius = radius;
    return 1;
}

static int
draw_lesions(struct scene *s, struct phantom_view *v, struct err *e)
{
    struct rng p = rng_at(s->o->seed, "phantom-lesion", s->c.patient);
    struct rng r = rng_at(s->o->seed, "phantom-place", s->k);
    size_t n = s->c.label == LABEL_NORMAL ? 0 : rng_uniform(&p) < 0.15 ? 2 : 1;
    double ny = s->b.cy - (double)s->b.y0;

    v->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct lesion l;
        double x = 0, y = 0;

        lesion_plan(&l, s->c.label,
                    i == 0 ? s->c.kind : (enum term_lesion)(LESION_MASS + rng_below(&p, 2)), &p);
        sum_density(s);
        if (!place(s, &l, &r, &x, &y))
            continue;
        v->finding[v->n].kind = l.kind;
        v->finding[v->n].t = l.t;
        v->n++;

        /* What is asked for in grey levels, in density: there, and with the lesion. */
        double gain = s->x.gain * thickness(&s->x, s->b.mm, (double)plane_at(&s->inside, x, y));
        double grey = s->x.floor + gain * window_mean(s, x, y, l.size * s->b.mm);
        double least = s->o->min_contrast / (gain * shoulder_slope(grey + s->o->min_contrast));

        if (lesion_draw(&l, s->b.mm, x, y, atan2(ny - y, s->b.depth - x), least, &r, &s->density,
                        s->mask, (uint8_t)v->n, e) == -1)
            return -1;
    }
    return 0;
}

/*
 * Grey levels as a processed picture for display shows them: dark outside, even inside, falling
 * towards the skin with the thickness, a thin bright skin; quantum noise where there is tissue.
 */
static void
expose(const struct scene *s, struct phantom_view *v)
{
    struct rng r = rng_at(s->o->seed, "phantom-noise", s->k);
    const struct exposure *x = &s->x;
    double mm = s->b.mm;
    size_t w = s->o->w;

    for (size_t i = 0; i < s->density.h; i++)
        for (size_t j = 0; j < s->density.w; j++) {
            size_t at = i * s->density.w + j;
            double d = (double)s->inside.px[at];
            size_t col = s->c.side == SIDE_L ? j : w - 1 - j, to = (i + s->b.y0) * w + col;

            if (!(d > 0)) {
                continue;
            }
            double thick = thickness(x, mm, d);
            double rim = exp(-(d - 0.9 * mm) * (d - 0.9 * mm) / (0.5 * mm * mm));
            double shine = x->floor * (0.35 + 0.65 * thick) +
                           x->gain * (double)s->density.px[at] * thick + x->skin * rim;
            double z =
                shoulder(shine) + x->noise * ((double)(rng_u32(&r) >> 8) * 0x1p-24 - 0.5) * 3.46;

            z = z > 0.004 ? (z < 1 ? z : 1) : 0.004;
            v->image.px[to] = (uint16_t)(z * 65535 + 0.5);
            v->tissue.px[to] = 1;
            v->findings.px[to] = s->mask[at];
        }
}

static void
measure_boxes(struct phantom_view *v)
{
    size_t h = v->findings.h, w = v->findings.w;

    for (size_t f = 0; f < v->n; f++) {
        v->finding[f].x0 = w;
        v->finding[f].y0 = h;
        v->finding[f].x1 = v->finding[f].y1 = 0;
    }
    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++) {
            struct phantom_finding *f;

            if (v->findings.px[i * w + j] == 0)
                continue;
            f = &v->finding[v->findings.px[i * w + j] - 1];
            f->x0 = j < f->x0 ? j : f->x0;
            f->y0 = i < f->y0 ? i : f->y0;
            f->x1 = j + 1 > f->x1 ? j + 1 : f->x1;
            f->y1 = i + 1 > f->y1 ? i + 1 : f->y1;
        }
}

/* What each finding stands out by, on the finished picture. */
static int
measure_contrasts(struct phantom_view *v, struct err *e)
{
    size_t h = v->image.h, w = v->image.w;
    const struct cache_plane pixels = {
        .h = h, .w = w, .x1 = w, .y1 = h, .max = v->image.max, .u16 = v->image.px};
    const struct region tissue = {.x1 = w, .y1 = h, .px = v->tissue.px};
    uint8_t *in = mem_array_raw(h * w, 1, e);

    if (in == NULL)
        return -1;
    for (size_t k = 0; k < v->n; k++) {
        struct phantom_finding *f = &v->finding[k];
        const struct region lesion = {.x0 = f->x0, .y0 = f->y0, .x1 = f->x1, .y1 = f->y1, .px = in};
        uint8_t *to = in;

        for (size_t i = f->y0; i < f->y1; i++)
            for (size_t j = f->x0; j < f->x1; j++)
                *to++ = v->findings.px[i * w + j] == k + 1;
        f->contrast = region_contrast(&lesion, &tissue, &pixels);
    }
    free(in);
    return 0;
}

static int
image_alloc(struct image *im, size_t h, size_t w, unsigned max, struct err *e)
{
    im->h = h;
    im->w = w;
    im->max = max;
    im->px = mem_array(h * w, sizeof *im->px, e);
    return im->px ? 0 : -1;
}

int
phantom_draw(const struct phantom_opts *o, uint64_t k, struct phantom_view *v, struct err *e)
{
    struct scene s = {.o = o, .k = k};
    int rc = -1;

    memset(v, 0, sizeof *v);
    phantom_case(o, k, &s.c);
    breast_shape(&s.b, o, &s.c, k);

    struct rng r = rng_at(o->seed, "phantom-exposure", k);

    s.x = exposure_draw(s.b.mm, &r);

    size_t h = s.b.y1 - s.b.y0, w = s.b.x1;

    if (plane_alloc(&s.inside, h, w, e) == -1)
        goto out;
    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++)
            s.inside.px[i * w + j] = (float)breast_inside(&s.b, (double)j, (double)(i + s.b.y0));
    /* The parenchyma takes the most memory; all else is allocated after it. */
    if (parenchyma_draw(&s.b, &s.inside, o, &s.c, k, &s.density, e) == -1 ||
        (s.sums = mem_array_raw((h + 1) * (w + 1), sizeof *s.sums, e)) == NULL ||
        (s.mask = mem_array(h * w, 1, e)) == NULL || draw_lesions(&s, v, e) == -1 ||
        image_alloc(&v->image, o->h, o->w, 65535, e) == -1 ||
        image_alloc(&v->findings, o->h, o->w, 255, e) == -1 ||
        mask_alloc(&v->tissue, o->h, o->w, e) == -1)
        goto out;
    expose(&s, v);
    measure_boxes(v);
    rc = measure_contrasts(v, e);
out:
    plane_free(&s.inside);
    plane_free(&s.density);
    free(s.sums);
    free(s.mask);
    if (rc == -1)
        phantom_free(v);
    return rc;
}

void
phantom_free(struct phantom_view *v)
{
    image_free(&v->image);
    image_free(&v->findings);
    mask_free(&v->tissue);
    memset(v, 0, sizeof *v);
}
