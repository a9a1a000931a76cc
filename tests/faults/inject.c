/*
 * inject - a library to be preloaded that makes a system fail on purpose.
 *
 *     MP_FAIL=malloc:N   the N-th allocation of memory fails
 *     MP_FAIL=larger:N   every allocation of more than N bytes fails
 *     MP_FAIL=read:N     the N-th read(2) fails with EIO
 *     MP_FAIL=write:N    the N-th write(2) fails with ENOSPC
 *     MP_FAIL=short:N    read(2) and write(2) move at most N bytes and are interrupted every other
 *                        time
 *     MP_FAIL=kill:N     the program is killed (SIGKILL) before the N-th write(2), fsync(2) or
 *                        rename(2)
 *
 * Counts from 1, from the call of main() on: what the loader and the constructors of libraries do
 * is not ours. Calls that the C library makes within itself (stdio) are not seen.  When the program
 * exits, the number of calls is written to the file MP_COUNT names.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static enum { NOTHING, MALLOC, LARGER, READ, WRITE, SHORT, KILL } what;
static size_t number;
static atomic_size_t mallocs, reads, writes, changes;

static int
refuse(size_t n)
{
    size_t k = what == NOTHING ? 0 : ++mallocs;

    if ((what == MALLOC && k == number) || (what == LARGER && n > number)) {
        errno = ENOMEM;
        return 1;
    }
    return 0;
}

void *
malloc(size_t n)
{
    return refuse(n) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) || refuse(bytes) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
    return refuse(n) ? NULL : __libc_realloc(p, n);
}

/* Decides over one call: -1 with errno, or how many bytes may be moved. */
static ssize_t
allow(size_t call, int is_read, size_t n)
{
    if (what == (is_read ? READ : WRITE) && call == number) {
        errno = is_read ? EIO : ENOSPC;
        return -1;
    }
    if (what == SHORT && call % 2 == 1) {
        errno = EINTR;
        return -1;
    }
    return (ssize_t)(what == SHORT && n > number ? number : n);
}

ssize_t
read(int fd, void *to, size_t n)
{
    ssize_t k = allow(what == NOTHING ? 0 : ++reads, 1, n);

    return k < 0 ? k : syscall(SYS_read, fd, to, (size_t)k);
}

/* Before what changes a file. */
static void
live_or_die(void)
{
    if (what != NOTHING && ++changes == number && what == KILL)
        kill(getpid(), SIGKILL);
}

int
fsync(int fd)
{
    live_or_die();
    return (int)syscall(SYS_fsync, fd);
}

int
rename(const char *from, const char *to)
{
    live_or_die();
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

ssize_t
write(int fd, const void *from, size_t n)
{
    ssize_t k;

    live_or_die();
    k = allow(what == NOTHING ? 0 : ++writes, 0, n);
    return k < 0 ? k : syscall(SYS_write, fd, from, (size_t)k);
}

static void
report(void)
{
    const char *path = getenv("MP_COUNT");
    FILE *f;

    what = NOTHING;
    f = path ? fopen(path, "w") : NULL;
    if (f != NULL) {
        fprintf(f, "malloc %zu read %zu write %zu kill %zu\n", (size_t)mallocs, (size_t)reads,
                (size_t)writes, (size_t)changes);
        fclose(f);
    }
}

static void
arm(void)
{
    static const char *const words[] = {
        "", "malloc:", "larger:", "read:", "write:", "short:", "kill:"};
    const char *text = getenv("MP_FAIL");

    atexit(report);
    for (int i = MALLOC; text != NULL && i <= KILL; i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0) {
            number = strtoul(text + strlen(words[i]), NULL, 10);
            what = i;
        }
}

/* ---- from main() on ---- */

static int (*real_main)(int, char **, char **);

static int
armed_main(int argc, char **argv, char **envp)
{
    arm();
    return real_main(argc, argv, envp);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader_fini)(void), void *stack);

int
__libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                  void (*fini)(void), void (*loader_fini)(void), void *stack)
{
    __typeof__(&__libc_start_main) start;
    void *found = dlsym(RTLD_NEXT, "__libc_start_main");

    memcpy(&start, &found, sizeof(start));
    real_main = main;
    return start(armed_main, argc, argv, init, fini, loader_fini, stack);
}
