/*
 * make_patches N SIZE [VALUE] - a stream of N made-up patches on standard output, for shell tests.
 *
 * Record i has base, lesion, image [SIZE][SIZE] and a mask; nothing is random, so that equal
 * arguments give equal bytes.  VALUE (nan, 137) is put into a pixel of the last image.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "stream/tstream.h"

static void
die(const struct err *e)
{
    if (!e->broken_pipe)
        fprintf(stderr, "make_patches: %s\n", e->text);
    exit(1);
}

static void
put_planes(struct ts_record *rec, size_t i, size_t n, struct err *e)
{
    static const char *const names[] = {"base", "lesion", "image"};
    float *plane[3];
    struct ts_tensor *t;
    uint8_t *mask;

    for (int k = 0; k < 3; k++)
        if (ts_put_plane(rec, names[k], n, n, e) == NULL)
            die(e);
    if ((t = ts_put(rec, "mask", TS_U8, 2, (size_t[]){n, n}, e)) == NULL)
        die(e);
    mask = t->data;
    for (int k = 0; k < 3; k++)
        plane[k] = ts_find(rec, names[k])->data;
    for (size_t p = 0; p < n * n; p++) {
        double y = (double)(p / n) / (double)n - 0.5, x = (double)(p % n) / (double)n - 0.4;
        double d2 = x * x + y * y;

        plane[0][p] = (float)(0.4 + 0.2 * sin(9 * x + (double)i) * cos(7 * y));
        plane[1][p] = (float)((i % 2 ? -0.4 : 0.4) * exp(-60 * d2));
        plane[2][p] = fminf(fmaxf(plane[0][p] + plane[1][p], 0), 1);
        mask[p] = d2 < 0.02;
    }
}

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_writer *out;
    struct err e = {0};

    if (argc != 3 && argc != 4) {
        fputs("usage: make_patches N SIZE\n", stderr);
        return 2;
    }
    if ((out = ts_stdout(&e)) == NULL)
        die(&e);
    for (size_t i = 0; i < strtoul(argv[1], NULL, 10); i++) {
        ts_clear(&rec);
        put_planes(&rec, i, strtoul(argv[2], NULL, 10), &e);
        if (argc == 4 && i + 1 == strtoul(argv[1], NULL, 10))
            *(float *)ts_find(&rec, "image")->data = strtof(argv[3], NULL);
        if (ts_meta_set(&rec, "label", i % 2 ? "normal" : "malignant", &e) == -1 ||
            ts_meta_set(&rec, "lesion", i % 2 ? "" : "mass", &e) == -1 ||
            ts_meta_setf(&rec, "id", &e, "%016zx", i + 1) == -1 ||
            ts_meta_setf(&rec, "patient", &e, "P%zu", i) == -1 ||
            ts_meta_setf(&rec, "x", &e, "%zu", 10 * i) == -1 ||
            ts_history_add(&rec, "make_patches 1", &e) == -1 || ts_write(out, &rec, &e) == -1)
            die(&e);
    }
    ts_clear(&rec);
    if (ts_finish(out, &e) == -1)
        die(&e);
    return 0;
}
