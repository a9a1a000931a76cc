# gan-train: training, its log and sheets, exact resuming, and everything it must refuse.
export OMP_NUM_THREADS=1
. tests/tap.sh
patches=$BUILD/tests/make_patches
python=/usr/bin/python3
record=$TOP/tests/shell/record.py
$python -c 'import numpy' 2> /dev/null || skip_all "no numpy for $python"
cd "$T"

# Malignant masses (bright lumps) and normal patches (dark ones), of ten patients each.
"$patches" 20 32 > all.sts
ts-select label=malignant < all.sts > lesion.sts
ts-select label=normal < all.sts > normal.sts
"$patches" 8 32 | ts-select label=malignant > benign.sts
"$patches" 0 32 > none.sts
size='--size 32 --width 0.05 --batch 2 --threads 1 --samples 2'
stages='--half-iterations 16 --fade 8 --iterations 16'
streams='--lesion lesion.sts --benign benign.sts --normal normal.sts'

# The lines of iterations, without what the clock says.
lines() { grep '^{"iteration' "$1" | sed 's/, "seconds".*//'; }
field() { sed -n "s/.*\"$1\": \"*\([^,\"}]*\).*/\1/p" "$2"; }

# ---- a run ----
mkdir sheets
gan-train $streams $size $stages --lr 0.002 --out a.ckpt --log a.jsonl --sheets sheets --sheet-every 10 2> err
is "$?/$(cat err)" 0/ "trains"
is "$(lines a.jsonl | wc -l | tr -d ' ')/$(field iteration a.jsonl | sort -n | uniq | wc -l | tr -d ' ')" 40/40 \
    "a line of the log for each iteration"
is "$(field side a.jsonl | uniq -c | tr -s ' \n' ' ')" " 16 16 24 32 " "16 iterations at half size, 24 at full size"
is "$(field fade a.jsonl | sort -un | tr '\n' ' ')" "0 0.125 0.25 0.375 0.5 0.625 0.75 0.875 1 " "the fade goes from 0 to 1"
is "$(sed -n 's/^{"run".*"loss": "\([^"]*\)".*/\1/p' a.jsonl)" four-way "the loss has four ways, and the log says so"
$python - a.jsonl <<'PY'
import json, math, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
run, rows = rows[0], rows[1:]
assert {"run", "engine", "threads", "generator_parameters", "discriminator_parameters", "loss", "resumed_at"} == set(run)
names = ("iteration side fade d_loss d_real d_fake d_benign d_input penalty slope d_gradient g_loss g_gradient lesion "
         "odds_real odds_fake seconds").split()
for row in rows:
    assert list(row) == names
    assert all(isinstance(v, (int, float)) and math.isfinite(v) for v in row.values())
    want = row["d_real"] + row["d_fake"] + 0.1 * (row["d_benign"] + row["d_input"]) + 10 * row["penalty"]
    assert abs(row["d_loss"] - want) < 1e-4 * want
    assert row["lesion"] > 0 and row["d_gradient"] > 0 and row["g_gradient"] > 0
assert abs(rows[0]["g_loss"] - math.log(4)) < 0.2 and abs(rows[0]["d_real"] - math.log(4)) < 0.2
PY
ok $? "it is JSON, every number is finite, the losses add up, they begin at ln 4"
$python - a.jsonl <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])][1:]
for name in "d_loss d_real d_fake d_benign d_input g_loss slope lesion odds_real odds_fake".split():
    curve = [row[name] for row in rows]
    assert max(curve) - min(curve) > 0.02 * abs(sum(curve) / len(curve)), name
    assert len(set(curve)) > 30, name
PY
ok $? "no curve is flat"
is "$(cd sheets && echo *)" "iteration-000010.png iteration-000020.png iteration-000030.png iteration-000040.png" \
    "four sheets"
