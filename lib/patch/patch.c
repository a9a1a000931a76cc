#include "patch/patch.h"

#include <inttypes.h>
#include <string.h>

#include "base/rng.h"

int
patch_read(struct patch *p, const struct ts_record *r, struct err *e)
{
    const char *split = ts_meta_or(r, "split", ""), *label = ts_meta_or(r, "label", "");
    const char *lesion = ts_meta_or(r, "lesion", "");
    int of = term_find(split_word, split), is = term_find(label_word, label);
    int kind = term_find(lesion_word, lesion);

    if (of == -1)
        return err_set(e, "split '%.32s' is none of train, val, test", split);
    if (is == -1)
        return err_set(e, "label '%.32s' is none of normal, benign, malignant", label);
    if (kind == -1)
        return err_set(e, "lesion '%.32s' is none of mass, calcification, both, other", lesion);
    *p = (struct patch){.id = ts_meta_or(r, "id", ""),
                        .patient = ts_meta_or(r, "patient", ""),
                        .split = (enum term_split)of,
                        .label = (enum term_label)is,
                        .lesion = (enum term_lesion)kind,
                        .synthetic = strcmp(ts_meta_or(r, "synthetic", "0"), "1") == 0};
    return 0;
}

int
patch_derive(struct ts_record *r, const char *text, struct err *e)
{
    return ts_meta_set(r, "parent", ts_meta_or(r, "id", ""), e) == -1 ||
                   ts_meta_setf(r, "id", e, "%016" PRIx64, rng_hash(text, strlen(text))) == -1
               ? -1
               : 0;
}

int
patch_synthesize(struct ts_record *r, const char *text, const char *label, const char *lesion,
                 struct err *e)
{
    ts_meta_drop(r, "bbox");
    ts_meta_drop(r, "seedpixel");
    return patch_derive(r, text, e) == -1 || ts_meta_set(r, "label", label, e) == -1 ||
                   ts_meta_set(r, "lesion", lesion, e) == -1 ||
                   ts_meta_set(r, "synthetic", "1", e) == -1
               ? -1
               : 0;
}

int
patch_set_box(struct ts_record *r, const struct box *b, struct err *e)
{
    return ts_meta_setf(r, "bbox", e, "%zu,%zu,%zu,%zu", b->x0, b->y0, b->x1, b->y1);
}
