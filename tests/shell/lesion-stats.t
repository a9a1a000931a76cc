# lesion-stats, lesion-compare and lesion-stats.sh: lesions in, measures, differences and a picture out.
. tests/tap.sh
tools=$BUILD/tests
cd "$T"
column() { awk -F'\t' -v c="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) k = i; next } { print $k }' "${2:-out}"; }

phantom --out ph --patients 24 --height 320 --seed 5 --malignant 0.6 --benign 0.2 --calcification 0
draw() { patch-sample --size 48 --min-tissue 0.5 --seed 1 "$@" ph/manifest.tsv; }
draw --label malignant --lesion mass --each 2 --max-offset 0.25 --margin 6 > wide.sts
augment --size 48 --seed 3 < wide.sts > real.sts
draw --label normal --from both --each 2 | "$tools/fake_lesions" > made.sts

# ---- lesion-stats ----
lesion-stats real.sts > real.tsv 2> err
is "$?/$(head -1 real.tsv | tr '\t' ' ')" \
    "0/id patient label lesion synthetic area mean sd contrast edge roundness eccentricity cut" "measures real lesions"
is "$(awk -F'\t' '{ print NF }' real.tsv | sort -u)" 13 "every line has all columns"
n=$(ts-info real.sts | awk '/^records/ { print $2 }')
out=$(sed -n 's/^lesion-stats: \([0-9]*\) of .*/\1/p' err)
is $(($(wc -l < real.tsv) - 1 + ${out:-0})) "$n" "a line for each, or a word about it"
lesion-stats < made.sts > made.tsv 2> err
is "$?/$(cat err)" 0/ "and synthetic ones, on standard input"
is "$(column synthetic made.tsv | sort -u)/$(column label made.tsv | sort -u)" 1/malignant "labelled as the records are"
is "$(awk -F'\t' 'NR > 1 && $9 < 0.02' made.tsv | wc -l)" 0 "bright discs stand out"
lesion-stats made.sts | cmp -s - made.tsv
ok $? "a file gives what a pipe gives"
lesion-stats real.sts made.sts 2> err | cmp -s - <(cat real.tsv; tail -n +2 made.tsv)
ok $? "two files, one table"
ts-head -n 3 < made.sts | lesion-stats | cmp -s - <(head -4 made.tsv)
ok $? "line i does not depend on how many follow"
lesion-stats wide.sts > wide.tsv 2> err
ok $? "patches with a margin"
for change in '--region mask' '--plane base' '--smooth 2' '--reach 20' '--ring 2'; do
    lesion-stats $change made.sts > out 2> err
    is "$?/$(cmp -s out made.tsv; echo $?)" 0/1 "$change changes the result"
done
lesion-stats --region mask made.sts > out
"$tools/set_meta" scale=2 < made.sts | lesion-stats --region mask > small
is "$(paste <(column area) <(column area small) | awk '$1 != 4 * $2' | wc -l)" 0 "area is in pixels of the image"
lesion-stats --plane base --region mask made.sts > before
is "$(paste <(column contrast) <(column contrast before) | awk '$1 <= $2' | wc -l)" 0 "before, the place stood out less"
head -c 20000 made.sts > cut.sts
lesion-stats --pass --whole real.sts made.sts > passed.sts 2> err
ok $? "--pass: a stream"
values() { grep -ao "\"$1\": *\"[^\"]*\"" passed.sts | sed 's/.*: *"//; s/"$//'; }
is "$(paste <(values id) <(values lesion_area) <(values lesion_contrast) <(values lesion_roundness) <(values lesion_cut))" \
    "$(lesion-stats --whole real.sts made.sts 2> /dev/null | sed 1d | cut -f 1,6,9,11,13)" "of the patches in the table, with its measures"
is "$(ts-select 'lesion_roundness>0.9' < passed.sts | lesion-stats | sed 1d | wc -l)" \
    "$(lesion-stats --whole real.sts made.sts 2> /dev/null | awk -F'\t' 'NR > 1 && $11 > 0.9' | wc -l)" "by which ts-select chooses"
lesion-stats --pass passed.sts | lesion-stats | cmp -s - <(lesion-stats passed.sts)
ok $? "which may be measured again"
lesion-stats --pass made.sts > /dev/full 2> err
is "$?/$(cat err)" "1/lesion-stats: stdout: No space left on device" "--pass to a full disk"
lesion-stats --pass cut.sts > out 2> err
is "$?/$(wc -l < err)/$(ts-info out > /dev/null 2>&1; echo $?)" 1/1/1 "--pass of a cut stream writes no trailer"
lesion-stats --whole real.sts > whole.tsv 2> err
is "$(column cut whole.tsv | sort -u)/$(wc -l < err)" 0/1 "--whole leaves out what may be cut, and says so"
"$tools/make_patches" 4 32 | "$tools/set_meta" window=32 y=0 > lumps.sts
lesion-stats --region mask lumps.sts > out
is "$(column contrast | awk '{ print ($1 > 0) }' | xargs)" "1 0 1 0" "patches that were darkened have negative contrast"

if /usr/bin/python3 -c 'import scipy, skimage' 2> /dev/null; then
    for region in found mask; do
        /usr/bin/python3 "$TOP/tests/ref/lesion_stats.py" real.sts $region > want
        lesion-stats --region $region real.sts 2> err | tail -n +2 | cut -f 1,6- > got
        is "$(paste want got | awk -F'\t' '{ if ($1 != $10) bad++; for (k = 2; k <= 9; k++) { d = $k - $(k + 9); s = $k < 0 ? -$k : $k
            if (d * d > 1e-10 * s * s + 1e-14) bad++ } } END { print NR, bad + 0 }')" "$(wc -l < got) 0" \
            "$region: as scikit-image and scipy, live ($(wc -l < got) lesions)"
    done
