/*
 * sample: patches against their sources, pixel by pixel; independence of the record index; uniform
 * draws; what is left out; what is refused.  The images are made here, tissue masks and all.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "patch/place.h"
#include "patch/sample.h"
#include "stream/tstream.h"
#include "tap.h"

enum { H = 90, W = 75, IMAGES = 12 };

static char dir[] = "/tmp/test_sample.XXXXXX";
static uint8_t tissue[H][W], outline[H][W]; /* of every image: grey levels 0 and 255; 0, 1, 2 */
static struct cache *cache;

/* Image k: every pixel tells where it is; every third one has 16 bits. */
static unsigned
pixel(size_t k, size_t y, size_t x)
{
    unsigned v = (unsigned)(k * 31 + y * 7 + x * 3) & 255;

    return k % 3 == 2 ? v << 8 | (v ^ 85) : v;
}

static double
unit(size_t k, size_t y, size_t x)
{
    return pixel(k, y, x) / (k % 3 == 2 ? 65535.0 : 255.0);
}

static void
put(const char *name, unsigned max, size_t k, uint8_t (*px)[W], size_t h)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "wb");
    if (f == NULL)
        exit(1);
    fprintf(f, "P5\n%d %zu\n%u\n", W, h, max);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < W; x++) {
            unsigned v = px ? px[y][x] : pixel(k, y, x);

            if (max > 255)
                fputc((int)(v >> 8), f);
            fputc((int)(v & 255), f);
        }
    if (fclose(f) != 0)
        exit(1);
}

static void
make_files(void)
{
    char name[32];

    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++) {
            double u = (double)x / 70, v = ((double)y - 45) / 44;

            tissue[y][x] = u * u + v * v < 1 ? 255 : 0;
            outline[y][x] = y >= 30 && y < 40 && x >= 20 && x < 31 ? 1 : y == 60 && x == 33 ? 2 : 0;
        }
    for (size_t k = 0; k < IMAGES; k++) {
        snprintf(name, sizeof(name), "%zu.pgm", k);
        put(name, k % 3 == 2 ? 65535 : 255, k, NULL, H);
    }
    put("tissue.pgm", 255, 0, tissue, H);
    put("outline.pgm", 255, 0, outline, H);
    put("short.pgm", 255, 0, outline, H - 1);
}

/* A row of image k. */
static void
add(struct manifest *m, size_t k, const char *split, const char *label, const char *lesion,
    const size_t *box, const char *mask, unsigned value)
{
    struct err e;
    char image[32], patient[32];
    struct finding f = {.image = image,
                        .patient = patient,
                        .split = (enum term_split)term_find(split_word, split),
                        .side = SIDE_L,
                        .view = VIEW_CC,
                        .label = (enum term_label)term_find(label_word, label),
                        .lesion = (enum term_lesion)term_find(lesion_word, lesion),
                        .mask = mem_string(mask, &e),
                        .mask_value = value,
                        .tissue = (char[]){"tissue.pgm"}};

    snprintf(image, sizeof(image), "%zu.pgm", k);
    snprintf(patient, sizeof(patient), "P%zu", k);
    if (box != NULL) {
        f.has_box = 1;
        f.x0 = box[0];
        f.y0 = box[1];
        f.x1 = box[2];
        f.y1 = box[3];
    }
    if (manifest_add(m, &f, &e) == -1) {
        tap_ok(0, "%s", e.text);
        exit(1);
    }
    if (m->root == NULL)
        m->root = mem_string(dir, &e);
    free(f.mask);
}

static const struct sample_options usual = {.split = SPLIT_TRAIN,
                                            .label = LABEL_NORMAL,
                                            .size = 16,
                                            .margin = 2,
                                            .downscale = 1,
                                            .min_tissue = 0.9,
                                            .max_offset = 0.5,
                                            .max_box = SIZE_MAX,
                                            .seed = 9};

