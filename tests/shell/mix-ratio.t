# mix-ratio: one training stream of real and synthetic, positive and negative patches.
. tests/tap.sh
tools=$BUILD/tests
cd "$T"
records() { ts-info "${1:--}" | awk '$1 == "records" { print $2 }'; }

"$tools/make_patches" 40 8 | "$tools/set_meta" split=train > all.sts
ts-select label=malignant < all.sts > pos.sts
ts-select label=normal < all.sts > neg.sts
"$tools/set_meta" synthetic=1 < pos.sts > spos.sts
"$tools/set_meta" synthetic=1 < neg.sts > sneg.sts
real='--positive pos.sts --negative neg.sts'
four="$real --synthetic-positive spos.sts --synthetic-negative sneg.sts"

# What theory says.
mix-ratio $four --dry-run > dry
is "$?/$(head -1 dry)/$(wc -l < dry)" "0/class	kind	draws	sd	share/5" "--dry-run prints a row for each kind"
is "$(awk '$2 == "synthetic" { n += $3 } END { printf "%.2f", n }' dry)" 24999.34 \
    "50 % at first: 5.0 % of 500,000 draws are synthetic"
for row in 'mul 24999.34' 'lin 13750.00' 'sub 7500.00' 'none 250000.00'; do
    is "$(mix-ratio $four --dry-run --decay ${row% *} | awk '$2 == "synthetic" { n += $3 } END { printf "%.2f", n }')" \
        "${row#* }" "--decay $row"
done
is "$(mix-ratio $four --dry-run -n 6000 --every 1000 --rate 0.5 --initial 1 | awk '$2 == "synthetic" { n += $3 } END { print n }')" \
    1968.75 "--rate, --every and --initial"
rm -f none
mix-ratio --dry-run --initial 0 --positive none --negative none > out
is "$?" 0 "a dry run opens no file"
is "$(mix-ratio --dry-run -n 100 --stream a=x --stream b=x --weight b=3 | cut -f 1,3 | tail -2 | xargs)" "a 25 b 75" \
    "named streams by their weights"

# What is drawn.
mix-ratio $four -n 4000 --every 1000 --log log > out.sts 2> err
is "$?/$(cat err)/$(records out.sts)" 0//4000 "as many records as asked for"
is "$(wc -l < log)/$(grep -c '"run": "mix-ratio ' log)" 5/1 "the log has the run and each step"
ts-info out.sts > info
drawn() { tail -1 log | grep -o "\"$1\": [0-9]*" | awk '{ print $2 }'; }
is "$(($(drawn positive_real) + $(drawn positive_synthetic)))" \
    "$(grep '^label' info | grep -o 'malignant [0-9]*' | awk '{ print $2 }')" "the log counts what is in the stream"
is "$(($(drawn negative_synthetic) + $(drawn positive_synthetic)))" \
    "$(grep '^synthetic' info | grep -o ' 1 [0-9]*' | awk '{ print $2 }')" "synthetic too"
is "$(drawn positive_real_distinct) $(drawn negative_synthetic_distinct)" "20 20" "and different records"
is "$(grep -o '"share": [0-9.]*' log | xargs)" "share: 0.5 share: 0.45 share: 0.405 share: 0.3645" "and the shares"
ok "$(grep -aq 'make_patches 1.nmix-ratio .*--initial 0.5 --decay mul --rate 0.1 --every 1000' out.sts; echo $?)" \
    "history grows by one stage"
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    cat > check.py <<'PY'
import json, sys
def records(path):
    f = open(path, "rb")
    while True:
        n = f.read(8)
        if not n:
            return
        head = json.loads(f.read(int.from_bytes(n, "little")))
        m = head.pop("__metadata__")
        data = f.read(max([t["data_offsets"][1] for t in head.values()], default=0))
        if "end" not in m:
            yield m, head, data
pool = {}
for p in ("pos.sts", "neg.sts", "spos.sts", "sneg.sts"):
    for m, head, data in records(p):
        pool[m["id"], m.get("synthetic")] = (m, head, data)
n = 0
for m, head, data in records("out.sts"):
    n += 1
    w, whead, wdata = pool[m["id"], m.get("synthetic")]
    m = dict(m)
    m["history"] = m["history"].rsplit("\n", 1)[0]
    assert m == w and head == whead and data == wdata
