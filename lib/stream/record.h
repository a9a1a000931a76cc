/*
 * record - one record of a tensor stream: named tensors and text metadata.
 *
 * On disk a record is one complete safetensors file (tstream(5)).  In memory tensors are dense,
 * row-major, in native (little-endian) byte order, owned by the record.
 */
#ifndef MP_STREAM_RECORD_H
#define MP_STREAM_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TS_MAX_RANK 8

enum ts_dtype {
    TS_F64,
    TS_F32,
    TS_F16,
    TS_BF16,
    TS_I64,
    TS_I32,
    TS_I16,
    TS_I8,
    TS_U64,
    TS_U32,
    TS_U16,
    TS_U8,
    TS_BOOL
};

struct ts_tensor {
    char *name;
    enum ts_dtype dtype;
    unsigned rank; /* 0 = a scalar */
    size_t shape[TS_MAX_RANK];
    size_t bytes;
    void *data; /* aligned for its type */
};

struct ts_meta {
    char *key, *value;
};

struct ts_record {
    struct ts_tensor *tensor;
    size_t n_tensors, cap_tensors;
    struct ts_meta *meta; /* in key order */
    size_t n_meta, cap_meta;
};

/* Bytes of one element; the safetensors word ("F32"). */
size_t ts_dtype_size(enum ts_dtype t);
const char *ts_dtype_name(enum ts_dtype t);

/* An empty record is all zeros.  ts_clear() frees what it holds and empties it again. */
void ts_clear(struct ts_record *r);
int ts_copy(struct ts_record *to, const struct ts_record *from, struct err *e);

/* The memory a record holds, all told, to within a few bytes an allocation. */
size_t ts_memory(const struct ts_record *r);

/* The tensor of that name, or NULL. */
struct ts_tensor *ts_find(const struct ts_record *r, const char *name);

/*
 * Creates or replaces a tensor; data is zeroed.  Returns it, or NULL with the reason in e. Pointers
 * to other tensors of the record (not their data) become invalid.
 */
struct ts_tensor *ts_put(struct ts_record *r, const char *name, enum ts_dtype dtype, unsigned rank,
                         const size_t *shape, struct err *e);

/* ts_put() of an F32 [h,w] tensor; returns its data. */
float *ts_put_plane(struct ts_record *r, const char *name, size_t h, size_t w, struct err *e);

/* Takes a tensor out, if it is there. */
void ts_drop(struct ts_record *r, const char *name);

/* Renames a tensor; a tensor that bears the new name already is dropped.  -1 if there is none. */
int ts_rename(struct ts_record *r, const char *from, const char *to, struct err *e);

/* Number i of a tensor of any type; of 64 bits the nearest double. */
double ts_value(const struct ts_tensor *t, size_t i);

/* Metadata.  ts_meta() returns NULL where the key is missing; ts_meta_or() the fallback. */
const char *ts_meta(const struct ts_record *r, const char *key);
const char *ts_meta_or(const struct ts_record *r, const char *key, const char *fallback);
int ts_meta_set(struct ts_record *r, const char *key, const char *value, struct err *e);
int ts_meta_setf(struct ts_record *r, const char *key, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void ts_meta_drop(struct ts_record *r, const char *key);

/* The metadata that says which patch a record is; tables that list patches have columns of the same
 * names, in this order. */
enum ts_identity { TS_ID, TS_PATIENT, TS_LABEL, TS_LESION, TS_SYNTHETIC, TS_IDENTITY };

extern const char *const ts_identity_name[TS_IDENTITY];

/* Appends one stage ("augment 0.1.0 --seed 3") to `history`, one stage a line. */
int ts_history_add(struct ts_record *r, const char *stage, struct err *e);

/*
 * The [H,W] plane `name` of a patch as fresh floats in [0,1] (U8 is value/255, U16 value/65535; F32
 * as it stands, every value finite).  NULL with the reason in e: missing, wrong rank, type, not
 * finite.  Caller frees.
 */
float *ts_plane(const struct ts_record *r, const char *name, size_t *h, size_t *w, struct err *e);

/* The U8 plane [h][w] `name`, a mask, which belongs to the record; NULL where it is missing or
 * something else. */
const uint8_t *ts_mask(const struct ts_record *r, const char *name, size_t h, size_t w);

#endif
