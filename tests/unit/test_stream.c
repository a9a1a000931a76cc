/* Streams: what is written is read, and nothing else is. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/rng.h"
#include "stream/tstream.h"
#include "tap.h"

static struct err e;
static char scratch[64]; /* the one file all tests use */

/* ---- files ---- */

static void
put_file(const void *bytes, size_t n)
{
    int fd = open(scratch, O_WRONLY | O_TRUNC);

    if (fd == -1 || write(fd, bytes, n) != (ssize_t)n || close(fd) == -1)
        abort();
}

static unsigned char *
get_file(size_t *n)
{
    FILE *f = fopen(scratch, "rb");
    unsigned char *p;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        abort();
    *n = (size_t)ftell(f);
    rewind(f);
    p = malloc(*n + 1);
    if (p == NULL || fread(p, 1, *n, f) != *n)
        abort();
    fclose(f);
    return p;
}

static struct ts_writer *
create(void)
{
    struct ts_writer *w = ts_create(open(scratch, O_WRONLY | O_CREAT | O_TRUNC, 0600), "out", &e);

    if (w == NULL)
        abort();
    return w;
}

/* Reads the scratch file as a stream: the number of records, or -1. */
static int
read_all(void)
{
    struct ts_reader *in = ts_open(scratch, &e);
    struct ts_record rec = {0};
    int rc, n = 0;

    while ((rc = ts_read(in, &rec, &e)) == 1)
        n++;
    if (rec.n_tensors != 0 || rec.tensor != NULL || rec.meta != NULL)
        abort(); /* empty after 0 and -1 */
    ts_close(in);
    return rc == 0 ? n : -1;
}

static int
read_bytes(const void *bytes, size_t n)
{
    put_file(bytes, n);
    return read_all();
}

/* ---- random records ---- */

static void
random_record(uint64_t seed, struct ts_record *rec)
{
    static const char *const texts[] = {"", "x", "a\nb\tc\"\\/",
                                        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "0"};
    struct rng r = rng_at(seed, "test record", 0);
    size_t tensors = rng_below(&r, 6), metas = rng_below(&r, 8);
    char name[32];

    ts_clear(rec);
    for (size_t i = 0; i < tensors; i++) {
        enum ts_dtype dtype = (enum ts_dtype)rng_below(&r, TS_BOOL + 1);
        unsigned rank = (unsigned)rng_below(&r, TS_MAX_RANK + 1);
        size_t shape[TS_MAX_RANK];
        struct ts_tensor *t;

        for (unsigned k = 0; k < rank; k++)
            shape[k] = rng_below(&r, 20) == 0 ? 0 : 1 + rng_below(&r, k < 2 ? 40 : 2);
        snprintf(name, sizeof(name), "%s%zu", texts[rng_below(&r, 2)], (size_t)rng_below(&r, 99));
        t = ts_put(rec, name, dtype, rank, shape, &e);
        /* Any bits, not-a-numbers too. */
        for (size_t k = 0; k < t->bytes; k++)
            ((unsigned char *)t->data)[k] = (unsigned char)rng_u32(&r);
    }
    for (size_t i = 0; i < metas; i++) {
        snprintf(name, sizeof(name), "key%zu", (size_t)rng_below(&r, 99));
        ts_meta_set(rec, name, texts[rng_below(&r, 5)], &e);
    }
}

/* Equal but for the order of tensors. */
static int
same(const struct ts_record *a, const struct ts_record *b)
{
    if (a->n_tensors != b->n_tensors || a->n_meta != b->n_meta)
        return 0;
    for (size_t i = 0; i < a->n_tensors; i++) {
        const struct ts_tensor *x = &a->tensor[i], *y = ts_find(b, x->name);

        if (y == NULL || x->dtype != y->dtype || x->rank != y->rank || x->bytes != y->bytes ||
            memcmp(x->shape, y->shape, x->rank * sizeof(x->shape[0])) != 0 ||
            memcmp(x->data, y->data, x->bytes) != 0)
            return 0;
    }
    for (size_t i = 0; i < a->n_meta; i++)
        if (strcmp(a->meta[i].key, b->meta[i].key) != 0 ||
            strcmp(a->meta[i].value, b->meta[i].value) != 0)
            return 0;
    return 1;
}

enum { CASES = 200 };

