# The public safetensors library and ours read each other's files.  Tried with its version 0.8.0.
. tests/tap.sh
for python in ${PYTHON:-} python3 /usr/bin/python3; do
    "$python" -c 'import numpy, safetensors' 2> /dev/null && break
    python=
done
[ -n "$python" ] || skip_all "no python3 with safetensors"
cd "$T"

"$BUILD/tests/make_patches" 3 32 | cat "$TOP"/tests/fuzz/corpus/stream/ok-* - | ts-cat > stream
"$python" - stream <<'END' > out
import json
import struct
import sys

from safetensors.numpy import load

stream, loaded = open(sys.argv[1], "rb").read(), 0
while stream:
    n = 8 + struct.unpack("<Q", stream[:8])[0]
    header = json.loads(stream[8:n])
    header.pop("__metadata__", None)
    end = n + max((t["data_offsets"][1] for t in header.values()), default=0)
    # numpy has no BF16, so the library's numpy half cannot load it.
    if all(t["dtype"] != "BF16" for t in header.values()):
        tensors = load(stream[:end])
        assert {k: list(v.shape) for k, v in tensors.items()} == {k: t["shape"] for k, t in header.items()}
        loaded += 1
    stream = stream[end:]
print(loaded)
END
is "$? $(cat out)" "0 $(ts-info stream | awk '$1 == "records" {print $2}')" \
    "records cut out of a stream, all but one, and its trailer are files it loads"

"$python" - <<'END'
import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(1)
for i in range(50):
    tensors = {}
    for k in range(rng.integers(1, 6)):
        shape = tuple(rng.integers(0, 5, rng.integers(0, 5)))
        dtype = rng.choice(["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"])
        tensors[f"n{k}.w\u00e9"] = np.asarray(np.asarray(rng.random(shape) * 100).astype(dtype))
    save_file(tensors, f"{i}.safetensors", metadata={"k": "v\n"} if i % 2 else None)
    with open(f"{i}.want", "w") as f:
        for k, t in sorted(tensors.items()):
            sums = f"{t.min():.6g} {t.max():.6g}" if t.size else "- -"
            print(k, list(t.shape), sums, sep="\t", file=f)
END
n=0
for ((i = 0; i < 50; i++)); do
    ts-info --single --json $i.safetensors | "$python" -c '
import json, sys
for t in sorted(json.load(sys.stdin)["tensors"], key=lambda t: t["name"]):
    sums = "- -" if t["min"] is None else "%.6g %.6g" % (t["min"], t["max"])
    print(t["name"], t["shape"], sums, sep="\t")' | sed 's/True/1/g; s/False/0/g' > got
    sed 's/True/1/g; s/False/0/g' $i.want | cmp -s - got || n=$((n + 1))
done
is $n 0 "files it writes are read, value for value"
done_testing 2
