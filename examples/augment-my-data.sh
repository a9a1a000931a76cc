#!/usr/bin/env bash
# augment-my-data.sh - synthetic masses on your own mammograms: as patches, and as whole mammograms with boxes.
#
#     bash examples/augment-my-data.sh [FINDINGS.csv IMAGES [MODEL]]
#
# Needs `make`, and nothing else: without arguments it draws phantoms.  Of your own data it needs
#   IMAGES        a folder of PNG, PGM or JPEG files, tissue brighter than the background;
#   FINDINGS.csv  one line for each finding, and one with empty fields behind `label` for each image without:
#
#                     image,patient,split,side,view,label,lesion,x,y,width,height
#                     a.png,P1,train,L,CC,malignant,mass,310,420,60,55
#                     b.png,P2,train,R,MLO,normal,,,,,
#
#   MODEL         a generator of gan-train, by default one that was trained on phantoms: train your own (gan-train(1)),
#                 on others than its own kind of images it makes nonsense.
#
# For your own data change DOWNSCALE, so that a patch of SIZE pixels (the model's) spans 19 mm or what yours spans:
# of pixels of 0.07 mm 4 are one.
#
# Out come, in OUT (build/examples/augment-my-data):
#   synthetic.sts  patches (tstream(5); read_stream.py and read_stream.R read it), synthetic.png their sheet
#   full/          mammograms with a lesion laid on them, and masks; full.tsv the manifest(5), which has their boxes
set -eu -o pipefail
export LC_ALL=C
PATH=${BIN:-$PWD/build/bin}:$PATH
out=${OUT:-build/examples/augment-my-data} model=${3:-${MODEL:-examples/models/phantom-mass.ckpt}}
size=${SIZE:-64} downscale=${DOWNSCALE:-1}
mkdir -p "$out/full"

if [ $# -ge 2 ]; then
    findings=$1 images=$2
else # phantoms, told of as you would tell of your own
    findings=$out/findings.csv images=$out/phantoms
    phantom --out "$images" --patients "${PATIENTS:-20}" --seed 1
    awk -F'\t' -v OFS=, 'NR == 1 { print "image,patient,split,side,view,label,lesion,x,y,width,height"; next }
        { print $1, $2, $3, $4, $5, $6, $7, $8, $9, $8 == "" ? "" : $10 - $8, $8 == "" ? "" : $11 - $9 }' \
        "$images/manifest.tsv" > "$findings"
fi

# The manifest(5): tabs, corners of boxes, and the rows of one image together.  (Fields with commas in quotes are
# beyond this.)
tr -d '\r' < "$findings" | awk -F, -v OFS='\t' '
    NR == 1 { print "image", "patient", "split", "side", "view", "label", "lesion", "x0", "y0", "x1", "y1"; next }
    !($1 in rows) { order[++n] = $1 }
    { rows[$1] = rows[$1] $1 OFS $2 OFS $3 OFS $4 OFS $5 OFS $6 OFS $7 OFS \
        ($8 == "" ? OFS OFS OFS : $8 OFS $9 OFS $8 + $10 OFS $9 + $11) "\n" }
    END { for (i = 1; i <= n; i++) printf "%s", rows[order[i]] }' > "$out/manifest.tsv"
tissue-mask --root "$images" --out "$out/tissue" "$out/manifest.tsv" > "$out/tissue.tsv"

# Normal patches of the training patients, four variants of each; a lesion on each; what is no lesion goes.
patch-sample --root "$images" --split train --label normal --from both --count "${COUNT:-40}" --size "$size" \
    --margin $((size / 8)) --downscale "$downscale" --seed 1 "$out/tissue.tsv" |
    augment --variants 4 --seed 1 | gan-gen --model "$model" --seed 1 | lesion-postproc > "$out/synthetic.sts"
ts-sheet --out "$out/synthetic.png" --every 4 --auto-window --title 'input, lesion, result' < "$out/synthetic.sts"

# The same lesions on the images that they were grown for, one each: for detectors.
lesion-insert --root "$images" --out "$out/full" "$out/tissue.tsv" < "$out/synthetic.sts" > "$out/full.tsv"
ts-info "$out/synthetic.sts"
echo "look at $out/synthetic.png; mammograms with boxes: $(cut -f 1 "$out/full.tsv" | sed 1d | sort -u | wc -l), $out/full.tsv"
