/*
 * tsne - maps of features in two dimensions, and the places of new ones in an old map.
 *
 * The paper, "t-SNE Embedding" (Figs. 4 and 5): where synthetic patches lie among the real ones, as
 * the classifier sees them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "base/mem.h"
#include "base/progress.h"
#include "nn/backend.h"
#include "stats/placing.h"
#include "stats/tsne.h"
#include "stream/features.h"

enum { REPORT = 50 }; /* iterations from one line of the log to the next */

static const double MAP_PERPLEXITY = 30, PLACING_PERPLEXITY = 5;

enum { START_PCA, START_RANDOM };

static struct opts {
    const char *columns, *into, *into_features, *log;
    struct tsne_config c;
    double perplexity;
    size_t iterations, threads;
    int start, progress;
} o = {.c = TSNE_DEFAULTS, .perplexity = NAN, .iterations = 1000};

static const char *const starts[] = {"pca", "random", NULL};

static const struct cli_opt options[] = {
    CLI_REAL(0, "perplexity", "P", &o.perplexity, 2, 1e6,
             "neighbours that count, about [30; 5 with --into]"),
    CLI_SIZE(0, "pca", "N", &o.c.components, 0, FEATURES_MAX_LENGTH,
             "principal components kept; 0: features as they are"),
    CLI_SIZE(0, "iterations", "N", &o.iterations, 0, 1000000, "steps"),
    CLI_REAL(0, "early", "F", &o.c.exaggeration, 1, 1000,
             "exaggeration of affinities in the first 250 steps"),
    CLI_REAL(0, "rate", "R", &o.c.rate, 0, 1e9,
             "learning rate; 0: points / early / 4, at least 50"),
    CLI_REAL(0, "theta", "T", &o.c.theta, 0, 1,
             "width of a cell taken as one, over its distance; 0: none is"),
    CLI_SIZE(0, "exact-below", "N", &o.c.exact_below, 0, TSNE_EXACT_MAX,
             "fewer points: all pairs have affinities, and --theta is 0"),
    CLI_CHOICE(0, "start", &o.start, starts, "where points start"),
    CLI_SEED(&o.c.seed),
    CLI_TEXT(0, "columns", "A,B,...", &o.columns, "features of a table, in place of f1, f2, ..."),
    CLI_TEXT(0, "into", "OLD", &o.into, "place the points in the map OLD, an output of tsne"),
    CLI_TEXT(0, "into-features", "FILE", &o.into_features, "the features that OLD is of"),
    CLI_THREADS(&o.threads),
    CLI_LOG(&o.log),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "tsne", "[FILE ...]", "Maps of features in two dimensions (t-SNE).", options, 0, 10000};

static struct jsonl log_file;

static void
add(struct features *f, const char *path, const char *columns)
{
    struct err e;

    if (features_read(f, path, columns, &e) == -1)
        cli_fail(&e);
}

static void
index_ids(struct features *f)
{
    struct err e;

    if (features_index(f, &e) == -1)
        cli_fail(&e);
}

/* All of the output: closed here, before a word is said about it. */
static void
print_map(const struct features *f, const double *y)
{
    for (int c = 0; c < TS_IDENTITY; c++)
        printf("%s\t", ts_identity_name[c]);
    puts("x\ty");
    for (size_t i = 0; i < f->n; i++) {
        for (int c = 0; c < TS_IDENTITY; c++)
            printf("%s\t", features_text(f, i, (enum ts_identity)c));
        printf("%.9g\t%.9g\n", (float)y[2 * i], (float)y[2 * i + 1]);
    }
    cli_close_stdout();
}

/* ---- a new map ---- */

static void
log_start(const struct features *f, const struct tsne *t)
{
    struct err e;

    jsonl_begin(&log_file);
    jsonl_int(&log_file, "points", (int64_t)f->n);
    jsonl_int(&log_file, "features", (int64_t)f->d);
    jsonl_int(&log_file, "dimensions", (int64_t)t->kept);
    jsonl_real(&log_file, "perplexity", o.c.perplexity);
    jsonl_real(&log_file, "theta", t->theta);
    jsonl_real(&log_file, "rate", t->rate);
    if (jsonl_end(&log_file, &e) == -1)
        cli_fail(&e);
}

/* Returns the divergence. */
static double
log_state(struct tsne *t)
{
    double kl = tsne_divergence(t);
    struct err e;

    jsonl_begin(&log_file);
    jsonl_int(&log_file, "iteration", (int64_t)t->iteration);
    jsonl_real(&log_file, "kl", kl);
    jsonl_real(&log_file, "gradient_norm", t->gradient_norm);
    if (jsonl_end(&log_file, &e) == -1)
        cli_fail(&e);
    return kl;
}

