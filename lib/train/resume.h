/*
 * resume - what trainings share when they go on from a state.
 */
#ifndef MP_TRAIN_RESUME_H
#define MP_TRAIN_RESUME_H

#include <stdint.h>

#include "base/err.h"

/*
 * Two configurations as texts, "size 64, batch 8, ...".  Returns 0 if they are the same, else -1
 * with the first item in which they differ, or that one of them lacks at its end, in e.
 */
int resume_check_config(const char *was, const char *now, struct err *e);

/*
 * Takes the lines of iterations beyond `iteration` out of a log, before it is continued.  A log
 * that is not there yet, or is no file, is left alone.
 */
int resume_trim_log(const char *path, uint64_t iteration, struct err *e);

#endif
