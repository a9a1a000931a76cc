/*
 * phantom_parts - what the sources of the phantom share; private to lib/patch/phantom*.c.
 *
 * All drawing is done in one frame: x runs from the chest wall (x = 0) to the nipple, y downwards,
 * one unit a pixel of the picture.  Right breasts are mirrored at the very end.
 */
#ifndef MP_PATCH_PHANTOM_PARTS_H
#define MP_PATCH_PHANTOM_PARTS_H

#include "base/rng.h"
#include "patch/phantom.h"

/* A plane of the part of the picture that holds the breast: rows y0 .. y0 + h, columns 0 .. w. */
struct plane {
    size_t h, w;
    float *px;
};

int plane_alloc(struct plane *p, size_t h, size_t w, struct err *e);
void plane_free(struct plane *p);

/* The value at real coordinates, bilinear, the nearest edge value outside. */
float plane_at(const struct plane *p, double x, double y);

/*
 * Gaussian noise with a spectrum of 1/f^beta between structures of `fine` and `coarse` pixels
 * (rounded to powers of two), mean 0 and variance 1 over the plane.
 */
int field_noise(struct plane *p, struct rng *r, double beta, double fine, double coarse,
                struct err *e);

/* Adds a Gaussian dot of peak `amp` and radius `sigma` (pixels; the pixel itself blurs it further).
 */
void field_dot(struct plane *p, double x, double y, double sigma, double amp);

/* A line drawn by a pen of radius sigma. */
struct stroke {
    double x, y, angle;        /* start and heading, radians */
    double length, sigma, amp; /* pixels, pixels, height of the line */
    double bend;               /* radians a pixel: an arc */
    double curl;               /* standard deviation of the turn, radians a pixel^(1/2) */
    double taper; /* 0: even; else it fades in, and this share of it is gone at the end */
};

/* Draws it; x, y, angle move to its end. */
void field_stroke(struct plane *p, struct stroke *s, struct rng *r);

/* The shape of one breast in one view, pixels. */
struct breast {
    double mm; /* pixels a millimetre */
    int mlo;
    double depth, up, down, cy;    /* the ellipse: along x, above and below the nipple's row cy */
    double axilla_x, axilla_slope; /* MLO: skin of the axilla at y = 0, and how it leans */
    double pec_x, pec_y;           /* MLO: where the muscle's edge meets y = 0 and x = 0 */
    double wave[3], phase[3];      /* ripples of the outline */
    double nipple;                 /* how far it stands out, 0 if out of sight */
    size_t x1, y0, y1;             /* the box that holds it, inside the picture */
};

/* The breast of a patient is drawn from (seed, patient); the view from (seed, k). */
void breast_shape(struct breast *b, const struct phantom_opts *o, const struct phantom_case *c,
                  uint64_t k);

/* Distance from the skin, positive inside; to first order, as it is for implicit curves. */
double breast_inside(const struct breast *b, double x, double y);

/* Distance into the pectoral muscle, negative outside (and everywhere in CC). */
double breast_muscle(const struct breast *b, double x, double y);

/*
 * Density of the tissue, about 0 (fat) to 1 (gland), over the box of the breast; freed by the
 * caller. inside   distance from the skin, pixels
 */
int parenchyma_draw(const struct breast *b, const struct plane *inside,
                    const struct phantom_opts *o, const struct phantom_case *c, uint64_t k,
                    struct plane *density, struct err *e);

/* A lesion to be drawn, the same in both views but for the random numbers of its outline. */
struct lesion {
    enum term_lesion kind;
    double t;    /* how suspicious */
    double size; /* mm: diameter of the mass or the cluster */
    double contrast;
    double behind; /* mm from the nipple */
};

void lesion_plan(struct lesion *l, enum term_label label, enum term_lesion kind, struct rng *r);

/* Radius of the disc that holds it, pixels; its mean density over a window of `side` pixels around
 * it. */
double lesion_radius(const struct lesion *l, double mm);
double lesion_load(const struct lesion *l, double mm, double side);

/*
 * Adds the lesion to the density at (x, y) and writes `value` into its mask [h][w] (same box); of
 * a mass that is its body, without spicules.
 *   toward   the direction of the nipple, radians
 *   least    a mass that stands out less from the density round it is made stronger until it does
 */
int lesion_draw(const struct lesion *l, double mm, double x, double y, double toward, double least,
                struct rng *r, struct plane *density, uint8_t *mask, uint8_t value, struct err *e);

#endif
