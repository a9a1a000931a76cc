# frechet: distances of streams of features.
. tests/tap.sh
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-10000}
features=$BUILD/tests/make_feature_set
python=/usr/bin/python3
cd "$T"
# 60 records of 20 patients, 12 features; b and c are moved by 0.3 and 1.
"$features" 60 12 3 a 0 > a.sts
"$features" 66 12 3 b 0.3 > b.sts
"$features" 60 12 3 c 1 > c.sts
# row MEASURE COMPARISON SET COLUMN [FILE]
row() {
    awk -F'\t' -v m="$1" -v h="$2" -v s="$3" -v c="$4" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) k = i; next }
        $1 == m && $2 == h && $3 == s { print $k }' "${5:-out}"
}
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }'; }

frechet a.sts b.sts x=sub/../c.sts > out 2> err
is $? 1 "a folder that is not there"
mkdir sub
frechet a.sts b.sts x=sub/../c.sts > out 2> err
is "$?/$(cat err)/$(wc -l < out)" 0//11 "two sets against a real one: five lines of each distance"
is "$(awk -F'\t' 'NR > 1 { print $2 ":" $3 }' out | xargs)" \
    "all:b half:b all:x half:x floor:a all:b half:b all:x half:x floor:a" "all, half and floor"
is "$(awk -F'\t' '{ print NF }' out | sort -u)" 12 "every line has all columns"
is "$(row kid all b records)/$(row kid all b units)/$(row kid all b reference_records)/$(row kid all b reference_units)" \
    66/22/60/20 "records and patients"
is "$(row frechet floor a records)/$(row frechet half x records)/$(row frechet half x reference_units)" 30/30/10 \
    "halves of one size"
is "$(row frechet all b components)/$(row frechet floor a components)/$(row kid all b components)" 2/2/ \
    "two components for 30 records"
for m in kid frechet; do
    less "$(row $m all b estimate)" "$(row $m all x estimate)" && less "$(row $m half b estimate)" "$(row $m half x estimate)"
    ok $? "$m: what is moved further is further away"
    less "$(row $m floor a estimate)" "$(row $m half x estimate)"
    ok $? "$m: and further than real from real"
    less "$(row $m floor a lower)" "$(row $m floor a upper)" && less "$(row $m half b lower)" "$(row $m half b estimate)"
    ok $? "$m: splits have a range"
done
less "$(row kid all b lower)" "$(row kid all b estimate)" && less "$(row kid all b estimate)" "$(row kid all b upper)"
ok $? "the interval holds the estimate"
is "$(row frechet all b lower)" "" "the Frechet distance of all has no interval"

# Itself.
frechet a.sts again=a.sts > self
is "$(for m in kid frechet; do row $m all again estimate self | awk '{ print $1 ^ 2 < 1e-20 }'; done | xargs)" "1 1" "a set against itself is at 0"
is "$(awk -F'\t' -v OFS='\t' '$2 == "half" { print $1, $5, $6, $7 }' self)" \
    "$(awk -F'\t' -v OFS='\t' '$2 == "floor" { print $1, $5, $6, $7 }' self)" "its halves are at the floor"
frechet - b.sts < a.sts | cut -f 5- | cmp -s - <(frechet a.sts b.sts | cut -f 5-)
ok $? "standard input"

# Tables hold the same.
if $python -c 'import numpy' 2> /dev/null; then
    $python - "$TOP" <<'PY'
import sys
sys.path.append(sys.argv[1] + "/examples")
from read_stream import read_stream
for name in "a", "b":
    with open(name + ".tsv", "w") as out:
        for i, (t, m) in enumerate(read_stream(open(name + ".sts", "rb"))):
            if i == 0:
                print("id", "patient", *("f%d" % (k + 1) for k in range(len(t["features"]))), sep="\t", file=out)
            print(m["id"], m["patient"], *("%.9g" % v for v in t["features"]), sep="\t", file=out)
PY
    is "$(cat a.tsv b.tsv | wc -l)" 128 "tables of features"
    frechet a=a.tsv b=b.tsv | cmp -s - <(frechet a.sts b.sts)
    ok $? "give the same"
else
    skip "no numpy for $python" 2
fi

# Options.
frechet a.sts b.sts > want
frechet a.sts b.sts | cmp -s - want
ok $? "same seed, same bytes"
for threads in 1 3; do
    frechet --threads $threads a.sts b.sts | cmp -s - want
    ok $? "$threads threads, same bytes"
done
for change in '--seed 2' '--components 1' '--draws 50' '--splits 3'; do
    frechet $change a.sts b.sts > out
    is "$?/$(cmp -s out want; echo $?)" 0/1 "$change changes the result"
