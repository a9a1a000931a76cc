#include "nn/param.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/backend.h"
#include "nn/loops.h"
#include "nn/ops.h"

enum { LARGE = 1 << 17 }; /* numbers of a weight that all threads work on */

static real *
vector(size_t n, struct err *e)
{
    size_t bytes;
    real *p;

    if (mem_mul(n, sizeof(real), &bytes) == -1 || mem_add(bytes, 63, &bytes) == -1) {
        err_set(e, "parameter of %zu numbers", n);
        return NULL;
    }
    p = aligned_alloc(64, bytes / 64 * 64 + 64);
    if (p == NULL) {
        err_memory(e, bytes);
        return NULL;
    }
    memset(p, 0, n * sizeof(real));
    return p;
}

static void
param_free(struct param *p)
{
    if (p == NULL)
        return;
    free(p->w.v);
    free(p->adam_m);
    free(p->adam_v);
    free(p->u);
    free(p->v);
    free(p);
}

static void
normalise(real *x, size_t n)
{
    double sum = 0;
    real f;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    sum = sqrt(sum);
    f = (real)(1 / (sum > 1e-12 ? sum : 1e-12));
    for (size_t i = 0; i < n; i++)
        x[i] *= f;
}

static void
fill(struct param *p, enum param_start start, uint64_t seed)
{
    struct rng r = rng_at(seed, p->name, 0);
    size_t window = p->w.rank == 4 ? p->w.shape[0] * p->w.shape[1] : 1;
    double fan = (double)(p->in + window * p->out), limit = sqrt(6.0 / fan);

    if (start == PARAM_GLOROT)
        for (size_t i = 0; i < p->w.n; i++)
            p->w.v[i] = (real)(limit * (2 * rng_uniform(&r) - 1));
    if (p->spectral) {
        char name[sizeof(p->name) + 2];

        snprintf(name, sizeof(name), "%s.u", p->name);
        r = rng_at(seed, name, 0);
        for (size_t i = 0; i < p->out; i++)
            p->u[i] = (real)rng_normal(&r);
        normalise(p->u, p->out);
        backend_gemv(0, p->in, p->out, p->w.v, p->u, p->v);
        normalise(p->v, p->in);
    }
}

struct param *
param_add(struct params *ps, const char *name, unsigned rank, const size_t *shape,
          enum param_start start, int spectral, uint64_t seed, struct err *e)
{
    struct param *p = mem_array(1, sizeof(*p), e), **list;
    size_t count;

    if (p == NULL)
        return NULL;
    assert(rank >= 1 && rank <= NN_MAX_RANK && strlen(name) < sizeof(p->name));
    strcpy(p->name, name);
    p->w.rank = rank;
    p->w.n = 1;
    for (unsigned i = 0; i < rank; i++) {
        p->w.shape[i] = shape[i];
        if (mem_mul(p->w.n, shape[i], &p->w.n) == -1) {
            err_set(e, "%s: size overflow", name);
            goto fail;
        }
    }
    if (mem_add(ps->count, p->w.n, &count) == -1 || (ps->limit > 0 && count > ps->limit)) {
        err_set(e, "%s: with its %zu numbers the network has more than %zu", name, p->w.n,
                ps->limit);
        goto fail;
    }
    p->w.owner = &p->w;
    p->out = shape[rank - 1];
    p->in = p->w.n / p->out;
    p->spectral = spectral;
    p->w.v = vector(p->w.n, e);
    if (p->w.v == NULL)
        goto fail;
    if (!ps->fixed) {
        p->adam_m = vector(p->w.n, e);
        p->adam_v = vector(p->w.n, e);
        if (p->adam_m == NULL || p->adam_v == NULL)
            goto fail;
    }
    if (spectral) {
        p->u = vector(p->out, e);
        p->v = vector(p->in, e);
        if (p->u == NULL || p->v == NULL)
            goto fail;
    }
    list = realloc(ps->p, (ps->n + 1) * sizeof(struct param *));
    if (list == NULL) {
        err_memory(e, (ps->n + 1) * sizeof(struct param *));
        goto fail;
    }
    ps->p = list;
    ps->p[ps->n++] = p;
    ps->count = count;
    fill(p, start, seed);
    return p;
fail:
    param_free(p);
    return NULL;
}

struct param *
param_find(const struct params *ps, const char *name)
{
    for (size_t i = 0; i < ps->n; i++)
        if (strcmp(ps->p[i]->name, name) == 0)
            return ps->p[i];
    return NULL;
}

void
params_free(struct params *ps)
{
    for (size_t i = 0; i < ps->n; i++)
        param_free(ps->p[i]);
    free(ps->p);
    *ps = (struct params){0};
}

/* One power iteration. */
static void
iterate_once(struct param *p)
{
    backend_gemv(0, p->in, p->out, p->w.v, p->u, p->v);
    normalise(p->v, p->in);
    backend_gemv(1, p->in, p->out, p->w.v, p->v, p->u);
    normalise(p->u, p->out);
}

void
params_use(struct tape *t, struct params *ps, int iterate)
{
    /* Large weights one after the other, on all threads; small ones side by side. */
    if (iterate) {
        for (size_t i = 0; i < ps->n; i++)
            if (ps->p[i]->spectral && ps->p[i]->w.n > LARGE)
                iterate_once(ps->p[i]);
#pragma omp parallel for schedule(dynamic)
        for (size_t i = 0; i < ps->n; i++)
            if (ps->p[i]->spectral && ps->p[i]->w.n <= LARGE)
                iterate_once(ps->p[i]);
    }
    for (size_t i = 0; i < ps->n; i++) {
        struct param *p = ps->p[i];

        p->use = p->spectral ? nn_spectral(t, &p->w, p->v, p->u) : &p->w;
    }
}

void
params_average(struct params *to, const struct params *from, double decay)
{
    real take = (real)(1 - decay);

    assert(to->n == from->n);
    for (size_t i = 0; i < to->n; i++) {
        struct param *a = to->p[i];
        const struct param *b = from->p[i];
        real *av = a->w.v;
        const real *bv = b->w.v;

        assert(strcmp(a->name, b->name) == 0 && a->w.n == b->w.n);
        if (decay == 0)
            memcpy(av, bv, a->w.n * sizeof(real));
        else {
            NN_FOR(a->w.n)
            for (size_t k = 0; k < a->w.n; k++)
                av[k] += take * (bv[k] - av[k]);
        }
        if (a->spectral) {
            memcpy(a->u, b->u, a->out * sizeof(real));
            memcpy(a->v, b->v, a->in * sizeof(real));
        }
    }
}
