#include "nn/grad.h"

#include <assert.h>
#include <string.h>

#include "nn/ops.h"
#include "nn/tape_parts.h"

static void
hold(struct tensor *g)
{
    g->owner->held++;
}

static void
let_go(struct tape *t, struct tensor *g)
{
    struct tensor *o = g->owner;

    if (--o->held == 0 && o->temporary && !o->freed) {
        tape_give(t, o);
    }
}

/* Adds g to the gradient slot of x. */
static void
accumulate(struct tape *t, struct tensor *x, struct tensor *g)
{
    assert(g->rank == x->rank && memcmp(g->shape, x->shape, x->rank * sizeof(size_t)) == 0);
    if (x->grad == NULL) {
        x->grad = g;
        hold(g);
    } else if (!t->recording && x->grad->owner->temporary && x->grad->owner->held == 1) {
        nn_add_into(x->grad, g);
    } else {
        struct tensor *sum = nn_add(t, x->grad, g);

        hold(sum);
        let_go(t, x->grad);
        x->grad = sum;
    }
}

/* Recycles what was made since position `from` and no gradient slot holds. */
static void
sweep(struct tape *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) {
        struct tensor *x = t->node[i];

        if (x->owner == x && x->temporary && x->held == 0 && !x->freed) {
            tape_give(t, x);
        }
    }
}

void
grad_from(struct tape *t, struct tensor *y, struct tensor *dy, struct tensor *const *xs, size_t n,
          int create_graph, struct tensor **grads)
{
    int was = t->recording, was_temporary = t->temporaries;
    unsigned epoch = ++t->epoch;

    /* The tensors between xs and y: only they need gradients. */
    for (size_t i = 0; i < n; i++)
        xs[i]->epoch = epoch;
    for (size_t i = 0; i <= y->position; i++) {
        struct tensor *x = t->node[i];

        for (int k = 0; x->op != NULL && k < NN_MAX_IN; k++)
            if (x->in[k] != NULL && x->in[k]->epoch == epoch)
                x->epoch = epoch;
    }

    t->recording = create_graph;
    t->temporaries = !create_graph;
    if (y->epoch == epoch)
        accumulate(t, y, dy);
    for (size_t i = y->position + 1; i-- > 0;) {
        struct tensor *x = t->node[i], *dx[NN_MAX_IN] = {NULL};
        int need[NN_MAX_IN] = {0}, wanted = 0;
        size_t mark = t->n;

        if (x->epoch != epoch || x->grad == NULL || x->op == NULL)
            continue;
        for (int k = 0; k < NN_MAX_IN; k++)
            need[k] = x->in[k] != NULL && x->in[k]->epoch == epoch;
        x->op->backward(t, x, x->grad, need, dx);
        for (int k = 0; k < NN_MAX_IN; k++)
            if (need[k]) {
                assert(dx[k] != NULL);
                accumulate(t, x->in[k], dx[k]);
            }
        for (size_t k = 0; k < n; k++)
            wanted |= xs[k] == x;
        if (!wanted) {
            let_go(t, x->grad);
            x->grad = NULL;
        }
        if (!create_graph)
            sweep(t, mark);
    }

    for (size_t i = 0; i < n; i++)
        grads[i] = xs[i]->grad ? xs[i]->grad : tape_const(t, xs[i]->rank, xs[i]->shape, NULL);
    for (size_t i = 0; i < n; i++)
        xs[i]->grad = NULL; /* still held: the caller has them until the reset */
    t->recording = was;
    t->temporaries = was_temporary;
}

void
grad_of(struct tape *t, struct tensor *y, struct tensor *const *xs, size_t n, int create_graph,
        struct tensor **grads)
{
    const real one = 1;

    assert(y->n == 1);
    grad_from(t, y, tape_const(t, y->rank, y->shape, &one), xs, n, create_graph, grads);
}
