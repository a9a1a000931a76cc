/*
 * real - the number type of the network engine: float, or double under REAL=double, where the
 * gradient checks run.
 */
#ifndef MP_NN_REAL_H
#define MP_NN_REAL_H

#include <math.h>

#ifdef MP_REAL_DOUBLE
typedef double real;
#define REAL_NAME "double"
#define real_exp exp
#define real_sqrt sqrt
#define real_log log
#define real_fabs fabs
#else
typedef float real;
#define REAL_NAME "float"
#define real_exp expf
#define real_sqrt sqrtf
#define real_log logf
#define real_fabs fabsf
#endif

#endif
