#include "stream/tstream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/mem.h"
#include "io/output.h"
#include "stream/header.h"

#define BUFFER ((size_t)256 << 10)
#define CHUNK ((size_t)1 << 20) /* memory taken on the word of a header before any byte came */

static const size_t STREAM_HEADER = (size_t)64 << 10, STREAM_DATA = (size_t)64 << 20;
static const size_t FILE_HEADER = (size_t)16 << 20;

/*
 * The trailer of a segment, exactly as it must stand in a stream: a reader compares all of its
 * bytes, so that none of them can change unseen.
 */
static unsigned char *
trailer_print(uint64_t records, uint32_t crc, size_t *n, struct err *e)
{
    struct ts_record rec = {0};
    unsigned char *out = NULL;

    if (ts_meta_setf(&rec, "crc32", e, "%08" PRIx32, crc) == 0 &&
        ts_meta_set(&rec, "end", "1", e) == 0 &&
        ts_meta_setf(&rec, "records", e, "%" PRIu64, records) == 0)
        out = ts_header_print(&rec, NULL, n, e);
    ts_clear(&rec);
    return out;
}

static int
is_trailer(const struct ts_record *rec)
{
    return rec->n_tensors == 0 && ts_meta(rec, "end") != NULL;
}

/* ---- reading ---- */

struct ts_reader {
    int fd, borrowed; /* 1: the descriptor is the caller's */
    char *name;
    int can_seek;
    off_t base; /* where the stream begins in its file */
    size_t max_header, max_data;
    unsigned char *buf;
    size_t at, have; /* the part of buf not consumed yet */
    void *head;      /* the last header, with its length */
    size_t cap_head;
    struct ts_position pos, start; /* behind and before the last record */
};

static struct ts_reader *
reader_new(const char *name, size_t max_header, size_t max_data, struct err *e)
{
    struct ts_reader *r = mem_array(1, sizeof(*r), e);

    if (r == NULL)
        return NULL;
    r->fd = -1;
    r->max_header = max_header;
    r->max_data = max_data;
    r->name = mem_string(name, e);
    r->buf = mem_array_raw(BUFFER, 1, e);
    r->cap_head = 8 + STREAM_HEADER;
    r->head = mem_array_raw(r->cap_head, 1, e);
    if (r->name != NULL && r->buf != NULL && r->head != NULL)
        return r;
    ts_close(r);
    return NULL;
}

static struct ts_reader *
reader_open(const char *path, size_t max_header, size_t max_data, struct err *e)
{
    int is_stdin = strcmp(path, "-") == 0;
    struct ts_reader *r = reader_new(is_stdin ? "stdin" : path, max_header, max_data, e);
    struct stat st;

    if (r == NULL)
        return NULL;
    r->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd == -1 || fstat(r->fd, &st) == -1) {
        err_sys(e, "%s", r->name);
        goto fail;
    }
    if (is_stdin && isatty(r->fd)) {
        err_set(e, "stdin is a terminal: a stream comes from a pipe or a file");
        goto fail;
    }
    if (S_ISREG(st.st_mode)) {
        r->base = lseek(r->fd, 0, SEEK_CUR);
        r->can_seek = r->base != -1;
    }
    return r;
fail:
    ts_close(r);
    return NULL;
}

struct ts_reader *
ts_open(const char *path, struct err *e)
{
    return reader_open(path, STREAM_HEADER, STREAM_DATA, e);
}

struct ts_reader *
ts_resume(int fd, const char *name, const void *bytes, size_t n, struct err *e)
{
    struct ts_reader *r = reader_new(name, STREAM_HEADER, STREAM_DATA, e);

    assert(n <= BUFFER);
    if (r == NULL)
        return NULL;
    r->fd = fd;
    r->borrowed = 1;
    memcpy(r->buf, bytes, n);
    r->have = n;
    return r;
}

void
ts_close(struct ts_reader *r)
{
    if (r == NULL)
        return;
    if (r->fd > STDIN_FILENO && !r->borrowed)
        close(r->fd);
    free(r->name);
    free(r->buf);
    free(r->head);
    free(r);
}

uint64_t
ts_count(const struct ts_reader *r)
{
    return r->pos.count;
}

const char *
ts_name(const struct ts_reader *r)
{
    return r->name;
}

struct ts_position
ts_tell(const struct ts_reader *r)
{
    return r->pos;
}

struct ts_position
ts_record_start(const struct ts_reader *r)
{
    return r->start;
}

int
ts_can_seek(const struct ts_reader *r)
{
    return r->can_seek;
}

