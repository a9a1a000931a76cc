# delong: score files in, areas and tests out.
. tests/tap.sh
cd "$T"
# scores SHIFT [AWK]: 60 cases of 20 patients, every third malignant.
scores() {
    awk -v shift="$1" 'BEGIN {
        OFS = "\t"; print "id", "patient", "label", "lesion", "synthetic", "score"
        for (i = 1; i <= 60; i++)
            print "i" i, "p" int(i / 3), i % 3 == 0 ? "malignant" : i % 2 ? "benign" : "normal", "", 0,
                (i * 7919 % 101) / 101 + (i * shift % 37) / 37 + (i % 3 == 0) * 0.4
    }'
}
scores 5 > a.tsv
scores 11 > b.tsv
scores 23 > c.tsv
column() { awk -F'\t' -v c="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) k = i; next } { print $k }' "${2:-out}"; }

delong a.tsv > out 2> err
is "$?/$(cat err)/$(wc -l < out)" 0//2 "one curve"
is "$(column what)/$(column curve)/$(column positives)/$(column negatives)/$(column units)" area/a/20/40/60 "its name and cases"
delong a.tsv x=b.tsv sub/../c.tsv > out 2> err
is $? 1 "a folder that is not there"
mkdir sub
delong a.tsv x=b.tsv sub/../c.tsv > out
is "$(column what | xargs)" "area area area difference difference difference" "three curves, three pairs"
is "$(column curve | xargs)" "a x c a a x" "named"
is "$(awk -F'\t' '{ print NF }' out | sort -u)" 16 "every line has all columns"
delong --reference x a.tsv x=b.tsv c.tsv > out
is "$(awk -F'\t' '$1 == "difference" { print $2 "-" $3 }' out | xargs)" "a-x c-x" "--reference"
is "$(awk -F'\t' '$1 == "area" { a[$2] = $4 } $1 == "difference" && (a[$2] - a[$3] - $4) ^ 2 > 1e-24 { bad = 1 } END { print bad + 0 }' out)" \
    0 "differences are areas less the reference's"
is "$(awk -F'\t' '$1 == "difference" && !($12 >= $10 && ($8 < 0) == ($4 < 0)) { bad = 1 } END { print bad + 0 }' out)" 0 \
    "Holm's p is no less than p; statistics have the difference's sign"

# The order of a file means nothing, nor do further columns.
(head -1 b.tsv; tail -n +2 b.tsv | sort -r) > turned.tsv
delong a.tsv b.tsv > want
delong a.tsv b=turned.tsv | cmp -s - want
ok $? "joined by id"
awk -F'\t' -v OFS='\t' '{ print $6, "x", $3, $1 }' a.tsv | sed '1s/x/more/' > few.tsv
is "$(delong few.tsv | column estimate /dev/stdin)" "$(column estimate want | head -1)" "columns are found by name"
sed 's/$/\r/' a.tsv > dos.tsv
is "$(delong dos.tsv | column estimate /dev/stdin)" "$(column estimate want | head -1)" "lines may end in CR LF"
(printf '\357\273\277'; cat a.tsv) > marked.tsv
is "$(delong marked.tsv | column estimate /dev/stdin)" "$(column estimate want | head -1)" \
    "a byte order mark may come first"
cat a.tsv | delong a=- b.tsv | cmp -s - want
ok $? "standard input"

# Means over seeds.
awk -F'\t' -v OFS='\t' 'FNR == 1 { if (NR == 1) print; next } NR == FNR { s[$1] = $6; next } { $6 = ($6 + s[$1]) / 2; print }' \
    a.tsv b.tsv > mean.tsv
is "$(delong m=a.tsv,turned.tsv | column estimate /dev/stdin)" "$(delong mean.tsv | column estimate /dev/stdin)" \
    "a curve of several files is that of their mean"

# Direction is said, not guessed.
awk -F'\t' -v OFS='\t' 'NR > 1 { $6 = -$6 } 1' a.tsv > negated.tsv
is "$(delong --direction lower a=negated.tsv)" "$(delong a.tsv)" "--direction lower"
is "$(delong negated.tsv a.tsv | column estimate /dev/stdin | head -2 | awk '{ s += $1 } END { printf "%.12f", s }')" \
    1.000000000000 "without it the area is below 0.5"
is "$(delong a.tsv same=a.tsv | cut -f 8,10,11 | tail -1 | xargs)" "0 1 0" "a curve against itself: z 0, p 1"

for change in '--cluster patient' --unpaired '--level 0.9' '--interval logit'; do
    delong $change a.tsv b.tsv > out
    is "$?/$(cmp -s out want; echo $?)" 0/1 "$change changes the result"
done
delong --unpaired a.tsv b.tsv | column df /dev/stdin | tail -1 | awk '{ exit !($1 > 59 && $1 <= 118) }'
ok $? "unpaired: t with Welch's degrees of freedom"
awk -F'\t' -v OFS='\t' 'NR > 1 { $2 = "q" NR } 1' a.tsv > own.tsv
is "$(delong --cluster patient a=own.tsv | cut -f 1-7)" "$(delong a.tsv | cut -f 1-7)" \
    "one case a patient: the clustered interval is DeLong's"
head -50 b.tsv | sed '2,$s/^i/j/' > other.tsv
delong --unpaired a.tsv other.tsv > out
is "$?" 0 "unpaired curves may have other cases"

# Far from each other: p has no smallest value.
awk 'BEGIN { OFS = "\t"; print "id", "label", "score"
    for (i = 1; i <= 40000; i++) print i, i % 2 ? "malignant" : "normal", (i * 7919 % 10007) / 10007 + (i % 2) * 0.9 }' > good.tsv
