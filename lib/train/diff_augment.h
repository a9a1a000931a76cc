/*
 * diff_augment - random changes of what the discriminator sees, through which gradients flow.
 *
 * S. Zhao et al., "Differentiable augmentation for data-efficient GAN training", NeurIPS 2020: with
 * few real images a discriminator learns them by heart; changing real and synthetic ones alike
 * prevents that without teaching the generator the changes.  DEVIATION from the paper, off at its
 * scale.
 */
#ifndef MP_TRAIN_DIFF_AUGMENT_H
#define MP_TRAIN_DIFF_AUGMENT_H

#include "train/gan.h"

/*
 * x [n][s][s][1], unchanged (the same tensor) unless c->diff_augment.  Each patch is flipped and
 * turned by a multiple of 90 degrees, shifted by up to s/8 (zeros come in), and its grey levels are
 * changed to a x + b with a in [0.8, 1.2], b in [-0.1, 0.1].  Draws come from (seed, "diff." +
 * role, update).
 */
struct tensor *diff_augment(struct tape *t, const struct gan_config *c, struct tensor *x,
                            const char *role, uint64_t update);

#endif
