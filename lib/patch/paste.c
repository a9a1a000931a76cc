#include "patch/paste.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "patch/augment.h"
#include "patch/patch.h"

const char *
paste_word(enum paste_verdict v)
{
    static const char *const word[] = {"good", "empty", "cut", "white", "large", "faint"};

    return word[v];
}

/* ---- donors ---- */

static const struct ts_tensor *
mask_of(const struct ts_record *r, struct err *e)
{
    const struct ts_tensor *m = ts_find(r, "mask"), *image = ts_find(r, "image");

    if (m == NULL || image == NULL)
        err_set(e, "has no tensor '%s'", m == NULL ? "mask" : "image");
    else if (m->dtype != TS_U8 || m->rank != 2 || image->rank != 2 ||
             m->shape[0] != image->shape[0] || m->shape[1] != image->shape[1])
        err_set(e, "mask is no U8 plane of the size of image");
    else
        return m;
    return NULL;
}

/* The verdict, and the lesion in fresh memory for the caller to free, or -1. */
static int
lesion_of(const struct paste_config *c, const struct ts_record *donor, float **lesion,
          struct err *e)
{
    const struct ts_tensor *mask = mask_of(donor, e);
    struct patch p;
    float *image;
    size_t h, w;
    int rc = -1;

    *lesion = NULL;
    if (mask == NULL || patch_read(&p, donor, e) == -1 ||
        (image = ts_plane(donor, "image", &h, &w, e)) == NULL)
        return -1;
    if ((*lesion = mem_array_raw(h * w, sizeof(**lesion), e)) != NULL)
        rc =
            paste_extract(c, image, mask->data, h, w, p.lesion == LESION_CALCIFICATION, *lesion, e);
    free(image);
    return rc;
}

int
paste_donor(const struct paste_config *c, const struct ts_record *donor, struct err *e)
{
    struct patch p;
    float *lesion;
    int rc;

    if (mask_of(donor, e) == NULL || patch_read(&p, donor, e) == -1)
        return -1;
    if (p.label != LABEL_MALIGNANT && p.label != LABEL_BENIGN)
        return err_set(e, "label '%s' is no lesion's (malignant, benign)", label_word[p.label]);
    if (p.synthetic)
        return err_set(e, "is synthetic, expected a real lesion");
    rc = lesion_of(c, donor, &lesion, e);
    free(lesion);
    return rc;
}

/* ---- pasting ---- */

/* Moves a plane by whole pixels; zeros come in. */
static int
move(void *plane, size_t size, size_t h, size_t w, long dx, long dy, struct err *e)
{
    char *from = plane, *to = mem_array(h * w, size, e);

    if (to == NULL)
        return -1;
    for (long y = 0; y < (long)h; y++)
        for (long x = 0; x < (long)w; x++)
            if (y - dy >= 0 && y - dy < (long)h && x - dx >= 0 && x - dx < (long)w)
                memcpy(to + (size_t)(y * (long)w + x) * size,
                       from + (size_t)((y - dy) * (long)w + x - dx) * size, size);
    memcpy(plane, to, h * w * size);
    free(to);
    return 0;
}

/* Moves the middle of the mask's box, and the lesion with it, to the middle of the patch. */
static int
move_to_centre(float *lesion, uint8_t *mask, size_t h, size_t w, struct err *e)
{
    struct box b = box_of_mask(mask, h, w);
    long dx = ((long)w - (long)(b.x0 + b.x1)) / 2, dy = ((long)h - (long)(b.y0 + b.y1)) / 2;

    return move(lesion, sizeof(*lesion), h, w, dx, dy, e) == -1 ||
                   move(mask, 1, h, w, dx, dy, e) == -1
               ? -1
               : 0;
}

static int
check_pair(const struct ts_record *in, const struct ts_record *donor, struct err *e)
{
    struct patch a, b;

    if (patch_read(&a, in, e) == -1 || patch_read(&b, donor, e) == -1)
        return -1;
    if (a.label != LABEL_NONE && a.label != LABEL_NORMAL)
        return err_set(e, "label is '%s', expected a normal patch", label_word[a.label]);
    if (a.split != SPLIT_NONE && b.split != SPLIT_NONE && a.split != b.split)
        return err_set(e, "is of split '%s', its lesion of '%s'", split_word[a.split],
                       split_word[b.split]);
    return 0;
}

