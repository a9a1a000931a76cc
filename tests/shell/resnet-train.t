# resnet-train: training, its log, the best weights, exact resuming, weights from PyTorch, and what it must refuse.
export OMP_NUM_THREADS=1
. tests/tap.sh
patches=$BUILD/tests/make_patches
python=/usr/bin/python3
record=$TOP/tests/shell/record.py
ref=$TOP/tests/ref/resnet.py
$python -c 'import numpy' 2> /dev/null || skip_all "no numpy for $python"
cd "$T"
"$patches" 40 64 > all.sts
ts-select 'x<240' < all.sts > train.sts
ts-select 'x>=240' < all.sts > val.sts
"$patches" 0 64 > none.sts
net='--width 0.0625 --threads 1'
run="resnet-train --val val.sts $net --batch 4 --lr 3e-3 --every 32 --log-every 16 --schedule constant --keep best"
field() { sed -n "s/.*\"$1\": \"*\([^,\"}]*\).*/\1/p" "$2"; }
lines() { grep '^{"iteration' "$1" | sed 's/, "seconds".*//'; }

# ---- a run ----
$run --samples 160 --out a.ckpt --log a.jsonl < train.sts 2> err
is "$?/$(cat err)" 0/ "trains"
is "$(grep -c '"loss"' a.jsonl)/$(grep -c val_auc a.jsonl)" 10/5 "ten losses and five validations in the log"
$python - a.jsonl <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
loss = [r["loss"] for r in rows[1:] if "loss" in r]
auc = [r["val_auc"] for r in rows[1:] if "val_auc" in r]
assert rows[0]["start"] == "random" and rows[0]["bn"] == "update" and rows[0]["learning"] == rows[0]["parameters"]
assert rows[0]["validation"] == 16 and rows[0]["validation_malignant"] == 8
assert loss[-1] < 0.5 * loss[0], loss
last = [r for r in rows if "best_auc" in r][-1]
assert last["best_auc"] == max(auc) and max(auc) > 0.8, auc
PY
ok $? "the loss falls, the area rises, the best is the highest"
$python "$record" a.ckpt /dev/null '
assert len(t) == 320 and t["conv1.weight"].shape == (4, 3, 7, 7) and t["fc.weight"].shape == (2, 128)
assert m["kind"] == "resnet50" and m["bn"] == "update" and len(m["patients"].split()) == 24 and m["size"] == "64"
assert all(np.isfinite(v).all() for v in t.values())'
ok $? "the result has torchvision's 320 names and shapes"
is "$($python "$record" a.ckpt /dev/null 'print(m["samples"])' 2> /dev/null)" "$(field best_samples a.jsonl | tail -n 1)" \
    "it is of the best validation"
# Both score eight patches at a time, so that no two scores change places.
resnet-predict --model a.ckpt --threads 1 --batch 8 < val.sts > s.tsv
is "$(delong s.tsv | awk -F '\t' '$1 == "area" { printf "%.9g", $4 }')" "$(field best_auc a.jsonl | tail -n 1)" \
    "scoring the validation stream gives its area"
$run --samples 160 --out b.ckpt < train.sts
cmp -s a.ckpt b.ckpt && cmp -s a.ckpt.state b.ckpt.state
ok $? "same seed, same bytes"

# Every option about training changes the result.
few="resnet-train --val val.sts $net --batch 4 --lr 1e-3 --samples 8 --every 8"
$few --out c.ckpt < train.sts
for change in '--schedule constant' '--schedule one-cycle' '--weight-decay 0.1' '--average 0.5' '--keep best' \
    '--stem small' '--net small --width 0.5' '--lr 2e-3' '--beta1 0.5' '--beta2 0.9' '--epsilon 0.01' '--batch 2' '--bn batch' '--seed 2' '--samples 12' '--width 0.08'; do
    $few $change --out b.ckpt < train.sts && ! cmp -s b.ckpt c.ckpt
    ok $? "$change changes the result"
done
$few --out b.ckpt < train.sts && resnet-train $net --batch 4 --lr 1e-3 --samples 8 --out d.ckpt < train.sts 2> err
$python "$record" b.ckpt b.npy 'm.clear()' && $python "$record" d.ckpt d.npy 'm.clear()' && cmp -s b.npy d.npy
is "$?/$(cat err)" 0/ "without validation: the last weights are the same"

