/*
 * Learning rates and Adam with weight decay against PyTorch (tests/ref/schedule.py, which wrote
 * schedule.tsv).
 */
#include <stdio.h>
#include <string.h>

#include "nn/adam.h"
#include "tap.h"
#include "train/schedule.h"

/*
 * Cosines of PyTorch's recursion and of ours differ by rounding.  In float 1 - beta2 is off by 5e-5
 * of itself, an update of 0.1 by half of that, and six of them by 1.5e-5.
 */
static const double rate_tolerance = 1e-12, weight_tolerance = sizeof(real) == 8 ? 1e-12 : 1.5e-5;

static struct params params;
static struct param *matrix, *bias;

static void
start(void)
{
    struct err e;

    matrix = param_add(&params, "matrix", 2, (const size_t[]){3, 2}, PARAM_ZERO, 0, 0, &e);
    bias = param_add(&params, "bias", 1, (const size_t[]){2}, PARAM_ZERO, 0, 0, &e);
    for (size_t i = 0; i < 6; i++)
        matrix->w.v[i] = (real)(0.1 * (double)(i + 1));
    for (size_t i = 0; i < 2; i++)
        bias->w.v[i] = (real)(0.1 * (double)(i + 1));
}

static void
update(uint64_t step)
{
    const struct adam a = {
        .rate = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .decay = 0.3};
    real g[6];
    struct tensor grad = {.v = g, .n = 6}, *grads[2] = {&grad, &grad};

    for (size_t i = 0; i < 6; i++)
        g[i] = (real)cos((double)step + (double)i);
    adam_update(&a, &params, grads, step);
}

int
main(void)
{
    FILE *f = fopen("tests/ref/schedule.tsv", "r");
    char line[128], name[16];
    double want, worst[3] = {0};
    size_t seen[3] = {0};
    unsigned long a, b, step = 0;

    start();
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        int what;
        double got;

        if (sscanf(line, "%15s\t%lu\t%lu\t%lf", name, &a, &b, &want) != 4)
            continue;
        what = strcmp(name, "cosine") == 0 ? 0 : strcmp(name, "one-cycle") == 0 ? 1 : 2;
        if (what < 2)
            got = schedule_factor(what ? SCHEDULE_ONE_CYCLE : SCHEDULE_COSINE, b, a);
        else {
            if (a != step)
                update(step = a);
            got = (double)(strcmp(name, "bias") == 0 ? bias : matrix)->w.v[b];
        }
        worst[what] = tap_larger(worst[what], fabs(got - want));
        seen[what]++;
    }
    tap_ok(seen[0] == 47 && worst[0] <= rate_tolerance, "cosine: %zu rates, error %.1g", seen[0],
           worst[0]);
    tap_ok(seen[1] == 47 && worst[1] <= rate_tolerance, "one cycle: %zu rates, error %.1g", seen[1],
           worst[1]);
    tap_ok(seen[2] == 48 && worst[2] <= weight_tolerance,
           "Adam with weight decay: %zu weights, error %.1g", seen[2], worst[2]);
    tap_near(schedule_factor(SCHEDULE_CONSTANT, 3, 7), 1, 0, "a constant rate");
    if (f != NULL)
        fclose(f);
    params_free(&params);
    return tap_done(4);
}
