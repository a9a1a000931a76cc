# ts-info, ts-cat, ts-head, ts-select, ts-shuffle.
. tests/tap.sh
make_patches=$BUILD/tests/make_patches
corpus=$TOP/tests/fuzz/corpus/stream
cd "$T"

# The metadata x of each record (10 times its place), and the number of records.
xs() { ts-info --records | awk -F'\t' 'NR > 1 {printf "%s%d", (NR > 2 ? " " : ""), $7 / 10}'; }
count() { ts-info | awk '$1 == "records" {print $2}'; }

"$make_patches" 6 8 > six
"$make_patches" 0 8 > none
"$make_patches" 3 8 > three

# ---- ts-info ----
ts-info six > text
is "$(awk '$1 == "records" || $1 == "segments" || $1 == "patients" {print $2}' text | xargs)" "6 1 6" "ts-info counts"
is "$(grep '^label' text)" "label      malignant 3, normal 3" "by label"
is "$(grep '^synthetic' text)" "synthetic  (none) 6" "and where the key is missing"
is "$(grep -c '^tensor' text)" 4 "and tensors"
is "$(grep '^group\|^class' text)" \
"group      malignant mass: patches 3, patients 3, effective 3, largest share 0.333333 (P0)
group      normal: patches 3, patients 3, effective 3, largest share 0.333333 (P1)
class      malignant: patches 3, patients 3, effective 3, largest share 0.333333 (P0)
class      other: patches 3, patients 3, effective 3, largest share 0.333333 (P1)" "and how they spread over patients"
ok "$(grep -q '^tensor     image F32\[8,8\] in 6, min [-0-9.]*, max 0\.[0-9]*, mean 0\.[0-9]*$' text; echo $?)" \
    "with their ranges"
cat six three none | ts-info | grep -q '^segments   2'
ok $? "segments that hold records"
cat six three | ts-info - | cmp -s - <(ts-cat six three | ts-info | sed 's/^segments   1/segments   2/')
ok $? "cat and ts-cat hold the same"
is "$(ts-info --records six | wc -l)" 7 "a line a record and one of titles"
is "$(ts-info --records six | head -1 | tr '\t' ' ' | cut -d' ' -f1-6)" "record id parent source patient split" "titles"
is "$(ts-info --records six | awk -F'\t' '{print NF}' | sort -u)" 21 "as many fields in each line"
if python3 -c '' 2> /dev/null; then
    ts-info --json six | python3 -c '
import json, sys
s = json.load(sys.stdin)
t = {t["name"]: t for t in s["tensors"]}
assert s["records"] == 6 and s["label"] == {"malignant": 3, "normal": 3} and s["synthetic_missing"] == 6
assert s["patients"] == 6 and s["patients_exact"] and t["image"]["shape"] == [8, 8]
assert [(g["label"], g["lesion"], g["synthetic"]) for g in s["groups"]] == [
    ("malignant", "mass", False), ("normal", "", False)] and s["groups_others"] == 0
three = {"patches": 3, "unknown": 0, "patients": 3, "exact": True, "effective": 3, "largest_share": 1 / 3}
assert s["classes"] == {"malignant": {**three, "largest_patient": "P0"}, "other": {**three, "largest_patient": "P1"}}
assert -1 < t["image"]["min"] < t["image"]["mean"] < t["image"]["max"] < 1'
    ok $? "--json is JSON"
    cat "$corpus"/ok-* | ts-info --json --records | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert [r["record"] for r in lines] == list(range(len(lines)))
assert any(r["metadata"].get("a") == "\U0001f600\t\"/" for r in lines)
assert any(r["tensors"].get("a", {}).get("shape") == [1] * 8 for r in lines)'
    ok $? "--json --records is JSON lines"
    cat "$corpus"/ok-* | ts-info --json | python3 -c 'import json, sys; json.load(sys.stdin)'
    ok $? "numbers that are not finite are no harm to it"
else
    skip "no python3 to read JSON with" 3
