#include "base/progress.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void
on_usr1(int sig)
{
    (void)sig;
    asked = 1;
}

double
progress_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void
progress_start(struct progress *p, const char *label, const char *unit, uint64_t first,
               uint64_t total, int on)
{
    struct sigaction sa = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};

    *p = (struct progress){.label = label, .unit = unit, .total = total, .on = on, .first = first};
    p->terminal = isatty(STDERR_FILENO);
    p->started = p->last = progress_clock();
    sigemptyset(&sa.sa_mask);
    sigaction(SIGUSR1, &sa, NULL);
}

static void
show(struct progress *p, uint64_t done, const char *note, double now, int rewrite)
{
    double rate = (double)(done - p->first) / (now - p->started + 1e-9);

    fprintf(stderr, "%s%s: %llu", rewrite ? "\r" : "", p->label, (unsigned long long)done);
    if (p->total)
        fprintf(stderr, " of %llu", (unsigned long long)p->total);
    fprintf(stderr, " %s, %.3g/s", p->unit, rate);
    if (p->total && rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(p->total - done) / rate);
    fprintf(stderr, "%s%s%s", note ? ", " : "", note ? note : "", rewrite ? "\033[K" : "\n");
    p->shown = rewrite;
    p->last = now;
}

void
progress_at(struct progress *p, uint64_t done, const char *note)
{
    double now;

    if (!p->on && !asked)
        return;
    now = progress_clock();
    if (asked) {
        asked = 0;
        show(p, done, note, now, 0);
    } else if (now - p->last >= (p->terminal ? 0.1 : 30.0)) {
        show(p, done, note, now, p->terminal);
    }
}

void
progress_end(struct progress *p, uint64_t done)
{
    if (!p->on)
        return;
    if (p->shown)
        fputc('\r', stderr);
    show(p, done, NULL, progress_clock(), 0);
}
