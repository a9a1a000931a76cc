/*
 * sample: what is drawn how often, by patient, image and finding, where some have many findings and
 * some have nothing that can be drawn; independence of the order; what the report says of it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "patch/sample.h"
#include "stream/tstream.h"
#include "tap.h"

enum { SIDE = 60, IMAGES = 24, MOST = 80 };

static char dir[] = "/tmp/test_draws.XXXXXX";
static struct cache *cache;
static struct err e;

static void
put(const char *name, int grey)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if ((f = fopen(path, "wb")) == NULL)
        exit(1);
    fprintf(f, "P5\n%d %d\n255\n", SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        fputc(grey, f);
    if (fclose(f) != 0)
        exit(1);
}

/* What is in the manifest: a row each, and whether a patch of it is possible. */
struct truth {
    int patient, image, usable;
    size_t x, y; /* corner of a finding's box of 3 x 3 pixels */
};

struct set {
    struct manifest m;
    struct truth row[MOST];
    size_t n;
};

static void
add(struct set *s, struct truth t, int tissue, int finding)
{
    char image[16], patient[16];
    struct finding f = {.image = image,
                        .patient = patient,
                        .split = SPLIT_TRAIN,
                        .label = finding ? LABEL_MALIGNANT : LABEL_NORMAL,
                        .lesion = finding ? LESION_MASS : LESION_NONE,
                        .tissue = tissue ? (char[]){"all.pgm"} : (char[]){"none.pgm"},
                        .has_box = finding,
                        .x0 = t.x,
                        .y0 = t.y,
                        .x1 = t.x + 3,
                        .y1 = t.y + 3};

    snprintf(image, sizeof(image), "%d.pgm", t.image);
    snprintf(patient, sizeof(patient), "P%d", t.patient);
    if (s->n == MOST || manifest_add(&s->m, &f, &e) == -1 ||
        (s->m.root == NULL && (s->m.root = mem_string(dir, &e)) == NULL))
        exit(1);
    s->row[s->n++] = t;
}

/* n findings on an image, where windows of 16 pixels with a margin of 12 reach: 12 .. 47. */
static void
add_findings(struct set *s, int patient, int image, size_t n, int tissue)
{
    for (size_t i = 0; i < n; i++)
        add(s, (struct truth){patient, image, tissue, 12 + 6 * (i % 6), 12 + 6 * (i / 6)}, tissue,
            1);
}

/* One in the corner, where they do not. */
static void
add_corner(struct set *s, int patient, int image)
{
    add(s, (struct truth){patient, image, 0, 2, 2}, 1, 1);
}

/*
 * Patient 0 has 54 findings on five images, which do not stand together; patient 1 has one on each
 * of two images, six more have a single one.  Useless are one finding on two images of patient 0, a
 * whole image of hers, and all of patient 8.
 */
static void
lesions(struct set *s)
{
    static const size_t many[5] = {30, 12, 8, 3, 1};

    for (int i = 0; i < 5; i++) {
        if (i == 1)
            add_corner(s, 0, 2 * i);
        add_findings(s, 0, 2 * i, many[i], 1);
        if (i == 4)
            add_corner(s, 0, 2 * i);
        add_findings(s, i + 1, 2 * i + 1, 1, 1);
    }
    add_findings(s, 0, 10, 2, 0);
    add_findings(s, 6, 11, 1, 1);
    add_findings(s, 8, 12, 3, 0);
    add_findings(s, 7, 13, 1, 1);
    add_corner(s, 8, 14);
    add_findings(s, 1, 15, 1, 1);
}

/* Patient 0 has eight images, patient 1 two and a useless one, patient 7 a useless one alone. */
static void
normals(struct set *s)
{
    for (int i = 0; i < 8; i++) {
        add(s, (struct truth){.patient = 0, .image = 2 * i, .usable = 1}, 1, 0);
        add(s, (struct truth){.patient = i, .image = 2 * i + 1, .usable = i > 0 && i < 7},
            i > 0 && i < 7, 0);
    }
    add(s, (struct truth){.patient = 1, .image = 16, .usable = 0}, 0, 0);
    add(s, (struct truth){.patient = 1, .image = 17, .usable = 1}, 1, 0);
}