int
ts_seek(struct ts_reader *r, const struct ts_position *at, struct err *e)
{
    if (!r->can_seek)
        return err_set(e, "%s: is no file, cannot seek", r->name);
    if (at->offset > (uint64_t)(INT64_MAX - r->base))
        return err_set(e, "%s: position %" PRIu64 " is out of range", r->name, at->offset);
    if (lseek(r->fd, r->base + (off_t)at->offset, SEEK_SET) == -1)
        return err_sys(e, "%s", r->name);
    r->at = r->have = 0;
    r->pos = *at;
    return 0;
}

int
ts_rewind(struct ts_reader *r, struct err *e)
{
    return ts_seek(r, &(struct ts_position){0}, e);
}

static ssize_t
read_some(struct ts_reader *r, void *to, size_t n, struct err *e)
{
    ssize_t got;

    do
        got = read(r->fd, to, n);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        err_sys(e, "read");
    return got;
}

/* Up to n bytes; *got is less only at the end of the input. */
static int
take(struct ts_reader *r, void *to, size_t n, size_t *got, struct err *e)
{
    unsigned char *p = to;
    ssize_t k;

    *got = 0;
    while (*got < n) {
        if (r->at == r->have) {
            /* What is large goes straight to its place. */
            int direct = n - *got >= BUFFER;

            k = direct ? read_some(r, p + *got, n - *got, e) : read_some(r, r->buf, BUFFER, e);
            if (k <= 0)
                return (int)k;
            if (direct) {
                *got += (size_t)k;
                continue;
            }
            r->at = 0;
            r->have = (size_t)k;
        }
        size_t part = r->have - r->at < n - *got ? r->have - r->at : n - *got;
        memcpy(p + *got, r->buf + r->at, part);
        r->at += part;
        *got += part;
    }
    return 0;
}

/*
 * Reads on until *to, which has room for *cap bytes and holds *done, holds n, or until the input
 * ends.  The room grows as bytes arrive, so that no header makes us take memory for data that never
 * come.
 */
static int
take_growing(struct ts_reader *r, void **to, size_t *cap, size_t *done, size_t n, struct err *e)
{
    while (*done < n) {
        size_t want = *done < CHUNK ? CHUNK : 2 * *done, got;

        if (want > n)
            want = n;
        if (want > *cap) {
            void *p = realloc(*to, want);

            if (p == NULL)
                return err_memory(e, want);
            *to = p;
            *cap = want;
        }
        if (take(r, (unsigned char *)*to + *done, want - *done, &got, e) == -1)
            return -1;
        *done += got;
        if (*done < want)
            break;
    }
    return 0;
}

/*
 * Reads length and header into r->head.  Returns 1 with the bytes of both in *n, 0 where the input
 * ends instead, or -1.
 */
static int
read_header(struct ts_reader *r, size_t *n, struct err *e)
{
    unsigned char field[8];
    uint64_t length = 0;
    size_t done;

    if (take(r, field, sizeof(field), &done, e) == -1)
        return -1;
    if (done == 0)
        return 0;
    if (done < sizeof(field))
        return err_set(e, "cut in the length of its header (%zu of 8 bytes)", done);
    for (int i = 7; i >= 0; i--)
        length = length << 8 | field[i];
    if (length > r->max_header)
        return err_set(e, "header of %" PRIu64 " bytes exceeds %zu; is this a tensor stream?",
                       length, r->max_header);
    memcpy(r->head, field, sizeof(field));
    *n = sizeof(field) + (size_t)length;
    if (take_growing(r, &r->head, &r->cap_head, &done, *n, e) == -1)
        return -1;
    if (done < *n)
        return err_set(e, "cut in its header (%zu of %zu bytes)", done - 8, *n - 8);
    return 1;
}

/* A text from outside as it may stand in a message: short, and letters and digits only. */
static const char *
plain(const char *s)
{
    size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return s[n] == '\0' && n <= 20 ? s : "?";
}

static int
check_trailer(struct ts_reader *r, const struct ts_record *rec, size_t n, struct err *e)
{
    const char *records = ts_meta_or(rec, "records", ""), *crc = ts_meta_or(rec, "crc32", "");
    unsigned char *want;
    char digits[24];
    size_t size;
    int same;

    want = trailer_print(r->pos.segment_count, r->pos.segment_crc, &size, e);
    if (want == NULL)
        return -1;
    same = size == n && memcmp(want, r->head, n) == 0;
    free(want);
    if (same)
        return 0;
    snprintf(digits, sizeof(digits), "%" PRIu64, r->pos.segment_count);
    if (strcmp(records, digits) != 0)
        return err_set(e, "trailer says '%s' records, %s came", plain(records), digits);
    snprintf(digits, sizeof(digits), "%08" PRIx32, r->pos.segment_crc);
    if (strcmp(crc, digits) != 0)
        return err_set(e, "trailer says CRC '%s', the bytes have %s", plain(crc), digits);
    return err_set(e, "malformed trailer");
}

