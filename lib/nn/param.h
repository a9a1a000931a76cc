/*
 * param - the trainable numbers of a network, by name.
 *
 * A parameter is a constant on the tape whose values an optimiser changes between steps.  Weights
 * may be spectrally normalised: divided by their largest singular value, which one power iteration
 * a step tracks (T. Miyato et al., ICLR 2018).
 */
#ifndef MP_NN_PARAM_H
#define MP_NN_PARAM_H

#include <stdint.h>

#include "base/err.h"
#include "nn/tape.h"

struct param {
    char name[80];
    struct tensor w;       /* values, owned; weights of convolutions are [kh][kw][ci][co] */
    real *adam_m, *adam_v; /* NULL where the set is fixed */
    int spectral;
    size_t in, out;     /* w as a matrix [in][out] */
    real *u, *v;        /* [out], [in]: its leading singular vectors, or NULL */
    struct tensor *use; /* what this step's operators read: w, or w / sigma */
};

struct params {
    struct param **p; /* in order of creation */
    size_t n;
    size_t count; /* trainable numbers */
    size_t limit; /* most of them that param_add() accepts; 0 = any */
    int fixed;    /* 1: for use only, without the optimiser's state */
};

enum param_start { PARAM_ZERO, PARAM_GLOROT };

/*
 * Adds a parameter.  Starting values come from (seed, name): zeros, or Glorot uniform, +-sqrt(6 /
 * (fan in + fan out)) (X. Glorot and Y. Bengio, AISTATS 2010).  `spectral` weights get a random u.
 * Returns it (owned by ps), or NULL with the reason in e.
 */
struct param *param_add(struct params *ps, const char *name, unsigned rank, const size_t *shape,
                        enum param_start start, int spectral, uint64_t seed, struct err *e);

struct param *param_find(const struct params *ps, const char *name);
void params_free(struct params *ps);

/*
 * Makes every parameter ready for a step: sets `use`.  With `iterate`, spectral weights do one
 * power iteration first: v = W u / |W u|, u = W^T v / |W^T v| (W [in][out]); u and v are constants
 * of the gradient.
 */
void params_use(struct tape *t, struct params *ps, int iterate);

/* to = decay to + (1 - decay) from, and u, v from `from`: an exponential average over training. */
void params_average(struct params *to, const struct params *from, double decay);

#endif
