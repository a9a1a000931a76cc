/*
 * tap - a test program in plain TAP, run by prove(1).
 *
 *     int main(void) { tap_ok(x == 1, "x is %d", x); return tap_done(1); }
 *
 * Comparisons are written so that not-a-number fails.  tap_done(n) is told how many checks there
 * must have been, prints that as the plan whatever was run, and returns the verdict, so that a
 * failure is also an exit code.  So a test cannot pass by ending early, nor a loop over a table by
 * reading less of it.  n is written as a number; where a caller's file decides, it is counted from
 * the file.  Checks that cannot be made here are skipped, which counts as many as there would be.
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

/* The larger of two errors, and not-a-number if one of them is that: fmax() would drop it. */
__attribute__((unused)) static double
tap_larger(double a, double b)
{
    return isnan(a) || b <= a ? a : b;
}

/* n checks that cannot be made here. */
__attribute__((format(printf, 2, 3), unused)) static void
tap_skip(int n, const char *fmt, ...)
{
    va_list ap;

    while (n-- > 0) {
        tap_count++;
        printf("ok %d # SKIP ", tap_count);
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
    }
}

/* The end of a test that can make none of its checks here. */
__attribute__((format(printf, 1, 2), unused)) static int
tap_skip_all(const char *fmt, ...)
{
    va_list ap;

    printf("1..0 # SKIP ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    return tap_count != 0;
}

/* The verdict: 0 if just n checks were made, at least one, and none failed. */
__attribute__((unused)) static int
tap_done(int n)
{
    printf("1..%d\n", n);
    if (tap_count != n)
        tap_note("%d checks were made, not %d", tap_count, n);
    return tap_count != n || n < 1 || tap_failed != 0;
}

#endif
