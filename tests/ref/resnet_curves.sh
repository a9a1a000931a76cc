#!/usr/bin/env bash
# resnet_curves.sh OUT.tsv OUT.png [SEED ...] - validation curves of resnet-train and of PyTorch, from one random start
# over one stream.
#
# On cbis-mass ($MAMMO_DATA): 1104 training crops, 64x64, drawn class first; validation are its val and test folders
# together, 594 crops of other patients.  Width 0.125, batch 16, Adam 1e-3, --bn update, 24,000 samples.  Rounding grows
# to the size of the loss within ten steps or so, for PyTorch in float and in double too: the curves agree in where
# they go, not point by point.  Programs are those of build/bin, PyTorch that of /usr/bin/python3.
set -eu -o pipefail
[ $# -ge 2 ] || { echo "usage: resnet_curves.sh OUT.tsv OUT.png [SEED ...]" >&2; exit 2; }
tsv=$1 png=$2
shift 2
[ $# -gt 0 ] || set -- 1 2 3
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../../build/bin:$PATH
data=$MAMMO_DATA/cbis-mass
export OMP_NUM_THREADS=1
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

(cd "$data" && find . -name '*.png' | LC_ALL=C sort) | awk -v OFS='\t' '
    BEGIN { print "image", "patient", "split", "side", "view", "label", "lesion", "x0", "y0", "x1", "y1", "mask", "tissue" }
    { sub("^[.]/", ""); split($0, part, "/"); match($0, /P_[0-9]+/)
      print $0, substr($0, RSTART, RLENGTH), part[1], "", "", part[2], "mass", 0, 0, 128, 128, "", "" }' > "$T/m.tsv"
for split in train val test; do
    for label in benign malignant; do
        patch-sample --root "$data" --split $split --label $label --each 1 --size 64 --downscale 2 --min-tissue 0 \
            --max-offset 0.01 "$T/m.tsv" > "$T/$split-$label.sts"
    done
done
ts-cat "$T"/val-*.sts "$T"/test-*.sts > "$T/val.sts"
stream() { # SEED SAMPLES
    mix-ratio --positive "$T/train-malignant.sts" --negative "$T/train-benign.sts" --initial 0 --seed "$1" -n "$2"
}
ours() { # SEED SAMPLES OUT OPTION ...
    stream "$1" "$2" | resnet-train --val "$T/val.sts" --width 0.125 --schedule constant --bn update --batch 16 --threads 1 --seed "$1" \
        --samples "$2" --out "$3" "${@:4}"
}
printf 'seed\tsamples\tauc\ttorch_auc\tloss\ttorch_loss\n' > "$T/all"
for seed in "$@"; do
    # The random weights of this seed, for PyTorch, with statistics that have seen nothing.
    ours "$seed" 16 "$T/moved" --every 16 --lr 0
    /usr/bin/python3 "$here/../shell/record.py" "$T/moved" "$T/start" '
for k in t:
    if "running_" in k or k.endswith("tracked"):
        t[k][...] = k.endswith("var")'
    ours "$seed" 24000 "$T/best" --every 1600 --lr 1e-3 --log "$T/log"
    stream "$seed" 24000 | /usr/bin/python3 "$here/resnet_curve.py" --start "$T/start" --val "$T/val.sts" > "$T/torch"
    sed -n 's/.*"val_auc": \([^,]*\), "val_loss": \([^,]*\),.*/\1\t\2/p' "$T/log" | paste - "$T/torch" |
        awk -v seed="$seed" '{ printf "%d\t%d\t%.4f\t%.4f\t%.4f\t%.4f\n", seed, $3, $1, $4, $2, $5 }' >> "$T/all"
    rm "$T/log"
done
mv "$T/all" "$tsv"

gnuplot -d <<PLOT
set terminal pngcairo size 560,360 font "Sans,9"
set output "$png"
set datafile separator "\t"
set key bottom right
set grid
set xlabel "samples"
set ylabel "area under the ROC curve, 594 validation crops"
set yrange [0.4:0.7]
plot for [s in "$*"] "$tsv" using (\$1 == s ? \$2 : NaN):3 every ::1 with linespoints lw 1.5 ps 0.7 pt (4 + s) lc rgb "#0072b2" \
    title "resnet-train, seed ".s, \
    for [s in "$*"] "$tsv" using (\$1 == s ? \$2 : NaN):4 every ::1 with linespoints lw 1.5 ps 0.7 pt (4 + s) lc rgb "#d55e00" \
    title "PyTorch, seed ".s
PLOT
