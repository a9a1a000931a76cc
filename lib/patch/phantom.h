/*
 * phantom - procedural mammograms whose lesions are known exactly.
 *
 * The built-in data: everything runs on a fresh machine without a download, and the truth is known.
 * A picture model, not a simulation of X-rays, and no substitute for real images.
 *
 * What is drawn, in millimetres on a field PHANTOM_FIELD_MM high (the 18 x 24 cm format), so that
 * the sizes of things do not depend on the number of pixels:
 *
 *   outline      CC: half an ellipse on the chest wall.  MLO: the same lower down, smoothly joined
 *                to the axilla, with the pectoral muscle above.  Skin line, roll-off of the
 *                thickness, nipple.
 *   parenchyma   Gaussian noise with a power-law spectrum 1/f^2.8, stretched along the ducts, in a
 *                gland whose size and density vary from woman to woman; fat lobules, septa,
 *                fibres, ducts, vessels, single calcifications; quantum noise.  Spectra of
 *                mammograms fall with exponents of 1.5 to 3.5, 2.8 on average: A. E. Burgess,
 *                Proc. SPIE 3661:642, 1999; A. E. Burgess, F. L. Jacobson, P. F. Judy, Med.
 *                Phys. 28(4):419, 2001; A. E. Burgess and P. F. Judy, Proc. SPIE 5034, 2003.
 *   masses       outlines from round to irregular, margins from sharp to indistinct, spicules.
 *   clusters     4 to 31 calcifications: few, round and scattered, or many, small, of unequal
 *                size, some linear, in a segment along a duct.
 *
 * Benign and malignant differ in one hidden number t in [0, 1] for each lesion, how suspicious it
 * looks: Beta(4, 1.5) for malignant lesions, Beta(1.5, 4) for benign ones.  All that the
 * picture shows depends on t and on chance, never on the label, so no classifier of single lesions
 * beats t itself, whose area under the ROC curve is 0.95.
 *
 * Lesions stand where the mean grey level around them, the lesion included, is that of a place
 * anywhere in the breast: brightness alone tells little.
 */
#ifndef MP_PATCH_PHANTOM_H
#define MP_PATCH_PHANTOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "stream/terms.h"

#define PHANTOM_FIELD_MM 240.0
#define PHANTOM_MIN_SIDE 128
#define PHANTOM_MAX_SIDE 4096
#define PHANTOM_MAX_FINDINGS 4

/* All that the pictures depend on. */
struct phantom_opts {
    uint64_t seed;
    size_t h, w;              /* pixels, PHANTOM_MIN_SIDE .. PHANTOM_MAX_SIDE */
    size_t sides;             /* breasts a patient: one, or both with lesions in one of them */
    double malignant, benign; /* shares of the patients; the rest is normal */
    double calcification;     /* share of clusters among the first lesions */
    double train, val;        /* shares of the patients; the rest is test */
    double min_contrast;      /* of masses, about, in grey levels [0,1]; 0 = as they come */
};

/* What picture k shows, known without drawing it. */
struct phantom_case {
    uint64_t patient;
    enum term_side side;
    enum term_view view;
    enum term_split split;
    enum term_label label; /* of this breast */
    enum term_lesion kind; /* of its first lesion */
};

struct phantom_finding {
    enum term_lesion kind;
    size_t x0, y0, x1, y1; /* the box of its mask, half-open */
    double t;              /* how suspicious it looks, 0 .. 1 */
    double contrast;       /* how far it stands out, in grey levels [0,1]: as in sample.h */
};

/* One picture; all owned by the caller through phantom_free(). */
struct phantom_view {
    struct image image;    /* 16 bits */
    struct mask tissue;    /* inside the skin */
    struct image findings; /* 8 bits: 0, or the number of the finding, counted from 1 */
    struct phantom_finding finding[PHANTOM_MAX_FINDINGS];
    size_t n;
};

/* Pictures of one patient: 2 views of each side. */
size_t phantom_views(const struct phantom_opts *o);

/*
 * What picture k (0, 1, ...) shows.  Depends on the options and k alone; any count of patients,
 * from any of them on, has each share within three of them.
 */
void phantom_case(const struct phantom_opts *o, uint64_t k, struct phantom_case *c);

/*
 * Draws picture k.  The bytes depend on the options and k alone.
 * v is written; 0, or -1 (memory) with the reason in e and v empty.
 */
int phantom_draw(const struct phantom_opts *o, uint64_t k, struct phantom_view *v, struct err *e);
void phantom_free(struct phantom_view *v);

#endif
