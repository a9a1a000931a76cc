#!/usr/bin/env bash
# map-plot.sh MAP.tsv OUT.svg|OUT.png [TITLE] - a map that tsne wrote: real and synthetic patches by what is on them.
set -eu -o pipefail
export LC_ALL=C
[ $# -ge 2 ] || { echo "usage: map-plot.sh MAP.tsv OUT.svg|OUT.png [TITLE]" >&2; exit 2; }
map=$1 out=$2 title=${3:-}
case $out in
*.svg) terminal='svg size 900,760 font "Sans,13"' ;;
*.png) terminal='pngcairo size 1350,1140 font "Sans,17"' ;;
*) echo "map-plot.sh: $out: neither .svg nor .png" >&2; exit 2 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$out.tmp"' EXIT

# A file for each group of points and a line of the plot.  What there is most of lies at the bottom; real lesions,
# the fewest, on top.  Colours that the colour-blind tell apart; real ones are filled, synthetic ones open.
awk -F'\t' -v folder="$folder" '
    BEGIN {
        n = split("normal,0|benign,0|mass,1|calcification,1|both,1|mass,0|calcification,0|both,0", order, "|")
        colour["normal"] = "#999999"; colour["benign"] = "#009e73"
        colour["mass"] = "#0072b2"; colour["calcification"] = "#d55e00"; colour["both"] = "#cc79a7"
    }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; if (!("x" in at && "y" in at && "label" in at)) exit bad = 1; next }
    {
        group = $at["label"] == "malignant" ? $at["lesion"] : $at["label"]
        if (!(group in colour)) group = "both"
        key = group "," ($at["synthetic"] == 1)
        if (key == "normal,1" || key == "benign,1") key = group ",0"
        print $at["x"], $at["y"] > (folder "/" key); count[key]++
    }
    END {
        if (bad || NR < 2) exit 1
        for (i = 1; i <= n; i++) if (count[order[i]]) {
            split(order[i], part, ",")
            printf "%s\047%s/%s\047 with points pt %d ps %s lw 1.2 lc rgb \"%s%s\" title \047%s%s (%d)\047", sep, folder, order[i],
                part[2] == 1 ? 6 : 7, part[2] == 1 ? 0.7 : 0.55, part[2] == 1 ? "#60" : "#30", substr(colour[part[1]], 2),
                part[1] == "normal" || part[1] == "benign" ? "" : part[2] == 1 ? "synthetic " : "real malignant ",
                part[1] == "both" ? "mass and calcification" : part[1],
                count[order[i]] > (folder "/plot")
            sep = ", "
        }
    }' "$map" || { echo "map-plot.sh: $map: no map of tsne with labels" >&2; exit 1; }

gnuplot -d <<PLOT
set terminal $terminal
set output "$out.tmp"
set title '${title//\'/\'\'}' noenhanced
set xlabel "t-SNE 1 (no unit: who lies near whom is what counts)"
set ylabel "t-SNE 2"
set size ratio -1
unset xtics
unset ytics
set offsets graph 0.02, graph 0.02, graph 0.02, graph 0.02
set bmargin 6
set key at screen 0.5,0.01 bottom center horizontal Left reverse noenhanced samplen 1 width 2
plot $(cat "$folder/plot")
PLOT
mv "$out.tmp" "$out"
