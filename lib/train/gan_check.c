#include "train/gan_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/percentile.h"

/* ---- lesion channels ---- */

struct channel {
    float *v;    /* centred and scaled to norm 1; zeros where the channel is constant */
    double norm; /* of the channel as it was */
    char *parent;
};

struct channels {
    struct channel *c;
    size_t n, cap, pixels;
};

static void
channels_free(struct channels *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->c[i].v);
        free(s->c[i].parent);
    }
    free(s->c);
}

static double
dot(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)(a[i] * b[i]);
    return sum;
}

static double
distance(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)((a[i] - b[i]) * (a[i] - b[i]));
    return sqrt(sum);
}

/* Takes over v. */
static int
channels_add(struct channels *s, float *v, size_t pixels, const char *parent, struct err *e)
{
    char *name = mem_string(parent, e);

    if (name == NULL || MEM_GROW(s->c, s->cap, s->n + 1, e) == -1) {
        free(name);
        return -1;
    }
    if (s->n > 0 && pixels != s->pixels) {
        free(name);
        return err_set(e, "lesion has %zu pixels, those before have %zu", pixels, s->pixels);
    }
    s->pixels = pixels;
    s->c[s->n++] = (struct channel){v, sqrt(dot(v, v, pixels)), name};
    return 0;
}

static void
standardise(struct channels *s)
{
    for (size_t i = 0; i < s->n; i++) {
        float *v = s->c[i].v;
        double mean = 0, norm;

        for (size_t k = 0; k < s->pixels; k++)
            mean += (double)v[k];
        mean /= (double)s->pixels;
        for (size_t k = 0; k < s->pixels; k++)
            v[k] = (float)((double)v[k] - mean);
        norm = sqrt(dot(v, v, s->pixels));
        for (size_t k = 0; k < s->pixels; k++)
            v[k] = norm > 0 ? (float)((double)v[k] / norm) : 0;
    }
}

int
lesion_report(struct ts_reader *in, size_t limit, struct lesion_report *r, struct err *e)
{
    struct channels s = {0};
    struct ts_record rec = {0};
    double *peak = mem_array(limit, sizeof(double), e);
    double *moved = mem_array(limit, sizeof(double), e);
    double sum = 0;
    size_t pairs = 0, moves = 0;
    int rc = -1, got;

    *r = (struct lesion_report){0};
    if (peak == NULL || moved == NULL)
        goto done;
    while ((got = ts_read(in, &rec, e)) == 1) {
        const char *parent = ts_meta_or(&rec, "parent", "");
        size_t h, w;
        float *v;

        r->patches++;
        if (s.n == limit)
            continue;
        v = ts_plane(&rec, "lesion", &h, &w, e);
        if (v == NULL || channels_add(&s, v, h * w, parent, e) == -1) {
            free(v);
            err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            goto done;
        }
        for (size_t k = 0; k < h * w; k++)
            if (fabs((double)v[k]) > peak[s.n - 1])
                peak[s.n - 1] = fabs((double)v[k]);
    }
    if (got == -1)
        goto done;
    for (size_t i = 0; i < s.n; i++) {
        int same = i > 0 && strcmp(s.c[i].parent, s.c[i - 1].parent) == 0;
        double top = i > 0 ? fmax(s.c[i].norm, s.c[i - 1].norm) : 0;

        r->inputs += !same;
        if (same && top > 0)
            moved[moves++] = distance(s.c[i].v, s.c[i - 1].v, s.pixels) / top;
    }
    standardise(&s);
    for (size_t i = 0; i < s.n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(s.c[i].parent, s.c[k].parent) != 0) {
                sum += dot(s.c[i].v, s.c[k].v, s.pixels);
                pairs++;
            }
    r->correlation = pairs ? sum / (double)pairs : NAN;
    r->scalars_move = percentile_median(moved, moves);
    r->peak = percentile_median(peak, s.n);
    rc = 0;
done:
    channels_free(&s);
    ts_clear(&rec);
    free(peak);
    free(moved);
    return rc;
}

/* ---- pairs ---- */

/* One patient's pairs. */
struct cluster {
    double sum;
    size_t n;
};

/*
 * The patches of one patient are alike, so patients are resampled, not pairs: 2,000 bootstrap
 * samples, percentiles of the mean.
 */
static int
cluster_interval(const struct cluster *c, size_t n, uint64_t seed, struct pair_report *r,
                 struct err *e)
{
    enum { SAMPLES = 2000 };
    double *mean = mem_array(SAMPLES, sizeof(double), e);

    if (mean == NULL)
        return -1;
    for (size_t b = 0; b < SAMPLES; b++) {
        struct rng g = rng_at(seed, "pair-bootstrap", b);
        double sum = 0, count = 0;

        for (size_t i = 0; i < n; i++) {
            const struct cluster *x = &c[rng_below(&g, n)];

            sum += x->sum;
            count += (double)x->n;
        }
        mean[b] = sum / count;
    }
    percentile_sort(mean, SAMPLES);
    r->lo = mean[SAMPLES / 40];
    r->hi = mean[SAMPLES - 1 - SAMPLES / 40];
    free(mean);
    return 0;
}

