/*
 * loops - how the engine's loops share the processors.
 *
 * Private to lib/nn.  Small loops stay on one thread: starting the others costs microseconds.
 */
#ifndef MP_NN_LOOPS_H
#define MP_NN_LOOPS_H

#include "nn/real.h"

enum { NN_PARALLEL = 16384 }; /* elements from which on threads pay */

#define NN_PRAGMA(x) _Pragma(#x)
#define NN_FOR(n) NN_PRAGMA(omp parallel for schedule(static) if ((n) >= NN_PARALLEL))

/* For maxima.  What is not a number wins: a network that fails must not hide it. */
static inline int
nn_greater(real a, real b)
{
    return a > b || a != a;
}

#endif
