"""likeness.py > likeness.tsv - how alike pairs of patches of 32 x 32 cells are, the oracle of test_copies.c.  Made with
numpy 1.24.2, scipy 1.10.1: every disc is cut out, turned and correlated by itself."""
import numpy as np
from scipy.ndimage import gaussian_filter

SIDE, ACROSS, SHIFT = 32, 16, 3
PATCHES = 6


def recipe(i, a, b):
    return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983


def patch(k):
    """Noise, smoothed; its mask is rows 6 + k to 11 + k + k % 3, columns 6 + 2 k to 15 + 2 k."""
    v = recipe(np.arange(1, SIDE * SIDE + 1, dtype=np.int64), 7561 + 12 * k, 31 + k).reshape(SIDE, SIDE)
    s = (v + np.roll(v, 1, 0) + np.roll(v, 1, 1) + np.roll(v, (1, 1), (0, 1))) / 4
    return s.astype(np.float32), (17 + 2 * k + k % 3) / 2, (21 + 4 * k) / 2


def disc(p, y, x):
    """The square round the disc in the middle of a lesion; beyond the edge stands the mirror image."""
    top, left = int(np.floor(y - ACROSS / 2 + 0.5)), int(np.floor(x - ACROSS / 2 + 0.5))
    return np.pad(p, SIDE // 2, mode="symmetric")[top + SIDE // 2:, left + SIDE // 2:][:ACROSS, :ACROSS]


i = np.arange(ACROSS) - (ACROSS - 1) / 2
inside = i[:, None] ** 2 + i ** 2 <= ACROSS ** 2 / 4
detail = []
for k in range(PATCHES):
    p, y, x = patch(k)
    detail.append((p.astype(float) - gaussian_filter(p.astype(float), 2, mode="reflect", truncate=4), y, x))
for a in range(PATCHES):
    for b in range(PATCHES):
        best = -2
        one = disc(*detail[a])[inside]
        p, y, x = detail[b]
        for dy in range(-SHIFT, SHIFT + 1):
            for dx in range(-SHIFT, SHIFT + 1):
                d = disc(p, y + dy, x + dx)
                for turn in range(4):
                    for e in (np.rot90(d, turn), np.rot90(d, turn).T):
                        best = max(best, np.corrcoef(one, e[inside])[0, 1])
        print(a, b, "%.9f" % best, sep="\t")
