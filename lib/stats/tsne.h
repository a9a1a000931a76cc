/*
 * tsne - maps of points in two dimensions that keep neighbours together.
 *
 * L. van der Maaten and G. Hinton, JMLR 9:2579-2605, 2008, as "Accelerating t-SNE using tree-based
 * algorithms", JMLR 15:3221-3245, 2014, with the start and the rate of D. Kobak and P. Berens, "The
 * art of using t-SNE for single-cell transcriptomics", Nature Communications 10:5416, 2019.  What
 * these leave open is as scikit-learn 1.2 has it.
 *
 *     if (tsne_open(&t, &config, x, n, d, e) == -1)
 *         ...
 *     while (t.iteration < 1000)
 *         if (tsne_step(&t, e) == -1)
 *             ...
 *     ... t.y, tsne_divergence(&t) ...
 *     tsne_close(&t);
 */
#ifndef MP_STATS_TSNE_H
#define MP_STATS_TSNE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stats/affinity.h"
#include "stats/quadtree.h"

enum {
    TSNE_MIN = 4,           /* points */
    TSNE_MAX = 10000000,    /* points */
    TSNE_EXACT_MAX = 10000, /* points of which all pairs are held */
    TSNE_EARLY_STEPS = 250, /* with exaggeration, momentum 0.5; then 0.8 */
};

struct tsne_config {
    double perplexity;   /* above 1 */
    size_t components;   /* principal ones that are kept; 0: x stays as it is */
    double exaggeration; /* of affinities in the first TSNE_EARLY_STEPS */
    double rate;         /* of learning; 0: n / exaggeration / 4, at least 50 */
    double theta;        /* quadtree.h; 0: all pairs repel each other */
    size_t exact_below;  /* fewer points than this: theta 0, and all pairs have affinities */
    int random;          /* start from random numbers, not from principal components */
    uint64_t seed;
};

#define TSNE_DEFAULTS                                                                             \
    {                                                                                             \
        .perplexity = 30, .components = 50, .exaggeration = 12, .theta = 0.5, .exact_below = 1000 \
    }

struct tsne {
    size_t n, iteration;
    double *y;            /* [n][2] the map */
    double gradient_norm; /* of the last step; with exaggeration in the early ones */
    double theta, rate;   /* those that are used */
    size_t kept;          /* dimensions of which distances are taken */
    struct affinity p;

    /* Private. */
    double exaggeration;
    struct quadtree tree;
    double *force; /* [n][4]: attraction, repulsion before it is divided by the sum of w */
    double *sum_w; /* [n] over the other points */
    double *velocity, *gain; /* [n][2] */
};

/*
 * Finds the affinities of the cases x [n][d] (finite) and starts the map: the first two principal
 * components, scaled so that the first has a standard deviation of 1e-4, or normal random numbers
 * of that deviation; these too in the place of a component without variance.  Returns 0, or -1 with
 * the reason in e: memory, fewer than TSNE_MIN points, a perplexity of n / 3 or more.
 */
int tsne_open(struct tsne *t, const struct tsne_config *c, const float *x, size_t n, size_t d,
              struct err *e);

/*
 * One step.  The same on any number of threads, to the bit.  Returns 0, or -1 with the reason in e:
 * the map runs away (the rate is too large).
 */
int tsne_step(struct tsne *t, struct err *e);

/* The Kullback-Leibler divergence of the map as it stands, without exaggeration; what t-SNE makes
 * small.  With theta > 0 its sum over pairs is that of the quadtree.  Takes as long as a step. */
double tsne_divergence(struct tsne *t);

void tsne_close(struct tsne *t);

#endif
