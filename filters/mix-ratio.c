/*
 * mix-ratio - one training stream out of streams of real and synthetic, positive and negative
 * patches.
 *
 * The paper, "Classification": both classes come equally often, and the share of synthetic patches
 * decays.  The law of the draws is in lib/patch/mix.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/progress.h"
#include "patch/mixture.h"

static struct opts {
    struct cli_list positive, negative, synthetic_positive, synthetic_negative, stream, weight;
    const char *balance, *log;
    double initial, rate;
    size_t every, count;
    int split, decay, allow_real, endless, dry_run, progress;
    uint64_t seed;
} o = {
    .split = SPLIT_TRAIN, .initial = 0.5, .rate = 0.1, .every = 5000, .count = 500000, .seed = 1};

static const char *const decays[] = {"mul", "lin", "sub", "none", NULL};

static const struct cli_opt options[] = {
    CLI_LIST(0, "positive", "FILE", &o.positive, "real malignant patches"),
    CLI_LIST(0, "negative", "FILE", &o.negative, "real benign or normal patches"),
    CLI_LIST(0, "synthetic-positive", "FILE", &o.synthetic_positive, "synthetic malignant patches"),
    CLI_LIST(0, "synthetic-negative", "FILE", &o.synthetic_negative,
             "synthetic benign or normal patches"),
    CLI_FLAG(0, "allow-real", &o.allow_real,
             "real patches may stand in the place of synthetic ones: an oracle"),
    CLI_REAL(0, "initial", "SHARE", &o.initial, 0, 1, "synthetic share of the first draws"),
    CLI_CHOICE(0, "decay", &o.decay, decays, "how the share falls"),
    CLI_REAL(0, "rate", "SHARE", &o.rate, 0, 1, "by how much it falls"),
    CLI_SIZE(0, "every", "N", &o.every, 1, 1e15, "draws between falls"),
    CLI_LIST(0, "stream", "NAME=FILE", &o.stream, "any number of streams instead, without a share"),
    CLI_LIST(0, "weight", "NAME=W", &o.weight, "how often that stream is drawn (1 if not given)"),
    CLI_CHOICE(0, "split", &o.split, any_split_word, "the only split that patches may be of"),
    CLI_TEXT(0, "balance", "KEY", &o.balance, "draw every value of this metadata equally often"),
    CLI_LOCAL_SIZE('n', "count", "N", &o.count, 0, 1e15, "patches to draw"),
    CLI_LOCAL_FLAG(0, "endless", &o.endless, "draw until the reader has enough"),
    CLI_SEED(&o.seed),
    CLI_LOCAL_FLAG(0, "dry-run", &o.dry_run, "print the draws to expect, read and write no patch"),
    CLI_LOG(&o.log),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "mix-ratio", "", "Mix real and synthetic patches into one training stream.", options, 0, 0};

static struct mixture m;

/* ---- the command line ---- */

static void
add_file(const char *name, size_t length, enum mixture_label label, enum mixture_kind kind,
         const char *file)
{
    static int stdins;
    struct err e;
    struct mixture_class *c = mixture_class(&m, name, length, label, &e);

    if (c == NULL || mixture_file(c, kind, file, &e) == -1)
        cli_fail(&e);
    if (strcmp(file, "-") == 0 && ++stdins > 1)
        cli_usage("only one stream can be standard input");
}

static void
add_files(const char *name, enum mixture_label label, enum mixture_kind kind,
          const struct cli_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        add_file(name, strlen(name), label, kind, list->item[i]);
}

static void
named_streams(void)
{
    for (size_t i = 0; i < o.stream.n; i++) {
        const char *s = o.stream.item[i], *eq = strchr(s, '=');

        if (eq == NULL || eq == s || eq[1] == '\0' || strcspn(s, " \t\"\\/") < (size_t)(eq - s))
            cli_usage("--stream: '%s' is no NAME=FILE", s);
        add_file(s, (size_t)(eq - s), MIXTURE_ANY, MIXTURE_REAL, eq + 1);
    }
    for (size_t i = 0; i < o.weight.n; i++) {
        const char *s = o.weight.item[i], *eq = strchr(s, '=');
        size_t k = eq ? mixture_find(&m, s, (size_t)(eq - s)) : m.n;
        double w;

        if (k == m.n)
            cli_usage("--weight: '%s' names no --stream", s);
        if (number_real(eq + 1, &w) == -1 || !(w >= 1e-6 && w <= 1e6))
            cli_usage("--weight: '%s' is no NAME=W with W from 1e-06 to 1e+06", s);
        m.law[k].weight = w;
    }
}

