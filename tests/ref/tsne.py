#!/usr/bin/python3
"""tsne.py - principal components, affinities and a gradient of t-SNE, the oracle of test_tsne.c.

    python3 tests/ref/tsne.py > tests/ref/tsne.tsv

Made with scikit-learn 1.2.1, numpy 1.24.2, scipy 1.10.1 (Debian 12).  The cases come from whole-number
recipes that Python and C compute alike, so only results are kept: variances and loadings of
the principal components (numpy's SVD), joint probabilities over all pairs and over neighbours, and
divergence and gradient of a given map (scikit-learn).
"""
import numpy as np
import scipy
import sklearn
from sklearn.manifold import _t_sne
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

N, D, PERPLEXITY = 48, 7, 6.0


def recipe(i, a, b):
    return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983


def cases(n, d):
    """Three groups, parted along every third feature."""
    i, c = np.arange(1, n + 1)[:, None], np.arange(d)[None, :]
    return (recipe(i, 7561 + 12 * c, 31 + 46 * c) + 0.75 * (i % 3 == c % 3)).astype(np.float32)


print(f"# scikit-learn {sklearn.__version__} numpy {np.__version__} scipy {scipy.__version__}")
x = cases(N, D)
centred = x.astype(float) - x.astype(float).mean(0)
_, s, v = np.linalg.svd(centred, full_matrices=False)
for k in range(D):
    print("variance", k, 0, "%.17g" % (s[k] ** 2 / N), sep="\t")
    for c in range(D):
        print("loading", k, c, "%.17g" % (v[k, c] * np.sign(v[k, np.argmax(abs(v[k]))])), sep="\t")

p = _t_sne._joint_probabilities(pairwise_distances(x, squared=True), PERPLEXITY, 0)
k = int(3 * PERPLEXITY + 1)
graph = NearestNeighbors(n_neighbors=k).fit(x).kneighbors_graph(mode="distance")
graph.data **= 2
sparse = _t_sne._joint_probabilities_nn(graph, PERPLEXITY, 0).toarray()
full = np.zeros((N, N))
full[np.triu_indices(N, 1)] = p
for i in range(N):
    for j in range(i + 1, N):
        print("all", i, j, "%.9g" % full[i, j], sep="\t")
for i in range(N):
    for j in range(i + 1, N):
        if sparse[i, j] > 0:
            print("near", i, j, "%.9g" % sparse[i, j], sep="\t")

y = 3 * cases(N, 2).astype(float)
kl, gradient = _t_sne._kl_divergence(y.ravel(), p, 1, N, 2)
print("kl", 0, 0, "%.17g" % kl, sep="\t")
for i in range(N):
    for c in range(2):
        print("gradient", i, c, "%.17g" % gradient[2 * i + c], sep="\t")
