/*
 * adam - D. P. Kingma and J. Ba, ICLR 2015, algorithm 1, with the decoupled weight decay of I.
 * Loshchilov and F. Hutter, ICLR 2019 ("AdamW").
 */
#ifndef MP_NN_ADAM_H
#define MP_NN_ADAM_H

#include <stdint.h>

#include "nn/param.h"

struct adam {
    double rate, beta1, beta2, epsilon;
    double
        decay; /* each update takes rate * decay of every weight; biases and factors keep theirs */
};

/*
 * One update of every parameter with its gradient grads[i], in one pass over memory.
 *   step  1, 2, ...: the number of this update, for the bias correction
 */
void adam_update(const struct adam *a, struct params *ps, struct tensor *const *grads,
                 uint64_t step);

#endif
