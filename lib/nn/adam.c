#include "nn/adam.h"

#include "nn/loops.h"

void
adam_update(const struct adam *a, struct params *ps, struct tensor *const *grads, uint64_t step)
{
    double correct1 = 1 - pow(a->beta1, (double)step), correct2 = 1 - pow(a->beta2, (double)step);
    real b1 = (real)a->beta1, b2 = (real)a->beta2, eps = (real)a->epsilon;
    real rate = (real)(a->rate / correct1), root = (real)(1 / sqrt(correct2));

    /* One region for all: most parameters are too small to start threads for. */
#pragma omp parallel if (ps->count >= NN_PARALLEL)
    for (size_t i = 0; i < ps->n; i++) {
        struct param *p = ps->p[i];
        const real *g = grads[i]->v;
        real *w = p->w.v, *m = p->adam_m, *v = p->adam_v;
        real keep = (real)(p->w.rank > 1 ? 1 - a->rate * a->decay : 1);

#pragma omp for simd schedule(static) nowait
        for (size_t k = 0; k < p->w.n; k++) {
            m[k] = b1 * m[k] + (1 - b1) * g[k];
            v[k] = b2 * v[k] + (1 - b2) * g[k] * g[k];
            w[k] = keep * w[k] - rate * m[k] / (real_sqrt(v[k]) * root + eps);
        }
    }
}