/*
 * The data of a tensor of the record read before, if it has just this size.  Records of a stream
 * are much alike, and getting their memory from the system again each time costs as much as all the
 * rest.
 */
static void *
recycle(struct ts_record *old, size_t bytes)
{
    for (size_t i = 0; i < old->n_tensors; i++)
        if (old->tensor[i].bytes == bytes && old->tensor[i].data != NULL) {
            void *data = old->tensor[i].data;

            old->tensor[i].data = NULL;
            return data;
        }
    return NULL;
}

/* Reads the data of all tensors; *crc is theirs. */
static int
read_data(struct ts_reader *r, struct ts_record *rec, struct ts_record *old, size_t bytes,
          uint32_t *crc, struct err *e)
{
    size_t before = 0;

    *crc = 0;
    for (size_t i = 0; i < rec->n_tensors; i++) {
        struct ts_tensor *t = &rec->tensor[i];
        size_t cap = t->bytes, done = 0;

        t->data = recycle(old, t->bytes);
        if (t->data == NULL) {
            cap = t->bytes < CHUNK ? t->bytes : CHUNK;
            t->data = mem_array_raw(cap, 1, e);
        }
        if (t->data == NULL || take_growing(r, &t->data, &cap, &done, t->bytes, e) == -1)
            return -1;
        if (done < t->bytes)
            return err_set(e, "cut in the data (%zu of %zu bytes)", before + done, bytes);
        *crc = crc_more(*crc, t->data, t->bytes);
        before += t->bytes;
    }
    return 0;
}

static int
check_crc(const struct ts_record *rec, uint32_t crc, struct err *e)
{
    const char *want = ts_meta(rec, "crc32");
    char have[9];

    snprintf(have, sizeof(have), "%08" PRIx32, crc);
    if (want != NULL && strcmp(want, have) != 0)
        return err_set(e, "crc32 is '%s', the data have %s", plain(want), have);
    return 0;
}

/*
 * Reads a record or a trailer (no tensors, metadata `end`) into rec, which is empty, using what it
 * can of old.  Returns 1, 0 where the input ends instead, or -1.
 */
static int
read_one(struct ts_reader *r, struct ts_record *rec, struct ts_record *old, struct err *e)
{
    struct ts_position *p = &r->pos;
    size_t head = 0, bytes;
    uint32_t head_crc, crc;
    int rc;

    r->start = *p;
    rc = read_header(r, &head, e);
    if (rc <= 0)
        return rc;
    if (ts_header_parse((const char *)r->head + 8, head - 8, rec, &bytes, e) == -1)
        return -1;
    if (bytes > r->max_data)
        return err_set(e, "data of %zu bytes exceed %zu", bytes, r->max_data);
    if (is_trailer(rec)) {
        if (check_trailer(r, rec, head, e) == -1)
            return -1;
        p->segment_count = 0;
        p->segment_crc = 0;
        p->crc = crc_more(p->crc, r->head, head);
        p->offset += head;
        return 1;
    }
    if (read_data(r, rec, old, bytes, &crc, e) == -1 || check_crc(rec, crc, e) == -1)
        return -1;
    head_crc = crc_more(0, r->head, head);
    crc = crc_join(head_crc, crc, bytes);
    p->crc = crc_join(p->crc, crc, head + bytes);
    p->segment_crc = crc_join(p->segment_crc, crc, head + bytes);
    p->offset += head + bytes;
    p->count++;
    p->segment_count++;
    return 1;
}

/* The input ends: right behind a trailer, or where it must not. */
static int
check_end(const struct ts_reader *r, struct err *e)
{
    if (r->pos.offset == 0)
        return err_set(e, "%s: is empty: the program before it failed", r->name);
    if (r->pos.segment_count > 0)
        return err_set(
            e, "%s: ends after record %" PRIu64 " without a trailer: the program before it failed",
            r->name, r->pos.count - 1);
    return 0;
}

