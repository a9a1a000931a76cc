# make worth, make same-twice and make table1 FOLDS=N on small phantoms, from end to end.
. tests/tap.sh
command -v gnuplot > /dev/null || skip_all "no gnuplot"
cd "$T" || exit 1
ln -s "$TOP/pipelines" .
ln -s "$TOP/lib" .
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
CONTRAST := 0
REMOVED := mass
REMOVED_THRESHOLD := -0.05
PLACES := like
CANDIDATES := 20
TRAIN_PATCHES := 24
GAN_OPTIONS := --width 0.1 --batch 2 --half-iterations 0 --fade 0 --iterations 3
TEST_PATCHES := 12
JUDGE_OPTIONS := --updates 2
CANCERS := mass calcification
CLASSIFIER.resnet50 := --width 0.0625 --batch 4 --lr 1e-3
SAMPLES.resnet50 := 100
CLASSIFIER.small := --width 0.25 --batch 5 --lr 1e-3 --average 0.9
SAMPLES.small := 100
START_SAMPLES := 40
VALIDATIONS := 2
LEAST_PATIENTS := 0
EVAL_PATCHES := 16
WORTH_PATIENTS := 20
WORTH_OTHERS := 20
WORTH_TEST := 30
WORTH_CANCERS := 2 all
WORTH_SEEDS := 2
WORTH_PAIRS := 2
force:
.PHONY: force
include pipelines/data.mk pipelines/lesions.mk pipelines/table1.mk pipelines/worth.mk
# Few patients will do here, and faint lesions of untrained generators.
least.mass := 1
least.calcification := 1
least.removal := 1
postproc.mass = --threshold 0 --min-area 0 --keep-discarded
postproc.calcification = $(postproc.mass)
postproc.removal = $(postproc.mass)
EOT
# The make that runs these tests must not tell this one what to do.
run() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory "$@"; }
w=build/phantom/tiny/worth

# ---- worth ----
run -j2 worth > log 2> err
is "$?" 0 "make worth"; cat err log | grep -E "Error|^[a-z.-]*: " | head -5 | sed "s/^/# /"
is "$(grep -cE '^(2|all) +(real|pasted|generators|oracle) ' $w/worth.txt)/$(awk 'END { print NR }' $w/worth.tsv)" 48/49 \
    "four arms, two numbers, two decays, three kinds"
is "$(head -c 4 $w/worth.png | tail -c 3)" PNG "a picture"
grep -q 'Tested on fresh phantoms, malignant: 60 patches of ' $w/worth.txt
ok $? "how many patients"
patients() { ts-info --records "$1" | awk -F '\t' 'NR > 1 { print $5 }' | sort -u; }
is "$(for k in mass calcification; do patients $w/2/train-$k.sts | wc -l; done | tr -d ' \n')" 22 "two patients with each kind of cancer"
is "$(sort -m <(patients $w/test.sts) <(patients $w/oracle-mass.sts) <(patients build/phantom/tiny/train-mass.sts) | uniq -d)" "" \
    "nobody is trained on, tested on and the oracle's"
for arm in pasted generators; do
    is "$(ts-info $w/2/$arm-mass.sts | grep -c '^synthetic  *1 ')" 1 "$arm are synthetic"
done
is "$(ts-info $w/oracle-mass.sts | grep -c '^synthetic  *0 ')" 1 "the oracle's are real"
grep -q -- "gan-train.*--lesion $w/2/train-mass.sts" log
ok $? "generators are trained on the same patients"
is "$(comm -23 <(grep -ao '"like_patient":"[^"]*' $w/2/train-bases-mass.sts | cut -d '"' -f 4 | sort -u) <(patients $w/2/train-mass.sts))" "" \
    "and put lesions at places like theirs"
touch stamp
run worth > log 2> err
is "$?/$(find build -newer stamp -type f | grep -v settings)" 0/ "nothing is made twice"
run worth WORTH_SEEDS=3 > log 2> err
is "$?/$(find $w -newer stamp -name '*.ckpt' | grep -vc -- -s3)" 0/0 "another seed: its trainings alone"
run worth DATA=mini-mias MAMMO_DATA=x 2>&1 | grep -q 'worth: of mini-mias no fresh patients can be drawn'
ok $? "real patients cannot be drawn afresh"

# ---- the same arm twice ----
run -j2 same-twice > log 2> err
is "$?/$(grep -c '^One arm, real patches of 2 patients with cancer of each kind, trained twice, 2 times' log)/$(find $w/same-twice -name '*.ckpt' | wc -l | tr -d ' ')" 0/1/12 "make same-twice"

is "$(run same-twice WORTH_PAIRS=1 2> err | grep -c 'trained twice, 1 times')" 1 "fewer pairs: another text"
is "$(run worth WORTH_SEEDS=1 2>&1 | grep -c 'WORTH_SEEDS=1: ')" 1 "one seed is not enough"
is "$(run table1 NET=small SEEDS=1 2>&1 | grep -c '^SEEDS=1: how much trainings differ takes two seeds to tell$')" 1 "nor in a table"

is "$(run table1 NET=small SHARES="0.5 50" 2>&1 | grep -c '^SHARES=0.5 50: shares are whole numbers from 1 to 100$')" 1 "shares are per cent"

# ---- folds ----
run -j2 table1 NET=small FOLDS=3 SHARES="30 50" > log 2> err
is "$?" 0 "make table1 FOLDS=3"
f=build/phantom/tiny/folds-3
table=$f/table1-small/table.txt
is "$(grep -c '^3 folds: every patient is tested once' $table)/$(grep -cE '^(none|[0-9]+ %) ' $table)" 1/5 "a table of all folds, of two shares"
is "$(for k in 1 2 3; do patients $f/$k/table1/test.sts; done | sort | uniq -d)" "" "no patient is tested twice"
for k in 1 2 3; do
    is "$(sort -m <(patients $f/$k/table1/test.sts) <(patients $f/$k/train-mass.sts; ) | uniq -d)" "" "fold $k: or trained on"
done
is "$(sed 1d $f/table1-small/r0-s1.tsv | wc -l)" "$(for k in 1 2 3; do sed 1d $f/$k/table1-small/r0-s1.tsv; done | wc -l)" "scores of all folds together"
run table1 NET=small FOLDS=3 SHARES="30 50" LEAST_PATIENTS=1000 > log 2> err
is "$(grep -c 'effective test patients with malignant patches (.*), 1000 are needed: LEAST_PATIENTS=0 goes on$' err)" 1 "too few effective patients"
run table1 FOLDS=30 2>&1 | grep -q '^folds.awk: fold [0-9]* of 30 has no patient with a malignant finding: fewer folds$'
ok $? "more folds than cancers"
run table1 FOLDS=50 2>&1 | grep -q '^folds.awk: 40 patients are fewer than 50 folds$'
ok $? "more folds than patients"
done_testing 29
