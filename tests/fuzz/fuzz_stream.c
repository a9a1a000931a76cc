/*
 * Any bytes as a stream, as a single file and as a header: refused with a reason of one line, or
 * read; and what was read is written and read back as the same records.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stream/header.h"
#include "stream/tstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int ok)
{
    if (!ok)
        abort();
}

/* The reason must be there and fit on one line. */
static void
check_reason(const struct err *e)
{
    check(e->text[0] != '\0' && strpbrk(e->text, "\n\r\t\033") == NULL);
}

/* A file in memory that holds these bytes, and its path. */
static int
memory_file(const void *bytes, size_t n, char path[32])
{
    int fd = memfd_create("fuzz", 0);

    check(fd != -1 && write(fd, bytes, n) == (ssize_t)n);
    snprintf(path, 32, "/dev/fd/%d", fd);
    return fd;
}

static void
try_stream(const uint8_t *data, size_t size)
{
    char path[32], copy_path[32];
    int fd = memory_file(data, size, path), copy = memory_file("", 0, copy_path), rc;
    struct ts_record rec = {0}, back = {0};
    struct err e = {.text = ""};
    struct ts_reader *in = ts_open(path, &e), *again;
    struct ts_writer *out = ts_create(dup(copy), "copy", &e);
    struct ts_position end;
    unsigned char *a, *b;
    size_t n_a = 0, n_b = 0;
    uint64_t n = 0;

    check(in != NULL && out != NULL);
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        n++;
        check(ts_count(in) == n && ts_tell(in).offset <= size);
        /* With crc32 added a header may become longer than a stream allows. */
        if (ts_write(out, &rec, &e) == -1)
            break;
    }
    if (rc == -1) {
        check_reason(&e);
        check(rec.n_tensors == 0 && rec.n_meta == 0);
    }
    if (rc != 0) {
        ts_abandon(out);
        goto done;
    }
    check(ts_finish(out, &e) == 0);
    end = ts_tell(in);
    check(end.offset == size && end.segment_count == 0);
    check(ts_rewind(in, &e) == 0);
    again = ts_open(copy_path, &e);
    while ((rc = ts_read(again, &back, &e)) == 1) {
        check(ts_read(in, &rec, &e) == 1);
        a = ts_encode(&rec, &n_a, &e);
        b = ts_encode(&back, &n_b, &e);
        check(a != NULL && b != NULL && n_a == n_b && memcmp(a, b, n_a) == 0);
        free(a);
        free(b);
    }
    check(rc == 0 && ts_count(again) == n && ts_read(in, &rec, &e) == 0);
    check(memcmp(&end, &(struct ts_position){0}, sizeof(end)) != 0 && ts_tell(in).crc == end.crc);
    ts_close(again);
done:
    ts_close(in);
    ts_clear(&rec);
    ts_clear(&back);
    close(fd);
    close(copy);
}

static void
try_file(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = memory_file(data, size, path);
    struct ts_record rec = {0};
    struct err e = {.text = ""};

    if (ts_load(path, (size_t)1 << 26, &rec, &e) == -1)
        check_reason(&e);
    ts_clear(&rec);
    close(fd);
}

static void
try_header(const uint8_t *data, size_t size)
{
    struct ts_record rec = {0}, back = {0};
    struct err e = {.text = ""};
    size_t bytes, again, n, *order;
    unsigned char *text;

    if (ts_header_parse((const char *)data, size, &rec, &bytes, &e) == -1) {
        check_reason(&e);
        ts_clear(&rec);
        return;
    }
    order = malloc((rec.n_tensors + 1) * sizeof(*order));
    check(order != NULL);
    for (size_t i = 0; i < rec.n_tensors; i++)
        order[i] = i;
    text = ts_header_print(&rec, order, &n, &e);
    check(text != NULL && n % 64 == 0);
    check(ts_header_parse((const char *)text + 8, n - 8, &back, &again, &e) == 0);
    check(again == bytes && back.n_tensors == rec.n_tensors && back.n_meta == rec.n_meta);
    free(order);
    free(text);
    ts_clear(&rec);
    ts_clear(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_stream(data, size);
    try_file(data, size);
    try_header(data, size);
    return 0;
}
