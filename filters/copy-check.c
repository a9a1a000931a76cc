/*
 * copy-check - does a generator copy the lesions that it learnt from?
 *
 * Each synthetic lesion's likeness to the training lesions stands beside what lesions of patients
 * whom the generator has not seen have: by their pixels, and by features where those are given.
 * The most alike pairs are a stream for ts-sheet; with --strict copying makes the exit code 1.
 */
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/names.h"
#include "image/turn.h"
#include "io/output.h"
#include "stats/copies.h"
#include "stats/likeness.h"
#include "stream/features.h"
#include "stream/tstream.h"

static struct opts {
    const char *train, *real, *synthetic, *pairs;
    struct cli_list features;
    size_t limit, count, threads;
    double beyond, level;
    int strict;
    uint64_t seed;
} o = {.synthetic = "-", .limit = 1000, .count = 24, .beyond = 0.95, .level = 0.95, .seed = 1};

static const struct cli_opt options[] = {
    CLI_TEXT(0, "train", "FILE", &o.train, "real lesions that the generator learnt from"),
    CLI_TEXT(0, "real", "FILE", &o.real, "real lesions of other patients"),
    CLI_TEXT(0, "synthetic", "FILE", &o.synthetic, "synthetic lesions; - is standard input"),
    CLI_LIST(0, "features", "FILE", &o.features,
             "features of all of them, by id; may be given several times"),
    CLI_SIZE(0, "limit", "N", &o.limit, 2, 20000,
             "synthetic and real patches that are compared, the first N of each"),
    CLI_REAL(0, "beyond", "SHARE", &o.beyond, 0.5, 0.999,
             "share of real lesions below what is called beyond"),
    CLI_REAL(0, "level", "SHARE", &o.level, 0.5, 0.999, "level of the intervals"),
    CLI_LOCAL_TEXT(0, "pairs", "FILE", &o.pairs,
                   "write the synthetic lesions of largest lead beside their nearest"),
    CLI_SIZE(0, "count", "N", &o.count, 1, 10000, "pairs to write"),
    CLI_LOCAL_FLAG(0, "strict", &o.strict, "exit 1 if the generator copies"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_END,
};

static const struct cli_prog prog = {
    "copy-check", "", "Tells whether synthetic lesions are copies of training lesions.",
    options,      0,  0};

/* The lesions of one or two streams, one behind the other. */
struct lesions {
    size_t n, cap_patch, cap_patient, cap_id, cap_record;
    struct likeness_patch *patch;
    uint32_t *patient;        /* [n] */
    uint32_t *id;             /* [n] */
    struct ts_record *record; /* [n] what is known and `image`, of those kept */
};

static struct names patients, ids;

static int
add(struct lesions *l, const struct ts_record *rec, int keep, struct err *e)
{
    const char *patient = ts_meta_or(rec, "patient", ""), *id = ts_meta_or(rec, "id", "");
    struct ts_record *copy;

    if (patient[0] == '\0' || id[0] == '\0')
        return err_set(e, "has no %s", patient[0] == '\0' ? "patient" : "id");
    if (MEM_GROW(l->patch, l->cap_patch, l->n + 1, e) == -1 ||
        MEM_GROW(l->patient, l->cap_patient, l->n + 1, e) == -1 ||
        MEM_GROW(l->id, l->cap_id, l->n + 1, e) == -1 ||
        MEM_GROW(l->record, l->cap_record, l->n + 1, e) == -1)
        return -1;
    copy = &l->record[l->n];
    *copy = (struct ts_record){0};
    if (likeness_patch_make(&l->patch[l->n], rec, e) == -1 ||
        names_number(&patients, patient, &l->patient[l->n], e) == -1 ||
        names_number(&ids, id, &l->id[l->n], e) == -1)
        return -1;
    if (keep && ts_copy(copy, rec, e) == -1)
        return -1;
    for (size_t i = copy->n_tensors; i-- > 0;)
        if (strcmp(copy->tensor[i].name, "image") != 0)
            ts_drop(copy, copy->tensor[i].name);
    l->n++;
    return 0;
}

/* Adds up to `limit` records of a stream, which is read to its end.  `unseen`: patients below this
 * number must not be in it. */
static void
read_lesions(struct lesions *l, const char *path, size_t limit, int keep, uint32_t unseen)
{
    size_t first = l->n;
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct err e;
    int rc;

    if ((in = ts_open(path, &e)) == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        if (l->n - first == limit)
            continue;
        rc = add(l, &rec, keep, &e);
        if (rc == 0 && l->patient[l->n - 1] < unseen)
            rc = err_set(&e, "patient %s has lesions in %s too, which are to be of others",
                         ts_meta_or(&rec, "patient", ""), o.real);
        if (rc == -1) {
            err_in(&e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            break;
        }
    }
    if (rc == -1)
        cli_fail(&e);
    if (l->n == first)
        cli_failf("%s: has no records", ts_name(in));
    ts_clear(&rec);
    ts_close(in);
}

/* ---- likeness by features ---- */

static const float **
rows(const struct features *f, const struct lesions *l)
{
    struct err e;
    const float **row = mem_array(l->n, sizeof(*row), &e);

    if (row == NULL)
        cli_fail(&e);
    for (size_t i = 0; i < l->n; i++) {
        size_t at = features_find(f, names_text(&ids, l->id[i]));

        if (at == f->n)
            cli_failf("--features: none of id %s", names_text(&ids, l->id[i]));
        row[i] = f->x + at * f->d;
    }
    return row;
}

static void
compare_features(const struct lesions *l, const struct lesions *train, float *likeness)
{
    struct features f = {0};
    const float **a, **b;
    struct err e;

    for (size_t i = 0; i < o.features.n; i++)
        if (features_read(&f, o.features.item[i], NULL, &e) == -1)
            cli_fail(&e);
    if (features_index(&f, &e) == -1) {
        err_in(&e, "--features");
        cli_fail(&e);
    }
    a = rows(&f, l);
    b = rows(&f, train);
    copies_distances(a, l->n, b, train->n, f.d, likeness);
    free(a);
    free(b);
    features_free(&f);
}

/* ---- pairs ---- */

/* Puts the training patch, turned as it is most alike, beside the synthetic one. */
static int
put_nearest(struct ts_record *to, const struct ts_record *from, unsigned turn, struct err *e)
{
    size_t h, w;
    float *plane = ts_plane(from, "image", &h, &w, e), *out;

    if (plane == NULL)
        return -1;
    out = ts_put_plane(to, "nearest", h, w, e);
    for (size_t i = 0; out != NULL && i < h * w; i++)
        out[i] = plane[turn_from(turn, h, i / w, i % w)];
    free(plane);
    return out != NULL ? 0 : -1;
}

static void
write_pairs(struct lesions *l, size_t real, const struct lesions *train,
            const struct copies_nearest *near, const char *history)
{
    size_t n = l->n - real, count = n < o.count ? n : o.count;
    struct ts_writer *w;
    struct output file;
    size_t *leader;
    struct err e;

    if ((leader = mem_array(n, sizeof(*leader), &e)) == NULL ||
        copies_leaders(near + real, n, leader, &e) == -1 || output_open(&file, o.pairs, &e) == -1)
        cli_fail(&e);
    if ((w = ts_create(dup(fileno(file.file)), o.pairs, &e)) == NULL)
        goto fail;
    for (size_t k = 0; k < count; k++) {
        size_t i = real + leader[k];
        const struct copies_nearest *of = &near[i];
        struct ts_record *r = &l->record[i];
        unsigned turn;

        likeness_pair(&l->patch[i], &train->patch[of->which], &turn);
        if (put_nearest(r, &train->record[of->which], turn, &e) == -1 ||
            ts_meta_setf(r, "likeness", &e, "%.3f", of->likeness) == -1 ||
            ts_meta_setf(r, "lead", &e, "%.3f", of->lead) == -1 ||
            ts_meta_set(r, "nearest", names_text(&ids, train->id[of->which]), &e) == -1 ||
            ts_meta_set(r, "nearest_patient", names_text(&patients, train->patient[of->which]),
                        &e) == -1 ||
            ts_history_add(r, history, &e) == -1 || ts_write(w, r, &e) == -1) {
            ts_abandon(w);
            goto fail;
        }
    }
    if (ts_finish(w, &e) == -1)
        goto fail;
    free(leader);
    if (output_commit(&file, &e) == 0)
        return;
    cli_fail(&e);
fail:
    output_abort(&file);
    cli_fail(&e);
}

/* ---- printing ---- */

static void
line(const char *likeness, const char *number, const char *what, const struct apart_share *s,
     double chance)
{
    printf("%s\t%s\t%s\t%.4g\t%.4g\t%.4g\t%.4g\t%s\n", likeness, number, what, s->value, s->lower,
           s->upper, chance, s->lower > chance ? "more" : "-");
}

static void
print(const char *likeness, const struct copies_report *r)
{
    static const char *const names[COPIES_NUMBERS] = {"nearest", "lead"};

    for (int k = 0; k < COPIES_NUMBERS; k++) {
        printf("%s\t%s\tmedian of real\t%.4g\t\t\t\t-\n", likeness, names[k], r->median[k][0]);
        printf("%s\t%s\tmedian of synthetic\t%.4g\t\t\t\t-\n", likeness, names[k], r->median[k][1]);
        line(likeness, names[k], "area", &r->area[k], 0.5);
        line(likeness, names[k], "share beyond", &r->beyond[k], 1 - o.beyond);
    }
    printf("%s\tlead\tverdict\t\t\t\t\t%s\n", likeness, r->copies ? "copies" : "none seen");
}

/* Both kinds of lesions against the training ones; 1 if the generator copies. */
static int
judge(const char *name, const struct lesions *l, size_t real, const struct lesions *train,
      const float *likeness, struct copies_nearest *near, uint32_t n_patients)
{
    struct copies_report report;
    struct apart_cases cases = {.n = l->n, .patient = l->patient, .patients = n_patients};
    uint8_t *synthetic;
    struct err e;

    if ((synthetic = mem_array(l->n, 1, &e)) == NULL)
        cli_fail(&e);
    for (size_t i = real; i < l->n; i++)
        synthetic[i] = 1;
    cases.synthetic = synthetic;
    if (copies_nearest(likeness, l->patient, l->n, train->patient, train->n, patients.n, near,
                       &e) == -1 ||
        copies_report(&cases, near, o.beyond, o.level, o.seed, &report, &e) == -1)
        cli_fail(&e);
    print(name, &report);
    free(synthetic);
    return report.copies;
}

static void
lesions_free(struct lesions *l)
{
    for (size_t i = 0; i < l->n; i++)
        ts_clear(&l->record[i]);
    free(l->patch);
    free(l->patient);
    free(l->id);
    free(l->record);
}

int
main(int argc, char **argv)
{
    struct lesions l = {0}, train = {0};
    struct copies_nearest *near;
    size_t real, cells;
    float *likeness;
    uint32_t held_out, n_patients;
    struct err e;
    char *history;
    int copies;

    cli_parse(&prog, argc, argv);
    if (o.train == NULL || o.real == NULL)
        cli_usage("--train and --real are needed");
    if (o.threads > 0)
        omp_set_num_threads((int)o.threads);
    if ((history = cli_history(&prog, &e)) == NULL)
        cli_fail(&e);
    read_lesions(&l, o.real, o.limit, 0, 0);
    real = l.n;
    held_out = (uint32_t)patients.n;
    read_lesions(&l, o.synthetic, o.limit, o.pairs != NULL, 0);
    n_patients = (uint32_t)patients.n;
    read_lesions(&train, o.train, SIZE_MAX, o.pairs != NULL, held_out);
    if (mem_mul(l.n, train.n, &cells) == -1)
        cli_failf("%zu and %zu lesions are too many", l.n, train.n);
    if ((likeness = mem_array_raw(cells, sizeof(*likeness), &e)) == NULL ||
        (near = mem_array(l.n, sizeof(*near), &e)) == NULL ||
        likeness_compare(l.patch, l.n, train.patch, train.n, likeness, &e) == -1)
        cli_fail(&e);
    puts("likeness\tnumber\twhat\tvalue\tlower\tupper\tof_real\tverdict");
    copies = judge("pixels", &l, real, &train, likeness, near, n_patients);
    if (o.pairs != NULL)
        write_pairs(&l, real, &train, near, history);
    if (o.features.n > 0) {
        compare_features(&l, &train, likeness);
        copies |= judge("features", &l, real, &train, likeness, near, n_patients);
    }
    cli_close_stdout();
    lesions_free(&l);
    lesions_free(&train);
    names_free(&patients);
    names_free(&ids);
    free(o.features.item);
    free(likeness);
    free(near);
    free(history);
    return o.strict && copies ? 1 : 0;
}
