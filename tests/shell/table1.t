# The tables of pipelines/table1.mk: their numbers are those of the files they name.
. tests/tap.sh
awk_table() { # FOLDER LIST [NAME=VALUE ...]
    local f=$1 list=$2
    shift 2
    awk -v data=set -v tested=set -v scale=smoke -v positives="mass calcification" -v negatives=" normal" -v samples=1000 \
        -v seeds=2 -v list="$list" -v warm=w.ckpt -v warm_on=cbis-mass -v views="$f/views.tsv" -v t1="$f" -v out="$f" \
        -f "$TOP/pipelines/tables.awk" -f "$TOP/pipelines/table1.awk" "$@" "$f/areas.tsv" "$f/plain.tsv" \
        "$f/areas-shortcut.tsv" "$f/plain-shortcut.tsv" "$f/areas-s1.tsv" "$f/areas-s2.tsv"
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
delong --reference 0 --cluster patient $both > "$T/t/areas.tsv"
delong --reference 0 $both > "$T/t/plain.tsv"
for n in 1 2; do delong --reference 0 --cluster patient $(curves DIR/rR-s$n.tsv) > "$T/t/areas-s$n.tsv"; done
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

awk_table "$T/t" "0 10 50" > "$T/table"
is $? 0 "a table"
# value FILE WHAT CURVE COLUMN
value() { awk -F '\t' -v w="$2" -v c="$3" -v k="$4" 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i } $1 == w && $2 == c { print $col[k] }' "$T/t/$1"; }
rounded() { printf "%.3f" "$(value "$@")"; }
line() { grep "^$1 " "$T/table" | sed -n "${2:-1}p" | tr -s ' '; }
for r in 0 10 50; do
    name=$([ $r = 0 ] && echo none || echo "$r %")
    line "$name" | grep -qF " $(rounded areas.tsv area $r estimate) [$(rounded areas.tsv area $r lower), $(rounded areas.tsv area $r upper)]"
    ok $? "$name: area and interval by patient are those of areas.tsv"
    line "$name" | grep -qF "[$(rounded plain.tsv area $r lower), $(rounded plain.tsv area $r upper)] $(
        awk -v a="$(value areas-s1.tsv area $r estimate)" -v b="$(value areas-s2.tsv area $r estimate)" \
            'BEGIN { d = a - b; printf "%.3f, %.4f", (a + b) / 2, sqrt(d * d / 2) }')"
    ok $? "$name: plain interval; mean and spread over seeds"
done
line "50 %" | grep -qF "50 % 125.0 12.50 %"
ok $? "synthetic patches really drawn: mean over seeds of the last lines of the logs"
line shortcut | grep -qF "shortcut $(rounded areas-shortcut.tsv area shortcut estimate) ["
ok $? "the shortcut's area"
p() { awk -v p="$1" 'BEGIN { printf p < 0.001 ? "%.1e" : "%.3f", p }'; }
line "50 %" 2 | grep -qF " $(p "$(value areas.tsv difference 50 p)") $(p "$(value areas.tsv difference 50 holm_p)") $(
    p "$(value plain.tsv difference 50 p)") 1e-4 $(p "$(value areas-s1.tsv difference 50 p)") $(p "$(value areas-s2.tsv difference 50 p)")"
ok $? "p: averaged, Holm's, plain, the paper's, of each seed"
grep -q '^CC among malignant patches: validation 100 %, test 100 %, training 100 %;$' "$T/table" &&
    grep -q '^CC among the others: validation 50 %, test 100 %, training 50 %\.$' "$T/table"
ok $? "shares of views"
is "$(grep -o 'patients of set: .*' "$T/table")/$(grep -c '^With less than some 30 patients' "$T/table")" \
    "patients of set: malignant ones of 20, others of 20./1" "patients of each kind, and that they are few"
grep -q 'Trained to tell malignant (mass, calcification) from normal; 1000 samples a training, 2 seeds' "$T/table"
ok $? "what was told apart"

awk_table "$T/t" "0 10 50" -v tested=other | head -n 1 | grep -q 'Trained on set, tested on other'
ok $? "a table of another data set says so"
awk_table "$T/t" 0 > "$T/table"
is "$?/$(grep -cE "Holm|gain over" "$T/table")" 0/0 "the baseline alone: no comparison"
awk_table "$T/t" "0 10 50" -v samples=2000 > "$T/table" 2> "$T/err"
is "$?/$(grep -c '1000 draws, not 2000' "$T/err")" 1/1 "a log that was cut is noticed"

# ---- logs of trainings ----
cat > "$T/w0.125_lr1e-3_b16.jsonl" << 'EOF'
{"run": "resnet-train"}
{"iteration": 5, "samples": 80, "loss": 0.6, "seconds": 1.5}
{"iteration": 5, "samples": 80, "val_auc": 0.56, "best_auc": 0.56, "best_samples": 80, "seconds": 0.25}
{"iteration": 10, "samples": 160, "val_auc": 0.51, "best_auc": 0.56, "best_samples": 80, "seconds": 1.25e+00}
EOF
is "$(awk -f pipelines/tune.awk "$T/w0.125_lr1e-3_b16.jsonl")" \
    "0.5600 best validation AUC, at 80 samples; 0.5100 at 160; 3 s; width 0.125 lr 1e-3 batch 16" "a line of the grid"
cp "$T/w0.125_lr1e-3_b16.jsonl" "$T/again.jsonl"
is "$(awk -f pipelines/times.awk "$T/w0.125_lr1e-3_b16.jsonl" "$T/again.jsonl" | tail -n 1 | cut -d ' ' -f 1-4)" \
    "2 trainings took 6" "seconds are summed"

# ---- what the recipes refuse ----
recipe() { env -u MAKEFLAGS -u MAKELEVEL make -s --no-print-directory "$@" 2>&1; }
recipe lesions DATA=cbis-mass | grep -q 'no normal tissue'
ok $? "no lesions can be put into crops"
recipe cross-test | grep -q 'TEST=B names'
ok $? "cross-test wants to know on what"
is "$(TEST=other recipe -p -n help | sed -n 's/^out := .*table1/table1/p')" table1 "the environment's TEST is another's"
recipe help DATA=nonsense | grep -q 'DATA=nonsense is none of'
ok $? "an unknown data set"
done_testing 23
