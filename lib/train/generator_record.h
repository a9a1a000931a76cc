/*
 * generator_record - what a checkpoint says of a generator: its network, and what it makes.
 */
#ifndef MP_TRAIN_GENERATOR_RECORD_H
#define MP_TRAIN_GENERATOR_RECORD_H

#include "base/err.h"
#include "model/generator.h"
#include "stream/record.h"

/*
 * A network's configuration as metadata, and back (checked as if it came from a command line).
 * `attention` is 0 for none, 1 for an eighth of the side, as all had it once, else its map's side.
 */
uint64_t generator_record_attention(const struct net_config *c);
int generator_record_put(struct ts_record *r, const struct net_config *c, size_t mid, size_t border,
                         struct err *e);
int generator_record_get(const struct ts_record *r, struct net_config *c, size_t *mid,
                         size_t *border, struct err *e);

/* Whether a record's network is this one; else -1 with the first difference in e. */
int generator_record_same(const struct ts_record *r, const struct net_config *c, size_t mid,
                          size_t border, struct err *e);

/* Name of category number i, which belongs to the record; "" where there is none. */
const char *generator_record_category(const struct ts_record *r, size_t i);

/*
 * Name, label and lesion of category number i, which belong to the record.  -1 with the reason in
 * e: missing, no name, a label that no patch has which is made.
 */
int generator_record_get_category(const struct ts_record *r, size_t i, const char *made[3],
                                  struct err *e);

/* What category number i of a conditional generator is called, and what its patches are. */
int generator_record_put_category(struct ts_record *r, size_t i, const char *name,
                                  const char *label, const char *lesion, struct err *e);

#endif
