# The recipes of ablations.mk on small phantoms: what each changes, and some from end to end.
. tests/tap.sh
cd "$T" || exit 1
ln -s "$TOP/pipelines" .
# A Makefile without the rules that build programs, and a scale of seconds.
cat > Makefile <<EOT
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
BIN := $BIN
DATA := phantom
SCALE := tiny
SEEDS := 2
THREADS := 1
EOT
cat >> Makefile <<'EOT'
PHANTOM_PATIENTS := 40
PHANTOM_HEIGHT := 240
PATCH := 32
ZOOM := 1
OFFSET := 0.25
REMOVED := mass
TRAIN_PATCHES := 24
GAN_OPTIONS := --width 0.1 --batch 2 --half-iterations 3 --fade 2
GAN_OPTIONS.mass := --iterations 4
GAN_OPTIONS.calcification := --fade 1 --iterations 6
GAN_OPTIONS.removal := --iterations 5
TEST_PATCHES := 12
JUDGE_OPTIONS := --updates 2
CANCERS := mass
CLASSIFIER.resnet50 := --width 0.0625 --batch 4 --lr 1e-3
SAMPLES.resnet50 := 200
CLASSIFIER.small := --width 0.25 --batch 5 --lr 1e-3
SAMPLES.small := 200
START_SAMPLES := 40
VALIDATIONS := 2
LEAST_PATIENTS := 0
EVAL_PATCHES := 16
# Untrained generators make faint lesions: any will do.
postproc = --threshold 0 --min-area 0 --keep-discarded
force:
.PHONY: force
include pipelines/data.mk pipelines/lesions.mk pipelines/table1.mk pipelines/worth.mk pipelines/ablations.mk
least.removal := 1
postproc.mass = $(postproc)
postproc.removal = $(postproc)
EOT
# The make that runs these tests must not tell this one what to do.
run() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory "$@"; }
a=build/phantom/tiny/ablation

run data > log 2>&1
ok $? "phantoms are drawn"

# ---- what each changes ----
names=$(sed -n '/^names :=/,/[^\\]$/p' pipelines/ablations.mk | sed 's/names :=//' | tr -d '\\\n')
run -n ABLATIONS="$names" ablations > plan 2>&1
is "$?/$(grep -c '\*\*\*' plan)" 0/0 "make ablations resolves"
run -n $(printf 'ablation-%s ' $names) > log 2>&1
is "$?/$(grep -c '\*\*\*' log)" 0/0 "make ablation-NAME resolves for each"
for name in $names; do
    is "$(grep -c "resnet-train.*$a/$name/r50-s[12].ckpt" plan)/$(grep -c "^cat $a/$name/table.txt" log)" 2/1 \
        "$name: two classifiers and a table"
done
# trained NAME OPTIONS: both of its generators are trained with these options behind the usual ones.
trained() {
    is "$(tr -s ' ' < plan | grep -c "gan-train.*--iterations [45] $2 --state $a/$1/")" 2 "$1: gan-train $2"
}
trained no-lesion-channel --no-lesion-channel
trained no-growing '--half-iterations 0 --fade 0 --iterations \(9\|10\)'
trained no-border '--border 0'
trained no-attention '--attention 0'
trained no-spectral '--sn none'
trained no-penalty '--gp-lambda 0'
trained two-way --two-way
# One model of all: the streams of each, all iterations together, the options of masses.
d=build/phantom/tiny
for m in mass calcification removal; do
    n=$([ $m = calcification ] && echo fine-normal || echo normal)
    printf -- '--lesion %s=%s --benign %s=%s --normal %s=%s ' $m $d/train-$m.sts $m $d/train-benign-$m.sts $m $d/train-$n.sts
done > streams
is "$(sed -n "s/.*gan-train --threads 1 \(.*\) --state build.*ablation\/conditional.*/\1/p" plan | tr -s ' ')" \
    "$(cat streams)--size 32 --g-steps 2 --removes removal --width 0.1 --batch 2 --half-iterations 3 --fade 2 --iterations 4 --half-iterations 9 --fade 5 --iterations 15" \
    "conditional: one generator of all"
for m in mass removal; do
    is "$(grep -c "gan-gen .*--category $m --model $a/conditional/central.ckpt .*conditional/\(generated\|synthetic\)-$m.sts" plan)" 2 \
        "its $m"
done
run -n least.calcification=1000 least.removal=1000 ablations > log 2>&1
is "$?/$(grep -c conditional log)/$(grep -c "^cat $a/table.txt" log)" 0/0/1 "where it would have one category it is left out"

for name in lesion-paste no-postprocessing no-decay no-removal; do
    is "$(grep -c "gan-train.*$a/$name" plan)" 0 "$name: no generator of its own"