awk 'BEGIN { OFS = "\t"; print "id", "label", "score"
    for (i = 1; i <= 40000; i++) print i, i % 2 ? "malignant" : "normal", (i * 104729 % 10009) / 10009 }' > chance.tsv
delong good.tsv chance.tsv > out
ok "$(column log10_p | tail -1 | awk '{ exit !($1 < -400) }'; echo $?)" "log10 p of $(column log10_p | tail -1)"
ok "$(column p | tail -1 | grep -q 'e-[0-9]\{4\}$'; echo $?)" "p of $(column p | tail -1)"

# Points.
delong --roc roc.tsv a.tsv b.tsv > out
is "$?/$(head -1 roc.tsv | tr '\t' ' ')" "0/curve area threshold false_positive_rate true_positive_rate" "--roc"
is "$(awk -F'\t' 'NR > 1 && $1 == "a" { s += ($4 - x) * ($5 + y) / 2; x = $4; y = $5 } END { printf "%.10f", s }' roc.tsv)" \
    "$(column estimate | head -1 | awk '{ printf "%.10f", $1 }')" "the area under the points"
is "$(sed -n 2p roc.tsv | cut -f 3-5 | xargs)/$(tail -1 roc.tsv | cut -f 4-5 | xargs)" "inf 0 0/1 1" "from none to all"
delong --table --reference a a.tsv b.tsv c.tsv > out
is "$?/$(grep -c '^[abc] ' out)/$(grep -c ' - a ' out)" 0/5/2 "--table"

# What is refused.
bad() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    fails 1 "$what" "$@"
    ok "$(grep -q "$pattern" fails.err; echo $?)" "... $(cut -d: -f 2- fails.err)"
}
head -50 a.tsv > short.tsv
bad "a file without some ids" "11 of the 60 ids" delong a.tsv short.tsv
bad "a file with more ids" "line 51: id 'i50' is not in short.tsv" delong short.tsv a.tsv
(cat a.tsv; sed -n 2p a.tsv) > twice.tsv
bad "an id that comes twice" "line 62: id 'i1' stands on line 2 too" delong twice.tsv
bad "an id that comes twice in another" "id 'i1' comes twice" delong b.tsv twice.tsv
sed 's/malignant/benign/' a.tsv > benign.tsv
bad "one class only" "0 positive" delong benign.tsv
sed '4s/malignant/normal/' b.tsv > relabelled.tsv
bad "another label" "line 4: id 'i3'" delong a.tsv relabelled.tsv
sed '4s/p1/p7/' b.tsv > moved.tsv
bad "another patient" "patient 'p7'" delong --cluster patient a.tsv moved.tsv
for score in nan inf -inf 1e999 '' x '1 ' ' 1' 0.5x; do
    awk -F'\t' -v OFS='\t' -v s="$score" 'NR == 5 { $6 = s } 1' a.tsv > odd.tsv
    bad "the score '$score'" "line 5: score" delong odd.tsv
