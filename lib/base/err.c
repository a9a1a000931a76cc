#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names and labels from files stand in messages: they must not break the line, nor talk to a
 * terminal. */
static void
one_line(struct err *e)
{
    for (char *s = e->text; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' || *s == '\177')
            *s = '?';
}

int
err_set(struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    one_line(e);
    e->broken_pipe = 0;
    return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
    int saved = errno;
    size_t used;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof(e->text) - used, ": %s", strerror(saved));
    one_line(e);
    e->broken_pipe = saved == EPIPE;
    errno = saved;
    return -1;
}

int
err_in(struct err *e, const char *fmt, ...)
{
    char inner[sizeof(e->text)];
    size_t used;
    va_list ap;

    memcpy(inner, e->text, sizeof(inner));
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof(e->text) - used, ": %s", inner);
    one_line(e);
    return -1;
}

int
err_memory(struct err *e, unsigned long long n)
{
    return err_set(e, "out of memory (%llu bytes)", n);
}
