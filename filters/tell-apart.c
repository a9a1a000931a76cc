/*
 * tell-apart - can a small network tell synthetic patches from real ones, on patients it has not
 * seen?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/names.h"
#include "nn/backend.h"
#include "stream/tstream.h"
#include "train/feed.h"
#include "train/tell_apart.h"

static struct opts {
    size_t folds, updates, batch, limit, threads;
    double width, level;
    uint64_t seed;
} o = {
    .folds = 5, .updates = 600, .batch = 16, .limit = 1000, .width = 1, .level = 0.95, .seed = 1};

static const struct cli_opt options[] = {
    CLI_SIZE(0, "folds", "N", &o.folds, 2, 100, "parts that the patients are dealt to"),
    CLI_SIZE('u', "updates", "N", &o.updates, 1, 1e6, "training updates for each of them"),
    CLI_SIZE('b', "batch", "N", &o.batch, 1, 1024, "patches of each kind in an update"),
    CLI_REAL('w', "width", "X", &o.width, 0.01, 16, "multiplies the network's filters"),
    CLI_SIZE(0, "limit", "N", &o.limit, 2, 100000, "patches of each kind, the first N"),
    CLI_REAL(0, "level", "SHARE", &o.level, 0.5, 0.999, "level of the interval"),
    CLI_SEED(&o.seed),
    CLI_THREADS(&o.threads),
    CLI_END,
};

static const struct cli_prog prog = {
    "tell-apart",
    "REAL SYNTHETIC",
    "How well a small network tells synthetic patches from real ones; 0.5 is not at all.",
    options,
    2,
    2};

/* Both kinds: real patches, and behind them synthetic ones. */
struct patches {
    size_t n, size, cap_patch, cap_patient, cap_synthetic;
    float *patch;
    uint32_t *patient;
    uint8_t *synthetic;
};

static int
add(struct patches *p, const struct ts_record *rec, struct names *patients, int synthetic,
    struct err *e)
{
    const char *patient = ts_meta_or(rec, "patient", "");
    size_t h, w, pixels;
    float *plane;

    if (patient[0] == '\0')
        return err_set(e, "has no patient");
    if (p->size == 0) {
        if ((plane = ts_plane(rec, "image", &h, &w, e)) == NULL)
            return -1;
        free(plane);
        p->size = h;
    }
    pixels = p->size * p->size;
    if ((plane = feed_plane(rec, "image", p->size, e)) == NULL)
        return -1;
    if (MEM_GROW(p->patch, p->cap_patch, (p->n + 1) * pixels, e) == -1 ||
        MEM_GROW(p->patient, p->cap_patient, p->n + 1, e) == -1 ||
        MEM_GROW(p->synthetic, p->cap_synthetic, p->n + 1, e) == -1 ||
        names_number(patients, patient, &p->patient[p->n], e) == -1) {
        free(plane);
        return -1;
    }
    for (size_t i = 0; i < pixels; i++)
        p->patch[p->n * pixels + i] = plane[i];
    free(plane);
    p->synthetic[p->n++] = (uint8_t)synthetic;
    return 0;
}

/* The stream is read to its end; up to `limit` of its records are taken. */
static size_t
read_patches(struct patches *p, const char *path, struct names *patients, int synthetic)
{
    size_t first = p->n;
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct err e;
    int rc;

    if ((in = ts_open(path, &e)) == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1)
        if (p->n - first < o.limit && add(p, &rec, patients, synthetic, &e) == -1) {
            err_in(&e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            break;
        }
    if (rc != 0)
        cli_fail(&e);
    if (p->n == first)
        cli_failf("%s: has no records", ts_name(in));
    ts_close(in);
    return p->n - first;
}

/* Of both kinds, real ones before synthetic ones, the first `each` stay. */
static void
cut(struct patches *p, size_t n_real, size_t each)
{
    size_t pixels = p->size * p->size;

    memmove(p->patch + each * pixels, p->patch + n_real * pixels,
            each * pixels * sizeof(*p->patch));
    memmove(p->patient + each, p->patient + n_real, each * sizeof(*p->patient));
    memmove(p->synthetic + each, p->synthetic + n_real, each * sizeof(*p->synthetic));
    p->n = 2 * each;
}

/* Numbers from 0 on again for the patients that are left; of[] counts those of each kind. */
static size_t
renumber(struct patches *p, size_t patients, size_t of[2])
{
    struct err e;
    uint32_t *number = mem_array(patients, sizeof(*number), &e);
    uint8_t *has = mem_array(patients, 1, &e);
    uint32_t n = 0;

    if (number == NULL || has == NULL)
        cli_fail(&e);
    of[0] = of[1] = 0;
    for (size_t i = 0; i < p->n; i++) {
        uint8_t *h = &has[p->patient[i]], bit = p->synthetic[i] ? 2 : 1;

        if (*h == 0)
            number[p->patient[i]] = n++;
        of[p->synthetic[i]] += (*h & bit) == 0;
        *h |= bit;
        p->patient[i] = number[p->patient[i]];
    }
    free(number);
    free(has);
    return n;
}

int
main(int argc, char **argv)
{
    struct tell_apart_config config;
    struct tell_apart_patches all;
    struct apart_share area;
    struct names patients = {0};
    struct patches p = {0};
    size_t n_real, n_synthetic, each, n, of[2];
    double *areas;
    struct err e;
    int first;

    backend_start(argv);
    first = cli_parse(&prog, argc, argv);
    backend_threads((int)o.threads);
    n_real = read_patches(&p, argv[first], &patients, 0);
    n_synthetic = read_patches(&p, argv[first + 1], &patients, 1);
    each = n_real < n_synthetic ? n_real : n_synthetic;
    cut(&p, n_real, each);
    n = renumber(&p, patients.n, of);
    for (int k = 0; k < 2; k++)
        if (of[k] > 1 && of[k] < o.folds) {
            cli_warn("%zu folds, not %zu: %zu patients have %s patches", of[k], o.folds, of[k],
                     k ? "synthetic" : "real");
            o.folds = of[k];
        }
    all = (struct tell_apart_patches){.n = p.n,
                                      .size = p.size,
                                      .patch = p.patch,
                                      .synthetic = p.synthetic,
                                      .patient = p.patient,
                                      .patients = n};
    config = (struct tell_apart_config){o.folds, o.updates, o.batch, o.width, o.seed};
    if ((areas = mem_array(o.folds, sizeof(*areas), &e)) == NULL ||
        tell_apart(&all, &config, areas, &e) == -1)
        cli_fail(&e);
    area = tell_apart_area(areas, o.folds, o.level);
    puts("what\tvalue\tlower\tupper");
    printf("area\t%.4g\t%.4g\t%.4g\n", area.value, area.lower, area.upper);
    for (size_t f = 0; f < o.folds; f++)
        printf("fold %zu\t%.4g\t\t\n", f + 1, areas[f]);
    printf("folds\t%zu\t\t\n", o.folds);
    printf("patches of each kind\t%zu\t\t\n", each);
    printf("patients of real patches\t%zu\t\t\n", of[0]);
    printf("patients of synthetic patches\t%zu\t\t\n", of[1]);
    printf("patients\t%zu\t\t\n", n);
    cli_close_stdout();
    names_free(&patients);
    free(p.patch);
    free(p.patient);
    free(p.synthetic);
    free(areas);
    return 0;
}
