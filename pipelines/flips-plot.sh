#!/usr/bin/env bash
# flips-plot.sh FIG5.tsv OUT.svg|OUT.png SHARE [TITLE] - what flips.sh wrote: the map of each classifier, and on both the
# malignant patches that change sides.
set -eu -o pipefail
export LC_ALL=C
[ $# -ge 3 ] || { echo "usage: flips-plot.sh FIG5.tsv OUT.svg|OUT.png SHARE [TITLE]" >&2; exit 2; }
table=$1 out=$2 share=$3 title=${4:-}
case $out in
*.svg) terminal='svg size 1200,680 font "Sans,13"' ;;
*.png) terminal='pngcairo size 1800,1020 font "Sans,17"' ;;
*) echo "flips-plot.sh: $out: neither .svg nor .png" >&2; exit 2 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$out.tmp"' EXIT
for side in other malignant found lost; do
    awk -F'\t' -v side=$side 'NR > 1 && ($3 == side || $4 == side) && (side != "malignant" || ($4 != "found" && $4 != "lost")) {
        print $7, $8, $9, $10 }' "$table" > "$folder/$side"
done
[ -s "$folder/other" ] || { echo "flips-plot.sh: $table: no table of flips.sh" >&2; exit 1; }

# points N: the four groups at columns N and N + 1.
points() {
    local sep='' side style
    for side in other malignant found lost; do
        case $side in
        other) style='pt 7 ps 0.6 lc rgb "#999999" title "not malignant' ;;
        malignant) style='pt 7 ps 0.6 lc rgb "#e69f00" title "malignant, called alike by both' ;;
        found) style='pt 9 ps 1.5 lc rgb "#0072b2" title "malignant: missed without synthetic patches, found with them' ;;
        lost) style='pt 11 ps 1.5 lc rgb "#d55e00" title "malignant: found without, missed with' ;;
        esac
        [ -s "$folder/$side" ] || continue
        printf "%s'%s' using %d:%d with points %s (%d)\"" "$sep" "$folder/$side" "$1" $(($1 + 1)) "$style" "$(wc -l < "$folder/$side")"
        sep=', '
    done
}

gnuplot -d <<PLOT
set terminal $terminal
set output "$out.tmp"
unset xtics
unset ytics
set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03
set multiplot layout 1,2 title '${title//\'/\'\'}' noenhanced margins 0.03,0.98,0.20,0.90 spacing 0.03
set xlabel "t-SNE 1" offset 0,0.5
set ylabel "t-SNE 2" offset 1,0
set key at screen 0.5,0.01 bottom center vertical maxrows 4 Left reverse noenhanced samplen 1
set title "trained on real patches alone"
plot $(points 1)
unset key
unset ylabel
set title "trained with $share % synthetic patches at first"
plot $(points 3)
unset multiplot
PLOT
mv "$out.tmp" "$out"
