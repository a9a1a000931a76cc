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

/* What is not a number wins: a network that fails must not hide it.  Selections, not branches:
   so loops over it become vector code. */
static inline real
nn_max(real a, real b)
{
    real larger = b <= a ? a : b;

    return a != a ? a : larger;
}

#endif
