"""two_samples.py > two_samples.tsv - quartiles, distances and bootstrap intervals of two samples, the oracle of
test_two_samples.c.  Made with numpy 1.24.2, scipy 1.10.1.  Intervals are of 20,000 draws by numpy's own generator,
with every draw's sample written out and sorted."""
import numpy as np
from scipy.stats import ks_2samp


def recipe(i, a, b):
    return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983


def cases(n, ties, patients):
    """Of patients 0 .. patients - 1 every fifth is in both samples, the others in one."""
    i = np.arange(1, n + 1, dtype=np.int64)
    p = i % patients
    second = np.where(p % 5 == 0, i // patients % 2, p % 2)
    v = recipe(i, 7561, 31) + 0.8 * recipe(p + 1, 3571, 77) + 0.2 * second
    return np.floor(v * ties) if ties else v, second, p


def show(v, second):
    q = [np.percentile(v[second == k], [25, 50, 75]) for k in (0, 1)]
    return q, q[1][1] - q[0][1], ks_2samp(v[second == 0], v[second == 1]).statistic


def distance(v, second):
    a, b = np.sort(v[second == 0]), np.sort(v[second == 1])
    return np.abs(np.searchsorted(a, v, "right") / len(a) - np.searchsorted(b, v, "right") / len(b)).max()


for n, ties, patients in (60, 0, 10), (203, 7, 20), (2000, 0, 40), (999, 30, 333):
    v, second, p = cases(n, ties, patients)
    q, d, ks = show(v, second)
    rows = [np.flatnonzero(p == k) for k in range(patients)]
    kind = np.array([2 if len(set(second[r])) == 2 else second[r[0]] for r in rows])
    rng, draws = np.random.default_rng(1), []
    for _ in range(20000):
        who = np.concatenate([rng.choice(np.flatnonzero(kind == k), (kind == k).sum()) for k in (0, 1, 2) if (kind == k).any()])
        take = np.concatenate([rows[k] for k in who])
        a, b = v[take], second[take]
        draws.append([np.median(a[b == 1]) - np.median(a[b == 0]), distance(a, b)])
    ends = np.percentile(draws, [2.5, 97.5], axis=0)
    print(n, ties, patients, *["%.17g" % x for x in [*q[0], *q[1], d, ks, ends[0][0], ends[1][0], ends[0][1], ends[1][1]]], sep="\t")
