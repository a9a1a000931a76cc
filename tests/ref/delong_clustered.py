"""delong_clustered.py > delong_clustered.tsv - Obuchowski's variances straight from their definition (Biometrics 1997),
by comparing every positive case with every negative one; the oracle of test_delong.c.  Made with numpy 1.24.2.
Cases are those of delong.R, in clusters of (number of the case) * 7919 modulo the number of clusters."""
import numpy as np


def cases(n, ties):
    i = np.arange(1, n + 1, dtype=np.int64)
    r = lambda a, b: ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983
    y = r(7561, 31) < 0.35
    x = r(3571, 77) + r(8123, 15)
    s = [x + r(6007, 111) + 0.5 * y, x + r(9001, 49) * 1.5 + 0.375 * y]
    return y, [np.floor(v * ties / 4) if ties else v for v in s]


def covariance(y, s, t, g):
    def components(v):
        psi = (v[y][:, None] > v[~y]) + 0.5 * (v[y][:, None] == v[~y])
        return psi.mean(1), psi.mean(0), psi.mean()
    (xa, ya, a), (xb, yb, b) = components(s), components(t)
    m, n = y.sum(), (~y).sum()
    ids = np.unique(g)
    i10, i01, i = len(np.unique(g[y])), len(np.unique(g[~y])), len(ids)
    s10 = s01 = s11 = s11t = 0
    for k in ids:
        p, q = g[y] == k, g[~y] == k
        fa, fb = xa[p].sum() - p.sum() * a, xb[p].sum() - p.sum() * b
        ha, hb = ya[q].sum() - q.sum() * a, yb[q].sum() - q.sum() * b
        s10, s01, s11, s11t = s10 + fa * fb, s01 + ha * hb, s11 + fa * hb, s11t + fb * ha
    return (i10 / (i10 - 1) * s10 / m**2 + i01 / (i01 - 1) * s01 / n**2 + i / (i - 1) * (s11 + s11t) / (m * n))


for n in 50, 200, 2000:
    for ties in 0, 20:
        y, (a, b) = cases(n, ties)
        for clusters in n // 3, n // 10, n:
            g = np.arange(1, n + 1) * 7919 % clusters
            va, vb, c = covariance(y, a, a, g), covariance(y, b, b, g), covariance(y, a, b, g)
            print(n, ties, clusters, "%.17g %.17g %.17g" % (va, vb, va + vb - 2 * c), sep="\t")
