# The whole line on phantoms, small: from mammograms to a contact sheet, and what holds along it.
. tests/tap.sh
export OMP_NUM_THREADS=1
cd "$T" || exit 1

phantom --out ph --patients 24 --seed 3 --height 240 --malignant 0.5 --benign 0.3 2> err
ok $? "phantoms are drawn"

draw() {
    patch-sample --size 32 --margin 4 --min-tissue 0.5 --seed 1 --split train "$@" ph/manifest.tsv
}
draw --label malignant --count 24 | augment --size 32 --seed 1 > lesion.sts
ok $? "lesion patches"
draw --label benign --count 12 | augment --size 32 --seed 1 > benign.sts
ok $? "benign patches"
draw --label normal --count 24 | augment --size 32 --seed 1 > normal.sts
ok $? "normal patches"

gan-train --lesion lesion.sts --benign benign.sts --normal normal.sts --out mass.ckpt --size 32 \
    --width 0.05 --batch 2 --half-iterations 2 --fade 2 --iterations 2 --log mass.jsonl
ok $? "a generator is trained"
is "$(grep -c '^{"iteration": ' mass.jsonl)" 6 "six iterations are logged"

patch-sample --size 32 --min-tissue 0.5 --seed 2 --split test --label normal --from both --count 5 ph/manifest.tsv |
    gan-gen --model mass.ckpt --variants 2 --seed 1 > generated.sts
ok $? "lesions are generated"
is "$(ts-info generated.sts | awk '/^records/ {print $2}')" 10 "two variants for each of five patches"

# An untrained generator makes faint lesions: any size and strength passes.
lesion-postproc --threshold 0 --min-area 0 --keep-discarded < generated.sts > kept.sts 2> err
ok $? "lesions are post-processed"
ts-sheet --out sheet.png < kept.sts 2> err
is "$?/$(head -c 4 sheet.png | tail -c 3)" 0/PNG "a contact sheet is drawn"

ts-select synthetic=1 label=malignant parent~. model~. scalars~. < kept.sts | ts-info - > info
is "$(awk '/^records/ {print $2}' info)" 10 "every patch says what it is and where it comes from"
history=$(grep -ao '"history":"[^"]*"' kept.sts | head -n 1)
for stage in patch-sample gan-gen lesion-postproc; do
    grep -q "$stage" <<< "$history"
    ok $? "its history names $stage"
done

# A stage that dies leaves no trailer, and nothing behind it takes the rest for a result.
head -c 20000 generated.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream is no short one" lesion-postproc
done_testing 15
