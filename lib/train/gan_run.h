/*
 * gan_run - a whole training of the contextual GAN: stages, samples, log, state and resuming.
 *
 * Stages (the paper, "Progressive growing"): `iterations` at half size, `fade` iterations in
 * which the full-size ends come in, `iterations` at full size.  An iteration is one update of the
 * discriminator and config.g_steps of the generator.
 *
 * A conditional training has several categories (config.net.categories) and takes them in turn, one
 * an iteration; any other has one, without a name.
 */
#ifndef MP_TRAIN_GAN_RUN_H
#define MP_TRAIN_GAN_RUN_H

#include "base/jsonl.h"
#include "train/category.h"
#include "train/feed.h"
#include "train/gan.h"

enum { GAN_TARGET, GAN_INPUT, GAN_BENIGN, GAN_FEEDS };

struct gan_category {
    char name[CATEGORY_NAME + 1];
    int remove; /* 1: the trained generator removes lesions */
    struct feed feed[GAN_FEEDS];
    int has[GAN_FEEDS]; /* benign may be missing, or left out: two classes */
};

struct gan_run {
    struct gan gan;
    struct gan_category category[NET_MAX_CATEGORIES];
    size_t n_categories;     /* at least 1 */
    size_t half, fade, full; /* iterations of the stages */
    uint64_t iteration;      /* finished */
    const char *history;     /* how this run was asked for; borrowed */
    const char *init;        /* result or state of another training to start from, or NULL */
    char parent[64];         /* what was taken from there, and its hash; empty: nothing */
    const char *features;    /* a classifier whose features to match, or NULL; borrowed */
    double feature_weight;
    struct feature_match match;
    int threads; /* for the log */
    struct patients patients;
    size_t n_samples;           /* of each category */
    real *samples;              /* [n_categories][n_samples][size][size], the sheets' inputs */
    real *batch[GAN_FEEDS + 1]; /* [batch][size][size] each */
};

/*
 * Begins a training.  The feeds must be open; they belong to the run from here on.  classes in c
 * are set to 4, or to 3 where a category has no benign patches; where classes[0] is 2 they all are,
 * and only the target is shown to the discriminator.  The first n_samples patches of each
 * category's input are put aside for sheets unless `resumed` is 1 (gan_run_load() will bring them).
 *
 * With r->init the generator has the weights of that file, which must be of the same networks; so
 * has the discriminator if it is a state; and the patients they have seen are patients of this
 * training too.  The optimiser begins anew.  Not read again where `resumed` is 1.
 *
 * With r->features the generator's loss has that of feature_match too, and the classifier's
 * patients are patients of this training.
 * Returns 0, or -1 with the reason in e.
 */
int gan_run_init(struct gan_run *r, struct gan_config *c, size_t n_samples, int resumed,
                 struct err *e);
void gan_run_free(struct gan_run *r);

uint64_t gan_run_total(const struct gan_run *r);

/* The weight of the full-size ends in iteration i (0, 1, ...), and the side of its patches. */
double gan_run_fade(const struct gan_run *r, uint64_t i);
size_t gan_run_side(const struct gan_run *r, uint64_t i);

/* The category of iteration i. */
size_t gan_run_category(const struct gan_run *r, uint64_t i);

/* One iteration.  Returns 0, or -1 with the reason in e, and the failed update is not applied. */
int gan_run_iterate(struct gan_run *r, struct gan_losses *l, struct err *e);

/* The run record, the first line of a log: how it was asked for, engine, threads, sizes, losses. */
int gan_run_log_start(const struct gan_run *r, struct jsonl *log, struct err *e);

/* One line of the log for the iteration just finished. */
int gan_run_log(const struct gan_run *r, const struct gan_losses *l, double seconds,
                struct jsonl *log, struct err *e);

/* The sample sheet: input, lesion, image of every sample, made by the best generator, as PNG. */
int gan_run_sheet(struct gan_run *r, const char *path, struct err *e);

/* Everything needed to go on exactly. */
int gan_run_save(const struct gan_run *r, const char *path, struct err *e);
int gan_run_load(struct gan_run *r, const char *path, struct err *e);

/* The finished generator, for gan-gen. */
int gan_run_export(struct gan_run *r, const char *path, struct err *e);

#endif
