/*
 * ts-shuffle - put the records of a stream in random order, with a buffer of bounded size.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stream/tstream.h"

static size_t buffer = 1000, memory = 128;
static uint64_t seed = 1;

static const struct cli_opt opts[] = {
    CLI_SIZE('b', "buffer", "N", &buffer, 1, 1e8, "records to hold back"),
    CLI_SIZE('m', "memory", "MIB", &memory, 1, 1 << 20, "memory for them, in MiB"),
    CLI_SEED(&seed),
    CLI_END,
};

static const struct cli_prog prog = {
    .name = "ts-shuffle",
    .operands = "",
    .purpose = "Puts the records of the stream on standard input in random order.",
    .opts = opts,
};

static struct {
    struct ts_record *rec;
    size_t n, cap, bytes;
    uint64_t draws;
} held;

/* Passes on one of the records held, drawn at random.  Draw k depends on the seed and k alone. */
static void
pass_one(struct ts_writer *out)
{
    struct rng r = rng_at(seed, "shuffle", held.draws++);
    struct ts_record *rec = &held.rec[rng_below(&r, held.n)];
    struct err e;

    held.bytes -= ts_memory(rec);
    if (ts_write(out, rec, &e) == -1)
        cli_fail(&e);
    ts_clear(rec);
    *rec = held.rec[--held.n];
}

static void
hold(struct ts_record *rec)
{
    struct err e;

    if (MEM_GROW(held.rec, held.cap, held.n + 1, &e) == -1)
        cli_fail(&e);
    held.rec[held.n++] = *rec;
    held.bytes += ts_memory(rec);
    memset(rec, 0, sizeof(*rec));
}

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *out;
    struct err e;
    size_t most;
    int rc, told = 0;

    cli_parse(&prog, argc, argv);
    most = memory << 20;
    in = ts_open("-", &e);
    if (in == NULL)
        cli_fail(&e);
    out = ts_stdout(&e);
    if (out == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        size_t bytes = ts_memory(&rec);

        if (!told && held.n > 0 && held.n < buffer && held.bytes + bytes > most) {
            cli_warn("holds %zu records and not %zu: --memory is %zu MiB", held.n, buffer, memory);
            told = 1;
        }
        while (held.n > 0 && (held.n >= buffer || held.bytes + bytes > most))
            pass_one(out);
        hold(&rec);
    }
    if (rc == -1)
        cli_fail(&e);
    while (held.n > 0)
        pass_one(out);
    free(held.rec);
    ts_close(in);
    if (ts_finish(out, &e) == -1)
        cli_fail(&e);
    return 0;
}
