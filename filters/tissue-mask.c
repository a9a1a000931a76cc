/*
 * tissue-mask - find the breast on mammograms.
 *
 * Patches are drawn where 90 % of them is tissue (the paper, "Data"); this tells what is: breast,
 * and neither background, labels, tape nor the scanner's edges.  The algorithm stands in
 * image/tissue.c.
 */
#include <errno.h>
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
#include "stream/outname.h"

enum { KEEP, CUT };
static const char *const pectorals[] = {"keep", "cut", NULL};

struct opts {
    const char *image, *out, *root, *log;
    struct tissue_options tissue;
    int pectoral, replace, skip, progress;
};

/* ---- one image ---- */

static int
write_log(struct jsonl *log, const char *image, const struct tissue_account *a,
          const char *pectoral, const char *failed, struct err *e)
{
    jsonl_begin(log);
    jsonl_text(log, "image", image);
    if (failed != NULL) {
        jsonl_text(log, "failed", failed);
        return jsonl_end(log, e);
    }
    jsonl_real(log, "share", a->share);
    jsonl_text(log, "wall", a->side == 'L' ? "left" : "right");
    jsonl_real(log, "background", a->background);
    jsonl_real(log, "threshold", a->threshold);
    jsonl_real(log, "beside", a->beside);
    jsonl_real(log, "labels", a->labels);
    jsonl_text(log, "pectoral", pectoral);
    jsonl_real(log, "muscle", a->pectoral);
    return jsonl_end(log, e);
}

/*
 * Finds the breast on the image at path and writes its mask.  Returns 0, 1 where the image shows
 * none or cannot be read (the reason is in e and in the log), or -1.
 */
static int
make_mask(const struct opts *o, const char *path, const char *name, enum term_view view,
          const char *mask, struct jsonl *log, struct err *e)
{
    struct tissue_options t = o->tissue;
    struct tissue_account a;
    const char *pectoral = "kept";
    struct err log_error;
    struct image im;
    struct mask m;
    int rc;

    t.cut_pectoral = o->pectoral == CUT && view == VIEW_MLO;
    rc = image_read(path, &im, e);
    if (rc == 0) {
        rc = tissue_trace(&im, &t, &m, &a, e);
        image_free(&im);
        if (rc == -1)
            err_in(e, "%s", path);
    }
    if (rc == -1) {
        if (write_log(log, name, NULL, NULL, e->text, &log_error) == 0)
            return 1;
        *e = log_error;
        return -1;
    }
    if (t.cut_pectoral)
        pectoral = a.pectoral > 0 ? "cut" : "not found";
    else if (o->pectoral == CUT)
        pectoral = "not an MLO view";
    rc = mask_write_png(mask, &m, e);
    mask_free(&m);
    return rc == -1 ? -1 : write_log(log, name, &a, pectoral, NULL, e);
}

/* ---- the masks of a manifest ---- */

/* The mask's name for each image that needs one, else NULL. */
static int
name_masks(const struct opts *o, const struct manifest *m, char **name, struct err *e)
{
    size_t a, b;
    int rc;

    for (size_t i = 0; i < m->n_images; i++) {
        const struct finding *row = &m->row[m->image_first[i]];

        if (o->replace || row->tissue[0] == '\0')
            if ((name[i] = outname_of(row->image, ".png", e)) == NULL)
                return -1;
    }
    rc = outname_clash(name, m->n_images, &a, &b, e);
    if (rc == 1)
        rc = err_set(e, "%s and %s would share the mask %s", m->row[m->image_first[a]].image,
                     m->row[m->image_first[b]].image, name[a]);
    return rc;
}

/* Makes the mask of image i and writes its path into the image's rows.  As make_mask(). */
static int
run_image(const struct opts *o, struct manifest *m, size_t i, const char *folder, const char *name,
          struct jsonl *log, struct err *e)
{
    const struct finding *row = &m->row[m->image_first[i]];
    char *path = manifest_path(m, row->image, e);
    char *mask = mem_printf(e, "%s/%s", o->out, name);
    char *field = mem_printf(e, "%s%s", folder, name), *text = NULL;
    int rc = -1;

    if (path != NULL && mask != NULL && field != NULL)
        rc = make_mask(o, path, row->image, row->view, mask, log, e);
    if (rc == 0 && (text = manifest_text(m, field, e)) == NULL)
        rc = -1;
    for (size_t r = m->image_first[i]; rc == 0 && r < m->image_first[i + 1]; r++)
        m->row[r].tissue = text;
    free(path);
    free(mask);
    free(field);
    return rc;
}

