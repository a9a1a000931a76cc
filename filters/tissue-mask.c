/*
 * tissue-mask - finds the breast on mammograms.
 *
 * Reads a manifest, writes one mask for each image into a folder, and the manifest with their paths
 * to standard output; or, with --image, makes the mask of a single image.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "base/mem.h"
#include "base/progress.h"
#include "image/tissue.h"
#include "stream/manifest.h"

enum { PECTORAL_KEEP, PECTORAL_CUT };

static const char *const pectorals[] = {"keep", "cut", NULL};

static struct opts {
    const char *out, *root, *image, *log;
    int pectoral, progress;
    struct tissue_options find;
} o = {.find = TISSUE_DEFAULTS};

static const struct cli_opt options[] = {
    CLI_LOCAL_TEXT('o', "out", "PATH", &o.out, "folder for the masks; with --image the mask's file"),
    CLI_LOCAL_TEXT('i', "image", "FILE", &o.image, "make the mask of one image, without a manifest"),
    CLI_LOCAL_TEXT(0, "root", "DIR", &o.root, "folder that the manifest's paths start from (its own)"),
    CLI_CHOICE(0, "pectoral", &o.pectoral, pectorals, "the pectoral muscle of MLO views"),
    CLI_REAL(0, "noise", "X", &o.find.noise, 0, 1000, "tissue is X deviations of the noise above the background"),
    CLI_REAL(0, "contrast", "SHARE", &o.find.contrast, 0, 1, "and at least this share of the brightest level"),
    CLI_REAL(0, "detail", "SHARE", &o.find.detail, 0, 0.1, "radius of what is rounded off, of the longer side"),
    CLI_LOG(&o.log),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "tissue-mask", "[MANIFEST]", "Finds the breast: without background, labels, tape and edges.",
    options, 0, 1};

static int
log_image(struct jsonl *log, const char *name, const struct tissue_account *a, struct err *e)
{
    const char side[2] = {a->side, '\0'};

    jsonl_begin(log);
    jsonl_text(log, "image", name);
    jsonl_text(log, "side", side);
    jsonl_real(log, "share", a->share);
    jsonl_real(log, "background", a->background);
    jsonl_real(log, "threshold", a->threshold);
    jsonl_real(log, "labels", a->labels);
    jsonl_real(log, "pectoral", a->pectoral);
    return jsonl_end(log, e);
}

/* The mask of the image at `path`, written to `to`; `name` is for the log. */
static int
make_mask(const char *path, const char *name, const char *to, struct jsonl *log, struct err *e)
{
    struct tissue_account account;
    struct image im;
    struct mask m;
    int rc;

    if (image_read(path, &im, e) == -1)
        return -1;
    rc = tissue_trace(&im, &o.find, &m, &account, e);
    image_free(&im);
    if (rc == -1)
        return err_in(e, "%s", path);
    rc = mask_write_png(to, &m, e) == -1 || log_image(log, name, &account, e) == -1 ? -1 : 0;
    mask_free(&m);
    return rc;
}

/* A file name for the mask of an image: what is not part of a plain name becomes '_'. */
static char *
mask_name(const char *folder, const char *image, struct err *e)
{
    char *path = mem_printf(e, "%s/%s.png", folder, image);

    for (char *p = path ? path + strlen(folder) + 1 : NULL; p != NULL && *p != '\0'; p++)
        if (*p == '/' || *p == ':')
            *p = '_';
    return path;
}

static void
whole_manifest(const char *path, struct jsonl *log)
{
    struct manifest m;
    struct progress p;
    struct err e;
    char *folder;

    if (mkdir(o.out, 0777) == -1 && errno != EEXIST)
        cli_failf("%s: %s", o.out, strerror(errno));
    folder = realpath(o.out, NULL); /* masks need not lie below the manifest's root */
    if (folder == NULL)
        cli_failf("%s: %s", o.out, strerror(errno));
    if (manifest_read(path, o.root, &m, &e) == -1)
        cli_fail(&e);
    progress_start(&p, "tissue-mask", "images", 0, m.n_images, o.progress);
    for (size_t k = 0; k < m.n_images; k++) {
        struct finding *first = &m.row[m.image_first[k]];
        char *image = manifest_path(&m, first->image, &e);
        char *to = mask_name(folder, first->image, &e);

        if (image == NULL || to == NULL)
            cli_fail(&e);
        if (make_mask(image, first->image, to, log, &e) == -1) {
            err_in(&e, "%s:%zu", path, first->line);
            cli_fail(&e);
        }
        for (size_t i = m.image_first[k]; i < m.image_first[k + 1]; i++)
            if ((m.row[i].tissue = manifest_text(&m, to, &e)) == NULL)
                cli_fail(&e);
        free(image);
        free(to);
        progress_at(&p, k + 1, NULL);
    }
    progress_end(&p, m.n_images);
    if (manifest_write(stdout, &m, &e) == -1)
        cli_fail(&e);
    manifest_free(&m);
    free(folder);
}

int
main(int argc, char **argv)
{
    struct jsonl log;
    struct err e;
    int at = cli_parse(&prog, argc, argv);

    if (o.out == NULL)
        cli_usage("--out is needed");
    if ((o.image != NULL) == (at < argc))
        cli_usage("expected a manifest or --image, and not both");
    o.find.cut_pectoral = o.pectoral == PECTORAL_CUT;
    if (jsonl_open(&log, o.log, 0, &e) == -1)
        cli_fail(&e);
    if (o.image == NULL)
        whole_manifest(argv[at], &log);
    else if (make_mask(o.image, o.image, o.out, &log, &e) == -1)
        cli_fail(&e);
    if (jsonl_close(&log, &e) == -1)
        cli_fail(&e);
    cli_close_stdout();
    return 0;
}