# ---- the running average: of the weights behind each of three updates, the first alone, then 2/12 and 3/13 of it ----
small="resnet-train --threads 1 --net small --width 0.5 --batch 4 --lr 1e-2 --schedule constant"
for n in 4 8 12; do $small --samples $n --out w$n.ckpt < train.sts; done
$small --samples 12 --average 0.5 --out average.ckpt < train.sts
$python - <<'PY'
import json, numpy as np, struct
def load(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    return {k: np.frombuffer(raw[8 + n:][slice(*v["data_offsets"])], "<f4").astype(float)
            for k, v in json.loads(raw[8:8 + n]).items() if k != "__metadata__" and not k.endswith("tracked")}
a, b, c, got = (load(p) for p in ("w4.ckpt", "w8.ckpt", "w12.ckpt", "average.ckpt"))
assert len(got) == 37 and any("running_var" in k for k in got)
for k in got:
    want = 3 / 13 * (2 / 12 * a[k] + 10 / 12 * b[k]) + 10 / 13 * c[k]
    # float32 rounds three times: 1e-7 of the size of a term each
    assert (abs(got[k] - want) <= 1e-6 * (abs(a[k]) + abs(b[k]) + abs(c[k])) + 1e-9).all(), k
assert any(abs(got[k] - c[k]).max() > 1e-3 for k in got)
PY
ok $? "the running average of weights and statistics is numpy's"
resnet-predict --model average.ckpt --threads 1 < val.sts > s.tsv && resnet-features --model average.ckpt --threads 1 < val.sts |
    ts-info | grep -q 'features F32\[32\] in 16'
is "$?/$(wc -l < s.tsv)" 0/17 "the small network scores patches, and gives their features"
$small --init average.ckpt --width 0 --samples 4 --out i.ckpt < train.sts
is $? 0 "and is taken over whole"

# ---- exact resuming ----
$run --samples 64 --out r.ckpt --log r.jsonl --save-every 48 < train.sts
$run --samples 160 --out r.ckpt --log r.jsonl --resume < train.sts
is "$?" 0 "resumes"
$python "$record" a.ckpt.state a.npy 'm.pop("history"); m.pop("crc32"); m.pop("metadata_hash")'
$python "$record" r.ckpt.state r.npy 'm.pop("history"); m.pop("crc32"); m.pop("metadata_hash")'
cmp -s a.npy r.npy && [ "$(lines a.jsonl)" = "$(lines r.jsonl)" ]
ok $? "a resumed run equals one that was not stopped, log and all"
cat train.sts | $run --samples 20 --out p.ckpt --save-every 8
cat train.sts | $run --samples 24 --out p.ckpt --resume
is "$?" 0 "a pipe is read up to where training was"
cat val.sts train.sts | $run --samples 24 --out p.ckpt --resume 2> err
is "$?/$(grep -c 'are not those of the training' err)" 1/1 "another pipe is refused"
blind="resnet-train --net small --width 0.25 --batch 4 --lr 1e-3 --schedule constant --out b.ckpt"
$blind --samples 8 < train.sts
$blind --samples 16 --every 8 --resume < train.sts
is "$?" 0 "without validation patches --every means nothing"
STDIN=train.sts fails 1 "other options are refused" $run --samples 200 --out r.ckpt --resume --lr 1
rm r.ckpt
STDIN=train.sts fails 1 "the best weights are missing" $run --samples 200 --out r.ckpt --resume

# ---- weights of PyTorch ----
if $python -c 'import torch' 2> /dev/null; then
    $python "$ref" --width 0.0625 --classes 1000 --save w.pth
    $python - <<'PY'
import json, struct, torch, zipfile
net = torch.load("w.pth")
def save(path, tensors):
    head, at, data = {"__metadata__": {"format": "pt"}}, 0, b""
    for name, v in sorted(tensors.items(), key=lambda kv: (-kv[1].element_size(), kv[0])):
        raw = v.contiguous().view(-1).numpy().tobytes()
        head[name] = {"dtype": {8: "I64", 4: "F32", 2: "F16"}[v.element_size()], "shape": list(v.shape),
                      "data_offsets": [at, at + len(raw)]}
        at, data = at + len(raw), data + raw
    head = json.dumps(head).encode()
    head += b" " * (-len(head) % 8)
    open(path, "wb").write(struct.pack("<Q", len(head)) + head + data)
save("w.safetensors", net)
save("half.safetensors", {k: v.half() if v.dtype == torch.float32 else v for k, v in net.items()})
torch.save({"epoch": 1, "state_dict": {"module." + k: v for k, v in net.items()}}, "nested.pth")
less = dict(net); less.pop("layer3.2.conv2.weight"); torch.save(less, "less.pth")
other = dict(net); other["layer3.2.conv2.weight"] = torch.zeros(3, 3); torch.save(other, "other.pth")
nan = dict(net); nan["bn1.bias"] = nan["bn1.bias"] * float("nan"); torch.save(nan, "nan.pth")
torch.save({"a": torch.zeros(3)}, "alien.pth")
torch.save(net, "old.pth", _use_new_zipfile_serialization=False)
def edit(to, change):
    with zipfile.ZipFile("w.pth") as a, zipfile.ZipFile(to, "w") as b:
        for i in a.infolist():
            data = change(i.filename, a.read(i))
            if data is not None:
                b.writestr(i.filename, data)
edit("evil.pth", lambda n, d: b"\x80\x02cos\nsystem\nX\x0b\x00\x00\x00touch owned\x85R." if n.endswith("data.pkl") else d)
edit("short.pth", lambda n, d: d[:-4] if n.endswith("data/3") else d)
edit("gone.pth", lambda n, d: None if n.endswith("data/3") else d)
edit("big.pth", lambda n, d: None if n.endswith("byteorder") else d)
with zipfile.ZipFile("big.pth", "a") as z:
    z.writestr(z.namelist()[0].split("/")[0] + "/byteorder", b"big")
open("cut.pth", "wb").write(open("w.pth", "rb").read()[:200000])
PY
    still="resnet-train --val val.sts --threads 1 --lr 0 --samples 1 --every 1"
    for file in w.pth w.safetensors nested.pth; do
        $still --init $file --out w.ckpt --log w.jsonl < train.sts 2> err
        is "$?/$(cat err)" "0/resnet-train: $file: the last layer (fc.weight is 1000x128) is new" "$file is taken over but for its head"
        is "$(field left_out w.jsonl)" "the last layer (fc.weight is 1000x128) is new" "the log says so"
        $python - <<'PY'
import json, numpy as np, struct, torch
net, raw = torch.load("w.pth"), open("w.ckpt", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
assert head["__metadata__"]["bn"] == "frozen"
assert set(net) == set(head) - {"__metadata__"} and len(net) == 320
for name, v in net.items():
    a, b = head[name]["data_offsets"]
    if not name.startswith("fc."):
        assert head[name]["shape"] == list(v.shape) and raw[8 + n + a:8 + n + b] == v.contiguous().numpy().tobytes(), name
PY
        ok $? "and comes out as it went in, every byte"
    done
    $still --init half.safetensors --out h.ckpt < train.sts 2> /dev/null
    $python - <<'PY'
import sys; sys.argv = ["x"]
import json, numpy as np, struct, torch
net, raw = torch.load("w.pth"), open("h.ckpt", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
for name, v in net.items():
    a, b = head[name]["data_offsets"]
    if not name.startswith("fc.") and v.dtype == torch.float32:
        assert raw[8 + n + a:8 + n + b] == v.half().float().contiguous().numpy().tobytes(), name
PY
    ok $? "half precision is read exactly"
    $still --init a.ckpt --out i.ckpt < train.sts 2> err
    is "$?/$(cat err)" 0/ "a checkpoint of our own is taken over whole"
    $python "$record" a.ckpt a.npy 'm.clear()' && $python "$record" i.ckpt i.npy 'm.clear()' && cmp -s a.npy i.npy
    ok $? "its weights are the same"
    for bn in frozen update batch; do
        for stage in none stem layer2 layer4; do
            resnet-train --val val.sts --threads 1 --lr 1e-3 --batch 4 --samples 8 --every 8 --init w.pth --bn $bn \
                --freeze $stage --out $bn.$stage.ckpt --log f.jsonl < train.sts 2> /dev/null
            echo "$bn $stage $? $(field learning f.jsonl)"
        done
    done > freeze
    is "$(awk '$3 == 0' freeze | wc -l | tr -d ' ')/$(awk '$2 == "layer4" { print $4 }' freeze | sort -u)" "12/258" \
        "every way of batch normalisation, with stages frozen; of layer4, two rows of the head learn"
    $python - <<'PY'
import json, struct
def load(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    return {k: raw[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]]
            for k, v in json.loads(raw[8:8 + n]).items() if k != "__metadata__"}
start = load("w.ckpt")
def moved(path):
    return {k for k, v in load(path).items() if v != start[k] and not k.startswith("fc.") and not k.endswith("tracked")}
stats = lambda names: {k for k in names if ".running_" in k}
assert not stats(moved("frozen.none.ckpt")) and len(moved("frozen.none.ckpt")) == 159
assert len(stats(moved("update.none.ckpt"))) == 106
assert all(k.startswith(("layer3", "layer4")) for k in moved("update.layer2.ckpt")) and stats(moved("update.layer2.ckpt"))
assert not moved("frozen.layer4.ckpt") and not moved("update.layer4.ckpt")
PY
    ok $? "frozen statistics stay, frozen stages stay, the others move"
    for file in less other nan alien old evil short gone big cut; do
        STDIN=train.sts fails 1 "$file.pth is refused" resnet-train --val val.sts --out x.ckpt --samples 1 --init $file.pth
        echo "# $(cat fails.err)"
        [ -e owned ] || [ -e x.ckpt ]
        is $? 1 "nothing was run or written"
    done
    STDIN=train.sts fails 1 "another width is refused" resnet-train --val val.sts --out x.ckpt --init w.pth --width 0.125
    $few --bn batch --out n.ckpt < train.sts
    STDIN=train.sts fails 1 "frozen statistics that were never kept are refused" resnet-train --val val.sts --out x.ckpt --init n.ckpt
    STDIN=train.sts fails 1 "weights that have seen the validation's patients are refused" resnet-train --val train.sts --out x.ckpt --init a.ckpt
else
    skip "no PyTorch for $python: weights from elsewhere" 37
fi

# ---- refusals ----
need='resnet-train --val val.sts --out x.ckpt --width 0.0625'
STDIN=none.sts fails 1 "an empty stream" $need
head -c 60000 train.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" $need --samples 1000
{ cat train.sts; echo x; } > more.sts
STDIN=more.sts fails 1 "bytes behind the trailer" $need --samples 1000
STDIN=train.sts fails 1 "a cut validation stream" resnet-train --val cut.sts --out x.ckpt
ts-select label=normal < val.sts > one.sts
STDIN=train.sts fails 1 "a validation stream of one class" resnet-train --val one.sts --out x.ckpt
"$patches" 8 32 > small.sts
STDIN=train.sts fails 1 "a validation stream of another size" resnet-train --val small.sts --out x.ckpt
STDIN=train.sts fails 1 "a patient in both streams" resnet-train --val train.sts --out x.ckpt --width 0.0625
grep -q 'patient P0 is in the validation stream too' fails.err
ok $? "who is named"
STDIN=small.sts fails 1 "one number for the statistics" resnet-train --val small.sts --out x.ckpt --width 0.0625
STDIN=train.sts fails 1 "no place for the result" resnet-train --val val.sts --out no/x.ckpt
STDIN=train.sts fails 1 "a log on a full disk" $need --log /dev/full
STDIN=train.sts fails 1 "no state to resume" $need --resume --state none.sts
fails 2 "the best weights without --val" resnet-train --out x.ckpt --keep best
STDIN=train.sts fails 1 "weights of another network" $need --init average.ckpt
STDIN=train.sts fails 1 "weights of another stem" resnet-train --out x.ckpt --init a.ckpt --stem small
fails 2 "frozen stages of a small network" resnet-train --out x.ckpt --net small --init average.ckpt --freeze layer1
fails 2 "a stem of the small network" resnet-train --out x.ckpt --net small --stem small
"$patches" 8 36 > odd.sts
STDIN=odd.sts fails 1 "patches that the small network cannot halve thrice" resnet-train --out x.ckpt --net small
fails 2 "no --out" resnet-train --val val.sts
fails 2 "frozen statistics of random weights" $need --bn frozen
fails 2 "frozen stages of random weights" $need --freeze layer2
fails 2 "a bad number" $need --samples x
fails 2 "a bad width" $need --width 5
fails 2 "validation from standard input" resnet-train --val - --out x.ckpt
is "$(ls x.ckpt x.ckpt.tmp x.ckpt.state.tmp 2> /dev/null)" "" "no result, nothing half written"
done_testing 96
