/*
 * ts-select - the records whose metadata pass tests.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cli.h"
#include "base/mem.h"
#include "stream/select.h"
#include "stream/tstream.h"

static int any, invert;

static const struct cli_opt opts[] = {
    CLI_FLAG('a', "any", &any, "one test that holds is enough"),
    CLI_FLAG('i', "invert", &invert, "pass on the records that would be left out"),
    CLI_END,
};

static const struct cli_prog prog = {
    .name = "ts-select",
    .operands = "TEST ...",
    .purpose = "Passes on the records of standard input whose metadata pass all tests.\n"
               "TEST is key=text, key!=text, key~regex, key<num, key<=num, key>num or key>=num.",
    .opts = opts,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
};

static int
wanted(struct ts_test *const *test, size_t n, const struct ts_record *rec)
{
    struct err e;

    for (size_t i = 0; i < n; i++) {
        int holds = ts_test_holds(test[i], rec, &e);

        if (holds == -1)
            cli_fail(&e);
        if (holds == any)
            return any != invert;
    }
    return any == invert;
}

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_test **test;
    struct ts_reader *in;
    struct ts_writer *out;
    struct err e;
    int first = cli_parse(&prog, argc, argv), rc;
    size_t n = (size_t)(argc - first);

    test = mem_array(n, sizeof(*test), &e);
    if (test == NULL)
        cli_fail(&e);
    for (size_t i = 0; i < n; i++) {
        test[i] = ts_test_parse(argv[first + (int)i], &e);
        if (test[i] == NULL && errno == ENOMEM)
            cli_fail(&e);
        if (test[i] == NULL)
            cli_usage("%s", e.text);
    }
    in = ts_open("-", &e);
    if (in == NULL)
        cli_fail(&e);
    out = ts_stdout(&e);
    if (out == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1)
        if (wanted(test, n, &rec) && ts_write(out, &rec, &e) == -1)
            cli_fail(&e);
    if (rc == -1 || ts_finish(out, &e) == -1)
        cli_fail(&e);
    ts_close(in);
    for (size_t i = 0; i < n; i++)
        ts_test_free(test[i]);
    free(test);
    return 0;
}
