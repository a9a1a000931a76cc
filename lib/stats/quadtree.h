/*
 * quadtree - the repulsion between points of a plane, far ones taken together.
 *
 * J. Barnes and P. Hut, Nature 324:446-449, 1986, for t-SNE as in L. van der Maaten, JMLR
 * 15:3221-3245, 2014, section 4.2.
 */
#ifndef MP_STATS_QUADTREE_H
#define MP_STATS_QUADTREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct quadtree {
    size_t n, n_nodes;
    struct quadtree_point *point; /* [n] in the order of the tree */
    struct quadtree_node *node;   /* [n_nodes], each before its children */
    size_t *place;                /* [n] where in point[] */
};

/* Makes room for n >= 1 points.  Returns 0, or -1 (memory) with the reason in e. */
int quadtree_open(struct quadtree *t, size_t n, struct err *e);

/* y [n][2], finite. */
void quadtree_build(struct quadtree *t, const double *y);

/* The number of the point at a place of the tree: points near each other in this order are near. */
size_t quadtree_at(const struct quadtree *t, size_t place);

#define QUADTREE_NOBODY ((size_t)-1)

/*
 * What all points do to one at y [2], with w = 1 / (1 + distance^2): adds w^2 (y - point) to
 * force[2] and returns the sum of w.
 *
 *   self   the number of a point that is left out, or QUADTREE_NOBODY
 *   theta  a cell is taken as one where its width < theta times its distance; 0 takes every point
 *          by itself
 */
double quadtree_repel(const struct quadtree *t, const double *y, size_t self, double theta,
                      double *force);

void quadtree_close(struct quadtree *t);

#endif
