/*
 * shortcut-predict - scores patches by how much of them is tissue and how bright they are, and by
 * nothing else.
 *
 * Not in the paper.  A classifier that is no better than this may have learnt nothing of lesions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "stats/logistic.h"
#include "stream/score_line.h"
#include "train/shortcut.h"

static struct opts {
    struct cli_list positive, negative;
    const char *log;
    int split, allow_seen;
} o = {.split = SPLIT_TRAIN};

static const struct cli_opt options[] = {
    CLI_LIST(0, "positive", "FILE", &o.positive, "malignant patches to learn from"),
    CLI_LIST(0, "negative", "FILE", &o.negative, "benign or normal patches to learn from"),
    CLI_CHOICE(0, "split", &o.split, any_split_word, "the only split these may be of"),
    CLI_FLAG(0, "allow-seen", &o.allow_seen, "score patients that were learnt from"),
    CLI_LOG(&o.log),
    CLI_END,
};

static const struct cli_prog prog = {
    "shortcut-predict",
    "",
    "Scores patches by logistic regression on tissue share and mean grey alone.",
    options,
    0,
    0};

static void
learn(struct shortcut *s, struct logistic *m)
{
    enum term_split split = (enum term_split)o.split;
    struct err e;

    for (size_t i = 0; i < o.positive.n; i++)
        if (shortcut_add(s, o.positive.item[i], 1, split, &e) == -1)
            cli_fail(&e);
    for (size_t i = 0; i < o.negative.n; i++)
        if (shortcut_add(s, o.negative.item[i], 0, split, &e) == -1)
            cli_fail(&e);
    if (shortcut_fit(s, m, &e) == -1)
        cli_fail(&e);
}

static void
write_log(const struct shortcut *s, const struct logistic *m, const char *history)
{
    static const char *const name[SHORTCUT_FEATURES] = {"tissue", "grey"};
    struct jsonl log;
    struct err e;
    char key[32];

    if (jsonl_open(&log, o.log, 0, &e) == -1)
        cli_fail(&e);
    jsonl_begin(&log);
    jsonl_text(&log, "run", history);
    jsonl_int(&log, "positives", (int64_t)s->positives);
    jsonl_int(&log, "negatives", (int64_t)(s->n - s->positives));
    jsonl_real(&log, "intercept", m->intercept);
    for (size_t k = 0; k < SHORTCUT_FEATURES; k++) {
        snprintf(key, sizeof(key), "%s_mean", name[k]);
        jsonl_real(&log, key, m->mean[k]);
        snprintf(key, sizeof(key), "%s_sd", name[k]);
        jsonl_real(&log, key, m->sd[k]);
        snprintf(key, sizeof(key), "%s_slope", name[k]);
        jsonl_real(&log, key, m->slope[k]);
    }
    if (jsonl_end(&log, &e) == -1 || jsonl_close(&log, &e) == -1)
        cli_fail(&e);
}

static void
score(const struct ts_record *rec, const struct shortcut *s, const struct logistic *m,
      uint64_t index)
{
    const char *patient = ts_meta_or(rec, "patient", "");
    double x[SHORTCUT_FEATURES];
    struct err e;
    int fit = score_line_check(rec, &e) == 0 && shortcut_features(rec, x, &e) == 0;

    if (fit && !o.allow_seen && patients_has(&s->patients, patient))
        fit = !err_set(&e, "patient %s was learnt from (--allow-seen)", patient);
    if (!fit) {
        err_in(&e, "stdin: record %" PRIu64, index);
        cli_fail(&e);
    }
    score_line_write(stdout, rec, logistic_probability(logistic_odds(m, x)));
}

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct shortcut s = {0};
    struct ts_reader *in;
    struct logistic m;
    struct err e;
    char *history;
    int rc;

    cli_parse(&prog, argc, argv);
    if (o.positive.n == 0 || o.negative.n == 0)
        cli_usage("--positive and --negative are needed");
    for (size_t i = 0; i < o.positive.n + o.negative.n; i++)
        if (strcmp(i < o.positive.n ? o.positive.item[i] : o.negative.item[i - o.positive.n],
                   "-") == 0)
            cli_usage("standard input holds the patches to score");
    if ((history = cli_history(&prog, &e)) == NULL)
        cli_fail(&e);
    learn(&s, &m);
    write_log(&s, &m, history);
    if ((in = ts_open("-", &e)) == NULL)
        cli_fail(&e);
    score_line_head(stdout);
    while ((rc = ts_read(in, &rec, &e)) == 1)
        score(&rec, &s, &m, ts_count(in) - 1);
    if (rc == -1)
        cli_fail(&e);
    ts_close(in);
    shortcut_free(&s);
    free(history);
    cli_close_stdout();
    return 0;
}
