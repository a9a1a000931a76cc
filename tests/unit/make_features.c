/*
 * make_features N D [FIRST] - features of N made-up patches, a stream on standard output as
 * `resnet-predict --features` writes it, for shell tests.
 *
 * They form three groups, which are the labels.  Record i is case FIRST + i; nothing is random, so
 * that equal arguments give equal bytes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "stream/tstream.h"

static double
recipe(uint64_t i, uint64_t a, uint64_t b)
{
    return (double)(((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983) / 999983;
}

static int
make(struct ts_record *rec, size_t i, size_t d, struct err *e)
{
    static const char *const label[] = {"normal", "benign", "malignant"};
    struct ts_tensor *t = ts_put(rec, "features", TS_F32, 1, &d, e);

    if (t == NULL)
        return -1;
    for (size_t c = 0; c < d; c++)
        ((float *)t->data)[c] =
            (float)(recipe(i + 1, 7561 + 12 * c, 31 + 46 * c) + 0.75 * (i % 3 == c % 3));
    return ts_meta_setf(rec, "id", e, "i%zu", i) == -1 ||
                   ts_meta_setf(rec, "patient", e, "P%zu", i / 2) == -1 ||
                   ts_meta_set(rec, "label", label[i % 3], e) == -1 ||
                   ts_meta_set(rec, "lesion", i % 3 ? "mass" : "", e) == -1 ||
                   ts_meta_set(rec, "synthetic", i % 4 ? "0" : "1", e) == -1
               ? -1
               : 0;
}

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_writer *out;
    struct err e = {0};
    size_t first = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

    if (argc < 3 || argc > 4) {
        fputs("usage: make_features N D [FIRST]\n", stderr);
        return 2;
    }
    if ((out = ts_stdout(&e)) == NULL)
        goto fail;
    for (size_t i = 0; i < strtoul(argv[1], NULL, 10); i++) {
        ts_clear(&rec);
        if (make(&rec, first + i, strtoul(argv[2], NULL, 10), &e) == -1 ||
            ts_write(out, &rec, &e) == -1)
            goto fail;
    }
    ts_clear(&rec);
    if (ts_finish(out, &e) == 0)
        return 0;
fail:
    if (!e.broken_pipe)
        fprintf(stderr, "make_features: %s\n", e.text);
    return 1;
}
