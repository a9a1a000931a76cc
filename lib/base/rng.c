#include "base/rng.h"

#include <math.h>
#include <string.h>

void
rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t
rng_hash(const void *data, uint64_t n)
{
    const unsigned char *p = data;
    uint64_t h = 0xcbf29ce484222325u;

    for (uint64_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

struct rng
rng_at(uint64_t seed, const char *purpose, uint64_t index)
{
    uint64_t h = rng_hash(purpose, strlen(purpose));
    struct rng r = {
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, (uint32_t)(h ^ (h >> 32)), (uint32_t)index, (uint32_t)(index >> 32)},
    };

    return r;
}

uint32_t
rng_u32(struct rng *r)
{
    if (r->left == 0) {
        rng_philox(r->counter, r->key, r->out);
        r->counter[0]++;
        r->left = 4;
    }
    return r->out[4 - r->left--];
}

uint64_t
rng_u64(struct rng *r)
{
    uint64_t hi = rng_u32(r);

    return hi << 32 | rng_u32(r);
}

double
rng_uniform(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double
rng_between(struct rng *r, double lo, double hi)
{
    return lo + (hi - lo) * rng_uniform(r);
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
    uint64_t limit = n * (UINT64_MAX / n), x;

    do
        x = rng_u64(r);
    while (x >= limit);
    return x % n;
}

double
rng_normal(struct rng *r)
{
    double u = 1.0 - rng_uniform(r); /* in (0, 1], so that the logarithm is finite */
    double v = rng_uniform(r);

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

void
rng_normal_pair(struct rng *r, double pair[2])
{
    double u = 1.0 - rng_uniform(r), v = 6.283185307179586 * rng_uniform(r);
    double radius = sqrt(-2.0 * log(u));

    pair[0] = radius * cos(v);
    pair[1] = radius * sin(v);
}

void
rng_skip_normals(struct rng *r, uint32_t n)
{
    r->counter[0] += n; /* each takes the four words of one block */
}
