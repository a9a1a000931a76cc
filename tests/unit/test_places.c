/* places: what is hidden tells nothing, what surrounds it does; streams that are refused. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "nn/backend.h"
#include "tap.h"
#include "train/places.h"

enum { SIDE = 32, PATIENTS = 30, EACH = 10 };

static struct err e;
static char path[2][32] = {"/tmp/test_places.XXXXXX", "/tmp/test_places.XXXXXX"};

/*
 * Real lesions' patches (put 0), or bases (put 1) that are like them: noise, with a disc for a mask
 * that differs from record to record and is as much as `lesion` brighter, the rest as much as
 * `around`.  Of a base `without` is left away, a tensor or a name of metadata.
 */
static void
write_stream(int put, double lesion, double around, const char *without)
{
    struct ts_record r = {0};
    FILE *f = fopen(path[put], "wb");
    struct ts_writer *out = f ? ts_create(dup(fileno(f)), path[put], &e) : NULL;

    if (out == NULL)
        exit(1);
    fclose(f);
    for (size_t k = 0; k < PATIENTS * EACH; k++) {
        struct rng of = rng_at(1, "lesion", k), noise = rng_at(2, "noise", 2 * k + (size_t)put);
        float *p = ts_put_plane(&r, "image", SIDE, SIDE, &e);
        struct ts_tensor *m =
            ts_put(&r, put ? "place" : "mask", TS_U8, 2, (size_t[]){SIDE, SIDE}, &e);
        double cx = rng_between(&of, 8, 24), cy = rng_between(&of, 8, 24),
               radius = rng_between(&of, 2, 5);

        if (p == NULL || m == NULL)
            exit(1);
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            int in = hypot((double)(i % SIDE) - cx, (double)(i / SIDE) - cy) < radius;

            ((uint8_t *)m->data)[i] = in ? 255 : 0;
            p[i] = (float)(0.3 + 0.2 * rng_uniform(&noise) + (in ? lesion : around));
        }
        /* The base's own patient, and whose lesion it is like. */
        if (ts_meta_setf(&r, "patient", &e, "%c%zu", put ? 'B' : 'L',
                         put ? k % PATIENTS : k / EACH) == -1 ||
            (put && ts_meta_setf(&r, "like_patient", &e, "L%zu", k / EACH) == -1))
            exit(1);
        if (strcmp(without, "place") == 0)
            ts_drop(&r, "place");
        else if (*without && ts_meta_set(&r, without, "", &e) == -1)
            exit(1);
        if (ts_write(out, &r, &e) == -1)
            exit(1);
        ts_clear(&r);
    }
    if (ts_finish(out, &e) == -1)
        exit(1);
}

static int
report(size_t size, size_t folds, struct places_report *r)
{
    const struct tell_apart_config c = {folds, 30, 8, 0.25, 1};
    struct ts_reader *lesions = ts_open(path[0], &e), *bases = ts_open(path[1], &e);
    int rc;

    if (lesions == NULL || bases == NULL)
        exit(1);
    e.text[0] = '\0';
    rc = places_report(lesions, bases, size, &c, r, &e);
    ts_close(lesions);
    ts_close(bases);
    return rc;
}

static void
test_areas(void)
{
    struct places_report r = {0}, again = {0};
    int rc;

    write_stream(0, 0.4, 0, "");
    write_stream(1, 0, 0, "");
    if (!tap_ok(report(SIDE, 3, &r) == 0, "lesions, and the same places without any %s", e.text))
        return;
    tap_ok(r.lesions == PATIENTS * EACH && r.bases == r.lesions, "all are looked at");
    tap_ok(r.area.lower < 0.5 && r.area.upper > 0.5 && fabs(r.area.value - 0.5) < 0.1,
           "a lesion that is hidden tells nothing: %.3f [%.3f, %.3f]", r.area.value, r.area.lower,
           r.area.upper);
    tap_ok(report(SIDE, 3, &again) == 0 && again.area.value == r.area.value, "the same again");
    write_stream(1, 0, 0.2, "");
    rc = report(SIDE, 3, &r);
    tap_ok(rc == 0 && r.area.value > 0.95, "what surrounds it does: %.3f", r.area.value);
}

static void
test_refused(void)
{
    static const char *const missing[] = {"place", "patient", "like_patient"};
    struct places_report r;

    for (size_t i = 0; i < 3; i++) {
        write_stream(1, 0, 0, missing[i]);
        tap_ok(report(SIDE, 3, &r) == -1 && strstr(e.text, "record 0: ") &&
                   strstr(e.text, missing[i]),
               "no %s: %s", missing[i], e.text);
    }
    write_stream(1, 0, 0, "");
    tap_ok(report(SIDE / 2, 3, &r) == -1, "another size: %s", e.text);
    tap_ok(report(SIDE, PATIENTS + 1, &r) == -1 && strstr(e.text, "too few"),
           "folds with nothing to score: %s", e.text);
}

int
main(void)
{
    backend_threads(1);
    for (int i = 0; i < 2; i++)
        if (mkstemp(path[i]) == -1)
            return 1;
    test_areas();
    test_refused();
    for (int i = 0; i < 2; i++)
        unlink(path[i]);
    return tap_done(10);
}
