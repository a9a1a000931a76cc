/*
 * phantom - draw full mammograms whose lesions are known.
 *
 * Writes pictures, lesion masks, tissue masks and, last of all, their manifest into a folder.  A folder that holds a manifest
 * therefore holds all that it names.
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
#include "stream/manifest.h"

struct opts {
    const char *out, *splits;
    size_t patients;
    int progress;
    struct phantom_opts draw;
};

static const char *const label_name[] = {"normal", "benign", "malignant"};
static const char *const lesion_name[] = {"mass", "calcification"};
static const char *const split_name[] = {"train", "val", "test"};

/* "60/20/20": three whole percentages that make 100. */
static void
parse_splits(const char *text, struct phantom_opts *o)
{
    unsigned train, val, test;
    int end = 0;

    if (strspn(text, "0123456789/") != strlen(text) ||
        sscanf(text, "%3u/%3u/%3u%n", &train, &val, &test, &end) != 3 || text[end] != '\0' ||
        train + val + test != 100)
        cli_usage("--splits %s: not three percentages that make 100, such as 60/20/20", text);
    o->train = train / 100.0;
    o->val = val / 100.0;
}

static void
make_folder(const char *root, const char *name)
{
    struct err e;
    char *path = name ? mem_printf(&e, "%s/%s", root, name) : mem_string(root, &e);

    if (path == NULL)
        cli_fail(&e);
    if (mkdir(path, 0777) == -1 && errno != EEXIST)
        cli_failf("%s: %s", path, strerror(errno));
    free(path);
}

static void
save(const char *root, const char *name, const struct image *im, const struct mask *m,
     const char *const *text)
{
    struct err e;
    char *path = mem_printf(&e, "%s/%s", root, name);

    if (path == NULL || (im ? image_write_png(path, im, text, &e) : mask_write_png(path, m, &e)) == -1)
        cli_fail(&e);
    free(path);
}

/* Draws picture k, saves its files and appends its rows to the manifest. */
static void
make_picture(const struct opts *o, uint64_t k, const char *history, FILE *manifest)
{
    const char *const text[] = {"Software", history, NULL};
    struct phantom_view v;
    struct phantom_case c;
    char name[64], image[80], mask[80], tissue[80];
    struct err e;

    phantom_case(&o->draw, k, &c);
    if (phantom_draw(&o->draw, k, &v, &e) == -1)
        cli_fail(&e);
    snprintf(name, sizeof name, "p%05llu_%c_%s.png", (unsigned long long)c.patient + 1, c.side,
             c.mlo ? "MLO" : "CC");
    snprintf(image, sizeof image, "images/%s", name);
    snprintf(tissue, sizeof tissue, "tissue/%s", name);
    snprintf(mask, sizeof mask, "masks/%s", name);
    save(o->out, image, &v.image, NULL, text);
    save(o->out, tissue, NULL, &v.tissue, NULL);
    if (v.n > 0)
        save(o->out, mask, &v.findings, NULL, NULL);
    for (size_t i = 0; i < (v.n > 0 ? v.n : 1); i++) {
        const struct phantom_finding *f = &v.finding[i];

        fprintf(manifest, "%s\tp%05llu\t%s\t%c\t%s\t%s\t", image, (unsigned long long)c.patient + 1,
                split_name[c.split], c.side, c.mlo ? "MLO" : "CC", label_name[c.label]);
        if (v.n > 0)
            fprintf(manifest, "%s\t%zu\t%zu\t%zu\t%zu\t%s=%zu\t", lesion_name[f->kind], f->x0, f->y0,
                    f->x1, f->y1, mask, i + 1);
        else
            fputs("\t\t\t\t\t\t", manifest);
        fprintf(manifest, "%s\n", tissue);
    }
    phantom_free(&v);
}

int
main(int argc, char **argv)
{
    struct opts o = {.splits = "60/20/20", .patients = 100,
                     .draw = {.h = 800, .sides = 1, .malignant = 0.4, .benign = 0.3, .calcification = 0.4}};
    const struct cli_opt table[] = {
        CLI_LOCAL_TEXT('o', "out", "DIR", &o.out, "folder to write to; made if missing"),
        CLI_SIZE('n', "patients", "N", &o.patients, 1, 1e7, "patients, each seen from CC and MLO"),
        CLI_SEED(&o.draw.seed),
        CLI_SIZE(0, "height", "N", &o.draw.h, PHANTOM_MIN_SIDE, PHANTOM_MAX_SIDE, "rows, 240 mm in all"),
        CLI_SIZE(0, "width", "N", &o.draw.w, 0, PHANTOM_MAX_SIDE, "columns; 0 = three quarters of the height"),
        CLI_SIZE(0, "sides", "N", &o.draw.sides, 1, 2, "breasts a patient; lesions are in one of them"),
        CLI_REAL(0, "malignant", "SHARE", &o.draw.malignant, 0, 1, "share of patients with cancer"),
        CLI_REAL(0, "benign", "SHARE", &o.draw.benign, 0, 1, "share of patients with a benign lesion"),
        CLI_REAL(0, "calcification", "SHARE", &o.draw.calcification, 0, 1,
                 "share of lesions that are clusters of calcifications, not masses"),
        CLI_TEXT(0, "splits", "A/B/C", &o.splits, "percentages of patients for train, val and test"),
        CLI_PROGRESS(&o.progress),
        CLI_END,
    };
    const struct cli_prog prog = {"phantom", "", "Draw full mammograms whose lesions are known.", table, 0, 0};
    struct output manifest;
    struct progress bar;
    struct err e;

    cli_parse(&prog, argc, argv);
    if (o.out == NULL)
        cli_usage("--out is missing");
    if (o.draw.malignant + o.draw.benign > 1 + 1e-9)
        cli_usage("--malignant %g and --benign %g make more than 1", o.draw.malignant, o.draw.benign);
    parse_splits(o.splits, &o.draw);
    if (o.draw.w == 0)
        o.draw.w = o.draw.h * 3 / 4;
    if (o.draw.w < PHANTOM_MIN_SIDE / 2)
        cli_usage("--width %zu is less than %d", o.draw.w, PHANTOM_MIN_SIDE / 2);

    char *history = cli_history(&prog, &e);
    char *path = mem_printf(&e, "%s/manifest.tsv", o.out);

    if (history == NULL || path == NULL)
        cli_fail(&e);
    make_folder(o.out, NULL);
    make_folder(o.out, "images");
    make_folder(o.out, "masks");
    make_folder(o.out, "tissue");
    if (unlink(path) == -1 && errno != ENOENT) /* an old one would not fit the new pictures */
        cli_failf("%s: %s", path, strerror(errno));
    if (output_open(&manifest, path, &e) == -1)
        cli_fail(&e);
    fputs("image\tpatient\tsplit\tside\tview\tlabel\tlesion\tx0\ty0\tx1\ty1\tmask\ttissue\n", manifest.file);

    uint64_t n = (uint64_t)o.patients * phantom_views(&o.draw);

    progress_start(&bar, "phantom", "pictures", 0, n, o.progress);
    for (uint64_t k = 0; k < n; k++) {
        make_picture(&o, k, history, manifest.file);
        progress_at(&bar, k + 1, NULL);
    }
    progress_end(&bar, n);
    if (output_commit(&manifest, &e) == -1)
        cli_fail(&e);
    free(history);
    free(path);
    return 0;
}