$python - sheets/*.png <<'PY'
import struct, sys, zlib
for name in sys.argv[1:]:
    data, at, kinds, pixels = open(name, "rb").read(), 8, [], b""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0]
        kinds.append(kind)
        pixels += body if kind == b"IDAT" else b""
        at += 12 + n
    width, height = struct.unpack(">II", data[16:24])
    assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND" and width > 300 and height > 200
    assert len(set(zlib.decompress(pixels))) > 20
PY
ok $? "they are PNG files with something on them"
ts-info --single a.ckpt > info
ok $? "the result is a record"
$python "$record" a.ckpt /dev/null '
assert m["kind"] == "generator" and m["label"] == "malignant" and m["lesion"] == "mass"
assert m["patients"].split() == sorted("P%d" % i for i in range(20)) and m["iteration"] == "40"
assert m["history"].startswith("gan-train ") and "--lesion lesion.sts" in m["history"]
assert all(np.isfinite(x).all() for x in t.values()) and any(x.any() for k, x in t.items() if "bias" in k)'
ok $? "with label, kind of lesion, patients and history"
gan-train $streams $size $stages --lr 0.002 --out b.ckpt --log b.jsonl
cmp -s a.ckpt b.ckpt && cmp -s a.ckpt.state b.ckpt.state
ok $? "same seed, same bytes, with and without sheets"
gan-train $streams $size $stages --lr 0.002 --out b.ckpt --seed 2
cmp -s a.ckpt b.ckpt
is "$?" 1 "another seed, other bytes"

# Every option about training changes the result.
few="gan-train $streams $size --half-iterations 3 --fade 2 --iterations 3 --lr 0.002"
$few --out c.ckpt
for change in '--g-steps 1' '--batch 3' '--aux-weight 0.5' '--gp-lambda 1' '--gp-lambda 0' '--gp-k 0.5' '--gp-sigma 0.1' '--gp-every 2' \
    '--lr 0.001' '--d-lr 0.001' '--beta1 0.5' '--beta2 0.99' '--epsilon 0.01' '--leak 0.1' '--mid 0' '--border 4' \
    '--attention 0' '--attention 8' '--attention 16' '--sn none' '--sn d' --anti-alias --no-lesion-channel --two-way '--ema 0.9' '--augment fixed' '--augment ada --ada-images 20' '--d-width 0.1' '--fade 1' '--half-iterations 2' '--iterations 2'; do
    $few $change --out b.ckpt && ! cmp -s b.ckpt c.ckpt
    ok $? "$change changes the result"
done
gan-train $streams $size $stages --lr 0.002 --out b.ckpt --log b.jsonl --log-every 7 --save-every 3
is "$(cmp -s a.ckpt b.ckpt; echo $?)/$(lines b.jsonl | wc -l | tr -d ' ')" 0/5 "--log-every and --save-every do not"

# ---- classes and roles ----
gan-train --lesion lesion.sts --benign none.sts --normal normal.sts $size --half-iterations 3 --fade 0 --iterations 2 \
    --out b.ckpt --log b.jsonl
is "$?/$(sed -n 's/^{"run".*"loss": "\([^"]*\)".*/\1/p' b.jsonl)" "0/three-way: the benign stream is empty" \
    "a benign stream without records: the loss has three ways, and the log says so"
