/*
 * lesion-insert - lays the lesions of synthetic patches on the mammograms that the patches were cut
 * from.
 *
 * For detectors, which want whole images: each becomes a PNG of 16 bits with its lesions at full
 * resolution, and the manifest that is printed has their boxes and masks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/progress.h"
#include "patch/insertion.h"
#include "stream/outname.h"
#include "stream/tstream.h"

enum { CHANGED, ALL };
static const char *const which[] = {"changed", "all", NULL};

static struct opts {
    const char *out, *root;
    size_t per_image;
    int images, progress;
} o = {.per_image = 1};

static const struct cli_opt options[] = {
    CLI_LOCAL_TEXT('o', "out", "DIR", &o.out, "folder of the new images and masks"),
    CLI_LOCAL_TEXT(0, "root", "DIR", &o.root, "folder that the manifest's paths start from"),
    CLI_SIZE(0, "per-image", "N", &o.per_image, 1, INSERT_MAX_LESIONS,
             "lesions that an image may be given"),
    CLI_CHOICE(0, "images", &o.images, which, "images that the new manifest has"),
    CLI_PROGRESS(&o.progress),
    CLI_END,
};

static const struct cli_prog prog = {
    "lesion-insert", "MANIFEST", "Lays synthetic lesions on the mammograms they were made for.",
    options,         1,          1};

/* ---- names ---- */

/* The new files of each image, without their folder; NULL where it is not changed. */
struct names {
    char **image, **mask;
    char *folder; /* what stands before them in the manifest */
};

/* Made, if need be, before the stream is read, so that no work is lost. */
static int
make_folder(struct err *e)
{
    char *inside = mem_printf(e, "%s/.", o.out);
    int rc = inside != NULL && (mkdir(o.out, 0777) == 0 || errno == EEXIST) &&
                     access(inside, W_OK | X_OK) == 0
                 ? 0
                 : -1;

    if (inside != NULL && rc == -1)
        err_sys(e, "%s", o.out);
    free(inside);
    return rc;
}

static int
make_names(const struct insertion *s, struct names *n, struct err *e)
{
    size_t images = s->m->n_images, a, b;
    int rc;

    n->folder = outname_folder(s->m->root, o.out, e);
    n->image = mem_array(2 * images, sizeof(*n->image), e);
    if (n->folder == NULL || n->image == NULL)
        return -1;
    n->mask = n->image + images;
    for (size_t k = 0; k < images; k++) {
        const char *image = s->m->row[s->m->image_first[k]].image;

        if (s->image[k].n == 0)
            continue;
        if ((n->image[k] = outname_of(image, ".png", e)) == NULL ||
            (n->mask[k] = outname_of(image, "-lesions.png", e)) == NULL ||
            outname_check(o.out, n->image[k], s->m, 1, e) == -1 ||
            outname_check(o.out, n->mask[k], s->m, 1, e) == -1)
            return -1;
    }
    rc = outname_clash(n->image, 2 * images, &a, &b, e);
    return rc == 1 ? err_set(e, "two files would be named %s/%s", o.out, n->image[a]) : rc;
}

static void
free_names(const struct insertion *s, struct names *n)
{
    for (size_t k = 0; k < 2 * s->m->n_images; k++)
        free(n->image[k]);
    free(n->image);
    free(n->folder);
}

/* ---- images ---- */

static int
save(const char *name, const struct image *im, const char *history, struct err *e)
{
    const char *const text[] = {"Software", history, NULL};
    char *path = mem_printf(e, "%s/%s", o.out, name);
    int rc = path ? image_write_png(path, im, text, e) : -1;

    free(path);
    return rc;
}

/* Writes image k and its mask, if it has lesions, and appends its rows. */
static int
make_image(const struct insertion *s, size_t k, const struct names *n, const char *history,
           struct manifest *out, struct err *e)
{
    struct image im, mask;
    char *image, *outline;
    int rc;

    if (s->image[k].n == 0)
        return o.images == ALL ? insertion_rows(s, k, "", "", out, e) : 0;
    if (insertion_draw(s, k, &im, &mask, e) == -1)
        return -1;
    rc = save(n->image[k], &im, history, e);
    if (rc == 0)
        rc = save(n->mask[k], &mask, history, e);
    image_free(&im);
    image_free(&mask);
    image = mem_printf(e, "%s%s", n->folder, n->image[k]);
    outline = mem_printf(e, "%s%s", n->folder, n->mask[k]);
    if (image == NULL || outline == NULL)
        rc = -1;
    if (rc == 0)
        rc = insertion_rows(s, k, image, outline, out, e);
    free(image);
    free(outline);
    return rc;
}

static void
read_stream(struct insertion *s)
{
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct err e;
    int rc;

    if ((in = ts_open("-", &e)) == NULL)
        cli_fail(&e);
    while ((rc = ts_read(in, &rec, &e)) == 1)
        if (insertion_add(s, &rec, &e) == -1) {
            err_in(&e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            cli_fail(&e);
        }
    if (rc == -1)
        cli_fail(&e);
    ts_clear(&rec);
    ts_close(in);
}

static void
report(const struct insertion *s)
{
    const uint64_t *n = s->count;
    uint64_t all = 0;

    for (int i = 0; i < INSERTION_VERDICTS; i++)
        all += n[i];
    if (n[INSERTION_TAKEN] < all)
        cli_warn("%" PRIu64 " of %" PRIu64 " lesions inserted; %" PRIu64 " on images that have "
                 "enough, %" PRIu64 " that overlap, %" PRIu64 " empty, %" PRIu64 " discarded",
                 n[INSERTION_TAKEN], all, n[INSERTION_FULL], n[INSERTION_OVERLAP],
                 n[INSERTION_EMPTY], n[INSERTION_DISCARDED]);
}

int
main(int argc, char **argv)
{
    const char *path = argv[cli_parse(&prog, argc, argv)];
    struct manifest m, out = {0};
    struct names names = {0};
    struct progress bar;
    struct insertion s;
    struct err e;
    char *history;

    if (o.out == NULL || o.out[0] == '\0')
        cli_usage("--out is needed");
    if (strcmp(path, "-") == 0)
        cli_usage("standard input is the stream: the manifest must be a file");
    if ((history = cli_history(&prog, &e)) == NULL || manifest_read(path, o.root, &m, &e) == -1 ||
        make_folder(&e) == -1 || insertion_open(&s, &m, o.per_image, &e) == -1)
        cli_fail(&e);
    read_stream(&s);
    if (make_names(&s, &names, &e) == -1)
        cli_fail(&e);
    progress_start(&bar, "lesion-insert", "images", 0, m.n_images, o.progress);
    for (size_t k = 0; k < m.n_images; k++) {
        if (make_image(&s, k, &names, history, &out, &e) == -1)
            cli_fail(&e);
        progress_at(&bar, k + 1, NULL);
    }
    progress_end(&bar, m.n_images);
    if (manifest_write(stdout, &out, &e) == -1)
        cli_fail(&e);
    report(&s);
    free_names(&s, &names);
    insertion_close(&s);
    manifest_free(&out);
    manifest_free(&m);
    free(history);
    cli_close_stdout();
    return 0;
}