assert n == 4000
PY
    /usr/bin/python3 check.py
    ok $? "records pass unchanged but for the line of history"
else
    skip "no numpy"
fi
mix-ratio $four -n 4000 --every 1000 2> /dev/null | cmp -s - out.sts
ok $? "same seed, same bytes"
mix-ratio $four -n 4000 --every 1000 --seed 2 2> /dev/null | cmp -s - out.sts
is $? 1 "another seed, other bytes"
mix-ratio $four -n 100 --every 1000 2> /dev/null | head -c 20000 > a
head -c 20000 out.sts | cmp -s - a
ok $? "the first draws do not depend on how many follow"
mix-ratio $real --initial 0 -n 300 > b.sts
is "$(ts-info b.sts | grep '^synthetic')" "synthetic  (none) 300" "--initial 0 draws no synthetic patch"
mix-ratio $real --synthetic-positive spos.sts -n 300 > b.sts
is "$(ts-select synthetic=1 < b.sts | ts-select label=normal | records)" 0 "a class without synthetic patches stays real"

# A tenth of the paper's run, in its hundred steps.  By theory each step's draws fall into four kinds; of the first
# 20 steps, where every kind is to be expected 17 times or more, chi squared has 60 degrees of freedom.
mix-ratio $four -n 50000 --every 500 --log log > long.sts
is "$?/$(records long.sts)" 0/50000 "50,000 draws"
mix-ratio $four -n 50000 --every 500 --dry-run > dry
for row in 'positive real' 'positive synthetic' 'negative real' 'negative synthetic'; do
    n=$(drawn "${row% *}_${row#* }")
    ok "$(awk -v c="${row% *}" -v k="${row#* }" -v n="$n" '$1 == c && $2 == k {
        print "# expected", $3, "+-", $4 > "/dev/stderr"; d = (n - $3) / $4; exit !(d > -4 && d < 4) }' dry 2> line; echo $?)" \
        "$row: $n drawn, within 4 standard deviations of theory"
    cat line
