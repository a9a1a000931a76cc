#include "stats/frechet.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/linalg.h"

enum { ROWS = 256 }; /* rows that are turned into doubles at once */

#define VARIES 1e-12 /* of the first component's variance */

/* The principal components of a set. */
struct basis {
    size_t d, n;
    double *mean, *vector; /* [d], [n][d] */
};

/* The covariance [d][d] (lower half) times n - 1; buffer holds ROWS rows. */
static void
covariance_of_features(const struct feature_set *x, const double *mean, double *buffer, double *c)
{
    for (size_t i = 0; i < x->n; i += ROWS) {
        size_t m = feature_set_rows(x, i, ROWS, mean, buffer);

        linalg_add_squares(m, x->d, buffer, c);
    }
}

/*
 * With fewer records than features: the products [n][n] (lower half) of all pairs of records, whose
 * eigenvalues other than 0 are the same.
 */
static int
products_of_records(const struct feature_set *x, const double *mean, double *buffer, double *g,
                    struct err *e)
{
    double *other = mem_array_raw(ROWS * x->d, sizeof(*other), e);
    double *tile = mem_array_raw(ROWS * ROWS, sizeof(*tile), e);
    int rc = other != NULL && tile != NULL ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < x->n; i += ROWS) {
        size_t m = feature_set_rows(x, i, ROWS, mean, buffer);

        for (size_t j = 0; j <= i; j += ROWS) {
            size_t n = feature_set_rows(x, j, ROWS, mean, other);

            linalg_product_t(m, n, x->d, buffer, other, tile);
            for (size_t a = 0; a < m; a++)
                for (size_t b = 0; b < n; b++)
                    g[(i + a) * x->n + j + b] = tile[a * n + b];
        }
    }
    free(other);
    free(tile);
    return rc;
}

/*
 * An eigenvector u of the products of records, turned into that of the covariance: the sum of the
 * records, u times each, over its length.
 */
static void
turn(const struct feature_set *x, const double *mean, const double *u, double *buffer, double *v)
{
    double length = 0;

    for (size_t k = 0; k < x->d; k++)
        v[k] = 0;
    for (size_t i = 0; i < x->n; i++) {
        feature_set_rows(x, i, 1, mean, buffer);
        for (size_t k = 0; k < x->d; k++)
            v[k] += u[i] * buffer[k];
    }
    for (size_t k = 0; k < x->d; k++)
        length += v[k] * v[k];
    for (size_t k = 0; k < x->d; k++)
        v[k] /= sqrt(length);
}

static int
basis_make(struct basis *b, const struct feature_set *x, size_t components, struct err *e)
{
    int by_records = x->n <= x->d;
    size_t side = by_records ? x->n : x->d, cells;
    double *square = NULL, *value = NULL, *vector = NULL, *buffer;
    int rc = -1;

    *b = (struct basis){.d = x->d};
    components = components < side ? components : side;
    if (mem_mul(side, side, &cells) == -1)
        return err_set(e, "%zu features are too many", side);
    buffer = mem_array_raw(ROWS * x->d, sizeof(*buffer), e);
    if (buffer == NULL || (square = mem_array(cells, sizeof(*square), e)) == NULL ||
        (value = mem_array(components, sizeof(*value), e)) == NULL ||
        (vector = mem_array_raw(components * side, sizeof(*vector), e)) == NULL ||
        (b->mean = mem_array_raw(x->d, sizeof(*b->mean), e)) == NULL ||
        (b->vector = mem_array_raw(components * x->d, sizeof(*b->vector), e)) == NULL)
        goto out;
    feature_set_mean(x, b->mean);
    if (!by_records)
        covariance_of_features(x, b->mean, buffer, square);
    else if (products_of_records(x, b->mean, buffer, square, e) == -1)
        goto out;
    if (linalg_eigen(side, square, components, value, vector, e) == -1)
        goto out;
    if (!(value[0] > 0)) {
        err_set(e, "all records of the reference are equal");
        goto out;
    }
    while (b->n < components && value[b->n] > VARIES * value[0])
        b->n++;
    for (size_t k = 0; k < b->n; k++)
        if (by_records)
            turn(x, b->mean, vector + k * side, buffer, b->vector + k * x->d);
        else
            for (size_t i = 0; i < side; i++)
                b->vector[k * side + i] = vector[k * side + i];
    rc = 0;
out:
    free(buffer);
    free(square);
    free(value);
    free(vector);
    return rc;
}

/* Mean and a square root of the covariance, root' root = S, of what a set is in a basis. */
struct normal {
    double *mean, *root; /* [k], [k][k] */
    double trace;
};

static int
normal_make(struct normal *p, const struct feature_set *s, const struct basis *b, struct err *e)
{
    size_t k = b->n;
    double *buffer = mem_array_raw(ROWS * s->d, sizeof(*buffer), e), *z = NULL, *c = NULL;
    double *value = NULL;
    int rc = -1;

    *p = (struct normal){0};
    if (buffer == NULL || (z = mem_array_raw(s->n * k, sizeof(*z), e)) == NULL ||
        (c = mem_array(k * k, sizeof(*c), e)) == NULL ||
        (value = mem_array(k, sizeof(*value), e)) == NULL ||
        (p->mean = mem_array(k, sizeof(*p->mean), e)) == NULL ||
        (p->root = mem_array(k * k, sizeof(*p->root), e)) == NULL)
        goto out;
    for (size_t i = 0; i < s->n; i += ROWS) {
        size_t m = feature_set_rows(s, i, ROWS, b->mean, buffer);

        linalg_product_t(m, k, s->d, buffer, b->vector, z + i * k);
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t i = 0; i < s->n; i++)
            p->mean[j] += z[i * k + j];
        p->mean[j] /= (double)s->n;
        for (size_t i = 0; i < s->n; i++)
            z[i * k + j] -= p->mean[j];
    }
    linalg_add_squares(s->n, k, z, c);
    for (size_t j = 0; j < k * k; j++)
        c[j] /= (double)(s->n - 1);
    for (size_t j = 0; j < k; j++)
        p->trace += c[j * k + j];
    if (linalg_eigen(k, c, k, value, p->root, e) == -1)
        goto out;
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < k; i++)
            p->root[j * k + i] *= sqrt(fmax(0, value[j]));
    rc = 0;
out:
    free(buffer);
    free(z);
    free(c);
    free(value);
    return rc;
}

static void
normal_free(struct normal *p)
{
    free(p->mean);
    free(p->root);
}

int
frechet_distance(const struct feature_set *x, const struct feature_set *y, size_t components,
                 double *distance, size_t *used, struct err *e)
{
    struct basis b;
    struct normal p = {0}, q = {0};
    double *product = NULL, norm;
    int rc = -1;

    if (basis_make(&b, x, components, e) == -1 || normal_make(&p, x, &b, e) == -1 ||
        normal_make(&q, y, &b, e) == -1 ||
        (product = mem_array(b.n * b.n, sizeof(*product), e)) == NULL)
        goto out;
    linalg_product_t(b.n, b.n, b.n, p.root, q.root, product);
    if (linalg_nuclear_norm(b.n, product, &norm, e) == -1)
        goto out;
    *distance = p.trace + q.trace - 2 * norm;
    for (size_t k = 0; k < b.n; k++)
        *distance += (p.mean[k] - q.mean[k]) * (p.mean[k] - q.mean[k]);
    *distance = fmax(0, *distance);
    *used = b.n;
    rc = 0;
out:
    free(product);
    normal_free(&p);
    normal_free(&q);
    free(b.mean);
    free(b.vector);
    return rc;
}