static void
test_round_trip(void)
{
    struct ts_record want = {0}, got = {0};
    struct ts_writer *w = create();
    struct ts_reader *in;
    unsigned char *a, *b;
    size_t n_a = 0, n_b = 0, bad = 0, moved = 0, ragged = 0;
    int rc = 1;

    for (uint64_t i = 0; i < CASES; i++) {
        random_record(i, &want);
        if (ts_write(w, &want, &e) == -1)
            abort();
    }
    tap_ok(ts_finish(w, &e) == 0, "%d random records are written", CASES);
    in = ts_open(scratch, &e);
    for (uint64_t i = 0; i < CASES && rc == 1; i++) {
        random_record(i, &want);
        a = ts_encode(&want, &n_a, &e); /* this sets crc32 too */
        rc = ts_read(in, &got, &e);
        b = ts_encode(&got, &n_b, &e);
        if (rc != 1 || ts_count(in) != i + 1 || !same(&want, &got)) {
            tap_note("record of seed %d differs", (int)i);
            bad++;
        }
        moved += a == NULL || b == NULL || n_a != n_b || memcmp(a, b, n_a) != 0;
        for (size_t k = 0, at = 0; k < got.n_tensors; at += got.tensor[k++].bytes)
            ragged += at % ts_dtype_size(got.tensor[k].dtype) != 0;
        ragged += ((size_t)a[0] + 256 * (size_t)a[1] + 8) % 64 != 0;
        free(a);
        free(b);
    }
    tap_ok(bad == 0, "they are read as they were");
    tap_ok(moved == 0, "and written again as the same bytes");
    tap_ok(ragged == 0, "headers end at multiples of 64, tensors are aligned");
    tap_ok(ts_read(in, &got, &e) == 0, "then the end");
    tap_ok(ts_read(in, &got, &e) == 0 && ts_count(in) == CASES, "and it stays the end");
    tap_ok(strcmp(ts_name(in), scratch) == 0, "the reader knows its name");
    ts_close(in);
    ts_clear(&want);
    ts_clear(&got);
}

/* ---- damage ---- */

/* Two records, well below 1 kB. */
static unsigned char *
small_stream(size_t *n)
{
    struct ts_record rec = {0};
    struct ts_writer *w = create();

    for (int i = 0; i < 2; i++) {
        struct ts_tensor *t = ts_put(&rec, "a", TS_F32, 1, (const size_t[]){3}, &e);

        ((float *)t->data)[i] = 1.5F;
        ts_meta_setf(&rec, "id", &e, "%d", i);
        if (ts_write(w, &rec, &e) == -1)
            abort();
    }
    ts_clear(&rec);
    if (ts_finish(w, &e) == -1)
        abort();
    return get_file(n);
}

static void
test_damage(void)
{
    size_t n, taken = 0, silent = 0;
    unsigned char *s = small_stream(&n);

    tap_ok(read_bytes(s, n) == 2, "a small stream of %zu bytes is read", n);
    for (size_t i = 0; i < n; i++) {
        e.text[0] = '\0';
        taken += read_bytes(s, i) != -1;
        silent += strstr(e.text, scratch) == NULL;
    }
    tap_ok(taken == 0, "every proper prefix of it is refused");
    tap_ok(silent == 0, "by name");
    /* Every bit; in the trailer, which no checksum covers, every value of every byte. */
    for (size_t i = 0; i < n; i++)
        for (int v = 1; v < 256; v = i < n - 128 ? 2 * v : v + 1) {
            s[i] ^= (unsigned char)v;
            if (read_bytes(s, n) != -1 && taken++ == 0)
                tap_note("byte %zu may be 0x%02x", i, s[i]);
            s[i] ^= (unsigned char)v;
        }
    tap_ok(taken == 0, "every change of a bit is refused, in the trailer every change of a byte");
    for (size_t i = 0; i <= n; i += 8) { /* one byte more, one less, in the middle */
        unsigned char t[2048];

        memcpy(t, s, i);
        t[i] = ' ';
        memcpy(t + i + 1, s + i, n - i);
        taken += read_bytes(t, n + 1) != -1;
        if (i < n) {
            memcpy(t + i, s + i + 1, n - i - 1);
            taken += read_bytes(t, n - 1) != -1;
        }
    }
    tap_ok(taken == 0, "so is a byte too many or too few");
    free(s);
}