static struct sampler *
start(const struct manifest *m, const struct sample_options *o)
{
    struct err e;
    struct sampler *s = sampler_open(m, "m.tsv", cache, o, &e);

    if (s == NULL) {
        tap_ok(0, "sampler_open: %s", e.text);
        exit(1);
    }
    return s;
}

static size_t
number(const struct ts_record *r, const char *key)
{
    return (size_t)strtoull(ts_meta_or(r, key, "999999"), NULL, 10);
}

/*
 * Compares one record with its source: the image with block means of pixel(), the tissue and mask
 * tensors with blocks of tissue[][] and of `lesion`, the numbers in the metadata with all of them.
 * Returns the number of mistakes.
 */
static int
mistakes(const struct ts_record *r, const struct sample_options *o, const struct region *lesion)
{
    const struct ts_tensor *image = ts_find(r, "image"), *t = ts_find(r, "tissue"),
                           *m = ts_find(r, "mask");
    size_t d = o->downscale, side = o->size + 2 * o->margin, inside = 0, x0 = number(r, "x"),
           y0 = number(r, "y");
    size_t k = (size_t)strtoull(ts_meta(r, "source"), NULL, 10), sx, sy;
    struct box b;
    char text[64];
    int bad = 0;

    if (image == NULL || image->dtype != TS_F32 || image->shape[0] != side ||
        image->shape[1] != side || (t != NULL) != (o->margin > 0) ||
        (m != NULL) != (lesion != NULL))
        return 1;
    bad +=
        number(r, "window") != o->size * d || number(r, "margin") != o->margin || x0 % d || y0 % d;
    bad += x0 < o->margin * d || y0 < o->margin * d;
    x0 -= o->margin * d;
    y0 -= o->margin * d;
    if (x0 + side * d > W || y0 + side * d > H)
        return 1;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            double sum = 0;
            size_t breast = 0, n = 0;
            int in =
                x >= o->margin && y >= o->margin && x < side - o->margin && y < side - o->margin;

            for (size_t j = 0; j < d * d; j++) {
                size_t sy0 = y0 + y * d + j / d, sx0 = x0 + x * d + j % d;

                sum += unit(k, sy0, sx0);
                breast += tissue[sy0][sx0] != 0;
                n += lesion != NULL && region_count(lesion, sx0, sy0, sx0 + 1, sy0 + 1);
            }
            inside += in ? breast : 0;
            bad += !(fabs(((float *)image->data)[y * side + x] - sum / (double)(d * d)) < 1e-6);
            bad += t && ((uint8_t *)t->data)[y * side + x] != (2 * breast >= d * d ? 255 : 0);
            bad += m && ((uint8_t *)m->data)[y * side + x] != (n > 0 ? 255 : 0);
        }
    snprintf(text, sizeof(text), "%.4f", (double)inside / (double)(o->size * d * o->size * d));
    bad += strcmp(text, ts_meta_or(r, "tissue", "")) != 0;
    bad += !((double)inside >= o->min_tissue * (double)(o->size * d * o->size * d));
    if (lesion == NULL)
        return bad + (ts_meta(r, "bbox") != NULL || ts_meta(r, "seedpixel") != NULL);
    b = box_of_mask(m->data, side, side);
    snprintf(text, sizeof(text), "%zu,%zu,%zu,%zu", b.x0, b.y0, b.x1, b.y1);
    bad += strcmp(text, ts_meta_or(r, "bbox", "")) != 0;
    if (sscanf(ts_meta_or(r, "seedpixel", ""), "%zu,%zu", &sx, &sy) != 2 || sx < o->margin ||
        sy < o->margin || sx >= side - o->margin || sy >= side - o->margin ||
        !((uint8_t *)m->data)[sy * side + sx])
        bad++;
    return bad;
}

/* The same record: tensors and metadata byte for byte. */
static int
same_bytes(struct ts_record *a, struct ts_record *b)
{
    struct err e;
    size_t na = 0, nb = 0;
    unsigned char *ea = ts_encode(a, &na, &e), *eb = ts_encode(b, &nb, &e);
    int same = ea && eb && na == nb && memcmp(ea, eb, na) == 0;

    free(ea);
    free(eb);
    return same;
}