static void
set_up(void)
{
    size_t synthetic = o.synthetic_positive.n + o.synthetic_negative.n;

    m.split = (enum term_split)o.split;
    m.allow_real = o.allow_real;
    m.balance = o.balance;
    m.seed = o.seed;
    m.schedule = (struct mix_schedule){
        .initial = o.initial, .rate = o.rate, .every = o.every, .decay = (enum mix_decay)o.decay};
    if (o.dry_run && o.endless)
        cli_usage("--dry-run and --endless cannot be joined");
    if (o.stream.n > 0 && o.positive.n + o.negative.n + synthetic > 0)
        cli_usage("--stream cannot be joined with --positive, --negative, --synthetic-...");
    if (o.stream.n + o.weight.n > 0)
        named_streams();
    else if (o.positive.n == 0 || o.negative.n == 0)
        cli_usage("--positive and --negative are needed (or --stream)");
    else if (o.initial > 0 && synthetic == 0)
        cli_usage("no synthetic patches: give some, or --initial 0");
    add_files("negative", MIXTURE_NEGATIVE, MIXTURE_REAL, &o.negative);
    add_files("positive", MIXTURE_POSITIVE, MIXTURE_REAL, &o.positive);
    add_files("negative", MIXTURE_NEGATIVE, MIXTURE_SYNTHETIC, &o.synthetic_negative);
    add_files("positive", MIXTURE_POSITIVE, MIXTURE_SYNTHETIC, &o.synthetic_positive);
    mixture_settle(&m);
}

/* ---- reports ---- */

static const char *const kinds[MIXTURE_KINDS] = {"real", "synthetic"};

static void
dry_run(void)
{
    struct err e;
    double *x = mem_array(4 * m.n, sizeof(*x), &e);

    if (x == NULL)
        cli_fail(&e);
    mix_expect(&m.schedule, m.law, m.n, o.count, x, x + m.n, x + 2 * m.n, x + 3 * m.n);
    puts("class\tkind\tdraws\tsd\tshare");
    for (size_t k = 0; k < m.n; k++)
        for (size_t kind = 0; kind < MIXTURE_KINDS; kind++)
            if (m.class[k].source[kind].n_files > 0)
                printf("%s\t%s\t%.10g\t%.6g\t%.10g\n", m.class[k].name, kinds[kind],
                       x[kind * m.n + k], x[(2 + kind) * m.n + k],
                       o.count > 0 ? x[kind * m.n + k] / (double)o.count : 0);
    free(x);
    cli_close_stdout();
}

enum figure { RECORDS, DRAWN, DISTINCT };

/* One number of each pool in use. */
static void
log_pools(struct jsonl *l, enum figure figure)
{
    static const char *const suffix[] = {"_records", "", "_distinct"};
    char key[300];

    for (size_t k = 0; k < m.n; k++)
        for (int kind = 0; kind < MIXTURE_KINDS; kind++) {
            const struct pool *p = &m.class[k].source[kind].pool;

            snprintf(key, sizeof(key), "%.200s_%s%s", m.class[k].name, kinds[kind], suffix[figure]);
            if (p->n_files > 0)
                jsonl_int(l, key,
                          (int64_t)(figure == RECORDS    ? p->n
                                    : figure == DISTINCT ? p->distinct
                                                         : p->drawn));
        }
}

static int
log_start(struct jsonl *l, const char *history, struct err *e)
{
    jsonl_begin(l);
    jsonl_text(l, "run", history);
    log_pools(l, RECORDS);
    return jsonl_end(l, e);
}

/* What was drawn before draw t, and the share that led to it. */
static int
log_draws(struct jsonl *l, uint64_t t, struct err *e)
{
    jsonl_begin(l);
    jsonl_int(l, "draws", (int64_t)t);
    jsonl_real(l, "share", t > 0 ? mix_share(&m.schedule, t - 1) : o.initial);
    log_pools(l, DRAWN);
    log_pools(l, DISTINCT);
    return jsonl_end(l, e);
}

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_writer *out;
    struct progress bar;
    struct jsonl log;
    struct err e;
    char *history;
    uint64_t t, end;

    cli_parse(&prog, argc, argv);
    set_up();
    if (o.dry_run) {
        dry_run();
        mixture_close(&m);
        return 0;
    }
    if ((history = cli_history(&prog, &e)) == NULL || (out = ts_stdout(&e)) == NULL ||
        mixture_open(&m, &e) == -1 || jsonl_open(&log, o.log, 0, &e) == -1 ||
        log_start(&log, history, &e) == -1)
        cli_fail(&e);

    end = o.endless ? UINT64_MAX : o.count;
    progress_start(&bar, "mix-ratio", "patches", 0, o.endless ? 0 : end, o.progress);
    for (t = 0; t < end; t++) {
        if (mixture_draw(&m, t, &rec, &e) == -1 || ts_history_add(&rec, history, &e) == -1)
            cli_fail(&e);
        if (ts_write(out, &rec, &e) == -1) {
            if (o.endless && e.broken_pipe)
                break;
            cli_fail(&e);
        }
        if ((t + 1) % o.every == 0 && log_draws(&log, t + 1, &e) == -1)
            cli_fail(&e);
        progress_at(&bar, t + 1, NULL);
    }
    progress_end(&bar, t);
    /* The reader of an endless stream has closed it, so there is no one to send a trailer to. */
    if (((t == 0 || t % o.every != 0) && log_draws(&log, t, &e) == -1) ||
        jsonl_close(&log, &e) == -1 || (!o.endless && ts_finish(out, &e) == -1))
        cli_fail(&e);
    if (o.endless)
        ts_abandon(out);
    mixture_close(&m);
    ts_clear(&rec);
    free(history);
    return 0;
}
