/*
 * ts-cat - join streams into one segment, checking every byte of them.
 */
#include <stdlib.h>

#include "base/cli.h"
#include "base/mem.h"
#include "stream/tstream.h"

static int endless;

static const struct cli_opt opts[] = {
    CLI_LOCAL_FLAG('e', "endless", &endless,
                   "begin again at the first file, until the reader closes"),
    CLI_END,
};

static const struct cli_prog prog = {
    .name = "ts-cat",
    .operands = "[FILE ...]",
    .purpose = "Joins streams into one.  Without FILE, or where it is -, reads standard input.",
    .opts = opts,
    .max_operands = SIZE_MAX,
};

/* A reader that goes away is how an endless run ends. */
static void
fail(const struct err *e)
{
    if (endless && e->broken_pipe)
        exit(0);
    cli_fail(e);
}

static struct ts_reader *
open_input(const char *path)
{
    struct err e;
    struct ts_reader *in = ts_open(path, &e);

    if (in == NULL)
        cli_fail(&e);
    if (endless && !ts_can_seek(in))
        cli_failf("%s: is no file: --endless cannot read it again", ts_name(in));
    return in;
}

/* Copies one stream to its end; returns the number of its records. */
static uint64_t
copy(struct ts_reader *in, struct ts_writer *out)
{
    struct ts_record rec = {0};
    struct err e;
    int rc;

    while ((rc = ts_read(in, &rec, &e)) == 1)
        if (ts_write(out, &rec, &e) == -1)
            fail(&e);
    if (rc == -1)
        cli_fail(&e);
    return ts_count(in);
}

/* All inputs in turn, for ever.  They stay open: standard input could not be opened again. */
static _Noreturn void
repeat(const char *const *path, size_t n, struct ts_writer *out)
{
    struct ts_reader **in;
    struct err e;
    uint64_t records;

    in = mem_array(n, sizeof(struct ts_reader *), &e);
    if (in == NULL)
        cli_fail(&e);
    for (size_t i = 0; i < n; i++)
        in[i] = open_input(path[i]);
    do {
        records = 0;
        for (size_t i = 0; i < n; i++) {
            records += copy(in[i], out);
            if (ts_rewind(in[i], &e) == -1)
                cli_fail(&e);
        }
    } while (records > 0);
    cli_failf("no records to repeat");
}

int
main(int argc, char **argv)
{
    static const char *const standard_input[] = {"-"};
    const char *const *path;
    struct ts_writer *out;
    struct err e;
    int first = cli_parse(&prog, argc, argv);
    size_t n = (size_t)(argc - first);

    path = n > 0 ? (const char *const *)(argv + first) : standard_input;
    n = n > 0 ? n : 1;
    out = ts_stdout(&e);
    if (out == NULL)
        cli_fail(&e);
    if (endless)
        repeat(path, n, out);
    for (size_t i = 0; i < n; i++) {
        struct ts_reader *in = open_input(path[i]);

        copy(in, out);
        ts_close(in);
    }
    if (ts_finish(out, &e) == -1)
        cli_fail(&e);
    return 0;
}