static void
check_patches(const char *what, const struct manifest *m, const struct sample_options *o,
              const struct region *lesion, const char *label, const char *kind)
{
    enum { N = 60 };
    struct sampler *s = start(m, o), *again = start(m, o);
    struct ts_record *r = calloc(N, sizeof(*r)), one = {0};
    struct err e = {.text = ""};
    size_t bad = 0, different = 0, twins = 0;

    for (uint64_t i = 0; i < N; i++) {
        if (sampler_draw(s, i, &r[i], &e) != 1 || mistakes(&r[i], o, lesion) != 0 ||
            number(&r[i], "index") != i || number(&r[i], "seed") != o->seed ||
            strcmp(ts_meta_or(&r[i], "label", ""), label) != 0 ||
            strcmp(ts_meta_or(&r[i], "lesion", "?"), kind) != 0 ||
            strcmp(ts_meta_or(&r[i], "side", ""), "L") != 0)
            bad++;
        for (uint64_t j = 0; j < i; j++)
            twins += strcmp(ts_meta_or(&r[i], "id", ""), ts_meta_or(&r[j], "id", "")) == 0;
    }
    if (!tap_ok(bad == 0, "%s: %d patches are what their sources and metadata say", what, N))
        tap_note("%zu wrong; %s", bad, e.text);
    tap_ok(twins == 0, "%s: no two ids alike", what);
    for (uint64_t i = N; i-- > 0;)
        different += sampler_draw(again, i, &one, &e) != 1 || !same_bytes(&one, &r[i]);
    tap_ok(different == 0, "%s: the same backwards: a record depends on nothing but its index",
           what);
    for (size_t i = 0; i < N; i++)
        ts_clear(&r[i]);
    ts_clear(&one);
    free(r);
    sampler_close(s);
    sampler_close(again);
}

static void
test_normal(void)
{
    struct manifest m = {0};
    struct sample_options o = usual;

    for (size_t k = 0; k < 6; k++)
        add(&m, k, "train", "normal", "", NULL, "", 0);
    check_patches("normal", &m, &o, NULL, "normal", "");
    o.margin = 0;
    check_patches("normal, no margin", &m, &o, NULL, "normal", "");
    o.downscale = 3;
    o.size = 6;
    o.margin = 1;
    check_patches("normal, downscale", &m, &o, NULL, "normal", "");
    manifest_free(&m);
}

static void
test_lesions(void)
{
    static const size_t round_box[4] = {18, 40, 41, 61}, half[4] = {25, 0, 75, 90};
    struct manifest m = {0};
    struct sample_options o = usual;
    struct region lesion;
    struct cache_plane mask;
    struct err e;
    char path[64];

    snprintf(path, sizeof(path), "%s/outline.pgm", dir);
    o.label = LABEL_MALIGNANT;
    add(&m, 0, "train", "malignant", "mass", round_box, "", 0);
    if (region_ellipse(&lesion, 18, 40, 41, 61, &e) == -1 ||
        cache_mask(cache, path, 1, &mask, &e) == -1)
        exit(1);
    check_patches("ellipse", &m, &o, &lesion, "malignant", "mass");
    o.downscale = 2;
    o.size = 9;
    check_patches("ellipse, downscale", &m, &o, &lesion, "malignant", "mass");
    manifest_free(&m);
    region_free(&lesion);

    o = usual;
    o.label = LABEL_BENIGN;
    add(&m, 1, "train", "benign", "both", NULL, "outline.pgm", 1);
    lesion = region_borrow(&mask);
    check_patches("mask", &m, &o, &lesion, "benign", "both");
    manifest_free(&m);

    add(&m, 2, "train", "benign", "", half, "outline.pgm", 1);
    if (region_of_mask(&lesion, &mask, half[0], half[1], half[2], half[3], &e) == -1)
        exit(1);
    tap_ok(lesion.count > 0 && lesion.count < mask.count, "a mask cut by its box");
    check_patches("mask and box", &m, &o, &lesion, "benign", "");
    manifest_free(&m);
    region_free(&lesion);
    cache_release(&mask);

    /* One pixel survives any downscale. */
    add(&m, 4, "train", "benign", "calcification", NULL, "outline.pgm", 2);
    if (region_box(&lesion, 33, 60, 34, 61, &e) == -1)
        exit(1);
    o.downscale = 4;
    o.size = 5;
    o.margin = 1;
    check_patches("one pixel, downscale", &m, &o, &lesion, "benign", "calcification");
    manifest_free(&m);
    region_free(&lesion);
}

