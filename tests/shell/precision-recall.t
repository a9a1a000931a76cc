# precision-recall: where sets of features lie.  What is wrong with a stream is in frechet.t: both read alike.
. tests/tap.sh
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-10000}
features=$BUILD/tests/make_feature_set
python=/usr/bin/python3
cd "$T"
"$features" 120 6 3 a 0 > a.sts
"$features" 120 6 3 b 0 > b.sts
"$features" 90 6 3 far 20 > far.sts
"$features" 90 6 3 a copy > copy.sts
# row MEASURE COMPARISON SET [COLUMN]
row() {
    awk -F'\t' -v m="$1" -v h="$2" -v s="$3" -v c="${4:-estimate}" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) k = i; next }
        $1 == m && $2 == h && $3 == s { print $k }' out
}
numbers() { echo "$(row precision "$@") $(row recall "$@") $(row density "$@") $(row coverage "$@")"; }

precision-recall a.sts b.sts far.sts > out 2> err
is "$?/$(cat err)/$(wc -l < out)" 0//21 "two sets against a real one: five lines of each measure"
is "$(awk -F'\t' '{ print NF }' out | sort -u)" 12 "every line has all columns"
is "$(cut -f 1 out | sed 1d | uniq -c | awk '{ print $1 $2 }' | xargs)" "5precision 5recall 5density 5coverage" "measure by measure"
is "$(numbers all far)/$(numbers half far)" "0 0 0 0/0 0 0 0" "a set far away"
numbers all b | awk '{ exit !($1 > 0.6 && $2 > 0.6 && $3 > 0.6 && $4 > 0.6) }'
ok $? "another sample: $(numbers all b)"
paste -d ' ' <(numbers half b) <(numbers floor a) |
    awk '{ for (i = 1; i <= 4; i++) if (($i - $(i + 4)) ^ 2 > 0.15 ^ 2) exit 1 }'
ok $? "is near the floor: $(numbers floor a)"
is "$(row precision floor a records)/$(row precision half far units)/$(row precision all far reference_units)" 60/20/40 \
    "records and patients"

# A generator that has collapsed: one real record, over and over.
precision-recall a.sts copy.sts > out 2> err
ok "$?" "copies $(cat err)"
is "$(row precision all copy)" 1 "precision says nothing"
row recall all copy | awk '{ exit !($1 < 0.02) }'
ok $? "recall does: $(row recall all copy)"
row coverage all copy | awk '{ exit !($1 < 0.05) }'
ok $? "and coverage: $(row coverage all copy)"
row recall half copy | awk -v floor="$(row recall floor a)" '{ exit !($1 < 0.1 && floor > 0.5) }'
ok $? "beside a floor of $(row recall floor a)"

precision-recall a.sts again=a.sts > out
is "$(row precision all again) $(row recall all again) $(row coverage all again)" "1 1 1" "a set against itself"
is "$(numbers half again)" "$(numbers floor a)" "its halves are at the floor"

precision-recall a.sts b.sts > want
for same in '--seed 1' '--threads 1' '--threads 3' '--k 3'; do
    precision-recall $same a.sts b.sts | cmp -s - want
    ok $? "$same: the same bytes"
done
for change in '--seed 2' '--k 5' '--splits 3'; do
    precision-recall $change a.sts b.sts > out
    is "$?/$(cmp -s out want; echo $?)" 0/1 "$change changes the result"
done
precision-recall --table a.sts b.sts > out
is "$?/$(grep -c '^[a-z]* *[ab] ' out)" 0/12 "--table"

if $python -c 'import numpy, scipy' 2> /dev/null; then
    for case in '0 3' '2 5' '3 3' '4 4'; do
        set -- $case
        $python "$TOP/tests/ref/frechet.py" $1 2 x.sts y.sts > ref
        precision-recall --k $2 x.sts y.sts > out
        for m in precision recall density coverage; do
            is "$(awk -v m=$m -v got="$(row $m all y)" '$1 == m { print (got - $2) ^ 2 < 1e-24 }' ref)" 1 "$m as numpy's, case $1"
        done
    done
else
    skip "no numpy and scipy for $python" 16
fi

: > empty.sts
fails 1 "an empty file" precision-recall a.sts empty.sts
head -c 3000 a.sts > cut.sts
fails 1 "a cut stream" precision-recall a.sts cut.sts
(cat a.sts; echo) > trailing.sts
fails 1 "bytes behind the trailer" precision-recall trailing.sts b.sts
fails 1 "too few neighbours" precision-recall --k 60 a.sts b.sts
ok "$(grep -q 'split 0: sets of 60 and 60 records: a 60-th neighbour takes 61' fails.err; echo $?)" "... $(cut -d: -f 2- fails.err)"
precision-recall a.sts b.sts > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "one operand" precision-recall a.sts
for bad in '--k 0' '--k 101' '--splits 0' '--splits x' '--nonsense'; do
    fails 2 "$bad" precision-recall $bad a.sts b.sts
done
done_testing 50
