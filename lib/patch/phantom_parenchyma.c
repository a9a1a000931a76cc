#include <math.h>

#include "patch/phantom_parts.h"

/* What varies from woman to woman (the gland) and from view to view. */
struct gland {
    double bias;           /* how much of the breast is gland */
    double level, fat;     /* density of gland and of the fat between */
    double muscle;         /* of the pectoral muscle, above the fat */
    double rough;          /* contrast of the power-law noise */
    double septa, fibres;  /* contrast of lines */
    double cx, cy, rx, ry; /* where it lies */
};

static double
smooth_step(double lo, double hi, double x)
{
    double s = (x - lo) / (hi - lo);

    s = s > 0 ? (s < 1 ? s : 1) : 0;
    return s * s * (3 - 2 * s);
}

static void
gland_plan(struct gland *g, const struct breast *b, const struct phantom_opts *o, uint64_t patient,
           struct rng *r)
{
    struct rng p = rng_at(o->seed, "phantom-gland", patient);

    g->bias = rng_between(&p, -2.3, 1.4);
    g->level = rng_between(&p, 0.38, 0.62);
    g->fat = rng_between(&p, 0.05, 0.15);
    g->muscle = rng_between(&p, 0.12, 0.34);
    g->rough = rng_between(&p, 0.8, 1.3);
    g->septa = rng_between(&p, 0.5, 1.3);
    g->fibres = rng_between(&p, 0.6, 1.4);
    g->cx = b->depth * rng_between(r, 0.48, 0.6);
    g->cy = b->cy - (b->mlo ? 12 : 4) * b->mm * rng_between(r, 0.2, 1.4);
    g->rx = b->depth * 0.5;
    g->ry = 0.62 * (b->up + b->down) / 2;
}

/* Thin arcs that run towards the nipple, stronger where there is gland: fibres and ligaments. */
static void
draw_fibres(struct plane *lines, const struct breast *b, const struct gland *g,
            const struct plane *inside, struct rng *r)
{
    double mm = b->mm, area = (double)lines->h * (double)lines->w / (mm * mm);
    size_t n = (size_t)(area * 0.07);

    for (size_t i = 0; i < n; i++) {
        struct stroke s = {.x = rng_uniform(r) * (double)lines->w,
                           .y = rng_uniform(r) * (double)lines->h};
        double strength = exp(0.6 * rng_normal(r)), wide = exp(0.4 * rng_normal(r));
        double turn = 0.6 * rng_normal(r), length = rng_between(r, 6, 30);
        double bend = rng_normal(r) / 22; /* radians a millimetre */

        if (!((double)plane_at(inside, s.x, s.y) > mm))
            continue;
        /* The nipple draws the lines together only from afar; close by they run past it. */
        s.angle = atan2(b->cy - (double)b->y0 - s.y, b->depth + 25 * mm - s.x) + turn;
        s.length = length * mm;
        s.sigma = 0.22 * mm * wide;
        s.amp = 0.05 * g->fibres * strength;
        s.bend = bend / mm;
        s.curl = 0.06 / sqrt(mm);
        s.taper = 0.6;
        field_stroke(lines, &s, r);
    }
}

/* Ducts branch backwards from the nipple; vessels, wider and fainter, cross the breast. */
static void
draw_tree(struct plane *lines, struct stroke s, double mm, int depth, struct rng *r)
{
    field_stroke(lines, &s, r);
    if (depth == 0)
        return;
    for (int i = 0; i < 2; i++) {
        struct stroke t = s;

        t.angle += (i == 0 ? 1 : -1) * rng_between(r, 0.15, 0.55);
        t.length = s.length * rng_between(r, 0.6, 1.1);
        t.sigma = s.sigma * 0.8 > 0.2 * mm ? s.sigma * 0.8 : 0.2 * mm;
        t.amp = s.amp * 0.85;
        draw_tree(lines, t, mm, depth - 1, r);
    }
}

static void
draw_ducts(struct plane *lines, const struct breast *b, const struct gland *g, struct rng *r)
{
    double mm = b->mm, ny = b->cy - (double)b->y0;
    unsigned ducts = 5 + (unsigned)rng_below(r, 4), vessels = 2 + (unsigned)rng_below(r, 5);

    field_dot(lines, b->depth - 2 * mm, ny, 2.5 * mm, 0.5); /* the nipple itself */
    for (unsigned i = 0; i < ducts; i++) {
        struct stroke s = {.x = b->depth - 4 * mm, .y = ny + mm * rng_between(r, -4, 4)};

        s.angle = 3.1415927 + 0.5 * rng_normal(r);
        s.length = mm * rng_between(r, 12, 22);
        s.sigma = mm * rng_between(r, 0.4, 0.7);
        s.amp = 0.055 * g->fibres * rng_between(r, 0.4, 1.2);
        s.curl = 0.05 / sqrt(mm);
        draw_tree(lines, s, mm, 3, r);
    }
    for (unsigned i = 0; i < vessels; i++) {
        struct stroke s = {.x = rng_uniform(r) * 0.3 * b->depth,
                           .y = ny + (rng_uniform(r) - 0.5) * (b->up + b->down) * 0.8};

        s.angle = atan2(ny - s.y, b->depth - s.x) + 0.5 * rng_normal(r);
        s.length = mm * rng_between(r, 30, 70);
        s.sigma = mm * rng_between(r, 0.45, 0.9);
        s.amp = 0.075 * rng_between(r, 0.5, 1.3);
        s.bend = 0.015 * rng_normal(r) / mm;
        s.curl = 0.06 / sqrt(mm);
        s.taper = 0.2;
        draw_tree(lines, s, mm, 1, r);
    }
}