static void
test_messages(void)
{
    size_t n, first;
    unsigned char *s = small_stream(&n);

    first = 8 + s[0] + 256 * (size_t)s[1] + 12;
    read_bytes(s, first - 5);
    tap_ok(strstr(e.text, "record 0: cut in the data (7 of 12 bytes)") != NULL, "%s", e.text);
    read_bytes(s, first);
    tap_ok(strstr(e.text, "ends after record 0 without a trailer") != NULL, "%s", e.text);
    read_bytes(s, first + 3);
    tap_ok(strstr(e.text, "record 1: cut in the length of its header (3 of 8") != NULL, "%s",
           e.text);
    read_bytes(s, first + 100);
    tap_ok(strstr(e.text, "record 1: cut in its header (92 of") != NULL, "%s", e.text);
    read_bytes(s, 0);
    tap_ok(strstr(e.text, "is empty") != NULL, "%s", e.text);
    s[first - 1] ^= 1;
    read_bytes(s, n);
    tap_ok(strstr(e.text, "record 0: crc32 is '") != NULL, "%s", e.text);
    free(s);
}

/* ---- trailers and segments ---- */

/* A record or trailer of this header text, padded, behind *s. */
static void
append(unsigned char *s, size_t *n, const char *text, const char *data)
{
    size_t length = strlen(text), size = (8 + length + 63) / 64 * 64 - 8;

    for (int i = 0; i < 8; i++)
        s[*n + (size_t)i] = (unsigned char)(size >> (8 * i));
    memset(s + *n + 8, ' ', size);
    memcpy(s + *n + 8, text, length);
    memcpy(s + *n + 8 + size, data, strlen(data));
    *n += 8 + size + strlen(data);
}

static void
append_trailer(unsigned char *s, size_t *n, size_t begin, unsigned records)
{
    char text[128];

    snprintf(text, sizeof(text),
             "{\"__metadata__\":{\"crc32\":\"%08lx\",\"end\":\"1\",\"records\":\"%u\"}}",
             crc32(0, s + begin, (unsigned)(*n - begin)), records);
    append(s, n, text, "");
}

static void
test_segments(void)
{
    unsigned char s[4096];
    size_t n = 0, second;
    struct ts_reader *in;

    append_trailer(s, &n, 0, 0);
    tap_ok(n == 128 && read_bytes(s, n) == 0, "a trailer alone is a stream without records");
    n = 0;
    append(s, &n, "{}", "");
    append(s, &n,
           "{\"__metadata__\":{\"end\":\"1\"},\"a\":{\"dtype\":\"U8\",\"shape\":[1],"
           "\"data_offsets\":[0,1]}}",
           "x");
    append_trailer(s, &n, 0, 2);
    tap_ok(read_bytes(s, n) == 2, "records without tensors, and with tensors and the key 'end'");
    second = n;
    append(s, &n, "{\"a\":{\"data_offsets\":[0,1],\"shape\":[1],\"dtype\":\"U8\"}}", "y");
    tap_ok(read_bytes(s, n) == -1, "a second segment needs a trailer");
    append_trailer(s, &n, second, 1);
    tap_ok(read_bytes(s, n) == 3, "and then it is one stream of three records");
    append_trailer(s, &n, n, 0);
    tap_ok(read_bytes(s, n) == 3, "an empty segment may follow");
    memcpy(s + n, "\n", 2);
    tap_ok(read_bytes(s, n + 1) == -1, "a newline may not");

    n = second = 0;
    append(s, &n, "{}", "");
    second = n;
    append_trailer(s, &n, 0, 2);
    tap_ok(read_bytes(s, n) == -1 && strstr(e.text, "trailer says '2' records, 1 came"), "%s",
           e.text);
    n = second;
    append_trailer(s, &n, 64, 1);
    tap_ok(read_bytes(s, n) == -1 && strstr(e.text, "trailer says CRC '00000000'"), "%s", e.text);
    n = second;
    append(s, &n, "{\"__metadata__\":{\"end\":\"2\"}}", "");
    tap_ok(read_bytes(s, n) == -1, "no other trailer");
    n = second;
    append_trailer(s, &n, 0, 1);
    s[second + 70] = '\n';
    tap_ok(read_bytes(s, n) == -1 && strstr(e.text, "trailer") != NULL, "%s", e.text);

    in = ts_open(scratch, &e);
    tap_ok(in != NULL && ts_drain(in, &e) == -1, "draining checks too");
    ts_close(in);
    tap_ok(ts_open("/nonexistent/x", &e) == NULL && strstr(e.text, "/nonexistent/x: No such file"),
           "%s", e.text);
}