done
frechet --draws 0 a.sts b.sts > out
is "$?/$(row kid all b lower)/$(row kid all b estimate)" "0//$(row kid all b estimate want)" "--draws 0: no interval"
frechet --seed 2 a.sts b.sts > out
is "$(row frechet all b estimate)" "$(row frechet all b estimate want)" "the seed does not move what is not drawn"
frechet --table a.sts b.sts > out
is "$?/$(grep -c '^kid ' out)/$(grep -c '^frechet ' out)/$(grep -c '2 components$' out)" 0/3/3/3 "--table"
(tail -c +1 a.sts; "$features" 30 12 3 d 0) > two.sts
frechet two.sts b.sts > out
is "$(row kid all b reference_records)" 90 "segments of a stream are one set"

# Records without a patient are patients of their own; ids tell which are the same.
"$features" 60 12 0 a 0 > alone.sts
frechet alone.sts b.sts > out
is "$(row kid all b reference_units)/$(row kid all b estimate)" "60/$(row kid all b estimate want)" "no patients: each record is one"

# References.
if $python -c 'import numpy, scipy' 2> /dev/null; then
    for case in '0 2' '1 2' '2 4' '3 16' '4 3'; do
        set -- $case
        $python "$TOP/tests/ref/frechet.py" $1 $2 x.sts y.sts > ref
        frechet --draws 0 --components $2 x.sts y.sts > out
        for m in kid frechet; do
            is "$(awk -v m=$m -v got="$(row $m all y estimate)" '$1 == m { print (got / $2 - 1) ^ 2 < 1e-16 }' ref)" 1 \
                "$m as numpy and scipy have it, case $1"
        done
    done
else
    skip "no numpy and scipy for $python" 10
fi

# What is refused.
bad() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    fails 1 "$what" "$@"
    ok "$(grep -q "$pattern" fails.err; echo $?)" "... $(cut -d: -f 2- fails.err)"
}
: > empty.sts
bad "an empty file" "empty.sts" frechet a.sts empty.sts
"$features" 0 12 3 a 0 > none.sts
bad "no records" "no records" frechet none.sts a.sts
head -c 3000 a.sts > cut.sts
bad "a cut stream" "cut.sts" frechet a.sts cut.sts
(cat a.sts; echo) > trailing.sts
bad "bytes behind the trailer" "trailing.sts" frechet trailing.sts b.sts
"$features" 60 11 3 f 0 > narrow.sts
bad "other lengths" "narrow.sts: 11 features, a.sts has 12" frechet a.sts narrow.sts
cat a.sts narrow.sts > mixed.sts
bad "two lengths in one set" "record 60: 11 features" frechet mixed.sts a.sts
cat a.sts a.sts > twice.sts
bad "records that come twice" "record 60: id 'a0' comes twice" frechet twice.sts b.sts
"$BUILD/tests/set_meta" patient=other < a.sts > moved.sts
bad "another patient" "id 'a0' is of patient 'other' here" frechet a.sts moved.sts
"$BUILD/tests/set_meta" id= < a.sts > anonymous.sts
bad "no id" "record 0: id is missing" frechet anonymous.sts b.sts
"$BUILD/tests/set_meta" features_of=one < a.sts > one.sts
"$BUILD/tests/set_meta" features_of=two < b.sts > other.sts
bad "two networks" "features of network two, of one before" frechet one.sts other.sts
"$features" 60 12 3 e nan > odd.sts
bad "a feature that is not finite" "record 0: feature 1 is not finite" frechet a.sts odd.sts
"$BUILD/tests/make_patches" 20 16 > patches.sts
bad "patches" "no tensor 'features'" frechet patches.sts a.sts
"$features" 60 12 60 a 0 > one.sts
bad "one patient" "all records are of one patient" frechet one.sts b.sts
"$features" 20 12 2 a 0 > few.sts
bad "too few records" "smallest part has 10 records" frechet few.sts b.sts
bad "too many components" "30 records, which allow for 2" frechet --components 3 a.sts b.sts
ts-head -n 3 < a.sts > first.sts
bad "a set whose patients are all in one half" "one half" frechet --splits 100 a.sts first.sts
bad "no such file" "nowhere" frechet a.sts nowhere.sts
frechet a.sts b.sts > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "one operand" frechet a.sts
fails 2 "two sets of one name" frechet a.sts sub/../a.sts
fails 2 "an empty name" frechet a.sts =b.sts
fails 2 "an empty file name" frechet a.sts x=
for bad in '--splits 0' '--splits x' '--draws -1' '--components 1.5' '--nonsense'; do
    fails 2 "$bad" frechet $bad a.sts b.sts
done
done_testing 86
