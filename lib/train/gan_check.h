/*
 * gan_check - numbers that guard a generator against looking trained when it is not.
 */
#ifndef MP_TRAIN_GAN_CHECK_H
#define MP_TRAIN_GAN_CHECK_H

#include "train/judge.h"

/* Of what gan-gen wrote; not-a-number where there is no pair, no input with variants, no patch. */
struct lesion_report {
    size_t patches, inputs;
    double correlation;  /* mean over pairs of lesion channels of different inputs */
    double scalars_move; /* median over inputs with variants of |L1 - L2| / max(|L1|, |L2|) */
    double peak;         /* median over patches of max |lesion| */
};

/*
 * Reads a stream of gan-gen.  Variants of one input stand together and share `parent`.  At most
 * `limit` patches are kept for the correlation, the rest only counted.
 */
int lesion_report(struct ts_reader *in, size_t limit, struct lesion_report *r, struct err *e);

/* Of what lesion-postproc kept, by a judge trained on real patches. */
struct pair_report {
    size_t pairs, patients;
    double moved;    /* mean of score(image) - score(base), log-odds */
    double lo, hi;   /* its 95 % interval, patients resampled */
    double share_up; /* of pairs whose score rose */
    double called;   /* of images that the judge calls positive: log-odds above 0 */
};

/*
 * Scores `base` and `image` of every record.  A patient the judge was trained on is an error that
 * names it, and so is a record without a patient.
 */
int pair_report(struct ts_reader *in, struct judge *j, uint64_t seed, struct pair_report *r,
                struct err *e);

/* Of real patches that the judge was not trained on. */
struct real_report {
    size_t positives, negatives;
    double auc;                                /* ties count half */
    double positives_called, negatives_called; /* share that it calls positive */
};

/* Patients as in pair_report(); a stream without records is an error. */
int real_report(struct ts_reader *positive, struct ts_reader *negative, struct judge *j,
                struct real_report *r, struct err *e);

#endif
