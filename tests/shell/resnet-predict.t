# resnet-predict: scores and features, in order, whatever the batch; and what it must refuse.
export OMP_NUM_THREADS=1
. tests/tap.sh
patches=$BUILD/tests/make_patches
python=/usr/bin/python3
record=$TOP/tests/shell/record.py
$python -c 'import numpy' 2> /dev/null || skip_all "no numpy for $python"
cd "$T"
"$patches" 40 64 > all.sts
ts-select 'x<240' < all.sts > train.sts
ts-select 'x>=240' < all.sts > val.sts
"$patches" 0 64 > none.sts
for bn in update batch; do
    resnet-train --val val.sts --width 0.0625 --threads 1 --batch 4 --lr 3e-3 --samples 64 --every 32 --bn $bn \
        --out $bn.ckpt < train.sts || exit 1
done
predict='resnet-predict --threads 1 --model update.ckpt'

$predict --features f.sts < val.sts > s.tsv 2> err
is "$?/$(cat err)" 0/ "scores"
is "$(head -n 1 s.tsv | tr '\t' ' ')" "id patient label lesion synthetic score" "columns"
is "$(cut -f 1-5 s.tsv | sed 1d | head -n 2 | tr '\t\n' ' /')" "0000000000000019 P24 malignant mass 0/000000000000001a P25 normal  0/" \
    "what the records say, in their order"
is "$(wc -l < s.tsv | tr -d ' ')" 17 "a line for each patch"
awk -F '\t' 'NR > 1 && !($6 > 0 && $6 < 1) { bad = 1 } END { exit bad }' s.tsv
ok $? "scores are probabilities"
ts-info f.sts | grep -q 'features F32\[128\] in 16'
ok $? "a record of features for each patch"
$python - <<'PY'
import json, numpy as np, struct
def records(path):
    raw, at = open(path, "rb").read(), 0
    while at < len(raw):
        n = struct.unpack("<Q", raw[at:at + 8])[0]
        head = json.loads(raw[at + 8:at + 8 + n])
        meta = head.pop("__metadata__")
        size = max([v["data_offsets"][1] for v in head.values()], default=0)
        yield {k: np.frombuffer(raw, "<f4", (v["data_offsets"][1] - v["data_offsets"][0]) // 4,
                                at + 8 + n + v["data_offsets"][0]).reshape(v["shape"])
               for k, v in head.items() if v["dtype"] == "F32"}, meta
        at += 8 + n + size
(net, _), = records("update.ckpt")
rows = [line.split("\t") for line in open("s.tsv").read().splitlines()[1:]]
want = [m for t, m in records("val.sts") if t]
for (t, m), row, w in zip([r for r in records("f.sts") if r[0]], rows, want, strict=True):
    assert list(t) == ["features"] and m["id"] == row[0] and m["label"] == row[2]
    assert m["history"].startswith("make_patches 1\nresnet-predict ") and m["patient"] == w["patient"] and m["x"] == w["x"]
    z = net["fc.weight"].astype(float) @ t["features"] + net["fc.bias"]
    assert abs(1 / (1 + np.exp(z[0] - z[1])) - float(row[5])) < 1e-5
PY
ok $? "the last layer of the features gives the score; metadata are carried over"

# same A B: equal but for rounding: within 1e-5.  float32 has 1.2e-7, and sums are added in another order for another
# batch: through 53 convolutions features differ by up to 5e-6 of the largest (resnet-features.t), scores, whose slope
# in the logits is at most 1/4, by up to 4e-7 as seen.
same() {
    paste "$1" "$2" | awk -F '\t' '$1 != $7 || (NR > 1 && ($6 - $12) ^ 2 > 1e-10) { bad = 1 } END { exit bad || NR != 17 }'
}
for batch in 1 3 16 100; do
    $predict --batch $batch < val.sts > b.tsv
    same s.tsv b.tsv
    ok $? "the same in batches of $batch"
done
resnet-predict --threads 1 --model batch.ckpt < val.sts > s.tsv
ts-shuffle --seed 3 < val.sts 2> /dev/null | resnet-predict --threads 1 --model batch.ckpt --batch 5 | sort > b.tsv
sort s.tsv > c.tsv
same c.tsv b.tsv
ok $? "without running statistics no score depends on other patches"
$predict < val.sts > a.tsv
$predict < val.sts | cmp -s - a.tsv
ok $? "same input, same bytes"
is "$($predict < none.sts | wc -l | tr -d ' ')" 1 "an empty stream: a line of names"


# Of a width that is no whole number of channels everywhere.
resnet-train --val val.sts --width 0.03 --threads 1 --batch 4 --samples 4 --every 4 --out odd.ckpt < train.sts
is "$(resnet-predict --threads 1 --model odd.ckpt < val.sts | wc -l | tr -d ' ')" 17 "a width of 0.03"
resnet-train --val val.sts --init odd.ckpt --threads 1 --samples 4 --every 4 --out odder.ckpt < train.sts
is "$?/$(ls odder.ckpt)" 0/odder.ckpt "is a start too"

STDIN=train.sts fails 1 "patients the model was trained on" $predict
grep -q 'record 0: the model was trained on patient P0 ' fails.err
ok $? "are named"
is "$($predict --allow-seen < train.sts | wc -l | tr -d ' ')" 25 "and scored if asked for"
head -c 60000 val.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" $predict --features x.sts
{ cat val.sts; echo x; } > more.sts
STDIN=more.sts fails 1 "bytes behind the trailer" $predict --features x.sts
is "$(ls x.sts x.sts.tmp 2> /dev/null)" "" "no features then"
"$patches" 30 32 | ts-select 'x>=240' > small.sts
STDIN=small.sts fails 1 "patches of another size" $predict
"$patches" 30 64 nan | ts-select 'x>=240' > nan.sts
STDIN=nan.sts fails 1 "not a number" $predict
$predict < val.sts > /dev/full 2> err
is "$?/$(grep -c '^resnet-predict: ' err)" 1/1 "a full disk"
STDIN=val.sts fails 1 "features on a full disk" $predict --features /dev/full
$predict < val.sts 2> err | head -c 0
is "${PIPESTATUS[0]}/$(cat err)" 1/ "a closed pipe: exit 1, no message"
STDIN=val.sts fails 1 "a state is no model" resnet-predict --model update.ckpt.state
STDIN=val.sts fails 1 "a stream is no model" resnet-predict --model val.sts
head -c 20000 update.ckpt > cut.ckpt
STDIN=val.sts fails 1 "a cut model" resnet-predict --model cut.ckpt
for change in 'm["bn"] = "other"' 'm["size"] = "0"' 'm.pop("size")' 't.pop("layer1.0.conv1.weight")' 't["bn1.weight"][0] = np.inf' \
    't["bn1.running_var"][0] = -1' 't["fc.weight"] = t["fc.weight"][:1]' 't["conv1.weight"] = np.zeros((1024, 3, 7, 7), "f4")'; do
    $python "$record" update.ckpt bad.ckpt "$change"
    STDIN=val.sts fails 1 "a model with $change" resnet-predict --model bad.ckpt
    echo "# $(cat fails.err)"
done
fails 2 "no --model" resnet-predict
fails 2 "a bad number" $predict --batch 0
done_testing 40
