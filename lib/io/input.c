#include "io/input.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define CHUNK ((size_t)1 << 20)
#define BLOCK ((size_t)128 << 10)

/*
 * A member may be this many times larger than the whole archive.  Images that are worth looking at
 * shrink by 20 at most; deflate reaches 1032 on zeros.
 */
#define MAX_RATIO 100

/* Where bytes come from, a descriptor or an open member, and how many are wanted. */
struct source {
    int fd;
    struct archive *archive;
    size_t most;
    const char *why; /* what it means to deliver more; NULL: stop at `most` without complaint */
};

static ssize_t
source_read(struct source *s, void *to, size_t n, struct err *e)
{
    ssize_t got;

    if (s->archive != NULL) {
        got = archive_read_data(s->archive, to, n);
        if (got < 0) {
            const char *why = archive_error_string(s->archive);

            return err_set(e, "%s", why ? why : "damaged archive");
        }
        return got;
    }
    do
        got = read(s->fd, to, n);
    while (got == -1 && errno == EINTR);
    return got == -1 ? err_sys(e, "read") : got;
}

/* The bytes of a source; the buffer grows as they arrive. */
static unsigned char *
slurp(struct source *s, size_t *n, struct err *e)
{
    size_t stop = s->why != NULL && s->most < SIZE_MAX - 1 ? s->most + 1 : s->most;
    unsigned char *buf = NULL;
    size_t cap = 0, have = 0, room;
    ssize_t got;

    do {
        /* One byte stays free for the zero. */
        if (cap - have < 2 && MEM_GROW(buf, cap, cap == 0 ? CHUNK : cap + 1, e) == -1)
            goto fail;
        room = cap - have - 1 < stop - have ? cap - have - 1 : stop - have;
        got = source_read(s, buf + have, room, e);
        if (got < 0)
            goto fail;
        have += (size_t)got;
    } while (got > 0 && have < stop);
    if (have > s->most) {
        err_set(e, "more than %zu bytes, %s", s->most, s->why);
        goto fail;
    }
    buf[have] = '\0';
    *n = have;
    return buf;
fail:
    free(buf);
    return NULL;
}

/* ---- archives ---- */

/* The colon of "archive:member", or NULL: the first one behind the name of a file. */
static const char *
archive_colon(const char *path, struct err *e)
{
    struct stat st;

    for (const char *c = strchr(path, ':'); c != NULL; c = strchr(c + 1, ':')) {
        char *name = mem_printf(e, "%.*s", (int)(c - path), path);
        int is_file;

        if (name == NULL)
            return NULL;
        is_file = stat(name, &st) == 0 && S_ISREG(st.st_mode);
        free(name);
        if (is_file)
            return c;
    }
    return NULL;
}

