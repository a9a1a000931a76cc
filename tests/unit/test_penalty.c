/*
 * The discriminator's loss with its gradient penalty: its gradient for every weight against central
 * differences, and that this comparison can see each term of the second derivative.
 *
 * The penalty depends on the weights through the gradient for the pixels, which is itself made of
 * operators.  For each kind of these in turn an argument is replaced by a constant of the same
 * value.  The loss stays what it is, its gradient loses the terms that come through there, and must
 * no longer agree.  LeakyReLU's choice of side has no derivative and may be cut without harm, which
 * shows that cutting changes nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/grad.h"
#include "nn/ops.h"
#include "train/gan.h"
#include "tap.h"

enum { SIDE = 32, BATCH = 2, MOST = 64 };

static const struct gan_config config = {
    .net = {.size = SIDE, .width = 0.02, .leak = 0.2, .spectral = 1, .attention = 4},
    .batch = BATCH,
    .classes = {LOGITS},
    .aux = 0.1,
    .gp_lambda = 10,
    .gp_k = 1,
    .gp_every = 1};
static const double fade = 0.5; /* both ways in */

/* An argument of the operators of that name in the gradient for the pixels. */
struct link {
    const char *op;
    int argument;
    int matters;
    const char *what;
};

static const struct link links[] = {
    {"conv_transpose", 1, 1, "weights of convolutions"},
    {"conv_transpose", 0, 1, "what arrives at convolutions from above"},
    {"gate", 0, 1, "what arrives at LeakyReLU"},
    {"gate", 1, 0, "the sides of zero on which LeakyReLU's inputs lie"},
    {"pool_scatter", 0, 1, "what arrives at max-pool"},
    {"softmax_grad", 0, 1, "attention's weights, as the softmax of something"},
    {"softmax_grad", 1, 1, "what arrives at attention's weights"},
    {"matmul", 0, 1, "first factors of attention's products"},
    {"matmul", 1, 1, "second factors of attention's products"},
    {"scale", 0, 1, "what arrives at attention's strength gamma"},
    {"scale", 1, 1, "gamma"},
    {"softmax", 0, 1, "the scores that probabilities and attention's weights come from"},
    {"affine", 0, 1, "what arrives at the fade and the differences"},
    {"up2", 0, 1, "what arrives at the half-size way in"},
    {"add", 0, 1, "first parts of sums of gradients"},
    {"add", 1, 1, "second parts of sums of gradients"},
    {"mul", 0, 1, "first factors: of the square of the gradient, of log-sum-exp"},
    {"mul", 1, 1, "second factors, likewise"},
};

/* Weights as they are somewhere in a training: biases and gamma of 0 would hide terms. */
static void
start(struct discriminator *d)
{
    struct err e;

    if (discriminator_init(d, &config.net, LOGITS, 3, &e) == -1)
        exit(1);
    for (size_t i = 0; i < d->params.n; i++) {
        struct param *p = d->params.p[i];
        struct rng r = rng_at(3, p->name, 1);

        for (size_t k = 0; p->w.rank == 1 && k < p->w.n; k++)
            p->w.v[k] = (real)rng_between(&r, 0.2, 0.8);
        for (size_t k = 0; strncmp(p->name, "attn", 4) == 0 && k < p->w.n; k++)
            p->w.v[k] *= 3; /* attention that is not uniform */
    }
}

static struct tensor *
draw(struct tape *t, const char *what)
{
    const size_t shape[4] = {BATCH, SIDE, SIDE, 1};
    struct tensor *x = tape_const(t, 4, shape, NULL);
    struct rng r = rng_at(3, what, 0);

    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)rng_uniform(&r);
    return x;
}

static struct tensor *
loss_of(struct tape *t, struct discriminator *d, int penalty)
{
    struct gan_losses l;

    tape_reset(t);
    params_use(t, &d->params, 0);
    return gan_loss_d(t, &config, d, 0, draw(t, "target"), draw(t, "fake"), draw(t, "benign"),
                      draw(t, "input"), penalty ? draw(t, "noisy") : NULL, fade, &l);
}

/* ---- cutting ---- */

static int
is(const struct tensor *x, const char *op)
{
    return x->op != NULL && strcmp(x->op->name, op) == 0;
}

/* The last operator of that name below x, by its place on the tape; NULL if there is none. */
static struct tensor *
last_of(struct tensor *x, const char *op)
{
    struct tensor *last = is(x, op) ? x : NULL;

    for (int k = 0; x->op != NULL && k < NN_MAX_IN; k++) {
        struct tensor *below = x->in[k] != NULL ? last_of(x->in[k], op) : NULL;

        if (below != NULL && (last == NULL || below->position > last->position))
            last = below;
    }
    return last;
}

