/*
 * ts-cat - join streams into one segment, checking every byte of them.
 */
#include <stdlib.h>

#include "base/cli.h"
#include "stream/tstream.h"

static int endless;

static const struct cli_opt opts[] = {
    CLI_LOCAL_FLAG('e', "endless", &endless, "begin again at the first file, until the reader closes"),
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

/* Copies one stream; returns the number of its records. */
static uint64_t
copy(const char *path, struct ts_writer *out)
{
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct err e;
    uint64_t n;
    int rc;

    in = ts_open(path, &e);
    if (in == NULL)
        cli_fail(&e);
    if (endless && !ts_can_seek(in))
        cli_failf("%s: is no file: --endless cannot read it again", ts_name(in));
    if (endless && ts_rewind(in, &e) == -1)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1)
        if (ts_write(out, &rec, &e) == -1)
            fail(&e);
    if (rc == -1)
        cli_fail(&e);
    n = ts_count(in);
    ts_close(in);
    return n;
}

int
main(int argc, char **argv)
{
    static const char *const standard_input[] = {"-"};
    const char *const *path;
    struct ts_writer *out;
    struct err e;
    uint64_t n;
    int first = cli_parse(&prog, argc, argv), paths = argc - first;

    path = paths > 0 ? (const char *const *)(argv + first) : standard_input;
    paths = paths > 0 ? paths : 1;
    out = ts_stdout(&e);
    if (out == NULL)
        cli_fail(&e);
    do {
        n = 0;
        for (int i = 0; i < paths; i++)
            n += copy(path[i], out);
        if (endless && n == 0)
            cli_failf("no records to repeat");
    } while (endless);
    if (ts_finish(out, &e) == -1)
        cli_fail(&e);
    return 0;
}
