/*
 * generate - a trained generator at work on the records of a stream.
 */
#ifndef MP_TRAIN_GENERATE_H
#define MP_TRAIN_GENERATE_H

#include "train/checkpoint.h"

/*
 * Makes variant `k` of record `in` (the `index`-th of its stream) into `out`: input to `base`,
 * `lesion` and `image` made, label, lesion, synthetic, parent, id, model and scalars set.  The
 * random scalars come from (seed, index, k) alone.  The image must have the size the generator was
 * trained for (half of it where only that stage is finished).  Returns 0, or -1 with the reason in
 * e.
 */
int generate_patch(struct tape *t, struct generator_model *m, const struct ts_record *in,
                   uint64_t seed, uint64_t index, size_t k, struct ts_record *out, struct err *e);

#endif