int
ts_read(struct ts_reader *r, struct ts_record *rec, struct err *e)
{
    struct ts_record old = *rec;
    int rc;

    memset(rec, 0, sizeof(*rec));
    while ((rc = read_one(r, rec, &old, e)) == 1 && is_trailer(rec))
        ts_clear(rec);
    ts_clear(&old);
    if (rc == 1)
        return 1;
    ts_clear(rec);
    if (rc == 0)
        return check_end(r, e);
    return err_in(e, "%s: record %" PRIu64, r->name, r->pos.count);
}

int
ts_drain(struct ts_reader *r, struct err *e)
{
    struct ts_record rec = {0};
    int rc;

    while ((rc = ts_read(r, &rec, e)) == 1)
        ;
    return rc;
}

/* ---- writing ---- */

struct ts_writer {
    int fd;
    const char *name;
    unsigned char *buf;
    size_t have;
    uint64_t count;
    uint32_t crc; /* of the segment */
};

/* A record ready to be written: its header, and its tensors in the order of their data. */
struct packed {
    unsigned char *head;
    size_t head_bytes, data_bytes;
    size_t *order;
    uint32_t data_crc;
};

/* The wider type first, so that every tensor is aligned for its type; then by name. */
static int
goes_before(const struct ts_tensor *a, const struct ts_tensor *b)
{
    size_t x = ts_dtype_size(a->dtype), y = ts_dtype_size(b->dtype);

    return x != y ? x > y : strcmp(a->name, b->name) < 0;
}

static void
pack_free(struct packed *p)
{
    free(p->head);
    free(p->order);
}

/* Records have a handful of tensors, checkpoints some hundreds: insertion will do. */
static int
pack(struct ts_record *rec, size_t max_header, size_t max_data, struct packed *p, struct err *e)
{
    *p = (struct packed){0};
    if (is_trailer(rec))
        return err_set(e, "a record without tensors cannot have metadata 'end'");
    p->order = mem_array_raw(rec->n_tensors, sizeof(*p->order), e);
    if (p->order == NULL)
        return -1;
    for (size_t i = 0; i < rec->n_tensors; i++) {
        size_t k = i;

        for (; k > 0 && goes_before(&rec->tensor[i], &rec->tensor[p->order[k - 1]]); k--)
            p->order[k] = p->order[k - 1];
        p->order[k] = i;
        if (mem_add(p->data_bytes, rec->tensor[i].bytes, &p->data_bytes) == -1)
            p->data_bytes = SIZE_MAX;
    }
    if (p->data_bytes > max_data) {
        err_set(e, "data of %zu bytes exceed %zu", p->data_bytes, max_data);
        goto fail;
    }
    for (size_t i = 0; i < rec->n_tensors; i++)
        p->data_crc =
            crc_more(p->data_crc, rec->tensor[p->order[i]].data, rec->tensor[p->order[i]].bytes);
    if (ts_meta_setf(rec, "crc32", e, "%08" PRIx32, p->data_crc) == -1)
        goto fail;
    p->head = ts_header_print(rec, p->order, &p->head_bytes, e);
    if (p->head == NULL)
        goto fail;
    if (p->head_bytes - 8 > max_header) {
        err_set(e, "header of %zu bytes exceeds %zu", p->head_bytes - 8, max_header);
        goto fail;
    }
    return 0;
fail:
    pack_free(p);
    return -1;
}

struct ts_writer *
ts_create(int fd, const char *name, struct err *e)
{
    struct ts_writer *w = mem_array(1, sizeof(*w), e);

    if (w == NULL)
        return NULL;
    w->fd = fd;
    w->name = name;
    w->buf = mem_array_raw(BUFFER, 1, e);
    if (w->buf == NULL) {
        free(w);
        return NULL;
    }
    return w;
}

struct ts_writer *
ts_stdout(struct err *e)
{
    if (isatty(STDOUT_FILENO)) {
        err_set(e, "stdout is a terminal: a stream goes into a pipe or a file");
        return NULL;
    }
    return ts_create(STDOUT_FILENO, "stdout", e);
}

