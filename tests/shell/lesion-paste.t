# lesion-paste: real lesions blended into normal patches.
. tests/tap.sh
tools=$BUILD/tests
cd "$T"
records() { ts-info "${1:--}" | awk '$1 == "records" { print $2 }'; }

"$tools/make_patches" 20 64 | "$tools/set_meta" split=train > all.sts
ts-select label=malignant < all.sts > lesions.sts
ts-select label=normal < all.sts > normal.sts

lesion-paste --lesions lesions.sts < normal.sts > out.sts 2> err
is "$?/$(cat err)/$(records out.sts)" 0//10 "a lesion for every patch"
ts-info out.sts > info
is "$(grep -cE '^tensor +((base|lesion|image) F32|mask U8)\[64,64\] in 10' info)" 4 "base, lesion, image and mask"
is "$(ts-select 'bbox~^[0-9]*,[0-9]*,[0-9]*,[0-9]*$' < out.sts | records)" 10 "and the mask's box"
is "$(grep -E '^(label|lesion|synthetic) ' info | tr -s ' ' | xargs)" "label malignant 10 lesion mass 10 synthetic 1 10" \
    "labelled as the lesion is"
is "$(ts-select parent~. donor~. donor_patient~P < out.sts | records)" 10 "with the names of patch, lesion and patient"
is "$(ts-select 'history~lesion-paste 0.*--seed 1$' < out.sts | records)" 10 "history grows by one stage"
lesion-paste --lesions lesions.sts < normal.sts | cmp -s - out.sts
ok $? "same seed, same bytes"
lesion-paste --lesions lesions.sts --seed 2 < normal.sts | cmp -s - out.sts
is $? 1 "another seed, other bytes"
lesion-paste --lesions lesions.sts < normal.sts | head -c 100000 | cmp -s - <(head -c 100000 out.sts)
ok $? "a part is a part of the whole"
ts-head -n 3 < normal.sts > three.sts
lesion-paste --lesions lesions.sts < three.sts > three-out.sts
head -c 100000 three-out.sts | cmp -s - <(head -c 100000 out.sts)
ok $? "record i does not depend on how many follow"
lesion-paste --lesions lesions.sts --variants 3 < normal.sts > v.sts
is "$(records v.sts)/$(ts-select 'id~.' < v.sts | grep -ao '"id": *"[0-9a-f]*"' | sort -u | wc -l)" 30/30 \
    "--variants, each with an id of its own"
for change in '--place centre' --no-flip --no-rotate; do
    lesion-paste --lesions lesions.sts $change < normal.sts > b.sts
    cmp -s b.sts out.sts
    is "$?/$(records b.sts)" 1/10 "$change changes the result"
done
lesion-paste --lesions lesions.sts < normal.sts | lesion-postproc 2> err > post.sts
is "$?/$(records post.sts)" 0/10 "lesion-postproc takes it"

# Lesions that the edge of their patch cuts; whole ones are as many whatever may be cut.
phantom --out ph --patients 6 --height 400 --malignant 1 --benign 0 --calcification 0.5 --splits 100/0/0 --seed 4
sample() { patch-sample --size 32 --label malignant "$@" ph/manifest.tsv; }
sample --lesion mass --count 40 --max-offset 0.5 > mixed.sts
"$tools/make_patches" 20 32 | ts-select label=normal > small-normal.sts
left() { lesion-paste --lesions mixed.sts "$@" < small-normal.sts 2>&1 > b.sts | sed 's/.*left out: //; s/ cut.*//'; }
whole=$(left --max-cut 0) some=$(left) most=$(left --max-cut 1)
ok "$([ "$whole" -gt "$some" ] && [ "$some" -gt "${most:-0}" ]; echo $?)" "of 40 left out: $whole, $some, ${most:-0}"
sample --lesion calcification --count 20 --max-offset 0.2 > specks.sts
lesion-paste --lesions specks.sts < small-normal.sts > b.sts 2> err
is "$?/$(records b.sts)/$(ts-select lesion=calcification < b.sts | records)" 0/10/10 "clusters of calcifications"

mkfifo fifo
ts-cat --endless lesions.sts > fifo 2> /dev/null &
lesion-paste --lesions fifo < normal.sts > b.sts
is "$?/$(records b.sts)" 0/10 "lesions from a FIFO"
wait

# Lesions that are of no use, and what is none.
ts-select 'bbox~^0,' < mixed.sts > cut.sts
lesion-paste --lesions cut.sts --max-cut 0 < small-normal.sts > b.sts 2> err
is "$?/$(cat err)" "1/lesion-paste: cut.sts: has no records of use" "all lesions cut"
mkfifo pipe
cat cut.sts > pipe &
lesion-paste --lesions pipe --max-cut 0 < small-normal.sts > b.sts 2> err
is "$?/$(wc -l < err)" "1/1" "from a pipe, too"
wait
fails 1 "normal patches as lesions" lesion-paste --lesions normal.sts
"$tools/set_meta" synthetic=1 < lesions.sts > made.sts
STDIN=normal.sts fails 1 "synthetic lesions" lesion-paste --lesions made.sts
STDIN=lesions.sts fails 1 "lesions as normal patches" lesion-paste --lesions lesions.sts
"$tools/set_meta" split=test < lesions.sts > test.sts
STDIN=normal.sts fails 1 "lesions of test patients in training patches" lesion-paste --lesions test.sts
is "$(cat fails.err)" "lesion-paste: stdin: record 0: is of split 'train', its lesion of 'test'" "and says so"
sed 's/"mask"/"musk"/' lesions.sts > nomask.sts
STDIN=normal.sts fails 1 "lesions without masks" lesion-paste --lesions nomask.sts
ok "$(grep -q "record 0: has no tensor 'mask'" fails.err; echo $?)" "and says so"
"$tools/make_patches" 2 32 | ts-select label=malignant > small.sts
STDIN=normal.sts fails 1 "lesions of another size" lesion-paste --lesions small.sts
STDIN=normal.sts fails 1 "no such file" lesion-paste --lesions nowhere.sts

"$tools/make_patches" 0 64 > none.sts
lesion-paste --lesions lesions.sts < none.sts > b.sts
is "$?/$(records b.sts)" 0/0 "no records in, none out"
STDIN=normal.sts fails 1 "no lesions" lesion-paste --lesions none.sts
STDIN=/dev/null fails 1 "empty input" lesion-paste --lesions lesions.sts
head -c 100000 normal.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" lesion-paste --lesions lesions.sts
(cat normal.sts; echo junk) > junk.sts
STDIN=junk.sts fails 1 "bytes behind the trailer" lesion-paste --lesions lesions.sts
head -c 100000 lesions.sts > cut.sts
STDIN=normal.sts fails 1 "a cut file of lesions" lesion-paste --lesions cut.sts
lesion-paste --lesions lesions.sts < normal.sts > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
{ lesion-paste --lesions lesions.sts --variants 50 < normal.sts 2> err; echo $? > status; } | head -c 0
is "$(cat status)/$(wc -c < err)" 1/0 "a closed pipe: exit 1 without a word"

fails 2 "no lesions named" lesion-paste
fails 2 "an operand" lesion-paste --lesions lesions.sts x
for bad in '--place left' '--max-cut -1' '--max-cut x' '--max-cut 2' '--variants 0' '--seed x' '--nonsense'; do
    fails 2 "$bad" lesion-paste --lesions lesions.sts $bad
done
done_testing 46