/* Not-a-number with the reason in e where there is no score. */
static double
score_plane(const struct ts_record *rec, const char *name, struct judge *j, struct err *e)
{
    float *v = feed_plane(rec, name, j->size, e);
    double score = NAN;

    if (v != NULL && isnan(score = judge_score(j, v)))
        err_set(e, "the judge's score is not a number");
    free(v);
    return score;
}

static int
held_out(const struct ts_record *rec, const struct judge *j, struct err *e)
{
    const char *patient = ts_meta_or(rec, "patient", "");

    if (patient[0] == '\0')
        return err_set(e, "has no patient, who could be among those the judge was trained on");
    if (patients_has(&j->trained_on, patient))
        return err_set(e, "patient %s is among those the judge was trained on", patient);
    return 0;
}

int
pair_report(struct ts_reader *in, struct judge *j, uint64_t seed, struct pair_report *r,
            struct err *e)
{
    struct patients seen = {0};
    struct cluster *cluster = NULL;
    struct ts_record rec = {0};
    size_t cap = 0, up = 0, called = 0;
    double total = 0;
    int rc = -1, got;

    *r = (struct pair_report){0};
    while ((got = ts_read(in, &rec, e)) == 1) {
        const char *patient = ts_meta_or(&rec, "patient", "");
        size_t before = seen.n, at = 0;
        double base, image;

        if (held_out(&rec, j, e) == -1)
            goto where;
        base = score_plane(&rec, "base", j, e);
        image = isnan(base) ? NAN : score_plane(&rec, "image", j, e);
        if (isnan(image) || patients_add(&seen, patient, e) == -1 ||
            MEM_GROW(cluster, cap, seen.n + 1, e) == -1)
            goto where;
        while (at < seen.n && strcmp(seen.name[at], patient) != 0)
            at++;
        if (seen.n > before) { /* patients are kept sorted, their sums beside them */
            memmove(cluster + at + 1, cluster + at, (before - at) * sizeof(*cluster));
            cluster[at] = (struct cluster){0};
        }
        cluster[at].sum += image - base;
        cluster[at].n++;
        total += image - base;
        up += image > base;
        called += image > 0;
        r->pairs++;
    }
    if (got == -1)
        goto done;
    r->patients = seen.n;
    r->moved = r->lo = r->hi = r->share_up = r->called = NAN;
    if (r->pairs > 0) {
        r->moved = total / (double)r->pairs;
        r->share_up = (double)up / (double)r->pairs;
        r->called = (double)called / (double)r->pairs;
        rc = cluster_interval(cluster, seen.n, seed, r, e);
    } else {
        rc = 0;
    }
    goto done;
where:
    err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
done:
    free(cluster);
    patients_free(&seen);
    ts_clear(&rec);
    return rc;
}

/* ---- real patches ---- */

static double *
scores_of(struct ts_reader *in, struct judge *j, size_t *n, struct err *e)
{
    struct ts_record rec = {0};
    double *score = NULL;
    size_t cap = 0;
    int got;

    *n = 0;
    while ((got = ts_read(in, &rec, e)) == 1) {
        if (MEM_GROW(score, cap, *n + 1, e) == -1)
            break;
        if (held_out(&rec, j, e) == -1 || isnan(score[*n] = score_plane(&rec, "image", j, e))) {
            err_in(e, "%s: record %" PRIu64, ts_name(in), ts_count(in) - 1);
            break;
        }
        ++*n;
    }
    ts_clear(&rec);
    if (got == 0 && *n == 0)
        err_set(e, "%s: has no records", ts_name(in));
    if (got != 0 || *n == 0) {
        free(score);
        return NULL;
    }
    return score;
}

static double
share_called(const double *score, size_t n)
{
    size_t called = 0;

    for (size_t i = 0; i < n; i++)
        called += score[i] > 0;
    return (double)called / (double)n;
}

int
real_report(struct ts_reader *positive, struct ts_reader *negative, struct judge *j,
            struct real_report *r, struct err *e)
{
    double *p = scores_of(positive, j, &r->positives, e);
    double *n = p ? scores_of(negative, j, &r->negatives, e) : NULL;
    double wins = 0;

    if (n != NULL) {
        for (size_t i = 0; i < r->positives; i++)
            for (size_t k = 0; k < r->negatives; k++)
                wins += p[i] > n[k] ? 1 : p[i] == n[k] ? 0.5 : 0;
        r->auc = wins / ((double)r->positives * (double)r->negatives);
        r->positives_called = share_called(p, r->positives);
        r->negatives_called = share_called(n, r->negatives);
    }
    free(p);
    free(n);
    return n ? 0 : -1;
}
