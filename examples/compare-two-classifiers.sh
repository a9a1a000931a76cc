#!/usr/bin/env bash
# compare-two-classifiers.sh - does a classifier gain from synthetic patches?  Two arms, and what may be said.
#
#     bash examples/compare-two-classifiers.sh [MANIFEST [MODEL]]
#
# Needs `make`, and gnuplot for the picture; without arguments it draws phantoms.  For your own data name a manifest(5)
# with masses in all three splits (ROOT: the folder its paths start from, if not its own), a generator trained on its
# training patients, and set DOWNSCALE; then raise SAMPLES (at least 48000), THREADS, and have more SEEDS.
#
# Out come, in OUT (build/examples/compare-two-classifiers):
#   none-SEED.tsv, half-SEED.tsv   scores of the test patches: trained on real patches, and on half synthetic masses at
#                                  first, a share that falls towards nothing
#   areas.txt                      areas under both ROC curves, and their difference
#   roc.tsv, roc.png               the curves, of scores averaged over seeds
set -eu -o pipefail
export LC_ALL=C
PATH=${BIN:-$PWD/build/bin}:$PATH
out=${OUT:-build/examples/compare-two-classifiers} model=${2:-${MODEL:-examples/models/phantom-mass.ckpt}}
manifest=${1:-$out/phantoms/manifest.tsv} size=${SIZE:-64} samples=${SAMPLES:-2400} threads=${THREADS:-1}
mkdir -p "$out"
# Of another seed than those of the generator, which must not have seen the test patients.
[ $# -ge 1 ] || phantom --out "$out/phantoms" --patients "${PATIENTS:-60}" --calcification 0 --seed 4

# Real patches: other patients in each split.  A patient may give many.
draw() { # SPLIT COUNT LABEL...
    patch-sample --root "${ROOT:-$(dirname "$manifest")}" --split "$1" --count "$2" --size "$size" \
        --downscale "${DOWNSCALE:-1}" --seed 1 --label "${@:3}" "$manifest"
}
masses=(malignant --lesion mass --max-offset 0.25)
draw train 400 "${masses[@]}" > "$out/mass.sts"
draw train 400 normal --from both > "$out/normal.sts"
for split in val test; do
    draw $split 100 "${masses[@]}" > "$out/$split.sts"
    draw $split 100 normal --from both >> "$out/$split.sts"
done
gan-gen --model "$model" --threads "$threads" --seed 1 < "$out/normal.sts" | lesion-postproc > "$out/synthetic.sts"

# Both see the same draws of classes, in the same order, from the same random weights.
for seed in ${SEEDS:-1 2}; do
    for name in none half; do
        if [ $name = half ]; then share=0.5; else share=0; fi
        mix-ratio --positive "$out/mass.sts" --negative "$out/normal.sts" --synthetic-positive "$out/synthetic.sts" \
            --initial $share --count "$samples" --every $((samples / 100)) --seed "$seed" |
            resnet-train --net small --batch 32 --lr 3e-3 --schedule one-cycle --weight-decay 0.01 --average 0.99 \
                --samples "$samples" --val "$out/val.sts" --every $((samples / 4)) --seed "$seed" --threads "$threads" \
                --out "$out/$name-$seed.ckpt"
        resnet-predict --model "$out/$name-$seed.ckpt" --threads "$threads" < "$out/test.sts" > "$out/$name-$seed.tsv"
    done
done

# Patches of one patient are alike, so patients are what is independent; and of each arm trainings.
scores() { for seed in ${SEEDS:-1 2}; do echo "$out/$1-$seed.tsv"; done | paste -sd ,; }
arms=(none="$(scores none)" half="$(scores half)")
delong --trainings --cluster patient --reference none --table "${arms[@]}" | tee "$out/areas.txt"
delong --cluster patient --roc "$out/roc.tsv" "${arms[@]}" > /dev/null
pipelines/roc-plot.sh "$out/roc.tsv" "$out/roc.png" 'masses against normal tissue'
cat <<END
half - none is the gain from synthetic patches.  An interval that holds 0, or a p above 0.05, says that these patients
and trainings do not tell whether there is one, not that there is none: a gain below what is printed as detectable would
mostly have been missed.  The curves are in $out/roc.png.
END
