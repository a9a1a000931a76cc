/* manifest: what is read, what is refused and with which words, and that writing gives it back. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stream/manifest.h"
#include "tap.h"

#define HEAD "image\tpatient\tsplit\tside\tview\tlabel"
#define ALL HEAD "\tlesion\tx0\ty0\tx1\ty1\tmask\ttissue\n"

static char dir[] = "/tmp/test_manifest.XXXXXX", path[64];

static void
put(const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(text, 1, n, f) != n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static int
read_text(const char *text, size_t n, struct manifest *m, struct err *e)
{
    e->text[0] = '\0';
    put(text, n);
    return manifest_read(path, NULL, m, e);
}

/* The text is refused with "PATH:LINE: ... WORDS ...". */
static void
refused_bytes(const char *what, const char *text, size_t n, size_t line, const char *words)
{
    struct manifest m;
    struct err e;
    char where[128];
    int rc = read_text(text, n, &m, &e);

    snprintf(where, sizeof(where), "%s:%zu: ", path, line);
    if (!tap_ok(rc == -1 && strncmp(e.text, where, strlen(where)) == 0 && strstr(e.text, words),
                "refused: %s", what))
        tap_note("rc %d, text '%s'", rc, e.text);
    if (rc == 0)
        manifest_free(&m);
}

static void
refused(const char *what, const char *text, size_t line, const char *words)
{
    refused_bytes(what, text, strlen(text), line, words);
}

static void
test_good(void)
{
    static const char text[] =
        ALL "a.png\tP1\ttrain\tL\tCC\tmalignant\tmass\t3\t4\t10\t12\tm.png=2\tt.png\n"
            "a.png\tP1\ttrain\tL\tCC\tbenign\tcalcification\t\t\t\t\tx=y.png\tt.png\n"
            "z.zip:b.png\tP2\tval\t\t\tnormal\n";
    struct manifest m;
    struct err e;
    char *full;

    if (!tap_ok(read_text(text, strlen(text), &m, &e) == 0, "a table of three rows is read")) {
        tap_note("%s", e.text);
        return;
    }
    tap_ok(m.n == 3 && m.n_images == 2 && m.image_first[0] == 0 && m.image_first[1] == 2 &&
               m.image_first[2] == 3,
           "rows and images");
    tap_ok(m.row[0].has_box && m.row[0].x0 == 3 && m.row[0].y0 == 4 && m.row[0].x1 == 10 &&
               m.row[0].y1 == 12,
           "box");
    tap_ok(strcmp(m.row[0].mask, "m.png") == 0 && m.row[0].mask_value == 2, "mask with its value");
    tap_ok(!m.row[1].has_box && strcmp(m.row[1].mask, "x=y.png") == 0 && m.row[1].mask_value == 0,
           "mask without value, though its name has an '='");
    tap_ok(strcmp(m.row[2].tissue, "") == 0 && m.row[2].side == SIDE_NONE &&
               strcmp(m.row[2].mask, "") == 0,
           "fields left out are empty");
    tap_ok(manifest_is_finding(&m.row[1]) && !manifest_is_finding(&m.row[2]), "findings are told");
    tap_ok(m.row[2].line == 4, "line numbers count the header");
    tap_ok(strcmp(m.root, dir) == 0, "the root is the manifest's folder");
    full = manifest_path(&m, m.row[2].image, &e);
    tap_ok(full != NULL && strncmp(full, dir, strlen(dir)) == 0 &&
               strcmp(full + strlen(dir), "/z.zip:b.png") == 0,
           "a path under the root");
    free(full);
    manifest_free(&m);
}

static void
test_lenient(void)
{
    static const char crlf[] = "\xef\xbb\xbf" HEAD "\r\n\r\na\tP\ttrain\tL\tCC\tnormal\r\n";
    static const char order[] =
        "label\tview\tside\tsplit\tpatient\timage\nbenign\tMLO\tR\ttest\tP\ta\n";
    static const char utf8[] = HEAD "\n\xc3\xa9.png\tP \xe2\x82\xac\ttrain\t\t\tnormal\n";
    struct manifest m;
    struct err e;

    tap_ok(read_text(crlf, strlen(crlf), &m, &e) == 0 && m.n == 1 && m.row[0].line == 3 &&
               m.row[0].label == LABEL_NORMAL,
           "byte order mark, CR LF and empty lines");
    manifest_free(&m);
    tap_ok(read_text(order, strlen(order), &m, &e) == 0 && strcmp(m.row[0].image, "a") == 0 &&
               m.row[0].view == VIEW_MLO,
           "columns in another order");
    manifest_free(&m);
    tap_ok(read_text(utf8, strlen(utf8), &m, &e) == 0 && m.n == 1, "UTF-8 names");
    manifest_free(&m);
    tap_ok(read_text(ALL, strlen(ALL), &m, &e) == 0 && m.n == 0 && m.n_images == 0,
           "a table without rows");
    manifest_free(&m);
    put(ALL, strlen(ALL));
    tap_ok(manifest_read(path, "/elsewhere", &m, &e) == 0 && strcmp(m.root, "/elsewhere") == 0,
           "another root");
    manifest_free(&m);
}

