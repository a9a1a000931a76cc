/*
 * generate - a trained generator at work on the records of a stream.
 */
#ifndef MP_TRAIN_GENERATE_H
#define MP_TRAIN_GENERATE_H

#include "model/generator.h"
#include "stream/record.h"

/*
 * A generator as gan-gen loads it, from what gan-train wrote: its result, or its state.
 *   category  what a conditional one is to make, its number; else 0
 *   fade   0 where only the half-size network is trained yet, else as far as it is faded in
 *   label, lesion  of the patches it makes; owned by the model
 */
struct generate {
    struct generator g;
    size_t category;
    double fade;
    char *label, *lesion;
    uint64_t hash;
};

/*
 * category: by its name, for a conditional generator; NULL for any other.  Returns 0, or -1 with
 * the reason in e, which names the path.
 */
int generate_open(struct generate *m, const char *path, const char *category, struct err *e);
void generate_close(struct generate *m);

/*
 * Makes variant `k` of record `in` (the `index`-th of its stream) into `out`: input to `base`,
 * `lesion` and `image` made, label, lesion, synthetic, parent, id, model and scalars set.  The
 * random scalars come from (seed, index, k) alone.  The image must have the size the generator was
 * trained for (half of it where only that stage is finished).  Returns 0, or -1 with the reason in
 * e.
 */
int generate_patch(struct tape *t, struct generate *m, const struct ts_record *in, uint64_t seed,
                   uint64_t index, size_t k, struct ts_record *out, struct err *e);

#endif
