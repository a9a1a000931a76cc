/* Image files against Pillow 9.4.0 (tests/ref/image_ref.py); damage is refused; writing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ref/image_files.h"
#include "../tap.h"
#include "base/rng.h"
#include "image/codec.h"
#include "image/image.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct err e;
static char folder[] = "/tmp/test_image.XXXXXX";
static char path[64];

static const char *
in_folder(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* The bytes as a file of that name; returns its path. */
static const char *
put(const char *name, const void *b, size_t n)
{
    FILE *f = fopen(in_folder(name), "wb");

    if (f == NULL || fwrite(b, 1, n, f) != n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
    return path;
}

static void
test_good(void)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        const char *file = put("good", good[i].b, good[i].n);
        size_t h = 0, w = 0, wrong = 0;
        struct image im;

        e.text[0] = '\0';
        if (!tap_ok(image_read(file, &im, &e) == 0, "%s: read %s", good[i].name, e.text))
            continue;
        for (size_t j = 0; im.h == good[i].h && im.w == good[i].w && j < im.h * im.w; j++)
            wrong += im.px[j] != good[i].want[j];
        tap_ok(im.h == good[i].h && im.w == good[i].w && im.max == good[i].max && wrong == 0,
               "%s: %zu x %zu to %u, %zu pixels differ", good[i].name, im.w, im.h, im.max, wrong);
        tap_ok(image_size(file, &h, &w, &e) == 0 && h == im.h && w == im.w, "%s: size",
               good[i].name);
        image_free(&im);
    }
}

static void
test_bad(void)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct image im;
        int rc = image_read(put("bad", bad[i].b, bad[i].n), &im, &e);

        tap_ok(rc == -1 && im.px == NULL && strstr(e.text, bad[i].why) != NULL &&
                   strncmp(e.text, path, strlen(path)) == 0,
               "%s: refused: %s", bad[i].name, e.text);
    }
}

/* Every proper prefix is refused, and so is every PNG with a byte changed. */
static void
test_damage(void)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        int is_png = strncmp(good[i].name, "png", 3) == 0, cut = 1, flipped = 1;
        int (*decode)(const unsigned char *, size_t, struct image *, struct err *) =
            is_png ? decode_png : decode_jpeg;
        int (*size)(const unsigned char *, size_t, size_t *, size_t *, struct err *) =
            is_png ? size_png : size_jpeg;
        unsigned char *copy = malloc(good[i].n);
        size_t h, w;
        struct image im;

        for (size_t n = 0; n < good[i].n; n++) {
            /* A block of its own, so that a sanitizer sees what reads behind the end. */
            unsigned char *prefix = malloc(n ? n : 1);

            memcpy(prefix, good[i].b, n);
            cut &= n < 3 || (decode(prefix, n, &im, &e) == -1 && im.px == NULL);
            cut &= n < 3 || size(prefix, n, &h, &w, &e) >= 0;
            free(prefix);
        }
        tap_ok(cut, "%s: all %zu prefixes are refused", good[i].name, good[i].n);
        for (size_t n = 0; n < good[i].n * 8; n++) {
            memcpy(copy, good[i].b, good[i].n);
            copy[n / 8] ^= (unsigned char)(1 << n % 8);
            if (decode(copy, good[i].n, &im, &e) == 0) {
                image_free(&im);
                flipped &= !is_png;
            }
        }
        tap_ok(flipped, "%s: all %zu bit flips %s", good[i].name, good[i].n * 8,
               is_png ? "are refused" : "are survived");
        free(copy);
    }
}