/* Stands on the member of that name: 0, or -1. */
static int
find_member(struct archive *a, const char *member, struct archive_entry **entry, struct err *e)
{
    int rc;

    while ((rc = archive_read_next_header(a, entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
        const char *name = archive_entry_pathname(*entry);

        if (name != NULL && strcmp(name, member) == 0) {
            if (archive_entry_filetype(*entry) != AE_IFREG || archive_entry_hardlink(*entry))
                return err_set(e, "is no regular file");
            return 0;
        }
    }
    if (rc == ARCHIVE_EOF)
        return err_set(e, "no such member");
    return err_set(e, "%s", archive_error_string(a) ? archive_error_string(a) : "damaged archive");
}

/*
 * How much of a member is accepted: `limit`, and no more than its archive can honestly hold.  Small
 * members are let through as they are.
 */
static void
guard(struct source *s, size_t archive_bytes)
{
    size_t most;

    if (s->why == NULL || mem_mul(archive_bytes, MAX_RATIO, &most) == -1)
        return;
    if (most < CHUNK)
        most = CHUNK;
    if (most < s->most) {
        s->most = most;
        s->why = "too many for the size of its archive";
    }
}

/* An archive to read, and its size in bytes. */
static struct archive *
archive_open(const char *path, size_t *bytes, struct err *e)
{
    struct archive *a = archive_read_new();
    struct stat st;

    /* Formats by name: "all" would take in filters that start other programs. */
    if (a == NULL || archive_read_support_format_zip(a) != ARCHIVE_OK ||
        archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK) {
        err_set(e, "cannot set up the archive reader");
        goto fail;
    }
    if (stat(path, &st) == -1) {
        err_sys(e, "cannot read");
        goto fail;
    }
    if (archive_read_open_filename(a, path, BLOCK) != ARCHIVE_OK) {
        err_set(e, "%s", archive_error_string(a));
        goto fail;
    }
    *bytes = (size_t)st.st_size;
    return a;
fail:
    archive_read_free(a);
    return NULL;
}

static unsigned char *
slurp_member(const char *archive, const char *member, struct source *s, size_t *n, struct err *e)
{
    size_t bytes;
    struct archive *a = archive_open(archive, &bytes, e);
    struct archive_entry *entry;
    unsigned char *out = NULL;

    if (a == NULL)
        goto out;
    if (find_member(a, member, &entry, e) == -1)
        goto out;
    s->archive = a;
    guard(s, bytes);
    if (s->why != NULL && archive_entry_size_is_set(entry) &&
        archive_entry_size(entry) > (int64_t)(s->most < INT64_MAX ? s->most : INT64_MAX))
        err_set(e, "more than %zu bytes, %s", s->most, s->why);
    else
        out = slurp(s, n, e);
out:
    archive_read_free(a);
    return out;
}

void
input_members_free(struct input_member *m, size_t count)
{
    for (size_t i = 0; m != NULL && i < count; i++) {
        free(m[i].name);
        free(m[i].data);
    }
    free(m);
}

struct input_member *
input_members(const char *path, size_t limit, size_t *count, struct err *e)
{
    size_t bytes, cap = 0, n = 0;
    struct archive *a = archive_open(path, &bytes, e);
    struct archive_entry *entry;
    struct input_member *list = mem_array(1, sizeof(*list), e);
    struct source total = {.archive = a, .most = limit, .why = "the limit"};
    int rc = a != NULL && list != NULL ? ARCHIVE_OK : ARCHIVE_FATAL;

    if (rc == ARCHIVE_OK)
        guard(&total, bytes);
    while (rc == ARCHIVE_OK &&
           ((rc = archive_read_next_header(a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN)) {
        const char *name = archive_entry_pathname(entry);
        struct source s = total;
        void *fit;

        rc = ARCHIVE_OK;
        if (name == NULL || archive_entry_filetype(entry) != AE_IFREG ||
            archive_entry_hardlink(entry))
            continue;
        if (MEM_GROW(list, cap, n + 1, e) == -1)
            goto fail;
        list[n].name = mem_string(name, e);
        if (list[n].name == NULL)
            goto fail;
        list[n].data = slurp(&s, &list[n].n, e);
        if (list[n++].data == NULL) {
            err_in(e, "%s", list[n - 1].name);
            goto fail;
        }
        total.most -= list[n - 1].n;
        fit = realloc(list[n - 1].data, list[n - 1].n + 1);
        list[n - 1].data = fit ? fit : list[n - 1].data;
    }
    if (rc == ARCHIVE_EOF) {
        archive_read_free(a);
        *count = n;
        return list;
    }
    if (a != NULL && list != NULL)
        err_set(e, "%s", archive_error_string(a) ? archive_error_string(a) : "damaged archive");
fail:
    err_in(e, "%s", path);
    input_members_free(list, n);
    archive_read_free(a);
    return NULL;
}

/* ---- paths ---- */

static unsigned char *
slurp_path(const char *path, struct source *s, size_t *n, struct err *e)
{
    unsigned char *out = NULL;
    const char *colon;
    char *archive;

    if (strcmp(path, "-") == 0) {
        s->fd = STDIN_FILENO;
        return slurp(s, n, e);
    }
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd != -1) {
        out = slurp(s, n, e);
        close(s->fd);
        return out;
    }
    err_sys(e, "cannot open");
    if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
        return NULL;
    colon = archive_colon(path, e);
    if (colon == NULL)
        return NULL;
    archive = mem_printf(e, "%.*s", (int)(colon - path), path);
    if (archive != NULL)
        out = slurp_member(archive, colon + 1, s, n, e);
    free(archive);
    return out;
}

unsigned char *
input_slurp(const char *path, size_t limit, size_t *n, struct err *e)
{
    struct source s = {.most = limit, .why = "the limit"};
    unsigned char *out = slurp_path(path, &s, n, e);

    if (out == NULL)
        err_in(e, "%s", strcmp(path, "-") == 0 ? "stdin" : path);
    return out;
}

unsigned char *
input_head(const char *path, size_t limit, size_t *n, struct err *e)
{
    struct source s = {.most = limit};
    unsigned char *out = slurp_path(path, &s, n, e);

    if (out == NULL)
        err_in(e, "%s", strcmp(path, "-") == 0 ? "stdin" : path);
    return out;
}

char *
input_join(const char *root, const char *name, struct err *e)
{
    if (name[0] == '/' || root[0] == '\0')
        return mem_string(name, e);
    return mem_printf(e, "%s%s%s", root, root[strlen(root) - 1] == '/' ? "" : "/", name);
}
