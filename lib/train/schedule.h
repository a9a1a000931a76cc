/*
 * schedule - how the learning rate falls over a training.
 */
#ifndef MP_TRAIN_SCHEDULE_H
#define MP_TRAIN_SCHEDULE_H

#include <stdint.h>

enum schedule {
    SCHEDULE_CONSTANT, /* the paper's */
    SCHEDULE_COSINE,   /* from 1 to 0 (I. Loshchilov and F. Hutter, ICLR 2017, without restarts) */
    SCHEDULE_ONE_CYCLE /* 1/25 to 1 over the first 0.3, then to 0 (L. Smith and N. Topin, 2019) */
};

/* The words of these in options and metadata, in their order, and NULL. */
extern const char *const schedule_words[];

/*
 * The factor of the rate at update `step`, from 0 to steps - 1.  The last two have the values of
 * PyTorch's CosineAnnealingLR(T_max = steps) and OneCycleLR(total_steps = steps).
 */
double schedule_factor(enum schedule s, uint64_t step, uint64_t steps);

/*
 * The decay of a running average of weights at update `steps`, counted from 1.
 *
 * ASSUMPTION: while the average is young it forgets faster, as TensorFlow's moving averages do, so
 * that the start does not linger in it.
 */
double schedule_average(double decay, uint64_t steps);

#endif
