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
is "$(awk -F'\t' '{ print NF }' out | sort -u)" 24 "every line has all columns"
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

for change in '--cluster patient' --unpaired '--level 0.9' '--interval logit' '--power 0.9'; do
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

is "$(delong --power 0.9 a.tsv b.tsv | column detectable /dev/stdin | tail -1 | awk -v se="$(column se want | tail -1)" \
    '{ printf "%.6f", $1 / se }')" 3.241516 "detectable with a power of 0.9: 1.96 + 1.28 standard errors"

# Patients: how many, and how many in effect.
awk -F'\t' -v OFS='\t' 'NR > 1 && NR < 30 { $2 = $3 == "malignant" ? "big" : "p" NR % 7 } 1' a.tsv > uneven.tsv
delong --cluster patient uneven.tsv > out
awk -F'\t' 'NR > 1 { k = $3 == "malignant"; n[k]++; c[k, $2]++ }
    END { for (i in c) { split(i, p, SUBSEP); m[p[1]]++; s[p[1]] += c[i] ^ 2 }
          printf "%d %d %.9f %.9f", m[1], m[0], n[1] ^ 2 / s[1], n[0] ^ 2 / s[0] }' uneven.tsv > count
is "$(awk -F'\t' 'NR == 2 { printf "%d %d %.9f %.9f", $21, $22, $23, $24 }' out)" "$(cat count)" \
    "patients with malignant and other cases, effectively: $(cat count)"
is "$(sed -n 1p out | cut -f 21-24 | xargs)" "positive_patients negative_patients effective_positive effective_negative" \
    "their columns"
is "$(delong uneven.tsv | sed -n 2p | cut -f 17-24 | tr -d '\t')" "" "none where cases are independent"
delong --table --cluster patient uneven.tsv > out
ok "$(grep -q "$(awk '{ printf "%d *( *%.1f) *%d *( *%.1f)", $1, $3, $2, $4 }' count)" out; echo $?)" "and in the table"

# Trainings: the mean of areas.
for i in 1 2 3 4 5 6 7; do
    scores $((i * 7)) > t$i.tsv
done
arms="x=t1.tsv,t2.tsv,t3.tsv y=t4.tsv,t5.tsv,t6.tsv,t7.tsv"
delong --trainings --cluster patient $arms > out 2> err
is "$?/$(cat err)/$(awk -F'\t' '{ print NF }' out | sort -u)" 0//24 "--trainings"
delong t1.tsv t2.tsv t3.tsv t4.tsv t5.tsv t6.tsv t7.tsv | awk -F'\t' '$1 == "area" { a[++n] = $4 }
    function part(from, to,   i, m, v) {
        for (i = from; i <= to; i++) m += a[i] / (to - from + 1)
        for (i = from; i <= to; i++) v += (a[i] - m) ^ 2 / (to - from)
        printf "%.9f %.9f\n", m, sqrt(v / (to - from + 1))
    }
    END { part(1, 3); part(4, 7) }' > parts
is "$(awk -F'\t' '$1 == "area" { printf "%.9f %.9f\n", $4, $19 }' out)" "$(cat parts)" \
    "means of areas, and what trainings add to their errors"
is "$(awk -F'\t' 'NR > 1 && ($5 ^ 2 / ($18 ^ 2 + $19 ^ 2) - 1) ^ 2 > 1e-20 { bad = 1 } END { print bad + 0 }' out)" 0 \
    "standard errors are of patients and of trainings"
is "$(column trainings | xargs)/$(awk -F'\t' 'NR > 1 { print ($9 > 1 && $9 < 60) }' out | xargs)" "3 4/1 1 1" \
    "numbers of trainings; degrees of freedom"
ok "$(awk -F'\t' '$1 == "difference" { exit !($6 < $4 && $7 > $4 && ($8 * $5 / $4 - 1) ^ 2 < 1e-18 && $17 > $7 - $4 && $10 < 1) }' out
    echo $?)" "an interval, t, p and what could be detected"
delong --trainings --cluster patient y=t4.tsv,t5.tsv,t6.tsv,t7.tsv x=t1.tsv,t2.tsv,t3.tsv > turned
is "$(awk -F'\t' '$1 == "difference" { printf "%.12f %.12f %.12f", -$4, $5, $10 }' turned)" \
    "$(awk -F'\t' '$1 == "difference" { printf "%.12f %.12f %.12f", $4, $5, $10 }' out)" "the other way round"
