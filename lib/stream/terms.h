/*
 * terms - the words of manifest(5) and of a patch's metadata, as numbers.
 *
 * 0 is always "", what is not said; the tables of words end with NULL.
 */
#ifndef MP_STREAM_TERMS_H
#define MP_STREAM_TERMS_H

enum term_split { SPLIT_NONE, SPLIT_TRAIN, SPLIT_VAL, SPLIT_TEST };
enum term_side { SIDE_NONE, SIDE_L, SIDE_R };
enum term_view { VIEW_NONE, VIEW_CC, VIEW_MLO };

/* Of a finding or a patch; of an image without findings. */
enum term_label { LABEL_NONE, LABEL_NORMAL, LABEL_BENIGN, LABEL_MALIGNANT };

/* A kind of finding; `both` is a mass with calcifications. */
enum term_lesion { LESION_NONE, LESION_MASS, LESION_CALCIFICATION, LESION_BOTH, LESION_OTHER };

extern const char *const split_word[],
    *const side_word[], *const view_word[], *const label_word[], *const lesion_word[];

/* The same for options that choose among patches: "any" in the place of "". */
extern const char *const any_split_word[], *const any_lesion_word[];

/* The number of a word in such a table, or -1. */
int term_find(const char *const *words, const char *s);

#endif