static void
make_map(const struct features *f)
{
    struct progress p;
    struct tsne t;
    struct err e;
    double kl;

    if (tsne_open(&t, &o.c, f->x, f->n, f->d, &e) == -1)
        cli_fail(&e);
    log_start(f, &t);
    progress_start(&p, "tsne", "iterations", 0, o.iterations, o.progress);
    while (t.iteration < o.iterations) {
        if (tsne_step(&t, &e) == -1)
            cli_fail(&e);
        if (o.log != NULL && t.iteration % REPORT == 0 && t.iteration < o.iterations)
            log_state(&t);
        progress_at(&p, t.iteration, NULL);
    }
    kl = log_state(&t);
    progress_end(&p, t.iteration);
    print_map(f, t.y);
    cli_warn("%zu points, KL %.4f%s", t.n, kl,
             f->n < o.c.exact_below ? " (all pairs: --exact-below)" : "");
    tsne_close(&t);
}

/* ---- into an old one ---- */

/* The places of the old map, and its features in the same order. */
static void
read_old(struct features *map, struct features *f)
{
    struct features all = {0};
    struct err e;

    add(map, o.into, "x,y");
    index_ids(map);
    add(&all, o.into_features, o.columns);
    index_ids(&all);
    if ((f->x = mem_array(map->n, all.d * sizeof(*f->x), &e)) == NULL)
        cli_fail(&e);
    f->n = map->n;
    f->d = all.d;
    f->network = all.network;
    all.network = NULL;
    for (size_t i = 0; i < map->n; i++) {
        const char *id = features_text(map, i, TS_ID);
        size_t at = features_find(&all, id);

        if (at == all.n)
            cli_failf("%s: id '%.64s' is not in %s", o.into, id, o.into_features);
        memcpy(f->x + i * f->d, all.x + at * f->d, f->d * sizeof(*f->x));
    }
    features_free(&all);
}

static void
place(const struct features *f)
{
    struct placing_config c = {o.c.perplexity, o.c.components, o.c.theta};
    struct features map = {0}, old = {0};
    struct placing p;
    double *y;
    struct err e;

    read_old(&map, &old);
    if (f->network != NULL && old.network != NULL && strcmp(f->network, old.network) != 0)
        cli_failf("features of network %.64s, those of %s are of %.64s", f->network,
                  o.into_features, old.network);
    if (f->n > 0 && f->d != old.d)
        cli_failf("%zu features, those of %s have %zu", f->d, o.into_features, old.d);
    if ((y = mem_array(map.n > f->n ? map.n : f->n, 2 * sizeof(*y), &e)) == NULL)
        cli_fail(&e);
    for (size_t i = 0; i < 2 * map.n; i++)
        y[i] = map.x[i];
    if (placing_open(&p, &c, old.x, y, map.n, old.d, &e) == -1 ||
        placing_add(&p, f->x, f->n, y, &e) == -1)
        cli_fail(&e);
    jsonl_begin(&log_file);
    jsonl_int(&log_file, "points", (int64_t)f->n);
    jsonl_int(&log_file, "old", (int64_t)map.n);
    if (jsonl_end(&log_file, &e) == -1)
        cli_fail(&e);
    print_map(f, y);
    cli_warn("%zu points placed among %zu", f->n, map.n);
    placing_close(&p);
    features_free(&map);
    features_free(&old);
    free(y);
}

int
main(int argc, char **argv)
{
    struct features f = {0};
    struct err e;
    int first;

    backend_start(argv);
    first = cli_parse(&prog, argc, argv);
    if ((o.into == NULL) != (o.into_features == NULL))
        cli_usage("--into and --into-features go together");
    if (isnan(o.perplexity))
        o.perplexity = o.into != NULL ? PLACING_PERPLEXITY : MAP_PERPLEXITY;
    o.c.perplexity = o.perplexity;
    o.c.random = o.start == START_RANDOM;
    backend_threads((int)o.threads);
    if (jsonl_open(&log_file, o.log, 0, &e) == -1)
        cli_fail(&e);
    if (first == argc)
        add(&f, "-", o.columns);
    for (int i = first; i < argc; i++)
        add(&f, argv[i], o.columns);
    index_ids(&f);
    (o.into != NULL ? place : make_map)(&f);
    if (jsonl_close(&log_file, &e) == -1)
        cli_fail(&e);
    features_free(&f);
    return 0;
}