static void
test_seek(void)
{
    struct ts_record rec = {0};
    struct ts_position at[8], end, empty = {0};
    struct ts_reader *in;
    unsigned char *s, *twice;
    size_t n;
    int rc, right = 1, pipes[2];

    s = small_stream(&n);
    twice = malloc(2 * n);
    memcpy(twice, s, n);
    memcpy(twice + n, s, n);
    put_file(twice, 2 * n);
    in = ts_open(scratch, &e);
    tap_ok(ts_can_seek(in), "a file can be rewound");
    for (int i = 0; i < 5; i++) {
        at[i] = ts_tell(in);
        rc = ts_read(in, &rec, &e);
        right &= rc == (i < 4);
    }
    end = ts_tell(in);
    tap_ok(right && end.offset == 2 * n && end.count == 4 &&
               end.crc == (uint32_t)crc32(0, twice, (unsigned)(2 * n)) && end.segment_count == 0,
           "positions count bytes, records and their CRC");
    tap_ok(memcmp(&at[0], &empty, sizeof(empty)) == 0, "the first is all zero");
    for (int i = 0; i < 4; i++) {
        right &= ts_seek(in, &at[i], &e) == 0 && ts_read(in, &rec, &e) == 1;
        right &=
            ts_count(in) == (uint64_t)i + 1 && strcmp(ts_meta(&rec, "id"), i % 2 ? "1" : "0") == 0;
        right &= ts_drain(in, &e) == 0 && ts_tell(in).crc == end.crc;
    }
    tap_ok(right, "reading goes on from each of them, to the same end");
    tap_ok(ts_rewind(in, &e) == 0 && ts_read(in, &rec, &e) == 1 && ts_count(in) == 1, "rewound");
    end = at[3];
    end.segment_crc ^= 1;
    tap_ok(ts_seek(in, &end, &e) == 0 && ts_drain(in, &e) == -1 && strstr(e.text, "CRC"),
           "a position of other bytes is found out at the trailer");
    end.offset = UINT64_MAX;
    tap_ok(ts_seek(in, &end, &e) == -1, "an offset out of range");
    ts_close(in);

    /* What was before the stream in its file stays before it. */
    rc = open(scratch, O_RDONLY);
    if (rc == -1 || lseek(rc, (off_t)n, SEEK_SET) == -1 || dup2(rc, 0) == -1)
        abort();
    close(rc);
    in = ts_open("-", &e);
    right = ts_drain(in, &e) == 0 && ts_count(in) == 2 && ts_rewind(in, &e) == 0 &&
            ts_drain(in, &e) == 0 && ts_count(in) == 2;
    tap_ok(right && strcmp(ts_name(in), "stdin") == 0, "stdin in the middle of a file");
    ts_close(in);

    if (pipe(pipes) == -1 || write(pipes[1], s, n) != (ssize_t)n || dup2(pipes[0], 0) == -1)
        abort();
    close(pipes[0]);
    close(pipes[1]);
    in = ts_open("-", &e);
    tap_ok(!ts_can_seek(in) && ts_rewind(in, &e) == -1 && ts_drain(in, &e) == 0 &&
               ts_count(in) == 2,
           "a pipe can be read, but not rewound");
    ts_close(in);
    ts_clear(&rec);
    free(s);
    free(twice);
}

/* ---- writing ---- */

