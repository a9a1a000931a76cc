/*
 * patch-sample - draw patches from the mammograms of a manifest.
 *
 * The paper, "Data": normal patches at random places with at least 90 % tissue, lesion patches
 * round a random pixel of the lesion.  The law of the draws stands in patch/sample.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/jsonl.h"
#include "base/progress.h"
#include "patch/sample.h"
#include "stream/tstream.h"

static const char *const froms[] = {"clean", "away", "both", NULL};
static const char *const bys[] = {"patient", "image", "finding", NULL};

struct opts {
    int split, label, lesion, from, by, endless, progress;
    size_t size, margin, downscale, min_box, max_box, each, count, start;
    size_t candidates;
    double min_tissue, max_offset, min_contrast;
    uint64_t seed;
    const char *view, *like, *at, *cache, *root, *log;
};

static void
check(const struct opts *o)
{
    if ((o->count != SIZE_MAX) + o->endless + (o->each > 0) + (o->at != NULL) != 1)
        cli_usage("one of --count, --each, --at and --endless is needed");
    if (o->at != NULL && (o->label != LABEL_NORMAL || o->from != SAMPLE_CLEAN || o->like != NULL))
        cli_usage("--at takes places as they are, as normal patches: without --from and --like");
    if ((o->each > 0 || o->at != NULL) && o->by != SAMPLE_BY_PATIENT)
        cli_usage("--by goes with random draws, not with --each and --at");
    if (o->label == LABEL_NORMAL && o->lesion != LESION_NONE)
        cli_usage("--lesion goes with --label benign or malignant");
    if (o->label == LABEL_NORMAL && (o->min_box > 0 || o->max_box != SIZE_MAX))
        cli_usage("--min-box and --max-box go with --label benign or malignant");
    if (o->label == LABEL_NORMAL && (o->max_offset < 0.5 || o->min_contrast > 0))
        cli_usage("--max-offset and --min-contrast go with --label benign or malignant");
    if (o->label != LABEL_NORMAL && o->from != SAMPLE_CLEAN)
        cli_usage("--from goes with --label normal");
    if (o->like != NULL && (o->label != LABEL_NORMAL || o->each > 0))
        cli_usage("--like goes with random draws of normal patches");
    if (o->view != NULL && term_find(view_word, o->view) <= VIEW_NONE)
        cli_usage("--view: '%s' is none of CC MLO", o->view);
    if (o->min_box > o->max_box)
        cli_usage("--min-box %zu is larger than --max-box %zu", o->min_box, o->max_box);
}

static int
write_log(struct jsonl *log, uint64_t records, const struct sampler *s, const struct like *like,
          const struct cache *c, struct err *e)
{
    struct sample_report r = sampler_report(s);

    jsonl_begin(log);
    jsonl_int(log, "records", (int64_t)records);
    jsonl_int(log, "patients", (int64_t)r.patients);
    jsonl_real(log, "effective_patients", r.effective_patients);
    jsonl_int(log, "items", (int64_t)r.items);
    jsonl_int(log, "item_patients", (int64_t)r.item_patients);
    jsonl_int(log, "unlocated", (int64_t)r.unlocated);
    jsonl_int(log, "outside_box", (int64_t)r.outside_box);
    jsonl_int(log, "faint", (int64_t)r.faint);
    jsonl_int(log, "no_place", (int64_t)r.no_place);
    if (like != NULL) {
        jsonl_int(log, "examples", (int64_t)like->n);
        jsonl_int(log, "examples_left_out", (int64_t)like->left_out);
        jsonl_real(log, "distance", r.distance);
    }
    jsonl_int(log, "decoded", (int64_t)cache_misses(c));
    return jsonl_end(log, e) == -1 ? -1 : jsonl_close(log, e);
}

int
main(int argc, char **argv)
{
    struct opts o = {.split = SPLIT_TRAIN,
                     .label = LABEL_NORMAL,
                     .size = 256,
                     .downscale = 1,
                     .max_box = SIZE_MAX,
                     .count = SIZE_MAX,
                     .candidates = 1024,
                     .min_tissue = 0.9,
                     .max_offset = 0.5,
                     .seed = 1};
    const struct cli_opt table[] = {
        CLI_CHOICE(0, "split", &o.split, split_word, "patients to draw from"),
        CLI_CHOICE(0, "label", &o.label, label_word, "what the patches show"),
        CLI_CHOICE(0, "lesion", &o.lesion, any_lesion_word,
                   "kind of finding; both serves as either"),
        CLI_CHOICE(0, "from", &o.from, froms,
                   "normal patches: clean images, places away from findings"),
        CLI_CHOICE(0, "by", &o.by, bys, "what is drawn first, all with the same chance"),
        CLI_TEXT(0, "view", "WORD", &o.view, "images of this view alone: CC, MLO"),
        CLI_LOCAL_SIZE('n', "count", "N", &o.count, 0, 1e15, "patches to draw"),
        CLI_LOCAL_FLAG(0, "endless", &o.endless, "draw until the reader has enough"),
        CLI_SIZE(0, "each", "N", &o.each, 0, 1e6, "N patches of each image or finding in turn"),
        CLI_TEXT(0, "at", "FILE", &o.at, "a patch at each place of this table: image, x, y, w, h"),
        CLI_LOCAL_SIZE(0, "start", "N", &o.start, 0, 1e15, "number of the first patch"),
        CLI_SIZE(0, "size", "N", &o.size, 2, SAMPLE_MAX_SIZE, "side of a patch"),
        CLI_SIZE(0, "margin", "N", &o.margin, 0, SAMPLE_MAX_SIZE,
                 "more pixels on each side, for augment"),
        CLI_SIZE(0, "downscale", "N", &o.downscale, 1, SAMPLE_MAX_DOWNSCALE,
                 "make the images N times smaller"),
        CLI_REAL(0, "min-tissue", "SHARE", &o.min_tissue, 0, 1, "least share of tissue"),
        CLI_REAL(0, "max-offset", "SHARE", &o.max_offset, 0, 0.5,
                 "largest offset of a lesion's pixel from the centre, in sides"),
        CLI_SIZE(0, "min-box", "N", &o.min_box, 0, 65535,
                 "leave out findings with a longer side below N"),
        CLI_SIZE(0, "max-box", "N", &o.max_box, 1, 65535,
                 "leave out findings with a longer side above N"),
        CLI_REAL(0, "min-contrast", "X", &o.min_contrast, 0, 1,
                 "leave out findings that stand out less from the tissue round them"),
        CLI_TEXT(0, "like", "FILE", &o.like,
                 "normal patches: at places like those of this stream's lesions"),
        CLI_SIZE(0, "candidates", "N", &o.candidates, 1, 1e6,
                 "places to choose each of these from"),
        CLI_SEED(&o.seed),
        CLI_LOCAL_TEXT(0, "cache", "DIR", &o.cache, "keep decoded images in DIR"),
        CLI_LOCAL_TEXT(0, "root", "DIR", &o.root, "folder that the manifest's paths start from"),
        CLI_LOG(&o.log),
        CLI_PROGRESS(&o.progress),
        CLI_END,
    };
    const struct cli_prog prog = {
        "patch-sample", "MANIFEST", "Draw patches from the mammograms of a manifest.", table, 1, 1};
    const char *path = argv[cli_parse(&prog, argc, argv)];
    struct ts_record rec = {0};
    struct progress bar;
    struct sampler *sampler;
    struct like like = {0};
    struct chosen at = {0};
    struct ts_writer *out;
    struct manifest m;
    struct cache *cache;
    struct jsonl log;
    uint64_t total, end, i, records = 0;
    struct err e;
    char *history;

    check(&o);
    if ((history = cli_history(&prog, &e)) == NULL || manifest_read(path, o.root, &m, &e) == -1 ||
        (cache = cache_open(o.cache, &e)) == NULL ||
        (o.like != NULL && like_read(&like, o.like, o.size, &e) == -1) ||
        (o.at != NULL && chosen_read(&at, o.at, &m, &e) == -1))
        cli_fail(&e);
    sampler =
        sampler_open(&m, path, cache,
                     &(struct sample_options){
                         .split = (enum term_split)o.split,
                         .view = o.view ? (enum term_view)term_find(view_word, o.view) : VIEW_NONE,
                         .label = (enum term_label)o.label,
                         .lesion = (enum term_lesion)o.lesion,
                         .from = (enum sample_from)o.from,
                         .by = (enum sample_by)o.by,
                         .size = o.size,
                         .margin = o.margin,
                         .downscale = o.downscale,
                         .min_tissue = o.min_tissue,
                         .max_offset = o.max_offset,
                         .min_box = o.min_box,
                         .max_box = o.max_box,
                         .min_contrast = o.min_contrast,
                         .each = o.each,
                         .like = o.like ? &like : NULL,
                         .candidates = o.candidates,
                         .at = o.at ? &at : NULL,
                         .seed = o.seed},
                     &e);
    if (sampler == NULL || jsonl_open(&log, o.log, 0, &e) == -1 || (out = ts_stdout(&e)) == NULL)
        cli_fail(&e);

    i = o.start;
    total = sampler_total(sampler);
    end = o.count != SIZE_MAX ? (uint64_t)o.start + o.count : total;
    progress_start(&bar, "patch-sample", "patches", o.start, end == UINT64_MAX ? 0 : end,
                   o.progress);
    for (; i < end; i++) {
        int rc = sampler_draw(sampler, i, &rec, &e);

        if (rc == 1 && (ts_history_add(&rec, history, &e) == -1 || ts_write(out, &rec, &e) == -1))
            rc = -1;
        if (rc == -1 && o.endless && e.broken_pipe)
            break;
        if (rc == -1)
            cli_fail(&e);
        records += (uint64_t)rc;
        progress_at(&bar, i + 1, NULL);
    }
    progress_end(&bar, i);
    /* The reader of an endless stream has closed it, so there is no one to send a trailer to. */
    if (write_log(&log, records, sampler, o.like ? &like : NULL, cache, &e) == -1 ||
        (!o.endless && ts_finish(out, &e) == -1))
        cli_fail(&e);
    if (o.endless)
        ts_abandon(out);
    ts_clear(&rec);
    sampler_close(sampler);
    like_free(&like);
    chosen_free(&at);
    cache_close(cache);
    manifest_free(&m);
    free(history);
    return 0;
}