/* What is in a PGM by its text, and what is said of it. */
static void
test_pgm(void)
{
    static const struct {
        const char *text;
        size_t n;
        const char *why; /* NULL: read */
        unsigned max, first, last;
    } pgm[] = {
#define TEXT(s) s, sizeof(s) - 1
        {TEXT("P5\n2 3\n255\n\0\1\2\3\4\xff"), NULL, 255, 0, 255},
        {TEXT("P5 2 1 65535 \1\2\xff\xfe"), NULL, 65535, 258, 65534},
        {TEXT("P5#c\n2#a#b\r3 # 9\n255\nabcdef"), NULL, 255, 'a', 'f'},
        {TEXT("P5 2 1 15\n\0\17"), NULL, 255, 0, 255},
        {TEXT("P5 2 1 4095\n\0\0\17\xff"), NULL, 65535, 0, 65535},
        {TEXT("P5 2 1 256\n\0\1\1\0"), NULL, 65535, 256, 65535},
        {TEXT("P5 3 1 3\n\1\0\2"), NULL, 255, 85, 170},
        {TEXT("P5 2 1 7\n\3\4"), NULL, 255, 109, 146},
        {TEXT("P2 3 2 255 1 2 3 4 5 6"), NULL, 255, 1, 6},
        {TEXT("P2 3 1 255 1 #two\n 2 3\n# end"), NULL, 255, 1, 3},
        {TEXT("P2\n1 1\n1000\n500"), NULL, 65535, 32768, 32768},
        {TEXT("P5 2 3 255 abcde"), "bytes", 0, 0, 0},
        {TEXT("P5 2 3 255 abcdefg"), "7 bytes of pixels where 2 x 3 needs 6", 0, 0, 0},
        {TEXT("P5 2 1 15 \0\20"), "pixel (1, 0) is 16, the largest value 15", 0, 0, 0},
        {TEXT("P5 2 1 65536 \0\0\0\0"), "the largest value exceeds 65535", 0, 0, 0},
        {TEXT("P5 2 1 0 \0\0"), "the largest value is 0", 0, 0, 0},
        {TEXT("P5 0 1 255 "), "the width is 0", 0, 0, 0},
        {TEXT("P5 2 -1 255 ab"), "the height is not a number", 0, 0, 0},
        {TEXT("P5 16385 1 255 a"), "the width exceeds 16384", 0, 0, 0},
        {TEXT("P5 99999999999999999999 1 255 a"), "the width exceeds 16384", 0, 0, 0},
        {TEXT("P5 16384 16384 255 abc"), "4 bytes behind", 0, 0, 0},
        {TEXT("P5 2x 1 255 ab"), "the width is not a number", 0, 0, 0},
        {TEXT("P5 2 1 255"), "the header is cut", 0, 0, 0},
        {TEXT("P5 2 1 255#\nab"), "no white space behind", 0, 0, 0},
        {TEXT("P5"), "the header is cut", 0, 0, 0},
        {TEXT("P5 2 # 1 255 ab"), "the header is cut", 0, 0, 0},
        {TEXT("P2 3 2 255 1 2 3 4 5"), "5 pixels where 3 x 2 needs 6", 0, 0, 0},
        {TEXT("P2 3 1 255 1 2 3 4"), "bytes behind the last pixel", 0, 0, 0},
        {TEXT("P2 3 1 255 1 2 256"), "pixel (2, 0) is 256", 0, 0, 0},
        {TEXT("P2 3 1 255 1 2 99999"), "a pixel exceeds 65535", 0, 0, 0},
        {TEXT("P2 3 1 255 1 2 3x"), "pixel 2 is not a number", 0, 0, 0},
        {TEXT("P2 3 1 255 1 -2 3"), "a pixel is not a number", 0, 0, 0},
        {TEXT("P6 1 1 255 abc"), "not a PNG, PGM or JPEG", 0, 0, 0},
        {TEXT("P"), "not a PNG, PGM or JPEG", 0, 0, 0},
        {TEXT(""), "empty file", 0, 0, 0},
#undef TEXT
    };

    for (size_t i = 0; i < COUNT(pgm); i++) {
        const char *file = put("pgm", pgm[i].text, pgm[i].n);
        struct image im;
        size_t h, w;
        int rc = image_read(file, &im, &e);

        if (pgm[i].why != NULL) {
            tap_ok(rc == -1 && strstr(e.text, pgm[i].why) != NULL, "PGM %zu: refused: %s", i,
                   e.text);
            continue;
        }
        if (tap_ok(rc == 0, "PGM %zu: read %s", i, rc ? e.text : "")) {
            tap_ok(im.max == pgm[i].max && im.px[0] == pgm[i].first &&
                       im.px[im.h * im.w - 1] == pgm[i].last,
                   "PGM %zu: %u .. %u of %u", i, im.px[0], im.px[im.h * im.w - 1], im.max);
            tap_ok(image_size(file, &h, &w, &e) == 0 && h == im.h && w == im.w, "PGM %zu: size", i);
        }
        image_free(&im);
    }
}

static int
contains(const unsigned char *b, size_t n, const char *what, size_t len)
{
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(b + i, what, len) == 0)
            return 1;
    return 0;
}

static struct image
random_image(size_t h, size_t w, unsigned max)
{
    struct image im;
    struct rng g = rng_at(5, "test-image", max);

    image_alloc(&im, h, w, max, &e);
    for (size_t i = 0; i < h * w; i++)
        im.px[i] = (uint16_t)rng_below(&g, (uint64_t)max + 1);
    return im;
}

