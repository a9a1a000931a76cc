#!/usr/bin/env python3
"""Streams that are right and streams that are wrong, written without mammopipe's own code.

    tests/ref/stream_corpus.py tests/fuzz/corpus/stream

ok-* must be read, bad-* refused.  tests/shell/stream-rejected.t and the fuzz target read
them.  Python 3.11 and its standard library; equal bytes on every run.
"""
import json
import os
import struct
import sys
import zlib


def record(header, data=b"", pad=64, length=None):
    text = header if isinstance(header, bytes) else \
        json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(8 + len(text)) % pad)
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def trailer(body, n, **change):
    meta = {"crc32": f"{zlib.crc32(body):08x}", "end": "1", "records": str(n)} | change
    return record({"__metadata__": meta})


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def whole(*records):
    body = b"".join(records)
    return body + trailer(body, len(records))


F = struct.pack("<4f", 0, 0.25, 0.5, 1)
PATCH = {"__metadata__": {"id": "1", "label": "malignant", "crc32": f"{zlib.crc32(F):08x}"},
         "image": tensor("F32", [2, 2], 0, 16)}
P = record(PATCH, F)
S = whole(P, P)
TYPES = [("F64", 8), ("I64", 8), ("U64", 8), ("F32", 4), ("I32", 4), ("U32", 4), ("F16", 2),
         ("BF16", 2), ("I16", 2), ("U16", 2), ("I8", 1), ("U8", 1), ("BOOL", 1)]
U1 = tensor("U8", [1], 0, 1)
T = trailer(P, 1)


def raw(text, data=b""):
    return whole(record(text.encode(), data))


def of(**tensors):
    return whole(record(tensors, b"x" * 64))