is "$(grep -c d_benign b.jsonl)" 0 "there is no benign loss then"
$python -c '
import json, math
row = json.loads(open("b.jsonl").readlines()[1])
assert abs(row["d_real"] - math.log(3)) < 0.2 and abs(row["g_loss"] - math.log(3)) < 0.2'
ok $? "losses begin at ln 3"
gan-train --lesion lesion.sts --normal normal.sts $size --half-iterations 3 --fade 0 --iterations 2 --out c.ckpt
$python "$record" b.ckpt b.npy 'm.pop("history")' && $python "$record" c.ckpt c.npy 'm.pop("history")' && cmp -s b.npy c.npy
ok $? "without --benign the same"
gan-train $streams $size --half-iterations 3 --fade 0 --iterations 2 --two-way --out b.ckpt --log b.jsonl
is "$?/$(sed -n 's/^{"run".*"loss": "\([^"]*\)".*/\1/p' b.jsonl)" "0/two-way: real against fake alone" \
    "--two-way: the log says so"
is "$(grep -cE 'd_benign|d_input' b.jsonl)" 0 "there is neither a benign nor a normal loss then"
$python -c '
import json, math
rows = [json.loads(line) for line in open("b.jsonl").readlines()[1:]]
assert abs(rows[0]["d_real"] - math.log(2)) < 0.2 and abs(rows[0]["g_loss"] - math.log(2)) < 0.2
for row in rows:
    assert abs(row["d_loss"] - row["d_real"] - row["d_fake"] - 10 * row["penalty"]) < 1e-4 * row["d_loss"]'
ok $? "losses begin at ln 2 and are those of two classes"
$python "$record" b.ckpt.state /dev/null '
assert t["d.logits.weight"].shape[3] == 2 and "feed.benign" not in m
assert int(m["feed.input"].split()[0]) == 2 + 5 * 2 * (1 + 2)  # samples; what lesions are grown on
'
ok $? "the discriminator has two outputs, and sees no normal patches"
gan-train $streams $size --half-iterations 3 --fade 0 --iterations 2 --sn d --out b.ckpt
$python "$record" b.ckpt.state /dev/null '
assert m["spectral"] == "0"
vectors = {k for k in t if k.endswith(".weight.u")}
assert vectors == {k + ".u" for k in t if k.startswith("d.") and k.endswith(".weight")}, vectors'
ok $? "--sn d: spectral normalisation of the discriminator alone"
gan-train $streams $size --half-iterations 3 --fade 2 --iterations 3 --lr 0.01 --anti-alias --out b.ckpt
$python "$record" b.ckpt c.ckpt 'assert m.pop("anti_alias") == "1"'
gan-gen --model b.ckpt < normal.sts > b.sts && gan-gen --model c.ckpt < normal.sts > c.sts
$python "$record" b.sts /dev/null 'assert np.abs(t["lesion"] - load("c.sts")[0]["lesion"]).max() > 1e-3'
ok $? "--anti-alias: the generator says so, and gan-gen smooths"
gan-train $streams $size --half-iterations 2 --fade 0 --iterations 2 --lr 0.002 --attention 4 --out b.ckpt
gan-train $streams $size --half-iterations 2 --fade 0 --iterations 2 --lr 0.002 --out c.ckpt
cmp -s b.ckpt c.ckpt
ok $? "--attention 4 is the default at 32 px"
gan-train $streams $size --half-iterations 2 --fade 0 --iterations 2 --lr 0.002 --attention 16 --out b.ckpt
$python "$record" b.ckpt /dev/null '
u, n = load("c.ckpt")
assert n["attention"] == "1" and "dec_attn.gamma" not in u and m["attention"] == "16"
assert t["enc_attn.theta.weight"].shape[2] == t["enc.0.weight"].shape[3]
assert t["dec_attn.theta.weight"].shape[2] == t["dec.1.a.weight"].shape[3]'
ok $? "--attention 16 stands behind the first block of the encoder and the second of the decoder"
gan-gen --model b.ckpt < normal.sts > b.sts
ok $? "and gan-gen takes it"
# A learning rate at which the discriminator soon knows the few patches.
gan-train $streams $size --half-iterations 0 --fade 0 --iterations 60 --lr 0.005 --augment ada --ada-images 100 --out b.ckpt --log b.jsonl
$python - <<'PY'
import json
p = [json.loads(line)["augment_p"] for line in open("b.jsonl").readlines()[1:]]
steps = [b - a for a, b in zip([0] + p, p)]
assert all(s == 0 for i, s in enumerate(steps, 1) if i % 4)
assert all(min(abs(s - want) for want in (0, 0.08, -0.08)) < 1e-9 for s in steps) and max(p) <= 0.8
assert any(s > 0 for s in steps) and any(s < 0 for s in steps), p
PY
ok $? "--augment ada: every fourth iteration the probability moves by 8 patches of 100, up and down, up to 0.8"
for flag in '' '--augment none --ada-images 5'; do $few $flag --out b.ckpt; $python "$record" b.ckpt b.npy 'm.pop("history")'; cp b.npy "n${#flag}"; done
cmp -s n0 n29
ok $? "--ada-images says nothing of other trainings"
# The penalty now and then.  Categories count their own updates, so that none goes without.
two='--lesion a=lesion.sts --normal a=normal.sts --lesion b=benign.sts --normal b=normal.sts'
while IFS=: read -r every which these; do
    gan-train $these $size --half-iterations 4 --fade 0 --iterations 8 --gp-every $every --out b.ckpt --log b.jsonl
    $python - $every > got <<'PY'
import json, sys
every = int(sys.argv[1])
for line in open("b.jsonl").readlines()[1:]:
    row = json.loads(line)
    assert ("penalty" in row) == ("slope" in row)
    want = row["d_real"] + row["d_fake"] + 0.1 * (row.get("d_benign", 0) + row["d_input"]) + 10 * every * row.get("penalty", 0)
    assert abs(row["d_loss"] - want) < 1e-4 * want
    if "penalty" in row:
        print(row["iteration"], end=" ")
PY
    is "$?/$(cat got)" "0/$which " "--gp-every $every: losses add up, with a penalty in iterations $which"
done <<EOT
1:1 2 3 4 5 6 7 8 9 10 11 12:$streams
3:1 4 7 10:$streams
2:1 2 5 6 9 10:$two
EOT
gan-train $streams $size $stages --lr 0.002 --no-lesion-channel --out b.ckpt
is "$?" 0 "--no-lesion-channel trains"
$python "$record" b.ckpt /dev/null '
assert m["whole"] == "1" and "image.weight" in t and "image_half.bias" in t and "lesion.weight" not in t
u, n = load("a.ckpt")
assert "whole" not in n and "lesion.weight" in u
assert sum(x.size for x in u.values()) == sum(x.size for x in t.values())'
ok $? "the generator says so, and is not larger"
gan-train $streams $size --half-iterations 3 --fade 0 --iterations 2 --remove --out r.ckpt --log r.jsonl
is "$?" 0 "--remove trains"
$python "$record" r.ckpt.state /dev/null '
assert m["label"] == "normal" and m["lesion"] == ""
used, samples = [int(m["feed." + k].split()[0]) for k in ("target", "input", "benign")], t["samples"]
t, m = load("lesion.sts")
assert (samples[0] == t["image"]).all()
# A batch of 2 of each class in 5 iterations; of inputs, one more for each of three updates, and two samples.
assert used == [10, 42, 10], used'
ok $? "lesions go in, normal patches come out"

# ---- exact resuming ----
# finish NAME SIGNAL STEP COMMAND...: runs COMMAND, sends SIGNAL whenever STEP more iterations are in the log, and
# resumes, until it is done.  Counts the interruptions.
finish() {
    local name=$1 signal=$2 step=$3 resume='' status=1 pid next=$3
    shift 3
    all_stops=$((all_stops + stops))
    stops=0
    while [ "$status" != 0 ] && [ "$stops" -lt 100 ]; do
        before "$name"
        "$@" $resume 2>> "$name.err" &
        pid=$!
        while kill -0 $pid 2> /dev/null && [ "$(tail -n 1 "$name.jsonl" 2> /dev/null | sed -n 's/^{"iteration": \([0-9]*\).*/\1/p')0" -lt "${next}0" ]; do
            sleep 0.01
        done
        kill -s "$signal" $pid 2> /dev/null
        wait $pid 2> /dev/null
        status=$?
        [ "$status" = 0 ] || stops=$((stops + 1))
        next=$((next + step))
        [ -e "$name.ckpt.state" ] && resume=--resume
    done
    return "$status"
}
stops=0 all_stops=0
before() { :; }
same() {
    cmp -s a.ckpt "$1.ckpt" && cmp -s a.ckpt.state "$1.ckpt.state" && [ "$(lines a.jsonl)" = "$(lines "$1.jsonl")" ]
}

# Stages of 16, 8 and 16 iterations: the stops fall into each, and between them.
for options in '' '--ema 0.9 --augment ada --ada-images 80 --g-steps 1 --gp-every 3' '--two-way --no-lesion-channel --ema 0.9'; do
    train="gan-train $streams $size $stages --lr 0.002 $options"
    $train --out a.ckpt --log a.jsonl
    for signal in KILL:3 KILL:8 TERM:5 INT:15; do
        rm -f k.*
        finish k "${signal%:*}" "${signal#*:}" $train --save-every 2 --out k.ckpt --log k.jsonl
        is "$?" 0 "SIG${signal%:*} every ${signal#*:} iterations or so, ${options:-plain}: finished after $stops stops"
        same k
        ok $? "same generator, state and log as without"
    done
done
grep -q "^gan-train: stopped after iteration [0-9]*; --resume goes on from k.ckpt.state$" k.err
ok $? "what is stopped says so"
is "$(ls k.* | tr '\n' ' ')" "k.ckpt k.ckpt.state k.err k.jsonl " "and leaves no other files"

ok $((all_stops < 4)) "$all_stops stops in all" # a machine under load may miss one or the other

# A crash while the state is written, and a line of the log that was cut.
$train --out k.ckpt --log k.jsonl --save-every 8 &
wait $!
echo half a state > k.ckpt.state.tmp
printf '{"iteration": 40, "side"' >> k.jsonl
$train --out k.ckpt --log k.jsonl --resume && same k
ok $? "half a state under another name, half a line of the log: taken out"
$train --out k.ckpt --log new.jsonl --resume && same k 2> /dev/null
is "$(grep -c '"run"' new.jsonl)/$(grep -c '"iteration"' new.jsonl)" 1/0 "--resume with a new log, and with nothing left to do"

# More iterations than were asked for at first.
$train --out k.ckpt --log k.jsonl --iterations 6
$train --out k.ckpt --log k.jsonl --resume && same k
ok $? "--resume with more iterations: as if they had been asked for at first"

# Pipes: producers that begin again with each run.
mkdir pipes
mkfifo pipes/lesion.sts pipes/benign.sts pipes/normal.sts
endless() { while cat "$1"; do :; done > "pipes/${2:-$1}" 2> /dev/null & }
before() { endless lesion.sts; endless benign.sts; endless normal.sts; }
piped=$(echo "$train" | sed 's/\([a-z]*\.sts\)/pipes\/\1/g')
before
$piped --out p.ckpt --log p.jsonl
cmp -s a.ckpt p.ckpt && [ "$(lines a.jsonl)" = "$(lines p.jsonl)" ]
ok $? "from pipes: the same generator and log as from files"
for signal in KILL TERM; do
    rm -f k.*
    finish k $signal 7 $piped --save-every 2 --out k.ckpt --log k.jsonl
    is "$?" 0 "pipes and SIG$signal: finished after $stops stops"
    cmp -s p.ckpt k.ckpt && cmp -s p.ckpt.state k.ckpt.state && [ "$(lines a.jsonl)" = "$(lines k.jsonl)" ]
    ok $? "same generator, state and log as without"
done
"$patches" 40 32 | ts-select label=normal | ts-shuffle > other.sts
endless lesion.sts; endless benign.sts; endless other.sts normal.sts
fails 1 "another stream on a pipe" $piped --out p.ckpt --resume
is "$(sed 's/[0-9][0-9]* records/N records/' fails.err)" \
    "gan-train: p.ckpt.state: pipes/normal.sts: its first N records are not those of the training" "is told apart"
endless lesion.sts; endless benign.sts; cat normal.sts > pipes/normal.sts &
fails 1 "a pipe that ends while records are skipped" $piped --out p.ckpt --resume
endless lesion.sts; endless benign.sts; cat normal.sts > pipes/normal.sts &
fails 1 "a pipe that ends while training" $piped --out q.ckpt
is "$(cat fails.err)" "gan-train: pipes/normal.sts: ended after 10 records; training reads on (a producer needs --endless, a file is read again)" \
    "says what a producer needs"
wait

# A pipe in which nothing comes: the first signal asks for an end, the second makes one.
sleep 60 > pipes/normal.sts &
sleeper=$!
gan-train --lesion lesion.sts --normal pipes/normal.sts $size --out q.ckpt 2> err &
trainer=$!
sleep 0.5
kill -TERM $trainer
sleep 0.2
kill -0 $trainer && kill -TERM $trainer
wait $trainer 2> /dev/null
is "$?" 143 "a second signal ends a wait for a pipe"
kill $sleeper
wait

# ---- from the weights of another training ----
before() { :; }
"$patches" 30 32 | ts-select 'patient~^P2.' > more.sts
ts-select label=malignant < more.sts > lesion2.sts
ts-select label=normal < more.sts > normal2.sts
fresh='--lesion lesion2.sts --normal normal2.sts'
once="--half-iterations 0 --fade 0 --iterations 1"
gan-train $streams $size $stages --lr 0.002 --ema 0.9 --out a.ckpt
# Without a learning rate weights stay what they are; after one update Adam's second moment is that of one gradient.
gan-train $fresh $size $once --lr 0 --ema 0.9 --g-steps 1 --init a.ckpt --out b.ckpt --log b.jsonl
$python "$record" b.ckpt.state /dev/null '
u, n = load("a.ckpt")
same = [(t["g." + k] == u[k]).all() for k in u if not k.endswith((".u", ".v"))]
assert all(same) and len(same) > 20
assert all((t["average." + k] == u[k]).all() for k in u if not k.endswith((".u", ".v")))
assert m["init"].startswith("generator ") and len(m["init"]) == 26
s = load("a.ckpt.state")[0]
assert any((t[k] != s[k]).any() for k in s if k.startswith("d.") and k.endswith(".weight"))'
ok $? "--init, of a result: its generator"
gan-train $fresh $size $once --lr 0 --g-steps 1 --init a.ckpt.state --out b.ckpt --log b.jsonl
$python "$record" b.ckpt.state /dev/null '
s, n = load("a.ckpt.state")
weights = [k for k in s if k[:2] in ("g.", "d.") and not k.endswith((".u", ".v", ".m1", ".m2"))]
assert len(weights) > 40 and all((t[k] == s[k]).all() for k in weights)
moments = [(t[k + ".m1"], t[k + ".m2"]) for k in weights]
assert all(np.allclose(b, 0.1 * a * a, rtol=1e-4, atol=1e-30) for a, b in moments) and any(a.any() for a, b in moments)
assert m["init"].startswith("generator and discriminator ") and m["iteration"] == m["g_updates"] == "1"'
ok $? "of a state: its discriminator too, and a fresh optimiser"
is "$(sed -n 's/^{"run".*"init": "\([a-z ]*\) [0-9a-f]\{16\}".*/\1/p' b.jsonl)" "generator and discriminator" "the log says so"
gan-train $fresh $size $once --g-steps 1 --out c.ckpt
$python "$record" b.ckpt /dev/null '
before, here = [set(load(f)[1]["patients"].split()) for f in ("a.ckpt", "c.ckpt")]
assert len(before) == 20 and len(here) > 3 and not before & here and m["patients"].split() == sorted(before | here)
assert "--init a.ckpt.state" in m["history"]'
ok $? "patients of both trainings are the generator's"
train="gan-train $fresh $size $stages --lr 0.002 --init k.init"
cp a.ckpt.state k.init
$train --out c.ckpt --log c.jsonl
gan-train $fresh $size $stages --lr 0.002 --out b.ckpt
$python "$record" b.ckpt /dev/null 'u = load("c.ckpt")[0]; assert (u["code.weight"] != t["code.weight"]).any() and "init" not in m'
ok $? "--init changes the result"
$train --out k.ckpt --log k.jsonl --iterations 6
rm k.init
$train --out k.ckpt --log k.jsonl --resume
cmp -s c.ckpt k.ckpt && cmp -s c.ckpt.state k.ckpt.state
ok $? "resumed it is not read again, and the result is the same"
fails 1 "resumed without it" gan-train $fresh $size $stages --lr 0.002 --out k.ckpt --resume
is "$(cat fails.err)" "gan-train: k.ckpt.state: was made with 'init'" "says so"
while IFS='|' read -r file options reason; do
    fails 1 "weights of $file for $options" gan-train $fresh $size $once $options --init $file --out x.ckpt
    is "$(cat fails.err)" "gan-train: $file: $reason" "$reason"
done <<'EOT'
a.ckpt|--width 0.25|its network has width 0.050000000000000003, not 0.25
a.ckpt.state|--sn none|its network has spectral 1, not 0
a.ckpt|--mid 0|its network has mid 2048, not 0
a.ckpt|--attention 0|its network has attention 1, not 0
a.ckpt|--attention 8|its network has attention 1, not 8
a.ckpt|--border 3|its network has border 1, not 3
a.ckpt|--leak 0|its network has leak 0.20000000000000001, not 0
a.ckpt|--no-lesion-channel|its network has whole 0, not 1
a.ckpt|--anti-alias|its network has anti_alias 0, not 1
a.ckpt.state|--d-width 0.1|its discriminator: tensor d.block.0.weight has another type or shape than its network
a.ckpt.state|--two-way|its discriminator: tensor d.logits.weight has another type or shape than its network
EOT
gan-train $streams $size $once --sn d --out w.ckpt
fails 1 "a discriminator with spectral normalisation, for one without" gan-train $fresh $size $once --sn none --init w.ckpt.state --out x.ckpt
is "$(cat fails.err)" "gan-train: w.ckpt.state: its discriminator: tensor d.block.0.weight.u: its network has no spectral normalisation" "says so"
gan-train --lesion a=lesion.sts --normal a=normal.sts $size $once --out w.ckpt
fails 1 "a conditional generator for another" gan-train $fresh $size $once --init w.ckpt --out x.ckpt
is "$(cat fails.err)" "gan-train: w.ckpt: its network has categories 1, not 0" "says so"
fails 1 "for another category" gan-train --lesion b=lesion.sts --normal b=normal.sts $size $once --init w.ckpt --out x.ckpt
is "$(cat fails.err)" "gan-train: w.ckpt: its category 1 is 'a', not 'b'" "says so"
head -c 9000 a.ckpt > cut.ckpt
"$python" "$record" a.ckpt lost.ckpt 'm.pop("patients")'
"$python" "$record" a.ckpt other.ckpt 'm["kind"] = "classifier"'
for bad in missing cut lost other; do
    fails 1 "weights: $bad" gan-train $fresh $size $once --init $bad.ckpt --out x.ckpt
    is "$(grep -c "^gan-train: $bad.ckpt: " fails.err)" 1 "the file is named"
done
[ ! -e x.ckpt ] && [ ! -e x.ckpt.state ]
ok $? "nothing is written"
fails 2 "the state that is to be written" gan-train $fresh $size $once --init a.ckpt.state --out a.ckpt
fails 2 "the result that is to be written" gan-train $fresh $size $once --init a.ckpt --out a.ckpt

# ---- one conditional model ----
named='--lesion mass=lesion.sts --benign mass=benign.sts --normal mass=normal.sts --lesion gone=lesion.sts --normal gone=normal.sts'
train="gan-train $named --removes gone $size $stages --lr 0.002"
rm -f sheets/*
$train --out a.ckpt --log a.jsonl --sheets sheets --sheet-every 100 2> err
is "$?/$(cat err)/$(cd sheets && echo *)" 0//iteration-000040.png "two categories: trains"
is "$(field category a.jsonl | tr '\n' ' ')" "$(for i in {1..20}; do printf 'mass gone '; done)" "iterations take them in turn"
is "$(sed -n 's/^{"run".*"loss": "\([^"]*\)".*/\1/p' a.jsonl)" "mass: four-way; gone: three-way: the benign stream is empty" \
    "each has a loss of its own, and the log says so"
$python - a.jsonl <<'PY'
import json, math, sys
rows = [json.loads(line) for line in open(sys.argv[1])][1:]
for i, row in enumerate(rows):
    assert ("d_benign" in row) == (i % 2 == 0)
    want = row["d_real"] + row["d_fake"] + 0.1 * (row.get("d_benign", 0) + row["d_input"]) + 10 * row["penalty"]
    assert abs(row["d_loss"] - want) < 1e-4 * want
for row, classes in zip(rows, (4, 3)):
    assert abs(row["d_real"] - math.log(classes)) < 0.3 and abs(row["g_loss"] - math.log(classes)) < 0.3
PY
ok $? "its losses add up and begin at ln 4 and ln 3"
sed -n '/^.Sh LOG/,/^.Sh EXIT/p' "$TOP/man/gan-train.1" > page
for name in $(grep -o '"[a-z_]*":' a.jsonl | sort -u | tr -d '":'); do
    grep -qw -- "Cm.* $name" page || echo "$name"
done > missing
is "$(cat missing)" "" "every field of the log is on the page"
gan-train $streams $size --half-iterations 1 --fade 0 --iterations 1 --out b.ckpt
$python "$record" a.ckpt /dev/null '
assert m["kind"] == "generator" and m["categories"] == "2" and "label" not in m and "lesion" not in m
assert [[m["category.%d.%s" % (i, k)] for k in ("name", "label", "lesion")] for i in range(2)] == \
    [["mass", "malignant", "mass"], ["gone", "normal", ""]]
assert "--lesion mass=lesion.sts,gone=lesion.sts" in m["history"] and "--removes gone" in m["history"]
u, n = load("b.ckpt")
assert "categories" not in n and set(u) == set(t)
more = {k for k in u if u[k].shape != t[k].shape}
assert more == {"enc.0.weight", "enc.0.weight.v", "from_half.weight", "from_half.weight.v"}, more
assert t["enc.0.weight"].shape[2] == 4 and t["from_half.weight"].shape[2] == 3'
ok $? "the generator knows names, labels and lesions; its first layers read two planes more"
$python "$record" a.ckpt.state /dev/null '
used = [int(m["feed.%s.%s" % (c, k)].split()[0]) for c in ("mass", "gone") for k in ("target", "input")]
assert used + [int(m["feed.mass.benign"].split()[0])] == [40, 162, 40, 162, 40] and "feed.gone.benign" not in m
samples = t["samples"]
normal, lesion = load("normal.sts")[0]["image"], load("lesion.sts")[0]["image"]
assert len(samples) == 4 and (samples[0] == normal).all() and (samples[2] == lesion).all()'
ok $? "each reads streams of its own, in its own roles"
for signal in KILL:3 TERM:5; do
    rm -f k.*
    finish k "${signal%:*}" "${signal#*:}" $train --save-every 2 --out k.ckpt --log k.jsonl
    is "$?" 0 "SIG${signal%:*} every ${signal#*:} iterations or so: finished after $stops stops"
    same k
    ok $? "same generator, state and log as without"
done
for change in '' '--two-way --ema 0.9'; do
    short="gan-train $named $size --half-iterations 3 --fade 2 --iterations 4 $change"
    $short --removes gone --out b.ckpt && $short --removes gone --out c.ckpt && cmp -s b.ckpt c.ckpt
    ok $? "same seed, same bytes ${change:-}"
    $short --out c.ckpt && ! cmp -s b.ckpt c.ckpt
    ok $? "--removes changes the result ${change:-}"
done
mkdir sub
cp lesion.sts sub/
gan-train ${named/mass=lesion/mass=sub\/lesion} $size --half-iterations 1 --fade 0 --iterations 1 --out c.ckpt
$python "$record" c.ckpt /dev/null 'assert "--lesion mass=lesion.sts,gone=lesion.sts " in m["history"]'
ok $? "the history has names, and files without their folders"
cp lesion.sts 'a=b.sts'
gan-train --lesion ./a=b.sts --normal normal.sts $size --half-iterations 1 --fade 0 --iterations 1 --out c.ckpt
$python "$record" c.ckpt /dev/null 'assert "categories" not in m and m["label"] == "malignant"'
ok $? "./a=b.sts is a file"
again="gan-train $size $stages --lr 0.002 --out y.ckpt --resume --state a.ckpt.state"
fails 1 "the state of other roles" $again $named
is "$(cat fails.err)" "gan-train: a.ckpt.state: was made with 'category gone: removed in 3 classes', not with 'category gone: grown in 3 classes'" \
    "says so"
fails 1 "of other names" $again ${named//gone/lost} --removes lost
fails 1 "of categories" $again $streams
fails 1 "of none" gan-train $named --removes gone $size $stages --lr 0.002 --out y.ckpt --resume --state p.ckpt.state
for bad in empty none size missing; do
    rm -f bad.sts
    case $bad in
    empty) : > bad.sts ;;
    none) "$patches" 0 32 > bad.sts ;;
    size) "$patches" 4 64 > bad.sts ;;
    esac
    fails 1 "normal patches of the second category: $bad" gan-train ${named/gone=normal/gone=bad} $size $stages --out x.ckpt
    is "$(grep -c 'bad.sts' fails.err)" 1 "its file is named"
