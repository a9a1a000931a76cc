/*
 * ts-head - the first records of a stream.
 */
#include "base/cli.h"
#include "stream/tstream.h"

static size_t count = 10;
static int drain;

static const struct cli_opt opts[] = {
    CLI_SIZE('n', "count", "N", &count, 0, 1e15, "records to pass on"),
    CLI_LOCAL_FLAG('d', "drain", &drain, "read and check the rest of the input too"),
    CLI_END,
};

static const struct cli_prog prog = {
    .name = "ts-head",
    .operands = "",
    .purpose = "Passes on the first records of the stream on standard input.",
    .opts = opts,
};

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *out;
    struct err e;
    int rc = 1;

    cli_parse(&prog, argc, argv);
    in = ts_open("-", &e);
    if (in == NULL)
        cli_fail(&e);
    out = ts_stdout(&e);
    if (out == NULL)
        cli_fail(&e);
    while (ts_count(in) < count && (rc = ts_read(in, &rec, &e)) == 1)
        if (ts_write(out, &rec, &e) == -1)
            cli_fail(&e);
    ts_clear(&rec);
    if (rc == -1 || (drain && ts_drain(in, &e) == -1))
        cli_fail(&e);
    ts_close(in);
    if (ts_finish(out, &e) == -1)
        cli_fail(&e);
    return 0;
}
