#!/usr/bin/env bash
# compare-two-classifiers.sh - does a classifier gain from synthetic patches?  Two trainings, and what may be said.
#
#     bash examples/compare-two-classifiers.sh [MANIFEST [MODEL]]
#
# Needs `make`, and gnuplot for the picture; without arguments it draws phantoms.  For your own data name a manifest(5)
# with masses in all three splits (ROOT: the folder its paths start from, if not its own), a generator trained on its
# training patients, and set DOWNSCALE; then raise SAMPLES (the paper: 500000), WIDTH (1), THREADS, and have more SEEDS.
#
# Out come, in OUT (build/examples/compare-two-classifiers):
#   none-SEED.tsv, half-SEED.tsv   scores of the test patches: trained on real patches, and on half synthetic masses at
#                                  first, a share that falls towards nothing
#   areas.txt, roc.tsv, roc.png    areas under both ROC curves, their difference, and the curves
set -eu -o pipefail
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
            resnet-train --val "$out/val.sts" --width "${WIDTH:-0.125}" --batch 16 --lr 1e-3 --samples "$samples" \
                --every $((samples / 4)) --seed "$seed" --threads "$threads" --out "$out/$name-$seed.ckpt"
        resnet-predict --model "$out/$name-$seed.ckpt" --threads "$threads" < "$out/test.sts" > "$out/$name-$seed.tsv"
    done
done

# A curve is that of the mean over seeds.  Patches of one patient are alike, so patients are what is independent.
scores() { for seed in ${SEEDS:-1 2}; do echo "$out/$1-$seed.tsv"; done | paste -sd ,; }
delong --cluster patient --reference none --roc "$out/roc.tsv" --table none="$(scores none)" half="$(scores half)" |
    tee "$out/areas.txt"
pipelines/roc-plot.sh "$out/roc.tsv" "$out/roc.png" 'masses against normal tissue'
cat <<END
half - none is the gain from synthetic patches.  An interval that holds 0, or a p above 0.05, says that these patients
do not tell whether there is one, not that there is none: of so few test patients nothing else is to be expected.  p is
about other patients; what other seeds would change it does not know.  The curves are in $out/roc.png.
END
