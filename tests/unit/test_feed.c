/* What a trainer reads: streams round and round, places to go on from, batches, the schedule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "train/gan_run.h"
#include "tap.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE };

static struct err e;
static char folder[] = "/tmp/test_feed.XXXXXX", path[64], labelled[64];

/* Pixel i of record k. */
static double
pixel(size_t k, size_t i)
{
    return (double)((31 * k + 7 * i + i * i / 5) % 256) / 255;
}

/* Records first .. first + n - 1 as a stream on fd. */
static int
write_stream(int fd, size_t first, size_t n)
{
    struct ts_record rec = {0};
    struct ts_writer *w = ts_create(fd, "test", &e);
    int rc = w ? 0 : -1;

    for (size_t k = first; rc == 0 && k < first + n; k++) {
        float *v = ts_put_plane(&rec, "image", SIDE, SIDE, &e);

        for (size_t i = 0; i < PIXELS; i++)
            v[i] = (float)pixel(k, i);
        rc = ts_meta_setf(&rec, "patient", &e, "P%zu", k / 2) == -1 ||
                     ts_meta_set(&rec, "lesion", "mass", &e) == -1
                 ? -1
                 : ts_write(w, &rec, &e);
    }
    ts_clear(&rec);
    return rc == -1 ? -1 : ts_finish(w, &e);
}

/* A file of two streams, of three records and of two. */
static void
make_file(void)
{
    FILE *f = fopen(path, "wb");
    int ok = f != NULL && write_stream(dup(fileno(f)), 0, 3) == 0 &&
             write_stream(dup(fileno(f)), 3, 2) == 0;

    if (f != NULL)
        fclose(f);
    tap_ok(ok, "five records in two streams");
}

/* ---- patients ---- */

static void
names(void)
{
    struct patients p = {0}, q = {0};
    int bad = 0, sorted = 1;
    char *text;

    for (uint64_t i = 0; i < 300; i++) {
        struct rng r = rng_at(1, "names", i);
        char name[16];

        snprintf(name, sizeof(name), "P%d", (int)rng_below(&r, 100));
        bad |= patients_add(&p, name, &e) == -1 || !patients_has(&p, name);
    }
    for (size_t i = 1; i < p.n; i++)
        sorted &= strcmp(p.name[i - 1], p.name[i]) < 0;
    tap_ok(!bad && sorted && p.n > 80 && p.n <= 100,
           "300 additions of 100 names: %zu, sorted, each once", p.n);
    tap_ok(!patients_has(&p, "Q1") && !patients_has(&p, ""), "others are not there");
    bad = patients_add(&p, "", &e) == -1 || patients_has(&p, "");
    tap_ok(!bad, "a patch without a patient adds none");
    text = patients_text(&p, &e);
    bad = text == NULL || patients_parse(&q, text, &e) == -1 || q.n != p.n;
    for (size_t i = 0; !bad && i < p.n; i++)
        bad = strcmp(p.name[i], q.name[i]) != 0;
    tap_ok(!bad, "as text and back");
    free(text);
    patients_free(&p);
    patients_free(&q);
    text = patients_text(&p, &e);
    tap_ok(text != NULL && text[0] == '\0' && patients_parse(&q, text, &e) == 0 && q.n == 0,
           "no patients, too");
    free(text);
}

/* ---- feeds ---- */

/* The next patch is that of record k. */
static int
next_is(struct feed *f, size_t k, struct patients *who)
{
    real v[PIXELS];

    if (feed_patch(f, SIDE, v, who, &e) == -1)
        return 0;
    for (size_t i = 0; i < PIXELS; i++)
        if (!(fabs((double)v[i] - pixel(k, i)) <= 1e-7))
            return 0;
    return 1;
}

static void
rounds(void)
{
    struct patients who = {0};
    struct feed f;
    int ok = feed_open(&f, path, FEED_LESIONS, &e) == 0;

    tap_ok(ok && !f.empty && strcmp(f.lesion, "mass") == 0, "opened: %s", ok ? f.lesion : e.text);
    for (size_t k = 0; k < 23; k++)
        ok &= next_is(&f, k % 5, &who);
    tap_ok(ok && f.used == 23, "a file is read again and again, in order");
    tap_ok(who.n == 3 && patients_has(&who, "P2"), "its patients are noted");
    tap_ok(feed_patch(&f, 2 * SIDE, NULL, &who, &e) == -1 &&
               strstr(e.text, "record 3: image is 32x32, not 64x64") != NULL,
           "%s", e.text);
    feed_close(&f);
    patients_free(&who);
}

