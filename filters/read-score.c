/*
 * read-score - how well a reader of a blind sheet (ts-sheet --blind) told synthetic patches from
 * real ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/names.h"
#include "io/tsv.h"
#include "stats/apart.h"

static struct opts {
    double threshold, level;
    uint64_t seed;
} o = {.threshold = 0.5, .level = 0.95, .seed = 1};

static const struct cli_opt options[] = {
    CLI_REAL(0, "threshold", "X", &o.threshold, -1e9, 1e9,
             "scores above it call a patch synthetic"),
    CLI_REAL(0, "level", "SHARE", &o.level, 0.5, 0.999, "level of the intervals"),
    CLI_SEED(&o.seed),
    CLI_END,
};

static const struct cli_prog prog = {
    "read-score",
    "KEY ANSWERS",
    "How well a reader of a blind sheet told synthetic patches from real ones.",
    options,
    2,
    2};

enum { MAX_LINE = 1 << 14, MAX_FIELDS = 64, MAX_PATCHES = 1 << 16 };

/* What the key says of each number, and the answers to it. */
struct sheet {
    size_t n, cap_synthetic, cap_patient;
    uint8_t *synthetic, *answered;
    uint32_t *patient;
    double *score;
    struct names numbers, patients;
};

typedef int take_line(struct sheet *s, char *const field[3], struct err *e);

/* number, synthetic, patient */
static int
take_key(struct sheet *s, char *const field[3], struct err *e)
{
    uint32_t i;

    if (s->n == MAX_PATCHES)
        return err_set(e, "more than %d patches", MAX_PATCHES);
    if (field[0][0] == '\0' || field[2][0] == '\0')
        return err_set(e, "%s is empty", field[0][0] == '\0' ? "number" : "patient");
    if (strcmp(field[1], "0") != 0 && strcmp(field[1], "1") != 0)
        return err_set(e, "synthetic '%.64s' is neither 0 nor 1", field[1]);
    if (names_number(&s->numbers, field[0], &i, e) == -1)
        return -1;
    if (i < s->n)
        return err_set(e, "number '%.64s' comes twice", field[0]);
    if (MEM_GROW(s->synthetic, s->cap_synthetic, s->n + 1, e) == -1 ||
        MEM_GROW(s->patient, s->cap_patient, s->n + 1, e) == -1 ||
        names_number(&s->patients, field[2], &s->patient[i], e) == -1)
        return -1;
    s->synthetic[i] = field[1][0] == '1';
    s->n++;
    return 0;
}

/* number, score */
static int
take_answer(struct sheet *s, char *const field[3], struct err *e)
{
    uint32_t i;

    if (!names_find(&s->numbers, field[0], &i))
        return err_set(e, "number '%.64s' is not in the key", field[0]);
    if (s->answered[i])
        return err_set(e, "number '%.64s' comes twice", field[0]);
    s->answered[i] = 1;
    return tsv_number(field[1], "score", &s->score[i], e);
}

static void
read_table(struct sheet *s, const char *path, const char *const column[3], take_line *take)
{
    size_t where[3] = {TSV_NONE, TSV_NONE, TSV_NONE};
    struct tsv t;
    struct err e;
    int rc;

    if (tsv_open(&t, path, MAX_LINE, MAX_FIELDS, &e) == -1 || tsv_heading(&t, &e) == -1)
        cli_fail(&e);
    for (int k = 0; k < 3 && column[k] != NULL; k++) {
        if (tsv_column(&t, column[k], &where[k], &e) == -1)
            cli_fail(&e);
        if (where[k] == TSV_NONE)
            cli_failf("%s: no column '%s' in the first line", t.path, column[k]);
    }
    while ((rc = tsv_next(&t, &e)) == 1) {
        char *field[3];

        for (int k = 0; k < 3; k++)
            field[k] = where[k] != TSV_NONE ? t.field[where[k]] : NULL;
        if (take(s, field, &e) == -1) {
            err_in(&e, "%s: line %zu", t.path, t.line);
            cli_fail(&e);
        }
    }
    if (rc == -1)
        cli_fail(&e);
    tsv_close(&t);
}

int
main(int argc, char **argv)
{
    static const char *const key[3] = {"number", "synthetic", "patient"};
    static const char *const answer[3] = {"number", "score", NULL};
    int first = cli_parse(&prog, argc, argv);
    struct sheet s = {0};
    struct apart_cases cases;
    struct apart_share area, right;
    size_t synthetic = 0;
    struct err e;

    read_table(&s, argv[first], key, take_key);
    if ((s.answered = mem_array(s.n, 1, &e)) == NULL ||
        (s.score = mem_array(s.n, sizeof(*s.score), &e)) == NULL)
        cli_fail(&e);
    read_table(&s, argv[first + 1], answer, take_answer);
    for (size_t i = 0; i < s.n; i++) {
        if (!s.answered[i])
            cli_failf("%s: no answer to number %s", argv[first + 1],
                      names_text(&s.numbers, (uint32_t)i));
        synthetic += s.synthetic[i];
    }
    cases = (struct apart_cases){s.n, s.synthetic, s.patient, s.patients.n};
    if (apart_area(&cases, s.score, o.level, &area, &e) == -1 ||
        apart_right(&cases, s.score, o.threshold, o.level, o.seed, &right, &e) == -1) {
        err_in(&e, "%s", argv[first]);
        cli_fail(&e);
    }
    puts("what\tvalue\tlower\tupper");
    printf("area\t%.4g\t%.4g\t%.4g\n", area.value, area.lower, area.upper);
    printf("share right\t%.4g\t%.4g\t%.4g\n", right.value, right.lower, right.upper);
    printf("real patches\t%zu\t\t\n", s.n - synthetic);
    printf("synthetic patches\t%zu\t\t\n", synthetic);
    printf("patients\t%zu\t\t\n", s.patients.n);
    cli_close_stdout();
    names_free(&s.numbers);
    names_free(&s.patients);
    free(s.synthetic);
    free(s.answered);
    free(s.patient);
    free(s.score);
    return 0;
}
