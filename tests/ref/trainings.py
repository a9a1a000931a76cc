"""trainings.py > trainings.tsv - mean areas over trainings from the formulas of lib/stats/trainings.h as they stand, by
comparing every positive case with every negative one, and with every covariance of two trainings; the oracle of
test_trainings.c.  Made with numpy 1.24.2.  Cases are those of delong.R, in clusters of (number of the case) * 7919
modulo the number of clusters; the even cases of their lower half move to clusters 0, 1 and 2, so that numbers differ.  With
"one" all cases of a cluster have its first one's label.  Of arm 1, arm 2 and the difference: value, P, the sum of the
s^2 / S, degrees of freedom."""
import numpy as np


def cases(n, ties, trainings, clusters, one):
    i = np.arange(1, n + 1, dtype=np.int64)
    r = lambda a, b: ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983
    g = i * 7919 % clusters
    g = np.where((g < clusters // 2) & (i % 2 == 0), g % 3, g)
    y = r(7561, 31) < 0.35
    if one:
        first = {k: y[g == k][0] for k in np.unique(g)}
        y = np.array([first[k] for k in g])
    x = r(3571, 77) + r(8123, 15)
    s = [[x + r(6007 + 100 * a + j, 111) * (1 + j / 8) + (0.625 - a / 8) * y for j in range(1, trainings[a - 1] + 1)]
         for a in (1, 2)]
    return y, g, [[np.floor(v * ties / 4) if ties else v for v in arm] for arm in s]


def area_and_g(y, g, v):
    psi = (v[y][:, None] > v[~y]) + 0.5 * (v[y][:, None] == v[~y])
    area, m, n = psi.mean(), y.sum(), (~y).sum()
    i10, i01 = len(np.unique(g[y])), len(np.unique(g[~y]))
    pos, neg = [], []
    for k in np.unique(g):
        p, q = g[y] == k, g[~y] == k
        below = (m - p.sum()) * (n - q.sum())
        pos.append(np.sqrt(1 - 1 / i10) * n * (psi.mean(1)[p] - area).sum() / below)
        neg.append(np.sqrt(1 - 1 / i01) * m * (psi.mean(0)[q] - area).sum() / below)
    return area, np.array(pos), np.array(neg)


def estimate(y, g, arms, signs):
    count = lambda which: np.array([(g[which] == k).sum() for k in np.unique(g)])
    m, n = count(y), count(~y)
    of = [[area_and_g(y, g, v) for v in arm] for arm in arms]
    value = sum(s * np.mean([a for a, _, _ in arm]) for s, arm in zip(signs, of))
    patients, parts = 0, []
    for arm in of:
        cov = np.array([[(p + q) @ (u + v) for _, u, v in arm] for _, p, q in arm])
        patients += cov[~np.eye(len(arm), dtype=bool)].mean()
        parts.append((np.var([a for a, _, _ in arm], ddof=1) / len(arm), len(arm) - 1))
    if len(of) == 2:
        patients -= 2 * np.mean([[(p + q) @ (u + v) for _, u, v in of[1]] for _, p, q in of[0]])
    patients = max(0, patients)
    pos, neg = [sum(s * np.mean([t[k] for t in arm], 0) for s, arm in zip(signs, of)) for k in (1, 2)]
    all_ = ((pos + neg) ** 2).sum()
    q10 = min(max(0, (pos * (pos + neg)).sum()), all_)
    q01 = all_ - q10
    e10, e01 = m.sum() ** 2 / (m**2).sum(), n.sum() ** 2 / (n**2).sum()
    both = (m * n).sum() / (m.sum() * n.sum())
    f = q10**2 / (e10 - 1) + q01**2 / (e01 - 1) + (2 * q10 * q01 / (1 / both - 1) if both else 0)
    f = max(1, all_**2 / f)
    trainings = sum(v for v, _ in parts)
    df = max(1, (patients + trainings) ** 2 / (patients * all_ / f + sum(v**2 / d for v, d in parts)))
    return value, patients, trainings, df


for n in 100, 300, 1000:
    for ties in 0, 20:
        for clusters in n // 5, n // 10:
            for one in 0, 1:
                for trainings in (2, 2), (5, 3):
                    y, g, arms = cases(n, ties, trainings, clusters, one)
                    out = [estimate(y, g, arms[:1], [1]), estimate(y, g, arms[1:], [1]), estimate(y, g, arms, [1, -1])]
                    print(n, ties, clusters, one, *trainings, *("%.17g" % v for t in out for v in t), sep="\t")