static void
test_away(void)
{
    static const size_t box[4] = {40, 20, 50, 30};
    struct manifest m = {0};
    struct sample_options o = usual;
    struct ts_record r = {0};
    struct sampler *s;
    struct err e = {.text = ""};
    size_t bad = 0, from[IMAGES] = {0};

    add(&m, 0, "train", "malignant", "mass", NULL, "outline.pgm", 0);
    add(&m, 0, "train", "benign", "mass", box, "", 0);
    add(&m, 1, "train", "normal", "", NULL, "", 0);
    add(&m, 2, "train", "malignant", "mass", NULL, "", 0); /* somewhere */
    add(&m, 3, "train", "benign", "", NULL, "", 0);        /* somewhere */
    o.from = SAMPLE_EITHER;
    o.size = 8;
    s = start(&m, &o);
    for (uint64_t i = 0; i < 600; i++) {
        size_t k, x, y;

        if (sampler_draw(s, i, &r, &e) != 1 || mistakes(&r, &o, NULL) != 0) {
            bad++;
            continue;
        }
        k = (size_t)strtoull(ts_meta(&r, "source"), NULL, 10);
        from[k]++;
        x = number(&r, "x") - o.margin;
        y = number(&r, "y") - o.margin;
        for (size_t j = 0; k == 0 && j < 12 * 12; j++) {
            size_t px = x + j % 12, py = y + j / 12;

            bad += outline[py][px] != 0 || (px >= 40 && px < 50 && py >= 20 && py < 30);
        }
    }
    tap_ok(bad == 0, "away: patches with their margins touch no finding");
    tap_ok(from[0] > 240 && from[1] > 240 && from[0] + from[1] == 600,
           "either: both kinds of images, evenly");
    tap_ok(sampler_report(s).unlocated == 2 && sampler_report(s).items == 2,
           "findings of unknown place are left out");
    sampler_close(s);
    o.from = SAMPLE_AWAY;
    s = start(&m, &o);
    tap_ok(sampler_report(s).items == 1, "away: images with findings alone");
    sampler_close(s);
    o.from = SAMPLE_CLEAN;
    s = start(&m, &o);
    tap_ok(sampler_report(s).items == 1 && sampler_draw(s, 0, &r, &e) == 1 &&
               strcmp(ts_meta(&r, "source"), "1.pgm") == 0,
           "clean: images without findings alone");
    sampler_close(s);
    ts_clear(&r);
    manifest_free(&m);
}

static size_t
items(const struct manifest *m, const struct sample_options *o)
{
    struct err e;
    struct sampler *s = sampler_open(m, "m.tsv", cache, o, &e);
    size_t n = s ? sampler_report(s).items : 0;

    sampler_close(s);
    return n;
}

