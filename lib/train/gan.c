#include "train/gan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/grad.h"
#include "nn/ops.h"

int
gan_init(struct gan *g, const struct gan_config *c, struct err *e)
{
    struct net_config d = c->net;

    *g = (struct gan){.config = *c};
    g->augment.p = c->augment == AUGMENT_FIXED;
    g->tape = tape_open();
    d.width = c->d_width;
    d.spectral = c->d_spectral;
    if (generator_init(&g->g, &c->net, c->mid, c->border, c->seed, e) == -1 ||
        (c->ema > 0 && generator_init(&g->average, &c->net, c->mid, c->border, c->seed, e) == -1) ||
        discriminator_init(&g->d, &d, c->classes[0], c->seed, e) == -1) {
        gan_free(g);
        return -1;
    }
    return 0;
}

void
gan_free(struct gan *g)
{
    generator_free(&g->g);
    generator_free(&g->average);
    discriminator_free(&g->d);
    tape_close(g->tape);
    *g = (struct gan){0};
}

struct generator *
gan_best(struct gan *g)
{
    return g->config.ema > 0 ? &g->average : &g->g;
}

/* ---- pieces ---- */

static struct tensor *
patches(struct tape *t, const real *v, size_t n, size_t side)
{
    const size_t shape[4] = {n, side, side, 1};

    return tape_const(t, 4, shape, v);
}

static struct tensor *
random_scalars(struct tape *t, const struct gan *g, const char *purpose, uint64_t update)
{
    const size_t shape[2] = {g->config.batch, generator_scalars(&g->g)};
    struct tensor *s = tape_const(t, 2, shape, NULL);
    struct rng r = rng_at(g->config.seed, purpose, update);

    for (size_t i = 0; i < s->n; i++)
        s->v[i] = (real)rng_between(&r, -1, 1);
    return s;
}

enum { NOISE_RUN = 1024 };

static struct tensor *
with_noise(struct tape *t, struct tensor *x, const struct gan_config *c, uint64_t update)
{
    struct tensor *y = tape_const(t, 4, x->shape, x->v);
    const struct rng first = rng_at(c->seed, "gan.noise", update);
    real *v = y->v;

    /* A run of numbers at a time, so that threads can share them and the bytes stay the same. */
#pragma omp parallel for schedule(static)
    for (size_t begin = 0; begin < y->n; begin += NOISE_RUN) {
        struct rng r = first;

        rng_skip_normals(&r, (uint32_t)(begin / 2));
        for (size_t i = begin; i < begin + NOISE_RUN && i < y->n; i += 2) {
            double pair[2];

            rng_normal_pair(&r, pair);
            v[i] += (real)(c->gp_sigma * pair[0]);
            v[i + 1] += (real)(c->gp_sigma * pair[1]); /* sides of images are even */
        }
    }
    return y;
}

static double
mean_of(const struct tensor *x)
{
    double sum = 0;

    for (size_t i = 0; i < x->n; i++)
        sum += (double)x->v[i];
    return sum / (double)x->n;
}

static double
mean_sign(const struct tensor *x)
{
    double sum = 0;

    for (size_t i = 0; i < x->n; i++)
        sum += (x->v[i] > 0) - (x->v[i] < 0);
    return sum / (double)x->n;
}

/* Gradients of `loss` for all parameters; returns their norm, or not-a-number. */
static double
gradients(struct tape *t, struct tensor *loss, struct params *ps, struct tensor **grads)
{
    struct tensor **ws = tape_bytes(t, ps->n * sizeof(*ws));
    double sum = 0;

    for (size_t i = 0; i < ps->n; i++)
        ws[i] = &ps->p[i]->w;
    grad_of(t, loss, ws, ps->n, 0, grads);
    for (size_t i = 0; i < ps->n; i++) {
        const real *g = grads[i]->v;
        double part = 0;

#pragma omp simd reduction(+ : part)
        for (size_t k = 0; k < grads[i]->n; k++)
            part += (double)(g[k] * g[k]);
        sum += part;
    }
    return sqrt(sum);
}

