# The tables of pipelines/table1.mk: their numbers are those of the files they name.
. tests/tap.sh
awk_table() { # FOLDER LIST [NAME=VALUE ...]
    local f=$1 list=$2
    shift 2
    awk -v data=set -v tested=set -v scale=smoke -v net=resnet50 -v positives="mass calcification" -v negatives=" normal" \
        -v samples=1000 -v seeds=2 -v list="$list" -v start=cbis-mass -v views="$f/views.tsv" -v patients="$f/patients.tsv" \
        -v trained="$f/trained.tsv" -v mixes="$f" -v out="$f" -f "$TOP/pipelines/tables.awk" -f "$TOP/pipelines/table1.awk" "$@" \
        "$f/areas.tsv" "$f/plain.tsv" "$f/areas-shortcut.tsv" "$f/plain-shortcut.tsv"
}
# Scores of 60 cases of 20 patients: regime R, seed N.
scores() {
    awk -v r="$1" -v n="$2" 'BEGIN { OFS = "\t"; print "id", "patient", "label", "score"
        for (i = 0; i < 60; i++)
            print i, int(i / 3), i % 2 ? "malignant" : "normal", (i * 37 + r * 11 + n * 5) % 60 / 60 + (i % 2) * (0.2 + r / 500) }'
}
mkdir "$T/t"
for r in 0 10 50; do
    for n in 1 2; do
        scores $r $n > "$T/t/r$r-s$n.tsv"
        printf '{"run": "mix"}\n{"draws": 10, "positive_synthetic": 9}\n{"draws": 1000, "positive_synthetic": %d, "negative_synthetic": %d, "positive_real_distinct": 7}\n' \
            $((r * n)) $r > "$T/t/mix-r$r-s$n.jsonl"
    done
done
scores 0 7 > "$T/t/shortcut.tsv"
curves() { for r in 0 10 50; do echo "$r=$1"; done | awk -v t="$T/t" -F= '{ gsub(/rR/, "r" $1, $2); gsub(/DIR/, t, $2); print $1 "=" $2 }'; }
both=$(curves DIR/rR-s1.tsv,DIR/rR-s2.tsv)
delong --trainings --reference 0 --cluster patient $both > "$T/t/areas.tsv"
delong --reference 0 $both > "$T/t/plain.tsv"
for n in 1 2; do delong $(curves DIR/rR-s$n.tsv) > "$T/t/areas-s$n.tsv"; done
delong --cluster patient "shortcut=$T/t/shortcut.tsv" > "$T/t/areas-shortcut.tsv"
delong "shortcut=$T/t/shortcut.tsv" > "$T/t/plain-shortcut.tsv"

# Views, from records.
for view in CC MLO; do
    "$BUILD/tests/make_patches" 8 8 | "$BUILD/tests/set_meta" view=$view > "$T/$view.sts"
done
ts-cat "$T/CC.sts" "$T/MLO.sts" | ts-select --any label=normal view=CC | ts-info --records > "$T/val"
ts-info --records "$T/CC.sts" > "$T/test"
awk -f pipelines/views.awk "$T/val" "$T/test" "$T/val" > "$T/t/views.tsv"
is "$(head -4 "$T/t/views.tsv" | tail -3 | tr '\t\n' ' /')" "validation malignant CC 4/validation other CC 4/validation other MLO 4/" "views.awk counts"

# Patients, from records.
"$BUILD/tests/make_patches" 8 8 | ts-info --patients > "$T/t/patients.tsv"
"$BUILD/tests/make_patches" 12 8 | ts-info --patients > "$T/t/trained.tsv"

awk_table "$T/t" "0 10 50" > "$T/table"
is $? 0 "a table"
# value FILE WHAT CURVE COLUMN
value() { awk -F '\t' -v w="$2" -v c="$3" -v k="$4" 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i } $1 == w && $2 == c { print $col[k] }' "$T/t/$1"; }
rounded() { printf "%.3f" "$(value "$@")"; }
line() { grep "^$1 " "$T/table" | sed -n "${2:-1}p" | tr -s ' '; }
for r in 0 10 50; do
    name=$([ $r = 0 ] && echo none || echo "$r %")
    line "$name" | grep -qF " $(rounded areas.tsv area $r estimate) [$(rounded areas.tsv area $r lower), $(rounded areas.tsv area $r upper)]"
    ok $? "$name: area and interval are those of areas.tsv"
    line "$name" | grep -qF "$(
        awk -v a="$(value areas-s1.tsv area $r estimate)" -v b="$(value areas-s2.tsv area $r estimate)" \
            'BEGIN { d = a - b; printf "%.3f [", (a + b) / 2 }')" &&
        line "$name" | grep -qF "] $(awk -v a="$(value areas-s1.tsv area $r estimate)" -v b="$(value areas-s2.tsv area $r estimate)" \
            'BEGIN { d = a - b; printf "%.4f", sqrt(d * d / 2) }')"
    ok $? "$name: mean and spread over seeds"
