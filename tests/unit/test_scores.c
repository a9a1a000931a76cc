/*
 * Score files: joined by id in any order, averaged, patients numbered; operands taken apart; what
 * the shell tests cannot see from outside.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stats/scores.h"
#include "tap.h"

enum { N = 5000 };

/* Cases i0 .. in order i * step mod N, scores i * slope. */
static void
write_file(const char *path, size_t step, double slope)
{
    FILE *f = fopen(path, "w");

    fputs("score\tpatient\tid\tlabel\n", f);
    for (size_t k = 0; k < N; k++) {
        size_t i = k * step % N;

        fprintf(f, "%.17g\tp%zu\ti%zu\t%s\n", (double)i * slope, i / 4, i,
                i % 3 == 0   ? "malignant"
                : i % 3 == 1 ? "benign"
                             : "normal");
    }
    fclose(f);
}

static void
test_operands(void)
{
    static const struct {
        const char *arg, *name, *files;
    } good[] = {{"a.tsv", "a", "a.tsv"},
                {"x=a.tsv", "x", "a.tsv"},
                {"x=a.tsv,b/c.tsv,-", "x", "a.tsv b/c.tsv -"},
                {"d/e.tsv,a", "e", "d/e.tsv a"},
                {"./x=a.tsv", "x=a", "./x=a.tsv"},
                {".tsv", ".tsv", ".tsv"},
                {"x==a", "x", "=a"}};
    static const char *const bad[] = {"", "x=", "=a", "a,", ",a", "a,,b", "x\ty=a", "x\"=a"};
    struct scores_operand o;
    struct err e;
    char files[64];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!tap_ok(scores_operand_make(&o, good[i].arg, &e) == 0, "'%s'", good[i].arg))
            continue;
        files[0] = '\0';
        for (size_t k = 0; k < o.n; k++)
            snprintf(files + strlen(files), sizeof(files) - strlen(files), "%s%s", k ? " " : "",
                     o.file[k]);
        tap_ok(strcmp(o.name, good[i].name) == 0 && strcmp(files, good[i].files) == 0,
               "is %s of %s", o.name, files);
        scores_operand_free(&o);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        tap_ok(scores_operand_make(&o, bad[i], &e) == -1 && o.name == NULL && o.text == NULL, "%s",
               e.text);
}

int
main(void)
{
    char dir[] = "/tmp/test_scores.XXXXXX", a[64], b[64];
    const char *both[2] = {a, b};
    struct scores s = {.patients = 1}, low = {.lower = 1};
    struct err e = {.text = ""};
    int order = 1, mean = 1, negated = 1;

    if (mkdtemp(dir) == NULL)
        return 1;
    snprintf(a, sizeof(a), "%s/a.tsv", dir);
    snprintf(b, sizeof(b), "%s/b.tsv", dir);
    write_file(a, 1, 0.5);
    write_file(b, 1237, 0.1);
    tap_ok(scores_add(&s, both, 1, &e) == 0 && scores_add(&s, both + 1, 1, &e) == 0 &&
               scores_add(&s, both, 2, &e) == 0,
           "three curves of two files %s", e.text);
    tap_ok(s.n == N && s.positives == (N + 2) / 3 && s.n_patients == N / 4 && s.n_curves == 3,
           "%zu cases, %zu positive, %zu patients", s.n, s.positives, s.n_patients);
    for (size_t i = 0; i < N && s.n_curves == 3; i++) {
        order &= s.positive[i] == (i % 3 == 0) && s.patient[i] == i / 4 &&
                 s.curve[0][i] == (double)i * 0.5 && s.curve[1][i] == (double)i * 0.1;
        mean &= s.curve[2][i] == ((double)i * 0.5 + (double)i * 0.1) / 2;
    }
    tap_ok(order, "in the order of the first");
    tap_ok(mean, "the third is the mean");
    tap_ok(scores_add(&low, both, 1, &e) == 0 && low.patient == NULL,
           "patients only where asked for");
    for (size_t i = 0; i < N && low.n_curves == 1; i++)
        negated &= low.curve[0][i] == -(double)i * 0.5;
    tap_ok(negated, "lower means positive: negated");
    scores_free(&s);
    scores_free(&low);
    unlink(a);
    unlink(b);
    rmdir(dir);
    test_operands();
    return tap_done(28);
}
