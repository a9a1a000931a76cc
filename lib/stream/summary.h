/*
 * summary - what a stream holds, counted record by record in bounded memory.
 *
 * Each table stops taking in new rows at its limit and counts what it left out, so that whoever
 * prints it can say so.
 */
#ifndef MP_STREAM_SUMMARY_H
#define MP_STREAM_SUMMARY_H

#include <stdint.h>

#include "stream/record.h"

#define SUMMARY_VALUES 100       /* distinct values of a key */
#define SUMMARY_TENSORS 4096     /* distinct (name, dtype, shape) */
#define SUMMARY_PATIENTS 1000000 /* distinct patients */

/* How often each value of a metadata key occurred; value NULL: the key was missing. */
struct summary_count {
    char *value;
    uint64_t n;
};

struct summary_key {
    const char *key;
    struct summary_count *row; /* in the order of their first record */
    size_t n, cap;
    uint64_t left_out; /* records whose value found no row */
};

/* All tensors of one name, dtype and shape.  min, max and sum are over finite values. */
struct summary_tensor {
    char *name;
    enum ts_dtype dtype;
    unsigned rank;
    size_t shape[TS_MAX_RANK];
    uint64_t records, values, not_finite;
    double min, max, sum;
};

struct summary {
    uint64_t records, data_bytes;
    struct summary_key key[4]; /* label, lesion, split, synthetic */
    struct summary_tensor *tensor;
    size_t n_tensors, cap_tensors;
    uint64_t tensors_left_out;
    uint64_t *patient; /* a hash table of hashes; 0 = free */
    size_t patient_slots, patients;
    int patients_full; /* there are at least `patients` */
};

/* Starts an empty summary, or -1 with the reason in e. */
int summary_init(struct summary *s, struct err *e);

/* Takes in one record.  Returns 0, or -1 (memory) with the reason in e. */
int summary_add(struct summary *s, const struct ts_record *rec, struct err *e);

void summary_free(struct summary *s);

#endif
