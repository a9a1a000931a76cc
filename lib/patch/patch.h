/*
 * patch - what the metadata of a record say of the patch that it is.
 *
 * Where it lies: footprint.h.
 */
#ifndef MP_PATCH_PATCH_H
#define MP_PATCH_PATCH_H

#include "base/err.h"
#include "image/box.h"
#include "stream/record.h"
#include "stream/terms.h"

/* Texts belong to the record; "" where it says nothing. */
struct patch {
    const char *id, *patient;
    enum term_split split;
    enum term_label label;
    enum term_lesion lesion;
    int synthetic;
};

/* Returns 0, or -1 with the reason in e: a word that is none of terms.h. */
int patch_read(struct patch *p, const struct ts_record *r, struct err *e);

/* The patch becomes another, made from what it was: `parent` names that, and `id` is text's hash.
 */
int patch_derive(struct ts_record *r, const char *text, struct err *e);

/*
 * The same where a lesion came or went: the patch is synthetic, label and lesion are new, and what
 * told of the old lesion (`bbox`, `seedpixel`) goes.
 */
int patch_synthesize(struct ts_record *r, const char *text, const char *label, const char *lesion,
                     struct err *e);

/* The metadata `bbox`, the box round a lesion. */
int patch_set_box(struct ts_record *r, const struct box *b, struct err *e);

#endif