done
head -c 700 a.tsv > cut.tsv
bad "a cut line" "the file is cut" delong cut.tsv
sed '7s/\t0\t/\t/' a.tsv > narrow.tsv
bad "a line with too few fields" "line 7: 5 fields, the first line has 6" delong narrow.tsv
sed '7s/^i6/i\x006/' a.tsv > nul.tsv
bad "a NUL byte" "line 7" delong nul.tsv
sed '1s/score/skore/' a.tsv > nocolumn.tsv
bad "no column score" "no column 'score'" delong nocolumn.tsv
sed '1s/lesion/score/' a.tsv > columns.tsv
bad "two columns score" "two columns" delong columns.tsv
bad "no column patient" "no column 'patient'" delong --cluster patient good.tsv
sed '9s/benign/begin/; 9s/normal/begin/' a.tsv > label.tsv
bad "an unknown label" "line 9: label 'begin'" delong label.tsv
: > empty.tsv
bad "an empty file" "is empty" delong empty.tsv
head -1 a.tsv > heading.tsv
bad "no cases" "0 positive" delong heading.tsv
awk 'NR == 3 { for (i = 0; i < 20000; i++) printf "x" } 1' a.tsv > long.tsv
bad "a line without end" "more than 16384 bytes" delong long.tsv
awk 'BEGIN { for (i = 0; i < 10000000; i++) printf "x" }' > long.tsv
awk 'BEGIN { printf "id\tlabel\tscore"; for (i = 0; i < 9000; i++) printf "\t"; print "" }' > long.tsv
bad "9003 columns" "more than 256 columns" delong long.tsv
printf '\357\273\277' | cat - a.tsv > mark.tsv
(cat a.tsv; echo) > blank.tsv
bad "an empty line" "line 62: 1 fields" delong blank.tsv
awk -F'\t' -v OFS='\t' 'NR > 1 { $2 = $3 == "malignant" ? "p" : "q" NR } 1' a.tsv > onepatient.tsv
bad "one patient with lesions" "1 patients" delong --cluster patient onepatient.tsv
bad "no such file" "nowhere" delong nowhere.tsv
bad "points that cannot be written" "nowhere" delong --roc nowhere/roc.tsv a.tsv
delong --roc kept.tsv a.tsv short.tsv > out 2> err
is "$(ls kept.tsv* 2> /dev/null)" "" "a failure leaves no points"
fails 2 "points that would be the scores" delong --roc a.tsv b=b.tsv a=./a.tsv
ok "$([ -s a.tsv ]; echo $?)" "which stay"
# A variance of 0 that rounding makes less.
for n in 7 26 50; do
    awk -v n=$n 'BEGIN { OFS = "\t"; print "id", "patient", "label", "score"
        for (k = 1; k <= n; k++) { print "m" k, k, "malignant", k + 0.5; print "n" k, k, "normal", k } }' > zero.tsv
    is "$(delong --cluster patient zero.tsv | column se /dev/stdin | awk '{ print ($1 >= 0 && $1 < 1e-8) }')" 1 \
        "$n patients whose placements cancel: no variance"
done
delong a.tsv > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 1 "points on a full disk" delong --roc /dev/full a.tsv
delong good.tsv | head -c 0
is "${PIPESTATUS[0]}" 1 "a closed pipe"

fails 2 "no operand" delong
fails 2 "two curves of one name" delong a.tsv sub/../a.tsv
fails 2 "an unknown reference" delong --reference z a.tsv
fails 2 "an empty name" delong =a.tsv
fails 2 "an empty file name" delong x=a.tsv,
for bad in '--level 1' '--level x' '--direction up' '--cluster image' '--interval exact' '--roc' '--nonsense'; do
    fails 2 "$bad" delong a.tsv $bad
done

# The picture.
if command -v gnuplot > /dev/null; then
    for out in roc.svg roc.png; do
        "$TOP/pipelines/roc-plot.sh" roc.tsv $out "it's a title" 2> err
        is "$?/$(cat err)" 0/ "roc-plot.sh draws $out"
    done
    is "$(grep -o 'AUC 0\.[0-9]*' roc.svg | sort -u | wc -l)" 2 "with a legend"
    is "$(head -c 4 roc.png | tail -c 3)" PNG "and a PNG is a PNG"
    "$TOP/pipelines/roc-plot.sh" a.tsv bad.svg 2> err
    is "$?/$(wc -l < err)/$(ls bad.svg 2> /dev/null)" 1/1/ "another table is refused"
    "$TOP/pipelines/roc-plot.sh" roc.tsv roc.gif 2> err
    is "$?/$(wc -l < err)" 2/1 "another kind of picture too"
else
    skip "gnuplot is not installed" 6
fi
done_testing 120