done
mix() { grep "mix-ratio.*--initial.*$a/$1/mix" plan | head -n 1; }
is "$(grep -c "lesion-paste --lesions .*train-mass.sts --seed 2 .*train-normal.sts | cat > $a" plan)" 1 \
    "lesion-paste stands in gan-gen's place, and what it pastes is whole"
mix lesion-paste | grep -q "synthetic-positive $a/lesion-paste/synthetic-mass.sts --synthetic-negative .*/table1/synthetic-removal.sts"
ok $? "and normal patches by removal stay"
is "$(grep -c "gan-gen.*--seed 2 .*| cat > $a/no-postprocessing/" plan)" 2 "no-postprocessing: none"
mix no-decay | grep -q -- "/table1/synthetic-mass.sts .*/table1/synthetic-removal.sts --decay none --initial"
ok $? "no-decay: --decay none, and the unchanged patches"
is "$(mix no-removal | grep -c -- --synthetic-negative)/$(mix no-removal | grep -c -- --synthetic-positive)" 0/1 \
    "no-removal: no synthetic normal patches"

# ---- from end to end ----
run -j2 ablation-lesion-paste ablation-no-decay ablation-no-removal ablation-two-way ablation-conditional > log 2> err
ok $? "five of them, side by side"
is "$(grep '^rm ' log | grep -v '^rm -f build')" "" "make takes nothing for intermediate"
is "$(grep -c '^gan-check: ' log)/$(grep -c '^judge: mean change of the score *[-0-9.e+]*  [-0-9.e+]*$' log)" 5/5 \
    "gan-check beside the unchanged model's, where a model or stage changes"
for name in lesion-paste no-decay no-removal two-way conditional; do
    row=$(grep "^$name " $a/$name/table.txt | tr -s ' ')
    area=$(awk -F '\t' -v n=$name 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i }
        $1 == "area" && $2 == n { printf "%.3f [%.3f, %.3f] %.4f", $4, $6, $7, $col["se_trainings"] * sqrt($col["trainings"]) }' $a/$name/gain.tsv)
    gain=$(awk -F '\t' -v n=$name '$1 == "difference" && $2 == n { printf "%+.4f", $4 }' $a/$name/gain.tsv)
    change=$(awk -F '\t' -v n=$name '$1 == "difference" && $2 == n { printf "%+.4f", $4 }' $a/$name/change.tsv)
    [[ $row == "$name $area $gain ["*"] "*" $change ["*"]"* ]]
    ok $? "$name: the table has delong's numbers"
    [ "$(grep -c "^$name " log)" = 1 ]
    ok $? "and is printed"
