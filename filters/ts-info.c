/*
 * ts-info - check a stream to its last byte and say what it holds.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "stream/summary.h"
#include "stream/tstream.h"

static int json, records, single;

static const struct cli_opt opts[] = {
    CLI_LOCAL_FLAG('j', "json", &json, "print JSON"),
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

/* A field of a table: what would break its line is written as \t, \n, \\ or ?. */
static void
print_field(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '\t')
            fputs("\\t", stdout);
        else if (*s == '\n')
            fputs("\\n", stdout);
        else if (*s == '\\')
            fputs("\\\\", stdout);
        else
            putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
    }
}

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
        print_field(ts_meta_or(rec, columns[i], ""));
    }
    putchar('\t');
    for (size_t i = 0; i < rec->n_tensors; i++) {
        if (i > 0)
            putchar(' ');
        print_field(rec->tensor[i].name);
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

/* ---- the summary ---- */

static void
print_text(const struct summary *s, uint64_t segments)
{
    printf("records    %" PRIu64 "\nsegments   %" PRIu64 "\ndata       %" PRIu64 " bytes\n",
           s->records, segments, s->data_bytes);
    for (size_t i = 0; i < sizeof(s->key) / sizeof(s->key[0]); i++) {
        const struct summary_key *k = &s->key[i];

        printf("%-10s", k->key);
        for (size_t j = 0; j < k->n; j++) {
            fputs(j ? ", " : " ", stdout);
            print_field(k->row[j].value ? k->row[j].value : "(none)");
            printf(" %" PRIu64, k->row[j].n);
        }
        if (k->left_out > 0)
            printf(", others %" PRIu64, k->left_out);
        putchar('\n');
    }
    printf("patients   %s%zu\n", s->patients_full ? "at least " : "", s->patients);
    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct summary_tensor *t = &s->tensor[i];
        uint64_t finite = t->values - t->not_finite;

        printf("tensor     ");
        print_field(t->name);
        printf(" %s", ts_dtype_name(t->dtype));
        print_shape(t->shape, t->rank);
        printf(" in %" PRIu64, t->records);
        if (finite > 0)
            printf(", min %.6g, max %.6g, mean %.6g", t->min, t->max, t->sum / (double)finite);
        if (t->not_finite > 0)
            printf(", not finite %" PRIu64, t->not_finite);
        putchar('\n');
    }
    if (s->tensors_left_out > 0)
        printf("tensor     %" PRIu64 " more, of other names, types or shapes\n",
               s->tensors_left_out);
}

static void
print_json_number(const char *key, double v, int known)
{
    if (known && isfinite(v))
        printf(",\"%s\":%.17g", key, v);
    else
        printf(",\"%s\":null", key);
}

static void
print_json(const struct summary *s, uint64_t segments)
{
    printf("{\"records\":%" PRIu64 ",\"segments\":%" PRIu64 ",\"data_bytes\":%" PRIu64, s->records,
           segments, s->data_bytes);
    for (size_t i = 0; i < sizeof(s->key) / sizeof(s->key[0]); i++) {
        const struct summary_key *k = &s->key[i];
        uint64_t missing = 0;
        int comma = 0;

        printf(",\"%s\":{", k->key);
        for (size_t j = 0; j < k->n; j++) {
            if (k->row[j].value == NULL) {
                missing = k->row[j].n;
                continue;
            }
            fputs(comma++ ? "," : "", stdout);
            jsonl_quote(stdout, k->row[j].value);
            printf(":%" PRIu64, k->row[j].n);
        }
        printf("},\"%s_missing\":%" PRIu64 ",\"%s_others\":%" PRIu64, k->key, missing, k->key,
               k->left_out);
    }
    printf(",\"patients\":%zu,\"patients_exact\":%s,\"tensors\":[", s->patients,
           s->patients_full ? "false" : "true");
    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct summary_tensor *t = &s->tensor[i];
        uint64_t finite = t->values - t->not_finite;

        printf("%s{\"name\":", i ? "," : "");
        jsonl_quote(stdout, t->name);
        printf(",\"dtype\":\"%s\",\"shape\":", ts_dtype_name(t->dtype));
        print_shape(t->shape, t->rank);
        printf(",\"records\":%" PRIu64 ",\"not_finite\":%" PRIu64, t->records, t->not_finite);
        print_json_number("min", t->min, finite > 0);
        print_json_number("max", t->max, finite > 0);
        print_json_number("mean", t->sum / (double)finite, finite > 0);
        putchar('}');
    }
    printf("],\"tensors_others\":%" PRIu64 "}\n", s->tensors_left_out);
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
    if (!records && json)
        print_json(&s, segments);
    else if (!records)
        print_text(&s, segments);
    summary_free(&s);
    cli_close_stdout();
    return 0;
}
