# examples/: each runs as it stands, here on few phantoms, and leaves what its first comment says.
. tests/tap.sh
export BIN OMP_NUM_THREADS=1
records() { ts-info "$1" | awk '/^records/ { print $2 }'; }
png() { head -c 4 "$1" | tail -c 3; }
example() { # NAME ARGUMENTS...: runs it, its results in $T/NAME unless OUT is set
    local name=$1
    shift
    OUT=${OUT:-$T/$name} bash "examples/$name.sh" "$@" > "$T/out" 2> "$T/err"
    status=$?
    [ $status = 0 ] || sed 's/^/# /' "$T/err"
}

for f in examples/*.{sh,py,R}; do
    grep -q "\`$(basename "$f")\`" examples/README.md
    ok $? "$f is in the README beside it"
done

# ---- augment-my-data.sh ----
export PATIENTS=8 COUNT=6
example augment-my-data
is "$status" 0 "augment-my-data.sh"
made=$T/augment-my-data
n=$(records "$made/synthetic.sts")
[ "$n" -gt 12 ] && [ "$n" -le 24 ]
ok $? "$n of 24 patches have a lesion"
is "$(png "$made/synthetic.png")/$(ts-info --records "$made/synthetic.sts" | cut -f 14,15,16 | sort -u | wc -l)" PNG/2 \
    "there is a sheet, and all are synthetic masses"
images=$(cut -f 1 "$made/full.tsv" | sed 1d | sort -u | wc -l)
is "$(ls "$made/full" | wc -l)/$(grep -c -- '-lesions.png=1' "$made/full.tsv")" "$((2 * images))/$images" \
    "each of $images mammograms has a mask and a new finding with a box"
patch-sample --root "$made/phantoms" --label malignant --each 1 --size 64 --min-tissue 0 "$made/full.tsv" > "$T/back.sts"
[ "$(records "$T/back.sts")" -ge "$images" ]
ok $? "which patch-sample finds again"
# The same as a table of one's own: lines end in CR LF, the second findings of an image stand apart.
awk -F, '{ if (seen[$1]++) later[++n] = $0; else print } END { for (i = 1; i <= n; i++) print later[i] }' \
    "$made/findings.csv" | sed 's/$/\r/' > "$T/own.csv"
! cmp -s <(sed 's/\r//' "$T/own.csv") "$made/findings.csv"
ok $? "rows of one image stand apart"
OUT=$T/own example augment-my-data "$T/own.csv" "$made/phantoms"
cmp -s "$T/own/synthetic.sts" "$made/synthetic.sts"
ok $? "your own table and images: the same patches"
sed 's/,malignant,/,cancer,/' "$T/own.csv" > "$T/bad.csv"
OUT=$T/bad example augment-my-data "$T/bad.csv" "$made/phantoms" > /dev/null
is "$status/$(grep -c cancer "$T/err")/$(ls "$T/bad/synthetic.sts" 2> /dev/null)" 1/1/ "a table that is wrong ends it, with the reason"

# ---- choose-lesions.sh ----
PATIENTS=20 COUNT=6 VARIANTS=8 example choose-lesions
made=$T/choose-lesions
n=$(records "$made/chosen.sts")
is "$status/$(png "$made/chosen.png")/$(sed 1d "$made/chosen.tsv" | wc -l)" "0/PNG/$n" "choose-lesions.sh: $(head -1 "$T/out")"
is "$(awk -F'\t' 'NR > 1 && !($6 >= 78.5 && $6 <= 314.2 && $9 >= 0.05 && $11 >= 0.6)' "$made/chosen.tsv" | wc -l)" 0 \
    "all are of that size, contrast and roundness"
is "$(ts-info --records "$made/chosen.sts" | sed 1d | cut -f 3 | sort | uniq -d)" "" "one a place"
is "$(grep -c -- '-lesions.png=' "$made/full.tsv")" "$n" "each has a box on a mammogram"
export MANIFEST=$made/phantoms/manifest.tsv
head -3 "$made/places.tsv" > "$T/places.tsv"
OUT=$T/chosen VARIANTS=8 MIN_DIAMETER=1 MAX_DIAMETER=64 MIN_ROUNDNESS=0 MIN_CONTRAST=-1 example choose-lesions "$T/places.tsv"
is "$status/$(ts-head -n "$(records "$T/chosen/measured.sts")" < "$made/measured.sts" | cmp - "$T/chosen/measured.sts" 2>&1)" 0/ \
    "places of one's own: the same lesions there"
OUT=$T/chosen MIN_CONTRAST=2 example choose-lesions "$T/places.tsv"
is "$status/$(tail -1 "$T/err")" "1/choose-lesions.sh: none: ask for less, or set VARIANTS higher" "none as wanted: it says so"
unset MANIFEST

# ---- ablate-one-stage.sh ----
example ablate-one-stage
made=$T/ablate-one-stage
is "$status/$(png "$made/pairs.png")/$(grep -c '^area \|^contrast ' "$made/compare.txt")" 0/PNG/2 "ablate-one-stage.sh"
is "$(ts-info --records "$made/a.sts" | sed 1d | cut -f 3 | sort | comm -23 - <(ts-info --records "$made/normal.sts" | cut -f 2 | sort))" "" \
    "a line is given the patches of normal.sts"
grep -aq gan-gen "$made/a.sts" && grep -aq lesion-paste "$made/b.sts"
ok $? "one by a GAN, one pasted"
line='gan-gen --model $MODEL --seed 1 | lesion-postproc'
cp "$made/phantoms/manifest.tsv" "$T/own.tsv"
mv "$made/a.sts" "$T/a.sts"
export MANIFEST=$T/own.tsv ROOT=$made/phantoms
example ablate-one-stage "$line" "${line/lesion-postproc/cat}"
is "$status/$(png "$made/pairs.png")/$(ls "$made/compare.txt" 2> /dev/null)" 0/PNG/ \
    "cat in the place of a stage, on your own manifest: a picture, no measures"
cmp -s "$T/a.sts" "$made/a.sts"
ok $? "the other line makes the same as before"
example ablate-one-stage "$line" "$line --min-area 0.9" > /dev/null
is "$status" 1 "a line that keeps nothing ends it"
unset MANIFEST ROOT

# ---- compare-two-classifiers.sh ----
if command -v gnuplot > /dev/null; then
    PATIENTS=20 SEEDS='1 2' SAMPLES=160 example compare-two-classifiers
    made=$T/compare-two-classifiers
    is "$status/$(png "$made/roc.png")/$(ls "$made" | grep -c '^\(none\|half\)-[12].tsv$')" 0/PNG/4 "compare-two-classifiers.sh"
    is "$(delong --trainings --cluster patient --reference none --table none="$made/none-1.tsv,$made/none-2.tsv" \
        half="$made/half-1.tsv,$made/half-2.tsv")" "$(cat "$made/areas.txt")" "areas are those of the scores, of patients and trainings"
    grep -q '^half - none ' "$made/areas.txt"
    ok $? "$(grep '^half - none ' "$made/areas.txt")"
else
    skip "gnuplot is not installed" 3
fi

# ---- train-on-a-cluster.sh ----
export ITERATIONS=600 SAMPLES=160
PATIENTS=30 LIMIT=1 example train-on-a-cluster
made=$T/train-on-a-cluster
is "$status/$(ls "$made"/*/*.ckpt | wc -l)" 0/4 "train-on-a-cluster.sh: $(tail -n 1 "$T/out" | sed "s|$T/||g")"
# As a job of an array, with a scontrol that only notes what it is asked for.
mkdir "$T/fake"
printf '#!/bin/sh\necho "$@" >> %s/asked\n' "$T" > "$T/fake/scontrol"
chmod +x "$T/fake/scontrol"
job() { # [SIGNAL]: one turn; the signal is sent when the generator's log has grown
    local log=$T/job/mass-1.jsonl before last
    before=$(tail -n 1 "$log" 2> /dev/null)
    PATH=$T/fake:$PATH SLURM_JOB_ID=70 SLURM_ARRAY_TASK_ID=1 SLURM_CPUS_PER_TASK=1 OUT=$T/job DATA=$made/data \
        bash examples/train-on-a-cluster.sh 2> "$T/err" &
    for ((i = 0; i < 600 && $# > 0; i++)); do
        sleep 0.05
        last=$(tail -n 1 "$log" 2> /dev/null)
        [[ $last != "$before" && $last == '{"iteration'* ]] && kill "-$1" $! && break
    done
    wait $!
}
job TERM
is "$?/$(ls "$T/asked" 2> /dev/null)/$(grep -c 'stopped after iteration' "$T/err")" 75//1 "TERM: the state is saved, nobody is asked for more"
job USR1
is "$?/$(cat "$T/asked")" "75/requeue 70" "USR1: the job asks to be queued again"
job
is "$?/$(grep -c '"resumed_at": [1-9]' "$T/job/mass-1.jsonl")" 0/2 "its third turn ends: resumed twice"
cmp -s "$T/job/mass-1.ckpt" "$made/alone/mass-1.ckpt" && cmp -s "$T/job/r50-1.ckpt" "$made/alone/r50-1.ckpt"
ok $? "with the bytes of a run that nobody stopped"

# ---- read_stream.R ----
if Rscript -e 0 > /dev/null 2>&1; then
    r() { Rscript "$TOP/examples/read_stream.R" > "$T/out" 2> "$T/err"; }
    ts-info "$T/augment-my-data/synthetic.sts" > "$T/info"
    cat "$T/augment-my-data/synthetic.sts" | r
    is "$?/$(head -2 "$T/out" | xargs)" "0/records $n label malignant $n" "read_stream.R"
    Rscript "$TOP/examples/read_stream.R" "$T/augment-my-data/synthetic.sts" > "$T/named" 2>&1
    cmp -s "$T/named" "$T/out"
    ok $? "and of a file that is named"
    is "$(sed -n 's/^tensor \([a-z]*\) [a-z]* .64, 64. in \(.*, min .*, max .*\)/\1 \2/p' "$T/out" | sort)" \
        "$(sed -n 's/^tensor  *\([a-z]*\) [A-Z0-9]*.64,64. in \(.*\), mean.*/\1 \2/p' "$T/info" | sort)" \
        "the values are those that ts-info sees"
    is "$(grep -c ^tensor "$T/out")" 4 "of four tensors"
    bad=0
    for f in "$TOP"/tests/fuzz/corpus/stream/ok-*; do
        case $f in *ok-all-types) continue ;; esac
        r < "$f" && [ "$(head -1 "$T/out")" = "records $(records "$f")" ] || { bad=$((bad + 1)); echo "# $f: $(head -1 "$T/err")"; }
    done
    is $bad 0 "takes what is right"
    for f in empty no-trailer length-cut header-cut data-cut trailer-cut newline text length-huge length-over data-over \
        data-claimed records records-zeros not-json size shape-large; do
        r < "$TOP/tests/fuzz/corpus/stream/bad-$f"
        [ "$?/$(wc -l < "$T/err")/$(cut -d: -f 1 "$T/err")" = 1/1/read_stream.R ] || { bad=$((bad + 1)); echo "# bad-$f: $(cat "$T/err")"; }
    done
    is $bad 0 "refuses what is cut or does not fit, in one line"
else
    skip "Rscript is not installed" 6
fi
done_testing 41
