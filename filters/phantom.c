/*
 * phantom - draw full mammograms whose lesions are known: the built-in data.
 *
 * Writes pictures, lesion masks and tissue masks into a folder, each whole or not at all, then what
 * its findings truly are, and their manifest last: a folder that has a manifest has all that it
 * names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/progress.h"
#include "io/output.h"
#include "patch/phantom.h"

struct opts {
    const char *out, *splits;
    size_t patients, start;
    int progress;
    struct phantom_opts draw;
};

/* "60/20/20": three whole percentages that make 100. */
static void
parse_splits(const char *text, struct phantom_opts *o)
{
    unsigned train = 0, val = 0, test = 0;
    int end = 0;

    if (strspn(text, "0123456789/") != strlen(text) ||
        sscanf(text, "%3u/%3u/%3u%n", &train, &val, &test, &end) != 3 || text[end] != '\0' ||
        train + val + test != 100)
        cli_usage("--splits %s: not three percentages that make 100, such as 60/20/20", text);
    o->train = train / 100.0;
    o->val = val / 100.0;
}

static void
parse(struct opts *o)
{
    if (o->out == NULL || o->out[0] == '\0')
        cli_usage("--out is missing");
    if (o->draw.malignant + o->draw.benign > 1 + 1e-9)
        cli_usage("--malignant %g and --benign %g make more than 1", o->draw.malignant,
                  o->draw.benign);
    parse_splits(o->splits, &o->draw);
    if (o->draw.w == 0)
        o->draw.w = o->draw.h * 3 / 4;
    if (o->draw.w < o->draw.h / 2)
        cli_usage("--width %zu is less than half of --height %zu: no room for a breast", o->draw.w,
                  o->draw.h);
}

/* The tables of a folder. */
struct tables {
    struct output manifest, findings;
};

/* DIR and the folders in it.  An old manifest goes: it would not fit what is written now. */
static int
make_folders(const char *out, const char *manifest, struct err *e)
{
    static const char *const name[] = {"", "/images", "/masks", "/tissue"};

    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        char *path = mem_printf(e, "%s%s", out, name[i]);

        if (path == NULL)
            return -1;
        if (mkdir(path, 0777) == -1 && errno != EEXIST) {
            err_sys(e, "%s", path);
            free(path);
            return -1;
        }
        free(path);
    }
    if (unlink(manifest) == -1 && errno != ENOENT)
        return err_sys(e, "%s", manifest);
    return 0;
}

/* Saves an image, or a mask where im is NULL, as DIR/name. */
static int
save(const char *out, const char *name, const struct image *im, const struct mask *m,
     const char *history, struct err *e)
{
    const char *const text[] = {"Software", history, NULL};
    char *path = mem_printf(e, "%s/%s", out, name);
    int rc = -1;

    if (path)
        rc = im ? image_write_png(path, im, text, e) : mask_write_png(path, m, e);
    free(path);
    return rc;
}

/* Draws picture k, saves its files and writes its rows of the tables. */
static int
make_picture(const struct opts *o, uint64_t k, const char *history, struct tables *t, struct err *e)
{
    FILE *manifest = t->manifest.file;
    struct phantom_view v;
    struct phantom_case c;
    char patient[32], name[64], image[80], mask[80], tissue[80];
    int rc = -1;

    phantom_case(&o->draw, k, &c);
    if (phantom_draw(&o->draw, k, &v, e) == -1)
        return -1;
    snprintf(patient, sizeof patient, "p%05llu", (unsigned long long)c.patient + 1);
    snprintf(name, sizeof name, "%s_%s_%s.png", patient, side_word[c.side], view_word[c.view]);
    snprintf(image, sizeof image, "images/%s", name);
    snprintf(mask, sizeof mask, "masks/%s", name);
    snprintf(tissue, sizeof tissue, "tissue/%s", name);
    if (save(o->out, image, &v.image, NULL, history, e) == -1 ||
        save(o->out, tissue, NULL, &v.tissue, NULL, e) == -1 ||
        (v.n > 0 && save(o->out, mask, &v.findings, NULL, history, e) == -1))
        goto out;
    for (size_t i = 0; i == 0 || i < v.n; i++) {
        const struct phantom_finding *f = &v.finding[i];

        fprintf(manifest, "%s\t%s\t%s\t%s\t%s\t%s\t", image, patient, split_word[c.split],
                side_word[c.side], view_word[c.view], label_word[c.label]);
        if (v.n > 0)
            fprintf(manifest, "%s\t%zu\t%zu\t%zu\t%zu\t%s=%zu\t", lesion_word[f->kind], f->x0,
                    f->y0, f->x1, f->y1, mask, i + 1);
        else
            fputs("\t\t\t\t\t\t", manifest);
        fprintf(manifest, "%s\n", tissue);
        if (v.n > 0)
            fprintf(t->findings.file, "%s\t%zu\t%s\t%s\t%.6f\t%.6f\n", mask, i + 1,
                    label_word[c.label], lesion_word[f->kind], f->t, f->contrast);
    }
    rc = 0;
out:
    phantom_free(&v);
    return rc;
}

