/*
 * Nodes stand in the order in which a walk comes by them, each with the number of the node that
 * follows when it is not opened, so that a walk is one loop.  A cell all of whose points lie in one
 * quadrant is narrowed to that: every node that is no leaf has two children at least, and there are
 * less than two nodes a point.
 */
#include "stats/quadtree.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* After as many halvings what is left in a cell is one place, to the last bit of a double. */
enum { MAX_HALVINGS = 64 };

struct quadtree_point {
    double x, y;
    size_t number;
};

struct quadtree_node {
    double x, y;          /* the mean of its points */
    double width2;        /* of its cell, squared; 0: a leaf, all points in one place */
    uint32_t first, many; /* points first .. first + many - 1 of the tree */
    uint32_t next;        /* the node behind its last descendant */
};

struct cell {
    double x, y, half; /* centre, half the width */
};

int
quadtree_open(struct quadtree *t, size_t n, struct err *e)
{
    *t = (struct quadtree){.n = n};
    t->point = mem_array(n, sizeof(*t->point), e);
    t->place = mem_array(n, sizeof(*t->place), e);
    t->node = mem_array(n, 2 * sizeof(*t->node), e);
    if (t->point != NULL && t->place != NULL && t->node != NULL)
        return 0;
    quadtree_close(t);
    return -1;
}

void
quadtree_close(struct quadtree *t)
{
    free(t->point);
    free(t->node);
    free(t->place);
    *t = (struct quadtree){0};
}

size_t
quadtree_at(const struct quadtree *t, size_t place)
{
    return t->point[place].number;
}

/* Puts the points lo .. hi - 1 below the line in front of the others; returns the first of these.
 */
static size_t
part(struct quadtree_point *p, size_t lo, size_t hi, int by_y, double line)
{
    while (lo < hi) {
        struct quadtree_point swap = p[lo];

        if ((by_y ? swap.y : swap.x) < line) {
            lo++;
            continue;
        }
        p[lo] = p[--hi];
        p[hi] = swap;
    }
    return lo;
}

/* Fills bound[5] with where the four quadrants begin and end, lower ones first, left ones first. */
static void
quarter(struct quadtree_point *p, const struct cell *c, size_t lo, size_t hi, size_t *bound)
{
    bound[0] = lo;
    bound[4] = hi;
    bound[2] = part(p, lo, hi, 1, c->y);
    bound[1] = part(p, lo, bound[2], 0, c->x);
    bound[3] = part(p, bound[2], hi, 0, c->x);
}

static struct cell
quadrant(const struct cell *c, int q)
{
    double half = c->half / 2;

    return (struct cell){c->x + (q & 1 ? half : -half), c->y + (q & 2 ? half : -half), half};
}

static void
make_node(struct quadtree *t, struct cell c, size_t lo, size_t hi, int halvings)
{
    struct quadtree_node *node = &t->node[t->n_nodes++];
    size_t bound[5], many = hi - lo;
    double x = 0, y = 0;
    int whole = 0;

    /* Narrow the cell until its points part, or are seen to be in one place. */
    while (many > 1 && halvings < MAX_HALVINGS) {
        quarter(t->point, &c, lo, hi, bound);
        for (whole = 0; whole < 4 && bound[whole + 1] - bound[whole] != many; whole++)
            ;
        if (whole == 4)
            break;
        c = quadrant(&c, whole);
        halvings++;
    }
    *node = (struct quadtree_node){.first = (uint32_t)lo, .many = (uint32_t)many};
    if (many == 1 || halvings == MAX_HALVINGS) {
        node->x = t->point[lo].x;
        node->y = t->point[lo].y;
    } else {
        node->width2 = 4 * c.half * c.half;
        for (int q = 0; q < 4; q++) {
            const struct quadtree_node *child = &t->node[t->n_nodes];

            if (bound[q] == bound[q + 1])
                continue;
            make_node(t, quadrant(&c, q), bound[q], bound[q + 1], halvings + 1);
            x += child->x * child->many;
            y += child->y * child->many;
        }
        node->x = x / (double)many;
        node->y = y / (double)many;
    }
    node->next = (uint32_t)t->n_nodes;
}

void
quadtree_build(struct quadtree *t, const double *y)
{
    double lo[2] = {y[0], y[1]}, hi[2] = {y[0], y[1]};
    struct cell c;

    for (size_t i = 0; i < t->n; i++) {
        t->point[i] = (struct quadtree_point){y[2 * i], y[2 * i + 1], i};
        for (int k = 0; k < 2; k++) {
            lo[k] = fmin(lo[k], y[2 * i + k]);
            hi[k] = fmax(hi[k], y[2 * i + k]);
        }
    }
    c = (struct cell){(lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2,
                      fmax(hi[0] - lo[0], hi[1] - lo[1]) / 2};
    t->n_nodes = 0;
    make_node(t, c, 0, t->n, c.half > 0 ? 0 : MAX_HALVINGS);
    for (size_t place = 0; place < t->n; place++)
        t->place[t->point[place].number] = place;
}

double
quadtree_repel(const struct quadtree *t, const double *y, size_t self, double theta, double *force)
{
    /* No cell holds this place if nobody is left out. */
    uint32_t place = self == QUADTREE_NOBODY ? UINT32_MAX : (uint32_t)t->place[self];
    double theta2 = theta * theta, sum = 0, fx = 0, fy = 0;

    for (uint32_t i = 0; i < t->n_nodes;) {
        const struct quadtree_node *node = &t->node[i];
        double dx = y[0] - node->x, dy = y[1] - node->y, d2 = dx * dx + dy * dy;
        int within = place - node->first < node->many;

        if (node->width2 == 0 || (node->width2 < theta2 * d2 && !within)) {
            double w = 1 / (1 + d2), all = w * (node->many - (uint32_t)within);

            sum += all;
            fx += all * w * dx;
            fy += all * w * dy;
            i = node->next;
        } else
            i++;
    }
    force[0] += fx;
    force[1] += fy;
    return sum;
}
