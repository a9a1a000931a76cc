#!/usr/bin/python3
"""frechet.py - kernel distance, Frechet distance, precision, recall, density and coverage straight from their
definitions, the oracle of test_realism.c and frechet.t.

    python3 tests/ref/frechet.py > tests/ref/frechet.tsv
    python3 tests/ref/frechet.py CASE COMPONENTS REAL OTHER    writes the sets of a case as streams, prints its values

Made with numpy 1.24.2, scipy 1.10.1 (Debian 12).  Features come from whole-number recipes that Python and C compute
alike, so only the results are kept.  Patients have three records each.  Of OTHER, the first `shared` records are those
of REAL, ids and all; its further patients are others.
"""
import json
import sys
import zlib

import numpy as np
import scipy
import scipy.linalg

# n, m, d, shared, components, k; d odd: features 3 and 7 are constant
CASES = [(60, 45, 20, 0, 5, 3), (48, 54, 100, 0, 4, 3), (150, 90, 13, 0, 11, 5), (600, 531, 30, 0, 16, 3),
         (66, 75, 16, 12, 6, 4), (30, 40, 64, 30, 2, 1)]


def recipe(i, a, b):
    return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983


def features(n, d, part):
    """[n][d] in float32: what a patient's records have in common, and what they have not."""
    i, k = np.arange(n, dtype=np.int64)[:, None], np.arange(d, dtype=np.int64)[None]
    c, p = (i + part * 10000) * d + k + 1, (i // 3 + part * 10000) * d + k + 1
    x = recipe(c, 7561, 31) + recipe(c, 3571, 77) + recipe(c, 8123, 15) - 1.5
    x = (x + recipe(p, 6007, 111)) / (1 + k / 8) + part * 0.125
    if d % 2:
        x[:, [3, 7]] = 0.75
    return x.astype(np.float32)


def sets(n, m, d, shared):
    x, y = features(n, d, 0), features(m, d, 1)
    y[:shared] = x[:shared]
    ids = np.arange(n), np.where(np.arange(m) < shared, np.arange(m), np.arange(m) + 10000)
    return x, y, ids, (ids[0] // 3, np.where(ids[1] < 10000, ids[1] // 3, (ids[1] - 10000) // 3 + 10000))


def kernel(x, y):
    return (x.astype(float) @ y.astype(float).T / x.shape[1] + 1) ** 3


def kid(x, y, ids):
    same = ids[0][:, None] == ids[1][None]
    a, b, c = kernel(x, x), kernel(y, y), kernel(x, y)
    return a[~np.eye(len(x), dtype=bool)].mean() + b[~np.eye(len(y), dtype=bool)].mean() - 2 * c[~same].mean()


def times(unit):
    return unit % 10000 * 7 % 4  # of 0, 3, 2, 1, ...


def kid_drawn(x, y, ids, units):
    """Patients drawn several times, each copy written out as a patient."""
    def copies(ids, units):
        return np.array([(i, u, c) for i, u in enumerate(units) for c in range(times(u))]).T

    def mean(a, b, ids_a, ids_b, ua, ub):
        (i, u, c), (j, v, d) = copies(ids_a, ua), copies(ids_b, ub)
        same = u[:, None] == v[None]
        allowed = ~same | (c[:, None] == d[None])                  # no copy with another of the same patient
        allowed &= ids_a[i][:, None] != ids_b[j][None]             # no record with itself
        return kernel(a[i], b[j])[allowed].mean()

    return (mean(x, x, ids[0], ids[0], units[0], units[0]) + mean(y, y, ids[1], ids[1], units[1], units[1])
            - 2 * mean(x, y, ids[0], ids[1], units[0], units[1]))


def frechet(x, y, components):
    x, y = x.astype(float), y.astype(float)
    mean = x.mean(0)
    v = np.linalg.svd(x - mean, full_matrices=False)[2][:components]
    a, b = (x - mean) @ v.T, (y - mean) @ v.T
    s, t = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = scipy.linalg.sqrtm(s @ t)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * root.real)


def manifold(x, y, k):
    def distances(a, b):
        return np.array([np.sqrt(((b.astype(float) - row.astype(float)) ** 2).sum(1)) for row in a])
    rx, ry = np.sort(distances(x, x), 1)[:, k], np.sort(distances(y, y), 1)[:, k]  # the 0-th is the record itself
    d = distances(x, y)
    in_x, in_y = d <= rx[:, None] * (1 + 1e-9), d <= ry[None] * (1 + 1e-9)
    return in_x.any(0).mean(), in_y.any(1).mean(), in_x.sum(0).mean() / k, in_x.any(1).mean()


def write(path, x, ids, units):
    """A stream as resnet-predict --features writes it."""
    whole = b""
    for row, i, u in zip(x, ids, units):
        header = {"__metadata__": {"id": f"id{i}", "patient": f"p{u}"},
                  "features": {"dtype": "F32", "shape": [len(row)], "data_offsets": [0, row.nbytes]}}
        text = json.dumps(header).encode()
        text += b" " * (-(8 + len(text)) % 64)
        whole += len(text).to_bytes(8, "little") + text + row.tobytes()
    end = '{"__metadata__":{"crc32":"%08x","end":"1","records":"%d"}}' % (zlib.crc32(whole), len(x))
    end = end.encode() + b" " * (-(8 + len(end)) % 64)
    with open(path, "wb") as f:
        f.write(whole + len(end).to_bytes(8, "little") + end)


def values(n, m, d, shared, components, k):
    x, y, ids, units = sets(n, m, d, shared)
    yield "kid", kid(x, y, ids)
    yield "kid_drawn", kid_drawn(x, y, ids, units)
    yield "frechet", frechet(x, y, components)
    yield from zip(("precision", "recall", "density", "coverage"), manifold(x, y, k))


if len(sys.argv) == 5:
    n, m, d, shared, _, k = CASES[int(sys.argv[1])]
    x, y, ids, units = sets(n, m, d, shared)
    write(sys.argv[3], x, ids[0], units[0])
    write(sys.argv[4], y, ids[1], units[1])
    for name, value in values(n, m, d, shared, int(sys.argv[2]), k):
        print(name, "%.17g" % value, sep="\t")
else:
    print("# numpy", np.__version__, "scipy", scipy.__version__)
    for case in CASES:
        for name, value in values(*case):
            print(*case, name, "%.17g" % value, sep="\t")