/* Lesions where normal patches belong, and the other way round. */
static void
labels(void)
{
    static const struct {
        const char *label, *said;
    } wrong[] = {{"normal", "record 1: label is normal, expected lesion patches"},
                 {"malignant", "record 0: label is malignant, expected normal patches"}};
    struct patients who = {0};

    for (int normal = 0; normal < 2; normal++) {
        struct ts_record rec = {0};
        FILE *file = fopen(labelled, "wb");
        struct ts_writer *w = ts_create(dup(fileno(file)), "test", &e);
        struct feed f;
        real v[PIXELS];
        int rc = -1;

        /* The first record has no label, or the wrong one; the second the wrong one. */
        for (int k = 0; k < 2; k++) {
            if (ts_put_plane(&rec, "image", SIDE, SIDE, &e) == NULL ||
                ((k == 1 || normal) && ts_meta_set(&rec, "label", wrong[normal].label, &e) == -1) ||
                ts_write(w, &rec, &e) == -1)
                exit(1);
            ts_clear(&rec);
        }
        if (ts_finish(w, &e) == -1 || fclose(file) == EOF ||
            feed_open(&f, labelled, normal ? FEED_NORMAL : FEED_LESIONS, &e) == -1)
            exit(1);
        if (!normal)
            tap_ok(feed_patch(&f, SIDE, v, &who, &e) == 0, "a patch without a label passes");
        rc = feed_patch(&f, SIDE, v, &who, &e);
        tap_ok(rc == -1 && strstr(e.text, wrong[normal].said) != NULL, "%s", e.text);
        feed_close(&f);
    }
    patients_free(&who);
}

/* Going on from any place gives the patches and places of one who never stopped. */
static void
places(void)
{
    struct patients who = {0};
    struct feed f, g;
    int ok = feed_open(&f, path, FEED_LESIONS, &e) == 0, places_ok = 1;

    for (size_t k = 0; ok && k <= 12; k++) {
        char *at = feed_place(&f, &e), *later, *want;

        ok = at != NULL && feed_open(&g, path, FEED_LESIONS, &e) == 0;
        ok = ok && feed_continue(&g, at, &e) == 0 && g.used == k && next_is(&g, k % 5, &who) &&
             next_is(&g, (k + 1) % 5, &who) && next_is(&f, k % 5, &who);
        want = ok ? feed_place(&f, &e) : NULL;
        feed_close(&g);
        ok = ok && feed_open(&g, path, FEED_LESIONS, &e) == 0 && feed_continue(&g, at, &e) == 0 &&
             next_is(&g, k % 5, &who);
        later = ok ? feed_place(&g, &e) : NULL;
        places_ok &= want != NULL && later != NULL && strcmp(want, later) == 0;
        feed_close(&g);
        free(at);
        free(later);
        free(want);
    }
    tap_ok(ok, "13 places in a file: gone on from each");
    tap_ok(places_ok, "with the places that follow");
    feed_close(&f);
    patients_free(&who);
}

/* A pipe that brings the five records `turns` times over. */
static int
open_pipe(struct feed *f, size_t first, int turns, pid_t *child)
{
    int fd[2], rc;
    char name[32];

    if (pipe(fd) == -1)
        return -1;
    *child = fork();
    if (*child == 0) {
        close(fd[0]);
        for (int i = 0; i < turns; i++)
            if (write_stream(dup(fd[1]), first, 3) == -1 ||
                write_stream(dup(fd[1]), first + 3, 2) == -1)
                break;
        _exit(0);
    }
    close(fd[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", fd[0]);
    rc = feed_open(f, name, FEED_LESIONS, &e);
    close(fd[0]);
    return rc;
}

static void
pipes(void)
{
    struct patients who = {0};
    struct feed f;
    pid_t child;
    char *at = NULL, *again = NULL;
    int ok = open_pipe(&f, 0, 4, &child) == 0;

    for (size_t k = 0; ok && k < 20; k++) {
        if (k == 13)
            at = feed_place(&f, &e);
        ok = next_is(&f, k % 5, &who);
    }
    tap_ok(ok, "a pipe brings the same patches");
    ok = feed_patch(&f, SIDE, (real[PIXELS]){0}, &who, &e) == -1 &&
         strstr(e.text, "ended after 20 records") != NULL;
    tap_ok(ok, "and must not end: %s", e.text);
    feed_close(&f);
    waitpid(child, NULL, 0);

    ok = open_pipe(&f, 0, 4, &child) == 0 && feed_continue(&f, at, &e) == 0;
    again = ok ? feed_place(&f, &e) : NULL;
    tap_ok(ok && again != NULL && strcmp(at, again) == 0 && next_is(&f, 3, &who) &&
               next_is(&f, 4, &who),
           "gone on from the 13th record");
    feed_close(&f);
    waitpid(child, NULL, 0);
    ok = open_pipe(&f, 1, 4, &child) == 0 && feed_continue(&f, at, &e) == -1 &&
         strstr(e.text, "first 13 records") != NULL;
    tap_ok(ok, "another stream is refused: %s", e.text);
    feed_close(&f);
    waitpid(child, NULL, 0);
    ok = open_pipe(&f, 0, 2, &child) == 0 && feed_continue(&f, at, &e) == -1;
    tap_ok(ok, "so is one that ends too soon: %s", e.text);
    feed_close(&f);
    waitpid(child, NULL, 0);

    free(at);
    free(again);
    patients_free(&who);
}

static void
bad_places(void)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "3",
                                      "3 100 3 00000000 3",
                                      "3 100 3 00000000 3 00000000 9",
                                      "3 99999999999999999999999 3 0 3 0 0"};
    struct feed f;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (feed_open(&f, path, FEED_LESIONS, &e) == -1)
            exit(1);
        tap_ok(feed_continue(&f, bad[i], &e) == -1, "no place: %s", e.text);
        feed_close(&f);
    }
}

