/*
 * linalg - products of matrices, eigenvalues and singular values, in double.
 *
 * Matrices are row by row.  Everything runs on the calling thread alone: with threads of its own
 * OpenBLAS would add in an order that depends on their number.  OpenBLAS is called here only.
 */
#ifndef MP_STATS_LINALG_H
#define MP_STATS_LINALG_H

#include <stddef.h>

#include "base/err.h"

/* Threads for n > 0 pieces of work: none idle, which costs more than small sets take. */
int linalg_team(size_t n);

/* c [m][n] = a [m][k] times b [k][n]. */
void linalg_product(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);

/* c [m][n] = a [m][k] times the transpose of b [n][k]. */
void linalg_product_t(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);

/* Adds the transpose of a [m][k] times a to c [k][k], of which it fills the lower half only. */
void linalg_add_squares(size_t m, size_t k, const double *a, double *c);

/*
 * The `count` largest eigenvalues of a symmetric matrix, from the largest, with their vectors.
 *
 *   a       [n][n]  the lower half counts; overwritten
 *   value   [count]
 *   vector  [count][n]  of length 1, each a row; the sign is anyone's
 *
 * Returns 0, or -1 with the reason in e: memory, no convergence.
 */
int linalg_eigen(size_t n, double *a, size_t count, double *value, double *vector, struct err *e);

/* The sum of the singular values of a [n][n], which is overwritten.  0, or -1 as above. */
int linalg_nuclear_norm(size_t n, double *a, double *norm, struct err *e);

#endif
