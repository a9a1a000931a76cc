/*
 * sample - patches at random places of the images of a manifest.
 *
 * The paper: "a random location is picked on a random mammogram image that contains at least 90%
 * breast tissue"; for a lesion "a random pixel on the lesion is chosen", moved by up to half a
 * patch either way.  The law, exactly:
 *
 *   Draws are made on images made smaller by `downscale` (mean over blocks; a border that does
 *   not fill a block is dropped).  A place is the top left corner of a window of size x size
 *   pixels there.  It is allowed if the window with `margin` more pixels on each side lies inside
 *   the image and at least `min_tissue` of the window (without margin) is tissue.
 *
 *   What can be drawn: images for normal patches, findings for patches with a lesion, as far as
 *   the options take them in and they have an allowed place (usable).  Each draw is uniform over
 *   what is usable on its level, however much or little there is below:
 *
 *     by        a normal patch                        a patch with a lesion
 *     patient   a patient who has a usable image,     a patient who has a usable finding, an image
 *               a usable image of hers                of hers that has one, a usable one on it
 *     image     a usable image                        an image that has a usable finding, a usable
 *                                                     finding on it
 *     finding   a usable image                        a usable finding
 *
 *   normal   Then a place uniformly from the image's allowed ones.  On images with findings a
 *            place is allowed only where the window with its margin touches no finding.
 *   lesion   Then a pixel of the lesion (of the image as it is, before downscale) and its offset
 *            dx, dy in -size/2 .. size/2 - 1 from the window's centre, uniformly from the pairs
 *            whose place is allowed.  With max_offset below 1/2, from the middle of that range
 *            alone.
 *
 * With `like`, normal patches follow the law of real lesions' surroundings instead of lying
 * anywhere: an example is drawn uniformly from the patches with lesions that are given, then
 * `candidates` places as above, up to 16 on each image that is drawn, and of these the one is taken
 * whose surroundings are nearest to the example's, seen under the example's mask (surround.h), by
 * like_distance().  The more candidates, the nearer is the law of what surrounds these places to
 * that of the examples.
 *
 * With `at` a patch is the window whose middle is nearest to the place that was chosen.  It must be
 * allowed, but may touch findings.
 *
 * DEVIATION: the paper puts lesions at random places.  A discriminator can then tell what is
 * synthetic by where it is, and the generator cannot help it.
 *
 * DEVIATION: the paper draws "a random mammogram image", which is `by` image; the usual draw is by
 * patient.  One patient may have fifty findings on five images and the next a single one: uniform
 * draws of images or findings then show few patients over and over, and what is said of patches
 * does not hold for patients.
 *
 * ASSUMPTION: which lesion of an image is drawn the paper does not say, and whether the tissue
 * share holds for lesions too: it does here, else it would give the class away.
 *
 * DEVIATION: the paper's offset is "between 0 to 128 pixels in either direction"; at +128 of a
 * patch of 256 the lesion's pixel would lie just outside, so the range ends at 127.
 *
 * Nothing is approximate: what is not usable is drawn again on its own level, and a place that
 * rejection does not find in a few tries is counted out.  Patch i is a function of the manifest,
 * the images, the options and (seed, i) alone.
 *
 * The contrast of a finding is the mean grey level [0,1] of its pixels, less that of the tissue
 * round it: of the box round the finding, grown by half its longer side each way.  Annotations hold
 * some findings that this modality does not show.
 *
 * The pixels of a lesion are those of its mask, inside its box where it has both; without a mask,
 * of the ellipse that fills its box (ASSUMPTION: nearer to a lesion than the box with its corners).
 */
#ifndef MP_PATCH_SAMPLE_H
#define MP_PATCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/cache.h"
#include "patch/chosen.h"
#include "patch/like.h"
#include "stream/manifest.h"
#include "stream/record.h"

#define SAMPLE_MAX_SIZE 2048
#define SAMPLE_MAX_DOWNSCALE 16

