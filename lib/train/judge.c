#include "train/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/ops.h"

int
judge_init(struct judge *j, size_t size, double width, uint64_t seed, struct err *e)
{
    struct net_config c = {.size = size, .width = width, .leak = 0.1};

    *j = (struct judge){.size = size, .tape = tape_open()};
    if (classifier_init(&j->net, &c, seed, e) == -1) {
        judge_free(j);
        return -1;
    }
    return 0;
}

void
judge_free(struct judge *j)
{
    classifier_free(&j->net);
    tape_close(j->tape);
    patients_free(&j->trained_on);
    *j = (struct judge){0};
}

/* One of the square's eight symmetries, in place by way of `spare`. */
static void
turn(real *p, size_t s, unsigned how, real *spare)
{
    memcpy(spare, p, s * s * sizeof(*p));
    for (size_t y = 0; y < s; y++)
        for (size_t x = 0; x < s; x++) {
            size_t row = how & 1 ? s - 1 - y : y, col = how & 2 ? s - 1 - x : x;

            p[y * s + x] = how & 4 ? spare[col * s + row] : spare[row * s + col];
        }
}

/* log(1 + exp(-+z)) as the cross-entropy of two logits: the first n patches are positive. */
static struct tensor *
loss_of(struct tape *t, struct tensor *logits, size_t n)
{
    struct tensor *right = nn_stack(t, nn_slice(t, nn_batch_slice(t, logits, 0, n), 1, 1),
                                    nn_slice(t, nn_batch_slice(t, logits, n, n), 0, 1));

    return nn_mean(
        t, nn_sub(t, nn_logsumexp(t, logits), nn_reshape(t, right, 1, (const size_t[]){2 * n})));
}

int
judge_train(struct judge *j, struct feed *positive, struct feed *negative, size_t updates, size_t n,
            uint64_t seed, struct err *e)
{
    struct params *ps = &j->net.params;
    size_t s = j->size, patch = s * s;
    real *spare = mem_array(patch, sizeof(real), e);
    int rc = spare ? 0 : -1;

    for (size_t u = 0; rc == 0 && u < updates; u++) {
        struct adam adam = {0.5e-3 * (1 + cos(3.141592653589793 * (double)u / (double)updates)),
                            0.9, 0.999, 1e-8};
        struct rng r = rng_at(seed, "judge", u);
        struct tensor *x, *loss, **w, **g;

        tape_reset(j->tape);
        x = tape_const(j->tape, 4, (const size_t[]){2 * n, s, s, 1}, NULL);
        for (size_t i = 0; rc == 0 && i < 2 * n; i++) {
            rc = feed_patch(i < n ? positive : negative, s, x->v + i * patch, &j->trained_on, e);
            if (rc == 0)
                turn(x->v + i * patch, s, (unsigned)rng_below(&r, 8), spare);
        }
        if (rc == -1)
            break;
        params_use(j->tape, ps, 1);
        loss = loss_of(j->tape, classifier_forward(j->tape, &j->net, x), n);
        if (!isfinite(loss->v[0])) {
            rc = err_set(e, "judge update %zu: the loss is not finite", u);
            break;
        }
        w = tape_bytes(j->tape, ps->n * sizeof(*w));
        g = tape_bytes(j->tape, ps->n * sizeof(*g));
        for (size_t i = 0; i < ps->n; i++)
            w[i] = &ps->p[i]->w;
        tape_grad(j->tape, loss, w, ps->n, 0, g);
        adam_update(&adam, ps, g, u + 1);
    }
    free(spare);
    return rc;
}

double
judge_score(struct judge *j, const float *patch)
{
    struct tensor *x, *z;

    tape_reset(j->tape);
    tape_record(j->tape, 0);
    params_use(j->tape, &j->net.params, 0);
    x = tape_const(j->tape, 4, (const size_t[]){1, j->size, j->size, 1}, NULL);
    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)patch[i];
    z = classifier_forward(j->tape, &j->net, x);
    return (double)z->v[1] - (double)z->v[0];
}
