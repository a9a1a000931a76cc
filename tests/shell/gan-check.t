# gan-check: numbers that guard a generator, and streams that it must refuse.
export OMP_NUM_THREADS=1
. tests/tap.sh
patches=$BUILD/tests/make_patches
cd "$T"

# Bright lumps are malignant.  Patients 0 to 39 to train on, the others to test on.
"$patches" 80 32 > all.sts
pick() { ts-select label="$1" "$2" < all.sts; }
pick malignant 'x<400' > lesion.sts
pick normal 'x<400' > normal.sts
pick malignant 'x>=400' > test-lesion.sts
pick normal 'x>=400' > test-normal.sts
gan-train --lesion lesion.sts --normal normal.sts --size 32 --width 0.1 --batch 2 --threads 1 --lr 0.005 \
    --half-iterations 10 --fade 5 --iterations 20 --out mass.ckpt
gan-gen --model mass.ckpt --threads 1 --variants 2 < test-normal.sts > generated.sts
lesion-postproc < test-lesion.sts > kept.sts 2> /dev/null    # what a perfect generator would have made
lesion-postproc --threshold -0.1 < test-normal.sts > removed.sts 2> /dev/null
real='--lesion lesion.sts --normal normal.sts --test-lesion test-lesion.sts --test-normal test-normal.sts'
check="gan-check $real --size 32 --width 0.5 --updates 60 --batch 8 --threads 1"
value() { awk -F'\t' -v m="$1" '$1 == m { print $2 }' "$2"; }
verdict() { awk -F'\t' -v m="$1" '$1 == m { print $4 }' "$2"; }

$check --generated generated.sts --kept kept.sts > a.tsv 2> err
is "$?/$(cat err)" 0/ "prints a table"
is "$(head -1 a.tsv)" "$(printf 'measure\tvalue\tdemanded\tverdict')" "with titles"
is "$(awk -F'\t' '{ print NF }' a.tsv | uniq)/$(wc -l < a.tsv | tr -d ' ')" 4/18 "four columns, seventeen measures"
is "$(cut -f4 a.tsv | sed 1d | grep -cvx 'met\|short\|-')" 0 "verdicts are met, short or -"
is "$(awk -F'\t' 'NR > 1 && ($3 == "") != ($4 == "-")' a.tsv)" "" "where something is demanded there is a verdict"
is "$(value 'patches generated' a.tsv)/$(value 'share kept by lesion-postproc' a.tsv)/$(verdict 'share kept by lesion-postproc' a.tsv)" \
    40/0.5/short "20 of 40 were kept: that is short of 0.8"
is "$(value 'judge: real malignant patches tested' a.tsv)/$(value 'judge: real normal patches tested' a.tsv)" 20/20 "counts real patches"
is "$(value 'pairs of image and base' a.tsv)/$(value 'patients they come from' a.tsv)" 20/20 "and pairs, and patients"
is "$(value 'judge: AUC on real held-out patches' a.tsv)" 1 "the judge knows bright lumps"
is "$(verdict 'judge: mean change of the score' a.tsv)/$(value 'judge: share of pairs that rose' a.tsv)" met/1 \
    "and finds them where they were put"
awk -F'\t' '{ v[$1] = $2 } END {
    m = v["judge: mean change of the score"]; l = v["judge: lower end of its 95 % interval"]
    h = v["judge: upper end of its 95 % interval"]; exit !(0 < l && l < m && m < h) }' a.tsv
ok $? "the interval holds the mean, and not 0"

# Variety, by numpy.
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    /usr/bin/python3 - "$TOP/examples" > want <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from read_stream import read_stream
rows = [(m["parent"], t["lesion"].astype(float)) for t, m in read_stream(open("generated.sts", "rb"))]
r = np.corrcoef([x.ravel() for p, x in rows])
pairs = [r[i, k] for i in range(len(rows)) for k in range(i) if rows[i][0] != rows[k][0]]
norm = np.linalg.norm
moved = [norm(a - b) / max(norm(a), norm(b)) for (p, a), (q, b) in zip(rows, rows[1:]) if p == q]
print(np.median([np.abs(x).max() for p, x in rows]), np.mean(pairs), np.median(moved))
PY
    echo "$(value 'median peak of the lesion channel' a.tsv) $(value 'mean correlation of lesions on different inputs' a.tsv)" \
        "$(value 'median change by the random scalars' a.tsv)" > got
    paste -d ' ' want got | awk '{ for (i = 1; i <= 3; i++) if (!(($i - $(i + 3)) ^ 2 < 1e-6 * $i ^ 2)) exit 1 }'
    ok $? "peak, correlation and change are those of numpy"
