#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "patch/phantom_parts.h"

#define TAU 6.283185307179586

enum { CIRCLE = 256, MOST_LOBES = 3, MOST_SPECKS = 40 };

/* A gamma variate, shape > 1/3 (G. Marsaglia and W. W. Tsang, ACM TOMS 26(3), 2000); two of them
 * make a Beta. */
static double
draw_gamma(struct rng *r, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

    for (;;) {
        double x = rng_normal(r), v = 1 + c * x;

        v = v * v * v;
        if (v > 0 && log(1 - rng_uniform(r)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

void
lesion_plan(struct lesion *l, enum term_label label, enum term_lesion kind, struct rng *r)
{
    double a = draw_gamma(r, label == LABEL_MALIGNANT ? 4.0 : 1.5);
    double b = draw_gamma(r, label == LABEL_MALIGNANT ? 1.5 : 4.0);
    double z = rng_normal(r);

    l->kind = kind;
    l->t = a / (a + b);
    z = z > -2 ? (z < 2 ? z : 2) : -2;
    l->size = kind == LESION_MASS ? 10 * exp(0.32 * z) : 9 * exp(0.25 * z);
    l->contrast = kind == LESION_MASS ? rng_between(r, 0.20, 0.42) * (0.85 + 0.35 * l->t)
                                      : rng_between(r, 0.24, 0.60);
    l->behind = rng_between(r, 18, 70);
}

double
lesion_radius(const struct lesion *l, double mm)
{
    return (l->kind == LESION_MASS ? 0.65 : 0.6) * l->size * mm + 2 * mm;
}

double
lesion_load(const struct lesion *l, double mm, double side)
{
    double r = 0.5 * l->size * mm / side;

    return l->kind == LESION_MASS ? (0.85 + 0.35 * l->t) * l->contrast * 0.5 * TAU * r * r : 0.02;
}

/* The outline as a factor of the radius over the angle, with mean 1. */
static void
mass_outline(float *factor, double t, struct rng *r)
{
    double lobes = 0.10 * rng_uniform(r), rough = 0.03 + 0.17 * t;
    double sum = 0;

    for (int i = 0; i < CIRCLE; i++)
        factor[i] = 1;
    for (int k = 2; k < 20; k++) {
        double a = (k < 6 ? lobes / (k - 1) : 0) + rough / pow(k, 1.1);
        double amp = a * rng_normal(r), phase = TAU * rng_uniform(r);

        for (int i = 0; i < CIRCLE; i++)
            factor[i] += (float)(amp * cos(k * TAU * i / CIRCLE + phase));
    }
    for (int i = 0; i < CIRCLE; i++) {
        factor[i] = factor[i] > 0.45f ? factor[i] : 0.45f;
        sum += (double)factor[i];
    }
    for (int i = 0; i < CIRCLE; i++)
        factor[i] *= (float)(CIRCLE / sum);
}

/*
 * Spicules: none on a smooth mass, three or four dozen on the most suspicious, in bundles.  They
 * begin inside the body, run straight outwards, and grow thin and faint until they are lost in the
 * tissue.
 */
static void
spicules_draw(const struct lesion *l, double mm, double x, double y, struct rng *r,
              struct plane *lines)
{
    double radius = 0.5 * l->size * mm, bundle = 0;
    double many = 52 * (l->t - 0.25) * rng_between(r, 0.5, 1.2);
    double reach = rng_between(r, 0.6, 1.3), strength = rng_between(r, 0.5, 1);

    for (int i = 0; i < (int)many; i++) {
        double far = exp(0.4 * rng_normal(r)), strong = exp(0.4 * rng_normal(r));

        if (i % 3 == 0)
            bundle = TAU * rng_uniform(r);
        double angle = bundle + 0.3 * rng_normal(r), from = rng_between(r, 0.3, 0.6) * radius;
        struct stroke s = {.x = x + from * cos(angle), .y = y + from * sin(angle)};

        s.angle = angle + 0.12 * rng_normal(r);
        s.length = fmin(0.6 + reach * far, 2.6) * radius;
        s.sigma = mm * rng_between(r, 0.25, 0.5);
        s.amp = l->contrast * fmin(strength * strong, 1.1);
        s.curl = 0.02 / sqrt(mm);
        s.taper = 1;
        field_stroke(lines, &s, r);
    }
}

/*
 * A mass as a plane of its own of side 2 half + 1 around its centre: its body, and what spicules
 * add outside of it.  The body is a ball of one to three lobes seen from the side, densest where it
 * is thickest; its outline is rough and its margin soft as far as it is suspicious.
 */
static int
mass_draw(const struct lesion *l, double mm, double x, double y, struct rng *r, struct plane *body,
          struct plane *lines, struct err *e)
{
    struct plane warp = {0}, texture = {0};
    double radius = 0.5 * l->size * mm, t = l->t;
    double aspect = rng_between(r, 0.6, 1), turn = TAU * rng_uniform(r), soft, flat;
    double grain = rng_between(r, 0.04, 0.14);
    struct {
        double x, y, size;
    } lobe[MOST_LOBES] = {{0, 0, 1}};
    size_t lobes = 1 + (size_t)rng_below(r, MOST_LOBES);
    float factor[CIRCLE + 1];
    int rc = -1;

    for (size_t i = 1; i < lobes; i++) {
        double angle = TAU * rng_uniform(r), far = rng_between(r, 0.4, 0.75);

        lobe[i].x = far * cos(angle);
        lobe[i].y = far * sin(angle);
        lobe[i].size = rng_between(r, 0.4, 0.75);
    }
    /* Margins: mostly sharp at t = 0, mostly indistinct at t = 1, with chance in between. */
    soft = 0.08 + 0.5 * (0.75 * t + 0.25 * rng_uniform(r)) * rng_between(r, 0.6, 1);
    flat = rng_between(r, 0.2, 0.5);
    mass_outline(factor, t * rng_between(r, 0.6, 1.3), r);
    factor[CIRCLE] = factor[0];
    if (plane_alloc(&warp, body->h, body->w, e) == -1 ||
        plane_alloc(&texture, body->h, body->w, e) == -1 ||
        field_noise(&warp, r, 4, 0.8 * mm, radius, e) == -1 ||
        field_noise(&texture, r, 2.8, 1, radius, e) == -1)
        goto out;
    spicules_draw(l, mm, x, y, r, lines);
    for (size_t i = 0; i < body->h; i++)
        for (size_t j = 0; j < body->w; j++) {
            size_t at = i * body->w + j;
            double dx = (double)j - x, dy = (double)i - y, rho = INFINITY;
            double a = (cos(turn) * dx + sin(turn) * dy) * sqrt(aspect) / radius;
            double b = (cos(turn) * dy - sin(turn) * dx) / sqrt(aspect) / radius;
            double angle = (atan2(b, a) / TAU + 0.5) * CIRCLE;
            int slot = (int)angle < CIRCLE ? (int)angle : CIRCLE - 1;
            double f = (double)factor[slot] +
                       (angle - slot) * ((double)factor[slot + 1] - (double)factor[slot]);

            for (size_t k = 0; k < lobes; k++)
                rho = fmin(rho, hypot(a - lobe[k].x, b - lobe[k].y) / lobe[k].size);
            rho = rho / f + (0.02 + 0.2 * t) * (double)warp.px[at];

            double s = (1 + soft - rho) / (2 * soft);

            if (!(s > 0))
                continue;
            s = s < 1 ? s * s * (3 - 2 * s) : 1;
            double thick = rho > 0 ? (rho < 1 ? sqrt(1 - rho * rho) : 0) : 1;

            body->px[at] = (float)(l->contrast * s * (flat + (1 - flat) * thick) *
                                   (1 + grain * (double)texture.px[at]));
            lines->px[at] *= (float)(1 - s);
        }
    rc = 0;
out:
    plane_free(&warp);
    plane_free(&texture);
    return rc;
}

struct speck {
    double x, y, size;
};

/* A calcification: a dot, or a short row of dots where it is linear. */
static size_t
cluster_draw(const struct lesion *l, double mm, double x, double y, double toward, struct rng *r,
             struct plane *own, struct speck *speck)
{
    double t = l->t, spread = 0.5 * l->size * mm;
    double narrow = 1 - 0.8 * t * rng_between(r, 0.4, 1); /* of the segment, across the duct */
    size_t n = 4 + (size_t)rng_below(r, 3) + (size_t)(26 * t * rng_between(r, 0.5, 1));
    double co = cos(toward), si = sin(toward);

    for (size_t i = 0; i < n; i++) {
        double u = rng_between(r, -1, 1), v = rng_between(r, -1, 1);
        double size = (0.72 - 0.44 * t) * exp((0.12 + 0.3 * t) * rng_normal(r));     /* mm */
        double length = rng_uniform(r) < 0.8 * t * t ? rng_between(r, 0.6, 1.8) : 0; /* mm */

        if (u * u + v * v > 1) { /* inside the unit disc */
            u *= 0.7;
            v *= 0.7;
        }
        u *= spread;
        v *= spread * narrow;
        size = size > 0.18 ? (size < 1.0 ? size : 1.0) : 0.18;
        speck[i].x = x + co * u - si * v;
        speck[i].y = y + si * u + co * v;
        speck[i].size = 0.5 * (size + length) * mm;

        /* Its own thickness gives the height; what is smaller than a pixel is spread over one. */
        double sigma = 0.33 * size * mm, seen = sqrt(sigma * sigma + 0.16);
        struct stroke s = {.x = speck[i].x, .y = speck[i].y, .length = length * mm, .sigma = seen};

        s.amp = l->contrast * (0.55 + 0.9 * size) * (sigma * sigma) / (seen * seen);
        s.angle = toward + rng_normal(r) * (1.2 - 0.8 * t);
        s.x -= 0.5 * s.length * cos(s.angle);
        s.y -= 0.5 * s.length * sin(s.angle);
        if (length > 0)
            field_stroke(own, &s, r);
        else
            field_dot(own, s.x, s.y, seen, s.amp);
    }
    return n;
}

/* Twice the area of the triangle a b c, positive if c lies to the left of a b. */
static double
turn_of(const struct speck *a, const struct speck *b, const struct speck *c)
{
    return (b->x - a->x) * (c->y - a->y) - (b->y - a->y) * (c->x - a->x);
}

static int
by_place(const void *pa, const void *pb)
{
    const struct speck *a = pa, *b = pb;

    if (a->x < b->x || a->x > b->x)
        return a->x < b->x ? -1 : 1;
    return (a->y > b->y) - (a->y < b->y);
}

/* The convex hull of the specks, counter-clockwise (A. M. Andrew's monotone chain, 1979).  Returns
 * its corners. */
static size_t
hull_of(struct speck *speck, size_t n, struct speck *hull)
{
    size_t k = 0;

    qsort(speck, n, sizeof *speck, by_place);
    for (size_t i = 0; i < n; i++) {
        while (k >= 2 && turn_of(&hull[k - 2], &hull[k - 1], &speck[i]) <= 0)
            k--;
        hull[k++] = speck[i];
    }
    for (size_t i = n - 1, lower = k + 1; i-- > 0;) {
        while (k >= lower && turn_of(&hull[k - 2], &hull[k - 1], &speck[i]) <= 0)
            k--;
        hull[k++] = speck[i];
    }
    return k > 1 ? k - 1 : k;
}

/* Distance of a point from the hull, 0 inside. */
static double
hull_distance(const struct speck *hull, size_t n, double x, double y)
{
    double best = INFINITY;
    int within = n > 2;

    for (size_t i = 0; i < n; i++) {
        const struct speck *a = &hull[i], *b = &hull[(i + 1) % n];
        double ex = b->x - a->x, ey = b->y - a->y, px = x - a->x, py = y - a->y;
        double len = ex * ex + ey * ey, s = len > 0 ? (ex * px + ey * py) / len : 0;

        s = s > 0 ? (s < 1 ? s : 1) : 0;
        px -= s * ex;
        py -= s * ey;
        best = fmin(best, sqrt(px * px + py * py));
        within &= ex * (y - a->y) - ey * (x - a->x) >= 0;
    }
    return within ? 0 : best;
}

/*
 * How many times as strong the lesion must be to stand out by `least` from what is round it, as
 * contrast is measured in sample.h; at least 1.  That it lies on brighter tissue does not count: it
 * would not show.
 */
static double
strengthen(const struct plane *own, const uint8_t *in, long left, long top,
           const struct plane *density, double least)
{
    size_t x0 = own->w, y0 = own->h, x1 = 0, y1 = 0;
    double tissue[2] = {0}, added[2] = {0}, n[2] = {0}; /* round it, in it */

    for (size_t i = 0; i < own->h; i++)
        for (size_t j = 0; j < own->w; j++)
            if (in[i * own->w + j]) {
                x0 = j < x0 ? j : x0;
                y0 = i < y0 ? i : y0;
                x1 = j + 1 > x1 ? j + 1 : x1;
                y1 = i + 1;
            }
    if (x1 <= x0)
        return 1;

    size_t reach = (x1 - x0 > y1 - y0 ? x1 - x0 : y1 - y0) / 2;

    for (size_t i = y0 > reach ? y0 - reach : 0; i < own->h && i < y1 + reach; i++)
        for (size_t j = x0 > reach ? x0 - reach : 0; j < own->w && j < x1 + reach; j++) {
            long py = top + (long)i, px = left + (long)j;
            int k = in[i * own->w + j] != 0;

            if (py < 0 || px < 0 || py >= (long)density->h || px >= (long)density->w)
                continue;
            tissue[k] += (double)density->px[(size_t)py * density->w + (size_t)px];
            added[k] += (double)own->px[i * own->w + j];
            n[k]++;
        }
    if (!(n[0] > 0 && n[1] > 0))
        return 1;

    double there = tissue[1] / n[1] - tissue[0] / n[0], gain = added[1] / n[1] - added[0] / n[0];

    there = there < 0 ? there : 0;
    return gain > 0 && there + gain < least ? (least - there) / gain : 1;
}

int
lesion_draw(const struct lesion *l, double mm, double x, double y, double toward, double least,
            struct rng *r, struct plane *density, uint8_t *mask, uint8_t value, struct err *e)
{
    struct speck speck[MOST_SPECKS], hull[2 * MOST_SPECKS];
    double reach = 2.4 * lesion_radius(l, mm), times = 1;
    long left = (long)floor(x - reach), top = (long)floor(y - reach);
    size_t side = (size_t)(2 * reach) + 2, n = 0;
    struct plane own = {0}, lines = {0};
    double grow = mm > 0.75 ? mm : 0.75; /* never less than the grid shows */
    uint8_t *in = NULL;
    float peak = 0;
    int rc = -1;

    if (plane_alloc(&own, side, side, e) == -1 || plane_alloc(&lines, side, side, e) == -1 ||
        (in = mem_array(side * side, 1, e)) == NULL)
        goto out;
    if (l->kind == LESION_MASS) {
        if (mass_draw(l, mm, x - (double)left, y - (double)top, r, &own, &lines, e) == -1)
            goto out;
        for (size_t i = 0; i < side * side; i++)
            peak = own.px[i] > peak ? own.px[i] : peak;
    } else {
        n = cluster_draw(l, mm, x - (double)left, y - (double)top, toward, r, &own, speck);
        n = hull_of(speck, n, hull);
    }
    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++) {
            size_t at = i * side + j;

            in[at] = l->kind == LESION_MASS ? own.px[at] > 0.2f * peak
                                            : hull_distance(hull, n, (double)j, (double)i) <= grow;
            own.px[at] += lines.px[at];
        }
    if (l->kind == LESION_MASS)
        times = strengthen(&own, in, left, top, density, least);
    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++) {
            long py = top + (long)i, px = left + (long)j;

            if (py < 0 || px < 0 || py >= (long)density->h || px >= (long)density->w)
                continue;
            size_t at = (size_t)py * density->w + (size_t)px;

            density->px[at] += (float)times * own.px[i * side + j];
            if (in[i * side + j])
                mask[at] = value;
        }
    rc = 0;
out:
    plane_free(&own);
    plane_free(&lines);
    free(in);
    return rc;
}
