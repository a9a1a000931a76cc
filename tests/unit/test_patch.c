/* patch, footprint: what records say, what they do not say, and what they cannot say. */
#include <string.h>

#include "patch/footprint.h"
#include "patch/patch.h"
#include "tap.h"

static struct err e;

static void
set(struct ts_record *r, const char *key, const char *value)
{
    if (ts_meta_set(r, key, value, &e) == -1)
        tap_ok(0, "%s", e.text);
}

static void
test_patch(void)
{
    static const char *const wrong[][3] = {
        {"split", "none", "split 'none' is none of train, val, test"},
        {"label", "cancer", "label 'cancer' is none of normal, benign, malignant"},
        {"lesion", "asymmetry", "lesion 'asymmetry' is none of mass, calcification, both, other"}};
    struct ts_record r = {0};
    struct patch p;
    char before[32];

    tap_ok(patch_read(&p, &r, &e) == 0 && p.split == SPLIT_NONE && p.label == LABEL_NONE &&
               p.lesion == LESION_NONE && !p.synthetic && p.id[0] == '\0' && p.patient[0] == '\0',
           "an empty record says nothing");
    for (int i = 0; i < 3; i++) {
        set(&r, wrong[i][0], wrong[i][1]);
        tap_ok(patch_read(&p, &r, &e) == -1 && strcmp(e.text, wrong[i][2]) == 0, "%s", e.text);
        ts_meta_drop(&r, wrong[i][0]);
    }
    set(&r, "id", "a");
    set(&r, "patient", "P");
    set(&r, "split", "val");
    set(&r, "label", "benign");
    set(&r, "lesion", "both");
    set(&r, "bbox", "1,2,3,4");
    set(&r, "seedpixel", "1,2");
    set(&r, "colour", "grey");
    tap_ok(patch_read(&p, &r, &e) == 0 && p.split == SPLIT_VAL && p.label == LABEL_BENIGN &&
               p.lesion == LESION_BOTH && strcmp(p.id, "a") == 0 && strcmp(p.patient, "P") == 0,
           "what it says");
    tap_ok(patch_synthesize(&r, "text", "malignant", "mass", &e) == 0 &&
               patch_read(&p, &r, &e) == 0 && p.synthetic && p.label == LABEL_MALIGNANT &&
               p.lesion == LESION_MASS && strcmp(ts_meta_or(&r, "parent", ""), "a") == 0 &&
               strlen(p.id) == 16,
           "a synthetic one is another, and names its parent");
    tap_ok(ts_meta(&r, "bbox") == NULL && ts_meta(&r, "seedpixel") == NULL,
           "the old lesion is forgotten");
    tap_ok(strcmp(ts_meta_or(&r, "colour", ""), "grey") == 0 && p.split == SPLIT_VAL,
           "all else passes through");
    snprintf(before, sizeof(before), "%s", p.id);
    tap_ok(patch_derive(&r, "text", &e) == 0 && strcmp(ts_meta_or(&r, "id", ""), before) == 0 &&
               strcmp(ts_meta_or(&r, "parent", ""), before) == 0,
           "the same text, the same id");
    ts_clear(&r);
}

static void
test_footprint(void)
{
    static const char *const wrong[][2] = {{"x", "-1"},       {"y", ""},      {"window", "0"},
                                           {"margin", "1.5"}, {"scale", "0"}, {"rotate", "45"},
                                           {"flip", "2"},     {"x", "16385"}};
    static const struct footprint some = {1,  3, 16384,
                                          64, 8, {.scale = 0.8, .rotate = 270, .flip = 1}};
    struct footprint_square s;
    struct footprint f;
    struct ts_record r = {0};
    size_t bad = 0;

    tap_ok(footprint_read(&f, &r, &e) == 0 && !f.placed && f.margin == 0 && f.change.scale == 1 &&
               f.change.rotate == 0 && f.change.flip == 0,
           "an empty record was not changed");
    tap_ok(footprint_square(&r, 32, &s, &e) == -1 && strstr(e.text, "where on its image") != NULL,
           "nor does it say where it lies");
    tap_ok(footprint_write(&some, &r, &e) == 0 && footprint_read(&f, &r, &e) == 0 &&
               memcmp(&f, &some, sizeof(f)) == 0,
           "a footprint comes back");
    /* 80 pixels, 64 of them the window's: 64 / 0.8 pixels of the image and a margin. */
    tap_ok(footprint_square(&r, 80, &s, &e) == 0 && s.pixel == 1.25 && s.side == 100 &&
               s.x == 3 + 32 - 50 && s.y == 16384 + 32 - 50,
           "the square that planes of 80 pixels cover");
    tap_ok(footprint_square(&r, 16, &s, &e) == -1, "a margin without a patch");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (footprint_write(&some, &r, &e) == -1)
            tap_ok(0, "%s", e.text);
        set(&r, wrong[i][0], wrong[i][1]);
        if (footprint_read(&f, &r, &e) != -1 ||
            strncmp(e.text, wrong[i][0], strlen(wrong[i][0])) != 0) {
            tap_note("%s '%s'", wrong[i][0], wrong[i][1]);
            bad++;
        }
    }
    tap_ok(bad == 0, "numbers out of range are refused by their name");
    ts_clear(&r);
}

int
main(void)
{
    test_patch();
    test_footprint();
    return tap_done(15);
}