static void
test_choice(void)
{
    static const size_t small[4] = {10, 10, 18, 14}, large[4] = {10, 10, 40, 20};
    struct manifest m = {0};
    struct sample_options o = usual;
    struct ts_record r = {0};
    struct sampler *s;
    struct err e = {.text = ""};

    add(&m, 0, "train", "malignant", "mass", small, "", 0);
    add(&m, 0, "train", "malignant", "both", large, "", 0);
    add(&m, 0, "train", "benign", "mass", large, "", 0);
    add(&m, 1, "train", "malignant", "calcification", small, "", 0);
    add(&m, 2, "train", "malignant", "other", large, "", 0);
    add(&m, 3, "train", "malignant", "", NULL, "outline.pgm", 1);
    add(&m, 4, "train", "malignant", "mass", NULL, "", 0);
    add(&m, 5, "test", "malignant", "mass", small, "", 0);
    o.label = LABEL_MALIGNANT;
    tap_ok(items(&m, &o) == 5, "any: five findings of known place");
    o.lesion = LESION_MASS;
    tap_ok(items(&m, &o) == 2, "mass: one, and one with calcifications");
    o.lesion = LESION_CALCIFICATION;
    tap_ok(items(&m, &o) == 2, "calcification: likewise");
    o.lesion = LESION_BOTH;
    tap_ok(items(&m, &o) == 1, "both alone");
    o.lesion = LESION_OTHER;
    tap_ok(items(&m, &o) == 1, "other alone");
    o.lesion = LESION_NONE;
    o.label = LABEL_BENIGN;
    tap_ok(items(&m, &o) == 1, "benign");
    o.label = LABEL_MALIGNANT;
    o.split = SPLIT_TEST;
    tap_ok(items(&m, &o) == 1, "another split");
    o.split = SPLIT_VAL;
    tap_ok(sampler_open(&m, "m.tsv", cache, &o, &e) == NULL &&
               strstr(e.text, "m.tsv: nothing to draw from in split val"),
           "an empty split is an error");
    o.split = SPLIT_TRAIN;
    o.max_box = 8;
    s = start(&m, &o);
    for (uint64_t i = 0; i < 200; i++)
        if (sampler_draw(s, i, &r, &e) != 1)
            break;
    tap_ok(sampler_report(s).items == 3 && sampler_report(s).outside_box == 3 &&
               sampler_report(s).unlocated == 1,
           "large boxes are left out, and large masks when they are met");
    sampler_close(s);
    o.downscale = 4;
    o.size = 5;
    tap_ok(items(&m, &o) == 5, "limits count after downscale");
    o.max_box = SIZE_MAX;
    o.min_box = 3;
    tap_ok(items(&m, &o) == 3, "small ones are left out");
    ts_clear(&r);
    manifest_free(&m);
}

/* Images are drawn uniformly, though one of them has very few allowed places and one has none. */
static void
test_uniform(void)
{
    enum { N = 6000 };
    struct manifest m = {0};
    struct sample_options o = usual;
    struct ts_record r = {0};
    struct sampler *s;
    struct err e = {.text = ""};
    size_t from[IMAGES] = {0}, bad = 0;
    double chi2 = 0, want = N / (IMAGES - 1.0);
    static uint8_t rare[H][W], none[H][W];

    for (size_t y = 10; y < 26; y++)
        for (size_t x = 20; x < 36; x++)
            rare[y][x] = 1;
    put("rare.pgm", 255, 0, rare, H);
    put("none.pgm", 255, 0, none, H);
    for (size_t k = 0; k < IMAGES; k++) {
        add(&m, k, "train", "normal", "", NULL, "", 0);
        if (k < 2)
            m.row[k].tissue = manifest_text(&m, k ? "none.pgm" : "rare.pgm", &e);
    }
    o.min_tissue = 1;
    s = start(&m, &o);
    for (uint64_t i = 0; i < N; i++) {
        if (sampler_draw(s, i, &r, &e) != 1)
            bad++;
        else
            from[strtoull(ts_meta(&r, "source"), NULL, 10)]++;
    }
    for (size_t k = 0; k < IMAGES; k++)
        chi2 += k == 1 ? 0 : ((double)from[k] - want) * ((double)from[k] - want) / want;
    /* 29.6: the 0.999 quantile of chi-square with 10 degrees of freedom (scipy 1.10.1). */
    tap_ok(bad == 0 && from[1] == 0 && chi2 < 29.6,
           "images are equally likely, however few places they have");
    tap_note("chi-square %.1f, of the image with one place: %zu", chi2, from[0]);
    tap_ok(sampler_report(s).no_place == 1, "the one without a place is counted");
    /* What s knows by now of the image without a place must not show. */
    for (uint64_t i = 0; i < 60; i++) {
        struct sampler *fresh = start(&m, &o);
        struct ts_record other = {0};

        bad += sampler_draw(fresh, i, &other, &e) != 1 || sampler_draw(s, i, &r, &e) != 1 ||
               !same_bytes(&r, &other);
        ts_clear(&other);
        sampler_close(fresh);
    }
    tap_ok(bad == 0, "records do not depend on what was found out before");
    sampler_close(s);

    /* Each in turn: the image without a place is passed over, the numbers go on. */
    o.each = 2;
    s = start(&m, &o);
    tap_ok(sampler_total(s) == 2 * IMAGES, "each: the number of patches is known");
    for (uint64_t i = 0; i < sampler_total(s); i++) {
        int rc = sampler_draw(s, i, &r, &e);

        bad += rc != (i / 2 != 1);
        bad += rc == 1 && strtoull(ts_meta(&r, "source"), NULL, 10) != i / 2;
    }
    tap_ok(bad == 0, "each: two of each image that has a place, in order");
    sampler_close(s);

    o.each = 0;
    o.size = 60;
    o.margin = 0;
    s = start(&m, &o);
    tap_ok(sampler_draw(s, 0, &r, &e) == -1 && strstr(e.text, "m.tsv: no patch of 60 pixels"),
           "no place on any image is an error");
    sampler_close(s);
    ts_clear(&r);
    manifest_free(&m);
}

