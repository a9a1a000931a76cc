#!/usr/bin/python3
"""Reference values for tests/unit/test_image.c, test_resample.c and test_morph.c.

    /usr/bin/python3 tests/ref/image_ref.py

writes image_files.h, image_scale.h and image_morph.h beside itself, and the corpora of the fuzz targets.

Made with Debian 12: Python 3.11.2, numpy 1.24.2, scipy 1.10.1, Pillow 9.4.0, torch 1.13.1.
"""
import io
import os
import string
import struct
import sys
import zlib

import numpy as np
import scipy.ndimage as nd
import torch
import torch.nn.functional as F
from PIL import Image

rng = np.random.default_rng(20)


def into(name):
    """From here on print() writes to that file."""
    sys.stdout = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w")
    print("/* Made by image_ref.py: do not edit. */")


def numbers(values, fmt, width=96):
    line, lines = "   ", []
    for v in values:
        word = " " + fmt % v + ","
        if len(line) + len(word) > width:
            lines.append(line)
            line = "   "
        line += word
    return "\n".join(lines + [line])


def array(kind, name, a, fmt):
    flat = np.asarray(a).reshape(-1).tolist()
    print("static const %s %s[] = {\n%s\n};" % (kind, name, numbers(flat, fmt)))


def f32(name, a):
    array("double", name, np.asarray(a, np.float32), "%.7g")


def thousandths(name, a):
    u16(name, np.rint(np.asarray(a) * 1000))


def u8(name, a):
    array("unsigned char", name, np.asarray(a, np.uint8), "%d")


def u16(name, a):
    array("unsigned short", name, np.asarray(a, np.uint16), "%d")


def hexes(m):
    """Bits of a mask as a string of hexadecimal digits, the first pixel the highest bit of the first digit."""
    b = "".join("1" if v else "0" for v in np.asarray(m).reshape(-1))
    b += "0" * (-len(b) % 4)
    return '"%s"' % "".join("%x" % int(b[i:i + 4], 2) for i in range(0, len(b), 4))


ALPHABET = string.digits + string.ascii_letters + "!#$&()*+,-./:;<=>@[]^_{|}~"


def letters(label):
    """Each number as one character."""
    return '"%s"' % "".join(ALPHABET[v] for v in label.reshape(-1).tolist())


# ---- files ----

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows, h, w, depth, colour, interlace=0, extra=b""):
    """rows: the bytes of the filtered image data; every row begins with its filter byte."""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace)) +
            extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def pack(values, depth):
    """Rows of samples as bytes, each row behind filter byte 0."""
    out = b""
    for row in values:
        if depth == 16:
            out += b"\0" + np.asarray(row, ">u2").tobytes()
        elif depth == 8:
            out += b"\0" + np.asarray(row, np.uint8).tobytes()
        else:
            bits = "".join(format(int(v), "0%db" % depth) for v in row)
            bits += "0" * (-len(bits) % 8)
            out += b"\0" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    return out


def adam7(values, depth):
    out = b""
    for y0, x0, dy, dx in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
                           (1, 0, 2, 1)):
        part = values[y0::dy, x0::dx]
        if part.size:
            out += pack(part.reshape(part.shape[0], -1), depth)
    return out


def pil(image, **how):
    f = io.BytesIO()
    image.save(f, **how)
    return f.getvalue()


H, W = 9, 11
g8 = rng.integers(0, 256, (H, W))
g16 = rng.integers(0, 65536, (H, W))
bits = {d: rng.integers(0, 2**d, (H, W)) for d in (1, 2, 4)}
ramp = np.add.outer(np.arange(19) * 5, np.arange(13) * 6) + 10
grey = Image.fromarray(ramp.astype(np.uint8))
noisy = np.stack([ramp + rng.integers(0, 2, ramp.shape), ramp, ramp], 2).astype(np.uint8)
red = np.stack([ramp, ramp * 0, ramp * 0], 2).astype(np.uint8)

into("image_files.h")
print("enum { REF_H = %d, REF_W = %d };" % (H, W))

good, bad = [], []


def corpus(form, name, data):
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz", "corpus", form)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def file(kind, name, data, want=None, maximum=0, why=""):
    u8("file_" + name, list(data))
    form, rest = name.replace("_", "-").split("-", 1)
    corpus(form, {"good": "ok-", "bad": "bad-"}[kind] + rest, data)
    if kind == "good":
        u16("want_" + name, want)
        h, w = np.shape(want)
        good.append('{"%s", file_%s, sizeof(file_%s), %d, %d, %d, want_%s},' % (name, name, name, h, w, maximum, name))
    else:
        bad.append('{"%s", file_%s, sizeof(file_%s), "%s"},' % (name, name, name, why))


def good_png(name, data, want, maximum):
    seen = np.asarray(Image.open(io.BytesIO(data)))  # Pillow must read the file that we made by hand
    assert seen.shape[:2] == np.shape(want)
    file("good", name, data, want, maximum)


