#!/usr/bin/env bash
# choose-lesions.sh - masses of the size and shape that you choose, at places that you choose.
#
#     bash examples/choose-lesions.sh [PLACES.tsv]
#
# A generator makes what it makes.  So it makes many: VARIANTS lesions at each place; all are measured, those that are
# not as wanted go, and of the rest the first of each place stays.
#
# Needs `make`, and draws phantoms.  For your own data set MANIFEST (a manifest(5); ROOT: the folder that its paths start
# from, if not its own), MODEL, and DOWNSCALE, so that a patch spans what those of the training did.  PLACES.tsv has the
# columns image, x and y, with tabs: points on images of the training patients, in pixels (patch-sample(1), --at); the
# lesion comes near there.  Without it COUNT places are drawn that are like those of the real masses.
#
#   MIN_DIAMETER, MAX_DIAMETER   of a disc of the lesion's area, in pixels of the image
#   MIN_ROUNDNESS                about 1 is a disc, less is long or ragged
#   MIN_CONTRAST                 how much it stands out, of grey levels in [0,1]
#
# Out come, in OUT (build/examples/choose-lesions):
#   places.tsv     the places, to look at and to change
#   measured.sts   all whole lesions; lesion-stats(1) prints what they measure
#   chosen.sts     those as wanted, one a place; chosen.png their sheet, chosen.tsv what they measure
#   full/          the mammograms with them, and masks; full.tsv the manifest(5), which has their boxes
set -eu -o pipefail
export LC_ALL=C
PATH=${BIN:-$PWD/build/bin}:$PATH
out=${OUT:-build/examples/choose-lesions} model=${MODEL:-examples/models/phantom-mass.ckpt}
mkdir -p "$out/full"

manifest=${MANIFEST:-$out/phantoms/manifest.tsv}
[ -n "${MANIFEST:-}" ] || phantom --out "$out/phantoms" --patients "${PATIENTS:-30}" --calcification 0 --seed 2
root=${ROOT:-$(dirname "$manifest")}
draw() {
    patch-sample --root "$root" --split train --size "${SIZE:-64}" --downscale "${DOWNSCALE:-1}" --seed 1 "$@" "$manifest"
}
if [ $# -ge 1 ]; then
    cp "$1" "$out/places.tsv"
else
    draw --label malignant --lesion mass --max-offset 0.25 --each 4 > "$out/real.sts"
    draw --label normal --from both --like "$out/real.sts" --count "${COUNT:-12}" | ts-info --records |
        awk -F'\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print "image", "x", "y"; next }
            { half = $c["window"] / 2; print $c["source"], $c["x"] + half, $c["y"] + half }' > "$out/places.tsv"
fi

# What is measured is the mask, what was put there: it is known, and needs not be found (lesion-stats(1)).
draw --at "$out/places.tsv" --min-tissue 0 | gan-gen --model "$model" --variants "${VARIANTS:-20}" --seed 1 |
    lesion-postproc | lesion-stats --pass --whole --region mask > "$out/measured.sts"
area() { awk -v d="$1" 'BEGIN { print 3.14159265 / 4 * d * d }'; }
ts-select "lesion_area>=$(area "${MIN_DIAMETER:-10}")" "lesion_area<=$(area "${MAX_DIAMETER:-20}")" \
    "lesion_roundness>=${MIN_ROUNDNESS:-0.6}" "lesion_contrast>=${MIN_CONTRAST:-0.05}" < "$out/measured.sts" > "$out/wanted.sts"

# The first of each place: its patch is the parent (column 3) of all of them.
ts-info --records "$out/wanted.sts" | awk -F'\t' 'NR > 1 && !seen[$3]++ { print $2 }' > "$out/found"
while read -r id; do
    ts-select "id=$id" < "$out/wanted.sts"
done < "$out/found" > "$out/chosen.sts"
rm "$out/wanted.sts"
echo "$(wc -l < "$out/found") of $(($(wc -l < "$out/places.tsv") - 1)) places have a mass as wanted, of $(ts-info \
    "$out/measured.sts" | awk '/^records/ { print $2 }') that were measured"
[ -s "$out/chosen.sts" ] || { echo "choose-lesions.sh: none: ask for less, or set VARIANTS higher" >&2; exit 1; }

lesion-stats --region mask "$out/chosen.sts" > "$out/chosen.tsv"
ts-sheet --out "$out/chosen.png" --auto-window --title 'input, lesion, result' < "$out/chosen.sts"
lesion-insert --root "$root" --out "$out/full" --per-image 255 "$manifest" < "$out/chosen.sts" > "$out/full.tsv"
echo "look at $out/chosen.png; on mammograms: $out/full.tsv"
