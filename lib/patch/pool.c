#include "patch/pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
    if (p->n == POOL_MAX_RECORDS)
        return err_set(e, "%s: more than %d records", ts_name(r), POOL_MAX_RECORDS);
    if (MEM_GROW(p->offset, p->cap, p->n + 1, e) == -1)
        return -1;
    p->offset[p->n++] = ts_record_start(r).offset;
    return 0;
}

/* Keeps which group record p->n - 1 belongs to: a new one for a new value. */
static int
keep_group(struct pool *p, const char *value, struct err *e)
{
    size_t k = 0;

    while (k < p->n_groups && strcmp(p->group[k].value, value) != 0)
        k++;
    if (k == POOL_MAX_GROUPS)
        return err_set(e, "%s has more than %d values", p->key, POOL_MAX_GROUPS);
    if (MEM_GROW(p->order, p->cap_order, p->n, e) == -1)
        return -1;
    if (k == p->n_groups) {
        if ((p->group[k].value = mem_string(value, e)) == NULL)
            return -1;
        p->n_groups++;
    }
    p->order[p->n - 1] = (uint32_t)k;
    p->group[k].n++;
    return 0;
}

static int
by_value(const void *a, const void *b)
{
    return strcmp(((const struct pool_group *)a)->value, ((const struct pool_group *)b)->value);
}

/* From the group of each record to the records of each group. */
static int
sort_groups(struct pool *p, struct err *e)
{
    uint32_t *order = mem_array(p->n, sizeof(*order), e);
    size_t next[POOL_MAX_GROUPS], at = 0;

    if (order == NULL)
        return -1;
    for (size_t k = 0; k < p->n_groups; k++) {
        p->group[k].first = next[k] = at;
        at += p->group[k].n;
    }
    for (size_t i = 0; i < p->n; i++)
        order[next[p->order[i]]++] = (uint32_t)i;
    free(p->order);
    p->order = order;
    qsort(p->group, p->n_groups, sizeof(*p->group), by_value);
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
        if (take == -1 || (take == 1 && (keep_place(p, r, e) == -1 ||
                                         (p->key != NULL &&
                                          keep_group(p, ts_meta_or(&rec, p->key, ""), e) == -1)))) {
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
    return pool_open_balanced(p, path, n, check, arg, NULL, e);
}

int
pool_open_balanced(struct pool *p, const char *const *path, size_t n, pool_check *check,
                   const void *arg, const char *key, struct err *e)
{
    *p = (struct pool){.check = check, .arg = arg, .key = key};
    if ((p->file = mem_array(n, sizeof(*p->file), e)) == NULL ||
        (key != NULL && (p->group = mem_array(POOL_MAX_GROUPS, sizeof(*p->group), e)) == NULL))
        goto fail;
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
        } else if (key != NULL) {
            err_set(e, "%s: is a pipe, which cannot be balanced by %s", ts_name(r), key);
            goto fail;
        } else
            p->is_pipe = 1;
    }
    if (!p->is_pipe && p->n == 0) {
        err_set(e, p->left_out > 0 ? "%s: has no records of use" : "%s: has no records", path[0]);
        goto fail;
    }
    if ((p->seen = mem_array(p->n / 8 + 1, 1, e)) == NULL ||
        (key != NULL && sort_groups(p, e) == -1))
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
        return err_set(e,
                       "%s: ended after %" PRIu64 " records (a pipe must give as many as are "
                       "drawn; a file is drawn from again and again)",
                       ts_name(r), ts_count(r));
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
    if (p->key != NULL) {
        const struct pool_group *g = &p->group[rng_below(rng, p->n_groups)];

        i = p->order[g->first + (size_t)rng_below(rng, g->n)];
    } else
        i = (size_t)rng_below(rng, p->n);
    f = file_of(p, i);
    /* What a position holds beside the offset is for trailers, and one record is all that is read.
     */
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
    for (size_t k = 0; k < p->n_groups; k++)
        free(p->group[k].value);
    free(p->group);
    free(p->order);
    free(p->offset);
    free(p->seen);
    *p = (struct pool){0};
}
