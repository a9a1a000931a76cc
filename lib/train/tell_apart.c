#include "train/tell_apart.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/pvalue.h"
#include "train/judge.h"

/* ---- folds ---- */

int
tell_apart_deal(const struct tell_apart_patches *p, size_t folds, uint64_t seed, size_t *fold,
                struct err *e)
{
    uint8_t *has = mem_array(p->patients, 1, e); /* 1: real patches, 2: synthetic ones, 3: both */
    uint32_t *order = mem_array(p->patients, sizeof(*order), e);
    struct rng r = rng_at(seed, "tell-apart-folds", 0);
    size_t of[4] = {0}, next[4];
    int rc = -1;

    if (has == NULL || order == NULL)
        goto out;
    for (size_t i = 0; i < p->n; i++) {
        has[p->patient[i]] |= p->synthetic[i] ? 2 : 1;
        if (p->other != NULL)
            has[p->other[i]] |= 1;
    }
    for (size_t i = 0; i < p->patients; i++)
        of[has[i]]++;
    for (int k = 1; k <= 2; k++)
        if (of[k] + of[3] < folds) {
            err_set(e, "%zu patients have %s patches: %zu folds need as many", of[k] + of[3],
                    k == 1 ? "real" : "synthetic", folds);
            goto out;
        }
    for (size_t i = 0; i < p->patients; i++) {
        size_t at = rng_below(&r, i + 1);

        order[i] = order[at];
        order[at] = (uint32_t)i;
    }
    /* Those who have one kind go on where those who have both end. */
    next[3] = 0;
    next[1] = next[2] = of[3];
    for (size_t i = 0; i < p->patients; i++)
        fold[order[i]] = next[has[order[i]]]++ % folds;
    rc = 0;
out:
    free(has);
    free(order);
    return rc;
}

/* Of the patients of a patch, are all in the fold, or none? */
enum held { HELD_NONE, HELD_SOME, HELD_ALL };

static enum held
held(const struct tell_apart_patches *p, const size_t *fold_of, size_t fold, size_t i)
{
    int one = fold_of[p->patient[i]] == fold;
    int other = p->other ? fold_of[p->other[i]] == fold : one;

    return one && other ? HELD_ALL : one || other ? HELD_SOME : HELD_NONE;
}

/* ---- training ---- */

/* The patches that a judge is trained on, real ones and synthetic ones. */
struct source {
    const struct tell_apart_patches *p;
    size_t *index[2], n[2];
    uint64_t seed, draws;
};

static int
next_patch(void *context, int positive, real *to, struct err *e)
{
    struct source *s = context;
    size_t pixels = s->p->size * s->p->size;
    struct rng r = rng_at(s->seed, "tell-apart", s->draws++);
    const float *from = s->p->patch + s->index[positive][rng_below(&r, s->n[positive])] * pixels;

    (void)e;
    for (size_t i = 0; i < pixels; i++)
        to[i] = (real)from[i];
    return 0;
}

/* The patches inside `fold` are scored, those outside are trained on. */
static int
score_fold(const struct tell_apart_patches *p, const struct tell_apart_config *c,
           const size_t *fold_of, size_t fold, struct source *s, double *odds, struct err *e)
{
    size_t scored[2] = {0};
    struct judge j;
    int rc = -1;

    s->n[0] = s->n[1] = 0;
    s->seed = c->seed + fold;
    s->draws = 0;
    for (size_t i = 0; i < p->n; i++) {
        enum held h = held(p, fold_of, fold, i);

        if (h == HELD_NONE)
            s->index[p->synthetic[i]][s->n[p->synthetic[i]]++] = i;
        scored[p->synthetic[i]] += h == HELD_ALL;
    }
    for (int k = 0; k < 2; k++)
        if (s->n[k] == 0 || scored[k] == 0)
            return err_set(e, "%zu %s patches to train on, %zu to score: too few", s->n[k],
                           k ? "synthetic" : "real", scored[k]);
    if (judge_init(&j, p->size, c->width, s->seed, e) == -1)
        return -1;
    if (judge_learn(&j, next_patch, s, c->updates, c->batch, s->seed, e) == -1)
        goto out;
    for (size_t i = 0; i < p->n; i++) {
        if (held(p, fold_of, fold, i) != HELD_ALL)
            continue;
        odds[i] = judge_score(&j, p->patch + i * p->size * p->size);
        if (!isfinite(odds[i])) {
            err_set(e, "the judge's score is not finite");
            goto out;
        }
    }
    rc = 0;
out:
    judge_free(&j);
    return rc;
}

/* The share of pairs of a synthetic and a real patch of the fold in which the former scores more,
 * equal ones counting half. */
static double
fold_area(const struct tell_apart_patches *p, const size_t *fold_of, size_t fold,
          const double *odds)
{
    double right = 0, pairs = 0;

    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; p->synthetic[i] && held(p, fold_of, fold, i) == HELD_ALL && k < p->n;
             k++)
            if (!p->synthetic[k] && held(p, fold_of, fold, k) == HELD_ALL) {
                right += odds[i] > odds[k] ? 1 : odds[i] == odds[k] ? 0.5 : 0;
                pairs++;
            }
    return right / pairs;
}

int
tell_apart(const struct tell_apart_patches *p, const struct tell_apart_config *c, double *area,
           struct err *e)
{
    struct source s = {.p = p};
    size_t *fold = mem_array(p->patients, sizeof(*fold), e);
    double *odds = mem_array(p->n, sizeof(*odds), e);
    int rc = -1;

    s.index[0] = mem_array(p->n, sizeof(*s.index[0]), e);
    s.index[1] = mem_array(p->n, sizeof(*s.index[1]), e);
    if (fold == NULL || odds == NULL || s.index[0] == NULL || s.index[1] == NULL ||
        tell_apart_deal(p, c->folds, c->seed, fold, e) == -1)
        goto out;
    for (size_t f = 0; f < c->folds; f++) {
        if (score_fold(p, c, fold, f, &s, odds, e) == -1) {
            err_in(e, "fold %zu", f + 1);
            goto out;
        }
        area[f] = fold_area(p, fold, f, odds);
    }
    rc = 0;
out:
    free(fold);
    free(odds);
    free(s.index[0]);
    free(s.index[1]);
    return rc;
}

struct apart_share
tell_apart_area(const double *area, size_t folds, double level)
{
    double n = (double)folds, mean = 0, square = 0, half;

    for (size_t f = 0; f < folds; f++)
        mean += area[f] / n;
    for (size_t f = 0; f < folds; f++)
        square += (area[f] - mean) * (area[f] - mean) / (n - 1);
    half = quantile_student(level, n - 1) * sqrt((1 / n + 1 / (n - 1)) * square);
    return (struct apart_share){mean, fmax(0, mean - half), fmin(1, mean + half)};
}