/* One row is wrong: the first draw says so, with file, line and words. */
static void
refused(const char *what, struct manifest *m, enum term_label label, const char *words)
{
    struct sample_options o = usual;
    struct ts_record r = {0};
    struct sampler *s;
    struct err e = {.text = ""};
    int rc;

    o.label = label;
    o.from = label == LABEL_NORMAL ? SAMPLE_EITHER : SAMPLE_CLEAN;
    s = start(m, &o);
    rc = sampler_draw(s, 0, &r, &e);
    if (!tap_ok(rc == -1 && strncmp(e.text, "m.tsv:2: ", 9) == 0 && strstr(e.text, words),
                "refused: %s", what))
        tap_note("rc %d: %s", rc, e.text);
    sampler_close(s);
    ts_clear(&r);
    manifest_free(m);
}

static void
test_refused(void)
{
    static const size_t wide[4] = {10, 10, W + 1, 20}, empty[4] = {60, 60, 70, 70};
    struct manifest m = {0};
    struct err e;

    add(&m, 99, "train", "normal", "", NULL, "", 0);
    refused("an image that is not there", &m, LABEL_NORMAL, "99.pgm");
    add(&m, 0, "train", "malignant", "mass", NULL, "short.pgm", 1);
    refused("a mask of another size", &m, LABEL_MALIGNANT,
            "short.pgm is 75 x 89 pixels, its image 0.pgm is 75 x 90");
    add(&m, 0, "train", "malignant", "mass", NULL, "short.pgm", 1);
    refused("the same, away from it", &m, LABEL_NORMAL, "short.pgm is 75 x 89");
    add(&m, 0, "train", "normal", "", NULL, "", 0);
    m.row[0].tissue = manifest_text(&m, "short.pgm", &e);
    refused("a tissue mask of another size", &m, LABEL_NORMAL,
            "short.pgm is 75 x 89 pixels, its image");
    add(&m, 0, "train", "malignant", "mass", wide, "", 0);
    refused("a box beyond its image", &m, LABEL_MALIGNANT,
            "reaches beyond its image 0.pgm of 75 x 90");
    add(&m, 0, "train", "malignant", "mass", wide, "", 0);
    refused("the same, away from it", &m, LABEL_NORMAL, "reaches beyond");
    add(&m, 0, "train", "malignant", "mass", NULL, "outline.pgm", 3);
    refused("a grey level that the mask lacks", &m, LABEL_MALIGNANT, "outline.pgm has no pixel");
    add(&m, 0, "train", "malignant", "mass", empty, "outline.pgm", 1);
    refused("a box without a pixel of the mask", &m, LABEL_MALIGNANT, "outline.pgm has no pixel");
    add(&m, 0, "train", "malignant", "mass", NULL, "none-such.png", 1);
    refused("a mask that is not there", &m, LABEL_MALIGNANT, "none-such.png");
}

