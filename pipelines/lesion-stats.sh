#!/usr/bin/env bash
# lesion-stats.sh REAL.tsv SYNTHETIC.tsv OUT.svg|OUT.png [TITLE] - cumulative curves of what lesion-stats measured.
set -eu -o pipefail
export LC_ALL=C
[ $# -ge 3 ] || { echo "usage: lesion-stats.sh REAL.tsv SYNTHETIC.tsv OUT.svg|OUT.png [TITLE]" >&2; exit 2; }
real=$1 synthetic=$2 out=$3 title=${4:-}
case $out in
*.svg) terminal='svg size 1200,640 font "Sans,13" enhanced' ;;
*.png) terminal='pngcairo size 1500,800 font "Sans,12" enhanced' ;;
*) echo "lesion-stats.sh: $out: neither .svg nor .png" >&2; exit 2 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$out.tmp"' EXIT

# A file for each measure of a table: its values, sorted, each with the share of lesions up to it.  `count` holds the
# numbers of lesions and patients.
curves() { # TABLE NAME
    awk -F'\t' -v folder="$folder" -v name="$2" '
        BEGIN { n = split("area mean sd contrast edge roundness eccentricity", want, " ") }
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; for (k = 1; k <= n; k++) bad += !(want[k] in at); bad += !("patient" in at); if (bad) exit; next }
        { for (k = 1; k <= n; k++) print $at[want[k]] + 0 > (folder "/" name "." want[k]); p += !seen[$at["patient"]]++ }
        END { if (bad || NR < 2) exit 1; printf "%d lesions, %d patients", NR - 1, p > (folder "/" name ".count") }' "$1" ||
        { echo "lesion-stats.sh: $1: no table of lesion-stats, or an empty one" >&2; exit 1; }
    for f in area mean sd contrast edge roundness eccentricity; do
        sort -g "$folder/$2.$f" | awk '{ v[NR] = $1 } END { print v[1], 0; for (i = 1; i <= NR; i++) print v[i], i / NR }' > "$folder/$2.$f.curve"
    done
}
curves "$real" real
curves "$synthetic" synthetic

# 1, 2 or 5 times a power of 10, for at most six labels on an axis.
step() { # MEASURE
    cut -d' ' -f 1 "$folder"/{real,synthetic}."$1".curve | sort -g | awk '
        NR == 1 { least = $1 }
        END { s = ($1 - least) / 5; if (s <= 0) s = 1; p = 10 ^ int(log(s) / log(10) - (s < 1)); s /= p
            print p * (s <= 1 ? 1 : s <= 2 ? 2 : s <= 5 ? 5 : 10) }'
}

panel() { # MEASURE LABEL [SETTINGS]
    cat <<PLOT
${3:-set xtics $(step "$1")}
set xlabel "$2"
plot "$folder/real.$1.curve" with steps lw 2.5 lc rgb "#0072b2" notitle, \
     "$folder/synthetic.$1.curve" with steps lw 2.5 dt (9,3) lc rgb "#d55e00" notitle
unset logscale x
set format x "%g"
set xtics autofreq
PLOT
}

gnuplot -d <<PLOT
set terminal $terminal
set output "$out.tmp"
set multiplot layout 2,4 title '${title//\'/\'\'}' noenhanced margins 0.06,0.985,0.1,$([ -n "$title" ] && echo 0.92 || echo 0.97) spacing 0.045,0.14
set yrange [0:1]
set ytics 0.25 nomirror
set xtics nomirror
set grid lt 1 lc rgb "#e0e0e0"
set border 3
set ylabel "share of lesions up to" offset 1,0
$(panel area "area (pixels of the image)" 'set logscale x; set format x "10^{%T}"')
set ylabel
$(panel mean "mean grey level")
$(panel contrast "contrast to the surroundings")
$(panel sd "standard deviation inside")
set ylabel "share of lesions up to" offset 1,0
$(panel edge "fall at the edge (levels a pixel)")
set ylabel
$(panel roundness "roundness (1: a disc)")
$(panel eccentricity "eccentricity (0: a disc)")
unset border; unset tics; unset grid; unset xlabel
set xrange [0:1]
set key center center Left reverse samplen 4 spacing 2.5 width 0
plot NaN with lines lw 2.5 lc rgb "#0072b2" title "real\n$(cat "$folder/real.count")", \
     NaN with lines lw 2.5 dt (9,3) lc rgb "#d55e00" title "synthetic\n$(cat "$folder/synthetic.count")"
unset multiplot
PLOT
mv "$out.tmp" "$out"