static void
test_write(void)
{
    static const char *const text[] = {"Title", "one", "Comment", "two words", NULL};
    static const unsigned maxima[] = {255, 65535};
    unsigned char first[4096], second[4096];
    uint8_t rgb[2 * 3 * 3] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6};
    struct image im, back;
    struct mask m, m2;
    size_t n1, n2, h, w;
    FILE *f;

    for (size_t i = 0; i < COUNT(maxima); i++) {
        im = random_image(17, 31, maxima[i]);
        tap_ok(image_write_png(in_folder("w.png"), &im, text, &e) == 0, "to %u: written",
               maxima[i]);
        tap_ok(image_read(path, &back, &e) == 0 && back.h == 17 && back.w == 31 &&
                   back.max == maxima[i] && memcmp(im.px, back.px, 17 * 31 * sizeof(*im.px)) == 0,
               "to %u: read back", maxima[i]);
        image_free(&back);
        f = fopen(path, "rb");
        n1 = fread(first, 1, sizeof(first), f);
        fclose(f);
        tap_ok(contains(first, n1, "tEXtTitle\0one", 13) &&
                   contains(first, n1, "tEXtComment\0two words", 21),
               "to %u: texts are there", maxima[i]);
        image_write_png(path, &im, text, &e);
        f = fopen(path, "rb");
        n2 = fread(second, 1, sizeof(second), f);
        fclose(f);
        tap_ok(n1 == n2 && memcmp(first, second, n1) == 0, "to %u: same image, same bytes",
               maxima[i]);
        image_free(&im);
    }
    tap_ok(rgb_write_png(in_folder("rgb.png"), rgb, 2, 3, NULL, &e) == 0 &&
               image_read(path, &im, &e) == 0 && im.px[0] == 1 && im.px[5] == 6,
           "RGB is written");
    image_free(&im);
    rgb[4] = 9;
    rgb_write_png(path, rgb, 2, 3, NULL, &e);
    tap_ok(image_read(path, &im, &e) == -1 && strstr(e.text, "pixel (1, 0) is 2 9 2"),
           "in colour: %s", e.text);

    mask_alloc(&m, 5, 9, &e);
    for (size_t i = 0; i < 45; i++)
        m.px[i] = i % 3 == 1;
    tap_ok(mask_write_png(in_folder("mask.png"), &m, &e) == 0, "a mask is written");
    tap_ok(mask_read(path, 0, &m2, &e) == 0 && m2.h == 5 && m2.w == 9 &&
               memcmp(m.px, m2.px, 45) == 0,
           "and read back");
    mask_free(&m2);
    tap_ok(mask_read(path, 255, &m2, &e) == 0 && memcmp(m.px, m2.px, 45) == 0, "by its value");
    mask_free(&m2);
    tap_ok(mask_read(path, 7, &m2, &e) == 0 && memchr(m2.px, 1, 45) == NULL,
           "another value: nothing");
    mask_free(&m2);
    tap_ok(mask_alloc(&m2, 0, 4, &e) == -1 && mask_alloc(&m2, 4, 16385, &e) == -1,
           "a mask of no size or too large is refused");

    tap_ok(mask_write_png("/dev/full", &m, &e) == -1 && strstr(e.text, "/dev/full"),
           "full disk: %s", e.text);
    tap_ok(mask_write_png("/nowhere/mask.png", &m, &e) == -1, "no such folder: %s", e.text);
    m.w = 0;
    tap_ok(mask_write_png(in_folder("none.png"), &m, &e) == -1 && access(path, F_OK) == -1,
           "an empty mask is refused and leaves no file");
    m.w = 9;
    mask_free(&m);
    tap_ok(image_read(in_folder("absent"), &im, &e) == -1 && strstr(e.text, "absent"),
           "no file: %s", e.text);
    tap_ok(image_size(in_folder("absent"), &h, &w, &e) == -1, "no size of no file");
}

/* Sizes are told from the beginning alone; a JPEG with much metadata is read further. */
static void
test_size(void)
{
    unsigned char *b = calloc(1, 400000);
    size_t h = 0, w = 0, at;

    memcpy(b, file_png_16, 60);
    tap_ok(image_size(put("cut.png", b, 60), &h, &w, &e) == 0 && h == REF_H && w == REF_W,
           "a PNG that is cut behind its header has a size");
    b[20] ^= 1;
    tap_ok(image_size(put("bad.png", b, 60), &h, &w, &e) == -1, "a damaged header: %s", e.text);
    tap_ok(image_size(put("cut.png", file_png_16, 30), &h, &w, &e) == -1, "a cut header: %s",
           e.text);

    memcpy(b, file_jpeg_grey, 2);
    for (at = 2; at < 200000; at += 65537) {
        b[at] = 0xff;
        b[at + 1] = 0xe4;
        b[at + 2] = b[at + 3] = 0xff;
    }
    memcpy(b + at, file_jpeg_grey + 2, sizeof(file_jpeg_grey) - 2);
    at += sizeof(file_jpeg_grey) - 2;
    h = w = 0;
    tap_ok(image_size(put("long.jpg", b, at), &h, &w, &e) == 0 && h == 19 && w == 13,
           "a JPEG with 200 kB of metadata: %zu x %zu", w, h);
    tap_ok(image_size(put("long.jpg", b, at - 800), &h, &w, &e) == -1, "and cut: %s", e.text);
    free(b);
}

int
main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    test_good();
    test_bad();
    test_damage();
    test_pgm();
    test_write();
    test_size();
    for (size_t i = 0; i < 10; i++) {
        static const char *const names[] = {"good",     "bad",      "pgm",     "w.png",
                                            "rgb.png",  "mask.png", "cut.png", "bad.png",
                                            "long.jpg", "none.png"};

        unlink(in_folder(names[i]));
    }
    tap_ok(rmdir(folder) == 0, "nothing is left behind");
    return tap_done(178);
}
