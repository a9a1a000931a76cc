/*
 * lanes - some neighbouring numbers that are worked on at once: a vector of GCC and Clang.
 *
 * Private to lib/nn, for loops that compilers do not turn into vector code by themselves.  As wide
 * as the processor's own vectors, unless LANES_BYTES is defined before.
 */
#ifndef MP_NN_LANES_H
#define MP_NN_LANES_H

#include <string.h>

#include "nn/real.h"

#ifndef LANES_BYTES
#ifdef __AVX512F__
#define LANES_BYTES 64
#else
#define LANES_BYTES 32
#endif
#endif

typedef real lanes __attribute__((vector_size(LANES_BYTES)));

enum { LANES = sizeof(lanes) / sizeof(real) };

static inline lanes
load(const real *p)
{
    lanes v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline void
store(real *p, lanes v)
{
    memcpy(p, &v, sizeof(v));
}

#endif