done
line "50 %" | grep -qF "50 % 125.0 12.50 %"
ok $? "synthetic patches really drawn: mean over seeds of the last lines of the logs"
line shortcut | grep -qF "shortcut $(rounded areas-shortcut.tsv area shortcut estimate) ["
ok $? "the shortcut's area"
p() { awk -v p="$1" 'BEGIN { printf p < 0.001 ? "%.1e" : "%.3f", p }'; }
line "50 %" 2 | grep -qF " $(p "$(value areas.tsv difference 50 p)") $(p "$(value areas.tsv difference 50 holm_p)") $(
    printf %.4f "$(value areas.tsv difference 50 detectable)") $(p "$(value plain.tsv difference 50 p)") 1e-4"
ok $? "p, Holm's, the gain that would have been found, plain p, the paper's"
grep -q '^CC among malignant patches: validation 100 %, test 100 %, training 100 %;$' "$T/table" &&
    grep -q '^CC among the others: validation 50 %, test 100 %, training 50 %\.$' "$T/table"
ok $? "shares of views"
is "$(grep -c '^Tested on malignant: 4 patches of 4 patients (4.0 effective); other: 4 patches of 4 patients (4.0 effective).$' "$T/table")/$(
    grep -c '^Real patches to draw from: malignant mass: 6 patches of 6 patients (6.0 effective); normal: 6 patches' "$T/table")" 1/1 "patients"
grep -q 'Trained to tell malignant (mass, calcification) from normal; resnet50, 1000 samples a training, 2 seeds' "$T/table"
ok $? "what was told apart"
grep -q '^Each seed begins with weights of its own, trained on real patches of cbis-mass.$' "$T/table"
ok $? "what trainings begin with"
awk_table "$T/t" "0 10 50" -v folds=5 -v mixes="$T/t $T/t" | grep -q '^5 folds: every patient is tested once'
ok $? "a table of folds says so"

awk_table "$T/t" "0 10 50" -v tested=other | head -n 1 | grep -q 'Trained on set, tested on other'
ok $? "a table of another data set says so"
awk_table "$T/t" 0 > "$T/table"
is "$?/$(grep -cE "Holm|gain over" "$T/table")" 0/0 "the baseline alone: no comparison"
awk_table "$T/t" "0 10 50" -v samples=2000 > "$T/table" 2> "$T/err"
is "$?/$(grep -c '1000 draws, not 2000' "$T/err")" 1/1 "a log that was cut is noticed"

# ---- logs of trainings ----
cat > "$T/w0.125_lr1e-3_b16-s1.jsonl" << 'EOF'
{"run": "resnet-train"}
{"iteration": 5, "samples": 80, "loss": 0.6, "seconds": 1.5}
{"iteration": 5, "samples": 80, "val_auc": 0.56, "best_auc": 0.56, "best_samples": 80, "seconds": 0.25}
{"iteration": 10, "samples": 160, "val_auc": 0.51, "best_auc": 0.56, "best_samples": 80, "seconds": 1.25e+00}
EOF
sed 's/0.51/0.54/; s/1.5}/0.5}/' "$T/w0.125_lr1e-3_b16-s1.jsonl" > "$T/w0.125_lr1e-3_b16-s2.jsonl"
is "$(awk -f pipelines/tune.awk "$T"/w0.125_lr1e-3_b16-s[12].jsonl)" \
    "0.5250 validation AUC at the end, sd 0.0212 over 2 seeds; 2 s each; width 0.125 lr 1e-3 batch 16" "a line of the grid"
is "$(awk -f pipelines/times.awk "$T"/w0.125_lr1e-3_b16-s[12].jsonl | tail -n 1 | cut -d ' ' -f 1-4)" "2 trainings took 5" "seconds are summed"

# ---- what the recipes refuse ----
recipe() { env -u MAKEFLAGS -u MAKELEVEL make -s --no-print-directory "$@" 2>&1; }
recipe lesions DATA=cbis-mass | grep -q 'no normal tissue'
ok $? "no lesions can be put into crops"
recipe cross-test | grep -q 'TEST=B names'
ok $? "cross-test wants to know on what"
is "$(TEST=other recipe -p -n help | sed -n 's/^out := .*table1/table1/p')" table1 "the environment's TEST is another's"
recipe help DATA=nonsense | grep -q 'DATA=nonsense is none of'
ok $? "an unknown data set"
recipe lesions FOLDS=5 | grep -q 'FOLDS=5 without FOLD=k is for make table1'
ok $? "a run over folds that only table1 has"
done_testing 26