/* ---- runs ---- */

static void
schedule(void)
{
    static const double want[] = {0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1};
    struct gan_run r = {.half = 3, .fade = 4, .full = 2, .gan.config.net.size = 64};
    int ok = gan_run_total(&r) == 9;

    for (uint64_t i = 0; i < 9; i++)
        ok &= gan_run_fade(&r, i) == want[i] && gan_run_side(&r, i) == (i < 3 ? 32 : 64);
    tap_ok(ok, "three iterations at half size, four of fading, two at full size");
    r.half = r.fade = 0;
    tap_ok(gan_run_fade(&r, 0) == 1 && gan_run_side(&r, 0) == 64,
           "full size from the start, where there is nothing else");
    r.fade = 1;
    tap_ok(gan_run_fade(&r, 0) == 1, "a fade of one iteration is full size too");
}

/* Item `item` of batch b is record k, or its means over 2 x 2 pixels. */
static int
batch_is(const struct gan_run *r, int b, size_t item, size_t k, size_t side)
{
    size_t step = SIDE / side;

    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            double want = 0;

            for (size_t j = 0; j < step * step; j++)
                want += pixel(k, (step * y + j / step) * SIDE + step * x + j % step) /
                        (double)(step * step);
            if (!(fabs((double)r->batch[b][item * side * side + y * side + x] - want) <= 1e-6))
                return 0;
        }
    return 1;
}

static void
batches(void)
{
    struct gan_config c = {
        .net = {.size = SIDE, .width = 0.03, .leak = 0.2, .spectral = 1, .attention = SIDE / 8},
        .d_width = 0.03,
        .d_spectral = 1,
        .gp_every = 1,
        .border = 1,
        .batch = 3,
        .g_steps = 1,
        .aux = 0.1,
        .seed = 1,
        .adam = {1e-3, 0, 0.9, 1e-8}};
    struct gan_run r = {.half = 1, .full = 1, .history = "test"};
    struct gan_losses l;
    int ok = feed_open(&r.category[0].feed[GAN_TARGET], path, FEED_LESIONS, &e) == 0 &&
             feed_open(&r.category[0].feed[GAN_INPUT], path, FEED_LESIONS, &e) == 0 &&
             gan_run_init(&r, &c, 2, 0, &e) == 0 && gan_run_iterate(&r, &l, &e) == 0;

    tap_ok(ok && c.classes[0] == 3, "an iteration with two streams, three classes: %s",
           ok ? "done" : e.text);
    for (size_t item = 0; item < 3; item++) {
        ok &= batch_is(&r, GAN_TARGET, item, item, SIDE / 2);
        ok &= batch_is(&r, GAN_INPUT, item, (2 + item) % 5, SIDE / 2); /* behind two samples */
        /* the generator's inputs, behind two batches of the discriminator's */
        ok &= batch_is(&r, GAN_FEEDS, item, (8 + item) % 5, SIDE / 2);
    }
    tap_ok(ok, "at half size batches are means of 2 x 2 pixels");
    ok = gan_run_iterate(&r, &l, &e) == 0;
    for (size_t item = 0; item < 3; item++)
        ok &= batch_is(&r, GAN_TARGET, item, (3 + item) % 5, SIDE) &&
              batch_is(&r, GAN_INPUT, item, (11 + item) % 5, SIDE);
    tap_ok(ok && r.iteration == 2, "at full size they are the patches, the next ones");
    gan_run_free(&r);
}

int
main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof(path), "%s/five.sts", folder);
    snprintf(labelled, sizeof(labelled), "%s/labelled.sts", folder);
    make_file();
    names();
    rounds();
    labels();
    places();
    pipes();
    bad_places();
    schedule();
    batches();
    unlink(path);
    unlink(labelled);
    rmdir(folder);
    return tap_done(32);
}
