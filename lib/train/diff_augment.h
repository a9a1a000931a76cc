/*
 * diff_augment - random changes of what the discriminator sees, through which gradients flow.
 *
 * S. Zhao et al., "Differentiable augmentation for data-efficient GAN training", NeurIPS 2020: with
 * few real images a discriminator learns them by heart; changing real and synthetic ones alike
 * prevents that without teaching the generator the changes.  DEVIATION from the paper, off at its
 * scale.
 *
 * How often can be adapted to how far the discriminator knows the real patches by heart: T. Karras
 * et al., "Training generative adversarial networks with limited data" (ADA), NeurIPS 2020.
 */
#ifndef MP_TRAIN_DIFF_AUGMENT_H
#define MP_TRAIN_DIFF_AUGMENT_H

#include <stdint.h>

#include "nn/tape.h"

/*
 * x [n][s][s][1], unchanged (the same tensor) where p is 0.  Each patch is flipped and turned by a
 * multiple of 90 degrees, shifted by up to s/8 (zeros come in), and its grey levels are changed to
 * a x + b with a in [0.8, 1.2], b in [-0.1, 0.1]; each of the three with probability p.  Draws come
 * from (seed, "diff." + role, update) and, whether to, from "ada." + role.
 */
struct tensor *diff_augment(struct tape *t, uint64_t seed, double p, struct tensor *x,
                            const char *role, uint64_t update);

/* The probability of each change, and the sum of the signs that it is adapted by. */
struct ada {
    double p, signs;
};

/*
 * After a discriminator update whose `batch` real patches had log-odds of mean sign `sign`: every
 * fourth time p is moved up if the mean of four is above 0.6, down if it is below, at the rate that
 * takes it from 0 to 1 in `images` real patches.  It stays below 0.8, from where on the generator
 * might learn the changes themselves.
 */
void ada_update(struct ada *a, size_t batch, double images, double sign, uint64_t updates);

#endif
