/*
 * rng - counter-based random numbers, Philox 4x32-10.
 *
 * J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.  A generator is a
 * value, made from (seed, purpose, index): the numbers of record i depend on nothing else, not on
 * other records, on threads or on the clock.
 */
#ifndef MP_BASE_RNG_H
#define MP_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint32_t key[2];     /* the seed */
    uint32_t counter[4]; /* block number, purpose, index */
    uint32_t out[4];     /* the current block */
    unsigned left;       /* numbers of it not handed out yet */
};

/* The generator of (seed, purpose, index).  purpose is a short word such as "augment". */
struct rng rng_at(uint64_t seed, const char *purpose, uint64_t index);

/* Uniform 32-bit and 64-bit numbers. */
uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);

/* Uniform in [0, 1): 53 random bits. */
double rng_uniform(struct rng *r);

/* Uniform in [lo, hi). */
double rng_between(struct rng *r, double lo, double hi);

/* Uniform in 0 .. n-1 without bias (by rejection).  n must be positive. */
uint64_t rng_below(struct rng *r, uint64_t n);

/* Standard normal (Box-Muller, two uniforms a number, no state kept). */
double rng_normal(struct rng *r);

/* Two of them, independent, for little more than one takes. */
void rng_normal_pair(struct rng *r, double pair[2]);

/*
 * Passes over n normals or pairs: of a fresh generator, the next is then the (n + 1)-th.  So the
 * numbers of an array can be drawn in any order.
 */
void rng_skip_normals(struct rng *r, uint32_t n);

/* The bare block function, for known-answer tests: out = philox4x32-10(counter, key). */
void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* FNV-1a, 64 bits: short stable names of texts (purposes, record ids). */
uint64_t rng_hash(const void *data, uint64_t n);

#endif