done
fails 1 "patches of the other label" gan-train ${named/gone=normal/gone=lesion} $size $stages --out x.ckpt

# ---- what is refused ----
# flip FILE BYTE: with a bit of that byte changed.
flip() { perl -0777 -pe 'substr($_, '"$2"', 1) ^= "\x04"' "$1"; }
short="$size --half-iterations 2 --fade 0 --iterations 2"
run="gan-train --normal normal.sts $short --out x.ckpt"
absent() { [ ! -e x.ckpt ] && [ ! -e x.ckpt.tmp ] && [ ! -e x.ckpt.state.tmp ]; ok $? "leaves no result"; }
for stream in lesion benign normal; do
    for bad in empty cut flipped none size nan white missing; do
        rm -f bad.sts x.*
        case $bad in
        empty) : > bad.sts ;;
        cut) head -c 20000 $stream.sts > bad.sts ;;
        flipped) flip $stream.sts 9000 > bad.sts ;;
        none) [ $stream = benign ] && continue; "$patches" 0 32 > bad.sts ;;
        size) "$patches" 4 64 > bad.sts ;;
        nan) "$patches" 3 32 nan > bad.sts ;;
        white) "$patches" 3 32 137 > bad.sts ;;
        esac
        fails 1 "$stream stream: $bad" gan-train $streams --$stream bad.sts $short --out x.ckpt
        [ ! -e x.ckpt ] || ok 1 "leaves no result"
    done