int
main(int argc, char **argv)
{
    struct opts o = {.splits = "60/20/20",
                     .patients = 100,
                     .draw = {.h = 800,
                              .sides = 1,
                              .malignant = 0.4,
                              .benign = 0.3,
                              .calcification = 0.4,
                              .min_contrast = 0.08,
                              .seed = 1}};
    const struct cli_opt table[] = {
        CLI_LOCAL_TEXT('o', "out", "DIR", &o.out, "folder to write to, made if missing"),
        CLI_LOCAL_SIZE('n', "patients", "N", &o.patients, 1, 1e7,
                       "patients, each seen in CC and MLO"),
        CLI_LOCAL_SIZE(0, "start", "N", &o.start, 0, 1e7, "number of the first patient, from 0"),
        CLI_SEED(&o.draw.seed),
        CLI_SIZE(0, "height", "N", &o.draw.h, PHANTOM_MIN_SIDE, PHANTOM_MAX_SIDE,
                 "rows, 240 mm in all"),
        CLI_SIZE(0, "width", "N", &o.draw.w, 0, PHANTOM_MAX_SIDE,
                 "columns; 0 = three quarters of the rows"),
        CLI_SIZE(0, "sides", "N", &o.draw.sides, 1, 2,
                 "breasts of a patient; lesions are in one of them"),
        CLI_REAL(0, "malignant", "SHARE", &o.draw.malignant, 0, 1,
                 "share of patients with a malignant lesion"),
        CLI_REAL(0, "benign", "SHARE", &o.draw.benign, 0, 1,
                 "share of patients with a benign lesion"),
        CLI_REAL(0, "calcification", "SHARE", &o.draw.calcification, 0, 1,
                 "share of clusters of calcifications among lesions; the rest are masses"),
        CLI_REAL(0, "min-contrast", "X", &o.draw.min_contrast, 0, 0.5,
                 "masses stand out from what is round them by X grey levels of [0,1], or more"),
        CLI_TEXT(0, "splits", "A/B/C", &o.splits,
                 "percentages of patients for train, val and test"),
        CLI_PROGRESS(&o.progress),
        CLI_END,
    };
    const struct cli_prog prog = {"phantom", "", "Draw full mammograms whose lesions are known.",
                                  table,     0,  0};
    struct tables tables = {0};
    struct progress bar;
    struct err e;
    uint64_t k, first, end;
    int rc = 0;

    cli_parse(&prog, argc, argv);
    parse(&o);
    cli_catch_stop();

    char *history = cli_history(&prog, &e);
    char *path = history ? mem_printf(&e, "%s/manifest.tsv", o.out) : NULL;
    char *truth = path ? mem_printf(&e, "%s/findings.tsv", o.out) : NULL;

    if (truth == NULL || make_folders(o.out, path, &e) == -1 ||
        output_open(&tables.findings, truth, &e) == -1 ||
        output_open(&tables.manifest, path, &e) == -1)
        cli_fail(&e);
    fputs("image\tpatient\tsplit\tside\tview\tlabel\tlesion\tx0\ty0\tx1\ty1\tmask\ttissue\n",
          tables.manifest.file);
    fputs("mask\tfinding\tlabel\tlesion\tsuspicion\tcontrast\n", tables.findings.file);
    k = first = (uint64_t)o.start * phantom_views(&o.draw);
    end = first + (uint64_t)o.patients * phantom_views(&o.draw);
    progress_start(&bar, "phantom", "pictures", first, end, o.progress);
    while (rc == 0 && k < end && !cli_stopped()) {
        rc = make_picture(&o, k, history, &tables, &e);
        if (rc == 0)
            progress_at(&bar, ++k, NULL);
    }
    progress_end(&bar, k);
    if (rc == 0 && k < end)
        rc = err_set(&e, "%s: stopped after %llu of %llu pictures, no manifest written", o.out,
                     (unsigned long long)(k - first), (unsigned long long)(end - first));
    if (rc == 0 && output_commit(&tables.findings, &e) == 0) {
        rc = output_commit(&tables.manifest, &e);
    } else {
        rc = -1;
        output_abort(&tables.findings);
        output_abort(&tables.manifest);
    }
    free(history);
    free(path);
    free(truth);
    if (rc == -1)
        cli_fail(&e);
    return 0;
}