file("good", "png_8", pil(Image.fromarray(g8.astype(np.uint8)), format="PNG"), g8, 255)
file("good", "png_16", pil(Image.fromarray(g16.astype(np.uint16)), format="PNG"), g16, 65535)
for d, v in bits.items():
    good_png("png_%dbit" % d, png(pack(v, d), H, W, d, 0), v * (255 // (2**d - 1)), 255)
good_png("png_interlaced", png(adam7(g8, 8), H, W, 8, 0, 1), g8, 255)
good_png("png_interlaced_16", png(adam7(g16, 16), H, W, 16, 0, 1), g16, 65535)
rgb = np.repeat(g8[:, :, None], 3, 2)
file("good", "png_rgb_grey", pil(Image.fromarray(rgb.astype(np.uint8)), format="PNG"), g8, 255)
rgb16 = np.repeat(g16[:, :, None], 3, 2)
good_png("png_rgb_grey_16", png(pack(rgb16.reshape(H, -1), 16), H, W, 16, 2), g16, 65535)
opaque = np.stack([g8, np.full_like(g8, 255)], 2)
file("good", "png_opaque", pil(Image.fromarray(opaque.astype(np.uint8), "LA"), format="PNG"), g8, 255)
greys = b"".join(bytes([15 * i + 7] * 3) for i in range(16))
good_png("png_palette_grey", png(pack(bits[4], 4), H, W, 4, 3, 0, chunk(b"PLTE", greys)), bits[4] * 15 + 7, 255)
good_png("png_gamma_ignored", png(pack(g8, 8), H, W, 8, 0, 0, chunk(b"gAMA", struct.pack(">I", 100000))), g8, 255)
for name, image, how in (("jpeg_grey", grey, {}), ("jpeg_progressive", grey, {"progressive": True}),
                         ("jpeg_rgb_grey", grey.convert("RGB"), {}),
                         ("jpeg_optimised", grey.convert("RGB"), {"optimize": True, "subsampling": 0}),
                         ("jpeg_noisy", Image.fromarray(noisy), {"quality": 95})):
    data = pil(image, format="JPEG", **how)
    file("good", name, data, np.asarray(Image.open(io.BytesIO(data)).convert("L")), 255)

tint = rgb.copy()
tint[5, 3] = 9, 9, 10
file("bad", "png_rgb", pil(Image.fromarray(tint.astype(np.uint8)), format="PNG"), why="pixel (3, 5) is 9 9 10")
half = opaque.copy()
half[4, 2, 1] = 254
file("bad", "png_alpha", pil(Image.fromarray(half.astype(np.uint8), "LA"), format="PNG"), why="(2, 4) is transparent")
file("bad", "png_trns", png(pack(g8, 8), H, W, 8, 0, 0, chunk(b"tRNS", struct.pack(">H", int(g8[0, 3])))),
     why="is transparent")
colours = greys[:9] + b"\1\2\3" + greys[12:]
file("bad", "png_palette", png(pack(bits[4], 4), H, W, 4, 3, 0, chunk(b"PLTE", colours)), why="is 1 2 3")
file("bad", "png_bomb", png(b"\0" * 100, 16384, 16384, 16, 0), why="cannot hold")
file("bad", "png_wide", png(b"\0" * 100, 1, 16385, 8, 0), why="size 16385 x 1 is outside 1 to 16384")
file("bad", "png_empty", png(b"", 0, 0, 8, 0), why="size 0 x 0")
file("bad", "png_short", png(pack(g8[:-1], 8), H, W, 8, 0), why="PNG")
file("bad", "jpeg_red", pil(Image.fromarray(red), format="JPEG"), why="a colour image")
file("bad", "jpeg_cmyk", pil(grey.convert("CMYK"), format="JPEG"), why="4 components")
for name, data in (("ok-raw-16", b"P5 2 1 4095\n\0\0\17\xff"), ("ok-plain", b"P2 3 2 255 1 2 3 4 5 6"),
                   ("ok-comments", b"P5#c\n2#a#b\r3 # 9\n255\nabcdef"), ("bad-huge", b"P5 16384 16384 255 abc"),
                   ("bad-over", b"P5 2 1 15 \0\20")):
    corpus("pgm", name, data)
print("static const struct {\n    const char *name;\n    const unsigned char *b;\n    size_t n, h, w;\n"
      "    unsigned max;\n    const unsigned short *want;\n} good[] = {\n    %s\n};" % "\n    ".join(good))
print("static const struct {\n    const char *name;\n    const unsigned char *b;\n    size_t n;\n"
      "    const char *why;\n} bad[] = {\n    %s\n};" % "\n    ".join(bad))

# ---- resampling ----

S = (rng.integers(0, 1000, (13, 17)) / 1000).astype(np.float32)
into("image_scale.h")
thousandths("scale_src", S)
cases = []


def scale(name, y0, x0, sh, sw, dh, dw):
    box = (x0, y0, x0 + sw, y0 + sh)
    want = np.asarray(Image.fromarray(S).resize((dw, dh), Image.BILINEAR, box=box))
    if (y0, x0, sh, sw) == (0, 0) + S.shape:
        torch_want = F.interpolate(torch.from_numpy(S)[None, None], size=(dh, dw), mode="bilinear", antialias=True,
                                   align_corners=False)[0, 0].numpy()
        assert np.abs(torch_want - want).max() < 1e-6, name
    f32("scale_" + name, want)
    m = (S > 0.5).astype(np.uint8)
    near = np.asarray(Image.fromarray(m).resize((dw, dh), Image.NEAREST, box=box))
    cases.append('{"%s", %r, %r, %r, %r, %d, %d, scale_%s, %s},' % (name, y0, x0, sh, sw, dh, dw, name, hexes(near)))


scale("same", 0, 0, 13, 17, 13, 17)
scale("half", 0, 0, 13, 17, 6, 8)
scale("tiny", 0, 0, 13, 17, 1, 2)
scale("double", 0, 0, 13, 17, 18, 34)
scale("mixed", 0, 0, 13, 17, 5, 40)
scale("window", 2.25, 3.5, 8.5, 9.75, 6, 7)
scale("window_up", 2.25, 0.0, 3.5, 4.75, 11, 12)
scale("corner", 9.0, 12.0, 4.0, 5.0, 2, 2)
print("static const struct {\n    const char *name;\n    double y0, x0, sh, sw;\n    size_t dh, dw;\n"
      "    const double *want;\n    const char *nearest;\n} scale[] = {\n    %s\n};" % "\n    ".join(cases))

# ---- morphology ----

into("image_morph.h")
print('static const char alphabet[] = "%s";' % ALPHABET)
masks = {
    "speckle": rng.random((19, 23)) < 0.1,
    "half": rng.random((16, 16)) < 0.5,
    "dense": rng.random((15, 21)) < 0.9,
    "blobs": nd.gaussian_filter(rng.standard_normal((25, 22)), 2) > 0.05,
    "empty": np.zeros((7, 9), bool),
    "full": np.ones((9, 7), bool),
    "row": rng.random((1, 31)) < 0.4,
    "column": rng.random((31, 1)) < 0.4,
    "one": np.ones((1, 1), bool),
    "ties": np.array([[0, 1, 1, 0, 0, 1], [0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0]], bool),
    "rings": (np.add.outer((np.arange(25) - 12) ** 2, (np.arange(27) - 13) ** 2) // 40) % 2 == 1,
}
STEPS = (1, 2, 5, 40)
RADII = (0.0, 1.0, 2.5, 3.7, 60.0)
rows = []


def disc(r):
    k = int(r)
    a = np.arange(-k, k + 1)
    return np.add.outer(a * a, a * a) <= r * r


for name, m in masks.items():
    dil = [hexes(nd.binary_dilation(m, iterations=s)) for s in STEPS]
    ero = [hexes(nd.binary_erosion(m, iterations=s)) for s in STEPS]
    ddil = [hexes(nd.binary_dilation(m, disc(r))) for r in RADII]
    dero = [hexes(nd.binary_erosion(m, disc(r))) for r in RADII]
    l4, n4 = nd.label(m)
    l8, n8 = nd.label(m, np.ones((3, 3)))
    largest = []
    for l in (l4, l8):
        counts = np.bincount(l.reshape(-1))
        counts[0] = 0
        largest.append(hexes((l == counts.argmax()) & m))
    rows.append('{"%s", %d, %d, %s,\n     {%s},\n     {%s},\n     {%s},\n     {%s},\n     %s,\n     %s, '
                '%d, %d, {%s}, %s},' % (name, *m.shape, hexes(m), ",\n      ".join(dil), ",\n      ".join(ero),
                                      ",\n      ".join(ddil), ",\n      ".join(dero), letters(l4), letters(l8), n4, n8,
                                      ", ".join(largest), hexes(nd.binary_fill_holes(m))))
array("unsigned", "morph_steps", STEPS, "%d")
array("double", "morph_radii", RADII, "%r")
print("static const struct {\n    const char *name;\n    size_t h, w;\n    const char *bits;\n"
      "    const char *dilated[4], *eroded[4], *disc_dilated[5], *disc_eroded[5];\n"
      "    const char *label4, *label8;\n    long n4, n8;\n    const char *largest[2], *filled;\n"
      "} morph[] = {\n    %s\n};" % "\n    ".join(rows))

# ---- Gaussian ----

G = (rng.integers(0, 1000, (12, 15)) / 1000).astype(np.float32)
thousandths("gauss_src", G)
cases = []
for i, (sigma, truncate) in enumerate(((0.5, 4), (1, 4), (2.5, 4), (10, 4), (1.3, 3), (10, 2), (0.1, 4))):
    f32("gauss_%d" % i, nd.gaussian_filter(G, sigma, truncate=truncate))
    cases.append("{%r, %r, gauss_%d}," % (sigma, truncate, i))
print("static const struct {\n    double sigma, truncate;\n    const double *want;\n} gauss[] = {\n    %s\n};" %
      "\n    ".join(cases))
