/*
 * places - can a network tell where lesions were put by the bases alone?
 *
 * Two classes of patches: real lesions', and those that lesions are to be put on, drawn at places
 * like those of these lesions (patch/like.h).  On both the lesion's place is hidden: its mask with
 * a margin around it (patch/surround.h) becomes the mean grey level of what is near.  The masks of
 * the second class are those of the first, so that what is hidden has one law and tells nothing.
 *
 * What is left to tell a place by is its surroundings.  A discriminator sees them too, and where
 * they tell, the generator cannot help it.
 */
#ifndef MP_TRAIN_PLACES_H
#define MP_TRAIN_PLACES_H

#include "stream/tstream.h"
#include "train/tell_apart.h"

#define PLACES_MOST 2000 /* patches of each class, the first ones: what is held in memory */

struct places_report {
    size_t lesions, bases; /* patches whose surroundings show; the others are left out */
    struct apart_share area;
};

/*
 * Reads records of real lesions, with `image` and `mask`, and of bases, with `image`, `place` and
 * `like_patient`, images of `size`, and tells them apart by networks that are trained on other
 * patients: those of the bases and those of the lesions that they are like.  A base that is like a
 * lesion which the network has seen would pass for real by that.  Folds are as many as the lesions'
 * patients, if these are fewer.
 *
 * area: 0.5 is not at all; its interval (tell_apart_area()) at 0.95.  Returns 0, or -1 with the
 * reason in e.
 */
int places_report(struct ts_reader *lesions, struct ts_reader *bases, size_t size,
                  const struct tell_apart_config *c, struct places_report *r, struct err *e);

#endif