static void
test_refused(void)
{
    static const char nul[] = HEAD "\na\tP\ttr\0in\tL\tCC\tnormal\n";
    static const char wide[] = "\xff\xfei\0m\0a\0g\0e\0\n\0";
    char *longest = malloc(40000);

    refused("an empty file", "", 0, "empty");
    refused("columns missing", "image\tpatient\n", 1, "'split' is missing");
    refused("an unknown column", HEAD "\tcolour\n", 1, "unknown column 'colour'");
    refused("a column twice", HEAD "\timage\n", 1, "'image' twice");
    refused("too few fields", HEAD "\na\tP\ttrain\tL\tCC\n", 2, "'label' is missing");
    refused("too many fields", HEAD "\na\tP\ttrain\tL\tCC\tnormal\tx\n", 2, "7 fields");
    refused("an unknown split", HEAD "\na\tP\tdev\tL\tCC\tnormal\n", 2, "split 'dev'");
    refused("no split", HEAD "\na\tP\t\tL\tCC\tnormal\n", 2, "split is empty");
    refused("an unknown side", HEAD "\na\tP\ttrain\tleft\tCC\tnormal\n", 2, "side 'left'");
    refused("an unknown view", HEAD "\na\tP\ttrain\tL\tLM\tnormal\n", 2, "view 'LM'");
    refused("an unknown label", HEAD "\na\tP\ttrain\tL\tCC\tcancer\n", 2, "label 'cancer'");
    refused("no image", HEAD "\n\tP\ttrain\tL\tCC\tnormal\n", 2, "image is empty");
    refused("no patient", HEAD "\na\t\ttrain\tL\tCC\tnormal\n", 2, "patient is empty");
    refused("an unknown lesion", ALL "a\tP\ttrain\tL\tCC\tbenign\tcyst\n", 2, "lesion 'cyst'");
    refused("a normal finding", ALL "a\tP\ttrain\tL\tCC\tnormal\tmass\n", 2, "with a finding");
    refused("a part of a box", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t1\t2\t3\n", 2, "3 of its 4");
    refused("an empty box", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t5\t2\t5\t9\n", 2, "is empty");
    refused("a box the wrong way", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t1\t9\t5\t2\n", 2,
            "is empty");
    refused("a negative box", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t-1\t2\t5\t9\n", 2, "x0 '-1'");
    refused("a fractional box", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t1\t2.5\t5\t9\n", 2,
            "y0 '2.5'");
    refused("a box of no numbers", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\tnan\t2\t5\t9\n", 2,
            "'nan'");
    refused("a huge box", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t1\t2\t65536\t9\n", 2,
            "larger than");
    refused("a box of 2^64 + 5",
            ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t1\t2\t18446744073709551621\t9\n", 2,
            "larger than");
    refused("mask value 0", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t\t\t\t\tm=0\n", 2, "value 0");
    refused("mask value 65536", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t\t\t\t\tm=65536\n", 2,
            "larger");
    refused("a mask value alone", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t\t\t\t\t=1\n", 2,
            "no path");
    refused("a mask with two values", ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t\t\t\t\tm=1=2\n", 2,
            "'=' and");
    refused("a cut last line", HEAD "\na\tP\ttrain\tL\tCC\tnormal", 2, "was cut");
    refused_bytes("a zero byte", nul, sizeof(nul) - 1, 2, "zero byte");
    refused_bytes("UTF-16", wide, sizeof(wide) - 1, 1, "zero byte");
    refused("a control character", HEAD "\na\x1b[1m\tP\ttrain\tL\tCC\tnormal\n", 2, "control");
    refused("Latin-1", HEAD "\na\tP\xe9rez\ttrain\tL\tCC\tnormal\n", 2, "not UTF-8");
    refused("overlong UTF-8", HEAD "\na\tP\xc0\xaf\ttrain\tL\tCC\tnormal\n", 2, "not UTF-8");
    refused("a surrogate", HEAD "\na\tP\xed\xa0\x80\ttrain\tL\tCC\tnormal\n", 2, "not UTF-8");
    refused("UTF-8 beyond U+10FFFF", HEAD "\na\tP\xf4\x90\x80\x80\ttrain\tL\tCC\tnormal\n", 2,
            "not UTF-8");
    refused("a byte that UTF-8 lacks", HEAD "\na\tP\xf9\x80\x80\x80\ttrain\tL\tCC\tnormal\n", 2,
            "not UTF-8");
    refused("UTF-8 cut at the tab", HEAD "\na\tP\xe2\x82\ttrain\tL\tCC\tnormal\n", 2, "not UTF-8");
    refused("a patient in two splits",
            HEAD "\na\tP1\ttrain\tL\tCC\tnormal\nb\tP2\ttrain\tL\tCC\tnormal\n"
                 "c\tP1\ttest\tL\tCC\tnormal\n",
            4, "patient 'P1' is in split 'test' here and in 'train' on line 2");
    refused("rows of an image apart",
            ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\nb\tP\ttrain\tL\tCC\tnormal\n"
                "a\tP\ttrain\tL\tCC\tbenign\tmass\n",
            4, "image 'a' stands on line 2 too");
    refused("an image of two views",
            ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\na\tP\ttrain\tL\tMLO\tbenign\tmass\n", 3,
            "another view on line 2");
    refused("an image of two patients",
            ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\na\tQ\ttrain\tL\tCC\tbenign\tmass\n", 3,
            "another patient on line 2");
    refused("an image with two tissue masks",
            ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\t\t\t\t\t\tt\n"
                "a\tP\ttrain\tL\tCC\tbenign\tmass\t\t\t\t\t\tu\n",
            3, "another tissue mask");
    refused("a row without finding beside others",
            ALL "a\tP\ttrain\tL\tCC\tbenign\tmass\na\tP\ttrain\tL\tCC\tnormal\n", 3,
            "without a finding (line 3)");
    if (longest != NULL) {
        size_t n = (size_t)snprintf(longest, 40000, HEAD "\n");

        memset(longest + n, 'a', 30000);
        n += 30000;
        n += (size_t)snprintf(longest + n, 1000, "\tP\ttrain\tL\tCC\tnormal\n");
        refused_bytes("an overlong line", longest, n, 2, "longer than");
    }
    free(longest);
}

static void
test_limits(void)
{
    static const char row[] = "\tP\ttrain\t\t\tnormal\n";
    struct manifest m;
    struct err e = {.text = ""};
    FILE *f = fopen(path, "wb");
    char where[128];
    int rc;

    if (f == NULL)
        exit(1);
    fputs(HEAD "\n", f);
    for (int i = 0; i < MANIFEST_MAX_ROWS; i++)
        fprintf(f, "%d%s", i, row);
    if (fclose(f) != 0)
        exit(1);
    rc = manifest_read(path, NULL, &m, &e);
    if (rc == -1)
        tap_note("%s", e.text);
    tap_ok(rc == 0 && m.n == MANIFEST_MAX_ROWS && m.n_images == m.n, "a million rows are read");
    manifest_free(&m);
    f = fopen(path, "ab");
    if (f == NULL || fprintf(f, "x%s", row) < 0 || fclose(f) != 0)
        exit(1);
    rc = manifest_read(path, NULL, &m, &e);
    snprintf(where, sizeof(where), "%s:%d: more than", path, MANIFEST_MAX_ROWS + 2);
    tap_ok(rc == -1 && strncmp(e.text, where, strlen(where)) == 0, "one more is refused");
    tap_ok(manifest_read("/nonexistent/m.tsv", NULL, &m, &e) == -1 &&
               strstr(e.text, "/nonexistent/m.tsv") != NULL,
           "a missing file is named");
}

/* A random table that is right. */
static void
random_table(struct manifest *m, uint64_t seed, struct err *e)
{
    struct rng r = rng_at(seed, "table", 0);
    size_t images = rng_below(&r, 20);

    memset(m, 0, sizeof(*m));
    for (size_t k = 0; k < images; k++) {
        size_t rows = rng_below(&r, 4), patient = k / 2;
        char *image = mem_printf(e, "dir/%zu \xc3\xa9.png", k),
             *who = mem_printf(e, "P%zu", patient);

        for (size_t i = 0; i < (rows ? rows : 1); i++) {
            struct finding f = {.image = image,
                                .patient = who,
                                .split = (enum term_split)(SPLIT_TRAIN + patient % 3),
                                .label = rows ? LABEL_BENIGN : LABEL_NORMAL};
            enum term_lesion lesion = (enum term_lesion)(LESION_MASS + rng_below(&r, 4));
            char *mask = mem_string("m.png", e);

            if (rows > 0) {
                f.lesion = lesion;
                f.has_box = rng_below(&r, 2) != 0;
                f.x0 = rng_below(&r, 100);
                f.y0 = rng_below(&r, 100);
                f.x1 = f.x0 + 1 + rng_below(&r, 100);
                f.y1 = f.y0 + 1 + rng_below(&r, 100);
                if (rng_below(&r, 2)) {
                    f.mask = mask;
                    f.mask_value = (unsigned)rng_below(&r, 4);
                }
            }
            if (manifest_add(m, &f, e) == -1)
                tap_ok(0, "manifest_add: %s", e->text);
            free(mask);
        }
        free(image);
        free(who);
    }
}

static int
same_row(const struct finding *a, const struct finding *b)
{
    if (strcmp(a->image, b->image) || strcmp(a->patient, b->patient) || strcmp(a->mask, b->mask) ||
        strcmp(a->tissue, b->tissue))
        return 0;
    if (a->split != b->split || a->side != b->side || a->view != b->view || a->label != b->label ||
        a->lesion != b->lesion)
        return 0;
    if (a->has_box != b->has_box || a->mask_value != b->mask_value || a->line != b->line)
        return 0;
    return !a->has_box || (a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1);
}

static void
test_write(void)
{
    struct manifest m, back;
    struct err e = {.text = ""};
    struct finding f = {.image = (char[]){"a"},
                        .patient = (char[]){"P"},
                        .split = SPLIT_TRAIN,
                        .label = LABEL_NORMAL};
    int bad = 0;
    FILE *null = fopen("/dev/null", "w");

    for (uint64_t seed = 0; seed < 100 && !bad; seed++) {
        FILE *out = fopen(path, "wb");

        random_table(&m, seed, &e);
        bad = out == NULL || manifest_write(out, &m, &e) == -1 || fclose(out) != 0 ||
              manifest_read(path, NULL, &back, &e) == -1;
        if (bad) {
            tap_note("seed %llu: %s", (unsigned long long)seed, e.text);
            break;
        }
        bad = back.n != m.n || back.n_images != m.n_images;
        for (size_t i = 0; i < m.n && !bad; i++)
            bad = !same_row(&m.row[i], &back.row[i]);
        for (size_t k = 0; k <= m.n_images && m.n > 0 && !bad; k++)
            bad = back.image_first[k] != m.image_first[k];
        if (bad)
            tap_note("seed %llu", (unsigned long long)seed);
        manifest_free(&m);
        manifest_free(&back);
    }
    tap_ok(!bad, "write and read give 100 random tables back");

    memset(&m, 0, sizeof(m));
    tap_ok(manifest_add(&m, &f, &e) == 0, "a row with NULL texts is added");
    f.image = (char[]){"b\tc"};
    tap_ok(manifest_add(&m, &f, &e) == -1 && strstr(e.text, "row 2: image holds") != NULL,
           "a tab in a name is refused");
    f.image = (char[]){"b"};
    f.split = SPLIT_VAL;
    tap_ok(manifest_add(&m, &f, &e) == 0 && null != NULL && manifest_write(null, &m, &e) == -1 &&
               strstr(e.text, "patient 'P' is in split 'val' here and in 'train' on line 2") !=
                   NULL,
           "a leaking patient is not written");
    m.row[1].split = SPLIT_TRAIN;
    m.row[1].tissue = manifest_text(&m, "t\n.png", &e);
    tap_ok(manifest_write(null, &m, &e) == -1 && strstr(e.text, "tissue holds") != NULL,
           "a changed row is checked again");
    m.row[1].tissue = manifest_text(&m, "t.png", &e);
    tap_ok(manifest_write(null, &m, &e) == 0, "and written once it is right");
    manifest_free(&m);
    fclose(null);
}

int
main(void)
{
    if (mkdtemp(dir) == NULL) {
        perror(dir);
        return 1;
    }
    snprintf(path, sizeof(path), "%s/m.tsv", dir);
    test_good();
    test_lenient();
    test_refused();
    test_limits();
    test_write();
    unlink(path);
    rmdir(dir);
    return tap_done(68);
}