static const struct sample_options usual = {.split = SPLIT_TRAIN,
                                            .label = LABEL_NORMAL,
                                            .size = 16,
                                            .margin = 12,
                                            .downscale = 1,
                                            .min_tissue = 0.9,
                                            .max_offset = 0.5,
                                            .max_box = SIZE_MAX,
                                            .seed = 11};

static struct sampler *
start(const struct set *set, const struct sample_options *o)
{
    struct sampler *s = sampler_open(&set->m, "m.tsv", cache, o, &e);

    if (s == NULL) {
        tap_ok(0, "sampler_open: %s", e.text);
        exit(1);
    }
    return s;
}

/* ---- the law ---- */

enum level { PATIENT, IMAGE, FINDING };
static const char *const level_name[] = {"patient", "image", "finding"};

/* What row k is counted with on a level. */
static size_t
key(const struct set *s, size_t k, enum level level)
{
    return level == PATIENT ? (size_t)s->row[k].patient
           : level == IMAGE ? (size_t)s->row[k].image
                            : k;
}

/* Different keys on `level` among the usable rows that agree with row k on `of` (NULL: all rows).
 */
static double
different(const struct set *s, enum level level, const enum level *of, size_t k)
{
    char seen[MOST] = {0};
    double n = 0;

    for (size_t i = 0; i < s->n; i++) {
        size_t at = key(s, i, level);

        if (!s->row[i].usable || (of != NULL && key(s, i, *of) != key(s, k, *of)))
            continue;
        n += !seen[at];
        seen[at] = 1;
    }
    return n;
}

/* The law in sample.h. */
static double
chance(const struct set *s, size_t k, enum sample_by by)
{
    static const enum level patient = PATIENT, image = IMAGE;

    if (!s->row[k].usable)
        return 0;
    if (by == SAMPLE_BY_FINDING)
        return 1 / different(s, FINDING, NULL, k);
    if (by == SAMPLE_BY_IMAGE)
        return 1 / different(s, IMAGE, NULL, k) / different(s, FINDING, &image, k);
    return 1 / different(s, PATIENT, NULL, k) / different(s, IMAGE, &patient, k) /
           different(s, FINDING, &image, k);
}

/* The row that a record shows; s->n if there is none. */
static size_t
row_of(const struct set *s, const struct ts_record *r)
{
    int image = atoi(ts_meta_or(r, "source", "-1"));
    size_t x = strtoull(ts_meta_or(r, "x", ""), NULL, 10), sx = 0;
    size_t y = strtoull(ts_meta_or(r, "y", ""), NULL, 10), sy = 0, k;
    int finding = sscanf(ts_meta_or(r, "seedpixel", ""), "%zu,%zu", &sx, &sy) == 2;

    x += sx - usual.margin;
    y += sy - usual.margin;
    for (k = 0; k < s->n; k++) {
        const struct truth *t = &s->row[k];

        if (t->image == image &&
            (!finding || (x >= t->x && x < t->x + 3 && y >= t->y && y < t->y + 3)))
            break;
    }
    return k;
}

/*
 * Draws and compares what came with the law, level by level, by Pearson's chi-square.  Below `most`
 * (0.999 quantiles) come 999 of 1000 seeds of draws that follow it, for each of the levels.
 */
static void
check_law(const char *what, const struct set *set, const struct sample_options *o, size_t n,
          const double most[3])
{
    struct sampler *s = start(set, o);
    struct ts_record r = {0};
    struct sample_report report;
    size_t got[MOST] = {0}, patients[MOST] = {0}, bad = 0;
    double squares = 0, drawn = 0;

    for (uint64_t i = 0; i < n; i++) {
        size_t k = sampler_draw(s, i, &r, &e) == 1 ? row_of(set, &r) : set->n;

        if (k == set->n) {
            bad++;
            continue;
        }
        got[k]++;
        patients[set->row[k].patient]++;
    }
    if (!tap_ok(bad == 0, "%s: patches", what))
        tap_note("%zu wrong; %s", bad, e.text);
    for (enum level level = PATIENT; level <= FINDING; level++) {
        double have[MOST] = {0}, want[MOST] = {0}, chi2 = 0, sum = 0;

        for (size_t k = 0; k < set->n; k++) {
            have[key(set, k, level)] += (double)got[k];
            want[key(set, k, level)] += (double)n * chance(set, k, o->by);
        }
        for (size_t k = 0; k < MOST; k++) {
            sum += want[k];
            if (want[k] > 0)
                chi2 += (have[k] - want[k]) * (have[k] - want[k]) / want[k];
            else if (have[k] > 0)
                chi2 = INFINITY;
        }
        tap_ok(fabs(sum - (double)n) < 1e-6 * (double)n && chi2 < most[level],
               "%s: each %s as often as it should be (chi-square %.1f, at most %.1f)", what,
               level_name[level], chi2, most[level]);
    }
    for (size_t p = 0; p < MOST; p++) {
        squares += (double)patients[p] * (double)patients[p];
        drawn += patients[p] > 0;
    }
    report = sampler_report(s);
    tap_ok(report.items == set->n && (double)report.patients == drawn &&
               report.item_patients == report.patients + 1,
           "%s: %zu patients, %zu drawn", what, report.item_patients, report.patients);
    tap_near(report.effective_patients, (double)n * (double)n / squares, 1e-9,
             "their effective number");
    sampler_close(s);
    ts_clear(&r);
}

