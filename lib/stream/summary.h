/*
 * summary - what a stream holds, counted record by record in bounded memory.
 *
 * Each table stops taking in new rows at its limit and counts what it left out, so that whoever
 * prints it can say so.
 */
#ifndef MP_STREAM_SUMMARY_H
#define MP_STREAM_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "stream/record.h"

#define SUMMARY_VALUES 100       /* distinct values of a key */
#define SUMMARY_TENSORS 4096     /* distinct (name, dtype, shape) */
#define SUMMARY_GROUPS 100       /* distinct (label, lesion, synthetic) */
#define SUMMARY_PATIENTS 1000000 /* distinct patients */
#define SUMMARY_COUNTS 3000000   /* numbers kept: of a patient in all, in a class, in a group */

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

/*
 * How records spread over patients.  A record without `patient`, or where that is empty, is
 * unknown: only the number of patches holds it.
 */
struct summary_spread {
    uint64_t patches, unknown;
    size_t patients;
    uint64_t left_out; /* patches of patients that found no room: there are more than `patients` */
    double squares;    /* sum n_i^2, n_i patches of patient i */
    uint64_t most;     /* patches of the patient who has most */
    char *who;         /* her name, of several the first in byte order; NULL if there is none */
    uint64_t number;   /* private: its place in the table of counts */
};

/* What a classifier sees: label malignant, and all others. */
enum summary_class { SUMMARY_MALIGNANT, SUMMARY_OTHER, SUMMARY_CLASSES };

/* Records of one label, lesion ("" where the key is missing) and origin. */
struct summary_group {
    char *label, *lesion;
    int synthetic; /* 1: the key is "1" */
    struct summary_spread of;
};

struct summary_slot {
    uint64_t key, n; /* n = 0: free */
};

struct summary {
    uint64_t records, data_bytes;
    struct summary_key key[4]; /* label, lesion, split, synthetic */
    struct summary_tensor *tensor;
    size_t n_tensors, cap_tensors;
    uint64_t tensors_left_out;
    struct summary_spread all, class[SUMMARY_CLASSES];
    struct summary_group *group; /* malignant, benign, normal, others; mass, calcification, both,
                                    other, others, none; real, synthetic */
    size_t n_groups, cap_groups;
    uint64_t groups_left_out; /* records whose group found no row */

    /* Private: how many records there are of a patient in a spread, by the hash of both. */
    struct summary_slot *count;
    size_t slots, counts;
};

/* Starts an empty summary, or -1 with the reason in e. */
int summary_init(struct summary *s, struct err *e);

/* Takes in one record.  Returns 0, or -1 (memory) with the reason in e. */
int summary_add(struct summary *s, const struct ts_record *rec, struct err *e);

void summary_free(struct summary *s);

/*
 * The effective number of patients, n^2 / sum n_i^2 of n = sum n_i, and the largest share, max n_i
 * / n; both 0 where no patient is known.
 */
double summary_effective(const struct summary_spread *g);
double summary_largest_share(const struct summary_spread *g);

/*
 * Writes all of it to f (whose errors the caller checks), one item a line or as one JSON object.
 * `segments` are those of the stream.
 */
void summary_write_text(FILE *f, const struct summary *s, uint64_t segments);
void summary_write_json(FILE *f, const struct summary *s, uint64_t segments);

/*
 * Writes how patches spread over patients as a table: a line of titles, one of each group, and at
 * the end one of each class.  Returns 0, or -1 with the reason in e and nothing written where a
 * limit was met: its numbers would be wrong.
 */
int summary_write_patients(FILE *f, const struct summary *s, struct err *e);

#endif