fi
# Six masses of one patient, four of them synthetic, one of another; three normal ones of no patient.
set_meta=$BUILD/tests/set_meta
{
    "$set_meta" patient=b synthetic=1 label=malignant lesion=mass < three
    "$set_meta" patient=b < three | ts-select 'label!=normal' | ts-shuffle
    "$set_meta" patient= label=normal lesion= < three
    "$set_meta" patient=$'a\t\n\001\\' < three | ts-head -n 1
    "$set_meta" patient=b synthetic=1 label=malignant lesion=mass < three | ts-head -n 1
} > spread
is "$(ts-info --patients spread | tr '\t' '|')" \
'label|lesion|synthetic|patches|patients|effective|largest_share|largest_patient|unknown
malignant|mass|0|3|2|1.8|0.666667|b|0
malignant|mass|1|4|1|1|1|b|0
normal||0|3|0|0|0||3
malignant|all|all|7|2|1.32432|0.857143|b|0
other|all|all|3|0|0|0||3' "--patients: a table, synthetic patches apart, unknown patients left out"
"$set_meta" patient=$'a\t\n\001\\' < three > odd
is "$(ts-info --patients odd | tail -2 | cut -f 8)/$(ts-info odd | grep -c '(a\\t\\n?\\\\)$')" 'a\t\n?\\
a\t\n?\\/4' "names with control characters"
is "$(ts-info --patients none | tail -n +2 | cut -f 1-6 | tr '\t\n' '  ')" "malignant all all 0 0 0 other all all 0 0 0 " \
    "no patches are no patients"
STDIN=six fails 1 "a cut stream is no table" ts-info --patients <(head -c 5000 six)
is "$(cat fails.out)" "" "not even a part of one"
STDIN=six fails 2 "--patients with --json" ts-info --patients --json
STDIN=six fails 2 "--patients with --records" ts-info --patients --records
for i in $(seq 101); do "$set_meta" lesion=$i < three | ts-head -n 1; done > kinds
fails 1 "too many groups are no table" ts-info --patients kinds
is "$(cat fails.err)/$(ts-info kinds | grep '^group' | tail -1)" \
    "ts-info: kinds: more than 100 groups of label, lesion and synthetic/group      others: patches 1" "which it says"
head -c $(($(od -An -tu8 -N8 six) + 8 + 832)) six > single
ts-info --single single | grep -q '^records    1'
ok $? "--single reads one record without a trailer"
STDIN=single fails 1 "which is no stream" ts-info
STDIN=six fails 1 "and a stream is no single record" ts-info --single
STDIN=six fails 1 "a file that is not there" ts-info nowhere
STDIN=six fails 2 "two files" ts-info six six

# ---- ts-cat ----
ts-cat < six | cmp -s - six
ok $? "ts-cat passes a stream as it is"
is "$(ts-cat six - three < three | xs)" "0 1 2 3 4 5 0 1 2 0 1 2" "files and standard input, in order"
is "$(ts-cat six three | ts-info | grep segments)" "segments   1" "one segment"
is "$(cat six three | ts-cat | count)" 9 "several in one file"
is "$(ts-cat none none | count)" 0 "streams without records"
ts-cat six three > a; cat six three | ts-cat | cmp -s - a
ok $? "equal records, equal bytes"
STDIN=six fails 1 "a file that is not there" ts-cat six nowhere
STDIN=six fails 1 "a broken file behind a whole one" ts-cat six "$corpus/bad-records"
is "$(ts-cat --endless three | ts-head -n 7 | xs)" "0 1 2 0 1 2 0" "--endless goes round"
is "$(ts-cat -e three six | ts-head -n 12 | xs)" "0 1 2 0 1 2 3 4 5 0 1 2" "over several files"
is "$(ts-cat -e < three | ts-head -n 4 | xs)" "0 1 2 0" "over a file on standard input"
(ts-cat --endless three; echo $? > status) 2> err | ts-head -n 2 > /dev/null
is "$(cat status) $(wc -c < err)" "0 0" "and ends well, without a word, when the reader closes"
fails 1 "a pipe cannot be repeated" ts-cat --endless <(cat three)
STDIN=none fails 1 "nothing to repeat" ts-cat --endless

# ---- ts-head ----
is "$("$make_patches" 12 8 | ts-head | count)" 10 "ts-head passes ten"
is "$(ts-head -n 2 < six | xs)" "0 1" "-n 2"
is "$(ts-head --count 99 < six | xs)" "0 1 2 3 4 5" "all of a short one"
is "$(ts-head -n 0 < six | count)" 0 "none"
ts-head -n 99 < six | cmp -s - six
ok $? "unchanged"
(cat six; echo junk) > junk
is "$(ts-head -n 6 < junk | count)" 6 "what comes behind is not looked at"
STDIN=junk fails 1 "but with --drain" ts-head -n 6 --drain
"$make_patches" 300 64 > long
(ts-cat long; echo $? > status) 2> err | ts-head -n 2 > /dev/null
is "$(cat status) $(wc -c < err)" "1 0" "the writer before it fails without a word"
(ts-cat long; echo $? > status) 2> err | ts-head -n 2 --drain > /dev/null
is "$(cat status) $(wc -c < err)" "0 0" "with --drain it does not"
STDIN=six fails 2 "an operand" ts-head six
for n in -1 1.5 x '' 1e3 99999999999999999999; do
    STDIN=six fails 2 "--count '$n'" ts-head --count "$n"