else
    skip "no numpy"
fi

$check --generated generated.sts --kept kept.sts | cmp -s - a.tsv
ok $? "same seed, same bytes"
$check --generated generated.sts --kept kept.sts --seed 2 | cmp -s - a.tsv
is "$?" 1 "another seed, another judge"
for change in '--updates 50' '--batch 9' '--width 0.4'; do
    $check --generated generated.sts --kept kept.sts $change | cmp -s - a.tsv
    is "$?" 1 "$change changes the table"
done
$check --generated generated.sts --kept kept.sts --limit 10 > b.tsv
is "$(value 'patches generated' b.tsv)/$([ "$(value 'mean correlation of lesions on different inputs' a.tsv)" = \
    "$(value 'mean correlation of lesions on different inputs' b.tsv)" ]; echo $?)" 40/1 "--limit correlates fewer, counts all"

# Removal: darkened lumps lower the score.
$check --generated generated.sts --kept removed.sts --removed > r.tsv
is "$(verdict 'judge: mean change of the score' r.tsv)/$(verdict 'judge: upper end of its 95 % interval' r.tsv)/$(verdict 'judge: share of pairs that rose' r.tsv)" \
    met/met/met "--removed asks for scores that fall"
$check --generated generated.sts --kept removed.sts > r.tsv
is "$(verdict 'judge: mean change of the score' r.tsv)" short "without it they fall short"

# Exit codes follow the verdicts only if asked to.
$check --generated generated.sts --kept removed.sts --strict > r.tsv 2> err
is "$?/$(wc -l < r.tsv | tr -d ' ')/$(cat err)" 1/18/ "--strict: exit 1 with the whole table"
cat kept.sts kept.sts > twice.sts
$check --generated generated.sts --kept twice.sts --strict > b.tsv
status=$?
# Whether this toy generator's lesions vary enough depends on the processor; the code must say what the table says.
is "$status" "$(cut -f4 b.tsv | grep -q short && echo 1 || echo 0)" "--strict: the exit code is that of the verdicts"
$check --generated test-lesion.sts --kept kept.sts > b.tsv
is "$(value 'mean correlation of lesions on different inputs' b.tsv)/$(verdict 'mean correlation of lesions on different inputs' b.tsv)" nan/short \
    "without parents no correlation: short"
"$patches" 0 32 > none.sts
$check --generated generated.sts --kept none.sts > b.tsv
is "$?/$(value 'judge: mean change of the score' b.tsv)/$(verdict 'judge: mean change of the score' b.tsv)" 0/nan/short \
    "nothing kept: not a number, and short"

# Bases at places like those of the lesions, on other patients.
phantom --out ph --patients 40 --height 320 --seed 4 --malignant 0.5 --benign 0 --calcification 0 > /dev/null
draw() { patch-sample --size 32 --min-tissue 0.5 --seed 1 "$@" ph/manifest.tsv; }
draw --label malignant --lesion mass --max-offset 0.25 --each 4 > masses.sts
draw --like masses.sts --count 200 > bases.sts
places="$check --generated generated.sts --kept kept.sts --lesion masses.sts"
$places --bases bases.sts > b.tsv 2> err
is "$?/$(cat err)/$(wc -l < b.tsv | tr -d ' ')/$(awk -F'\t' '{ print NF }' b.tsv | uniq)" 0//23/4 "--bases: five measures more"
$places | cmp -s - <(head -18 b.tsv)
ok $? "behind the others"
places_of() { value "places: $1" b.tsv; }
is "$(places_of 'bases whose surroundings show')" 200 "all bases show what surrounds them"
n=$(places_of 'real lesions whose surroundings show')
[ "$n" -gt 20 ] && [ "$n" -le "$(ts-info masses.sts | awk '/^records/ { print $2 }')" ]
ok $? "and $n lesions"
auc=$(places_of 'AUC of bases against real lesions, both hidden')
awk -v l="$(places_of 'lower end of its 95 % interval')" -v m="$auc" -v h="$(places_of 'upper end of its 95 % interval')" \
    'BEGIN { exit !(0 <= l && l < m && m < h && h <= 1) }'
