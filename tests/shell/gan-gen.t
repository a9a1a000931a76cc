# gan-gen: synthetic patches from a generator, and checkpoints that it must refuse.
export OMP_NUM_THREADS=1
. tests/tap.sh
patches=$BUILD/tests/make_patches
python=/usr/bin/python3
record=$TOP/tests/shell/record.py
$python -c 'import numpy' 2> /dev/null || skip_all "no numpy for $python"
cd "$T"

"$patches" 20 32 > all.sts
ts-select label=malignant < all.sts > lesion.sts
ts-select label=normal < all.sts > normal.sts
train='gan-train --lesion lesion.sts --normal normal.sts --width 0.1 --batch 2 --threads 1 --lr 0.005'
$train --size 32 --half-iterations 10 --fade 5 --iterations 25 --ema 0.5 --out mass.ckpt
gen='gan-gen --threads 1 --model mass.ckpt'
records() { ts-info --json | grep -o '"records":[0-9]*' | head -1 | tr -dc 0-9; }
crcs() { grep -ao '"crc32": *"[0-9a-f]*"' "$1"; }

# ---- what it makes ----
$gen < normal.sts > a.sts 2> err
is "$?/$(cat err)/$(records < a.sts)" 0//10 "a patch for each patch"
$gen < normal.sts | cmp -s - a.sts
ok $? "same seed, same bytes"
$gen --seed 2 < normal.sts > b.sts
is "$(grep -aoh '"scalars": *"[^"]*"' a.sts b.sts | sort | uniq -d | wc -l | tr -d ' ')" 0 "another seed, other random numbers"
ts-head -n 4 < normal.sts | $gen > b.sts
is "$(crcs b.sts | head -4)" "$(crcs a.sts | head -4)" "four of ten are the first four"
$gen --variants 3 < normal.sts > v.sts
is "$(records < v.sts)" 30 "--variants 3 makes three of each"
is "$(grep -ao '"id": *"[0-9a-f]*"' v.sts | sort -u | wc -l | tr -d ' ')" 30 "with ids of their own"
is "$(ts-info --records a.sts | cut -f2- | sed 's/--variants [0-9]* //' | sed 1d)" \
    "$(ts-info --records v.sts | cut -f2- | sed 's/--variants [0-9]* //' | sed 1d | awk 'NR % 3 == 1')" \
    "the first of each is the one without --variants"

$python - "$TOP/examples" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from read_stream import read_stream
inputs = list(read_stream(open("normal.sts", "rb")))
made = list(read_stream(open("a.sts", "rb")))
variants = list(read_stream(open("v.sts", "rb")))
assert (len(inputs), len(made), len(variants)) == (10, 10, 30)
for i, (t, m) in enumerate(made + variants):
    was, meta = inputs[i] if i < 10 else inputs[(i - 10) // 3]
    assert np.array_equal(t["base"], was["image"])
    assert np.array_equal(t["image"], np.clip(t["base"] + t["lesion"], np.float32(0), np.float32(1)))
    assert t["lesion"].dtype == np.float32 and np.abs(t["lesion"]).max() <= 1 and t["lesion"].any()
    inner = t["lesion"].copy()
    inner[1:-1, 1:-1] = 0
    assert not inner.any()  # the border, 10 px of 256
    assert "mask" not in t and "bbox" not in m
    assert m["label"] == "malignant" and m["lesion"] == "mass" and m["synthetic"] == "1"
    assert m["parent"] == meta.get("id", "") and m["patient"] == meta["patient"] and m["x"] == meta["x"]
    assert m["history"].startswith(meta["history"] + "\ngan-gen ")
    assert len(m["model"]) == len(m["id"]) == 16
    scalars = [float(x) for x in m["scalars"].split(" ")]
    assert len(scalars) == 6 and all(-1 <= x < 1 for x in scalars)
assert len({m["scalars"] for t, m in variants}) == 30
assert len({m["model"] for t, m in made}) == 1
PY
ok $? "base, lesion, image, label, parent, model and scalars are right"
# Ids: from the input's id, the model, the seed and the variant.
$python "$record" mass.ckpt other.ckpt 't["lesion.bias"] += 0.01'
gan-gen --model other.ckpt --threads 1 < normal.sts > o.sts
model() { ts-info --json --records "$1" | sed 's/.*"model":"\([0-9a-f]*\)".*/\1/' | sort -u; }
is "$(model a.sts | wc -l | tr -d ' ')/$([ "$(model a.sts)" = "$(model o.sts)" ]; echo $?)" 1/1 "another model, another hash"

# A generator that writes the whole patch.
$train --size 32 --half-iterations 0 --fade 0 --iterations 3 --no-lesion-channel --out whole.ckpt
gan-gen --model whole.ckpt --threads 1 < normal.sts > w.sts
is "$?/$(records < w.sts)" 0/10 "without a lesion channel"
$python - "$TOP/examples" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from read_stream import read_stream
spread = []
for t, m in read_stream(open("w.sts", "rb")):
    base, lesion, image = (t[k].astype("f8") for k in ("base", "lesion", "image"))
    assert np.abs(image - base - lesion).max() < 1e-6 and lesion.any()
    assert image.min() >= 0 and image.max() <= 1
    inner = lesion.copy()
    inner[1:-1, 1:-1] = 0
    assert not inner.any()
    spread += [np.abs(image[1:-1, 1:-1] - 0.5).mean() < np.abs(base[1:-1, 1:-1] - 0.5).mean()]
assert len(spread) == 10 and all(spread)  # hardly trained, it writes mid-grey over whatever was there
PY
ok $? "the image is what it writes, the lesion what that changes, but for the border"

# One generator of two categories.
gan-train --lesion mass=lesion.sts --normal mass=normal.sts --lesion gone=lesion.sts --normal gone=normal.sts --removes gone \
    --width 0.1 --batch 2 --threads 1 --lr 0.005 --size 32 --half-iterations 10 --fade 6 --iterations 24 --out both.ckpt
for category in mass gone; do
    gan-gen --model both.ckpt --threads 1 --category $category < normal.sts > $category.sts
    is "$?/$(records < $category.sts)" 0/10 "--category $category"
    gan-gen --model both.ckpt.state --threads 1 --category $category < normal.sts > s.sts
    is "$?" 0 "of its state too"
done
$python - "$TOP/examples" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from read_stream import read_stream
mass, gone = (list(read_stream(open(c + ".sts", "rb"))) for c in ("mass", "gone"))
for (t, m), (u, n) in zip(mass, gone, strict=True):
    assert (m["label"], m["lesion"]) == ("malignant", "mass") and (n["label"], n["lesion"]) == ("normal", "")
    assert m["scalars"] == n["scalars"] and m["model"] == n["model"] and m["id"] != n["id"]
    assert np.array_equal(t["base"], u["base"]) and not np.array_equal(t["lesion"], u["lesion"])
    assert np.array_equal(t["image"], np.clip(t["base"] + t["lesion"], np.float32(0), np.float32(1)))
assert len({m["id"] for t, m in mass + gone}) == 20
PY
ok $? "labels are the category's, and so are lesions and ids"

# Removal, states, and a network that is half trained.
$train --size 32 --half-iterations 2 --fade 0 --iterations 1 --remove --out removal.ckpt
gan-gen --model removal.ckpt --threads 1 < lesion.sts > r.sts
is "$(ts-select label=normal synthetic=1 < r.sts | records)" 10 \
    "a remover makes normal patches"
gan-gen --model mass.ckpt.state --threads 1 < normal.sts > s.sts
is "$?" 0 "a state will do"
$python - "$TOP/examples" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from read_stream import read_stream
a, s = (list(read_stream(open(p, "rb"))) for p in ("a.sts", "s.sts"))
assert len(a) == 10
for (t, _), (u, _) in zip(a, s, strict=True):
    assert all(np.array_equal(t[k], u[k]) for k in ("base", "lesion", "image"))
PY
ok $? "and makes what its running average makes: the result's patches"
mkdir large
"$patches" 8 64 > large/all.sts
ts-select label=malignant < large/all.sts > large/lesion.sts
ts-select label=normal < large/all.sts > large/normal.sts
(
    cd large
    $train --size 64 --half-iterations 100000 --fade 0 --iterations 1 --log log --out ../half.ckpt 2> /dev/null &
    until [ "$(wc -l 2> /dev/null < log)0" -gt 40 ] || ! kill -0 $! 2> /dev/null; do sleep 0.05; done
    kill -TERM $!
    wait $!
)
gan-gen --model half.ckpt.state --threads 1 < normal.sts > h.sts
is "$?/$(ts-info h.sts | grep -c '^tensor *lesion *F32\[32,32\]')" 0/1 "the state of the half-size stage makes patches of half the size"

"$patches" 0 32 | $gen > b.sts
is "$?/$(records < b.sts)" 0/0 "no records in, none out"
cat normal.sts normal.sts | $gen > b.sts
is "$?/$(records < b.sts)" 0/20 "two streams one after the other"
$gen < normal.sts | $gen > b.sts
is "$?" 0 "its own output is good input"

# ---- streams that are refused ----
STDIN=/dev/null fails 1 "empty input" $gen
head -c 20000 normal.sts > bad.sts
STDIN=bad.sts fails 1 "a cut stream" $gen
(cat normal.sts; echo junk) > bad.sts
STDIN=bad.sts fails 1 "bytes behind the trailer" $gen
"$patches" 2 64 > bad.sts
STDIN=bad.sts fails 1 "patches of another size" $gen
is "$(cat fails.err)" "gan-gen: stdin: record 0: image is 64x64, not 32x32" "says both"
"$patches" 2 32 nan > bad.sts
STDIN=bad.sts fails 1 "a pixel that is not a number" $gen
"$patches" 2 32 137 > bad.sts
STDIN=bad.sts fails 1 "grey levels beyond 1" $gen
sed 's/"image"/"imago"/' normal.sts > bad.sts
STDIN=bad.sts fails 1 "records without image" $gen
$gen < normal.sts > /dev/full 2> err
is "$?/$(wc -l < err | tr -d ' ')" 1/1 "a full disk"
{ $gen --variants 500 < normal.sts 2> err; echo $? > status; } | head -c 0
is "$(cat status)/$(wc -c < err | tr -d ' ')" 1/0 "a closed pipe: exit 1 without a word"

# ---- checkpoints that are refused ----
STDIN=normal.sts
fails 1 "no such model" gan-gen --model nowhere.ckpt
for n in 0 5 100 3000 $(($(wc -c < mass.ckpt) - 1)); do
    head -c $n mass.ckpt > bad.ckpt
    fails 1 "a model cut to $n bytes" gan-gen --model bad.ckpt
done
for at in 1 300 9000 20000; do
    perl -0777 -pe 'substr($_, '$at', 1) ^= "\x04"' mass.ckpt > bad.ckpt
    fails 1 "a model with a bit flipped at $at" gan-gen --model bad.ckpt
done
(cat mass.ckpt; echo junk) > bad.ckpt
fails 1 "a model with bytes behind it" gan-gen --model bad.ckpt
fails 1 "a stream is no model" gan-gen --model normal.sts
printf '\377\377\377\377\377\377\377\177{' > bad.ckpt
fails 1 "a header of 2^63 bytes" gan-gen --model bad.ckpt
# Tests run on machines with any memory: the address space a good model takes and half a GiB must do for bad ones.
cat > cases <<'EOT'
a size of 2^40|m["size"] = str(2**40)
a size that is no power of two|m["size"] = "48"
a negative size|m["size"] = "-32"
a size with blanks|m["size"] = " 32"
another size|m["size"] = "64"
the largest size and width|m["size"] = "512"; m["width"] = "16"; m["mid"] = "65536"
no size|m.pop("size")
a negative width|m["width"] = "-1"
a width that is not a number|m["width"] = "nan"
an infinite width|m["width"] = "inf"
a huge width|m["width"] = "1e300"
another width|m["width"] = "0.2"
a width that is no text of a number|m["width"] = "0.1x"
a centre beyond all bounds|m["mid"] = str(2**63)
a large centre|m["mid"] = "65536"
a border as wide as the patch|m["border"] = "16"
a slope beyond 1|m["leak"] = "1.5"
a fade beyond 1|m["fade"] = "2"
no fade|m.pop("fade")
no attention|m["attention"] = "x"
attention where there is no map|m["attention"] = "12"
attention on too large a map|m["attention"] = "32"
no kind|m.pop("kind")
the kind of a classifier|m["kind"] = "classifier"
the kind of a state|m["kind"] = "gan-state"
a weight that is not a number|t["enc.0.weight"][0, 0, 0, 0] = np.nan
an infinite bias|t["lesion.bias"][0] = np.inf
weights that are all zero|t["enc.1.weight"][:] = 0
huge biases|t["enc.1.bias"][:] = 3e38
no singular vector|t.pop("enc.0.weight.u")
singular vectors of zero|t["enc.1.weight.u"][:] = 0
a whole patch where it says lesion|m["whole"] = "1"
neither with nor without a lesion channel|m["whole"] = "2"
a lesion channel of another word|m["whole"] = "yes"
a tensor missing|t.pop("code.bias")
all tensors missing|t.clear()
a tensor of another shape|t["enc.0.weight"] = t["enc.0.weight"].reshape(9, 1, 2, -1)
a tensor of another rank|t["code.bias"] = t["code.bias"].reshape(2, 2)
a tensor of another type|t["code.bias"] = t["code.bias"].astype("f8")
integer weights|t["code.bias"] = t["code.bias"].view("i4")
EOT
$python "$record" mass.ckpt /dev/null '
for i, line in enumerate(open("cases")):
    t, m = load("mass.ckpt")
    exec(line.split("|")[1])
    save("bad%d.ckpt" % (i + 1), t, m)'
room=$(
    ulimit -v 4000000
    gan-gen --model mass.ckpt --threads 1 < normal.sts > /dev/null 2>&1 && echo 4000000 || echo unlimited
)
limited() { (
    ulimit -v "$room"
    exec gan-gen --threads 1 --model "$@"
); }
# refused WHAT MODEL [OPTIONS]
refused() {
    limited "${@:2}" < normal.sts > out 2> err
    is "$?/$(wc -l < err | tr -d ' ')/$(grep -c '^gan-gen: ' err)/$(grep -ac '"end":"1"' out)" 1/1/1/0 "$1"
}
i=0
while IFS='|' read -r what code; do
    i=$((i + 1))
    refused "a model with $what" bad$i.ckpt
done < cases
is "$(sed 's/more than [0-9]*/more than N/' err | head -1)" "gan-gen: bad$i.ckpt: tensor code.bias has another type or shape than its network" \
    "the message names file and tensor"

# What is said of categories.
fails 1 "a conditional model without --category" gan-gen --model both.ckpt
is "$(cat fails.err)" "gan-gen: both.ckpt: is a conditional model: --category names one of mass, gone" "says which there are"
fails 1 "a category that it has not" gan-gen --model both.ckpt --category calcification
is "$(cat fails.err)" "gan-gen: both.ckpt: has no category 'calcification': --category names one of mass, gone" "likewise"
fails 1 "no name" gan-gen --model both.ckpt --category ''
fails 1 "--category where there are none" gan-gen --model mass.ckpt --category mass
is "$(cat fails.err)" "gan-gen: mass.ckpt: is no conditional model: it has no category 'mass'" "says that"
cat > cases <<'EOT'
more categories than its first layer reads|m["categories"] = "3"
fewer|m["categories"] = "1"
none|m["categories"] = "0"
no word of them|m.pop("categories")
too many|m["categories"] = "9"
2^60 categories|m["categories"] = str(2**60)
a number of categories that is none|m["categories"] = "two"
a category without a name|m.pop("category.1.name")
a name with a blank|m["category.1.name"] = "a b"
a name that is long|m["category.1.name"] = "x" * 5000
an empty name|m["category.0.name"] = ""
one name for both|m["category.1.name"] = "mass"
a category without a label|m.pop("category.1.label")
a label that is none|m["category.0.label"] = "benign"
a category without a kind of lesion|m.pop("category.1.lesion")
a first layer without a label|t["enc.0.weight"] = t["enc.0.weight"][:, :, :2].copy()
a half-size layer without a label|t["from_half.weight"] = t["from_half.weight"][:, :, :1].copy()
EOT
$python "$record" both.ckpt /dev/null '
for i, line in enumerate(open("cases")):
    t, m = load("both.ckpt")
    exec(line.split("|")[1])
    save("bad%d.ckpt" % (i + 1), t, m)'
i=0
while IFS='|' read -r what code; do
    i=$((i + 1))
    refused "a conditional model with $what" bad$i.ckpt --category mass
done < cases

# ---- wrong command lines ----
fails 2 "no model" gan-gen
fails 2 "unknown option" $gen --nonsense
fails 2 "an operand" $gen normal.sts
for bad in '--variants 0' '--variants x' '--variants -1' '--seed x' '--seed -1' '--threads 5000' '--model'; do
    fails 2 "$bad" $gen $bad
done

done_testing 121
