#include "patch/mix.h"

#include <math.h>

/*
 * Powers are products, not pow(), so that the share has the same bits everywhere.  Below the
 * smallest number that a draw's 53 bits can be, no synthetic patch comes any more.
 */
double
mix_share(struct mix_schedule *s, uint64_t t)
{
    uint64_t step = t / s->every;

    if (step == 0 || s->decay == MIX_NONE)
        return s->initial;
    if (s->decay == MIX_SUB)
        return fmax(0, s->initial - s->rate * (double)step);
    if (s->decay == MIX_LIN)
        return fmax(0, s->initial - s->initial * s->rate * (double)step);
    if (s->step == 0 || s->step > step) {
        s->step = 0;
        s->share = s->initial;
    }
    while (s->step < step && s->share >= 0x1p-53 && s->rate > 0) {
        s->share *= 1 - s->rate;
        s->step++;
    }
    s->step = step;
    return s->share >= 0x1p-53 ? s->share : 0;
}

static size_t
choose_class(const struct mix_class *class, size_t n, double u)
{
    double sum = 0, upto = 0;
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        sum += class[i].weight;
    for (; k + 1 < n; k++) {
        upto += class[k].weight;
        if (u * sum < upto)
            break;
    }
    return k;
}

struct mix_choice
mix_choose(struct mix_schedule *s, const struct mix_class *class, size_t n, uint64_t seed,
           uint64_t t)
{
    struct rng r = rng_at(seed, "mix", t);
    struct mix_choice c = {.class = choose_class(class, n, rng_uniform(&r))};
    int synthetic = rng_uniform(&r) < mix_share(s, t);

    c.synthetic = class[c.class].synthetic && synthetic;
    c.rng = rng_at(seed, c.synthetic ? "mix.synthetic" : "mix.real", t);
    return c;
}

/* Whole steps at a time: within one all draws are alike.  A draw of chance q has variance q (1 -
 * q). */
void
mix_expect(struct mix_schedule *s, const struct mix_class *class, size_t n, uint64_t count,
           double *real, double *synthetic, double *real_sd, double *synthetic_sd)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += class[i].weight;
        real[i] = synthetic[i] = real_sd[i] = synthetic_sd[i] = 0;
    }
    for (uint64_t t = 0, next; t < count; t = next) {
        double share = mix_share(s, t), draws;

        next = share > 0 && s->decay != MIX_NONE && count - t > s->every ? t + s->every : count;
        draws = (double)(next - t);
        for (size_t i = 0; i < n; i++) {
            double q = class[i].weight / sum, made = class[i].synthetic ? q * share : 0;

            real[i] += draws * (q - made);
            synthetic[i] += draws * made;
            real_sd[i] += draws * (q - made) * (1 - q + made);
            synthetic_sd[i] += draws * made * (1 - made);
        }
    }
    for (size_t i = 0; i < n; i++) {
        real_sd[i] = sqrt(real_sd[i]);
        synthetic_sd[i] = sqrt(synthetic_sd[i]);
    }
}