static int
write_all(const struct ts_writer *w, const void *data, size_t n, struct err *e)
{
    const unsigned char *p = data;

    while (n > 0) {
        ssize_t k = write(w->fd, p, n);

        if (k == -1 && errno == EINTR)
            continue;
        if (k == -1)
            return err_sys(e, "%s", w->name);
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

int
ts_flush(struct ts_writer *w, struct err *e)
{
    size_t n = w->have;

    w->have = 0;
    return write_all(w, w->buf, n, e);
}

static int
put(struct ts_writer *w, const void *data, size_t n, struct err *e)
{
    if (n > BUFFER - w->have && ts_flush(w, e) == -1)
        return -1;
    if (n >= BUFFER)
        return write_all(w, data, n, e);
    memcpy(w->buf + w->have, data, n);
    w->have += n;
    return 0;
}

int
ts_write(struct ts_writer *w, struct ts_record *rec, struct err *e)
{
    struct packed p;
    int rc;

    if (pack(rec, STREAM_HEADER, STREAM_DATA, &p, e) == -1)
        return err_in(e, "%s: record %" PRIu64, w->name, w->count);
    rc = put(w, p.head, p.head_bytes, e);
    for (size_t i = 0; rc == 0 && i < rec->n_tensors; i++)
        rc = put(w, rec->tensor[p.order[i]].data, rec->tensor[p.order[i]].bytes, e);
    w->crc = crc_more(w->crc, p.head, p.head_bytes);
    w->crc = crc_join(w->crc, p.data_crc, p.data_bytes);
    w->count++;
    pack_free(&p);
    return rc;
}

void
ts_abandon(struct ts_writer *w)
{
    if (w == NULL)
        return;
    if (w->fd != -1)
        close(w->fd);
    free(w->buf);
    free(w);
}

int
ts_finish(struct ts_writer *w, struct err *e)
{
    unsigned char *trailer;
    size_t n;
    int rc = -1;

    trailer = trailer_print(w->count, w->crc, &n, e);
    if (trailer == NULL)
        err_in(e, "%s", w->name);
    else if (put(w, trailer, n, e) == 0 && ts_flush(w, e) == 0)
        rc = 0;
    free(trailer);
    if (rc == 0 && close(w->fd) == -1)
        rc = err_sys(e, "%s", w->name);
    if (rc == 0)
        w->fd = -1;
    ts_abandon(w);
    return rc;
}

/* ---- one record, one file ---- */

int
ts_load(const char *path, size_t limit, struct ts_record *rec, struct err *e)
{
    struct ts_reader *r = reader_open(path, FILE_HEADER, limit, e);
    struct ts_record more = {0}, none = {0};
    int rc = -1, again;

    ts_clear(rec);
    if (r == NULL)
        return -1;
    again = read_one(r, rec, &none, e);
    if (again == 0)
        err_set(e, "is empty");
    if (again <= 0)
        goto out;
    if (is_trailer(rec)) {
        err_set(e, "holds no record");
        goto out;
    }
    /* Behind the record: nothing, or its trailer and then nothing. */
    again = read_one(r, &more, &none, e);
    if (again == 1 && is_trailer(&more)) {
        ts_clear(&more);
        again = read_one(r, &more, &none, e);
    }
    if (again == 1)
        err_set(e, "holds more than one record");
    else if (again == -1)
        err_in(e, "behind the record");
    else
        rc = 0;
out:
    if (rc == -1) {
        err_in(e, "%s", r->name);
        ts_clear(rec);
    }
    ts_clear(&more);
    ts_close(r);
    return rc;
}

int
ts_save(const char *path, struct ts_record *rec, struct err *e)
{
    struct output o;
    struct packed p;
    size_t wrote;

    if (pack(rec, FILE_HEADER, SIZE_MAX - 1, &p, e) == -1)
        return err_in(e, "%s", path);
    if (output_open(&o, path, e) == -1) {
        pack_free(&p);
        return -1;
    }
    wrote = fwrite(p.head, 1, p.head_bytes, o.file);
    for (size_t i = 0; i < rec->n_tensors; i++)
        wrote += fwrite(rec->tensor[p.order[i]].data, 1, rec->tensor[p.order[i]].bytes, o.file);
    if (wrote != p.head_bytes + p.data_bytes) {
        err_sys(e, "%s", path);
        pack_free(&p);
        output_abort(&o);
        return -1;
    }
    pack_free(&p);
    return output_commit(&o, e);
}

unsigned char *
ts_encode(struct ts_record *rec, size_t *n, struct err *e)
{
    struct packed p;
    unsigned char *out;
    size_t at;

    if (pack(rec, STREAM_HEADER, STREAM_DATA, &p, e) == -1)
        return NULL;
    out = mem_array_raw(p.head_bytes + p.data_bytes, 1, e);
    if (out != NULL) {
        memcpy(out, p.head, p.head_bytes);
        at = p.head_bytes;
        for (size_t i = 0; i < rec->n_tensors; i++) {
            const struct ts_tensor *t = &rec->tensor[p.order[i]];

            memcpy(out + at, t->data, t->bytes);
            at += t->bytes;
        }
        *n = at;
    }
    pack_free(&p);
    return out;
}
