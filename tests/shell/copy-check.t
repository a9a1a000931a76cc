# copy-check: copies of training lesions are found, other lesions are not.
export OMP_NUM_THREADS=1
. tests/tap.sh
cd "$T"
meta=$BUILD/tests/set_meta

# Phantoms: masses to train on, of other patients, and pasted into normal tissue: copies, turned, in other surroundings.
phantom --out ph --patients 60 --height 400 --calcification 0 --malignant 0.8 --benign 0 --splits 40/30/30 --seed 3 > /dev/null 2>&1
draw() { patch-sample --seed 1 --size 32 --min-tissue 0.5 "$@" ph/manifest.tsv 2> /dev/null; }
for split in train val test; do draw --split $split --label malignant --each 4 --max-offset 0.2 > $split.sts; done
draw --split train --label normal --count 80 > normal.sts
"$meta" split=test < normal.sts > other-normal.sts
lesion-paste --lesions train.sts < normal.sts > copies.sts 2> /dev/null
lesion-paste --lesions test.sts < other-normal.sts > fresh.sts 2> /dev/null
# value NUMBER WHAT [COLUMN [LIKENESS]] of the table in out
value() { awk -F'\t' -v n="$1" -v w="$2" -v c="${3:-4}" -v l="${4:-pixels}" '$1 == l && $2 == n && $3 == w { print $c }' out; }
check='copy-check --train train.sts --real val.sts'

$check --pairs pairs.sts < copies.sts > out 2> err
is "$?/$(cat err)" 0/ "copies"
is "$(head -1 out)" "$(printf 'likeness\tnumber\twhat\tvalue\tlower\tupper\tof_real\tverdict')" "with titles"
is "$(awk -F'\t' '{ print NF }' out | uniq)/$(wc -l < out)" 8/10 "eight columns, nine lines"
is "$(value lead verdict 8)/$(value lead 'share beyond' 8)/$(value lead area 8)" copies/more/more "pasted training lesions are copies"
awk -v s="$(value lead 'share beyond')" 'BEGIN { exit !(s > 0.3) }'
ok $? "a third of them and more lead: $(value lead 'share beyond')"
is "$(value nearest area 7)/$(value lead 'share beyond' 7)" 0.5/0.05 "what real lesions have"
$check --strict < copies.sts | cmp -s - out
is "${PIPESTATUS[0]}/$?" 1/0 "--strict: exit 1, the same table"
for same in '--seed 1' '--threads 3' '--synthetic copies.sts'; do
    $check $same < copies.sts | cmp -s - out
    ok $? "$same: the same bytes"
done
for change in '--seed 2' '--limit 30' '--beyond 0.9' '--level 0.9'; do
    $check $change < copies.sts > other
    is "$?/$(cmp -s other out; echo $?)" 0/1 "$change changes the result"
done

$check --strict < fresh.sts > out
is "$?/$(value lead verdict 8)" "0/none seen" "pasted lesions of others are none: $(value lead 'share beyond') beyond"
$check --strict < test.sts > out
is "$?/$(value lead verdict 8)" "0/none seen" "nor are real ones of others: $(value lead 'share beyond') beyond"

# ---- pairs ----
is "$(ts-info < pairs.sts | awk '/^tensor/ { printf "%s %s ", $2, $3 }')" "image F32[32,32] nearest F32[32,32] " "pairs: two patches side by side"
is "$(ts-info < pairs.sts | awk '/^records/ { print $2 }')" 24 "24 of them"
$check --pairs few.sts --count 3 < copies.sts > /dev/null
is "$(ts-info < few.sts | awk '/^records/ { print $2 }')" 3 "--count 3"
ts-sheet --out pairs.png --tensors image,nearest --caption lead,likeness,nearest_patient < pairs.sts
ok $? "as a sheet"
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    # Of those that lead most, the donor is the nearest; in order of the lead.
    /usr/bin/python3 - "$TOP/examples" > why <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from read_stream import read_stream
m = [m for _, m in read_stream(open("pairs.sts", "rb"))]
lead = [float(x["lead"]) for x in m]
right = sum(x["nearest_patient"] == x["donor_patient"] for x in m)
print(right, len(m))
sys.exit(not (right >= 22 and lead == sorted(lead, reverse=True)))
PY
    ok $? "the nearest is of the patient it was taken from: $(cat why)"
else
    skip "no numpy"
fi

# ---- features ----
# Training patches and copies that have the same numbers are copies; numbers of their own are none.
table() { ts-info --records < "$1" | awk -F'\t' -v kind="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "id") c = i; next }
    { if (kind == "copy") n = NR; else { n = 0; for (i = 1; i <= 8; i++) n = n * 7 + index("0123456789abcdef", substr($c, i, 1)) }
      printf "%s", $c; for (k = 1; k <= 6; k++) printf "\t%.6f", sin(n * k * 1.7) + sin(n * n * 0.013 * k); print "" }'; }
head_line() { printf 'id\tf1\tf2\tf3\tf4\tf5\tf6\n'; }
{ head_line; table train.sts copy; table val.sts own; } > real.tsv
{ head_line; table copies.sts copy; } > copied.tsv
{ head_line; table copies.sts own; } > own.tsv
$check --features real.tsv --features copied.tsv < copies.sts > out 2> err
is "$?/$(value lead verdict 8 features)/$(wc -l < out)" 0/copies/19 "copied features are copies $(cat err)"
$check --features real.tsv --features own.tsv < copies.sts > out
is "$?/$(value lead verdict 8 features)" "0/none seen" "others are none"
fails 1 "a patch without features" $check --features real.tsv --synthetic copies.sts
fails 1 "features that come twice" $check --features real.tsv --features real.tsv --synthetic copies.sts

# ---- what is refused ----
: > empty.sts
head -c 3000 train.sts > cut.sts
ts-head -n 0 < train.sts > none.sts
ts-head -n 4 < train.sts > one.sts
for stream in train real synthetic; do
    for bad in empty cut none; do fails 1 "--$stream: $bad" $check --synthetic copies.sts --$stream $bad.sts; done
done
fails 1 "training lesions of one patient" $check --synthetic copies.sts --train one.sts
fails 1 "real lesions of a training patient" $check --synthetic copies.sts --real train.sts
ok "$(grep -q 'patient p[0-9]* has lesions in train.sts too' fails.err; echo $?)" "she is named"
"$meta" patient= < val.sts > bad.sts
fails 1 "a record without a patient" $check --synthetic copies.sts --real bad.sts
fails 1 "normal patches, which have no mask" $check --synthetic normal.sts
fails 1 "a folder that is not there" $check --synthetic copies.sts --pairs nowhere/pairs.sts
$check < copies.sts > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "without --train" copy-check --real val.sts
fails 2 "without --real" copy-check --train train.sts
fails 2 "an operand" $check more
for bad in '--limit 1' '--limit 20001' '--beyond 0.4' '--beyond 1' '--level 1' '--count 0' '--seed x' '--nonsense'; do
    fails 2 "$bad" $check $bad
done
done_testing 52
