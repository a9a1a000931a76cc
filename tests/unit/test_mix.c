/*
 * The law of mixing, and pools of records.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patch/mixture.h"
#include "tap.h"

static const struct mix_class two[2] = {{1, 1}, {1, 1}};

static struct mix_schedule
schedule(double initial, enum mix_decay decay)
{
    return (struct mix_schedule){.initial = initial, .rate = 0.1, .every = 5000, .decay = decay};
}

static void
test_share(void)
{
    struct mix_schedule s = schedule(0.5, MIX_MUL), l = schedule(0.5, MIX_LIN);
    struct mix_schedule b = schedule(0.5, MIX_SUB), n = schedule(0.5, MIX_NONE);
    int same = 1;

    tap_ok(mix_share(&s, 0) == 0.5 && mix_share(&s, 4999) == 0.5,
           "the initial share for 5000 draws");
    tap_near(mix_share(&s, 5000), 0.45, 1e-15, "mul: 0.9 of it in the next");
    tap_near(mix_share(&s, 499999), 0.5 * pow(0.9, 99), 1e-15, "mul: after 99 steps");
    tap_near(mix_share(&s, 12000), 0.405, 1e-15, "mul: and back again");
    tap_near(mix_share(&l, 5000), 0.45, 1e-15, "lin: a tenth of the initial share less");
    tap_near(mix_share(&l, 10000), 0.40, 1e-15, "lin: and again");
    tap_ok(mix_share(&l, 50000) == 0 && mix_share(&l, 500000) == 0, "lin: nothing after ten");
    tap_near(mix_share(&b, 5000), 0.4, 1e-15, "sub: ten points less");
    tap_ok(mix_share(&b, 25000) == 0 && mix_share(&b, 400000) == 0, "sub: nothing after five");
    tap_ok(mix_share(&n, 123456789) == 0.5, "none: as it was");
    s.step = 0;
    for (uint64_t t = 0; t < 40000000; t += 5000) {
        struct mix_schedule fresh = schedule(0.5, MIX_MUL);
        double share = mix_share(&s, t);

        if (t % 1000000 == 0)
            same &= share == mix_share(&fresh, t);
    }
    tap_ok(same, "a share does not depend on those asked for before");
    tap_ok(mix_share(&s, UINT64_MAX) == 0, "in the end it is 0");
    s = schedule(0, MIX_MUL);
    tap_ok(mix_share(&s, 0) == 0 && mix_share(&s, 5000) == 0, "0 stays 0");
}

static void
test_expected(void)
{
    static const struct {
        enum mix_decay decay;
        double want;
        const char *what;
    } row[] = {{MIX_MUL, 25000 * (1 - 2.6561398887587475e-05), "mul: 5.0 % of 500,000"},
               {MIX_LIN, 13750, "lin: 2.75 %"},
               {MIX_SUB, 7500, "sub: 1.5 %"},
               {MIX_NONE, 250000, "none: 50 %"}};
    double r[2], s[2], rs[2], ss[2];

    for (size_t i = 0; i < 4; i++) {
        struct mix_schedule k = schedule(0.5, row[i].decay);

        mix_expect(&k, two, 2, 500000, r, s, rs, ss);
        tap_near(s[0] + s[1], row[i].want, 1e-6, row[i].what);
        tap_near(r[0] + s[0], 250000, 1e-6, "half of all are of each class");
    }
}

/* The sequence of a whole run of the paper, drawn; counts within 4 standard deviations of theory.
 */
static void
test_drawn(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct mix_schedule k = schedule(0.5, MIX_MUL), baseline = schedule(0, MIX_MUL);
        double r[2], s[2], rs[2], ss[2];
        int n[2][2] = {{0}}, first[2] = {0}, nested = 1;
        const double q = 0.5 * 0.5 * 5000;

        mix_expect(&k, two, 2, 500000, r, s, rs, ss);
        for (uint64_t t = 0; t < 500000; t++) {
            struct mix_choice c = mix_choose(&k, two, 2, seed, t);
            struct mix_choice b = mix_choose(&baseline, two, 2, seed, t);

            n[c.class][c.synthetic]++;
            first[c.class] += c.synthetic && t < 5000;
            nested &= b.class == c.class && !b.synthetic &&
                      (c.synthetic || memcmp(&b.rng, &c.rng, sizeof(b.rng)) == 0);
        }
        tap_note("seed %" PRIu64 ": %d + %d synthetic, expected %.1f +- %.1f each", seed, n[0][1],
                 n[1][1], s[0], ss[0]);
        tap_ok(fabs(n[0][1] - s[0]) < 4 * ss[0] && fabs(n[1][1] - s[1]) < 4 * ss[1] &&
                   fabs(n[0][0] - r[0]) < 4 * rs[0] && fabs(n[1][0] - r[1]) < 4 * rs[1],
               "500,000 draws, 50 %% at first: %.2f %% are synthetic",
               (n[0][1] + n[1][1]) / 5000.0);
        tap_ok(fabs(first[0] - q) < 4 * sqrt(q * 0.75) && fabs(first[1] - q) < 4 * sqrt(q * 0.75),
               "half of the first 5000 are");
        tap_ok(nested, "the baseline draws the same classes and real records");
    }
}