done
rm -f x.*
fails 1 "folder for sheets missing" $run --lesion lesion.sts --sheets nowhere
fails 1 "folder for sheets is a file" $run --lesion lesion.sts --sheets lesion.sts
fails 1 "no folder for the state" $run --lesion lesion.sts --state nowhere/x.state
fails 1 "no folder for the log" $run --lesion lesion.sts --log nowhere/x.log
absent
fails 1 "no folder for the result" gan-train $streams $short --out nowhere/x.ckpt --state x.state
rm -f x.*
fails 1 "state on a full disk" $run --lesion lesion.sts --state /dev/full
fails 1 "log on a full disk" $run --lesion lesion.sts --log /dev/full
fails 1 "result on a full disk" gan-train $streams $short --out /dev/full --state x.state
absent
# A file may be as large as the first state, but not as large as a state with one more patient.
rm -f x.*
(
    trap '' XFSZ
    ulimit -f 100
    exec gan-train $streams $short --out x.ckpt
) 2> err
is "$?/$(wc -l < err | tr -d ' ')/$(ls x.* 2> /dev/null)" 1/1/ "no room for the state: one line, and no part of it"
fails 1 "a rate that makes the losses infinite" gan-train $streams $short --out x.ckpt --lr 1 --sn none --aux-weight 1e6 --iterations 500