/*
 * N. Kodali et al., "On convergence and stability of GANs", 2017:
 *
 *     lambda E[(|grad_x D(x + delta)| - k)^2],  x real, delta ~ N(0, sigma^2)
 *
 * ASSUMPTION: D is the log-odds of "real", which is the usual single logit where there are two
 * classes.  The slope is that for the image; a label beside it is a constant.  The gradient is a
 * tensor on the tape, so the loss is differentiated through it exactly.
 *
 * With gp_every it is taken now and then, with as many times the weight, at a fraction of the time
 * (T. Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020, appendix
 * B).  It stays part of the loss's own update, so that Adam's constants need not be changed.
 */
static struct tensor *
gradient_penalty(struct tape *t, const struct gan_config *c, const struct discriminator *d,
                 size_t category, struct tensor *noisy, double fade, struct gan_losses *l)
{
    const size_t rows[2] = {noisy->shape[0], noisy->n / noisy->shape[0]};
    struct tensor *odds, *grad, *slope, *off;

    odds = discriminator_log_odds(t, discriminator_forward(t, d, category, noisy, fade),
                                  c->classes[category]);
    grad_of(t, nn_sum(t, odds), &noisy, 1, 1, &grad);
    grad = nn_reshape(t, grad, 2, rows);
    slope = nn_sqrt(t, nn_affine(t, nn_row_sum(t, nn_mul(t, grad, grad)), 1, 1e-12));
    off = nn_affine(t, slope, 1, -c->gp_k);
    off = nn_mean(t, nn_mul(t, off, off));
    l->slope = mean_of(slope);
    l->penalty = (double)off->v[0];
    return nn_affine(t, off, c->gp_lambda * (double)c->gp_every, 0);
}

struct tensor *
gan_loss_d(struct tape *t, const struct gan_config *c, const struct discriminator *d,
           size_t category, struct tensor *target, struct tensor *fake, struct tensor *benign,
           struct tensor *input, struct tensor *noisy, double fade, struct gan_losses *l)
{
    /* All classes pass in one batch: the discriminator treats every patch on its own. */
    struct tensor *class[LOGITS] = {target, fake, benign, input};
    struct tensor *all = NULL, *logits, *loss = NULL;
    double *seen[LOGITS] = {&l->real, &l->fake, &l->benign, &l->input};
    size_t first = 0;
    int classes = c->classes[category];

    for (int k = 0; k < LOGITS; k++)
        if (class[k] != NULL)
            all = all ? nn_stack(t, all, class[k]) : class[k];
    logits = discriminator_forward(t, d, category, all, fade);

    /* "the losses from benign and normal examples scaled by a factor" */
    for (int k = 0; k < LOGITS; k++) {
        struct tensor *part, *ce;

        if (class[k] == NULL)
            continue;
        part = nn_batch_slice(t, logits, first, class[k] -> shape[0]);
        first += class[k]->shape[0];
        ce = discriminator_cross_entropy(t, part, k, classes);
        *seen[k] = (double)ce->v[0];
        if (k == LOGIT_REAL) {
            struct tensor *odds = discriminator_log_odds(t, part, classes);

            l->odds_real = mean_of(odds);
            l->sign_real = mean_sign(odds);
        }
        if (k == LOGIT_FAKE)
            l->odds_fake = mean_of(discriminator_log_odds(t, part, classes));
        if (k == LOGIT_BENIGN || k == LOGIT_NORMAL)
            ce = nn_affine(t, ce, c->aux, 0);
        loss = loss ? nn_add(t, loss, ce) : ce;
    }
    if (noisy != NULL)
        loss = nn_add(t, loss, gradient_penalty(t, c, d, category, noisy, fade, l));
    l->d_total = (double)loss->v[0];
    return loss;
}

/* ---- updates ---- */

/* What the discriminator sees of x. */
static struct tensor *
augment(struct tape *t, const struct gan *g, struct tensor *x, const char *role, uint64_t update)
{
    return diff_augment(t, g->config.seed, g->augment.p, x, role, update);
}

int
gan_penalty_due(const struct gan_config *c, uint64_t update)
{
    /* Categories take turns: each counts its own updates. */
    return update / (c->net.categories > 0 ? c->net.categories : 1) % c->gp_every == 0;
}

