/*
 * cli - the command line of a filter: options, messages, exit codes.
 *
 * With progress.c this is the only part of lib/ that prints or exits.  A filter describes its
 * options in one table; the parser, --help and the history entry that the filter leaves in each
 * record are all made from it, so they cannot disagree.
 *
 * Exit codes: 0 success, 1 failure, 2 wrong command line.
 */
#ifndef MP_BASE_CLI_H
#define MP_BASE_CLI_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum cli_kind {
    CLI_KIND_END,
    CLI_KIND_FLAG,
    CLI_KIND_TEXT,
    CLI_KIND_LIST,
    CLI_KIND_SIZE,
    CLI_KIND_SEED,
    CLI_KIND_REAL,
    CLI_KIND_CHOICE
};

/* The values of an option that may be given several times, in the order given. */
struct cli_list {
    const char **item; /* owned; the texts belong to argv */
    size_t n;
};

struct cli_opt {
    char letter;      /* or 0 */
    const char *name; /* long name without "--" */
    const char *arg;  /* name of the argument in the help; NULL for flags */
    enum cli_kind kind;
    void *value;                /* where the value goes; holds the default before cli_parse() */
    double lo, hi;              /* inclusive range of sizes and reals */
    const char *const *choices; /* NULL-terminated; value is the index (int); "" is none of them */
    int local;                  /* 1: says nothing of the result, left out of the history */
    const char *help;
};

/* The entries of a table.  The type of `v` stands beside each. */
#define CLI_FLAG(l, n, v, h)                           \
    {                                                  \
        l, n, NULL, CLI_KIND_FLAG, v, 0, 0, NULL, 0, h \
    } /* int */
#define CLI_TEXT(l, n, a, v, h)                     \
    {                                               \
        l, n, a, CLI_KIND_TEXT, v, 0, 0, NULL, 0, h \
    } /* const char * */
#define CLI_LIST(l, n, a, v, h)                     \
    {                                               \
        l, n, a, CLI_KIND_LIST, v, 0, 0, NULL, 0, h \
    } /* cli_list */
#define CLI_SIZE(l, n, a, v, lo, hi, h)               \
    {                                                 \
        l, n, a, CLI_KIND_SIZE, v, lo, hi, NULL, 0, h \
    } /* size_t */
#define CLI_SEED(v)                                                                   \
    {                                                                                 \
        's', "seed", "N", CLI_KIND_SEED, v, 0, 0, NULL, 0, "seed of all random draws" \
    } /* uint64_t */
#define CLI_REAL(l, n, a, v, lo, hi, h)               \
    {                                                 \
        l, n, a, CLI_KIND_REAL, v, lo, hi, NULL, 0, h \
    } /* double */
#define CLI_CHOICE(l, n, v, c, h)                       \
    {                                                   \
        l, n, "WORD", CLI_KIND_CHOICE, v, 0, 0, c, 0, h \
    } /* int */
/* The same, for options that do not change the result (places, threads, progress).  A local text
 * whose argument is FILE is a file that may be written. */
#define CLI_LOCAL_FLAG(l, n, v, h)                     \
    {                                                  \
        l, n, NULL, CLI_KIND_FLAG, v, 0, 0, NULL, 1, h \
    }
#define CLI_LOCAL_TEXT(l, n, a, v, h)               \
    {                                               \
        l, n, a, CLI_KIND_TEXT, v, 0, 0, NULL, 1, h \
    }
#define CLI_LOCAL_SIZE(l, n, a, v, lo, hi, h)         \
    {                                                 \
        l, n, a, CLI_KIND_SIZE, v, lo, hi, NULL, 1, h \
    }
#define CLI_THREADS(v) \
    CLI_LOCAL_SIZE('t', "threads", "N", v, 0, 1024, "threads; 0 = all processors")
#define CLI_LOG(v) \
    CLI_LOCAL_TEXT('l', "log", "FILE", v, "write a log to FILE, one JSON object a line")
#define CLI_PROGRESS(v) CLI_LOCAL_FLAG(0, "progress", v, "show progress on standard error")
#define CLI_END                                                \
    {                                                          \
        0, NULL, NULL, CLI_KIND_END, NULL, 0, 0, NULL, 0, NULL \
    }

struct cli_prog {
    const char *name;
    const char *operands; /* as in the synopsis, "MANIFEST" or "[FILE ...]" or "" */
    const char *purpose;  /* one sentence for --help */
    const struct cli_opt *opts;
    size_t min_operands, max_operands;
};

/*
 * Parses argv into the table's values and returns the index of the first operand.  --help (-h) and
 * --version (-v) are added to every table.  Exits 2 with one line on a wrong command line, and
 * where a file that may be written is also an operand or the file of another option.  Also
 * ignores SIGPIPE, so that a closed pipe is a failed write (err.broken_pipe), and remembers the
 * program's name for the messages below.
 */
int cli_parse(const struct cli_prog *prog, int argc, char **argv);

/*
 * The history entry of this run: "name version --option value ..." with every option of the table
 * that is not local and not empty, file names without their folders.  The text is owned by the
 * caller; NULL with the reason in e.
 */
char *cli_history(const struct cli_prog *prog, struct err *e);

/* Prints `name: text` and exits 1.  A broken pipe prints nothing. */
_Noreturn void cli_fail(const struct err *e);
_Noreturn void cli_failf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints `name: text` and a pointer to --help, and exits 2. */
_Noreturn void cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints `name: text` and goes on. */
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Flushes and closes stdout; exits 1 if not all of it arrived.  The last call of a text filter. */
void cli_close_stdout(void);

/*
 * From here on SIGINT and SIGTERM only set a flag that cli_stopped() returns; each only once, so
 * that a second signal ends a program that waits for a pipe in which nothing comes.
 */
void cli_catch_stop(void);
int cli_stopped(void);

#endif
