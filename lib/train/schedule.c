#include "train/schedule.h"

#include <math.h>
#include <stddef.h>

const char *const schedule_words[] = {"constant", "cosine", "one-cycle", NULL};

/* OneCycleLR's defaults: where it begins, where it ends, and the share of steps in which it rises.
 */
static const double cycle_start = 1.0 / 25, cycle_end = 1.0 / 25 / 1e4, cycle_rise = 0.3;

/* From a to b as t goes from 0 to 1, level at both ends. */
static double
cosine(double a, double b, double t)
{
    return b + (a - b) / 2 * (1 + cos(M_PI * t));
}

static double
one_cycle(double step, double steps)
{
    double top = cycle_rise * steps - 1, last = steps - 1;

    if (step <= top)
        return top > 0 ? cosine(cycle_start, 1, step / top) : 1;
    return last > top ? cosine(1, cycle_end, (step - top) / (last - top)) : 1;
}

double
schedule_factor(enum schedule s, uint64_t step, uint64_t steps)
{
    switch (s) {
    case SCHEDULE_COSINE:
        return cosine(1, 0, (double)step / (double)steps);
    case SCHEDULE_ONE_CYCLE:
        return one_cycle((double)step, (double)steps);
    default:
        return 1;
    }
}

double
schedule_average(double decay, uint64_t steps)
{
    double young = (double)steps / (10 + (double)steps);

    return fmin(decay, steps > 1 ? young : 0);
}
