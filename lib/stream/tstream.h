/*
 * tstream - reading and writing streams of records, tstream(5).
 *
 * A stream is records followed by a trailer (a record without tensors whose metadata says end,
 * records, crc32).  Input without its trailer is an error, never the end.  Bytes after a trailer
 * start a new segment.
 *
 *     while ((rc = ts_read(in, &rec, &e)) == 1) {
 *         ... change rec ...
 *         if (ts_write(out, &rec, &e) == -1)
 *             cli_fail(&e);
 *     }
 *     if (rc == -1 || ts_finish(out, &e) == -1)
 *         cli_fail(&e);
 */
#ifndef MP_STREAM_TSTREAM_H
#define MP_STREAM_TSTREAM_H

#include <stdint.h>

#include "stream/record.h"

struct ts_reader;
struct ts_writer;

/*
 * Opens a stream to read; path "-" is standard input.  Limits are those of patches: 64 KiB of
 * header, 64 MiB a record.  NULL with the reason in e.
 */
struct ts_reader *ts_open(const char *path, struct err *e);

/*
 * A stream whose first n bytes (at most 256 KiB) are read already: they are `bytes`, the others
 * come from fd, which stays the caller's.  It cannot be sought in.  NULL with the reason in e.
 */
struct ts_reader *ts_resume(int fd, const char *name, const void *bytes, size_t n, struct err *e);

/*
 * The next record into rec (which is cleared first; keep it between calls, ts_clear() it at the
 * end).  Returns 1 for a record, 0 at the end (after a trailer, at the end of the bytes), -1 with
 * the reason, which names stream and record, in e.  After 0 or -1 rec is empty.
 */
int ts_read(struct ts_reader *r, struct ts_record *rec, struct err *e);

/* Records read so far; the index of the record read last is one less. */
uint64_t ts_count(const struct ts_reader *r);

/* The name for messages: the path, or "stdin". */
const char *ts_name(const struct ts_reader *r);

/*
 * A place between two records: what a trainer keeps in its checkpoint to go on from there.  `crc`
 * is the CRC-32 of all bytes before it, trailers included, so that equal positions mean equal
 * streams.  The two fields of the segment let its trailer be checked when reading starts in its
 * middle.  All zero is the first record.
 */
struct ts_position {
    uint64_t offset, count; /* bytes and records before it */
    uint32_t crc;
    uint64_t segment_count; /* the same within the segment; 0 right behind a trailer */
    uint32_t segment_crc;
};

/* Where the reader stands: behind the record it returned last. */
struct ts_position ts_tell(const struct ts_reader *r);

/* Where the record begins that was read last.  ts_seek() there and ts_read() give it again. */
struct ts_position ts_record_start(const struct ts_reader *r);

/* 1 if the input is a file, where ts_seek() and ts_rewind() work, and not a pipe. */
int ts_can_seek(const struct ts_reader *r);

/* Continues at a position that ts_tell() gave for the same bytes.  Returns 0 or -1. */
int ts_seek(struct ts_reader *r, const struct ts_position *at, struct err *e);
int ts_rewind(struct ts_reader *r, struct err *e);

/* Reads and checks all that is left and keeps nothing.  Returns 0 or -1. */
int ts_drain(struct ts_reader *r, struct err *e);

void ts_close(struct ts_reader *r);

/* Writes to a descriptor; name is for messages.  Borrows name until ts_abandon() or ts_finish(). */
struct ts_writer *ts_create(int fd, const char *name, struct err *e);

/* Standard output; a terminal is refused. */
struct ts_writer *ts_stdout(struct err *e);

/* Writes rec, setting the metadata `crc32` of its data.  Returns 0 or -1. */
int ts_write(struct ts_writer *w, struct ts_record *rec, struct err *e);

/* Pushes what is buffered to the reader. */
int ts_flush(struct ts_writer *w, struct err *e);

/* Writes the trailer, flushes, closes and frees w (also on failure).  Returns 0 or -1. */
int ts_finish(struct ts_writer *w, struct err *e);

/* Closes and frees without a trailer. */
void ts_abandon(struct ts_writer *w);

/*
 * A single record as a file of its own: checkpoints and foreign .safetensors.  Loading accepts
 * headers up to 16 MiB and data up to `limit` bytes and checks crc32 where the record has it; bytes
 * behind the record are an error (but a trailer is accepted).  Saving is atomic (output.h) and
 * writes no trailer, so that every safetensors tool opens the file.
 */
int ts_load(const char *path, size_t limit, struct ts_record *rec, struct err *e);
int ts_save(const char *path, struct ts_record *rec, struct err *e);

/* The record as bytes in fresh memory, as ts_write() writes it. */
unsigned char *ts_encode(struct ts_record *rec, size_t *n, struct err *e);

#endif
