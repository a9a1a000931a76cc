/*
 * checkpoint - networks as records, tstream(5): named weights and text metadata.
 */
#ifndef MP_TRAIN_CHECKPOINT_H
#define MP_TRAIN_CHECKPOINT_H

#include "base/err.h"
#include "nn/param.h"
#include "stream/record.h"
#include "train/gan.h"

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

/*
 * A network's configuration as metadata, and back (checked as if it came from a command line).
 * `attention` is 0 for none, 1 for an eighth of the side, as all had it once, else its map's side.
 */
uint64_t checkpoint_attention(const struct net_config *c);
int checkpoint_put_net(struct ts_record *r, const struct net_config *c, size_t mid, size_t border,
                       struct err *e);
int checkpoint_get_net(const struct ts_record *r, struct net_config *c, size_t *mid, size_t *border,
                       struct err *e);

/* Whether a record's network is this one; else -1 with the first difference in e. */
int checkpoint_same_net(const struct ts_record *r, const struct net_config *c, size_t mid,
                        size_t border, struct err *e);

/* Name of category number i, which belongs to the record; "" where there is none. */
const char *checkpoint_category_name(const struct ts_record *r, size_t i);

/* What category number i of a conditional generator is called, and what its patches are. */
int checkpoint_put_category(struct ts_record *r, size_t i, const char *name, const char *label,
                            const char *lesion, struct err *e);

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

/*
 * A generator as gan-gen loads it, from what gan-train wrote: its result, or its state.
 *   category  what a conditional one is to make, its number; else 0
 *   fade   0 where only the half-size network is trained yet, else as far as it is faded in
 *   label, lesion  of the patches it makes; owned by the model
 */
struct generator_model {
    struct generator g;
    size_t category;
    double fade;
    char *label, *lesion;
    uint64_t hash;
};

/* category: by its name, for a conditional generator; NULL for any other. */
int generator_model_load(struct generator_model *m, const char *path, const char *category,
                         struct err *e);
void generator_model_free(struct generator_model *m);

#endif