int
gan_step_d(struct gan *g, size_t category, const real *target, const real *benign,
           const real *input, const real *base, size_t side, double fade, struct gan_losses *l,
           struct err *e)
{
    const struct gan_config *c = &g->config;
    struct tape *t = g->tape;
    struct params *ps = &g->d.params;
    struct adam adam = c->adam;
    size_t n = c->batch;
    struct tensor *fake, *lesion, *real_, *seen_benign = NULL, *seen_input = NULL, *noisy = NULL;
    struct tensor *loss, **grads;

    tape_reset(t);
    tape_record(t, 0); /* what the generator makes is a constant here */
    params_use(t, &g->g.params, 0);
    generator_forward(t, &g->g, category, patches(t, base, n, side),
                      random_scalars(t, g, "gan.scalars.d", g->d_updates), fade, &lesion, &fake);
    fake = augment(t, g, fake, "fake", g->d_updates);
    real_ = augment(t, g, patches(t, target, n, side), "target", g->d_updates);
    if (benign != NULL)
        seen_benign = augment(t, g, patches(t, benign, n, side), "benign", g->d_updates);
    if (input != NULL)
        seen_input = augment(t, g, patches(t, input, n, side), "input", g->d_updates);
    if (c->gp_lambda > 0 && gan_penalty_due(c, g->d_updates))
        noisy = with_noise(t, real_, c, g->d_updates);
    tape_record(t, 1);

    params_use(t, ps, 1);
    loss = gan_loss_d(t, c, &g->d, category, real_, fake, seen_benign, seen_input, noisy, fade, l);
    grads = tape_bytes(t, ps->n * sizeof(*grads));
    l->d_gradient = gradients(t, loss, ps, grads);
    if (!isfinite(l->d_total) || !isfinite(l->d_gradient))
        return err_set(e, "discriminator update %llu: loss %g, gradient %g: not finite",
                       (unsigned long long)g->d_updates, l->d_total, l->d_gradient);
    adam.rate = c->d_rate > 0 ? c->d_rate : adam.rate;
    adam_update(&adam, ps, grads, ++g->d_updates);
    if (c->augment == AUGMENT_ADA)
        ada_update(&g->augment, c->batch, c->ada_images, l->sign_real, g->d_updates);
    return 0;
}

int
gan_step_g(struct gan *g, size_t category, const real *base, size_t side, double fade,
           struct gan_losses *l, struct err *e)
{
    const struct gan_config *c = &g->config;
    struct tape *t = g->tape;
    struct params *ps = &g->g.params;
    struct tensor *lesion, *image, *x, *logits, *loss, *features = NULL, **grads;
    double size = 0;

    tape_reset(t);
    params_use(t, ps, 1);
    tape_record(t, 0); /* the discriminator's weights are constants here */
    params_use(t, &g->d.params, 0);
    tape_record(t, 1);
    x = patches(t, base, c->batch, side);
    generator_forward(t, &g->g, category, x, random_scalars(t, g, "gan.scalars.g", g->g_updates),
                      fade, &lesion, &image);
    if (g->match != NULL)
        features = feature_match_loss(t, g->match, category, image);
    image = augment(t, g, image, "generator", g->g_updates);
    logits = discriminator_forward(t, &g->d, category, image, fade);
    loss = discriminator_cross_entropy(t, logits, LOGIT_REAL, c->classes[category]);
    if (features != NULL) {
        l->feature = (double)features->v[0];
        loss = nn_add(t, loss, nn_affine(t, features, g->match->weight, 0));
    }
    l->g_total = (double)loss->v[0];
    for (size_t i = 0; i < lesion->n; i++)
        size += fabs((double)lesion->v[i]);
    l->lesion = size / (double)lesion->n;
    grads = tape_bytes(t, ps->n * sizeof(*grads));
    l->g_gradient = gradients(t, loss, ps, grads);
    if (!isfinite(l->g_total) || !isfinite(l->g_gradient))
        return err_set(e, "generator update %llu: loss %g, gradient %g: not finite",
                       (unsigned long long)g->g_updates, l->g_total, l->g_gradient);
    adam_update(&c->adam, ps, grads, ++g->g_updates);
    if (c->ema > 0) {
        /* A young average forgets its start sooner: decay min(ema, (1 + n) / (10 + n)). */
        double young = (1 + (double)g->g_updates) / (10 + (double)g->g_updates);

        params_average(&g->average.params, ps, young < c->ema ? young : c->ema);
    }
    return 0;
}
