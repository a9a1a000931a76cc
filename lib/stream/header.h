/*
 * header - the JSON header of a safetensors record.  Private to lib/stream.
 *
 * The only module that knows jansson.  The rules are those of tstream(5); where they are stricter
 * than other readers of safetensors, it is so that no byte of a stream can change unseen.
 */
#ifndef MP_STREAM_HEADER_H
#define MP_STREAM_HEADER_H

#include <stddef.h>

#include "stream/record.h"

/*
 * Reads the n bytes of a header into the empty record rec: metadata, and tensors in the order of
 * their data, whose `data` is NULL.  *bytes is the size of the data area, which the tensors tile
 * exactly.  Returns 0, or -1 with the reason in e; rec must be cleared in both cases.
 */
int ts_header_parse(const char *text, size_t n, struct ts_record *rec, size_t *bytes,
                    struct err *e);

/*
 * The header of a record, from its length field to its last padding space, in fresh memory: the
 * bytes that stand before the data.  order[i] is the index of the tensor whose data come i-th.
 * NULL with the reason in e.
 */
unsigned char *ts_header_print(const struct ts_record *rec, const size_t *order, size_t *n,
                               struct err *e);

#endif
