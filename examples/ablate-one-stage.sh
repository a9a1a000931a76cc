#!/usr/bin/env bash
# ablate-one-stage.sh - the same patches through the line twice, one word changed: what does that stage do?
#
#     bash examples/ablate-one-stage.sh [LINE LINE]
#
# A LINE is a pipeline from normal patches to patches with lesions.  In it $MODEL is the generator and $REAL a file
# of real masses.  Without arguments: a GAN against pasting real lesions.  Others to try:
#
#     line='gan-gen --model $MODEL --seed 1 | lesion-postproc'
#     bash examples/ablate-one-stage.sh "$line" "$line --threshold 0.2"
#     bash examples/ablate-one-stage.sh "$line" "${line/lesion-postproc/cat}"
#
# Needs `make`, and draws phantoms.  For your own data set MANIFEST (a manifest(5) with masses; ROOT: the folder that its
# paths start from, if not its own), MODEL, and DOWNSCALE, so that a patch spans what those of the training did.
#
# Out come, in OUT (build/examples/ablate-one-stage):
#   a.sts, b.sts   what the two lines made of normal.sts
#   pairs.png      the same patch on the left by the first line, on the right by the second
#   compare.txt    their lesions, measured: lesion-stats of each, lesion-compare of both.  Medians differ where the
#                  interval of their difference leaves out 0.  A line that leaves no masks (gan-gen alone)
#                  cannot be measured: then there is the picture alone.
set -eu -o pipefail
export LC_ALL=C
PATH=${BIN:-$PWD/build/bin}:$PATH
out=${OUT:-build/examples/ablate-one-stage}
export MODEL=${MODEL:-examples/models/phantom-mass.ckpt} REAL=$out/real.sts
a=${1:-'gan-gen --model $MODEL --seed 1 | lesion-postproc'}
b=${2:-'lesion-paste --lesions $REAL --seed 1'}
mkdir -p "$out"

manifest=${MANIFEST:-$out/phantoms/manifest.tsv}
[ -n "${MANIFEST:-}" ] || phantom --out "$out/phantoms" --patients "${PATIENTS:-30}" --calcification 0 --seed 2
draw() {
    patch-sample --root "${ROOT:-$(dirname "$manifest")}" --split train --size "${SIZE:-64}" \
        --downscale "${DOWNSCALE:-1}" --seed 1 "$@" "$manifest"
}
draw --label malignant --lesion mass --max-offset 0.25 --each 4 > "$REAL"
draw --label normal --from both --each 4 > "$out/normal.sts"

for side in a b; do
    bash -c "set -o pipefail; ${!side}" < "$out/normal.sts" > "$out/$side.sts"
    ts-info --records "$out/$side.sts" > "$out/$side.tsv"
done

# Pairs: patches that both lines kept, known by the id of what both were given (its column 3).
for parent in $(grep -Fxf <(cut -f 3 "$out/a.tsv") <(cut -f 3 "$out/b.tsv") | sed '1d;13q'); do
    for side in a b; do ts-select "parent=$parent" < "$out/$side.sts"; done
done | ts-sheet --out "$out/pairs.png" --columns 2 --auto-window --title 'left: the first line, right: the second'

echo "first:  $a"
echo "second: $b"
if grep -q mask: "$out/a.tsv" && grep -q mask: "$out/b.tsv"; then
    for side in a b; do lesion-stats "$out/$side.sts" > "$out/$side-lesions.tsv"; done
    lesion-compare --table "$out/a-lesions.tsv" "$out/b-lesions.tsv" | tee "$out/compare.txt"
else
    rm -f "$out/compare.txt"
    echo "no masks to measure lesions in"
fi
echo "look at $out/pairs.png"
