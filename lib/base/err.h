/*
 * err - the reason why a library call failed, as text for the caller to print.
 *
 * lib/ never prints and never exits.  A function that can fail takes a struct err * as its last
 * argument, fills it on failure and returns -1 (or NULL).  The text names the place and the
 * numbers ("header of 70000 bytes exceeds 65536"); callers put the outer place in front of it with
 * err_in() as the failure travels up, so that a filter prints one line: `prog: where: what`.
 * Control characters in it become "?".
 */
#ifndef MP_BASE_ERR_H
#define MP_BASE_ERR_H

struct err {
    char text[1024];
    int broken_pipe; /* the reader of our output is gone: exit 1 without a word */
};

/* Sets the reason.  Always returns -1, so that `return err_set(e, ...)` reads well. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set(), followed by ": " and the message of errno as it was on entry. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "place: " before the reason that is already there.  Always returns -1. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "out of memory (n bytes)".  Always returns -1. */
int err_memory(struct err *e, unsigned long long n);

#endif