# States.
gan-train $streams $short --out x.ckpt
cp x.ckpt.state good.state
again="gan-train $streams $short --out y.ckpt --iterations 3 --resume --state"
fails 1 "no state" gan-train $streams $short --out y.ckpt --state missing.state --resume
for n in 0 7 100 20000 $(($(wc -c < good.state) - 1)); do
    head -c $n good.state > bad.state
    fails 1 "a state cut to $n bytes" $again bad.state
done
for at in 3 200 30000 90000; do
    flip good.state $at > bad.state
    fails 1 "a state with a bit flipped at $at" $again bad.state
done
fails 1 "a generator is no state" $again x.ckpt
cat > cases <<'EOT'
a tensor missing|t.pop("g.code.weight.m1")
a tensor of another shape|t["d.block.0.bias"] = np.zeros(3, "f4")
a tensor of another type|t["g.code.bias"] = t["g.code.bias"].astype("f8")
a weight that is not a number|t["d.logits.weight"][0, 0, 0, 0] = np.nan
an infinite moment|t["g.code.weight.m2"].flat[-1] = np.inf
no samples|t.pop("samples")
samples of another size|t["samples"] = t["samples"][:1]
samples that are not finite|t["samples"][1, 5, 5] = np.nan
no iteration|m.pop("iteration")
a negative iteration|m["iteration"] = "-1"
a place far beyond the stream|m["feed.normal"] = m["feed.input"] = "9 999999999999 9 00000000 9 00000000"
a place in the middle of a record|m["feed.input"] = "9 77 9 00000000 9 00000000"
a place that is none|m["feed.target"] = "here"
no place|m.pop("feed.benign")
no configuration|m.pop("config")
a longer configuration|m["config"] += ", x 1"
EOT
$python "$record" good.state /dev/null '
for i, line in enumerate(open("cases")):
    t, m = load("good.state")
    exec(line.split("|")[1])
    save("bad%d.state" % (i + 1), t, m)'
