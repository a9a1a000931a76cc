/*
 * checkpoint - networks as records, tstream(5): named weights and text metadata.
 */
#ifndef MP_TRAIN_CHECKPOINT_H
#define MP_TRAIN_CHECKPOINT_H

#include "base/err.h"
#include "nn/param.h"
#include "stream/record.h"

/* The type of their tensors. */
#ifdef MP_REAL_DOUBLE
#define CHECKPOINT_REAL TS_F64
#else
#define CHECKPOINT_REAL TS_F32
#endif

/*
 * The parameters of ps as tensors PREFIXname, and the singular vectors of spectral ones as name.u
 * and name.v; with `optimiser` also Adam's name.m1 and name.m2.  Loading demands every one with its
 * shape, and finite, and no singular vectors of a weight that is not spectral.
 */
int checkpoint_put(struct ts_record *r, const char *prefix, const struct params *ps, int optimiser,
                   struct err *e);
int checkpoint_get(const struct ts_record *r, const char *prefix, struct params *ps, int optimiser,
                   struct err *e);

/* Numbers in metadata. */
int checkpoint_put_count(struct ts_record *r, const char *key, uint64_t value, struct err *e);
int checkpoint_get_count(const struct ts_record *r, const char *key, uint64_t *value,
                         struct err *e);
int checkpoint_put_real(struct ts_record *r, const char *key, double value, struct err *e);
int checkpoint_get_real(const struct ts_record *r, const char *key, double lo, double hi,
                        double *value, struct err *e);

/*
 * A record as a file, and back.  The hash of its metadata is kept in it as `metadata_hash` and
 * compared where a file has one: crc32, tstream(5), sees to the tensors alone.  The reason in e
 * names the path.
 */
int checkpoint_save(const char *path, struct ts_record *r, struct err *e);
int checkpoint_load(const char *path, struct ts_record *r, struct err *e);

/* A hash of all tensors' bytes: the name of a model in what it made. */
uint64_t checkpoint_hash(const struct ts_record *r);

#endif
