/*
 * Operators, attention, Adam and spectral normalisation against PyTorch in double.
 *
 * The values are in tests/ref/ops.tsv; tests/ref/ops.py says how they and the inputs are made.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/layers.h"
#include "nn/adam.h"
#include "nn/grad.h"
#include "nn/ops.h"
#include "tap.h"

/*
 * Relative to the norm of what is compared; the file has twelve digits.  In float the inputs are
 * rounded too (6e-8), which attention's second derivatives, the steepest of all, make 2.0e-6 of on
 * every processor tried; all others stay below 1.6e-6.
 */
static const double tolerance = sizeof(real) == 8 ? 1e-11 : 1e-5;

enum { NUMBERS = 9, RESULTS = 16 };

/* A case, and what we make of it: results by the names of the file. */
struct acase {
    uint64_t index;
    char op[32];
    double number[NUMBERS];
    struct tape *t;
    const char *name[RESULTS];
    struct tensor *result[RESULTS];
    size_t n;
};

static size_t
count(const struct acase *c, int i)
{
    return (size_t)c->number[i];
}

static void
put(struct acase *c, const char *name, struct tensor *x)
{
    c->name[c->n] = name;
    c->result[c->n++] = x;
}

static void
fill(const struct acase *c, const char *name, uint64_t index, struct tensor *x)
{
    struct rng r = rng_at(c->index, name, index);

    for (size_t i = 0; i < x->n; i++)
        x->v[i] = (real)(2 * rng_uniform(&r) - 1);
}

static struct tensor *
draw(const struct acase *c, const char *name, unsigned rank, const size_t *shape)
{
    struct tensor *x = tape_const(c->t, rank, shape, NULL);

    fill(c, name, 0, x);
    return x;
}

static struct tensor *
draw_dy(const struct acase *c, const struct tensor *y)
{
    return draw(c, "dy", y->rank, y->shape);
}

/* ---- cases ---- */

static void
conv(struct acase *c)
{
    const size_t xs[4] = {count(c, 0), count(c, 1), count(c, 2), count(c, 3)};
    const size_t ws[4] = {count(c, 5), count(c, 6), count(c, 3), count(c, 4)};
    struct tensor *in[3] = {draw(c, "x", 4, xs), draw(c, "w", 4, ws), draw(c, "bias", 1, &ws[3])};
    struct tensor *y = nn_conv(c->t, in[0], in[1], in[2], count(c, 7), count(c, 8)), *d[3];

    grad_from(c->t, y, draw_dy(c, y), in, 3, 0, d);
    put(c, "y", y);
    put(c, "dx", d[0]);
    put(c, "dw", d[1]);
    put(c, "dbias", d[2]);
}

/* Operators of one argument: y, dx and, where it is asked for, the gradient of <dx, dx>. */
static void
unary(struct acase *c, unsigned rank, struct tensor *f(struct tape *t, struct tensor *x),
      int second)
{
    size_t shape[4];
    struct tensor *x, *y, *dx, *ddx;

    for (unsigned i = 0; i < rank; i++)
        shape[i] = count(c, (int)i);
    x = draw(c, "x", rank, shape);
    y = f(c->t, x);
    grad_from(c->t, y, draw_dy(c, y), &x, 1, second, &dx);
    put(c, "y", y);
    put(c, "dx", dx);
    if (second) {
        grad_of(c->t, nn_dot(c->t, dx, dx), &x, 1, 0, &ddx);
        put(c, "ddx", ddx);
    }
}

static struct tensor *
leaky_relu(struct tape *t, struct tensor *x)
{
    return nn_leaky_relu(t, x, 0.2);
}

static void
attend(struct acase *c)
{
    static const char *const first[] = {"dx", "dtheta", "dphi", "dg", "dout", "dgamma"};
    static const char *const second[] = {"ddx", "ddtheta", "ddphi", "ddg", "ddout", "ddgamma"};
    const size_t xs[4] = {count(c, 0), count(c, 1), count(c, 2), count(c, 3)};
    struct params ps = {0};
    struct attention a;
    struct tensor *in[6], *d[6], *dd[6], *y;
    struct err e;

    if (attention_add(&a, &ps, "a", xs[3], 0, 0, &e) == -1)
        exit(1);
    in[0] = draw(c, "x", 4, xs);
    in[1] = &a.theta.weight->w;
    in[2] = &a.phi.weight->w;
    in[3] = &a.g.weight->w;
    in[4] = &a.out.weight->w;
    in[5] = &a.gamma->w;
    for (int k = 1; k < 6; k++)
        fill(c, first[k] + 1, 0, in[k]);
    params_use(c->t, &ps, 0);
    y = attention(c->t, &a, in[0]);
    grad_from(c->t, y, draw_dy(c, y), in, 6, 1, d);
    grad_of(c->t, nn_dot(c->t, d[0], d[0]), in, 6, 0, dd);
    put(c, "y", y);
    for (int k = 0; k < 6; k++) {
        put(c, first[k], d[k]);
        put(c, second[k], dd[k]);
    }
    params_free(&ps);
}

static void
adam(struct acase *c)
{
    const struct adam a = {.rate = c->number[1],
                           .beta1 = c->number[2],
                           .beta2 = c->number[3],
                           .epsilon = c->number[4]};
    const size_t n = count(c, 0);
    struct params ps = {0};
    struct tensor *g = tape_const(c->t, 1, &n, NULL);
    struct err e;
    struct param *p = param_add(&ps, "w", 1, &n, PARAM_ZERO, 0, 0, &e);

    if (p == NULL)
        exit(1);
    fill(c, "w", 0, &p->w);
    for (uint64_t step = 1; step <= 10; step++) {
        fill(c, "g", step, g);
        adam_update(&a, &ps, &g, step);
        if (step == 1 || step == 2 || step == 10)
            put(c, step == 1 ? "w1" : step == 2 ? "w2" : "w10", tape_const(c->t, 1, &n, p->w.v));
    }
    params_free(&ps);
}

