/* Names of files made from a manifest's images. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tap.h"
#include "stream/outname.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct err e;

int
main(void)
{
    static const char *const names[][2] = {
        {"a.pgm", "a.png"},
        {"films/left/a.pgm", "films_left_a.png"},
        {"films.zip:left/a.pgm", "films.zip_left_a.png"},
        {"films.zip:a", "films.zip_a.png"},
        {"v1.2/a", "v1.2_a.png"},
        {"../../data/a.b.jpg", "data_a.b.png"},
        {"/data/./a.jpg", "data_._a.png"},
        {"./a", "a.png"},
        {".png", ".png"},
    };
    char one[] = "one", two[] = "two", again[] = "one";
    char *clash[] = {two, one, NULL, again, NULL}, *apart[] = {two, NULL, one, NULL};
    char folder[] = "/tmp/test_outname.XXXXXX", sub[64], other[64], path[128], *got;
    size_t a = 9, b = 9;
    int rc;

    for (size_t i = 0; i < COUNT(names); i++) {
        got = outname_of(names[i][0], ".png", &e);
        tap_ok(strcmp(got, names[i][1]) == 0, "%s gives %s", names[i][0], got);
        free(got);
    }
    rc = outname_clash(clash, 5, &a, &b, &e);
    tap_ok(rc == 1 && a == 1 && b == 3, "a clash: %zu and %zu", a, b);
    tap_ok(outname_clash(apart, 4, &a, &b, &e) == 0, "no clash");
    tap_ok(outname_clash(apart, 0, &a, &b, &e) == 0, "nothing, no clash");

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(sub, sizeof(sub), "%s/sub", folder);
    snprintf(other, sizeof(other), "%s/su", folder);
    mkdir(sub, 0777);
    mkdir(other, 0777);
    got = outname_folder(folder, sub, &e);
    tap_ok(strcmp(got, "sub/") == 0, "below the root: %s", got);
    free(got);
    got = outname_folder(sub, sub, &e);
    tap_ok(strcmp(got, "") == 0, "the root itself: '%s'", got);
    free(got);
    got = outname_folder(other, sub, &e);
    tap_ok(got[0] == '/' && strcmp(got + strlen(got) - 5, "/sub/") == 0, "beside the root: %s",
           got);
    free(got);
    got = outname_folder("no/such/root", sub, &e);
    tap_ok(got[0] == '/', "a root that is no folder: %s", got);
    free(got);
    got = outname_folder("/", "/", &e);
    tap_ok(strcmp(got, "/") == 0, "the top: %s", got);
    free(got);
    snprintf(path, sizeof(path), "%s/../sub/a.png", other);
    tap_ok(outname_is(sub, "a.png", path, &e) == 1, "the same file by another way");
    tap_ok(outname_is(other, "a.png", path, &e) == 0, "another folder");
    tap_ok(outname_is(sub, "b.png", path, &e) == 0, "another name");
    tap_ok(outname_is(sub, "a.png", "a.png", &e) == 0, "this folder");
    tap_ok(outname_is(".", "a.png", "a.png", &e) == 1, "itself");
    tap_ok(outname_is(sub, "a.png", "no/such/folder/a.png", &e) == 0, "no such folder");
    rmdir(sub);
    tap_ok(outname_folder(folder, sub, &e) == NULL, "no such folder: %s", e.text);
    rmdir(other);
    rmdir(folder);
    return tap_done(24);
}
