# Files of weights made to do harm: archives that unpack to more than they are, members that lie about their
# sizes, pickles that call functions, tensors that overlap, repeat or overflow, headers that promise what is not
# there, and a small file cut at every byte.  Each is refused in one line, in little memory, and runs nothing.
. tests/tap.sh
python=/usr/bin/python3
$python -c '' 2> /dev/null || skip_all "no $python"
cd "$T"
mkdir bad lie cut
cat > make.py <<'PY'
import json, os, pickle, struct, zipfile

MARK = b"layer4.2.bn3.weight"
text = lambda s: b"X" + struct.pack("<I", len(s)) + s
number = lambda n: b"\x8a\x08" + struct.pack("<q", n)
numbers = lambda v: b"(" + b"".join(number(n) for n in v) + b"t"


def tensor(shape, stride, offset=0, key=b"0", n=6, kind=b"FloatStorage"):
    storage = b"(" + text(b"storage") + b"ctorch\n" + kind + b"\n" + text(key) + text(b"cpu") + number(n) + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbers(shape) + numbers(stride) + \
        b"\x89ccollections\nOrderedDict\n)RtR"


def state(items):
    return b"\x80\x02}" + b"".join(text(k) + v + b"s" for k, v in items) + b"."


def pth(name, pickled, data, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(name, "w", how) as z:
        z.writestr("a/data.pkl", pickled)
        for key, v in data.items():
            z.writestr("a/data/" + key, v)


class Call:
    def __init__(self, f, *args):
        self.what = f, args

    def __reduce__(self):
        return self.what


one, six = state([(MARK, tensor([6], [1]))]), {"0": bytes(range(24))}
pth("good.pth", one, six)
raw = open("good.pth", "rb").read()

# Archives.
with zipfile.ZipFile("bad/bomb.pth", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a/data.pkl", one)
    with z.open("a/data/0", "w") as f:
        for _ in range(1000):
            f.write(bytes(1 << 20))
pth("bad/bombs.pth", one, {str(i): bytes(1 << 20) for i in range(500)}, zipfile.ZIP_DEFLATED)
pth("bad/no-data.pth", one, {})
pth("bad/short.pth", one, {"0": bytes(20)})
pth("bad/long.pth", one, {"0": bytes(28)})
for name, sizes in {"0": 0, "3": 3, "huge": 0xFFFFFFF0}.items():
    for where in "local", "central", "both":
        b = bytearray(raw)
        for sign, at in (b"PK\3\4", 18), (b"PK\1\2", 20):
            if where == "both" or (where == "local") == (sign == b"PK\3\4"):
                k = b.find(sign)
                while k >= 0:
                    struct.pack_into("<II", b, k + at, sizes, sizes)
                    k = b.find(sign, k + 4)
        open(f"{'bad' if where == 'both' else 'lie'}/size-{name}-{where}.pth", "wb").write(b)
b = bytearray(raw)
k = b.find(b"PK\1\2")
while k >= 0:
    struct.pack_into("<I", b, k + 42, 0)
    k = b.find(b"PK\1\2", k + 4)
open("bad/offsets.pth", "wb").write(b)
open("bad/magic.pth", "wb").write(b"PK\3\4")

# Pickles.
for protocol in range(6):
    pth(f"bad/call-{protocol}.pth", pickle.dumps(Call(os.system, "touch owned"), protocol), six)
    pth(f"bad/call-inside-{protocol}.pth", pickle.dumps({MARK.decode(): Call(os.system, "touch owned")}, protocol), six)
pth("bad/call-inst.pth", b"\x80\x02(S'touch owned'\nios\nsystem\n.", six)
pth("bad/call-obj.pth", b"\x80\x02(cos\nsystem\nS'touch owned'\no.", six)
pth("bad/call-newobj.pth", b"\x80\x02cbuiltins\neval\n(" + text(b"1") + b"t\x81.", six)
open("bad/call-bare.pth", "wb").write(pickle.dumps(Call(os.system, "touch owned"), 2))
pth("bad/marks.pth", b"\x80\x02" + b"(" * 4000000, {})
pth("bad/lists.pth", b"\x80\x02" + b"]" * 4000000, {})
pth("bad/large.pth", b"\x80\x02" + b"N" * 5000000, {})
pth("bad/self.pth", b"\x80\x02}q\0(" + b"".join(text(b"k%d" % i) + b"h\0" for i in range(100)) + b"u.", {})
pth("bad/names.pth", b"\x80\x02}" + text(b"m") + tensor([0], [1]) + b"q\0s" +
    b"".join(text(b"t%d" % i) + b"h\0s" for i in range(60000)) + b".", six)

# Tensors.
pth("bad/repeat.pth", state([(MARK, tensor([500000000], [0], n=1))]), {"0": bytes(4)})
pth("bad/repeats.pth", state([(b"t%d" % i, tensor([1000000], [0], n=1)) for i in range(60)]), {"0": bytes(4)})
pth("bad/stride-negative.pth", state([(MARK, tensor([6], [-1], 5))]), six)
pth("bad/shape-negative.pth", state([(MARK, tensor([-6], [1]))]), six)
pth("bad/shape-huge.pth", state([(MARK, tensor([1 << 62, 1 << 62], [1, 1]))]), six)
pth("bad/storage-huge.pth", state([(MARK, tensor([6], [1], n=1 << 62))]), six)
pth("bad/offset.pth", state([(MARK, tensor([6], [1], 1))]), six)
pth("bad/kind.pth", state([(MARK, tensor([6], [1], kind=b"DoubleStorage"))]), six)


def safetensors(name, head, data=b""):
    head = head if isinstance(head, bytes) else json.dumps(head).encode()
    open(name, "wb").write(struct.pack("<Q", len(head)) + head + data)


def entry(shape, start, end, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


m = MARK.decode()
safetensors("good.safetensors", {m: entry([6], 0, 24)}, bytes(range(24)))
safetensors("bad/huge.safetensors", {m: entry([1 << 40], 0, 1 << 42)})
safetensors("bad/cut.safetensors", {m: entry([1 << 28], 0, 1 << 30)})
safetensors("bad/overlap.safetensors", {m: entry([6], 0, 24), "conv1.weight": entry([6], 0, 24)}, bytes(24))
safetensors("bad/hole.safetensors", {m: entry([6], 8, 32)}, bytes(32))
safetensors("bad/negative.safetensors", {m: entry([-6], 0, 24)}, bytes(24))
safetensors("bad/kind.safetensors", {m: entry([6], 0, 6, "F8")}, bytes(6))
safetensors("bad/deep.safetensors", b'{"a":' * 200000)
open("bad/head.safetensors", "wb").write(struct.pack("<Q", 1 << 62) + b"{}")
open("bad/empty", "wb").close()

# What loads, and must not cost what it promises: 1024 channels.
pth("wide.pth", state([(MARK, tensor([6], [1])), (b"conv1.weight", tensor([1024, 3, 7, 0], [0, 0, 0, 0]))]), six)
safetensors("wide.safetensors", {m: entry([0], 0, 0), "conv1.weight": entry([1024, 0, 7, 7], 0, 0)})

for good in "good.pth", "good.safetensors":
    b = open(good, "rb").read()
    # The directory behind the members of an archive says nothing that they do not.
    for i in range(b.find(b"PK\1\2") if b[:2] == b"PK" else len(b)):
        open("cut/%s.%d" % (good, i), "wb").write(b[:i])
PY
$python make.py
ok $? "files are made"
load=$BUILD/tests/load_weights
is "$("$load" good.pth good.safetensors | grep -c '^ok 1 276 ')" 2 "the good ones load"
"$load" bad/* > out
is "$?" 0 "the bad ones end"
is "$(grep -vc '^refused \|^memory' out)/$(grep -c '^refused ' out)" "0/$(ls bad | wc -l)" "all $(ls bad | wc -l) are refused, in a line each"
grep -v '^refused' out | sed 's/^/# /'
# A size stands in two places of an archive.  One alone may be passed over: the checksum vouches for the bytes.
"$load" lie/* > lies
is "$?/$(grep -vc '^refused \|^ok 1 276 \|^memory' lies)" 0/0 "sizes that differ: refused, or every byte as it was"
"$load" cut/* > cuts
is "$?/$(grep -vc '^refused \|^memory' cuts)/$(grep -c '^refused ' cuts)" "0/0/$(ls cut | wc -l)" \
    "cut at every byte: $(ls cut | wc -l) are refused"
case $BUILD in
*san*) skip "memory: a sanitizer needs its own" ;;
*) ok "$(awk '/^memory/ { exit !($2 < 200) }' out; echo $?)" "in $(awk '/^memory/ { print $2 }' out) MiB" ;;
esac

# The program.
"$BUILD/tests/make_patches" 40 64 > all.sts
ts-select 'x<240' < all.sts > train.sts
ts-select 'x>=240' < all.sts > val.sts
for file in bad/bombs.pth bad/call-2.pth bad/names.pth bad/repeat.pth wide.pth wide.safetensors; do
    STDIN=train.sts fails 1 "resnet-train --init $file" resnet-train --init $file --val val.sts --samples 1 --out x.ckpt
    echo "# $(cat fails.err)"
done
is "$(ls owned x.ckpt* 2> /dev/null)" "" "nothing was run or written"
done_testing 14