/* v^T W u */
static struct tensor *
sigma_of(struct tape *t, const struct param *p)
{
    const size_t one = 1;
    struct tensor *sigma = tape_const(t, 1, &one, NULL);
    double sum = 0;

    for (size_t i = 0; i < p->in; i++)
        for (size_t k = 0; k < p->out; k++)
            sum += (double)(p->v[i] * p->w.v[i * p->out + k] * p->u[k]);
    sigma->v[0] = (real)sum;
    return sigma;
}

static void
spectral(struct acase *c, int iterations)
{
    const size_t shape[4] = {count(c, 0), count(c, 1), count(c, 2), count(c, 3)};
    struct params ps = {0};
    struct rng r = rng_at(c->index, "u", 0);
    struct err e;
    struct param *p = param_add(&ps, "w", 4, shape, PARAM_ZERO, 1, 0, &e);
    struct tensor *w, *dw;
    double sum = 0;

    if (p == NULL)
        exit(1);
    w = &p->w;
    fill(c, "w", 0, w);
    for (size_t i = 0; i < p->out; i++) {
        double z = rng_normal(&r);

        p->u[i] = (real)z;
        sum += z * z;
    }
    for (size_t i = 0; i < p->out; i++)
        p->u[i] = (real)((double)p->u[i] / sqrt(sum));
    for (int i = 0; i < iterations; i++)
        params_use(c->t, &ps, 1);
    grad_from(c->t, p->use, draw_dy(c, p->use), &w, 1, 0, &dw);
    put(c, "u", tape_const(c->t, 1, &p->out, p->u));
    put(c, "v", tape_const(c->t, 1, &p->in, p->v));
    put(c, "sigma", sigma_of(c->t, p));
    put(c, "y", p->use);
    put(c, "dw", dw);
    params_free(&ps);
}

static int
run(struct acase *c)
{
    if (strcmp(c->op, "conv") == 0)
        conv(c);
    else if (strcmp(c->op, "max_pool") == 0)
        unary(c, 4, nn_max_pool2, 0);
    else if (strcmp(c->op, "up2") == 0)
        unary(c, 4, nn_up2, 0);
    else if (strcmp(c->op, "softmax") == 0)
        unary(c, 2, nn_softmax, 1);
    else if (strcmp(c->op, "logsumexp") == 0)
        unary(c, 2, nn_logsumexp, 1);
    else if (strcmp(c->op, "leaky_relu") == 0)
        unary(c, 1, leaky_relu, 0);
    else if (strcmp(c->op, "attention") == 0)
        attend(c);
    else if (strcmp(c->op, "adam") == 0)
        adam(c);
    else if (strcmp(c->op, "spectral") == 0)
        spectral(c, 1);
    else if (strcmp(c->op, "spectral_limit") == 0)
        spectral(c, 500);
    else
        return 0;
    return 1;
}

/* ---- the file ---- */

/* "case K OP numbers ..." */
static void
read_case(struct acase *c, char *words)
{
    char *rest = NULL, *word;

    tape_reset(c->t);
    *c = (struct acase){.t = c->t};
    c->index = strtoull(strtok_r(words, "\t ", &rest), NULL, 10);
    snprintf(c->op, sizeof(c->op), "%s", strtok_r(NULL, "\t \n", &rest));
    for (int i = 0; i < NUMBERS && (word = strtok_r(NULL, "\t ", &rest)) != NULL; i++)
        c->number[i] = strtod(word, NULL);
    if (!run(c))
        tap_ok(0, "case %d, %s, is known", (int)c->index, c->op);
}

/* "NAME RANK shape ... values ..." */
static void
compare(const struct acase *c, char *line)
{
    char *rest = NULL, *name = strtok_r(line, "\t ", &rest);
    unsigned rank = (unsigned)strtoul(strtok_r(NULL, "\t ", &rest), NULL, 10);
    const struct tensor *x = NULL;
    double off = 0, norm = 0;
    int same;

    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->name[i], name) == 0)
            x = c->result[i];
    same = x != NULL && x->rank == rank;
    for (unsigned i = 0; same && i < rank; i++)
        same = x->shape[i] == strtoul(strtok_r(NULL, "\t ", &rest), NULL, 10);
    if (!tap_ok(same, "%d %s: %s has its shape", (int)c->index, c->op, name))
        return;
    for (size_t i = 0; i < x->n; i++) {
        const char *word = strtok_r(NULL, "\t \n", &rest);
        double want = word ? strtod(word, NULL) : NAN;

        off += ((double)x->v[i] - want) * ((double)x->v[i] - want);
        norm += want * want;
    }
    tap_ok(sqrt(off) <= tolerance * sqrt(norm), "%d %s: %s, error %.1e", (int)c->index, c->op, name,
           sqrt(off / norm));
}

int
main(void)
{
    struct acase c = {.t = tape_open()};
    FILE *f = fopen("tests/ref/ops.tsv", "r");
    char *line = NULL;
    size_t cap = 0;

    if (tap_ok(f != NULL, "tests/ref/ops.tsv")) {
        while (getline(&line, &cap, f) != -1)
            if (strncmp(line, "case", 4) == 0)
                read_case(&c, line + 5);
            else if (line[0] != '#')
                compare(&c, line);
        fclose(f);
    }
    tap_ok(c.index == 26, "the file was read to its end");
    free(line);
    tape_close(c.t);
    return tap_done(224);
}
