#include <math.h>

#include "patch/phantom_parts.h"

/* Sizes in millimetres.  The size of the breast and its flatness are the patient's; the rest is the
 * view's. */
void
breast_shape(struct breast *b, const struct phantom_opts *o, const struct phantom_case *c,
             uint64_t k)
{
    struct rng p = rng_at(o->seed, "phantom-breast", c->patient);
    struct rng r = rng_at(o->seed, "phantom-outline", k);
    double mm = (double)o->h / PHANTOM_FIELD_MM;
    double size = rng_between(&p, 0.75, 1.2), flat = rng_between(&p, 0.92, 1.12);
    double field_w = (double)o->w / mm, most = 0.93 * field_w;

    b->mm = mm;
    b->mlo = c->view == VIEW_MLO;
    b->depth = 96 * size * flat * rng_between(&r, 0.96, 1.04);
    b->depth = mm * (b->depth < most ? b->depth : most);
    if (b->mlo) {
        b->cy = mm * rng_between(&r, 126, 146);
        b->up = mm * 104 * size / flat;
        b->down = mm * 82 * size / flat * rng_between(&r, 0.95, 1.05);
        b->axilla_x = b->depth * rng_between(&r, 0.42, 0.62);
        b->axilla_slope = fmin(rng_between(&r, 0.05, 0.4), (0.9 * b->depth - b->axilla_x) / b->cy);
        b->pec_x = b->axilla_x * rng_between(&r, 0.5, 0.9);
        b->pec_y = b->cy * rng_between(&r, 0.6, 1.05);
    } else {
        b->cy = mm * rng_between(&r, 113, 127);
        b->up = mm * 88 * size / flat * rng_between(&r, 0.94, 1.06);
        b->down = mm * 88 * size / flat * rng_between(&r, 0.94, 1.06);
        b->axilla_x = b->axilla_slope = b->pec_x = b->pec_y = 0;
    }
    for (int i = 0; i < 3; i++) {
        b->wave[i] = mm * rng_between(&r, 0, 1.6) / (i + 1);
        b->phase[i] = rng_between(&r, 0, 6.2831853);
    }
    b->nipple = rng_uniform(&r) < 0.6 ? mm * rng_between(&r, 2, 5) : 0;

    double right = b->depth + 8 * mm, top = b->mlo ? 0 : b->cy - b->up - 4 * mm;
    double bottom = b->cy + b->down + 4 * mm;

    b->x1 = right < (double)o->w ? (size_t)right : o->w;
    b->y0 = top > 0 ? (size_t)top : 0;
    b->y1 = bottom < (double)o->h ? (size_t)bottom : o->h;
}

/* The larger of two distances, rounded off where they are within k of each other. */
static double
smooth_max(double a, double b, double k)
{
    double d = k - fabs(a - b);

    return (a > b ? a : b) + (d > 0 ? 0.25 * d * d / k : 0);
}

/*
 * For a curve f = 0 the distance is f / |grad f| to first order, here with f = 1 - rho of an
 * ellipse; ripples, the axilla (a slanting line that gives way below) and the nipple (a disc) are
 * joined to it.
 */
double
breast_inside(const struct breast *b, double x, double y)
{
    double half = y < b->cy ? b->up : b->down;
    double u = x / b->depth, v = (y - b->cy) / half;
    double rho = sqrt(u * u + v * v);
    double slope = sqrt(u * u / (b->depth * b->depth) + v * v / (half * half));
    double d = slope > 0 ? (1 - rho) * rho / slope : half;
    double most = b->depth < half ? b->depth : half;

    d = d < most ? d : most; /* the centre of the ellipse, where the formula has no limit */
    d += b->wave[0] * sin(3 * v + b->phase[0]) + b->wave[1] * sin(6 * v + b->phase[1]) +
         b->wave[2] * sin(10 * v + b->phase[2]);
    if (b->mlo) {
        double edge = b->axilla_x + b->axilla_slope * y;
        double below = y - 0.5 * b->cy;

        if (below > 0)
            edge -= 0.012 * below * below / b->mm;
        d = smooth_max(d, edge - x, 30 * b->mm);
    }
    if (b->nipple > 0) {
        double dx = x - (b->depth - 4.2 * b->mm + b->nipple), dy = y - b->cy;

        d = smooth_max(d, 4.2 * b->mm - sqrt(dx * dx + dy * dy), 1.5 * b->mm);
    }
    return d;
}

double
breast_muscle(const struct breast *b, double x, double y)
{
    if (!b->mlo)
        return -1e9;

    double s = x / b->pec_x + y / b->pec_y;
    double bulge = 0.10 * (x / b->pec_x) * (y / b->pec_y);
    double slope = sqrt(1 / (b->pec_x * b->pec_x) + 1 / (b->pec_y * b->pec_y));

    return (1 + bulge - s) / slope;
}
