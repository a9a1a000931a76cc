/*
 * tissue - the breast on a mammogram: apart from background, labels, tape, the scanner's edges
 * and the fog along the edge of a film.
 *
 * Works on scanned films and on digital images of 8 or 16 bit, breast brighter than background,
 * chest wall on the left or the right.  Lengths are shares of the image's longer side, grey levels
 * shares of the brightest: nothing depends on the size in pixels or on the range.
 */
#ifndef MP_IMAGE_TISSUE_H
#define MP_IMAGE_TISSUE_H

#include "base/err.h"
#include "image/image.h"

struct tissue_options {
    double noise;     /* tissue is this many deviations of the background's noise above it, >= 0 */
    double contrast;  /* and at least this share of the brightest level, 0 .. 1 */
    double detail;    /* radius of what is rounded off, as a share of the longer side, 0 .. 0.1 */
    int cut_pectoral; /* 1: the pectoral muscle of an MLO view is no tissue; 0 keeps it */
};

/* clang-format off */
#define TISSUE_DEFAULTS {.noise = 3.0, .contrast = 0.01, .detail = 0.01, .cut_pectoral = 0}
/* clang-format on */

/* What was found, for logs. */
struct tissue_account {
    char side;     /* 'L' or 'R': where the chest wall is */
    double share;  /* of the image that is tissue */
    double beside; /* share of the image beside the film: white or black strips along its sides */
    double background; /* level of the background, as a share of the brightest level */
    double threshold;  /* level above which there is tissue (median over the rows) */
    double labels;     /* share of the image that was bright, but labels, tape or edges */
    double pectoral;   /* share of the image that was cut as pectoral muscle */
};

/*
 * Finds the breast.  o NULL: the defaults.  out is written: a mask of the image's size, 1 on
 * tissue; the caller frees it.  account, if not NULL, is written.  Returns 0, or -1 with the reason
 * in e (memory; no breast to be seen).
 */
int tissue_trace(const struct image *im, const struct tissue_options *o, struct mask *out,
                 struct tissue_account *account, struct err *e);

/* The same without an account. */
int tissue_find(const struct image *im, const struct tissue_options *o, struct mask *out,
                struct err *e);

#endif
