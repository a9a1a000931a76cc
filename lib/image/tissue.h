/*
 * tissue - the breast on a mammogram: apart from background, labels, tape and the scanner's edges.
 *
 * Works on scanned films and on digital images of 8 or 16 bit, breast brighter than background, on either
 * side; nothing depends on the size in pixels.
 */
#ifndef MP_IMAGE_TISSUE_H
#define MP_IMAGE_TISSUE_H

#include "base/err.h"
#include "image/image.h"

struct tissue_options {
    int cut_pectoral; /* 1: the pectoral muscle of an MLO view is no tissue; 0 keeps it */
};

/*
 * Finds the breast.  o NULL: the defaults (all zeros).  out is written: a mask of the image's size, 1 on tissue;
 * the caller frees it.  Returns 0, or -1 with the reason in e (memory; no breast to be seen).
 */
int tissue_find(const struct image *im, const struct tissue_options *o, struct mask *out, struct err *e);

#endif