done
of() { awk -F '\t' -v m="$1" 'NR > 1 && ($3 == "malignant") == m { print $2 }' build/phantom/tiny/table1/r0-s1.tsv | sort -u | wc -l; }
grep -q "tested on malignant: 16 patches of $(of 1) patients ([0-9.]* effective); other: 16 patches of $(of 0) patients" $a/no-decay/table.txt
ok $? "patients of each kind"
is "$(sed -n 's/.*"share": \([0-9.]*\),.*/\1/p' $a/no-decay/mix-r50-s1.jsonl | sort -u)" 0.5 "no-decay draws half synthetic to the end"
grep -q '"negative_synthetic"' $a/no-removal/mix-r50-s1.jsonl
is "$?" 1 "no-removal draws no synthetic normal patch"
is "$(sed -n 's/^{"run".*"loss": "\([^"]*\)".*/\1/p' $a/two-way/mass.jsonl)" "two-way: real against fake alone" "two-way's generator is one"
is "$(sed -n 's/^{"iteration.*"category": "\([a-z]*\)".*/\1/p' $a/conditional/central.jsonl | sort | uniq -c | tr -s ' \n' ' ')" \
    " 10 calcification 10 mass 9 removal " "conditional's learned all three"
is "$(for m in mass removal; do ts-info $a/conditional/synthetic-$m.sts | grep '^label'; done | tr -s ' \n' ' ')" \
    "label malignant 24 label normal 24 " "and makes what each is to be"

# Nothing is made twice but the table.
touch stamp
run ABLATIONS='lesion-paste two-way' ablations > log 2> err
is "$?/$(find build -newer stamp -type f | sed 's/.*ablation\///' | sort | tr '\n' ' ')" \
    "0/change.tsv gain.tsv lesion-paste/change.tsv lesion-paste/gain.tsv lesion-paste/table.txt table.txt two-way/change.tsv two-way/gain.tsv two-way/table.txt " \
    "the joint table needs the areas alone"
is "$(grep -cE '^(baseline|unchanged|lesion-paste|two-way) ' log)/$(grep -c 'over the 5 comparisons' log)" 4/1 "four rows, five comparisons"

# Holm's method over all five, from the p themselves: min(1, max over j <= i of (n - j + 1) p(j)).
paste -s -d ' ' <(awk -F '\t' '$1 == "difference" { print $10 }' $a/gain.tsv $a/change.tsv | sort -g |
    awk '{ h = (6 - NR) * $1; m = h > m ? h : m; printf("%.3f\n", m > 1 ? 1 : m) }' | sort) > want
awk '/^(baseline|unchanged|lesion-paste|two-way) / { gsub(/\[[^]]*\]/, "")
    if ($4 != "-") print $6; if ($7 != "-") print $9 }' $a/table.txt | sort | paste -s -d ' ' > got
is "$(cat got)" "$(cat want)" "Holm's p are right"

# ---- what was made with other settings is made anew, and nothing else ----
t=build/phantom/tiny/table1
remade() { touch stamp; run "$@" > log 2> err; echo "$?/$(find build -newer stamp -name '*.ckpt' | sed 's/.*tiny.//' | sort | tr '\n' ' ')"; }
is "$(remade $t/r0-s1.ckpt)$(remade -j2 $t/r0-s1.ckpt)" "0/0/" "the same settings: nothing"
is "$(remade $t/r0-s1.ckpt SAMPLES.resnet50=240)" "0/table1/r0-s1.ckpt " "other samples: the classifier"
is "$(sed -n 's/.*"samples": \([0-9]*\).*/\1/p' $t/r0-s1.jsonl | tail -n 1)" 240 "to its new end"
is "$(remade $t/r0-s1.ckpt)" "0/table1/r0-s1.ckpt " "and back"
options='CLASSIFIER.resnet50=--width 0.0625 --batch 4 --lr 2e-3'
is "$(remade $t/r0-s1.ckpt "$options")" "0/table1/r0-s1.ckpt " "another rate"
run $t/r0-s1.ckpt > log 2>&1
rm $t/synthetic-mass.sts
is "$(remade $t/r0-s1.ckpt)" "0/table1/r0-s1.ckpt " "synthetic patches are gone: no generator"
touch $t/val.sts
is "$(remade $a/no-decay/r50-s1.ckpt)" "0/ablation/no-decay/r50-s1.ckpt " "other patches to look at: an ablation's classifier"
is "$(remade ablation-no-decay NET=small)" "0/ablation/no-decay/small/r50-s1.ckpt ablation/no-decay/small/r50-s2.ckpt table1-small/r0-s1.ckpt table1-small/r0-s2.ckpt table1-small/r50-s1.ckpt table1-small/r50-s2.ckpt " \
    "another network: classifiers of its own"
is "$(remade $a/conditional/central.ckpt 'GAN_OPTIONS.removal=--iterations 6')" "0/ablation/conditional/central.ckpt " \
    "more iterations of one model: the one in the place of all"
checks="$(dirname $t)/mass-check.tsv $a/two-way/mass-check.tsv"
run $checks > log 2>&1
touch stamp
run $checks 'JUDGE_OPTIONS=--updates 3' > log 2>&1
is "$?/$(find $checks -newer stamp | wc -l | tr -d ' ')" 0/2 "another judge: of both columns"
like="--like build/phantom/tiny/examples-mass.sts --candidates 9"
is "$(run -n $checks PLACES=like CANDIDATES=9 | grep -c -e "$like" -e '--bases build/phantom/tiny/train-bases-mass.sts')" 4 \
    "places like those of lesions: bases to train and to test on, and both columns"
tune="$t/tune.txt TUNE_WIDTHS=0.0625 TUNE_RATES=1e-3 TUNE_SEEDS=1 SAMPLES.resnet50=100"
is "$(remade $tune 'TUNE_BATCHES=2 4')" "0/table1/tune/w0.0625_lr1e-3_b2-s1.ckpt table1/tune/w0.0625_lr1e-3_b4-s1.ckpt " "a grid"
is "$(remade $tune TUNE_BATCHES=4)/$(grep -c 'width 0[.]0625' $t/tune.txt)" "0//1" "a smaller one: its table alone"
is "$(remade $tune TUNE_BATCHES=4 TUNE_SEEDS=2)" "0/table1/tune/w0.0625_lr1e-3_b4-s2.ckpt " "of more seeds: those"
is "$(remade $(dirname $t)/mass.ckpt TRAIN_PATCHES=30)" "0/mass.ckpt " "other patches: the generator"
is "$(ts-info $(dirname $t)/train-mass.sts | sed -n 's/^records *//p')" 30 "from them"
run $(dirname $t)/mass.ckpt > log 2>&1
is "$(remade $(dirname $t)/mass.ckpt 'GAN_OPTIONS.mass=--iterations 7')" "0/mass.ckpt " "other options of one model: that model"
is "$(sed -n 's/^{"iteration": \([0-9]*\).*/\1/p' $(dirname $t)/mass.jsonl | paste -s -d ' ')" "1 2 3 4 5 6 7 8 9 10 11 12" "from its first iteration on"
done_testing 75
