/*
 * trainings_world.h - a world in which all is known, to try lib/stats/trainings on.
 *
 * Two arms are trained several times each and score the same patches of the same patients:
 *
 *     score = u_patient + v_patient,arm + w_patient,training + noise + (malignant ? apart : 0),
 *
 * all normal.  u is what makes a patient easy or hard for all; v what an arm makes of her, in all
 * its trainings; w what one training does.  A training's `apart` is such that with infinitely many
 * patients its area would be one drawn around the arm's.
 */
#ifndef MP_TESTS_TRAININGS_WORLD_H
#define MP_TESTS_TRAININGS_WORLD_H

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "stats/comparison.h"

enum { WORLD_ARMS = 2, WORLD_TRAININGS = 10 /* at most */ };

struct world {
    size_t patients, trainings; /* trainings of each arm */
    int mixed;     /* each patient has malignant and normal patches; 0: half and half */
    int skewed;    /* 1 to 5 patches of a kind, 15 % of patients ten times that; 0: 4 */
    double arm_sd; /* of v; u has 0.6, w 0.3, noise 0.7 */
    double area[WORLD_ARMS], area_sd[WORLD_ARMS];
    double same_seed; /* correlation of the areas of the arms' trainings of one number */
};

/* One study of that world. */
struct study {
    struct delong_cases cases;
    uint8_t *positive;
    uint32_t *patient;
    double *score[WORLD_ARMS][WORLD_TRAININGS];
    double area[WORLD_ARMS]; /* to expect, for these numbers of patches */
};

#define WORLD_PATIENT 0.6
#define WORLD_TRAINING 0.3
#define WORLD_NOISE 0.7

static size_t
world_patches(const struct world *w, struct rng *r)
{
    size_t n = 1 + (size_t)rng_below(r, 5);
    int many = rng_uniform(r) < 0.15;

    return !w->skewed ? 4 : many ? 10 * n : n;
}

/* Patients with their patches; returns the share of pairs that are of one patient. */
static double
world_patients(const struct world *w, struct study *s, struct rng *r)
{
    size_t n = 0, m = 0, own = 0;

    s->positive = malloc(100 * w->patients);
    s->patient = malloc(100 * w->patients * sizeof(*s->patient));
    for (size_t p = 0; p < w->patients; p++) {
        size_t count[2] = {world_patches(w, r), world_patches(w, r)};

        if (!w->mixed)
            count[p % 2] = 0;
        own += count[0] * count[1];
        m += count[1];
        for (int kind = 0; kind < 2; kind++)
            for (size_t i = 0; i < count[kind]; i++, n++) {
                s->positive[n] = (uint8_t)kind;
                s->patient[n] = (uint32_t)p;
            }
    }
    s->cases = (struct delong_cases){n, s->positive, s->patient, w->patients};
    return (double)own / ((double)m * (double)(n - m));
}

static double
world_apart(double area, double var)
{
    return gsl_cdf_ugaussian_Pinv(fmin(fmax(area, 0.505), 0.9995)) * sqrt(2 * var);
}

/* The study of these patients, a number, in which all else is drawn by another. */
static struct study
world_study(const struct world *w, uint64_t patients, uint64_t number)
{
    struct rng who = rng_at(29, "patients", patients), r = rng_at(29, "scores", number);
    struct study s = {.area = {w->area[0], w->area[1]}};
    double own = world_patients(w, &s, &who), shared[WORLD_TRAININGS];
    double *u = malloc(w->patients * sizeof(*u)), *v = malloc(w->patients * sizeof(*v)), here = 0;
    double var = WORLD_PATIENT * WORLD_PATIENT + w->arm_sd * w->arm_sd +
                 WORLD_TRAINING * WORLD_TRAINING + WORLD_NOISE * WORLD_NOISE;

    for (size_t p = 0; p < w->patients; p++)
        u[p] = WORLD_PATIENT * rng_normal(&r);
    for (size_t j = 0; j < w->trainings; j++)
        shared[j] = sqrt(w->same_seed) * rng_normal(&r);
    for (int a = 0; a < WORLD_ARMS; a++) {
        for (size_t p = 0; p < w->patients; p++)
            v[p] = u[p] + w->arm_sd * rng_normal(&r);
        for (size_t j = 0; j < w->trainings; j++) {
            double z = shared[j] + sqrt(1 - w->same_seed) * rng_normal(&r);
            double apart = world_apart(w->area[a] + w->area_sd[a] * z, var);
            double *score = s.score[a][j] = malloc(s.cases.n * sizeof(*score));

            for (size_t i = 0; i < s.cases.n; i++) {
                if (i == 0 || s.patient[i] != s.patient[i - 1])
                    here = v[s.patient[i]] + WORLD_TRAINING * rng_normal(&r);
                score[i] = here + WORLD_NOISE * rng_normal(&r) + apart * s.positive[i];
            }
        }
        /* Patches of one patient differ by noise alone; the mean over trainings by 99 of them. */
        for (int q = 1; q < 100 && own > 0; q++) {
            double area = w->area[a] + w->area_sd[a] * gsl_cdf_ugaussian_Pinv(q / 100.0);
            double within = world_apart(area, var) / sqrt(2 * WORLD_NOISE * WORLD_NOISE);

            s.area[a] += own * (gsl_cdf_ugaussian_P(within) - area) / 99;
        }
    }
    free(u);
    free(v);
    return s;
}

static void
study_free(struct study *s)
{
    free(s->positive);
    free(s->patient);
    for (int a = 0; a < WORLD_ARMS; a++)
        for (int j = 0; j < WORLD_TRAININGS; j++)
            free(s->score[a][j]);
}

/* What was found in a study: the areas and the comparison. */
struct finding {
    struct comparison_area area, logit; /* of the first arm */
    struct comparison difference;
};

static int
study_analyse(const struct study *s, const struct world *w, struct finding *f, struct err *e)
{
    struct comparison_plan plan = {.level = 0.95, .power = 0.8};
    struct comparison_curve arm[WORLD_ARMS] = {{0}};
    struct trainings_patients patients;
    struct comparison *t = NULL;
    size_t count;
    int rc = -1;

    if (trainings_patients_make(&patients, &s->cases, e) == -1)
        return -1;
    plan.patients = &patients;
    for (int a = 0; a < WORLD_ARMS; a++)
        if (comparison_curve_make(&arm[a], "arm", &s->cases, &patients, s->score[a], w->trainings,
                                  1, e) == -1)
            goto out;
    t = comparison_make(arm, WORLD_ARMS, COMPARISON_ALL_PAIRS, &plan, &count, e);
    if (t == NULL)
        goto out;
    f->difference = t[0];
    f->area = comparison_area(&arm[0], &plan);
    plan.interval = INTERVAL_LOGIT;
    f->logit = comparison_area(&arm[0], &plan);
    rc = 0;
out:
    free(t);
    for (int a = 0; a < WORLD_ARMS; a++)
        comparison_curve_free(&arm[a]);
    trainings_patients_free(&patients);
    return rc;
}

#endif