static void
test_law(void)
{
    /* Degrees of freedom: 8 patients, 13 images, 62 findings; 7 and 15 (scipy 1.17.1). */
    static const double of_lesions[3] = {24.32, 32.91, 100.89},
                        of_normals[3] = {22.46, 36.12, 36.12};
    struct set a = {0}, b = {0};
    struct sample_options o = usual;
    char what[32];

    lesions(&a);
    normals(&b);
    for (int by = SAMPLE_BY_PATIENT; by <= SAMPLE_BY_FINDING; by++) {
        o.by = (enum sample_by)by;
        o.label = LABEL_MALIGNANT;
        snprintf(what, sizeof(what), "lesions by %s", level_name[by]);
        /* The rarest finding, 1 of 30 on 1 of 5 images of 1 of 8 patients, is expected 5 times. */
        check_law(what, &a, &o, 6000, of_lesions);
        o.label = LABEL_NORMAL;
        snprintf(what, sizeof(what), "normals by %s", level_name[by]);
        check_law(what, &b, &o, 3000, of_normals);
    }
    manifest_free(&a.m);
    manifest_free(&b.m);
}

/* ---- the order of draws ---- */

/* Patch `index` as the bytes of its record, without the metadata of these names. */
static unsigned char *
draw_without(const char *const *names, size_t n_names, struct sampler *s, uint64_t index, size_t *n)
{
    struct ts_record r = {0};
    unsigned char *bytes = NULL;

    if (sampler_draw(s, index, &r, &e) == 1) {
        for (size_t i = 0; i < n_names; i++)
            ts_meta_drop(&r, names[i]);
        bytes = ts_encode(&r, n, &e);
    }
    if (bytes == NULL) {
        tap_ok(0, "draw %d: %s", (int)index, e.text);
        exit(1);
    }
    ts_clear(&r);
    return bytes;
}

static unsigned char *
draw(struct sampler *s, uint64_t index, size_t *n)
{
    return draw_without(NULL, 0, s, index, n);
}

/* A record is the same whether it is drawn first or after all others, and all is known by then. */
static void
check_order(const char *what, const struct set *set, const struct sample_options *o, size_t useless)
{
    struct sampler *late = start(set, o);
    size_t different_bytes = 0, met = 0, n, m;

    for (uint64_t i = 0; i < 500; i++)
        free(draw(late, i, &n));
    for (uint64_t i = 440; i <= 500; i++) {
        struct sampler *fresh = start(set, o);
        unsigned char *a = draw(fresh, i, &n), *b = draw(late, i, &m);

        different_bytes += n != m || memcmp(a, b, n) != 0;
        met += sampler_report(fresh).no_place > 0;
        free(a);
        free(b);
        sampler_close(fresh);
    }
    tap_ok(different_bytes == 0, "%s: drawn first or late, the same bytes", what);
    tap_ok(met > 0 && sampler_report(late).no_place == useless,
           "%s: %zu of 61 met a useless one first; all %zu are known in the end", what, met,
           useless);
    sampler_close(late);
}

