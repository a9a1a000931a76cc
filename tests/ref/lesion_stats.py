"""lesion_stats.py > lesion_stats.tsv - measures of made-up lesions, the oracle of test_lesion_stats.c.
lesion_stats.py FILE.sts found|mask - those of a stream's patches, one line each, to compare with lesion-stats.

Areas, perimeters and eccentricities are skimage's, smoothing, components and distances scipy's.
Made with numpy 1.24.2, scipy 1.10.1, scikit-image 0.19.3."""
import os
import sys

import numpy as np
from scipy import ndimage as nd
from skimage.measure import perimeter_crofton, regionprops

NAMES = "area mean sd contrast edge roundness eccentricity cut".split()
CROSS = nd.generate_binary_structure(2, 1)


def steepness(gy, gx, m):
    margin = m & nd.binary_dilation(~m, CROSS)
    if not margin.any():
        return 0
    y, x = np.nonzero(margin)
    d = np.stack([y, x], 1) - np.argwhere(m).mean(0)
    length = np.hypot(*d.T)
    length[length == 0] = 1
    return -np.mean((gy[y, x] * d[:, 0] + gx[y, x] * d[:, 1]) / length)


def gradients(image):
    g = nd.gaussian_filter(image, 8 * min(image.shape) / 256)
    return g, *np.gradient(g.astype(float))


def find(image, mask, reach=64):
    g, gy, gx = gradients(image)
    if not mask.any():
        return None
    seed = np.unravel_index(np.argmax(np.where(mask, g, -np.inf)), g.shape)
    y, x = np.indices(g.shape)
    d2 = (y - seed[0]) ** 2 + (x - seed[1]) ** 2
    f = (g * np.exp(-d2 / (2 * (reach * min(g.shape) / 256) ** 2))).astype(np.float32)
    best, region = 0, None
    for k in range(1, 100):
        level = float(f[seed]) * (1 - k / 100)
        if not level > 0:
            break
        label, _ = nd.label(f >= level)
        part = label == label[seed]
        steep = steepness(gy, gx, part)
        if steep > best:
            best, region = steep, part
    return None if region is None else nd.binary_fill_holes(region)


def measure(image, region):
    if region is None or not region.any():
        return None
    p = regionprops(region.astype(int))[0]
    around = (nd.distance_transform_edt(~region) <= np.sqrt(p.area / np.pi)) & ~region
    if not around.any():
        return None
    v = image.astype(float)
    inside = v[region]
    _, gy, gx = gradients(image)
    edge = region[0].any() or region[-1].any() or region[:, 0].any() or region[:, -1].any()
    return [p.area, inside.mean(), inside.std(), inside.mean() - v[around].mean(), steepness(gy, gx, region),
            4 * np.pi * p.area / perimeter_crofton(region, 4) ** 2, p.eccentricity, int(edge)]


def recipe(i, a, b):
    i = np.asarray(i, dtype=np.int64)
    return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983


def example(k, n):
    """A lump on an uneven background with noise, and a mask that is not quite its own."""
    y, x = np.indices((n, n)).astype(float) / n
    cy, cx, a, b, t = 0.3 + 0.4 * recipe([k + 1] * 5, [7561, 3571, 8123, 6007, 9001], [31, 77, 15, 111, 49])
    turn = 6.0 * t
    u = (np.cos(turn) * (x - cx) + np.sin(turn) * (y - cy)) / (0.35 * a)
    v = (np.cos(turn) * (y - cy) - np.sin(turn) * (x - cx)) / (0.35 * b)
    d = u * u + v * v
    noise = recipe(np.arange(n * n).reshape(n, n) + 1000 * k, 7561, 31)
    image = 0.3 + 0.1 * x - 0.05 * y + 0.25 / (1 + d * d * d) + 0.04 * noise
    return image.astype(np.float32), d + 0.8 * noise < 1.1


def stream(path, region):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../examples"))
    from read_stream import read_stream
    with open(path, "rb") as f:
        for t, m in read_stream(f):
            image, mask = t["image"], t["mask"] != 0
            row = measure(image, find(image, mask) if region == "found" else mask)
            if row is None:
                continue
            pixel = int(m["window"]) / ((image.shape[0] - 2 * int(m.get("margin", 0))) * float(m.get("scale", 1)))
            row[0] *= pixel**2
            row[4] /= pixel
            print(m["id"], *["%.9g" % v for v in row], sep="\t")


if len(sys.argv) == 3:
    stream(*sys.argv[1:])
elif __name__ == "__main__":
    print("size", "example", "region", *NAMES, sep="\t")
    for size in 33, 64, 100:
        for k in range(8):
            image, mask = example(k, size)
            for name, region in ("found", find(image, mask)), ("mask", mask):
                print(size, k, name, *["%.12g" % v for v in measure(image, region)], sep="\t")