/* Cuts the links at x and below, down to position `first`.  Returns how many. */
static int
cut(struct tape *t, struct tensor *x, const struct link *l, size_t first)
{
    int n = 0;

    if (x->op == NULL || x->position <= first)
        return 0;
    for (int k = 0; k < NN_MAX_IN; k++)
        if (x->in[k] != NULL)
            n += cut(t, x->in[k], l, first);
    if (is(x, l->op) && x->in[l->argument]->position < x->position) { /* else it is cut already */
        struct tensor *in = x->in[l->argument];

        x->in[l->argument] = tape_const(t, in->rank, in->shape, in->v);
        n++;
    }
    return n;
}

/*
 * The gradient for the pixels lies on the tape between the network's last convolution and the
 * square of it under the root.
 */
static int
cut_chain(struct tape *t, struct tensor *loss, const struct link *l)
{
    struct tensor *root = last_of(loss, "sqrt"), *conv = last_of(loss, "conv");
    struct tensor *square = root->in[0]->in[0]->in[0]; /* below + 1e-12 and the sum */

    return is(square, "mul") ? cut(t, square, l, conv->position) : 0;
}

/* ---- gradients ---- */

/* Of the loss for all weights, one behind the other; with `l` its links are cut first. */
static double *
gradient(struct discriminator *d, int penalty, const struct link *l, int *cuts)
{
    struct tape *t = tape_open();
    struct tensor *loss = loss_of(t, d, penalty), *w[MOST], *g[MOST];
    double *all = calloc(d->params.count, sizeof(*all)), *at = all;

    if (l != NULL)
        *cuts = cut_chain(t, loss, l);
    for (size_t i = 0; i < d->params.n; i++)
        w[i] = &d->params.p[i]->w;
    grad_of(t, loss, w, d->params.n, 0, g);
    for (size_t i = 0; i < d->params.n; i++)
        for (size_t k = 0; k < g[i]->n; k++)
            *at++ = (double)g[i]->v[k];
    tape_close(t);
    return all;
}

static double *
differences(struct discriminator *d, double h)
{
    struct tape *t = tape_open();
    double *all = calloc(d->params.count, sizeof(*all)), *at = all;

    for (size_t i = 0; i < d->params.n; i++)
        for (size_t k = 0; k < d->params.p[i]->w.n; k++) {
            real *v = &d->params.p[i]->w.v[k], keep = *v;
            double up, down;

            *v = (real)((double)keep + h);
            up = (double)loss_of(t, d, 1)->v[0];
            *v = (real)((double)keep - h);
            down = (double)loss_of(t, d, 1)->v[0];
            *v = keep;
            *at++ = (up - down) / (2 * h);
        }
    tape_close(t);
    return all;
}

static double
norm_of(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (a[i] - (b ? b[i] : 0)) * (a[i] - (b ? b[i] : 0));
    return sqrt(sum);
}

int
main(void)
{
    struct discriminator d;
    double *want, *got, *without, penalty, error;
    size_t n;

    if (sizeof(real) != 8)
        return tap_skip_all("differences need the double build: make check-double");
    start(&d);
    n = d.params.count;
    want = differences(&d, 1e-6);
    got = gradient(&d, 1, NULL, NULL);
    without = gradient(&d, 0, NULL, NULL);

    /* Relative to what the penalty adds to the gradient. */
    penalty = norm_of(got, without, n);
    error = norm_of(got, want, n) / penalty;
    tap_note("%zu weights, gradient %.3g, of the penalty %.3g", n, norm_of(got, NULL, n), penalty);
    tap_ok(error < 1e-6, "the gradient agrees with differences: error %.1e", error);
    tap_ok(norm_of(without, want, n) > 0.1 * norm_of(want, NULL, n),
           "it does not with a constant for the penalty");
    free(got);
    free(without);

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        const struct link *l = &links[i];
        int cuts = 0;

        got = gradient(&d, 1, l, &cuts);
        error = norm_of(got, want, n) / penalty;
        tap_ok(cuts > 0 && (l->matters ? error > 1e-3 : error < 1e-6),
               "it %s with constants for %s: error %.1e (%s, %d cuts)",
               l->matters ? "does not" : "still does", l->what, error, l->op, cuts);
        free(got);
    }
    free(want);
    discriminator_free(&d);
    return tap_done(20);
}
