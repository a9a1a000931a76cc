#include "train/judge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "image/turn.h"
#include "nn/grad.h"
#include "train/schedule.h"

/* As resnet-train has them at SCALE=mini, where they came out best (README). */
static const double rate = 3e-3, weight_decay = 0.01, average = 0.99;

int
judge_init(struct judge *j, size_t size, double width, uint64_t seed, struct err *e)
{
    struct classifier_config c = {.net = NET_SMALL, .width = width, .bn = NORM_UPDATE};

    *j = (struct judge){.size = size, .tape = tape_open()};
    if (!classifier_takes(&c, size)) {
        err_set(e, "the judge takes patches of 16 to 1024 pixels, a multiple of 8, not of %zu",
                size);
        goto fail;
    }
    j->patch = mem_array(size, size * sizeof(real), e);
    if (j->patch == NULL || classifier_init(&j->net, &c, e) == -1)
        goto fail;
    classifier_start(&j->net, seed);
    c.fixed = 1;
    if (classifier_init(&j->average, &c, e) == -1)
        goto fail;
    return 0;
fail:
    judge_free(j);
    return -1;
}

void
judge_free(struct judge *j)
{
    classifier_free(&j->net);
    classifier_free(&j->average);
    tape_close(j->tape);
    patients_free(&j->trained_on);
    free(j->patch);
    *j = (struct judge){0};
}

int
judge_learn(struct judge *j, judge_source *next, void *context, size_t updates, size_t n,
            uint64_t seed, struct err *e)
{
    struct params *ps = &j->net.params;
    size_t s = j->size, patch = s * s;
    real *drawn = mem_array(patch, sizeof(real), e);
    unsigned char *malignant = mem_array(2 * n, 1, e);
    int rc = drawn && malignant ? 0 : -1;

    for (size_t u = 0; rc == 0 && u < updates; u++) {
        const struct adam adam = {.rate = rate * schedule_factor(SCHEDULE_ONE_CYCLE, u, updates),
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8,
                                  .decay = weight_decay};
        struct rng r = rng_at(seed, "judge", u);
        struct tensor *x, *features, *loss, **w, **g;

        tape_reset(j->tape);
        x = tape_const(j->tape, 4, (const size_t[]){2 * n, s, s, 1}, NULL);
        for (size_t i = 0; rc == 0 && i < 2 * n; i++) {
            rc = next(context, i < n, drawn, e);
            if (rc == 0)
                turn_square((unsigned)rng_below(&r, TURNS), s, sizeof(real), drawn,
                            x->v + i * patch);
            malignant[i] = i < n;
        }
        if (rc == -1)
            break;
        params_use(j->tape, ps, 0);
        loss = classifier_loss(j->tape, classifier_forward(j->tape, &j->net, x, 1, &features),
                               malignant);
        if (!isfinite(loss->v[0])) {
            rc = err_set(e, "judge update %zu: the loss is not finite", u);
            break;
        }
        w = tape_bytes(j->tape, ps->n * sizeof(*w));
        g = tape_bytes(j->tape, ps->n * sizeof(*g));
        for (size_t i = 0; i < ps->n; i++)
            w[i] = &ps->p[i]->w;
        grad_of(j->tape, loss, w, ps->n, 0, g);
        adam_update(&adam, ps, g, u + 1);
        classifier_average(&j->average, &j->net, schedule_average(average, u + 1));
    }
    free(drawn);
    free(malignant);
    return rc;
}

struct feeds {
    struct judge *judge;
    struct feed *feed[2]; /* negative, positive */
};

static int
next_of_feeds(void *context, int positive, real *to, struct err *e)
{
    const struct feeds *f = context;

    return feed_patch(f->feed[positive], f->judge->size, to, &f->judge->trained_on, e);
}

int
judge_train(struct judge *j, struct feed *positive, struct feed *negative, size_t updates, size_t n,
            uint64_t seed, struct err *e)
{
    struct feeds f = {j, {negative, positive}};

    return judge_learn(j, next_of_feeds, &f, updates, n, seed, e);
}

double
judge_score(struct judge *j, const float *patch)
{
    size_t n = j->size * j->size;
    double odds;

    for (size_t i = 0; i < n; i++)
        j->patch[i] = (real)patch[i];
    classifier_apply(j->tape, &j->average, j->patch, 1, j->size, NULL, &odds);
    return odds;
}
