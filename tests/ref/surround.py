"""surround - what surrounds a place on a patch, by numpy and scipy.

    python3 tests/ref/surround.py > tests/ref/surround.tsv

A patch of case SEED SIDE comes from rng.py by plus, minus, times and divide alone, so that C makes the same numbers:
u = uniforms of at(SEED, "surround", 0); centre cx = SIDE u0, cy = SIDE u1, radii rx = SIDE (.02 + R u2), ry the same of
u3, R = .22 (1.2 of every fifth seed); the mask is where (x-cx)^2 / rx^2 + (y-cy)^2 / ry^2 <= 1; then for each pixel,
row by row, image = .2 + .3 u + .4 u4 x / SIDE - .1 u5 y / SIDE, as float32.

Lines: SEED SIDE HIDDEN NEAR, the numbers of such pixels, and six measures; zeros where there is no place.
"""
import numpy as np
import scipy
from scipy import ndimage as nd

import rng


def patch(seed, side):
    r = rng.at(seed, "surround", 0)
    u = r.uniform(6)
    spread = 1.2 if seed % 5 == 0 else .22
    y, x = np.mgrid[:side, :side].astype(float)
    cx, cy, rx, ry = side * u[0], side * u[1], side * (.02 + spread * u[2]), side * (.02 + spread * u[3])
    mask = (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) <= 1
    noise = r.uniform(side * side).reshape(side, side)
    return mask, (.2 + .3 * noise + .4 * u[4] * x / side - .1 * u[5] * y / side).astype(np.float32)


def within(mask, radius):
    """Euclidean distance to the mask of at most this: squares are whole numbers."""
    d = nd.distance_transform_edt(~mask)
    return np.round(d * d) <= radius * radius


def measures(mask, image):
    side = len(mask)
    unit = side / 256
    hidden = within(mask, .5 * np.sqrt(mask.sum() / np.pi) + 8 * unit)
    if (~hidden).sum() < .25 * side * side:
        return [0] * 8
    near = within(hidden, 48 * unit) & ~hidden
    far = ~near & ~hidden
    far = far if far.any() else near
    p = image.astype(float)
    seen = ~hidden
    steps = seen[:-1, :-1] & seen[1:, :-1] & seen[:-1, 1:]
    step = np.hypot(p[:-1, 1:] - p[:-1, :-1], p[1:, :-1] - p[:-1, :-1])[steps].mean()
    y, x = np.nonzero(seen)
    plane = np.linalg.lstsq(np.c_[np.ones(len(x)), x, y], p[seen], rcond=None)[0]
    return [hidden.sum(), near.sum(), p[near].mean(), p[far].mean(), p[near].std(), p[far].std(),
            np.log(step + .01 / 256), side * np.hypot(plane[1], plane[2])]


print(f"# scipy {scipy.__version__} numpy {np.__version__}")
for side in (17, 64, 100):
    for seed in range(1, 21):
        mask, image = patch(seed, side)
        found = measures(mask, image) if mask.any() else [0] * 8
        print("\t".join(f"{v:.15g}" for v in [seed, side, *found]))
