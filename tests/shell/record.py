"""record.py FILE OUT CODE - a record of FILE (a checkpoint, or the first of a stream), changed by CODE,
as the only record of OUT.  CODE sees `t`, the tensors as numpy arrays by name, and `m`, the metadata;
OUT may be /dev/null.  Checksums are left out, so that what is changed is looked at and not its checksum.
"""
import json
import sys

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U16": "<u2", "U8": "|u1"}
WORDS = {np.dtype(v): k for k, v in DTYPES.items()}


def load(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        m = header.pop("__metadata__", {})
        data = f.read(max([x["data_offsets"][1] for x in header.values()], default=0))
    return {k: np.frombuffer(data[slice(*x["data_offsets"])], DTYPES[x["dtype"]])
            .reshape(x["shape"]).copy() for k, x in header.items()}, m


def save(path, t, m):
    m.pop("crc32", None)
    m.pop("metadata_hash", None)
    header, at = {"__metadata__": m}, 0
    order = sorted(t, key=lambda k: (-t[k].dtype.itemsize, k))
    for k in order:
        header[k] = {"dtype": WORDS[t[k].dtype], "shape": list(t[k].shape),
                     "data_offsets": [at, at + t[k].nbytes]}
        at += t[k].nbytes
    text = json.dumps(header).encode()
    text += b" " * (-(8 + len(text)) % 64)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + b"".join(t[k].tobytes() for k in order))


t, m = load(sys.argv[1])
exec(sys.argv[3])
save(sys.argv[2], t, m)