else
    skip "/usr/bin/python3 has no scikit-image and scipy" 2
fi

"$tools/make_patches" 0 32 | lesion-stats > out
is "$?/$(wc -l < out)" 0/1 "no records, no lines"
STDIN=/dev/null fails 1 "empty input" lesion-stats
fails 1 "a cut stream" lesion-stats cut.sts
(cat made.sts; echo junk) > junk.sts
fails 1 "bytes behind the trailer" lesion-stats junk.sts
fails 1 "no such file" lesion-stats nowhere.sts
draw --label normal --from both --count 2 > normal.sts
fails 1 "patches without a lesion" lesion-stats normal.sts
is "$(cat fails.err)" "lesion-stats: normal.sts: record 0: no square U8 tensor 'mask' of the size of 'image'" "and says so"
fails 1 "real patches have no base" lesion-stats --plane base real.sts
for meta in window= scale=x x=-1 y=70000 margin=24 "patient=a	b"; do
    "$tools/set_meta" "$meta" < made.sts > bad.sts
    fails 1 "metadata $meta" lesion-stats bad.sts
done
"$tools/make_patches" 2 32 nan | "$tools/set_meta" window=32 y=0 > bad.sts
fails 1 "a pixel that is not a number" lesion-stats bad.sts
lesion-stats made.sts > /dev/full 2> err
is "$?/$(cat err)" "1/lesion-stats: stdout: No space left on device" "a full disk"
for bad in '--region x' '--plane lesion' '--smooth -1' '--reach 0' '--ring x' --nonsense; do
    fails 2 "$bad" lesion-stats $bad made.sts
done

# ---- lesion-compare ----
lesion-compare --draws 200 real.tsv made.tsv > cmp.tsv 2> err
is "$?/$(cat err)/$(wc -l < cmp.tsv)" 0//9 "a line for each measure"
is "$(awk -F'\t' '{ print NF }' cmp.tsv | sort -u)" 17 "every line has all columns"
is "$(column measure cmp.tsv | xargs)" "area mean sd contrast edge roundness eccentricity cut" "named"
is "$(column n1 cmp.tsv | sort -u)/$(column n2 cmp.tsv | sort -u)" "$(($(wc -l < real.tsv) - 1))/$(($(wc -l < made.tsv) - 1))" \
    "the numbers of lesions"
is "$(column patients1 cmp.tsv | sort -u)" "$(column patient real.tsv | sort -u | wc -l)" "and of patients"
is "$(column median2 cmp.tsv | sed -n 4p)" "$(column contrast made.tsv | sort -g |
    awk '{ v[NR] = $1 } END { printf "%.9g\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }')" "the median"
is "$(awk -F'\t' 'NR > 1 && !($13 <= $12 && $12 <= $14 && $15 <= $17 && ($10 - $5 - $12) ^ 2 < 1e-12)' cmp.tsv | wc -l)" 0 \
    "differences lie in their intervals"
