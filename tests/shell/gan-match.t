# gan-train --feature-match: what it changes, exact resuming, and every classifier it must refuse.
export OMP_NUM_THREADS=1
. tests/tap.sh
patches=$BUILD/tests/make_patches
python=/usr/bin/python3
record=$TOP/tests/shell/record.py
inject=$BUILD/tests/inject.so
$python -c 'import numpy' 2> /dev/null || skip_all "no numpy for $python"
cd "$T"
"$patches" 8 32 > all.sts
ts-select label=malignant < all.sts > lesion.sts
ts-select label=normal < all.sts > normal.sts
classifier() { resnet-train --threads 1 --batch 4 --samples 16 --every 16 --lr 3e-3 --out "$@" < all.sts; }
classifier mine.ckpt --net small --width 0.1
$python "$record" mine.ckpt small.ckpt 'm["patients"] = "Q1\nQ2"'
classifier resnet.ckpt --width 0.03
run="gan-train --lesion lesion.sts --normal normal.sts --size 32 --width 0.05 --batch 2 --threads 1 --samples 1
     --half-iterations 1 --fade 1 --iterations 1 --save-every 1 --lr 0.002"

# ---- what it does ----
$run --out plain.ckpt --log plain.jsonl
$run --out a.ckpt --log a.jsonl --feature-match small.ckpt 2> err
is "$?/$(cat err)" 0/ "trains"
$python "$record" a.ckpt /dev/null '
u, n = load("plain.ckpt")
assert m["feature_match"].split()[0] == "small" and len(m["feature_match"].split()[1]) == 16 and m["feature_weight"] == "1"
assert set(m["patients"].split()) == set(n["patients"].split()) | {"Q1", "Q2"} and "Q1" not in n["patients"]
assert "--feature-match small.ckpt --feature-weight 1" in m["history"] and "feature_match" not in n
assert any((t[k] != u[k]).any() for k in t) and set(t) == set(u)'
ok $? "another generator, which says of whom: classifier, weight, its patients beside the generator's own"
$python - <<'PY'
import json, math
rows, plain = ([json.loads(line) for line in open(f)] for f in ("a.jsonl", "plain.jsonl"))
assert rows[0]["feature_match"].startswith("small ") and "feature_match" not in plain[0]
assert all("feature_loss" not in r for r in plain) and all(r["feature_loss"] > 0 for r in rows[1:])
assert abs(rows[1]["g_loss"] - rows[1]["feature_loss"] - math.log(3)) < 0.2
PY
ok $? "the log has feature_loss, which is part of g_loss"
$python "$record" a.ckpt.state /dev/null '
mean, v = t["match.mean"], t["match.variance"]
assert mean.shape == v.shape == (1, 2 + 3 + 5 + 6) and mean.dtype == "f8" and (v > 0).all() and mean.any()'
ok $? "the state has a running mean and variance of each channel behind the four stages"
$run --out b.ckpt --feature-match small.ckpt
cmp -s a.ckpt b.ckpt && cmp -s a.ckpt.state b.ckpt.state
ok $? "same seed, same bytes"
$run --out b.ckpt --feature-match small.ckpt --feature-weight 0.1
cmp -s a.ckpt b.ckpt
is $? 1 "--feature-weight changes the result"
$run --out b.ckpt --log b.jsonl --feature-match small.ckpt --feature-weight 0
$python "$record" b.ckpt /dev/null 'u = load("plain.ckpt")[0]; assert all((t[k] == u[k]).all() for k in t)' &&
    is "$(grep -c feature_loss b.jsonl)" 3 "a weight of 0 is logged, and trains what is trained without"