/* Single calcifications, as most breasts have them: no findings. */
static void
draw_specks(struct plane *density, const struct breast *b, const struct plane *inside,
            struct rng *r)
{
    double mm = b->mm;
    size_t n = (size_t)rng_below(r, 16);

    for (size_t i = 0; i < n; i++) {
        double x = rng_uniform(r) * (double)density->w, y = rng_uniform(r) * (double)density->h;
        double sigma = mm * rng_between(r, 0.08, 0.22), seen = sqrt(sigma * sigma + 0.16);
        double amp = rng_between(r, 0.15, 0.7) * sigma * sigma / (seen * seen);

        if ((double)plane_at(inside, x, y) > mm)
            field_dot(density, x, y, seen, amp);
    }
}

/*
 * density = gland * (level + noise) + fat + lines.  The gland is a smooth region, its edge moved by
 * coarse noise and eaten into by fat lobules; all noise of the power-law kind is read through
 * coordinates stretched towards the nipple, which gives it the grain of real tissue.  Septa are the
 * zero crossings of a narrow-band noise: thin lines that enclose lobules.
 */
int
parenchyma_draw(const struct breast *b, const struct plane *inside, const struct phantom_opts *o,
                const struct phantom_case *c, uint64_t k, struct plane *density, struct err *e)
{
    struct rng r = rng_at(o->seed, "phantom-parenchyma", k);
    struct plane power = {0}, coarse = {0}, lobule = {0}, septum = {0}, lines = {0};
    size_t h = inside->h, w = inside->w;
    double mm = b->mm;
    struct gland g;
    int rc = -1;

    gland_plan(&g, b, o, c->patient, &r);
    if (plane_alloc(&power, h, w, e) == -1 || field_noise(&power, &r, 2.8, 1, 64 * mm, e) == -1 ||
        plane_alloc(&coarse, h, w, e) == -1 ||
        field_noise(&coarse, &r, 3.4, 4 * mm, 64 * mm, e) == -1 ||
        plane_alloc(&lobule, h, w, e) == -1 ||
        field_noise(&lobule, &r, 2.4, 1.6 * mm, 6 * mm, e) == -1 ||
        plane_alloc(&septum, h, w, e) == -1 ||
        field_noise(&septum, &r, 3.2, 2 * mm, 14 * mm, e) == -1 ||
        plane_alloc(&lines, h, w, e) == -1 || plane_alloc(density, h, w, e) == -1)
        goto out;
    draw_fibres(&lines, b, &g, inside, &r);
    draw_ducts(&lines, b, &g, &r);

    double tilt = b->mlo ? rng_between(&r, 0.25, 0.6) : rng_between(&r, -0.15, 0.15);
    double co = cos(tilt), si = sin(tilt), stretch = rng_between(&r, 1.1, 1.8);
    double grain = 1 / stretch, mx = (double)w / 2, my = (double)h / 2;

    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++) {
            size_t at = i * w + j;
            double d = (double)inside->px[at], x = (double)j, y = (double)i;

            if (!(d > -2))
                continue;
            double sway = 3 * mm * (double)coarse.px[at];
            double u = (co * (x - mx) + si * (y - my)) * grain,
                   v = co * (y - my) - si * (x - mx) + sway;
            double p = (double)plane_at(&power, mx + u, my + v);
            double l = (double)plane_at(&lobule, mx + u * 1.2, my + v);
            double q = (double)plane_at(&septum, mx + u, my + v);
            double gx = (x - g.cx) / g.rx, gy = (y + (double)b->y0 - g.cy) / g.ry;
            double skin = smooth_step(2 * mm, 13 * mm, d);
            double logit = g.bias + 1.5 * (double)coarse.px[at] + 1.1 * l + 0.5 * p -
                           2.6 * (gx * gx + gy * gy - 0.75);
            double gland = skin / (1 + exp(-1.1 * logit));
            double ridge = exp(-q * q * 60) * smooth_step(-0.8, 1.2, (double)power.px[at]);
            double m = breast_muscle(b, x, y + (double)b->y0) + 0.8 * mm * p;
            double muscle =
                smooth_step(-1.2 * mm, 1.6 * mm, m) * (0.6 + 0.4 * smooth_step(0, 40 * mm, m));

            gland *= 1 - muscle;
            double value = g.fat + gland * (g.level - 0.25 * g.fat) +
                           (0.06 + 0.12 * gland) * g.rough * p * (0.3 + 0.7 * skin) +
                           (0.07 + 0.09 * gland) * g.septa * ridge +
                           (0.6 + 0.3 * gland) * (double)lines.px[at];

            density->px[at] =
                (float)(value + muscle * (g.muscle + 0.03 * p - 0.4 * (value - g.fat)));
        }
    draw_specks(density, b, inside, &r);
    rc = 0;
out:
    plane_free(&power);
    plane_free(&coarse);
    plane_free(&lobule);
    plane_free(&septum);
    plane_free(&lines);
    return rc;
}