done

# ---- ts-select ----
is "$(ts-select label=malignant < six | xs)" "0 2 4" "ts-select key=text"
is "$(ts-select label!=malignant < six | xs)" "1 3 5" "key!=text"
is "$(ts-select 'patient~^P[1-3]$' < six | xs)" "1 2 3" "key~regex"
is "$(ts-select 'x>=20' 'x<50' < six | xs)" "2 3 4" "numbers, all tests"
is "$(ts-select --any x=0 'x>40' < six | xs)" "0 5" "any test"
is "$(ts-select --invert 'x>=20' 'x<50' < six | xs)" "0 1 5" "inverted"
is "$(ts-select --any --invert x=0 'x>40' < six | xs)" "1 2 3 4" "both"
is "$(ts-select none=1 < six | count)" 0 "no record passes"
ts-select none= < six | cmp -s - six
ok $? "all pass, unchanged"
STDIN=six fails 2 "no test" ts-select
for t in x 'x~(' 'x<a' =1; do
    STDIN=six fails 2 "test '$t'" ts-select "$t"
done

# ---- ts-shuffle ----
"$make_patches" 200 4 > many
ts-shuffle < many > a
is "$(xs < a | tr ' ' '\n' | sort -n | xargs)" "$(seq 0 199 | xargs)" "ts-shuffle keeps every record once"
ok $((!$(cmp -s a many; echo $?))) "in another order"
ts-shuffle --seed 1 < many | cmp -s - a
ok $? "same seed, same bytes"
ok $((!$(ts-shuffle --seed 2 < many | cmp -s - a; echo $?))) "other seed, other bytes"
ts-shuffle --buffer 1 < many | cmp -s - many
ok $? "--buffer 1 keeps the order"
is "$(ts-shuffle --buffer 8 < many | xs | tr ' ' '\n' |
    awk '{if ($1 - NR + 1 > 7) early++; if (NR - 1 != $1) moved++; if (NR - 1 - $1 > 8) late++}
        END {print early + 0, (moved > 150), (late > 10)}')" "0 1 1" \
    "--buffer 8: none is 8 places early, some are more than 8 late"
# Every order of a stream that fits is equally likely: chi-square over the 6 orders of 3 records with
# 5 degrees of freedom stays below 20.5 (99.9 %).
is "$(for s in {1..300}; do ts-shuffle --seed $s < three | xs; echo; done | sort | uniq -c |
    awk '{d = $1 - 50; c += d * d / 50; n++} END {print n, (c < 20.5)}')" "6 1" "all orders come, equally often"
"$make_patches" 100 256 > large
ts-shuffle --memory 10 < large > a 2> err
is "$? $(count < a)" "0 100" "--memory"
ok "$(grep -q '^ts-shuffle: holds 1[0-9] records and not 1000: --memory is 10 MiB$' err; echo $?)" "says what it holds"
is "$(wc -l < err)" 1 "once"
for o in '--buffer 0' '--memory 0' '--seed -1' '--seed x'; do
    # shellcheck disable=SC2086
    STDIN=six fails 2 "$o" ts-shuffle $o
done

# ---- all of them ----
printf 'x' > byte
for command in ts-info ts-cat 'ts-head -d' 'ts-select x!=y' ts-shuffle; do
    # shellcheck disable=SC2086
    {
        STDIN=/dev/null fails 1 "${command%% *}: empty input" $command
        STDIN=junk fails 1 "${command%% *}: bytes behind the trailer" $command
        head -c 5000 six > cut
        STDIN=cut fails 1 "${command%% *}: a cut stream" $command
        STDIN=six fails 2 "${command%% *}: unknown option" $command --nonsense
        $command < six > /dev/full 2> err
        is "$? $(wc -l < err)" "1 1" "${command%% *}: a full disk"
        (trap '' PIPE; $command < long; echo $? > status) 2> err | head -c 0
        is "$(cat status) $(wc -c < err)" "1 0" "${command%% *}: a closed pipe"
        $command < six > /dev/null 2> err
        is "$? $(wc -c < err)" "0 0" "${command%% *}: nothing to say"
        $command < six >&- 2> err
        is "$? $(wc -l < err)" "1 1" "${command%% *}: no standard output"
        $command > out 2> err <&-
        is "$? $(wc -l < err)" "1 1" "${command%% *}: no standard input"
    }
done

done_testing 131
