"""postproc - reference results of lesion-postproc's steps, by scipy.ndimage.

    postproc.py > postproc.tsv

Patches come from rng.py by plus, minus, times and divide alone, so that C makes the same bits:

    r = at(seed, "postproc"); k = 2 + floor(4 u) blobs, each drawn as cx = w u, cy = h u, rx = w (.04 + .16 u),
    ry = h (.04 + .16 u), amplitude = .2 + .7 u, negative if u < .25; then for each pixel, row by row,
    noise .24 (u - .5) and base u.  Pixel (y, x) is the sum over blobs, in their order, of
    amplitude max(0, 1 - (x-cx)^2/rx^2 - (y-cy)^2/ry^2), plus the noise, clipped to [-1, 1], as float32.

Lines, tab-separated:

    case   SEED H W THRESHOLD CONNECTIVITY JOIN MIN_AREA EXPAND BLUR DISC EDGE_ONLY ABSOLUTE_PX
    result VERDICT AREA MASK_HASH X0 Y0 X1 Y1 PEAK_BEFORE PEAK_AFTER LESION_SQUARES IMAGE_SUM
    pixel  INDEX LESION IMAGE          (some of a case's pixels; all pixels of the smallest cases)

MASK_HASH is rng_hash() of the mask's bytes; sums are in double.  scipy 1.10.1, numpy 1.24.2.
"""
import numpy as np
import scipy
from scipy import ndimage as nd

import rng

F32 = np.float32
DEFAULT = dict(threshold=0.1, connectivity=4, join=0, min_area=0.01, expand=5, blur=10, disc=0,
               edge_only=0, absolute_px=0)


def patch(seed, h, w):
    r = rng.at(seed, "postproc")
    k = 2 + int(4 * r.uniform(1)[0])
    y, x = np.arange(h, dtype=float)[:, None], np.arange(w, dtype=float)[None, :]
    lesion = np.zeros((h, w))
    for _ in range(k):
        cx, cy, rx, ry, a, s = r.uniform(6)
        cx, cy, rx, ry, a = w * cx, h * cy, w * (.04 + .16 * rx), h * (.04 + .16 * ry), .2 + .7 * a
        dx, dy = x - cx, y - cy
        bump = 1 - dx * dx / (rx * rx) - dy * dy / (ry * ry)
        lesion = lesion + (-a if s < .25 else a) * np.maximum(0, bump)
    u = r.uniform(2 * h * w).reshape(h, w, 2)
    lesion = np.clip(lesion + .24 * (u[..., 0] - .5), -1, 1)
    return u[..., 1].astype(F32), lesion.astype(F32)


def disc(radius):
    k = int(radius)
    y, x = np.mgrid[-k:k + 1, -k:k + 1]
    return x * x + y * y <= radius * radius


def largest(mask, connectivity, join):
    """scipy's labels of the mask (grown by half of join); the one that covers most of the mask."""
    grown = nd.binary_dilation(mask, disc(join / 2)) if join > 0 else mask
    label, n = nd.label(grown, np.ones((3, 3)) if connectivity == 8 else None)
    covered = np.bincount(label[mask], minlength=n + 1)[1:]
    return mask & (label == covered.argmax() + 1) if n else mask


def run(base, lesion, o):
    """Verdict, area, mask, refined lesion, image, peak before."""
    h, w = lesion.shape
    unit = 1 if o["absolute_px"] else min(h, w) / 256
    t = F32(o["threshold"])
    mask = largest(lesion < t if t < 0 else lesion > t, o["connectivity"], o["join"] * unit)
    area = int(mask.sum())
    verdict = "empty" if area == 0 else "small" if area < o["min_area"] * h * w else "kept"
    before = float(np.abs(lesion[mask]).max()) if area else 0.0
    if verdict == "kept":
        expand, sigma = o["expand"] * unit, o["blur"] * unit
        steps = int(np.floor(expand + 0.5))
        if o["disc"]:
            mask = nd.binary_dilation(mask, disc(expand))
        elif steps > 0:  # 0 iterations would mean "until nothing changes"
            mask = nd.binary_dilation(mask, iterations=steps)
        radius = int(np.floor(4 * sigma + 0.5))
        if radius == 0:
            weight = mask.astype(F32)
        elif o["edge_only"]:
            d = nd.distance_transform_edt(~mask)
            weight = np.where(d <= radius, np.exp(-d * d / (2 * sigma * sigma)), 0).astype(F32)
        else:
            weight = nd.gaussian_filter(mask.astype(F32), sigma, truncate=4.0)
        lesion = lesion * weight
    return verdict, area, mask, lesion, np.clip(base + lesion, F32(0), F32(1)), before


def cases():
    yield 1, 12, 16, {}
    yield 2, 16, 16, dict(connectivity=8, expand=20, blur=16)
    sizes = [(64, 64), (128, 128), (96, 61), (33, 80), (256, 256), (24, 24)]
    changes = [{}, dict(threshold=-0.1), dict(connectivity=8), dict(disc=1), dict(edge_only=1),
               dict(join=12, min_area=0.001), dict(absolute_px=1), dict(blur=0), dict(expand=0),
               dict(threshold=0.3), dict(threshold=0.02, connectivity=8, join=3), dict(min_area=0.2),
               dict(threshold=0.95), dict(edge_only=1, disc=1, blur=30, expand=12)]
    seed = 10
    for i, change in enumerate(changes):
        for k in range(3):
            h, w = sizes[(i + k) % len(sizes)]
            yield seed, h, w, change
            seed += 1


def main():
    print("# postproc.py; scipy %s numpy %s" % (scipy.__version__, np.__version__))
    for seed, h, w, change in cases():
        o = dict(DEFAULT, **change)
        base, lesion = patch(seed, h, w)
        verdict, area, mask, lesion, image, before = run(base, lesion, o)
        ys, xs = np.nonzero(mask)
        box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(xs) else (0, 0, 0, 0)
        sign = -1 if o["threshold"] < 0 else 1
        after = max(0.0, float((sign * lesion).max())) if verdict == "kept" else 0.0
        print("case", seed, h, w, *o.values(), sep="\t")
        print("result", verdict, area, "%016x" % rng.hash64(mask.astype(np.uint8).tobytes().decode("latin1")),
              *box, "%.9g" % before, "%.9g" % after, "%.15g" % np.sum(lesion.astype(float) ** 2),
              "%.15g" % np.sum(image.astype(float)), sep="\t")
        flat = lesion.reshape(-1)
        some = np.flatnonzero(flat)
        if flat.size <= 200:
            some = np.arange(flat.size)
        else:
            some = np.unique(some[(rng.at(seed, "pixels").uniform(24) * some.size).astype(int)])
        for i in some:
            print("pixel", i, "%.9g" % flat[i], "%.9g" % image.reshape(-1)[i], sep="\t")


if __name__ == "__main__":
    main()