/*
 * An example whose patch is one of image 3, and what is drawn like it: every record is still what
 * its source says, the place is the example's, and the more candidates, the nearer.
 */
static void
test_like(void)
{
    enum { N = 40 };
    static const size_t many[] = {1, 20, 400};
    struct like_example x = {.id = (char[]){"example"}, .patient = (char[]){"PX"}};
    struct like l = {.side = 16, .example = &x, .n = 1, .cap = 1};
    struct manifest m = {0};
    struct sample_options o = usual;
    double before = INFINITY;
    static uint8_t lesion[6] = {1, 1, 0, 1, 1, 1};
    struct err e;

    x.box = (struct box){6, 7, 9, 9};
    x.mask = lesion;
    for (size_t k = 0; k < 6; k++)
        add(&m, k, "train", "normal", "", NULL, "", 0);
    for (int k = 0; k < SURROUND_MEASURES; k++) {
        l.scale[k] = k == SURROUND_TISSUE ? 0 : 10;
        l.root[k][k] = 1;
    }
    { /* what surrounds that place of image 3 at 20,34 */
        uint8_t mask[16 * 16];
        float image[16 * 16];
        struct surround s;

        like_mask(&l, 0, mask);
        if (surround_init(&s, mask, 16, &e) != 1)
            exit(1);
        for (size_t i = 0; i < 256; i++)
            image[i] = (float)unit(3, 34 + i / 16, 20 + i % 16);
        surround_see(&s, image, x.x);
        surround_free(&s);
        /* The tissue's box: columns 0 to 69, rows 2 to 88. */
        x.x[SURROUND_DEPTH] = 28.0 / 70;
        x.x[SURROUND_HEIGHT] = (42.0 - 2) / 87;
    }
    o.like = &l;
    o.candidates = 20;
    check_patches("like", &m, &o, NULL, "normal", "");
    for (size_t c = 0; c < sizeof(many) / sizeof(many[0]); c++) {
        struct sampler *s;
        struct ts_record r = {0};
        size_t bad = 0;
        double distance;

        o.candidates = many[c];
        s = start(&m, &o);
        for (uint64_t i = 0; i < N; i++) {
            const struct ts_tensor *t;

            if (sampler_draw(s, i, &r, &e) != 1 || (t = ts_find(&r, "place")) == NULL) {
                bad++;
                continue;
            }
            for (size_t y = 0; y < 20; y++)
                for (size_t k = 0; k < 20; k++) {
                    int in = y >= 9 && y < 11 && k >= 8 && k < 11 && lesion[(y - 9) * 3 + k - 8];

                    bad += ((uint8_t *)t->data)[y * 20 + k] != (in ? 255 : 0);
                }
            bad += strcmp(ts_meta_or(&r, "like", ""), "example") != 0 ||
                   strcmp(ts_meta_or(&r, "like_patient", ""), "PX") != 0;
        }
        distance = sampler_report(s).distance;
        tap_ok(bad == 0 && distance > 0 && distance < before,
               "%zu candidates: the place is the example's; distance %.3g, nearer than before",
               many[c], distance);
        before = distance;
        ts_clear(&r);
        sampler_close(s);
    }
    manifest_free(&m);
}

int
main(void)
{
    char command[64];
    struct err e;

    if (mkdtemp(dir) == NULL || (cache = cache_open(NULL, &e)) == NULL)
        return 1;
    make_files();
    test_normal();
    test_lesions();
    test_away();
    test_choice();
    test_uniform();
    test_like();
    test_refused();
    cache_close(cache);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) != 0 || tap_done(62);
}