/* Writes the rows of the images that were not left out. */
static int
write_manifest(const struct manifest *m, const char *left_out, struct err *e)
{
    struct manifest kept = {0};
    int rc = 0;

    for (size_t i = 0; i < m->n_images && rc == 0; i++)
        for (size_t r = m->image_first[i]; r < m->image_first[i + 1] && !left_out[i] && rc == 0;
             r++)
            rc = manifest_add(&kept, &m->row[r], e);
    if (rc == 0)
        rc = manifest_write(stdout, &kept, e);
    manifest_free(&kept);
    return rc;
}

static int
run_manifest(const struct opts *o, const char *path, struct jsonl *log, struct err *e)
{
    struct progress progress;
    struct manifest m;
    char *folder = NULL, *left_out = NULL, **name = NULL;
    int rc = -1;

    if (manifest_read(path, o->root, &m, e) == -1)
        return -1;
    left_out = mem_array(m.n_images, 1, e);
    name = mem_array(m.n_images, sizeof(*name), e);
    if (left_out == NULL || name == NULL || name_masks(o, &m, name, e) == -1)
        goto done;
    if (mkdir(o->out, 0777) == -1 && errno != EEXIST) {
        err_sys(e, "%s", o->out);
        goto done;
    }
    folder = outname_folder(m.root, o->out, e);
    if (folder == NULL)
        goto done;
    for (size_t i = 0; i < m.n_images; i++)
        if (name[i] != NULL && outname_check(o->out, name[i], &m, !o->replace, e) == -1)
            goto done;
    progress_start(&progress, "tissue-mask", "images", 0, m.n_images, o->progress);
    for (size_t i = 0; i < m.n_images; i++) {
        rc = name[i] ? run_image(o, &m, i, folder, name[i], log, e) : 0;
        if (rc != 0)
            err_in(e, "%s:%zu", path, m.row[m.image_first[i]].line);
        if (rc == -1 || (rc == 1 && !o->skip)) {
            rc = -1;
            goto done;
        }
        if (rc == 1)
            cli_warn("left out: %s", e->text);
        left_out[i] = (char)rc;
        progress_at(&progress, i + 1, NULL);
    }
    progress_end(&progress, m.n_images);
    rc = write_manifest(&m, left_out, e);
done:
    for (size_t i = 0; name != NULL && i < m.n_images; i++)
        free(name[i]);
    free(name);
    free(left_out);
    free(folder);
    manifest_free(&m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct opts o = {.tissue = TISSUE_DEFAULTS};
    const struct cli_opt table[] = {
        CLI_LOCAL_TEXT('o', "out", "PATH", &o.out,
                       "folder of the masks; with --image the mask's file"),
        CLI_LOCAL_TEXT('i', "image", "FILE", &o.image, "find the breast on this image alone"),
        CLI_LOCAL_TEXT(0, "root", "DIR", &o.root,
                       "folder that the manifest's paths are relative to"),
        CLI_CHOICE(0, "pectoral", &o.pectoral, pectorals, "the pectoral muscle of MLO views"),
        CLI_REAL(0, "noise", "X", &o.tissue.noise, 0, 100,
                 "deviations above the background's noise"),
        CLI_REAL(0, "contrast", "X", &o.tissue.contrast, 0, 1,
                 "least step, as a share of the brightest level"),
        CLI_REAL(0, "detail", "X", &o.tissue.detail, 0, 0.1,
                 "radius that rounds off, as a share of the side"),
        CLI_LOCAL_FLAG(0, "replace", &o.replace, "make masks for images that have one, too"),
        CLI_LOCAL_FLAG(0, "skip", &o.skip, "leave out images without a breast, with a warning"),
        CLI_LOG(&o.log),
        CLI_PROGRESS(&o.progress),
        CLI_END,
    };
    const struct cli_prog prog = {
        "tissue-mask", "[MANIFEST]", "Find the breast on mammograms.", table, 0, 1};
    int first = cli_parse(&prog, argc, argv), rc;
    struct jsonl log;
    struct err e;

    if ((o.image != NULL) == (first < argc))
        cli_usage(o.image ? "--image goes without a manifest"
                          : "expected a MANIFEST or --image FILE");
    if (o.out == NULL)
        cli_usage("--out is needed");
    if (jsonl_open(&log, o.log, 0, &e) == -1)
        cli_fail(&e);
    if (o.image != NULL)
        rc = make_mask(&o, o.image, o.image, VIEW_MLO, o.out, &log, &e) == 0 ? 0 : -1;
    else
        rc = run_manifest(&o, argv[first], &log, &e);
    if (rc == -1 || jsonl_close(&log, &e) == -1)
        cli_fail(&e);
    cli_close_stdout();
    return 0;
}
