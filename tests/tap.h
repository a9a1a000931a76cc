/*
 * tap - a test program in plain TAP, run by prove(1).
 *
 *     int main(void) { tap_ok(x == 1, "x is %d", x); return tap_done(); }
 *
 * Comparisons are written so that not-a-number fails.  tap_done() prints the plan and returns the
 * verdict, so that a failure is also an exit code.
 */
#ifndef MP_TESTS_TAP_H
#define MP_TESTS_TAP_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static int
tap_ok(int ok, const char *fmt, ...)
{
    va_list ap;

    tap_count++;
    tap_failed += !ok;
    printf("%sok %d - ", ok ? "" : "not ", tap_count);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
    return ok;
}

__attribute__((format(printf, 1, 2), unused)) static void
tap_note(const char *fmt, ...)
{
    va_list ap;

    printf("# ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

/* |got - want| <= tol, shown on failure. */
__attribute__((unused)) static int
tap_near(double got, double want, double tol, const char *what)
{
    int ok = tap_ok(fabs(got - want) <= tol, "%s", what);

    if (!ok)
        tap_note("got %.17g, want %.17g, tolerance %g", got, want, tol);
    return ok;
}

__attribute__((format(printf, 1, 2), unused)) static void
tap_skip(const char *fmt, ...)
{
    va_list ap;

    tap_count++;
    printf("ok %d # SKIP ", tap_count);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

__attribute__((unused)) static int
tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