ok $? "the interval holds the area, $auc"
is "$(verdict 'places: AUC of bases against real lesions, both hidden' b.tsv)" \
    "$(awk -v m="$auc" 'BEGIN { print m < 0.55 ? "met" : "short" }')" "less than 0.55 is met"
$places --bases bases.sts | cmp -s - b.tsv
ok $? "same seed, same bytes"
fails 1 "bases from anywhere" $places --bases normal.sts
is "$(cat fails.err)" "gan-check: normal.sts: record 0: no U8 tensor 'place' of the size of 'image'" "and says so"
head -c 20000 bases.sts > bad.sts
fails 1 "cut bases" $places --bases bad.sts
fails 1 "no bases" $places --bases none.sts
ts-head -n 2 < masses.sts > bad.sts
fails 1 "lesions of one patient" $places --lesion bad.sts --bases bases.sts
is "$(cat fails.err)" "gan-check: bad.sts: lesions of two patients, with surroundings, are needed" "and says so"

# ---- what is refused ----
both="--generated generated.sts --kept kept.sts"
fails 1 "a test patient that the judge was trained on" $check $both --test-lesion lesion.sts
is "$(cat fails.err)" "gan-check: lesion.sts: record 0: patient P0 is among those the judge was trained on" "is named"
fails 1 "such a normal one" $check $both --test-normal normal.sts
lesion-postproc < lesion.sts > seen.sts 2> /dev/null
fails 1 "such a synthetic one" $check --generated generated.sts --kept seen.sts
for stream in lesion normal test-lesion test-normal generated kept; do
    for bad in empty cut none size missing; do
        rm -f bad.sts
        case $bad in
        empty) : > bad.sts ;;
        cut) head -c 20000 $stream.sts > bad.sts ;;
        none) case $stream in generated | kept) continue ;; esac; cp none.sts bad.sts ;;
        size)
            [ $stream = generated ] && continue
            "$patches" 90 64 | ts-select 'x>=800' > bad.sts
            ;;
        esac
        fails 1 "--$stream: $bad" $check $both --$stream bad.sts
    done
done
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    # One record whose trailer is missing is refused, but only after it was looked at.
    while IFS='|' read -r stream what code; do
        /usr/bin/python3 "$TOP/tests/shell/record.py" $stream.sts bad.sts "$code"
        fails 1 "--$stream: $what" $check $both --$stream bad.sts
        ok "$(grep -q 'without a trailer' fails.err; echo $((! $?)))" "says that"
    done <<'EOT'
test-lesion|a record without a patient|m.pop("patient")
kept|a record without a patient|m["patient"] = ""
kept|a record without base|t.pop("base")
kept|grey levels beyond 1|t["image"] *= 255
generated|a record without lesion|t.pop("lesion")
generated|a lesion that is not a number|t["lesion"][3, 3] = np.nan
EOT
else
    skip "no numpy" 12
fi
$check $both > /dev/full 2> err
is "$?/$(wc -l < err | tr -d ' ')" 1/1 "a full disk"
{ $check $both 2> err; echo $? > status; } | head -c 0
is "$(cat status)/$(wc -c < err | tr -d ' ')" 1/0 "a closed pipe: exit 1 without a word"

for missing in lesion normal test-lesion test-normal generated kept; do
    fails 2 "without --$missing" $(echo "$check $both" | sed "s/ --$missing [^ ]*//")
done
fails 2 "unknown option" $check $both --nonsense
fails 2 "an operand" $check $both more
for bad in '--size 48' '--size 8' '--updates 0' '--batch 0' '--width 0' '--limit 1' '--limit 5001' '--seed x' '--kept'; do
    fails 2 "$bad" $check $both $bad
done

done_testing 99
