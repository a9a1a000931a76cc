#!/usr/bin/env bash
# roc-plot.sh ROC.tsv OUT.svg|OUT.png [TITLE] - the curves that `delong --roc` wrote, with their areas.
set -eu -o pipefail
export LC_ALL=C
[ $# -ge 2 ] || { echo "usage: roc-plot.sh ROC.tsv OUT.svg|OUT.png [TITLE]" >&2; exit 2; }
roc=$1 out=$2 title=${3:-}
case $out in
*.svg) terminal='svg size 640,640 font "Sans,14"' ;;
*.png) terminal='pngcairo size 900,900 font "Sans,14"' ;;
*) echo "roc-plot.sh: $out: neither .svg nor .png" >&2; exit 2 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$out.tmp"' EXIT

# A file for each curve, and a line of the plot.  Of points on a straight run along an axis only the ends are kept,
# so that a million scores make no picture of a million points.
awk -F'\t' -v folder="$folder" '
    BEGIN { split("#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #000000 #999999", colour, " ") }
    NR == 1 {
        if ($0 != "curve\tarea\tthreshold\tfalse_positive_rate\ttrue_positive_rate") { bad = 1; exit }
        next
    }
    NF != 5 { bad = 1; exit }
    $1 != name || n == 0 {
        if (n) print x, y > file
        name = $1; file = folder "/" ++n
        legend = name; gsub(/[\047]/, "\047\047", legend)
        printf "%s\047%s\047 with lines lw 2 dt %d lc rgb \"%s\" title \047%s  (AUC %.3f)\047", (n > 1 ? ", " : ""), file,
            int((n - 1) / 8) + 1, colour[(n - 1) % 8 + 1], legend, $2 > (folder "/plot")
        print $4, $5 > file; x = px = $4; y = py = $5; next
    }
    {
        if (!(($4 == x && x == px) || ($5 == y && y == py))) { print x, y > file; px = x; py = y }
        x = $4; y = $5
    }
    END { if (!bad && n) print x, y > file; exit bad || !n }' "$roc" ||
    { echo "roc-plot.sh: $roc: no table of delong --roc" >&2; exit 1; }

gnuplot -d <<PLOT
set terminal $terminal
set output "$out.tmp"
set size square
set xrange [0:1]
set yrange [0:1]
set xtics 0.2
set ytics 0.2
set grid
set title '${title//\'/\'\'}' noenhanced
set xlabel "1 - specificity (false positives of all that are not malignant)"
set ylabel "sensitivity (true positives of all malignant)"
set key bottom right noenhanced opaque
plot x with lines dt 3 lc rgb "#808080" notitle, $(cat "$folder/plot")
PLOT
mv "$out.tmp" "$out"
