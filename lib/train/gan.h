/*
 * gan - one training step of the contextual GAN (the paper, section 2).
 *
 * The generator turns `input` patches (normal tissue) into ones that look like `target` patches
 * (malignant lesions).  Removing lesions is the same with the roles exchanged.  A conditional GAN
 * (net.categories) learns several such tasks; an update is about one of them.
 */
#ifndef MP_TRAIN_GAN_H
#define MP_TRAIN_GAN_H

#include "model/discriminator.h"
#include "model/generator.h"
#include "nn/adam.h"
#include "train/diff_augment.h"
#include "train/feature_match.h"

struct gan_config {
    struct net_config net;
    /* Of the discriminator; net.width and net.spectral are the generator's. */
    double d_width;
    int d_spectral;
    size_t mid;     /* see generator_init() */
    size_t border;  /* pixels at full size */
    size_t batch;   /* patches of each class in an update */
    size_t g_steps; /* generator updates for each discriminator update */
    /* Of each category, or [0] alone: 4; 3 where it has no benign patches; 2, then all of them:
       real against fake alone. */
    int classes[NET_MAX_CATEGORIES];
    double aux;       /* weight of the benign and the input class in the discriminator's loss */
    double gp_lambda; /* gradient penalty; 0 = none */
    double gp_k;      /* its target slope */
    size_t gp_every;  /* updates of a category from one penalty to the next; 1 = in each */
    double gp_sigma;  /* noise round the target patches, standard deviation in [0, 1] grey levels */
    double ema;       /* decay of the generator's running average; 0 = none */
    /* Random changes of all that the discriminator sees: none, always, or as often as it takes. */
    enum { AUGMENT_NONE, AUGMENT_FIXED, AUGMENT_ADA } augment;
    double ada_images; /* real patches in which their probability can go from 0 to 1 */
    struct adam adam;  /* of both networks */
    double d_rate;     /* the discriminator's learning rate, where it is another than adam.rate */
    uint64_t seed;
};

struct gan {
    struct gan_config config;
    struct generator g, average; /* average: only with config.ema */
    struct discriminator d;
    struct ada augment;
    struct feature_match *match; /* borrowed; NULL: the paper's loss alone */
    struct tape *tape;
    uint64_t g_updates, d_updates;
};

/* What an update saw; means over its batch. */
struct gan_losses {
    double real, fake, benign, input; /* cross-entropies of the discriminator, unweighted */
    double penalty, slope;            /* gradient penalty (without lambda), mean gradient norm */
    double d_total, d_gradient;       /* what was minimised; norm of its gradient */
    double g_total, g_gradient;       /* of the generator: -log p_real of what it makes */
    double feature;                   /* in that with its weight, here without */
    double lesion;                    /* mean |lesion| of that */
    double odds_real, odds_fake;      /* mean log-odds of "real" */
    double sign_real;                 /* mean sign of those of real patches */
};

/* Both networks with their starting weights.  Returns 0, or -1 with the reason in e. */
int gan_init(struct gan *g, const struct gan_config *c, struct err *e);
void gan_free(struct gan *g);

/* The generator to use: the running average where there is one. */
struct generator *gan_best(struct gan *g);

/* Whether the discriminator's update number `update` has a penalty. */
int gan_penalty_due(const struct gan_config *c, uint64_t update);

/*
 * One update of the discriminator.  Patches [batch][s][s] in [0, 1] with s as in
 * generator_forward(), all of one category; benign may be NULL with three classes, and with two
 * classes benign and input are.  Draws come from (seed, d_updates).
 * Returns 0, or -1 if a loss is not finite (nothing is updated then), with the reason in e.
 */
int gan_step_d(struct gan *g, size_t category, const real *target, const real *benign,
               const real *input, const real *base, size_t side, double fade, struct gan_losses *l,
               struct err *e);

/* One update of the generator on `base` patches, likewise. */
int gan_step_g(struct gan *g, size_t category, const real *base, size_t side, double fade,
               struct gan_losses *l, struct err *e);

/*
 * The losses as tensors, for gan_step_d() and for the tests.  fake and target are what the
 * discriminator sees; noisy [n][s][s][1] is where the penalty is taken, NULL for none.
 */
struct tensor *gan_loss_d(struct tape *t, const struct gan_config *c, const struct discriminator *d,
                          size_t category, struct tensor *target, struct tensor *fake,
                          struct tensor *benign, struct tensor *input, struct tensor *noisy,
                          double fade, struct gan_losses *l);

#endif
