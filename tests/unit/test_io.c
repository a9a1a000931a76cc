/* Files, members of archives, and files that appear whole or not at all. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/input.h"
#include "io/output.h"
#include "tap.h"

static struct err e;
static char dir[64];

static char *
at(const char *name)
{
    static char path[4][256];
    static int k;

    k = (k + 1) % 4;
    snprintf(path[k], sizeof(path[k]), "%s/%s", dir, name);
    return path[k];
}

static void
put_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* The size of what is read if it is n bytes of v, else -1. */
static long
slurp(const char *path, size_t limit, int v)
{
    size_t n = 0, bad = 0;
    unsigned char *p = input_slurp(path, limit, &n, &e);

    if (p == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        bad += p[i] != v;
    bad += p[n] != 0;
    free(p);
    return bad ? -2 : (long)n;
}

/* ---- archives ---- */

static void
add(struct archive *a, const char *name, unsigned type, const void *bytes, size_t n)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, 0644);
    if (type == AE_IFREG)
        archive_entry_set_size(entry, (int64_t)n);
    if (type == AE_IFLNK)
        archive_entry_set_symlink(entry, "/etc/passwd");
    archive_write_header(a, entry);
    if (type == AE_IFREG)
        archive_write_data(a, bytes, n);
    archive_entry_free(entry);
}

static void
make_archive(const char *path, int zip)
{
    struct archive *a = archive_write_new();
    unsigned char *big = calloc(1, 30 << 20);
    static unsigned char one[3000000];

    if (zip) {
        archive_write_set_format_zip(a);
    } else {
        archive_write_set_format_pax_restricted(a);
        archive_write_add_filter_gzip(a);
    }
    if (archive_write_open_filename(a, path) != ARCHIVE_OK)
        abort();
    for (size_t i = 0; i < sizeof(one); i++)
        one[i] = 'a';
    add(a, "empty", AE_IFREG, "", 0);
    add(a, "dir", AE_IFDIR, NULL, 0);
    add(a, "dir/a b:c.txt", AE_IFREG, "bbbbb", 5);
    add(a, "../../evil", AE_IFREG, "eeee", 4);
    add(a, "/etc/absolute", AE_IFREG, "ffffff", 6);
    add(a, "link", AE_IFLNK, NULL, 0);
    add(a, "fifo", AE_IFIFO, NULL, 0);
    add(a, "bomb", AE_IFREG, big, 30 << 20);
    add(a, "large", AE_IFREG, one, 1000000);
    archive_write_free(a);
    free(big);
}

static void
test_archive(const char *name, int zip)
{
    char *path = at(name), member[512];
    unsigned char *bytes;
    size_t n;

    make_archive(path, zip);
#define IN(m) (snprintf(member, sizeof(member), "%s:%s", path, m), member)
    tap_ok(slurp(IN("dir/a b:c.txt"), 5, 'b') == 5, "%s: a member, colon and all", name);
    tap_ok(slurp(IN("empty"), 5, 'b') == 0, "%s: an empty member", name);
    tap_ok(slurp(IN("large"), 1 << 20, 'a') == 1000000, "%s: the last member", name);
    tap_ok(slurp(IN("../../evil"), 9, 'e') == 4 && slurp(IN("/etc/absolute"), 9, 'f') == 6,
           "%s: names are only names", name);
    tap_ok(slurp(IN("dir/a b:c.txt"), 4, 'b') == -1 && strstr(e.text, "limit"), "%s", e.text);
    tap_ok(slurp(IN("none"), 4, 'b') == -1 && strstr(e.text, "no such member"), "%s", e.text);
    tap_ok(slurp(IN("link"), 4, 'b') == -1 && strstr(e.text, "no regular file"), "%s", e.text);
    tap_ok(slurp(IN("dir"), 4, 'b') == -1 && slurp(IN("dir/"), 4, 'b') == -1, "%s", e.text);
    tap_ok(slurp(IN("fifo"), 4, 'b') == -1, "%s", e.text);
    tap_ok(slurp(IN("bomb"), 100 << 20, 0) == -1 && strstr(e.text, "too many"), "%s", e.text);
    bytes = input_head(IN("bomb"), 1000, &n, &e);
    tap_ok(bytes != NULL && n == 1000 && bytes[999] == 0, "%s: but its head can be seen", name);
    free(bytes);
    bytes = input_slurp(path, 1 << 20, &n, &e);
    put_file(at("half"), bytes, n / 2);
    tap_ok(slurp(at("half:large"), 1 << 20, 'a') == -1, "%s", e.text);
    free(bytes);
}

/* One changed byte in a stored member, which only its CRC can tell. */
static void
test_member_crc(void)
{
    struct archive *a = archive_write_new();
    unsigned char *bytes;
    size_t n;

    archive_write_set_format_zip(a);
    archive_write_set_options(a, "zip:compression=store");
    archive_write_open_filename(a, at("stored.zip"));
    add(a, "m", AE_IFREG, "aaaaaaaaaaaaaaaa", 16);
    archive_write_free(a);
    tap_ok(slurp(at("stored.zip:m"), 99, 'a') == 16, "a stored member");
    bytes = input_slurp(at("stored.zip"), 1 << 20, &n, &e);
    for (size_t i = 0; i + 4 < n; i++)
        if (memcmp(bytes + i, "aaaa", 4) == 0) {
            bytes[i] = 'b';
            break;
        }
    put_file(at("hurt.zip"), bytes, n);
    free(bytes);
    tap_ok(slurp(at("hurt.zip:m"), 99, 'a') == -1 && strstr(e.text, "CRC"), "%s", e.text);
}