static void
test_order(void)
{
    struct set a = {0}, b = {0};
    struct sample_options o = usual;
    char what[32];

    lesions(&a);
    normals(&b);
    for (int by = SAMPLE_BY_PATIENT; by <= SAMPLE_BY_FINDING; by++) {
        o.by = (enum sample_by)by;
        o.label = LABEL_MALIGNANT;
        snprintf(what, sizeof(what), "lesions by %s", level_name[by]);
        check_order(what, &a, &o, 8);
        o.label = LABEL_NORMAL;
        snprintf(what, sizeof(what), "normals by %s", level_name[by]);
        check_order(what, &b, &o, 3);
    }
    manifest_free(&a.m);
    manifest_free(&b.m);
}

/* ---- the rest ---- */

/* A name for the bytes of the first patches. */
static uint64_t
hash_of(const struct set *set, enum term_label label, enum sample_by by)
{
    struct sample_options o = usual;
    struct sampler *s;
    uint64_t hash = 0;

    o.label = label;
    o.by = by;
    s = start(set, &o);
    for (uint64_t i = 0; i < 100; i++) {
        static const char *const newer[] = {"depth", "height"};
        size_t n;
        unsigned char *bytes = draw_without(newer, 2, s, i, &n);

        hash = hash * 31 + rng_hash(bytes, n);
        free(bytes);
    }
    sampler_close(s);
    return hash;
}

/*
 * By finding, and normal patches by image: what was drawn before there was a choice, so that old
 * streams can be made again.  The hashes come from the program that had none.
 */
static void
test_old(void)
{
    struct set a = {0}, b = {0};

    lesions(&a);
    normals(&b);
    tap_ok(hash_of(&a, LABEL_MALIGNANT, SAMPLE_BY_FINDING) == UINT64_C(0x5a09cdf9008b2da7),
           "by finding: the bytes of old");
    tap_ok(hash_of(&b, LABEL_NORMAL, SAMPLE_BY_IMAGE) == UINT64_C(0xac98617e7b88b46a) &&
               hash_of(&b, LABEL_NORMAL, SAMPLE_BY_FINDING) == UINT64_C(0xac98617e7b88b46a),
           "by image and by finding, normal patches: the same");
    manifest_free(&a.m);
    manifest_free(&b.m);
}

static void
test_nothing(void)
{
    struct set a = {0};
    struct sample_options o = usual;
    struct ts_record r = {0};
    struct sampler *s;

    add_findings(&a, 0, 0, 20, 0);
    add_findings(&a, 0, 1, 1, 0);
    add_corner(&a, 1, 2);
    o.label = LABEL_MALIGNANT;
    for (int by = SAMPLE_BY_PATIENT; by <= SAMPLE_BY_FINDING; by++) {
        o.by = (enum sample_by)by;
        s = start(&a, &o);
        tap_ok(sampler_draw(s, 0, &r, &e) == -1 && strstr(e.text, "in any of 22 findings") &&
                   sampler_report(s).no_place == 22 && sampler_draw(s, 1, &r, &e) == -1,
               "by %s: nothing usable is an error, again and again", level_name[by]);
        tap_ok(sampler_report(s).patients == 0 && sampler_report(s).effective_patients == 0,
               "by %s: of no patients", level_name[by]);
        sampler_close(s);
    }
    manifest_free(&a.m);

    /* Each in turn is counted too: 3 patches of one patient, 1 of another: 16 / 10. */
    a = (struct set){0};
    add_findings(&a, 0, 0, 3, 1);
    add_corner(&a, 0, 0);
    add_findings(&a, 1, 1, 1, 1);
    o.by = SAMPLE_BY_PATIENT;
    o.each = 1;
    s = start(&a, &o);
    for (uint64_t i = 0; i < sampler_total(s); i++)
        tap_ok(sampler_draw(s, i, &r, &e) == (i != 3), "each: patch %d", (int)i);
    tap_near(sampler_report(s).effective_patients, 1.6, 1e-12, "each: effective patients");
    sampler_close(s);
    ts_clear(&r);
    manifest_free(&a.m);
}

int
main(void)
{
    char command[64], name[16];

    if (mkdtemp(dir) == NULL || (cache = cache_open(NULL, &e)) == NULL)
        return 1;
    for (int i = 0; i < IMAGES; i++) {
        snprintf(name, sizeof(name), "%d.pgm", i);
        put(name, 60 + 8 * i);
    }
    put("all.pgm", 255);
    put("none.pgm", 0);
    test_law();
    test_order();
    test_old();
    test_nothing();
    cache_close(cache);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) != 0 || tap_done(62);
}
