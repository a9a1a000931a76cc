/*
 * progress - how far a long run has come, on standard error.
 *
 * On a terminal one line is rewritten at most ten times a second; elsewhere a full line is written
 * every 30 seconds.  SIGUSR1 prints the state at the next step.  The clock is used for display
 * only: it never reaches a result.
 */
#ifndef MP_BASE_PROGRESS_H
#define MP_BASE_PROGRESS_H

#include <stdint.h>

struct progress {
    const char *label, *unit;
    uint64_t total; /* 0 = unknown */
    int on, terminal, shown;
    double started, last;
    uint64_t first; /* where this run began, for the rate */
};

/* borrows label and unit until progress_end().  `on` 0 shows nothing but answers SIGUSR1. */
void progress_start(struct progress *p, const char *label, const char *unit, uint64_t first,
                    uint64_t total, int on);

/* `done` units are finished; `note` (or NULL) is put behind them, e.g. the current losses. */
void progress_at(struct progress *p, uint64_t done, const char *note);

void progress_end(struct progress *p, uint64_t done);

/* Seconds of the monotonic clock, for display and logs. */
double progress_clock(void);

#endif