static int
describe(struct ts_record *r, const struct ts_record *donor, const char *donor_id,
         const struct change *turn, uint64_t seed, size_t k, struct err *e)
{
    const struct ts_tensor *mask = ts_find(r, "mask");
    struct box b = box_of_mask(mask->data, mask->shape[0], mask->shape[1]);
    const char *parent = ts_meta_or(r, "id", "");
    struct patch p;
    char id[200];

    snprintf(id, sizeof(id), "%.64s/%.64s/%016" PRIx64 "/%zu", parent, donor_id, seed, k);
    return patch_read(&p, donor, e) == -1 ||
                   patch_synthesize(r, id, label_word[p.label], lesion_word[p.lesion], e) == -1 ||
                   patch_set_box(r, &b, e) == -1 || ts_meta_set(r, "donor", donor_id, e) == -1 ||
                   ts_meta_set(r, "donor_patient", p.patient, e) == -1 ||
                   ts_meta_setf(r, "donor_rotate", e, "%d", turn->rotate) == -1 ||
                   ts_meta_setf(r, "donor_flip", e, "%d", turn->flip) == -1
               ? -1
               : 0;
}

/* The lesion into a plane of the donor. */
static int
take_out(const struct paste_config *c, struct ts_record *donor, struct err *e)
{
    float *lesion, *to = NULL;
    int rc = lesion_of(c, donor, &lesion, e);
    size_t h, w;

    if (rc == PASTE_GOOD) {
        h = ts_find(donor, "mask")->shape[0];
        w = ts_find(donor, "mask")->shape[1];
        if ((to = ts_put_plane(donor, "lesion", h, w, e)) != NULL)
            memcpy(to, lesion, h * w * sizeof(*to));
    } else if (rc != -1)
        err_set(e, "is of no use: %s", paste_word((enum paste_verdict)rc));
    free(lesion);
    return to != NULL ? 0 : -1;
}

/* Leaves lesion and mask in the donor as they are to be in a patch of h x w. */
static int
prepare(const struct paste_config *c, struct ts_record *donor, const struct change *turn, size_t h,
        size_t w, struct err *e)
{
    struct ts_tensor *lesion, *mask;

    /* Taken out before it is turned: sums in another order differ in the last digit, and with them,
     * now and then, the verdict. */
    if (take_out(c, donor, e) == -1 || augment_apply(donor, 0, turn, 0, e) == -1)
        return -1;
    lesion = ts_find(donor, "lesion");
    mask = ts_find(donor, "mask");
    if (mask->shape[0] != h || mask->shape[1] != w)
        return err_set(e, "is %zux%zu, the patch %zux%zu", mask->shape[1], mask->shape[0], w, h);
    return c->centre ? move_to_centre(lesion->data, mask->data, h, w, e) : 0;
}

/* The planes of the result: base, lesion, mask and their sum. */
static int
compose(struct ts_record *out, const struct ts_record *donor, const float *base, size_t h, size_t w,
        struct err *e)
{
    const float *lesion = ts_find(donor, "lesion")->data;
    struct ts_tensor *mask;
    float *to;

    if (ts_rename(out, "image", "base", e) == -1 ||
        (to = ts_put_plane(out, "lesion", h, w, e)) == NULL)
        return -1;
    memcpy(to, lesion, h * w * sizeof(*to));
    if ((to = ts_put_plane(out, "image", h, w, e)) == NULL)
        return -1;
    for (size_t i = 0; i < h * w; i++)
        to[i] = fminf(1, fmaxf(0, base[i] + lesion[i]));
    if ((mask = ts_put(out, "mask", TS_U8, 2, (const size_t[]){h, w}, e)) == NULL)
        return -1;
    for (size_t i = 0; i < h * w; i++)
        ((uint8_t *)mask->data)[i] = ((const uint8_t *)ts_find(donor, "mask")->data)[i] != 0;
    return 0;
}

int
paste_record(const struct paste_config *c, const struct ts_record *in, struct ts_record *donor,
             uint64_t seed, uint64_t index, size_t k, struct ts_record *out, struct err *e)
{
    char purpose[48], *donor_id = NULL;
    struct change turn = {.scale = 1};
    float *base = NULL;
    struct rng r;
    size_t h, w;
    int rc = -1;

    if (check_pair(in, donor, e) == -1 || (base = ts_plane(in, "image", &h, &w, e)) == NULL ||
        (donor_id = mem_string(ts_meta_or(donor, "id", ""), e)) == NULL)
        goto out;
    for (size_t i = 0; i < h * w; i++)
        if (!(base[i] >= 0 && base[i] <= 1)) {
            err_set(e, "image: %g at row %zu, column %zu is outside 0 to 1", (double)base[i], i / w,
                    i % w);
            goto out;
        }
    snprintf(purpose, sizeof(purpose), "lesion-paste.turn.%zu", k);
    r = rng_at(seed, purpose, index);
    turn.flip = (int)rng_below(&r, 2) && !c->no_flip;
    turn.rotate = 90 * (int)rng_below(&r, 4) * !c->no_rotate;
    if (prepare(c, donor, &turn, h, w, e) == -1) {
        err_in(e, "lesion '%.64s'", donor_id);
        goto out;
    }
    if (ts_copy(out, in, e) == -1 || compose(out, donor, base, h, w, e) == -1)
        goto out;
    rc = describe(out, donor, donor_id, &turn, seed, k, e);
out:
    free(donor_id);
    free(base);
    return rc;
}
