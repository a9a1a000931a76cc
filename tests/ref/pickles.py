"""pickles - the corpus of fuzz_pickle: data.pkl of small state dicts, and what must be refused.

    pickles.py FOLDER

PyTorch 1.13, Python 3.11.
"""
import collections
import io
import pickle
import struct
import sys
import zipfile

import torch


def data_pkl(value, protocol=2):
    f = io.BytesIO()
    torch.save(value, f, pickle_protocol=protocol)
    z = zipfile.ZipFile(f)
    return z.read(next(n for n in z.namelist() if n.endswith("/data.pkl")))


class Call:
    def __init__(self, f, *args):
        self.what = f, args

    def __reduce__(self):
        return self.what


x = torch.arange(6, dtype=torch.float32).reshape(2, 3)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
good = data_pkl(net.state_dict())
text = lambda s: b"X" + struct.pack("<I", len(s)) + s
storage = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"0") + text(b"cpu") + b"K\x06tQ"


def tensor(offset=b"K\0", shape=b"K\x02K\x03\x86", stride=b"K\x03K\x01\x86"):
    return b"\x80\x02}" + text(b"a") + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + shape + stride + \
        b"\x89ccollections\nOrderedDict\n)RtRs."


files = {
    "ok-state-dict": good,
    "ok-protocol-4": data_pkl(net.state_dict(), 4),
    "ok-nested": data_pkl({"epoch": 3, "state_dict": net.state_dict(), "lr": 0.1, "names": ["a", "b"]}),
    "ok-transposed": data_pkl({"a": x.t(), "b": x[1:], "c": x.half(), "d": torch.tensor(7)}),
    "ok-parameter": data_pkl({"a": torch.nn.Parameter(x)}),
    "ok-empty": data_pkl({}),
    "ok-by-hand": tensor(),
    "bad-system": pickle.dumps(Call(eval, "1"), 2),
    "bad-system-4": pickle.dumps({"a": Call(eval, "1")}, 4),
    "bad-getattr": data_pkl({"a": Call(getattr, "x", "y")}),
    "bad-call-storage": b"\x80\x02ctorch\nFloatStorage\n)R.",
    "bad-cut": good[:len(good) // 2],
    "bad-no-stop": good[:-1],
    "bad-number": data_pkl(3),
    "bad-empty": b"",
    "bad-protocol-0": pickle.dumps({"a": 1}, 0),
    "bad-offset": tensor(offset=b"K\1"),
    "bad-offset-negative": tensor(offset=b"J\xff\xff\xff\xff"),
    "bad-stride": tensor(stride=b"K\x04K\x01\x86"),
    "bad-stride-huge": tensor(stride=b"\x8a\x08" + b"\xff" * 7 + b"\x7fK\x01\x86"),
    "bad-shape-huge": tensor(shape=b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x8a\x08" + b"\xff" * 7 + b"\x7f\x86"),
    "bad-shape-rank": tensor(shape=b"K\x06\x85"),
    "bad-self": b"\x80\x02}q\0" + text(b"a") + b"h\0s.",
    "bad-mark": b"\x80\x02(.",
    "bad-stack": b"\x80\x02s.",
    "bad-memo": b"\x80\x02h\x05.",
    "bad-text-huge": b"\x80\x02X\xff\xff\xff\xff.",
    "bad-memo-huge": b"\x80\x02}r\xff\xff\xff\xff.",
    # Ten dictionaries, each ten times in the next.
    "bad-laughs": b"\x80\x02" + b"}q\0" + b"".join(
        b"}q" + bytes([i + 1]) + b"(" + b"".join(text(b"%d" % k) + b"h" + bytes([i]) for k in range(10)) + b"u"
        for i in range(7)) + b".",
}
for name, value in files.items():
    open(f"{sys.argv[1]}/{name}", "wb").write(value)