$run --out b.ckpt --feature-weight 5
$python "$record" b.ckpt b.npy 'm.pop("history")' && $python "$record" plain.ckpt c.npy 'm.pop("history")' && cmp -s b.npy c.npy
ok $? "--feature-weight says nothing of other trainings"
$run --out r.ckpt --remove --feature-match small.ckpt
$python "$record" r.ckpt.state /dev/null 'assert (t["match.mean"] != load("a.ckpt.state")[0]["match.mean"]).any()'
ok $? "--remove: normal patches are what is matched"
gan-train --lesion a=lesion.sts --normal a=normal.sts --lesion b=lesion.sts --normal b=normal.sts --removes b ${run#*normal.sts} \
    --out both.ckpt --feature-match small.ckpt
$python "$record" both.ckpt.state /dev/null 'mean = t["match.mean"]; assert len(mean) == 2 and (mean[0] != mean[1]).any()'
ok $? "categories are matched each on its own"
$run --out b.ckpt --feature-match resnet.ckpt
$python "$record" b.ckpt /dev/null 'assert m["feature_match"].startswith("resnet50 ")'
ok $? "ResNet-50 will do"

# ---- exact resuming ----
lines() { grep '^{"iteration' "$1" | sed 's/, "seconds".*//'; }
if [ -e "$inject" ] && [[ $BUILD != *-san ]]; then
    match() { $run --feature-match small.ckpt --out "$1.ckpt" --log "$1.jsonl" ${2:-}; }
    MP_FAIL=kill:1000000 MP_COUNT=count LD_PRELOAD=$inject match want 2> /dev/null
    total=$(sed 's/.*kill \([0-9]*\).*/\1/' count)
    bad=0
    for ((n = 1; n <= total; n++)); do
        rm -f got.*
        MP_FAIL=kill:$n LD_PRELOAD=$inject match got 2> /dev/null
        [ $? = 137 ] || bad=$((bad + 1))
        match got $([ -e got.ckpt.state ] && echo --resume)
        cmp -s a.ckpt got.ckpt && cmp -s a.ckpt.state got.ckpt.state && [ "$(lines a.jsonl)" = "$(lines got.jsonl)" ] || {
            bad=$((bad + 1))
            echo "# killed at $n of $total"
        }
    done
    is "$bad/$((total >= 10))" 0/1 "killed at each of $total places and resumed: result, state and log are the same"
else
    skip "no $inject"
fi
again="$run --out y.ckpt --state bad.state --resume"
cp a.ckpt.state bad.state
$python "$record" small.ckpt other.ckpt 't["fc.bias"] += 1'
while IFS='|' read -r options reason; do
    fails 1 "resumed with ${options:-nothing}" $again $options
    is "$(sed 's/small [0-9a-f]\{16\}/small HASH/g' fails.err)" "gan-train: bad.state: $reason" "says so"
done <<'EOT'
|was made with 'feature-match small HASH'
--feature-match other.ckpt|was made with 'feature-match small HASH', not with 'feature-match small HASH'
--feature-match small.ckpt --feature-weight 2|was made with 'feature-weight 1', not with 'feature-weight 2'
EOT
while IFS='|' read -r what code; do
    $python "$record" a.ckpt.state bad.state "$code"
    fails 1 "a state with $what" $again --feature-match small.ckpt
    is "$(grep -c 'bad.state: .*match\.' fails.err)" 1 "says so"
done <<'EOT'
no mean|t.pop("match.mean")
a mean of other features|t["match.mean"] = t["match.mean"][:, 1:]
a mean that is not finite|t["match.mean"][0, 3] = np.nan
a negative variance|t["match.variance"][0, 3] = -1
EOT

# ---- what is refused ----
"$patches" 8 64 > large.sts
resnet-train --threads 1 --batch 4 --samples 4 --every 4 --net small --width 0.1 --out large.ckpt < large.sts
classifier batch.ckpt --net small --width 0.1 --bn batch
head -c 4000 small.ckpt > cut.ckpt
perl -0777 -pe 'substr($_, length($_) - 40, 1) ^= "\x04"' mine.ckpt > flipped.ckpt
$python "$record" small.ckpt nobody.ckpt 'm.pop("patients")'
$python "$record" small.ckpt nan.ckpt 't["conv3.weight"].flat[0] = np.nan'
$python "$record" small.ckpt wide.ckpt 'm["width"] = "0.2"'
$python "$record" resnet.ckpt foreign.ckpt 'm.clear()'
$python "$record" resnet.ckpt stem.ckpt 't["conv1.weight"] = t["conv1.weight"][:, :, 1:6, 1:6]'
while IFS='|' read -r file reason; do
    fails 1 "$file" $run --out x.ckpt --feature-match "$file"
    is "$(grep -c "^gan-train: $file: $reason" fails.err)" 1 "$reason"
done <<'EOT'
missing.ckpt|No such file
cut.ckpt|
flipped.ckpt|
lesion.sts|
plain.ckpt|is no classifier of resnet-train (its metadata says kind 'generator')
both.ckpt|is no classifier of resnet-train (its metadata says kind 'generator')
both.ckpt.state|is no classifier of resnet-train (its metadata says kind 'gan-state')
mine.ckpt.state|is no classifier of resnet-train
foreign.ckpt|is no classifier of resnet-train (its metadata says kind '')
large.ckpt|was trained on patches of 64 pixels, not of 32
batch.ckpt|has no running statistics (its metadata says bn 'batch')
nobody.ckpt|names no patients it was trained on
nan.ckpt|tensor conv3.weight: number 0 is not finite
wide.ckpt|
stem.ckpt|tensor conv1.weight is 2x3x5x5, not 2x3x7x7
EOT
[ ! -e x.ckpt ] && [ ! -e x.ckpt.state ]
ok $? "nothing is written"
for bad in '--feature-weight -1' '--feature-weight 1e7' '--feature-weight nan' --feature-match; do
    fails 2 "$bad" $run --out x.ckpt $bad
done
fails 2 "a classifier that is to be written over" $run --out small.ckpt --feature-match small.ckpt
cp small.ckpt x.ckpt.state
fails 2 "by the state" $run --out x.ckpt --feature-match x.ckpt.state
done_testing 63
