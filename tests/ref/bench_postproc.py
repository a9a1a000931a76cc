"""bench_postproc - lesion-postproc beside the same steps in scipy.ndimage, time of one processor a patch.

    bench_postproc.py build/bin/lesion-postproc [--size 256] [--patches 200]

Patches are those of postproc.py.  The program's time is all of it: reading and writing the stream, checksums,
start; scipy's is that of the steps alone.  Prints one line.  scipy 1.10.1, numpy 1.24.2.
"""
import argparse
import json
import resource
import struct
import subprocess
import tempfile
import time
import zlib

import numpy as np

import postproc


def record(tensors, meta):
    """A record of a stream: see tstream(5)."""
    data, head = b"".join(t.tobytes() for t in tensors.values()), {"__metadata__": meta}
    at = 0
    for name, t in tensors.items():
        head[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + t.nbytes]}
        at += t.nbytes
    text = json.dumps(head, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-(len(text) + 8) % 64)
    return struct.pack("<Q", len(text)) + text + data


def main():
    a = argparse.ArgumentParser()
    a.add_argument("program")
    a.add_argument("--size", type=int, default=256)
    a.add_argument("--patches", type=int, default=200)
    o = a.parse_args()
    patches = [postproc.patch(seed, o.size, o.size) for seed in range(o.patches)]

    start = time.process_time()
    for base, lesion in patches:
        postproc.run(base, lesion, postproc.DEFAULT)
    peer = time.process_time() - start

    with tempfile.TemporaryFile() as f:
        crc = 0
        for base, lesion in patches:
            r = record({"base": base, "lesion": lesion}, {})
            crc = zlib.crc32(r, crc)
            f.write(r)
        f.write(record({}, {"end": "1", "records": str(o.patches), "crc32": "%08x" % crc}))
        f.seek(0)
        subprocess.run([o.program], stdin=f, stdout=subprocess.DEVNULL, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    ours = used.ru_utime + used.ru_stime
    print("size %d patches %d lesion-postproc_ms %.3g scipy_ms %.3g ratio %.3g"
          % (o.size, o.patches, 1e3 * ours / o.patches, 1e3 * peer / o.patches, peer / ours))


if __name__ == "__main__":
    main()
