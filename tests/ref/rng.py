"""rng - lib/base/rng.c in numpy: the same numbers for the same (seed, purpose, index).

The references in this folder draw their inputs and weights here, so that only results need be
committed.  Integers are equal to C's to the bit, uniforms too; normals to an ulp or so (libm).

    r = at(7, "enc.0.weight")
    r.uniform(100)          the next 100 calls of rng_uniform()

numpy 1.24.
"""
import numpy as np

MASK = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)


def hash64(text):
    """rng_hash(): FNV-1a, 64 bits."""
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return h


def philox(counter, key):
    """rng_philox() of counters [n][4], key [2]; uint32 [n][4]."""
    c0, c1, c2, c3 = (np.asarray(counter)[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = (int(k) for k in key)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = ((p1 >> SHIFT) ^ c1 ^ np.uint64(k0), p1 & MASK,
                          (p0 >> SHIFT) ^ c3 ^ np.uint64(k1), p0 & MASK)
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


class Rng:
    """A generator; draws whole 64-bit numbers only (two to a block)."""

    def __init__(self, seed, purpose, index):
        h = hash64(purpose)
        self.key = (seed & 0xFFFFFFFF, seed >> 32)
        self.high = ((h ^ h >> 32) & 0xFFFFFFFF, index & 0xFFFFFFFF, index >> 32)
        self.drawn = 0

    def u64(self, n):
        first, last = self.drawn // 2, (self.drawn + n + 1) // 2
        counter = np.empty((last - first, 4), dtype=np.uint64)
        counter[:, 0] = np.arange(first, last)
        counter[:, 1:] = self.high
        out = philox(counter, self.key).astype(np.uint64)
        both = np.stack([out[:, 0] << SHIFT | out[:, 1], out[:, 2] << SHIFT | out[:, 3]], axis=1)
        skip = self.drawn % 2
        self.drawn += n
        return both.reshape(-1)[skip:skip + n]

    def uniform(self, n):
        return (self.u64(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, n):
        uv = self.uniform(2 * n).reshape(n, 2)
        return np.sqrt(-2.0 * np.log(1.0 - uv[:, 0])) * np.cos(6.283185307179586 * uv[:, 1])


def at(seed, purpose, index=0):
    """rng_at()."""
    return Rng(seed, purpose, index)


# Random123's known answers for philox4x32-10 (kat_vectors).
assert [f"{x:08x}" for x in philox([[0] * 4], [0, 0])[0]] == [
    "6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]
assert [f"{x:08x}" for x in philox([[0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]],
                                   [0xA4093822, 0x299F31D0])[0]] == [
    "d16cfe09", "94fdcceb", "5001e420", "24126ea1"]
