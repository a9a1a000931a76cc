/*
 * fake_lesions [LABEL] - the patches on standard input, each given a bright disc as gan-gen and
 * lesion-postproc would: base, lesion, mask, image and bbox, for shell tests.
 *
 * The disc stands off the middle, so that a flip or a turn shows; its radius is a fifth of the
 * patch.  LABEL is malignant if it is missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/tstream.h"

static int
put_lesion(struct ts_record *rec, struct err *e)
{
    size_t h, w, box[4] = {SIZE_MAX, SIZE_MAX, 0, 0};
    float *image = ts_plane(rec, "image", &h, &w, e), *lesion = NULL, *out = NULL;
    struct ts_tensor *mask;

    if (image == NULL || ts_put_plane(rec, "image", h, w, e) == NULL ||
        ts_rename(rec, "image", "base", e) == -1 || ts_put_plane(rec, "lesion", h, w, e) == NULL ||
        (out = ts_put_plane(rec, "image", h, w, e)) == NULL ||
        (mask = ts_put(rec, "mask", TS_U8, 2, (size_t[]){h, w}, e)) == NULL)
        return -1;
    memcpy(ts_find(rec, "base")->data, image, h * w * sizeof(*image));
    lesion = ts_find(rec, "lesion")->data;
    out = ts_find(rec, "image")->data;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            double dy = (double)y / (double)h - 0.4, dx = (double)x / (double)w - 0.55;
            double fall = 1 - (dx * dx + dy * dy) / 0.04;
            size_t i = y * w + x;

            lesion[i] = fall > 0 ? (float)(0.4 * fall) : 0;
            ((uint8_t *)mask->data)[i] = fall > 0.2;
            out[i] = image[i] + lesion[i] < 1 ? image[i] + lesion[i] : 1;
            if (fall > 0.2) {
                box[0] = x < box[0] ? x : box[0];
                box[1] = y < box[1] ? y : box[1];
                box[2] = x >= box[2] ? x + 1 : box[2];
                box[3] = y + 1;
            }
        }
    free(image);
    return ts_meta_setf(rec, "bbox", e, "%zu,%zu,%zu,%zu", box[0], box[1], box[2], box[3]);
}

int
main(int argc, char **argv)
{
    const char *label = argc > 1 ? argv[1] : "malignant";
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *out;
    struct err e;
    int rc;

    if ((in = ts_open("-", &e)) == NULL || (out = ts_stdout(&e)) == NULL)
        goto fail;
    while ((rc = ts_read(in, &rec, &e)) == 1)
        if (put_lesion(&rec, &e) == -1 || ts_meta_set(&rec, "label", label, &e) == -1 ||
            ts_meta_set(&rec, "lesion", strcmp(label, "normal") == 0 ? "" : "mass", &e) == -1 ||
            ts_meta_set(&rec, "synthetic", "1", &e) == -1 ||
            ts_meta_set(&rec, "kept", "1", &e) == -1 || ts_write(out, &rec, &e) == -1)
            goto fail;
    if (rc == -1 || ts_finish(out, &e) == -1)
        goto fail;
    ts_close(in);
    return 0;
fail:
    fprintf(stderr, "fake_lesions: %s\n", e.text);
    return 1;
}