FILES = {
    # right
    "ok-two-records": S,
    "ok-no-records": trailer(b"", 0),
    "ok-segments": S + trailer(b"", 0) + whole(P),
    "ok-unpadded": whole(record(PATCH, F, pad=1)),
    "ok-no-tensors": whole(record({}), record({"__metadata__": {}})),
    "ok-other-order": whole(record({"b": tensor("U8", [3], 5, 8), "a": tensor("U8", [5], 0, 5)},
                                   b"12345678")),
    "ok-scalar": whole(record({"a": tensor("F64", [], 0, 8)}, b"\0" * 8)),
    "ok-empty-tensors": whole(record({"a": tensor("F64", [0], 0, 0), "b": tensor("U8", [1], 0, 1),
                                      "c": tensor("U8", [3, 0], 1, 1)}, b"1")),
    "ok-rank-8": whole(record({"a": tensor("U8", [1] * 8, 0, 1)}, b"1")),
    "ok-unicode": whole(record({"__metadata__": {"s\u00e9": "\U0001f600\n"}, "\u00e9": U1}, b"1")),
    "ok-escapes": raw('{"__metadata__":{"a":"\\ud83d\\ude00\\t\\"\\/"}}'),
    "ok-not-a-number": whole(record({"a": tensor("F32", [1], 0, 4)}, b"\xff\xff\xff\xff")),
    "ok-all-types": whole(record({t: tensor(t, [8 // n], 8 * i, 8 * i + 8)
                                  for i, (t, n) in enumerate(TYPES)}, b"\1" * 104)),
    "ok-end-with-tensor": whole(record({"__metadata__": {"end": "1"}, "a": U1}, b"1")),
    # the frame
    "bad-empty": b"",
    "bad-no-trailer": P + P,
    "bad-length-cut": S + b"\x10\0\0",
    "bad-header-cut": S[:50],
    "bad-data-cut": S[:len(P) - 3],
    "bad-trailer-cut": S[:-1],
    "bad-newline": S + b"\n",
    "bad-text": b"not a tensor stream, just some text\n" * 4,
    "bad-length-0": whole(struct.pack("<Q", 0)),
    "bad-length-huge": struct.pack("<Q", 2**64 - 1) + b"{}",
    "bad-length-over": struct.pack("<Q", 65537) + b"{}",
    "bad-data-over": whole(record({"a": tensor("U8", [2**26 + 1], 0, 2**26 + 1)})),
    "bad-data-claimed": record({"a": tensor("U8", [60000000], 0, 60000000)}, b"little"),
    "bad-records": P + trailer(P, 2),
    "bad-records-zeros": P + trailer(P, 1, records="01"),
    "bad-trailer-crc": P + trailer(P, 1, crc32="00000000"),
    "bad-trailer-upper": P + trailer(P, 1, crc32=f"{zlib.crc32(P):08X}"),
    "bad-trailer-more": P + trailer(P, 1, x="1"),
    "bad-trailer-end": P + trailer(P, 1, end="2"),
    "bad-trailer-spaces": P + T[:-1] + b"\n",
    "bad-trailer-length": P + struct.pack("<Q", 119) + T[8:-1],
    "bad-trailer-escape": P + record(b'{"__metadata__":{"crc32":"%08x","\\u0065nd":"1",'
                                     b'"records":"1"}}' % zlib.crc32(P)),
    "bad-trailer-line": P + trailer(P, 1, records="1\n2"),
    "bad-flipped-data": S[:len(P) - 1] + b"\x01" + S[len(P):],
    "bad-crc32": whole(record({"__metadata__": {"crc32": "00000000"}, "a": U1}, b"1")),
    "bad-crc32-text": whole(record({"__metadata__": {"crc32": "no\nsum"}, "a": U1}, b"1")),
    # the header
    "bad-not-json": raw("{x}"),
    "bad-array": raw("[]"),
    "bad-space-first": raw(" {}"),
    "bad-twice": raw("{}{}"),
    "bad-utf8": whole(record(b'{"__metadata__":{"a":"\xff"}}')),
    "bad-overlong": whole(record(b'{"__metadata__":{"a":"\xc0\x80"}}')),
    "bad-surrogate": raw('{"__metadata__":{"a":"\\ud800"}}'),
    "bad-nul": raw('{"__metadata__":{"a":"\\u0000"}}'),
    "bad-nesting": raw('{"a":' + "[" * 5000),
    "bad-duplicate-key": raw('{"__metadata__":{"a":"1","a":"2"}}'),
    "bad-duplicate-tensor": raw('{"a":%s,"a":%s}' % ((json.dumps(U1),) * 2), b"1"),
    "bad-metadata-number": whole(record({"__metadata__": {"a": 1}})),
    "bad-metadata-list": whole(record({"__metadata__": ["a"]})),
    "bad-key-control": whole(record({"__metadata__": {"a\nb": "1"}})),
    "bad-name-empty": of(**{"": tensor("U8", [64], 0, 64)}),
    "bad-name-control": of(**{"a\tb": tensor("U8", [64], 0, 64)}),
    "bad-member-missing": of(a={"dtype": "U8", "shape": [64]}),
    "bad-member-more": of(a=tensor("U8", [64], 0, 64) | {"x": 1}),
    "bad-dtype": of(a=tensor("F33", [16], 0, 64)),
    "bad-dtype-number": of(a=tensor(8, [64], 0, 64)),
    "bad-rank-9": of(a=tensor("U8", [1] * 8 + [64], 0, 64)),
    "bad-shape-negative": of(a=tensor("U8", [-64], 0, 64)),
    "bad-shape-bool": of(a=tensor("U8", [True, 64], 0, 64)),
    "bad-shape-real": of(a=tensor("U8", [64.0], 0, 64)),
    "bad-shape-text": of(a=tensor("U8", ["64"], 0, 64)),
    "bad-shape-number": of(a=tensor("U8", 64, 0, 64)),
    "bad-shape-overflow": of(a=tensor("F32", [2**32, 2**32, 0], 0, 0)),
    "bad-shape-large": of(a=tensor("U8", [2**63], 0, 64)),
    "bad-offsets-negative": of(a=tensor("U8", [64], -64, 0)),
    "bad-offsets-swapped": of(a=tensor("U8", [64], 64, 0)),
    "bad-offsets-short": of(a={"dtype": "U8", "shape": [64], "data_offsets": [0]}),
    "bad-size": of(a=tensor("F32", [64], 0, 64)),
    "bad-hole-first": of(a=tensor("U8", [60], 4, 64)),
    "bad-hole": of(a=tensor("U8", [4], 0, 4), b=tensor("U8", [56], 8, 64)),
    "bad-overlap": of(a=tensor("U8", [40], 0, 40), b=tensor("U8", [40], 24, 64)),
    "bad-same-place": of(a=tensor("U8", [64], 0, 64), b=tensor("U8", [64], 0, 64)),
}

if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in FILES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)
