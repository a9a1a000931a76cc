/*
 * grad - derivatives: back along the notes of a tape.
 *
 * Operators' backward steps are written in operators (ops.h): a gradient can itself be on the tape.
 */
#ifndef MP_NN_GRAD_H
#define MP_NN_GRAD_H

#include "nn/tape.h"

/*
 * grads[i] = dy/dxs[i] for a scalar y (zeros where y does not depend on xs[i]).
 *   create_graph  1: the gradients are on the tape and can be differentiated again
 */
void grad_of(struct tape *t, struct tensor *y, struct tensor *const *xs, size_t n, int create_graph,
             struct tensor **grads);

/* The same for y of any shape, with the gradient dy arriving at y. */
void grad_from(struct tape *t, struct tensor *y, struct tensor *dy, struct tensor *const *xs,
               size_t n, int create_graph, struct tensor **grads);

#endif