i=0
while IFS='|' read -r what code; do
    i=$((i + 1))
    fails 1 "a state with $what" $again bad$i.state
done < cases
cp good.state bad.state
for other in '--seed 2' '--width 0.06' '--size 64' '--batch 3' '--g-steps 1' '--ema 0.5' '--augment fixed' '--augment ada' --remove '--lr 0.1' \
    '--mid 0' '--border 2' '--d-width 0.1' '--samples 3' '--half-iterations 3' '--fade 1' '--attention 0' '--attention 8' '--sn none' '--sn d' '--gp-k 2' '--gp-every 2' --anti-alias --two-way --no-lesion-channel '--leak 0.3'; do
    fails 1 "the state of a run without $other" $again bad.state $other
done
cmp -s good.state bad.state
ok $? "refused states stay as they are"
is "$(sed "s/'leak.*/LEAK/" fails.err)" "gan-train: bad.state: was made with LEAK" "and the message names the option"
fails 1 "the state of a run with a lesion channel" $again bad.state --no-lesion-channel
is "$(cat fails.err)" "gan-train: bad.state: was made without 'no-lesion-channel'" "says so"
gan-train $streams $short --no-lesion-channel --out w.ckpt
fails 1 "the state of a run without" $again w.ckpt.state
is "$(cat fails.err)" "gan-train: w.ckpt.state: was made with 'no-lesion-channel'" "says so"