static void
test_writer(void)
{
    struct ts_record rec = {0};
    struct ts_writer *w = create();

    ts_meta_set(&rec, "end", "1", &e);
    tap_ok(ts_write(w, &rec, &e) == -1, "a record that would be a trailer is refused");
    ts_clear(&rec);
    ts_meta_set(&rec, "a", "\xff", &e);
    tap_ok(ts_write(w, &rec, &e) == -1 && strstr(e.text, "UTF-8"), "%s", e.text);
    ts_clear(&rec);
    ts_put(&rec, "\xc3", TS_U8, 0, NULL, &e);
    tap_ok(ts_write(w, &rec, &e) == -1 && strstr(e.text, "UTF-8"), "%s", e.text);
    ts_clear(&rec);
    ts_put(&rec, "a\nb", TS_U8, 0, NULL, &e);
    tap_ok(ts_write(w, &rec, &e) == -1 && strstr(e.text, "control"), "%s", e.text);
    ts_clear(&rec);
    ts_put(&rec, "a", TS_U8, 1, (const size_t[]){((size_t)64 << 20) + 1}, &e);
    tap_ok(ts_write(w, &rec, &e) == -1 && strstr(e.text, "exceed"), "%s", e.text);
    ts_clear(&rec);
    for (int i = 0; i < 700; i++)
        ts_meta_setf(&rec, "h", &e, "%s%0100d", ts_meta_or(&rec, "h", ""), i);
    tap_ok(ts_write(w, &rec, &e) == -1 && strstr(e.text, "record 0: header of"), "%s", e.text);
    ts_clear(&rec);
    ts_put(&rec, "a", TS_U8, 1, (const size_t[]){(size_t)64 << 20}, &e);
    tap_ok(ts_write(w, &rec, &e) == 0 && ts_finish(w, &e) == 0 && read_all() == 1,
           "the largest record passes");
    ts_clear(&rec);

    w = ts_create(open("/dev/full", O_WRONLY), "full", &e);
    ts_put(&rec, "a", TS_U8, 0, NULL, &e);
    tap_ok(ts_write(w, &rec, &e) == 0 && ts_finish(w, &e) == -1 &&
               strstr(e.text, "full: No space") && !e.broken_pipe,
           "%s", e.text);
    ts_clear(&rec);
}

/* ---- single files ---- */

static void
test_single(void)
{
    struct ts_record rec = {0}, back = {0};
    unsigned char *s, t[4096];
    char path[80];
    size_t n;

    for (uint64_t seed = 0; rec.n_tensors < 2 || ts_memory(&rec) < 1500 || ts_memory(&rec) > 3000;
         seed++)
        random_record(seed, &rec);
    tap_ok(ts_save(scratch, &rec, &e) == 0 && ts_load(scratch, 1 << 20, &back, &e) == 0 &&
               same(&rec, &back),
           "saved and loaded");
    s = ts_encode(&rec, &n, &e);
    free(s);
    s = get_file(&n);
    snprintf(path, sizeof(path), "%s.tmp", scratch);
    tap_ok(access(path, F_OK) == -1, "no temporary is left");
    if (n > sizeof(t) - 256)
        abort();
    memcpy(t, s, n);
    free(s);
    tap_ok(ts_load(scratch, 10, &back, &e) == -1 && strstr(e.text, "exceed") && back.n_tensors == 0,
           "%s", e.text);
    put_file(t, n - 1);
    tap_ok(ts_load(scratch, 1 << 20, &back, &e) == -1 && strstr(e.text, "cut"), "%s", e.text);
    t[n] = 'x';
    put_file(t, n + 1);
    tap_ok(ts_load(scratch, 1 << 20, &back, &e) == -1 && strstr(e.text, "behind"), "%s", e.text);
    append_trailer(t, &n, 0, 1);
    put_file(t, n);
    tap_ok(ts_load(scratch, 1 << 20, &back, &e) == 0 && same(&rec, &back), "a trailer is no harm");
    append(t, &n, "{}", "");
    put_file(t, n);
    tap_ok(ts_load(scratch, 1 << 20, &back, &e) == -1 && strstr(e.text, "more than one"), "%s",
           e.text);
    n = 0;
    append_trailer(t, &n, 0, 0);
    put_file(t, n);
    tap_ok(ts_load(scratch, 1 << 20, &back, &e) == -1 && strstr(e.text, "no record"), "%s", e.text);
    put_file(t, 0);
    tap_ok(ts_load(scratch, 1 << 20, &back, &e) == -1 && strstr(e.text, "empty"), "%s", e.text);
    tap_ok(ts_save("/nonexistent/x", &rec, &e) == -1, "%s", e.text);
    ts_clear(&rec);
    ts_clear(&back);
}

int
main(void)
{
    /* Some hundred thousand small files: in memory, where that can be had. */
    snprintf(scratch, sizeof(scratch), "%s/test_stream.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir);
    close(mkstemp(scratch));
    test_round_trip();
    test_damage();
    test_messages();
    test_segments();
    test_seek();
    test_writer();
    test_single();
    unlink(scratch);
    return tap_done(57);
}