static void
test_weights(void)
{
    const struct mix_class law[3] = {{1, 0}, {2, 0}, {5, 1}};
    struct mix_schedule k = schedule(0.4, MIX_NONE);
    double r[3], s[3], rs[3], ss[3];
    int n[3][2] = {{0}};

    for (uint64_t t = 0; t < 80000; t++) {
        struct mix_choice c = mix_choose(&k, law, 3, 7, t);

        n[c.class][c.synthetic]++;
    }
    mix_expect(&k, law, 3, 80000, r, s, rs, ss);
    tap_near(r[0], 10000, 1e-6, "weights 1, 2, 5: an eighth of 80,000");
    tap_near(r[1], 20000, 1e-6, "two eighths");
    tap_near(r[2], 30000, 1e-6, "five eighths less 40 %");
    tap_near(s[2], 20000, 1e-6, "which are synthetic");
    for (int i = 0; i < 3; i++)
        tap_ok(fabs(n[i][0] - r[i]) < 4 * rs[i] && fabs(n[i][1] - s[i]) <= 4 * ss[i],
               "class %d is drawn as it should", i);
}

/* ---- pools ---- */

/* `n` records whose tensor is their number from `from`, in segments of 7. */
static void
write_stream(const char *path, size_t from, size_t n, const char *label)
{
    struct ts_record rec = {0};
    struct err e;
    size_t i = 0;
    FILE *f = fopen(path, "wb");

    do {
        FILE *part = tmpfile();
        struct ts_writer *w = ts_create(dup(fileno(part)), "part", &e);
        int byte;

        for (size_t end = i + 7; i < n && i < end; i++) {
            struct ts_tensor *t = ts_put(&rec, "v", TS_U32, 1, (size_t[]){1 + i % 3}, &e);

            *(uint32_t *)t->data = (uint32_t)(from + i);
            ts_meta_set(&rec, "label", label, &e);
            ts_write(w, &rec, &e);
        }
        ts_finish(w, &e);
        rewind(part);
        while ((byte = getc(part)) != EOF)
            putc(byte, f);
        fclose(part);
    } while (i < n);
    fclose(f);
    ts_clear(&rec);
}

static void
test_pool(const char *dir)
{
    enum { N = 40, DRAWS = 8000 };
    char a[300], b[300];
    const char *path[2] = {a, b};
    struct ts_record rec = {0};
    struct pool p;
    struct err e = {.text = ""};
    int count[N] = {0}, right = 1;
    double chi2 = 0;

    snprintf(a, sizeof(a), "%s/a.sts", dir);
    snprintf(b, sizeof(b), "%s/b.sts", dir);
    write_stream(a, 0, 25, "malignant");
    write_stream(b, 25, N - 25, "normal");
    if (!tap_ok(pool_open(&p, path, 2, NULL, NULL, &e) == 0, "opens two files")) {
        tap_note("%s", e.text);
        return;
    }
    tap_ok(p.n == N, "their 40 records stand in segments");
    for (uint64_t t = 0; t < DRAWS; t++) {
        struct rng r = rng_at(3, "pool", t);
        uint32_t v = N;

        if (pool_draw(&p, &r, &rec, &e) == 0)
            v = *(uint32_t *)ts_find(&rec, "v")->data;
        right &= v < N && (strcmp(ts_meta_or(&rec, "label", ""), "normal") == 0) == (v >= 25);
        count[v < N ? v : 0]++;
    }
    for (int i = 0; i < N; i++)
        chi2 += pow(count[i] - DRAWS / N, 2) / (DRAWS / N);
    tap_ok(right, "draws whole records");
    tap_ok(chi2 < 72.1, "each with the same chance: chi squared of %.1f, 39 degrees",
           chi2); /* p = .001 */
    tap_ok(p.distinct == N && p.drawn == DRAWS, "and counts them");
    pool_close(&p);

    tap_ok(pool_open_balanced(&p, path, 2, NULL, NULL, "label", &e) == 0 && p.n_groups == 2 &&
               strcmp(p.group[0].value, "malignant") == 0 && p.group[0].n == 25,
           "balanced: a group for each label");
    memset(count, 0, sizeof(count));
    for (uint64_t t = 0; t < DRAWS; t++) {
        struct rng r = rng_at(3, "pool", t);

        if (pool_draw(&p, &r, &rec, &e) == 0)
            count[*(uint32_t *)ts_find(&rec, "v")->data]++;
    }
    chi2 = 0;
    for (int i = 0; i < N; i++) {
        double want = DRAWS / 2.0 / (i < 25 ? 25 : N - 25);

        chi2 += pow(count[i] - want, 2) / want;
    }
    tap_ok(chi2 < 72.1 && p.distinct == N, /* p = .001 */
           "labels, then records, each with the same chance: chi squared of %.1f, 39 degrees",
           chi2);
    pool_close(&p);

    write_stream(b, 0, 0, "normal");
    tap_ok(pool_open(&p, path + 1, 1, NULL, NULL, &e) == -1 && strstr(e.text, "no records"),
           "no records at all");
    tap_ok(pool_open(&p, path, 2, NULL, NULL, &e) == 0 && p.n == 25, "one empty file of two");
    right = 0;
    for (uint64_t t = 0; truncate(a, 3000) == 0 && t < 100 && !right; t++) {
        struct rng r = rng_at(3, "pool", t);

        right = pool_draw(&p, &r, &rec, &e) == -1 && strstr(e.text, "a.sts: record 2") != NULL;
    }
    tap_ok(right, "a file that is cut meanwhile: %s", e.text);
    pool_close(&p);
    tap_ok(pool_open(&p, path, 1, NULL, NULL, &e) == -1, "a cut file is refused: %s", e.text);
    unlink(a);
    unlink(b);
    ts_clear(&rec);
}

int
main(void)
{
    char dir[] = "/tmp/test_mix.XXXXXX";

    test_share();
    test_expected();
    test_drawn();
    test_weights();
    if (mkdtemp(dir) == NULL)
        return 1;
    test_pool(dir);
    rmdir(dir);
    return tap_done(48);
}
