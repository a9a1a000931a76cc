/*
 * make_feature_set RECORDS LENGTH EACH NAME SHIFT - a stream of features on standard output, for
 * shell tests: normal numbers, the same ones for the same NAME, moved by SHIFT.  Ids are NAME0,
 * NAME1,
 * ... A patient has EACH records; EACH 0: no patients.  SHIFT "copy": every record is the first
 * one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stream/tstream.h"

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_writer *out;
    struct err e;

    if (argc != 6)
        return 2;
    if ((out = ts_stdout(&e)) == NULL)
        goto fail;
    for (uint64_t i = 0; i < strtoull(argv[1], NULL, 10); i++) {
        size_t d = strtoul(argv[2], NULL, 10), each = strtoul(argv[3], NULL, 10);
        int copy = strcmp(argv[5], "copy") == 0;
        struct rng r = rng_at(rng_hash(argv[4], strlen(argv[4])), "features", copy ? 0 : i);
        double shift = copy ? 0 : strtod(argv[5], NULL);
        struct ts_tensor *x = ts_put(&rec, "features", TS_F32, 1, &d, &e);

        if (x == NULL || ts_meta_setf(&rec, "id", &e, "%s%d", argv[4], (int)i) == -1 ||
            (each > 0 &&
             ts_meta_setf(&rec, "patient", &e, "%s-%d", argv[4], (int)(i / each)) == -1))
            goto fail;
        for (size_t k = 0; k < d; k++)
            ((float *)x->data)[k] = (float)(rng_normal(&r) + shift);
        if (ts_write(out, &rec, &e) == -1)
            goto fail;
        ts_clear(&rec);
    }
    if (ts_finish(out, &e) == 0)
        return 0;
fail:
    fprintf(stderr, "make_feature_set: %s\n", e.text);
    return 1;
}
