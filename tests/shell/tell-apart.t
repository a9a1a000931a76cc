# tell-apart: real and synthetic patches by a network that is held out from them.
export OMP_NUM_THREADS=1
. tests/tap.sh
cd "$T"
patches=$BUILD/tests/make_patches

# Patches of 40 patients with bright lumps, and of 40 with dark ones; and tissue of 20 phantoms, and of 20 others.
"$patches" 80 16 > all.sts
ts-select label=malignant < all.sts > bright.sts
ts-select label=normal < all.sts > dark.sts
phantom --out ph --patients 40 --height 300 --malignant 0 --benign 0 --splits 50/50/0 > /dev/null 2>&1
for split in train val; do patch-sample --split $split --label normal --by patient --count 60 --size 16 ph/manifest.tsv > $split.sts 2> /dev/null; done
mv train.sts first.sts
mv val.sts second.sts
tell="tell-apart --updates 40 --batch 8 --width 0.5 --threads 1"
value() { awk -F'\t' -v w="$1" -v c="${2:-2}" '$1 == w { print $c }' "${3:-out}"; }

$tell bright.sts dark.sts > out 2> err
is "$?/$(cat err)" 0/ "two kinds"
is "$(head -1 out)/$(wc -l < out)/$(awk -F'\t' '{ print NF }' out | uniq)" "$(printf 'what\tvalue\tlower\tupper')/12/4" "a table"
is "$(awk -F'\t' '/^fold [0-9]/ { s += $2; n++ } $1 == "area" { a = $2 } END { print n, (s / n - a) ^ 2 < 1e-7 }' out)" "5 1" "the area is the mean of the folds'"
ok "$(awk -v a="$(value area)" 'BEGIN { print !(a > 0.95) }')" "bright and dark lumps are told apart: $(value area)"
is "$(value folds)/$(value 'patches of each kind')/$(value 'patients of real patches')/$(value 'patients of synthetic patches')/$(value patients)" \
    5/40/40/40/80 "counts"
$tell first.sts second.sts > same
ok "$(awk -v l="$(value area 3 same)" -v u="$(value area 4 same)" 'BEGIN { print !(l <= 0.5 && u >= 0.5) }')" \
    "tissue of phantoms and of others is not: $(value area 2 same), $(value area 3 same) to $(value area 4 same)"

# A patient's patches of both kinds stay in one fold: a network that knew patients would be found out.
$tell first.sts first.sts > out
is "$(value patients)/$(value area)" "$(ts-info < first.sts | awk '/^patients/ { print $2 }')/0.5" "the same patches twice"

$tell first.sts second.sts | cmp -s - same
ok $? "same seed, same bytes"
for change in '--seed 2' '--updates 30' '--batch 9' '--width 0.4' '--folds 3' '--limit 30' '--level 0.9'; do
    $tell $change first.sts second.sts > out
    is "$?/$(cmp -s out same; echo $?)" 0/1 "$change changes the result"
done
$tell bright.sts second.sts > out
is "$(value 'patches of each kind')" 40 "equal numbers of each kind"
$tell - second.sts < first.sts | cmp -s - same
ok $? "from standard input"
ts-head -n 3 < first.sts > three.sts
$tell three.sts second.sts > out 2> err
is "$?/$(value folds)/$(wc -l < err)" 0/3/1 "three patients: three folds, and says so: $(cat err)"

ts-head -n 0 < first.sts > none.sts
: > empty.sts
head -c 9000 first.sts > cut.sts
"$patches" 40 32 > large.sts
"$BUILD/tests/set_meta" patient= < first.sts > nobody.sts
ts-head -n 1 < first.sts > one.sts
"$patches" 40 12 > odd.sts
for bad in none empty cut large nobody one; do
    fails 1 "$bad" $tell first.sts $bad.sts
    fails 1 "$bad, as real ones" $tell $bad.sts second.sts
done
fails 1 "a size that the network does not take" $tell odd.sts odd.sts
"$patches" 40 16 nan > nan.sts
fails 1 "not-a-number" $tell nan.sts second.sts
$tell first.sts second.sts > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "one operand" $tell first.sts
for bad in '--folds 1' '--updates 0' '--batch 0' '--width 0' '--limit 1' '--level 1' '--seed x' '--nonsense'; do
    fails 2 "$bad" $tell $bad first.sts second.sts
done
done_testing 42
