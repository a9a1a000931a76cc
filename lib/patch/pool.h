/*
 * pool - records to draw from, of one file or several, or of a pipe.
 *
 * Files are read through once when the pool is opened, so that every record, checksum and trailer
 * is checked before the first draw; of each record only its place is kept, 8 bytes.  Then any
 * record can be had by its number.  A pipe gives its records in order.
 */
#ifndef MP_PATCH_POOL_H
#define MP_PATCH_POOL_H

#include <stdint.h>

#include "base/rng.h"
#include "stream/tstream.h"

#define POOL_MAX_RECORDS 4000000
#define POOL_MAX_GROUPS 64

/* What a pool's records must show: 1 it does, 0 leave it out, -1 (with the reason in e) it must not
 * be. */
typedef int pool_check(const struct ts_record *rec, const void *arg, struct err *e);

struct pool_file {
    struct ts_reader *reader;
    size_t first; /* number of its first record */
};

/* The records that show one value of the key by which a pool is balanced. */
struct pool_group {
    char *value;
    size_t first, n; /* their numbers are pool.order[first .. first + n - 1] */
};

/* All zeros is an empty pool that nothing can be drawn from. */
struct pool {
    struct pool_file *file;
    size_t n_files;
    uint64_t *offset; /* [n] of each record in its file */
    size_t n, cap;    /* records; 0 of a pipe */
    int is_pipe;
    pool_check *check;
    const void *arg;
    uint64_t left_out; /* records that the check passed over */
    uint64_t drawn;
    size_t distinct;          /* different records drawn; of a pipe all are */
    uint8_t *seen;            /* a bit for each record */
    const char *key;          /* metadata by which it is balanced, or NULL */
    struct pool_group *group; /* [n_groups] in the order of their values */
    size_t n_groups;
    uint32_t *order; /* [n] numbers of records, group by group; until then the group of each */
    size_t cap_order;
};

/*
 * Opens the files ("-" is standard input), each a stream.  A pipe must be the only one.  check (or
 * NULL) is asked of every record, with arg, which is borrowed until pool_close().  Returns 0, or -1
 * with the reason in e: no record to draw, more than POOL_MAX_RECORDS, a bad stream, a record that
 * must not be.
 */
int pool_open(struct pool *p, const char *const *path, size_t n, pool_check *check, const void *arg,
              struct err *e);

/*
 * The same, balanced: a draw takes a value of the metadata `key` first (borrowed), each that occurs
 * with the same chance, then one of the records that show it.  Also refuses pipes, and keys of more
 * than POOL_MAX_GROUPS values.
 */
int pool_open_balanced(struct pool *p, const char *const *path, size_t n, pool_check *check,
                       const void *arg, const char *key, struct err *e);

/*
 * Draws a record, each with the same chance, into rec (which is cleared first); of a pipe, the
 * next. Returns 0, or -1 with the reason in e: a pipe that ended, a file that changed.
 */
int pool_draw(struct pool *p, struct rng *rng, struct ts_record *rec, struct err *e);

void pool_close(struct pool *p);

#endif