static void
test_input(void)
{
    unsigned char *bytes, *mega = malloc(5000000);
    char *joined;
    size_t n;
    int fd;

    memset(mega, 'm', 5000000);
    put_file(at("plain"), "pppp", 4);
    put_file(at("plain:x"), "qqqqq", 5);
    put_file(at("nothing"), "", 0);
    put_file(at("mega"), mega, 5000000);
    tap_ok(slurp(at("plain"), 4, 'p') == 4 && slurp(at("nothing"), 0, 0) == 0, "files");
    tap_ok(slurp(at("mega"), 5000000, 'm') == 5000000, "a large one, of just the limit");
    tap_ok(slurp(at("mega"), 4999999, 'm') == -1 && strstr(e.text, "more than 4999999"), "%s",
           e.text);
    tap_ok(slurp(at("mega"), SIZE_MAX, 'm') == 5000000, "no limit");
    tap_ok(slurp(at("plain:x"), 9, 'q') == 5, "a file whose name has a colon wins");
    tap_ok(slurp(at("plain:y"), 9, 'q') == -1, "%s", e.text);
    tap_ok(slurp(at("none"), 9, 'q') == -1 && strstr(e.text, "none: cannot open: No such"), "%s",
           e.text);
    tap_ok(slurp(at("none:x"), 9, 'q') == -1 && strstr(e.text, "No such file"), "%s", e.text);
    tap_ok(slurp(dir, 9, 'q') == -1, "%s", e.text);
    bytes = input_head(at("mega"), 10, &n, &e);
    tap_ok(bytes != NULL && n == 10 && bytes[9] == 'm' && bytes[10] == 0, "the head of a file");
    free(bytes);
    bytes = input_head(at("plain"), 10, &n, &e);
    tap_ok(bytes != NULL && n == 4, "of a short one");
    free(bytes);
    fd = open(at("plain"), O_RDONLY);
    dup2(fd, 0);
    close(fd);
    tap_ok(slurp("-", 4, 'p') == 4, "standard input");
    tap_ok(slurp("-", 4, 'p') == 0, "and its end");

    static const char *const join[][3] = {{"a", "b", "a/b"},
                                          {"a/", "b", "a/b"},
                                          {"", "b", "b"},
                                          {"a", "/b", "/b"},
                                          {"/x/y", "z.zip:m/n.png", "/x/y/z.zip:m/n.png"},
                                          {"/", "b", "/b"},
                                          {"z.zip:m", "n", "z.zip:m/n"}};
    for (size_t i = 0; i < sizeof(join) / sizeof(join[0]); i++) {
        joined = input_join(join[i][0], join[i][1], &e);
        tap_ok(strcmp(joined, join[i][2]) == 0, "join '%s' and '%s'", join[i][0], join[i][1]);
        free(joined);
    }
    free(mega);
}

/* ---- output ---- */

static void
test_output(void)
{
    struct output o;
    struct stat st;
    char path[256];

    snprintf(path, sizeof(path), "%s", at("out"));
    tap_ok(output_open(&o, path, &e) == 0 && access(path, F_OK) == -1,
           "not there while it is written");
    fputs("oooo", o.file);
    tap_ok(output_commit(&o, &e) == 0 && slurp(path, 9, 'o') == 4 &&
               access(at("out.tmp"), F_OK) == -1,
           "there when it is whole");
    output_abort(&o);
    tap_ok(slurp(path, 9, 'o') == 4, "abort after commit is harmless");
    output_open(&o, path, &e);
    fputs("xx", o.file);
    output_abort(&o);
    tap_ok(slurp(path, 9, 'o') == 4 && access(at("out.tmp"), F_OK) == -1,
           "abort keeps the old one");
    output_abort(&o);
    put_file(at("out.tmp"), "leftover", 8);
    tap_ok(output_open(&o, path, &e) == 0 && fputs("xxx", o.file) >= 0 &&
               output_commit(&o, &e) == 0 && slurp(path, 9, 'x') == 3,
           "a leftover of a killed run is no hindrance");
    mkdir(at("sub"), 0700);
    snprintf(path, sizeof(path), "%s", at("sub/out"));
    tap_ok(output_open(&o, path, &e) == 0, "in a folder");
    unlink(at("sub/out.tmp"));
    rmdir(at("sub"));
    tap_ok(output_commit(&o, &e) == -1 && strstr(e.text, "sub/out: No such file"), "%s", e.text);
    tap_ok(output_open(&o, at("none/out"), &e) == -1 &&
               strstr(e.text, "none/out.tmp: No such file"),
           "%s", e.text);
    tap_ok(output_open(&o, "/dev/full", &e) == 0 && fputs("x", o.file) >= 0 &&
               output_commit(&o, &e) == -1 && strstr(e.text, "/dev/full: No space"),
           "%s", e.text);
    tap_ok(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode), "a device is left in its place");
}

int
main(void)
{
    char rm[80];

    snprintf(dir, sizeof(dir), "%s/test_io.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir);
    if (mkdtemp(dir) == NULL)
        return 1;
    test_input();
    test_archive("a.zip", 1);
    test_archive("a.tar.gz", 0);
    test_member_crc();
    test_output();
    snprintf(rm, sizeof(rm), "rm -rf %s", dir);
    return tap_done(56) | (system(rm) != 0);
}