# ---- wrong command lines ----
fails 2 "nothing" gan-train
fails 2 "no lesions" gan-train --normal normal.sts --out x.ckpt
fails 2 "no normal patches" gan-train --lesion lesion.sts --out x.ckpt
fails 2 "no result" gan-train --lesion lesion.sts --normal normal.sts
fails 2 "an operand" $run --lesion lesion.sts more
fails 2 "unknown option" $run --lesion lesion.sts --nonsense
fails 2 "two streams on standard input" gan-train --lesion - --normal - --out x.ckpt
fails 2 "state and result in one file" $run --lesion lesion.sts --state x.ckpt
one='--lesion a=lesion.sts --normal a=normal.sts --out x.ckpt'
for bad in '--lesion lesion.sts' '--normal normal.sts' '--benign benign.sts' '--lesion b=lesion.sts' '--normal b=normal.sts' \
    '--benign b=benign.sts' '--lesion a=benign.sts' '--normal a=benign.sts' '--removes b' '--removes lesion.sts' --remove \
    '--lesion b=- --normal b=-' '--lesion b=lesion.sts --normal b=normal.sts --samples 33' \
    "$(for c in b c d e f g h i; do printf -- '--lesion %s=lesion.sts --normal %s=normal.sts ' $c $c; done)"; do
    fails 2 "one category a, and $bad" gan-train $one $bad
done
fails 2 "lesions without a category, and others with one" $run --lesion lesion.sts --lesion a=lesion.sts
fails 2 "a category to remove where there are none" $run --lesion lesion.sts --removes a
for bad in '--size 48' '--size 16' '--size 1024' '--width 0' '--width nan' '--batch 0' '--iterations 0' '--iterations x' \
    '--iterations -1' '--lr -1' '--lr inf' '--beta1 1' '--epsilon 0' '--leak 2' '--border 8' '--ema 1' '--gp-sigma 2' \
    '--samples 0' '--samples 65' '--sn g' '--augment always' '--ada-images 0' '--attention 2' '--attention 12' '--attention 32' '--attention 128' '--gp-every 0' '--save-every 0' '--seed x' '--log'; do
    fails 2 "$bad" $run --lesion lesion.sts $bad
done

done_testing 334
