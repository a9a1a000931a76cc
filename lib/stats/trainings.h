/*
 * trainings - areas under ROC curves of classifiers that were trained several times, and their
 * differences.
 *
 * An arm is a way to train.  Its S trainings differ by their seeds, and each gives one ROC curve
 * of the same cases.  The estimate is the mean of their areas; its standard error is for other
 * patients and other seeds.  So trainings are what readers are in a study of many readers and many
 * cases, and those of one arm are others than those of another (nested in it; "split plot"):
 *
 * N. A. Obuchowski, H. E. Rockette, Communications in Statistics - Simulation and Computation
 * 24(2):285-308, 1995; S. L. Hillis, Statistics in Medicine 26(3):596-619, 2007, and
 * 33(2):330-360, 2014; F. E. Satterthwaite, Biometrics Bulletin 2(6):110-114, 1946.
 *
 * The model: area j of arm i is A_ij = mu_i + t_ij + e_ij, where t_ij, the training's own, has
 * variance T_i, and the patients' error e_ij has variance V_i, covariance C_i with that of another
 * training of the arm, and X with that of a training of another arm.  Hence the mean of arm 1 less
 * that of arm 2 has the variance
 *
 *     C_1 + C_2 - 2 X  +  (T_1 + V_1 - C_1) / S_1  +  (T_2 + V_2 - C_2) / S_2,
 *
 * and the sample variance s_i^2 of an arm's areas is an estimate of T_i + V_i - C_i.  What is left,
 * covariances of different trainings, is the patients' part P:
 *
 *     SE^2 = P + s_1^2 / S_1 + s_2^2 / S_2.
 *
 * Covariances are those of a jackknife that leaves out patients, as Obuchowski and Rockette had it.
 * Patient k has m_k of M positive cases and n_k of N negative ones, a_k and b_k are the sums over
 * them of placement less area (delong.h), I10 patients have positive cases, I01 negative ones:
 *
 *     g_k = (sqrt(1 - 1 / I10) N a_k + sqrt(1 - 1 / I01) M b_k) / ((M - m_k) (N - n_k)),
 *     cov(A, A') = sum over k of g_k g'_k.
 *
 * It is DeLong's where cases are independent, and Obuchowski's where patients have cases of one
 * kind and as many of it as the next.  Where some of 14 patients have ten times as many,
 * Obuchowski's standard error is a fifth to a third too small, the jackknife's at most a fifth too
 * large.  With g_ij of training j, mean g_i over the arm, and | |^2 a sum over patients,
 *
 *     W_i = sum over j of |g_ij - g_i|^2 / (S_i - 1)       estimates V_i - C_i,
 *     Q = |g_1 - g_2|^2,
 *     P = Q - W_1 / S_1 - W_2 / S_2, or 0 if that is less,
 *
 * the same as means of covariances, found in O(S) and without loss of digits.
 *
 * Degrees of freedom are Satterthwaite's:
 *
 *     df = SE^4 / (P Q / f  +  (s_1^2 / S_1)^2 / (S_1 - 1)  +  (s_2^2 / S_2)^2 / (S_2 - 1)).
 *
 * f is for Q.  A patient's share of it goes with the number of her cases: with Q10 and Q01 the
 * positives' and the negatives' parts of Q, E10 = M^2 / sum m_k^2 and E01 = N^2 / sum n_k^2 the
 * effective numbers of patients, 1 / E11 = sum m_k n_k / M N, but at least 1,
 *
 *     f = Q^2 / (Q10^2 / (E10 - 1)  +  Q01^2 / (E01 - 1)  +  2 Q10 Q01 / (E11 - 1)).
 *
 * Of one arm's area: the same without arm 2.
 *
 * Chosen by simulation.  tests/ref/trainings_sim.tsv, made by `make sim-trainings`, says how often
 * equal arms are called different at 5 %: in 3 to 7 % of studies of 400 patients, in 2 to 6 % of
 * 50, in 1 to 6 % of 14.  It is the less the fewer and the less even the patients are, and where P
 * is in truth 0, since it is cut off there; the most, 7 %, where one arm has three unstable
 * trainings and the other three that hardly differ.  Normal quantiles would make it up to 13 %, and
 * patients alone up to 71 %.  What was not chosen: P^2 / f in the place of P Q / f, as if the W
 * were wrong in proportion to Q (up to 7 % with 14 patients), and Q^2 / f, as if they were exact (1
 * % and longer intervals with few trainings); the trainings' own part max(0, s^2 - W) / S beside Q,
 * which has better degrees of freedom (up to 8 %); a bootstrap of patients and trainings (0.3 to 5
 * %: it counts twice what trainings do not share).
 *
 * Variances of trainings are not pooled over arms: an arm whose trainings are unstable must not
 * lend that to others, nor hide among them.  Trainings are not paired by seed, either: s^2 of S
 * differences has S - 1 degrees of freedom in the place of 2 (S - 1), so that intervals are
 * shorter only where seeds correlate areas by more than 0.58 (S = 3), 0.31 (5) or 0.14 (10), and
 * networks forget their seeds.  Where they do not, intervals here are too long: at 0.5 they miss 2
 * to 3 %.
 */
#ifndef MP_STATS_TRAININGS_H
#define MP_STATS_TRAININGS_H

#include <stddef.h>

#include "base/err.h"
#include "stats/delong.h"

/* What the patients gave; where cases are independent, each is a patient of its own. */
struct trainings_patients {
    size_t n, positives, negatives; /* patients: all; with positive cases; with negative ones */
    double effective_positives, effective_negatives; /* E10, E01: 1 .. positives, .. negatives */
    double overlap;                                  /* 1 / E11: 0 .. 1 */
    double *positive, *negative; /* [n] owned: the factors of a and of b in g; 0 without cases */
};

/*
 * Returns 0, or -1 with the reason in e and nothing to free: memory, less than two patients with
 * positive cases or with negative ones.
 */
int trainings_patients_make(struct trainings_patients *p, const struct delong_cases *cases,
                            struct err *e);
void trainings_patients_free(struct trainings_patients *p);

struct trainings_arm {
    size_t n;                    /* S */
    double area;                 /* the mean */
    double variance;             /* s^2 */
    double unshared;             /* W */
    double *positive, *negative; /* [patients] owned: the two terms of the mean g */
};

/*
 * One arm.
 *
 *   p      made of the cases
 *   score  [n][cases] finite; higher means positive
 *   n      trainings, at least two
 *
 * O(n cases log cases), and 16 bytes a training and patient while it runs.  Returns 0, or -1 with
 * the reason in e and nothing to free: memory, a score that is not finite, one training.  Equal
 * trainings have a variance and an unshared part of exactly 0.
 */
int trainings_arm_make(struct trainings_arm *arm, const struct trainings_patients *p,
                       const struct delong_cases *cases, double *const *score, size_t n,
                       struct err *e);
void trainings_arm_free(struct trainings_arm *arm);

/* An area, or a difference of two: its standard error is sqrt(patients + trainings). */
struct trainings_estimate {
    double value;
    double patients, trainings; /* P, and the terms s^2 / S */
    double df;                  /* at least 1; INFINITY where the standard error is 0 */
};

/* The area of a, or where b is not NULL a's less b's: both made with p. */
struct trainings_estimate trainings_estimate(const struct trainings_patients *p,
                                             const struct trainings_arm *a,
                                             const struct trainings_arm *b);

#endif
