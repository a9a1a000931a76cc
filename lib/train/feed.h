/*
 * feed - the patches a trainer reads, one stream after another position kept for resuming.
 *
 * A file is read round and round; a pipe must not end (its producer runs with --endless).  Nothing
 * is stored but the record at hand.
 */
#ifndef MP_TRAIN_FEED_H
#define MP_TRAIN_FEED_H

#include <stdint.h>

#include "nn/real.h"
#include "stream/tstream.h"

/* The patients whose images were used, sorted, without repetition. */
struct patients {
    char **name;
    size_t n, cap;
};

int patients_add(struct patients *p, const char *name, struct err *e);
int patients_has(const struct patients *p, const char *name);
void patients_free(struct patients *p);

/* One name a line, and back. */
char *patients_text(const struct patients *p, struct err *e);
int patients_parse(struct patients *p, const char *text, struct err *e);

/* What a feed's records must show; a record without a label passes as either. */
enum feed_role { FEED_LESIONS, FEED_NORMAL, FEED_ANY };

struct feed {
    enum feed_role role;
    struct ts_reader *reader;
    struct ts_record record;  /* the record at hand */
    int pending;              /* it was read to look at, and not used yet */
    struct ts_position at;    /* behind the last record used */
    struct ts_position ahead; /* behind the pending record */
    uint64_t used;            /* records used, over all rounds */
    int empty;                /* the stream has no records */
    char *lesion;             /* of the first record */
};

/*
 * The plane `name` of a record as [side][side] fresh floats in [0, 1], give or take rounding.  NULL
 * with the reason in e: missing, another size, grey levels that are no shares of white.  Caller
 * frees.
 */
float *feed_plane(const struct ts_record *r, const char *name, size_t side, struct err *e);

/* Opens and looks at the first record.  Returns 0, or -1 with the reason in e. */
int feed_open(struct feed *f, const char *path, enum feed_role role, struct err *e);

/*
 * The next patch's image as [side][side] numbers in [0, 1] into `to`; its patient is added to
 * `patients`.  An image of another size is an error, and so are a label against the feed's role and
 * a pipe's end.
 */
int feed_patch(struct feed *f, size_t side, real *to, struct patients *patients, struct err *e);

/* Where the feed stands as text, and going there: files seek, pipes read on and compare the CRC. */
char *feed_place(const struct feed *f, struct err *e);
int feed_continue(struct feed *f, const char *place, struct err *e);

void feed_close(struct feed *f);

#endif
