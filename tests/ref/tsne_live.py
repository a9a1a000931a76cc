#!/usr/bin/python3
"""tsne_live.py FEATURES START MAP STEPS RATE METHOD - scikit-learn's descent from START beside MAP, which tsne made.

METHOD is `exact` or `barnes_hut`.  scikit-learn goes STEPS steps, and never stops early as TSNE() does.  Prints the
divergence of both maps, by scikit-learn's affinities and over all pairs of the map, and their trustworthiness.
"""
import sys

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.manifold import _t_sne, trustworthiness
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

PERPLEXITY, EARLY, EARLY_STEPS = 30, 12, 250


def columns(path, names):
    lines = [line.rstrip("\n").split("\t") for line in open(path)]
    at = [i for i, name in enumerate(lines[0]) if names(name)]
    return np.array([[np.float32(line[i]) for i in at] for line in lines[1:]], dtype=np.float32)


def descend(p, start, steps, rate, exact):
    """p is what scikit-learn's gradient takes: half of the matrix, or a sparse one."""
    y = start.astype(float if exact else np.float32).ravel()
    for first, last, momentum, factor in (0, min(steps, EARLY_STEPS), 0.5, EARLY), (EARLY_STEPS, steps, 0.8, 1):
        if first < last:
            y, _, _ = _t_sne._gradient_descent(
                _t_sne._kl_divergence if exact else _t_sne._kl_divergence_bh, y, first, last, n_iter_check=50,
                n_iter_without_progress=steps, momentum=momentum, learning_rate=rate, min_grad_norm=0,
                args=[p * factor, 1, len(start), 2], kwargs={})
    return y.reshape(-1, 2)


def divergence(p, y):
    q = 1 / (1 + pairwise_distances(y.astype(float), squared=True))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    some = p > 1e-14
    return np.sum(p[some] * np.log(p[some] / q[some]))


x = columns(sys.argv[1], lambda name: name[0] == "f")
start, ours = (columns(path, lambda name: name in ("x", "y")) for path in sys.argv[2:4])
steps, rate, exact = int(sys.argv[4]), float(sys.argv[5]), sys.argv[6] == "exact"
if exact:
    half = _t_sne._joint_probabilities(pairwise_distances(x, squared=True), PERPLEXITY, 0)
    p = np.zeros((len(x), len(x)))
    p[np.triu_indices(len(x), 1)] = half
    p += p.T
else:
    graph = NearestNeighbors(n_neighbors=3 * PERPLEXITY + 1).fit(x).kneighbors_graph(mode="distance")
    graph.data **= 2
    half = csr_matrix(_t_sne._joint_probabilities_nn(graph, PERPLEXITY, 0))
    p = half.toarray()
theirs = descend(half, start, steps, rate, exact)
print("divergence", divergence(p, ours), divergence(p, theirs))
for k in 5, 12:
    print("trustworthiness", trustworthiness(x, ours, n_neighbors=k), trustworthiness(x, theirs, n_neighbors=k))
