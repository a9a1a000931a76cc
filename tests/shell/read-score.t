# read-score: answers to a blind sheet.
. tests/tap.sh
cd "$T"
printf 'number\tsynthetic\tpatient\n1\t1\tp7\n2\t0\tp3\n3\t0\tp4\n4\t1\tp9\n' > key.tsv
printf 'number\tscore\n1\t0.9\n2\t0.2\n3\t0.6\n4\t0\n' > answers.tsv
value() { awk -F'\t' -v w="$1" -v c="${2:-2}" '$1 == w { print $c }' out; }

read-score key.tsv answers.tsv > out 2> err
is "$?/$(cat err)" 0/ "scores a sheet"
is "$(head -1 out)/$(wc -l < out)" "$(printf 'what\tvalue\tlower\tupper')/6" "a table"
is "$(value area)/$(value 'share right')" 0.5/0.5 "the page's example"
is "$(value 'real patches')/$(value 'synthetic patches')/$(value patients)" 2/2/4 "counts"
sort -r answers.tsv | awk 'BEGIN { FS = OFS = "\t"; print "reader", "score", "number" } $1 != "number" { print "A", $2, $1 }' > mixed.tsv
read-score key.tsv mixed.tsv | cmp -s - out
ok $? "in any order, with other columns"
read-score key.tsv - < answers.tsv | cmp -s - out
ok $? "from standard input"
read-score --threshold 0.1 key.tsv answers.tsv > out
is "$(value 'share right')" 0.25 "--threshold"
read-score --threshold 0.2 key.tsv answers.tsv > out
is "$(value 'share right')" 0.375 "a score at it is half right"

# A reader who knows, one who guesses, one who has it the other way round; delong agrees.
awk 'BEGIN { OFS = "\t"; print "number", "synthetic", "patient" > "k"; print "number", "score" > "right"; print "number", "score" > "guess"
    print "number", "score" > "wrong"; print "id", "patient", "label", "score" > "d"
    for (i = 1; i <= 40; i++) { s = (i * 7) % 5 < 2; p = "p" (i % 17); g = (i * 37 % 41) / 41
        print i, s, p > "k"; print i, s > "right"; print i, 1 - s > "wrong"; print i, g > "guess"
        print i, p, s ? "malignant" : "normal", g > "d" } }'
read-score k right > out
is "$(value area)/$(value 'share right')" 1/1 "a reader who knows"
read-score k wrong > out
is "$(value area)/$(value 'share right')" 0/0 "one who has it the other way round"
read-score k guess > out
delong --cluster patient --interval logit d | awk -F'\t' '$1 == "area" { printf "%.4g %.4g %.4g\n", $4, $6, $7 }' > want
is "$(value area) $(value area 3) $(value area 4)" "$(cat want)" "the area is delong's"
ok "$(awk -v l="$(value 'share right' 3)" -v v="$(value 'share right')" -v u="$(value 'share right' 4)" 'BEGIN { print !(l < v && v < u) }')" \
    "and the share has an interval"
read-score --level 0.5 k guess > narrow
is "$(cmp -s narrow out; echo $?)" 1 "--level"
read-score --seed 2 k guess > other
is "$(cmp -s other out; echo $?)/$(awk 'NR == 2' other)" "1/$(awk 'NR == 2' out)" "--seed moves the share's interval alone"

# From a sheet to its score.
"$BUILD/tests/make_patches" 30 32 > real.sts
"$BUILD/tests/set_meta" synthetic=1 < real.sts | cat real.sts - | ts-sheet --blind sheet.tsv --out sheet.png --count 20
awk -F'\t' 'BEGIN { OFS = FS } NR == 1 { print "number", "score"; next } { print $6, $5 }' sheet.tsv > all-right.tsv
read-score sheet.tsv all-right.tsv > out
is "$(value area)/$(value 'synthetic patches')" 1/10 "the key of ts-sheet"

bad() { # WHAT MESSAGE KEY ANSWERS
    fails 1 "$1" read-score "$3" "$4"
    grep -q "$2" fails.err
    ok $? "says so: $(cat fails.err)"
}
: > empty
sed '$d' answers.tsv > less
{ cat answers.tsv; printf '5\t0.3\n'; } > more
{ cat answers.tsv; printf '1\t0.3\n'; } > twice
sed 's/0.6/maybe/' answers.tsv > word
cut -f 1 answers.tsv > column
printf '%s' "$(cat answers.tsv)" > cut
sed 's/p3/p4/' key.tsv > one
sed 's/p3//' key.tsv > nobody
sed 's/	1	/	yes	/' key.tsv > yes
{ cat key.tsv; printf '1\t0\tp1\n'; } > again
bad "an empty file" "empty" key.tsv empty
bad "no answer to one" "no answer to number 4" key.tsv less
bad "an answer too many" "line 6: number '5' is not in the key" key.tsv more
bad "two answers" "number '1' comes twice" key.tsv twice
bad "a word" "score 'maybe' is not a number" key.tsv word
bad "no scores" "no column 'score'" key.tsv column
bad "a cut file" "cut" key.tsv cut
bad "real patches of one patient" "1 with negative ones" one answers.tsv
bad "a patch without a patient" "patient is empty" nobody answers.tsv
bad "a key that is none" "neither 0 nor 1" yes answers.tsv
bad "a number twice in the key" "line 6: number '1' comes twice" again answers.tsv
read-score key.tsv answers.tsv > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "one operand" read-score key.tsv
for bad in '--level 1' '--threshold x' '--seed x' '--nonsense'; do fails 2 "$bad" read-score $bad key.tsv answers.tsv; done
done_testing 43