/*
 * Where normal patches come from: images labelled normal (which have no findings), places away from
 * all findings of images that have some, all of known place; or either.
 */
enum sample_from { SAMPLE_CLEAN, SAMPLE_AWAY, SAMPLE_EITHER };
/* What is drawn first, see above. */
enum sample_by { SAMPLE_BY_PATIENT, SAMPLE_BY_IMAGE, SAMPLE_BY_FINDING };

struct sample_options {
    enum term_split split;
    enum term_view view;   /* VIEW_NONE: any */
    enum term_label label; /* LABEL_NONE does not go */
    enum term_lesion
        lesion; /* not of normal; a mass with calcifications serves as either; LESION_NONE: any */
    enum sample_from from;   /* of normal */
    enum sample_by by;       /* of random draws: not with `each` */
    size_t size;             /* 2 .. SAMPLE_MAX_SIZE */
    size_t margin;           /* 0 .. SAMPLE_MAX_SIZE */
    size_t downscale;        /* 1 .. SAMPLE_MAX_DOWNSCALE */
    double min_tissue;       /* 0 .. 1 */
    double max_offset;       /* of a lesion's pixel, in sides of the patch: 0 .. 0.5 (paper) */
    size_t min_box, max_box; /* longer side of a finding, after downscale; others are left out */
    double min_contrast;     /* findings that stand out less are left out: see below; 0 = none */
    size_t each;             /* 0: random draws; else so many patches of each image or finding,
                                in the manifest's order */
    const struct like *like; /* of normal, not with `each`: see above; of this size; borrowed */
    size_t candidates;       /* with it, at least 1 */
    const struct chosen *at; /* of normal: one patch at each of these places, with nothing drawn at
                                random; not with `each` and `like`; borrowed */
    uint64_t seed;
};

/* What patches are drawn from, what was left out and why, and what was drawn. */
struct sample_report {
    size_t items;         /* images (normal) or findings of the right split, label and kind */
    size_t item_patients; /* whose they are */
    size_t unlocated;     /* not among them: findings, or images with findings, of unknown place */
    size_t outside_box;   /* found to lie outside min_box .. max_box */
    size_t faint;         /* found to have less than min_contrast */
    size_t no_place;      /* found to have no allowed place */
    size_t patients;      /* whose the patches drawn so far are */
    /*
     * n^2 / sum n_i^2 of those n patches, n_i of patient i; 0 before the first.  So many patients
     * with the same number of patches each would weigh alike.
     */
    double effective_patients;
    double distance; /* mean of the patches' distances from their examples */
};

struct sampler;

/*
 * name is the manifest's, for messages.  borrows m, name, c, o->like and o->at until
 * sampler_close(). NULL with the reason in e, also where nothing in the manifest fits.
 */
struct sampler *sampler_open(const struct manifest *m, const char *name, struct cache *c,
                             const struct sample_options *o, struct err *e);
void sampler_close(struct sampler *s);

/* Patches that there are: items * each, places chosen, or UINT64_MAX for random draws. */
uint64_t sampler_total(const struct sampler *s);

/*
 * Patch `index` as a record (cleared first):
 *
 *   image   F32 [H,H] in [0,1], H = size + 2 margin
 *   mask    U8 [H,H], of a lesion: 255 where a pixel of the lesion falls into the pixel, else 0
 *   tissue  U8 [H,H], where margin > 0: 255 where at least half of the pixel is tissue, else 0
 *   place   U8 [H,H], with `like`: the example's mask, where its lesion would be here; with `at`,
 *           the ellipse that fills the box, where there is one
 *
 * and the metadata of tstream(5).  Returns 1; 0 where the item whose turn it is has no allowed
 * place (only with `each`); -1 with the reason in e, which names manifest, line and file.
 */
int sampler_draw(struct sampler *s, uint64_t index, struct ts_record *r, struct err *e);

struct sample_report sampler_report(const struct sampler *s);

#endif