delong --trainings --cluster patient --reference x $arms z=t2.tsv,t5.tsv > three
is "$(awk -F'\t' '$1 == "difference" { print $2 "-" $3, ($12 >= $10) }' three | xargs)" "y-x 1 z-x 1" "with a reference, and Holm's p"
delong --trainings $arms > plain
is "$(column estimate plain | xargs)" "$(column estimate | xargs)" "cases independent: the same areas"
ok "$(cmp -s plain out; [ $? = 1 ]; echo $?)" "other errors"
delong --trainings --direction lower $(for a in 'x 1 2 3' 'y 4 5 6 7'; do
    set -- $a; name=$1; shift
    for i; do awk -F'\t' -v OFS='\t' 'NR > 1 { $6 = -$6 } 1' t$i.tsv > n$i.tsv; done
    echo "$name=$(printf 'n%s.tsv,' "$@" | sed 's/,$//')"
done) | cmp -s - plain
ok $? "--direction lower"
is "$(delong --trainings x=t1.tsv,t2.tsv,t3.tsv y=t1.tsv,t2.tsv,t3.tsv | tail -1 | cut -f 4,8,10,11,18)" \
    "$(printf '0\t0\t1\t0\t0')" "an arm against itself: difference 0, p 1, nothing of patients"
is "$(delong --trainings x=t1.tsv,t1.tsv,t1.tsv y=t1.tsv,t1.tsv | tail -1 | cut -f 4,5,10,17)" "$(printf '0\t0\t1\tnan')" \
    "equal trainings of both: no error to measure with"
delong --trainings x=t1.tsv,t1.tsv y=t4.tsv,t4.tsv,t4.tsv > out
delong x=t1.tsv y=t4.tsv > want1
is "$(awk -F'\t' 'NR > 1 { printf "%.12f %.12f\n", $4, $5 }' out)" "$(awk -F'\t' 'NR > 1 { printf "%.12f %.12f\n", $4, $5 }' want1)" \
    "trainings that do not differ: DeLong's standard errors"
is "$(awk -F'\t' 'NR > 1 { print ($9 > 20 && $9 < 60) }' out | xargs)" "1 1 1" "but with degrees of freedom"
delong --table --trainings --cluster patient $arms > out
is "$?/$(grep -c '^[xy] ' out)/$(grep -c '^x - y ' out)" 0/3/1 "as a table"
ok "$(grep -q 'trainings$' out && grep -q 'Mean areas' out; echo $?)" "that says so"
awk -F'\t' -v OFS='\t' 'NR > 1 { $6 = ($3 == "malignant") + NR / 1000 } 1' a.tsv > perfect.tsv
delong --trainings x=perfect.tsv,perfect.tsv y=t1.tsv,t2.tsv > out
is "$(sed -n 2p out | cut -f 4-7 | xargs)" "1 0 1 1" "perfect trainings"
ok "$(tail -1 out | awk -F'\t' '{ exit !($4 > 0 && $5 > 0 && $10 > 0 && $10 < 0.05) }'; echo $?)" "are better than others"

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
bad "one patient with lesions, trainings" "onepatient: 1 patients with positive cases" \
    delong --trainings --cluster patient onepatient.tsv,onepatient.tsv
bad "no malignant case, trainings" "benign: 0 positive and 60 negative cases" delong --trainings benign.tsv,benign.tsv
bad "a training without some ids" "short.tsv: 11 of the 60 ids of t1.tsv" delong --trainings x=t1.tsv,short.tsv
bad "an arm without some ids" "short.tsv: 11 of the 60 ids of t1.tsv" delong --trainings x=t1.tsv,t2.tsv y=t3.tsv,short.tsv
bad "a training with more ids" "line 51: id 'i50' is not in short.tsv" delong --trainings x=short.tsv,t1.tsv
bad "an arm with another label" "relabelled.tsv: line 4: id 'i3'" delong --trainings x=t1.tsv,t2.tsv y=t3.tsv,relabelled.tsv
bad "an arm with another patient" "moved.tsv: line 4: id 'i3' is of patient 'p7'" \
    delong --cluster patient --trainings x=t1.tsv,t2.tsv y=moved.tsv,t3.tsv
awk -F'\t' -v OFS='\t' 'NR == 5 { $6 = "nan" } 1' t3.tsv > odd.tsv
bad "a training with an odd score" "odd.tsv: line 5: score" delong --trainings x=t1.tsv,t2.tsv y=t4.tsv,odd.tsv
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
fails 2 "a single training" delong --trainings x=a.tsv,b.tsv c=c.tsv
ok "$(grep -q "'c' has one file: a variance over trainings needs two" fails.err; echo $?)" "... $(head -1 fails.err)"
fails 2 "trainings of different cases" delong --trainings --unpaired x=a.tsv,b.tsv y=b.tsv,c.tsv
fails 2 "points of trainings" delong --trainings --roc r.tsv x=a.tsv,b.tsv
for bad in '--power 1' '--power 0.4' '--power x' '--level 1' '--level x' '--direction up' '--cluster image' '--interval exact' '--roc' '--nonsense'; do
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
done_testing 167
