/*
 * ts-info - check a stream to its last byte and say what it holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "io/tsv.h"
#include "stream/summary.h"
#include "stream/tstream.h"

static int json, patients, records, single;

static const struct cli_opt opts[] = {
    CLI_LOCAL_FLAG('j', "json", &json, "print JSON"),
    CLI_LOCAL_FLAG(0, "patients", &patients, "print how patches spread over patients, as a table"),
    CLI_LOCAL_FLAG('r', "records", &records, "print one line a record with its metadata"),
    CLI_LOCAL_FLAG(0, "single", &single, "FILE is one record: a checkpoint, any .safetensors"),
    CLI_END,
};

static const struct cli_prog prog = {
    .name = "ts-info",
    .operands = "[FILE]",
    .purpose = "Checks a stream (standard input without FILE) and says what it holds.",
    .opts = opts,
    .max_operands = 1,
};

/* The columns of --records; tstream(5) says what they mean. */
static const char *const columns[] = {
    "id",        "parent", "source",    "patient", "split",  "x",     "y",
    "window",    "scale",  "rotate",    "flip",    "tissue", "label", "lesion",
    "synthetic", "bbox",   "seedpixel", "seed",    "view",
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* ---- one line a record ---- */

static void
print_titles(void)
{
    printf("record");
    for (size_t i = 0; i < COLUMNS; i++)
        printf("\t%s", columns[i]);
    printf("\ttensors\n");
}

static void
print_shape(const size_t *shape, unsigned rank)
{
    putchar('[');
    for (unsigned i = 0; i < rank; i++)
        printf("%s%zu", i ? "," : "", shape[i]);
    putchar(']');
}

static void
print_row(const struct ts_record *rec, uint64_t index)
{
    printf("%" PRIu64, index);
    for (size_t i = 0; i < COLUMNS; i++) {
        putchar('\t');
        tsv_text(stdout, ts_meta_or(rec, columns[i], ""));
    }
    putchar('\t');
    for (size_t i = 0; i < rec->n_tensors; i++) {
        if (i > 0)
            putchar(' ');
        tsv_text(stdout, rec->tensor[i].name);
        printf(":%s", ts_dtype_name(rec->tensor[i].dtype));
        print_shape(rec->tensor[i].shape, rec->tensor[i].rank);
    }
    putchar('\n');
}

static void
print_object(const struct ts_record *rec, uint64_t index)
{
    printf("{\"record\":%" PRIu64 ",\"metadata\":{", index);
    for (size_t i = 0; i < rec->n_meta; i++) {
        fputs(i ? "," : "", stdout);
        jsonl_quote(stdout, rec->meta[i].key);
        putchar(':');
        jsonl_quote(stdout, rec->meta[i].value);
    }
    printf("},\"tensors\":{");
    for (size_t i = 0; i < rec->n_tensors; i++) {
        fputs(i ? "," : "", stdout);
        jsonl_quote(stdout, rec->tensor[i].name);
        printf(":{\"dtype\":\"%s\",\"shape\":", ts_dtype_name(rec->tensor[i].dtype));
        print_shape(rec->tensor[i].shape, rec->tensor[i].rank);
        putchar('}');
    }
    printf("}}\n");
}

/* ---- the stream ---- */

static void
take_in(const struct ts_record *rec, uint64_t index, struct summary *s)
{
    struct err e;

    if (records && json)
        print_object(rec, index);
    else if (records)
        print_row(rec, index);
    else if (summary_add(s, rec, &e) == -1)
        cli_fail(&e);
}

/* Reads all of a stream; returns the number of segments that hold records. */
static uint64_t
read_stream(const char *path, struct summary *s)
{
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct err e;
    uint64_t segments = 0;
    int rc;

    in = ts_open(path, &e);
    if (in == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        segments += ts_tell(in).segment_count == 1;
        take_in(&rec, ts_count(in) - 1, s);
        if (ferror(stdout))
            cli_close_stdout();
    }
    if (rc == -1)
        cli_fail(&e);
    ts_close(in);
    return segments;
}

int
main(int argc, char **argv)
{
    int first = cli_parse(&prog, argc, argv);
    const char *path = first < argc ? argv[first] : "-";
    struct ts_record rec = {0};
    struct summary s;
    struct err e;
    uint64_t segments = 1;

    if (patients && (json || records))
        cli_usage("--patients prints a table of its own: not with --json or --records");
    if (summary_init(&s, &e) == -1)
        cli_fail(&e);
    if (records && !json)
        print_titles();
    if (single) {
        if (ts_load(path, (size_t)1 << 40, &rec, &e) == -1)
            cli_fail(&e);
        take_in(&rec, 0, &s);
        ts_clear(&rec);
    } else {
        segments = read_stream(path, &s);
    }
    if (patients && summary_write_patients(stdout, &s, &e) == -1)
        cli_failf("%s: %s", strcmp(path, "-") == 0 ? "stdin" : path, e.text);
    else if (json && !records)
        summary_write_json(stdout, &s, segments);
    else if (!patients && !records)
        summary_write_text(stdout, &s, segments);
    summary_free(&s);
    cli_close_stdout();
    return 0;
}
