/*
 * augment - resize, flip and rotate patches at random.
 *
 * The paper, "Data": patches are flipped left to right, rotated by 90, 180 or 270 degrees, and
 * resized by 0.8 to 1.2.  What was done is in each record's metadata; masks, boxes and the seed
 * pixel follow.
 */
#include <stdlib.h>

#include "base/cli.h"
#include "patch/augment.h"
#include "stream/tstream.h"

enum { MAX_VARIANTS = 1 << 20 };

struct opts {
    struct augment_options draw;
    size_t variants;
    int undo;
    const char *like;
    uint64_t seed;
};

/* The change for variant k of the record that was read last. */
static void
choose(const struct opts *o, const struct ts_record *rec, uint64_t index, size_t k,
       struct ts_reader *like, struct change *out, struct err *e)
{
    struct ts_record model = {0};
    struct footprint f;
    struct rng rng;
    int rc;

    if (o->like != NULL) {
        rc = ts_read(like, &model, e);
        if (rc == 0)
            err_set(e, "%s has only %llu records", ts_name(like),
                    (unsigned long long)ts_count(like));
        if (rc != 1 || footprint_read(&f, &model, e) == -1)
            cli_fail(e);
        *out = f.change;
        ts_clear(&model);
    } else if (o->undo) {
        rc = footprint_read(&f, rec, e);
        *out = change_undo(&f.change);
    } else {
        rng = rng_at(o->seed, "augment", index * MAX_VARIANTS + k);
        rc = augment_draw(rec, &o->draw, &rng, out, e);
    }
    if (rc == -1) {
        err_in(e, "record %llu", (unsigned long long)index);
        cli_fail(e);
    }
}

int
main(int argc, char **argv)
{
    struct opts o = {
        .draw = {.min_scale = 0.8, .max_scale = 1.2, .min_tissue = 0.9}, .variants = 1, .seed = 1};
    const struct cli_opt table[] = {
        CLI_SIZE(0, "size", "N", &o.draw.size, 0, 16384,
                 "side of the result; 0 = without the margin"),
        CLI_FLAG(0, "no-flip", &o.draw.no_flip, "do not flip"),
        CLI_FLAG(0, "no-rotate", &o.draw.no_rotate, "do not rotate"),
        CLI_REAL(0, "min-scale", "S", &o.draw.min_scale, CHANGE_MIN_SCALE, CHANGE_MAX_SCALE,
                 "smallest resizing"),
        CLI_REAL(0, "max-scale", "S", &o.draw.max_scale, CHANGE_MIN_SCALE, CHANGE_MAX_SCALE,
                 "largest resizing"),
        CLI_REAL(0, "min-tissue", "SHARE", &o.draw.min_tissue, 0, 1, "least share of tissue"),
        CLI_SIZE(0, "variants", "N", &o.variants, 1, MAX_VARIANTS, "patches made of each one"),
        CLI_FLAG(0, "undo", &o.undo, "undo the recorded flip and rotation instead"),
        CLI_TEXT(0, "like", "FILE", &o.like,
                 "do what the records of FILE tell instead, one for one"),
        CLI_SEED(&o.seed),
        CLI_END,
    };
    const struct cli_prog prog = {"augment", "", "Resize, flip and rotate patches at random.",
                                  table,     0,  0};
    struct ts_record rec = {0}, work = {0};
    struct ts_reader *in, *like = NULL;
    struct ts_writer *out;
    struct err e;
    char *history;
    int rc;

    cli_parse(&prog, argc, argv);
    if (o.draw.min_scale > o.draw.max_scale)
        cli_usage("--min-scale %g is larger than --max-scale %g", o.draw.min_scale,
                  o.draw.max_scale);
    if ((o.undo || o.like != NULL) + (o.variants > 1) > 1 || (o.undo && o.like != NULL))
        cli_usage("--undo, --like and --variants exclude each other");
    if ((history = cli_history(&prog, &e)) == NULL || (in = ts_open("-", &e)) == NULL ||
        (o.like != NULL && (like = ts_open(o.like, &e)) == NULL) || (out = ts_stdout(&e)) == NULL)
        cli_fail(&e);

    while ((rc = ts_read(in, &rec, &e)) == 1) {
        uint64_t index = ts_count(in) - 1;

        for (size_t k = 0; k < o.variants; k++) {
            struct change change;

            choose(&o, &rec, index, k, like, &change, &e);
            if (ts_copy(&work, &rec, &e) == -1)
                cli_fail(&e);
            if (augment_apply(&work, o.draw.size, &change, k, &e) == -1) {
                err_in(&e, "record %llu", (unsigned long long)index);
                cli_fail(&e);
            }
            if (ts_history_add(&work, history, &e) == -1 || ts_write(out, &work, &e) == -1)
                cli_fail(&e);
        }
    }
    if (rc == -1 || ts_finish(out, &e) == -1)
        cli_fail(&e);
    ts_clear(&rec);
    ts_clear(&work);
    ts_close(in);
    if (like != NULL)
        ts_close(like);
    free(history);
    return 0;
}
