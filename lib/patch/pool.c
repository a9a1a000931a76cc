#include "patch/pool.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

/* 1, 0 (the record is to be left out) or -1. */
static int
check_record(struct pool *p, const struct ts_reader *r, const struct ts_record *rec, struct err *e)
{
    int rc = p->check == NULL ? 1 : p->check(rec, p->arg, e);

    if (rc == -1)
        return err_in(e, "%s: record %" PRIu64, ts_name(r), ts_count(r) - 1);
    p->left_out += rc == 0;
    return rc;
}

static int
keep_place(struct pool *p, const struct ts_reader *r, struct err *e)
{
    void *list = p->offset;

    if (p->n == POOL_MAX_RECORDS)
        return err_set(e, "%s: more than %d records", ts_name(r), POOL_MAX_RECORDS);
    if (mem_grow(&list, &p->cap, p->n + 1, sizeof(*p->offset), e) == -1)
        return -1;
    p->offset = list;
    p->offset[p->n++] = ts_record_start(r).offset;
    return 0;
}

/* Reads a file through and keeps where its records begin. */
static int
find_records(struct pool *p, struct ts_reader *r, struct err *e)
{
    struct ts_record rec = {0};
    int rc, take;

    while ((rc = ts_read(r, &rec, e)) == 1) {
        take = check_record(p, r, &rec, e);
        if (take == -1 || (take == 1 && keep_place(p, r, e) == -1)) {
            rc = -1;
            break;
        }
    }
    ts_clear(&rec);
    return rc;
}

int
pool_open(struct pool *p, const char *const *path, size_t n, pool_check *check, const void *arg,
          struct err *e)
{
    *p = (struct pool){.check = check, .arg = arg};
    if ((p->file = mem_array(n, sizeof(*p->file), e)) == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct ts_reader *r = ts_open(path[i], e);

        if (r == NULL)
            goto fail;
        p->file[p->n_files++] = (struct pool_file){r, p->n};
        if (ts_can_seek(r)) {
            if (find_records(p, r, e) == -1)
                goto fail;
        } else if (n > 1) {
            err_set(e, "%s: is a pipe, which must be alone: join streams with ts-cat", ts_name(r));
            goto fail;
        } else
            p->is_pipe = 1;
    }
    if (!p->is_pipe && p->n == 0) {
        err_set(e, p->left_out > 0 ? "%s: has no records of use" : "%s: has no records", path[0]);
        goto fail;
    }
    if ((p->seen = mem_array(p->n / 8 + 1, 1, e)) == NULL)
        goto fail;
    return 0;
fail:
    pool_close(p);
    return -1;
}

/* The file of record i: the last whose first record is not behind it. */
static struct pool_file *
file_of(const struct pool *p, size_t i)
{
    size_t lo = 0, hi = p->n_files;

    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;

        *(p->file[mid].first <= i ? &lo : &hi) = mid;
    }
    return &p->file[lo];
}

static int
draw_next(struct pool *p, struct ts_record *rec, struct err *e)
{
    struct ts_reader *r = p->file[0].reader;
    int rc;

    while ((rc = ts_read(r, rec, e)) == 1 && (rc = check_record(p, r, rec, e)) == 0)
        ;
    if (rc == -1)
        return -1;
    if (rc == 0)
        return err_set(e, "%s: ended after %" PRIu64 " records (a pipe must give as many as are "
                       "drawn; a file is drawn from again and again)", ts_name(r), ts_count(r));
    p->drawn++;
    p->distinct++;
    return 0;
}

int
pool_draw(struct pool *p, struct rng *rng, struct ts_record *rec, struct err *e)
{
    struct pool_file *f;
    size_t i;
    int rc;

    if (p->is_pipe)
        return draw_next(p, rec, e);
    if (p->n == 0)
        return err_set(e, "nothing to draw from");
    i = (size_t)rng_below(rng, p->n);
    f = file_of(p, i);
    /* What a position holds beside the offset is for trailers, and one record is all that is read. */
    if (ts_seek(f->reader, &(struct ts_position){.offset = p->offset[i], .count = i - f->first},
                e) == -1)
        return -1;
    rc = ts_read(f->reader, rec, e);
    if (rc == 0)
        err_set(e, "%s: record %zu is gone: the file was cut meanwhile", ts_name(f->reader),
                i - f->first);
    if (rc != 1)
        return -1;
    p->drawn++;
    p->distinct += !(p->seen[i / 8] >> i % 8 & 1);
    p->seen[i / 8] |= (uint8_t)(1 << i % 8);
    return 0;
}

void
pool_close(struct pool *p)
{
    for (size_t i = 0; i < p->n_files; i++)
        ts_close(p->file[i].reader);
    free(p->file);
    free(p->offset);
    free(p->seen);
    *p = (struct pool){0};
}