done
awk -F'[:,] ' 'NR > 1 {
        for (i = 1; i < NF; i += 2) { k = $i; gsub(/[{"]/, "", k); v[k] = $(i + 1) + 0 }
        for (c = 0; c < 2; c++)
            for (s = 0; s < 2; s++) {
                k = (c ? "positive" : "negative") "_" (s ? "synthetic" : "real")
                want = 250 * (s ? v["share"] : 1 - v["share"])
                if (++cells <= 80) chi2 += (v[k] - was[k] - want) ^ 2 / want
                was[k] = v[k]
            }
    }
    END { printf "%.1f", chi2; exit !(cells == 400 && chi2 > 31.7 && chi2 < 99.6) }' log > line # p = .001 to .999
ok $? "chi squared of the first 20 steps is $(cat line), 60 degrees"

# Benign patches are negative.
"$tools/set_meta" label=benign < neg.sts > benign.sts
mix-ratio --positive pos.sts --negative benign.sts --negative neg.sts --initial 0 -n 400 > b.sts
status=$?
n=$(ts-select label=benign < b.sts | records)
[ $status = 0 ] && [ "$n" -gt 60 ] && [ "$n" -lt 140 ]
ok $? "benign ones are negative: half of the negative ones drawn ($n of 400)"
n=$(ts-select label=malignant < b.sts | records)
[ "$n" -gt 160 ] && [ "$n" -lt 240 ]
ok $? "with the normal ones they come as often as the positive ones ($n of 400)"
fails 1 "benign patches as positive" mix-ratio --positive benign.sts --negative neg.sts --initial 0

# Files are drawn from where they lie, and are not held: 136 MB of them in 128 MiB of address space.
case $BUILD in
*-san) skip "the sanitizers need more address space" ;;
*)
    "$tools/make_patches" 64 256 > large.sts
    ts-select label=malignant < large.sts > a
    for i in 1 2 3 4 5; do cat a; done > lpos.sts
    (ulimit -v 131072 && exec mix-ratio --positive lpos.sts --negative neg.sts --initial 0 -n 100 --log log > /dev/null)
    is "$?/$(wc -c < lpos.sts | awk '{ print ($1 > 130e6) }')/$(head -1 log | grep -o 'real_records": 1[0-9]*' | head -1)" \
        '0/1/real_records": 160' "a pool of 160 records of 852 kB, in 128 MiB"
    rm -f large.sts a lpos.sts
    ;;
esac

# One file of a class in several parts is the same pool.
ts-head -n 5 < pos.sts > pos1.sts 2> /dev/null
mix-ratio --positive pos1.sts --positive pos.sts --negative neg.sts --initial 0 -n 200 --log log > /dev/null
is "$(head -1 log | grep -o '"positive_real_records": [0-9]*')" '"positive_real_records": 25' "two files, one pool"

# Pipes are read in order.
mkfifo fifo
ts-cat --endless pos.sts > fifo 2> /dev/null &
mix-ratio --positive fifo --negative neg.sts --initial 0 -n 100 > b.sts
is "$?/$(records b.sts)" 0/100 "a FIFO"
wait
ts-select label=malignant < b.sts > c.sts
sed_ids() { grep -ao '"id": *"[0-9a-f]*"' "$1" | tr -dc '0-9a-f\n' | sed 's/^d//'; }
is "$(sed_ids c.sts | head -20 | xargs)" "$(sed_ids pos.sts | xargs)" "comes in order"
mix-ratio --positive - --negative neg.sts --initial 0 -n 10 < pos.sts > b.sts
is "$?" 0 "a file on standard input"
cat pos.sts | mix-ratio --positive - --negative neg.sts --initial 0 -n 1000 > b.sts 2> err
is "$?/$(wc -l < err)" 1/1 "a pipe that ends too early"
ok "$(grep -q 'stdin: ended after 20 records' err; echo $?)" "and says so"

# Named streams.
mix-ratio --stream a=pos.sts --stream b=neg.sts --weight b=3 -n 2000 --log log > b.sts
n=$(drawn b_real)
[ "$n" -gt 1400 ] && [ "$n" -lt 1600 ]
ok $? "named streams are drawn by their weights"

# What does not belong.
fails 1 "normal patches as positive" mix-ratio --positive neg.sts --negative neg.sts --initial 0
is "$(cat fails.err)" "mix-ratio: neg.sts: record 0: label is normal, expected malignant" "and says so"
fails 1 "malignant patches as negative" mix-ratio --positive pos.sts --negative pos.sts --initial 0
fails 1 "real patches as synthetic" mix-ratio $real --synthetic-positive pos.sts
mix-ratio $real --synthetic-positive pos.sts --allow-real -n 300 > b.sts
is "$?/$(ts-info b.sts | grep -c "synthetic.*1")" 0/0 "but for an oracle"
fails 1 "synthetic patches as real" mix-ratio --positive spos.sts --negative neg.sts --initial 0
"$tools/set_meta" split=test < pos.sts > test.sts
fails 1 "patches of test patients" mix-ratio --positive test.sts --negative neg.sts --initial 0
mix-ratio --positive test.sts --negative neg.sts --initial 0 --split any -n 3 > b.sts
is "$?" 0 "unless --split any"
"$tools/set_meta" label=cat < pos.sts > cat.sts
fails 1 "a label of another kind" mix-ratio --positive cat.sts --negative neg.sts --initial 0
"$tools/set_meta" label="$(printf 'c\na\033t')" < pos.sts > cat.sts
fails 1 "a label that would break the line" mix-ratio --positive cat.sts --negative neg.sts --initial 0
is "$(cat fails.err)" "mix-ratio: cat.sts: record 0: label 'c?a?t' is none of normal, benign, malignant" "does not"
"$tools/make_patches" 0 8 > none.sts
fails 1 "no records" mix-ratio --positive none.sts --negative neg.sts --initial 0
fails 1 "no such file" mix-ratio --positive nowhere.sts --negative neg.sts --initial 0
: > empty
fails 1 "an empty file" mix-ratio --positive empty --negative neg.sts --initial 0
head -c 8000 pos.sts > cut.sts
fails 1 "a cut stream" mix-ratio --positive cut.sts --negative neg.sts --initial 0
(cat pos.sts; echo junk) > junk.sts
fails 1 "bytes behind the trailer" mix-ratio --positive junk.sts --negative neg.sts --initial 0
cat pos.sts > fifo &
fails 1 "a pipe beside a file" mix-ratio --positive pos.sts --positive fifo --negative neg.sts --initial 0
wait
fails 1 "a log that cannot be opened" mix-ratio $four -n 5 --log nowhere/log
fails 1 "a log on a full disk" mix-ratio $four -n 5 --log /dev/full
mix-ratio $four -n 5 > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
mix-ratio $four --dry-run > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk, dry"
{ mix-ratio $four -n 5000 2> err; echo $? > status; } | head -c 0
is "$(cat status)/$(wc -c < err)" 1/0 "a closed pipe: exit 1 without a word"
{ mix-ratio $four --endless 2> err; echo $? > status; } | ts-head -n 10 > b.sts
is "$(cat status)/$(wc -c < err)/$(records b.sts)" 0/0/10 "--endless: exit 0"

fails 2 "no streams" mix-ratio
fails 2 "no negative ones" mix-ratio --positive pos.sts
fails 2 "no synthetic ones" mix-ratio $real
fails 2 "an operand" mix-ratio $four x
fails 2 "classes and named streams" mix-ratio $four --stream a=pos.sts
fails 2 "--dry-run --endless" mix-ratio $four --dry-run --endless
fails 2 "standard input twice" mix-ratio --positive - --negative - --initial 0
for bad in '--initial 1.1' '--initial x' '--decay half' '--rate 2' '--every 0' '--count -1' '--seed x' '--weight a=2' \
    '--nonsense' '--log'; do
    fails 2 "$bad" mix-ratio $four $bad
done
for bad in '--stream a' '--stream =x' '--stream a=' '--stream a=x --weight a' '--stream a=x --weight a=0' \
    '--stream a=x --weight a=nan' '--stream a=x --weight b=1'; do
    fails 2 "$bad" mix-ratio $bad
done
# Balance.
for class in pos neg; do
    ts-select 'x<60' < $class.sts | "$tools/set_meta" view=CC > cc
    ts-select 'x>=60' < $class.sts | "$tools/set_meta" view=MLO > mlo
    if [ $class = pos ]; then ts-cat cc mlo > bpos.sts; else ts-cat mlo cc > bneg.sts; fi
done
mix-ratio --initial 0 --positive bpos.sts --negative bneg.sts --balance view -n 4000 > out.sts
is "$?/$(records out.sts)" 0/4000 "--balance"
for label in malignant normal; do
    n=$(ts-select view=CC label=$label < out.sts | records)
    ok "$((n < 900 || n > 1100))" "$label: half are of each view ($n of 4000 CC)"
done
is "$(ts-info --records out.sts | head -n 2 | wc -l)/$(grep -ao 'mix-ratio [^"]*' out.sts | head -n 1 | grep -c -e '--balance view')" \
    2/1 "history tells"
mix-ratio --initial 0 $real -n 50 > a.sts
is "$(grep -ac -e --balance a.sts)" 0 "without it, history says nothing of it"
long=$(printf 'é%.0s' $(seq 100)).sts
cp pos.sts "$long"
many=$(printf -- "--positive $long %.0s" 1 2 3 4 5)
mix-ratio --initial 0 $many --negative neg.sts -n 2 > a.sts
is "$(grep -ao 'mix-ratio [^"]*' a.sts | head -n 1 | grep -o 'sts' | wc -l)" 6 "all files of a long list are in the history"
STDIN=/dev/null fails 1 "a class without one of the values" \
    mix-ratio --initial 0 --positive bpos.sts --negative mlo --balance view -n 5
is "$(cat fails.err)" "mix-ratio: real positive patches cannot be balanced by view: 'CC' occurs only in them" "is named"
"$tools/make_patches" 140 8 | ts-select label=malignant > many.sts
fails 1 "too many values" mix-ratio --initial 0 --split any --positive many.sts --negative bneg.sts --balance id -n 5
fails 1 "a pipe is not balanced" mix-ratio --initial 0 --positive <(cat bpos.sts) --negative bneg.sts --balance view -n 5
done_testing 96