lesion-compare --draws 200 real.tsv made.tsv | cmp -s - cmp.tsv
ok $? "same seed, same bytes"
(head -1 real.tsv; tail -n +2 real.tsv | sort -r) > turned.tsv
lesion-compare --draws 200 turned.tsv made.tsv | cmp -s - cmp.tsv
ok $? "the order of lines means nothing"
lesion-compare --draws 200 - made.tsv < real.tsv | cmp -s - cmp.tsv
ok $? "standard input"
for change in '--seed 2' '--draws 300' '--level 0.8'; do
    lesion-compare --draws 200 $change real.tsv made.tsv > out
    is "$?/$(cmp -s out cmp.tsv; echo $?)/$(diff <(cut -f 1-12 out) <(cut -f 1-12 cmp.tsv))" 0/1/ "$change changes the intervals"
done
lesion-compare --table --draws 200 real.tsv made.tsv > out
is "$?/$(grep -c '^[a-z].* \[.*\].* \[.*\].* \[.*\]' out)" 0/8 "--table"
lesion-compare --draws 200 real.tsv real.tsv > out
is "$(column difference | sort -u)/$(column distance | sort -u)" 0/0 "a table against itself"

bad() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    fails 1 "$what" "$@"
    ok "$(grep -q "$pattern" fails.err; echo $?)" "... $(cut -d: -f 2- fails.err)"
}
: > empty.tsv
head -1 made.tsv > heading.tsv
head -c 500 made.tsv > cut.tsv
bad "an empty table" "is empty" lesion-compare empty.tsv made.tsv
bad "no lesions" "no lesions" lesion-compare real.tsv heading.tsv
bad "a cut table" "the file is cut" lesion-compare real.tsv cut.tsv
sed '3s/\t0$//' made.tsv > bad.tsv
bad "too few fields" "line 3: 12 fields" lesion-compare real.tsv bad.tsv
for v in nan inf x '' ' 1' 1e999; do
    awk -F'\t' -v OFS='\t' -v v="$v" 'NR == 3 { $7 = v } 1' made.tsv > bad.tsv
    bad "the value '$v'" "line 3: mean '$v'" lesion-compare real.tsv bad.tsv
done
sed '1s/sd/mean/' made.tsv > bad.tsv
bad "two columns of a name" "two columns 'mean'" lesion-compare bad.tsv bad.tsv
sed '1s/sd/spread/' made.tsv > bad.tsv
bad "other columns" "column 'spread'" lesion-compare real.tsv bad.tsv
bad "fewer columns" "7 measures, 8" lesion-compare real.tsv <(cut -f 1-12 made.tsv)
sed '1s/patient/who/' made.tsv > bad.tsv
bad "no column patient" "no column 'patient'" lesion-compare bad.tsv bad.tsv
awk -F'\t' -v OFS='\t' 'NR == 4 { $2 = "" } 1' made.tsv > bad.tsv
bad "an empty patient" "line 4: patient is empty" lesion-compare real.tsv bad.tsv
awk -F'\t' -v OFS='\t' 'NR > 1 { $2 = "p" } 1' made.tsv > bad.tsv
bad "one patient" "second sample has 1 patients" lesion-compare real.tsv bad.tsv
bad "no such file" nowhere lesion-compare real.tsv nowhere.tsv
lesion-compare --draws 100 real.tsv made.tsv > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "one table" lesion-compare real.tsv
for bad in '--draws 1' '--draws x' '--level 1' '--seed x' --nonsense; do
    fails 2 "$bad" lesion-compare $bad real.tsv made.tsv
done

# ---- the picture ----
if command -v gnuplot > /dev/null; then
    for out in stats.svg stats.png; do
        "$TOP/pipelines/lesion-stats.sh" real.tsv made.tsv $out "it's a title" 2> err
        is "$?/$(cat err)" 0/ "lesion-stats.sh draws $out"
    done
    is "$(grep -o '[0-9]* lesions, [0-9]* patients' stats.svg | sort -u | wc -l)" 2 "with a legend"
    is "$(head -c 4 stats.png | tail -c 3)" PNG "and a PNG is a PNG"
    "$TOP/pipelines/lesion-stats.sh" cmp.tsv made.tsv bad.svg 2> err
    is "$?/$(wc -l < err)/$(ls bad.svg 2> /dev/null)" 1/1/ "another table is refused"
    "$TOP/pipelines/lesion-stats.sh" real.tsv made.tsv bad.gif 2> err
    is "$?/$(wc -l < err)" 2/1 "another kind of picture too"
else
    skip "gnuplot is not installed" 6
fi
done_testing 111
