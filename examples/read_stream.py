#!/usr/bin/env python3
"""Read a tensor stream from a file or a pipe with numpy alone, and print a summary.

    examples/read_stream.py patches.sts
    build/bin/ts-select label=malignant < patches.sts | examples/read_stream.py

`read_stream` is the whole of it: copy it into your own program.  It yields the records of a stream
one by one as ({name: array}, {key: text}), checks every checksum, and raises ValueError where the
stream is cut or damaged.  A record counts only once the iteration has come to its end: before
that, the trailer that vouches for all of them has not been seen.
"""
import json
import math
import sys
import zlib

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
          "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
          "BF16": "<u2"}  # numpy has no bfloat16: its bits are the upper half of a float32


def read_exactly(file, n, what):
    data = file.read(n)
    if len(data) < n:
        raise ValueError(f"cut in the {what} ({len(data)} of {n} bytes)")
    return data


def read_stream(file):
    """Yields (tensors, metadata) for each record of the binary file."""
    records = 0  # of the current segment
    crc = 0      # of all bytes of the current segment
    ended = False
    while True:
        length = file.read(8)
        if not length and ended:
            return
        if len(length) < 8:
            raise ValueError("no trailer: the program before this one failed")
        n = int.from_bytes(length, "little")
        if n > 65536:
            raise ValueError(f"header of {n} bytes: not a tensor stream")
        text = read_exactly(file, n, "header")
        header = json.loads(text)
        metadata = header.pop("__metadata__", {})
        if not header and "end" in metadata:
            want = f'{{"__metadata__":{{"crc32":"{crc:08x}","end":"1","records":"{records}"}}}}'
            if text.rstrip(b" ").decode() != want:
                raise ValueError(f"the trailer does not fit: {metadata}, want {want}")
            records, crc, ended = 0, 0, True
            continue
        ended = False
        size = max((t["data_offsets"][1] for t in header.values()), default=0)
        if size > 64 << 20:
            raise ValueError(f"data of {size} bytes: not a tensor stream")
        data = read_exactly(file, size, "data")
        if metadata.get("crc32", f"{zlib.crc32(data):08x}") != f"{zlib.crc32(data):08x}":
            raise ValueError(f"record {records}: data fail their checksum")
        crc = zlib.crc32(data, zlib.crc32(text, zlib.crc32(length, crc)))
        records += 1
        yield {name: tensor(data, t) for name, t in header.items()}, metadata


def tensor(data, t):
    begin, end = t["data_offsets"]
    dtype = np.dtype(DTYPES[t["dtype"]])
    if end - begin != math.prod(t["shape"]) * dtype.itemsize:
        raise ValueError(f"shape {t['shape']} does not fit {end - begin} bytes")
    return np.frombuffer(data[begin:end], dtype).reshape(t["shape"])  # read-only: .copy() to change


def main(file):
    records, labels, tensors = 0, {}, {}
    for arrays, metadata in read_stream(file):
        records += 1
        label = metadata.get("label", "(none)")
        labels[label] = labels.get(label, 0) + 1
        for name, a in arrays.items():
            seen = tensors.setdefault((name, str(a.dtype), a.shape), [0, math.inf, -math.inf])
            seen[0] += 1
            if a.size:
                seen[1] = min(seen[1], a.min())
                seen[2] = max(seen[2], a.max())
    print(f"records {records}")
    for label, n in labels.items():
        print(f"label {label} {n}")
    for (name, dtype, shape), (n, low, high) in tensors.items():
        print(f"tensor {name} {dtype} {list(shape)} in {n}, min {low:.6g}, max {high:.6g}")


if __name__ == "__main__":
    try:
        main(open(sys.argv[1], "rb") if len(sys.argv) > 1 else sys.stdin.buffer)
    except (OSError, ValueError) as error:
        sys.exit(f"read_stream.py: {error}")
    except (AttributeError, KeyError, TypeError):
        sys.exit("read_stream.py: a header is not made as it should be")
