# resnet-features: what resnet-predict writes beside its scores; any size; any ResNet-50; what it must refuse.
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
resnet-train --val val.sts --width 0.0625 --threads 1 --batch 4 --lr 3e-3 --samples 64 --every 32 --out r50.ckpt \
    < train.sts || exit 1
features='resnet-features --threads 1 --model r50.ckpt'

$features < val.sts > f.sts 2> err
is "$?/$(cat err)" 0/ "features"
ts-info f.sts | grep -q 'features F32\[128\] in 16'
ok $? "a record for each patch"
resnet-predict --threads 1 --model r50.ckpt --features p.sts < val.sts > /dev/null
# values FILE: id, network, resize and numbers of each record, without its history.
values() {
    $python - "$TOP" "$1" <<'PY'
import sys
sys.path.append(sys.argv[1] + "/examples")
from read_stream import read_stream
for t, m in read_stream(open(sys.argv[2], "rb")):
    print(m["id"], m["label"], m["features_of"], m.get("resized"), list(t), t["features"].tolist())
PY
}
# close A B: the words of values() are equal, the numbers but for rounding.  Prints the largest difference, relative to
# the largest feature of its record.  float32 has 1.2e-7; a convolution's sums (up to 512 x 9 products) are added in
# another order for another batch, and 53 convolutions follow each other.  Seen: up to 2.6e-6 between batches of 1, 3,
# 8 and 16 on one processor, and 4.5e-6 between AVX-512, AVX2, SSE4.1 and OpenBLAS, over three trainings.  Ten times
# that are allowed; two patches are 0.3 apart.
close() {
    $python - "$TOP" "$1" "$2" <<'PY'
import sys
sys.path.append(sys.argv[1] + "/examples")
from read_stream import read_stream
words = ("id", "label", "features_of", "resized")
worst = 0
a, b = ([(t["features"].astype(float), [m.get(k) for k in words], list(t)) for t, m in read_stream(open(p, "rb"))]
        for p in sys.argv[2:])
for (x, *said), (y, *other) in zip(a, b, strict=True):
    assert said == other and x.shape == y.shape
    error = abs(x - y).max() / abs(x).max()
    assert error <= 5e-5, (said, error)
    worst = max(worst, error)
assert len(a) == 16
print("%.1g" % worst)
PY
}
# Both look at eight patches at a time.
is "$(values f.sts | cmp - <(values p.sts) 2>&1)" "" "those that resnet-predict writes"
values f.sts | awk '{ print $3 }' | sort -u | grep -qxE '[0-9a-f]{16}'
ok $? "each says which network saw it"
$features --batch 3 < val.sts > b.sts
close b.sts f.sts > apart
ok $? "the same in batches of 3, but for rounding: $(cat apart)"
is "$($features < train.sts | ts-info --records - | sed 1d | wc -l)" "$(ts-info --records train.sts | sed 1d | wc -l)" "training patients have features too"
$features < val.sts | cmp -s - f.sts
ok $? "same input, same bytes"
$features < none.sts | ts-info > /dev/null
ok $? "an empty stream gives an empty stream"

# Patches of other sizes are brought to the size of training, and say so.
"$patches" 30 32 | ts-select 'x>=240' > small.sts
is "$($features < small.sts > s.sts; values s.sts | cut -d ' ' -f 4-7 | sort -u)" "32 to 64, bilinear" \
    "smaller patches are resized, and say so"
is "$(values f.sts | cut -d ' ' -f 4 | sort -u)" None "others say nothing"
$features --size 96 < val.sts > l.sts
is "$(values l.sts | cut -d ' ' -f 4-7 | sort -u)" "64 to 96, bilinear" "any size that was asked for"

# Weights that say nothing of a size, as other programs write them.
$python "$record" r50.ckpt other.safetensors 'm.clear()'
resnet-features --threads 1 --model other.safetensors < val.sts > o.sts
is "$(values o.sts | cut -d ' ' -f 5- | cmp - <(values f.sts | cut -d ' ' -f 5-) 2>&1)" "" \
    "weights without metadata: patches as they come"
ts-cat small.sts val.sts > mixed.sts
STDIN=mixed.sts fails 1 "patches of two sizes then" resnet-features --threads 1 --model other.safetensors
resnet-features --threads 1 --model other.safetensors --size 64 < mixed.sts | ts-info > /dev/null
ok $? "which --size unites"

head -c 60000 val.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" $features
{ cat val.sts; echo x; } > more.sts
STDIN=more.sts fails 1 "bytes behind the trailer" $features
"$patches" 30 64 nan | ts-select 'x>=240' > nan.sts
STDIN=nan.sts fails 1 "not a number" $features
STDIN=f.sts fails 1 "features are no patches" $features
$features < val.sts > /dev/full 2> err
is "$?/$(grep -c '^resnet-features: ' err)" 1/1 "a full disk"
$features < val.sts 2> err | head -c 0
is "${PIPESTATUS[0]}/$(cat err)" 1/ "a closed pipe: exit 1, no message"
STDIN=val.sts fails 1 "a stream is no model" resnet-features --model val.sts
head -c 20000 r50.ckpt > cut.ckpt
STDIN=val.sts fails 1 "a cut model" resnet-features --model cut.ckpt
for change in 'm["bn"] = "other"' 'm["size"] = "0"' 't.pop("layer1.0.conv1.weight")' 't["bn1.weight"][0] = np.inf'; do
    $python "$record" r50.ckpt bad.ckpt "$change"
    STDIN=val.sts fails 1 "a model with $change" resnet-features --model bad.ckpt
done
fails 2 "no --model" resnet-features
fails 2 "a bad number" $features --batch 0
fails 2 "a size that is too small" $features --size 15
done_testing 29
