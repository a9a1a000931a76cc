#!/usr/bin/env bash
# worth-plot.sh WORTH.tsv OUT.png [TITLE] - area under the ROC curve against the number of real cancers, a curve an arm;
# a panel for each kind of lesion (columns) and decay (rows).  The bars are 95 % intervals.
set -eu -o pipefail
export LC_ALL=C
[ $# -ge 2 ] || { echo "usage: worth-plot.sh WORTH.tsv OUT.png [TITLE]" >&2; exit 2; }
worth=$1 out=$2 title=${3:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$out.tmp"' EXIT

# A file for each panel and arm, and the panels' plot commands.
awk -F'\t' -v folder="$folder" '
    BEGIN {
        split("real pasted generators oracle", arm, " ")
        split("real alone,pasted lesions,generators,oracle", name, ",")
        split("#000000 #e69f00 #0072b2 #009e73", colour, " ")
        split("7 5 13 9", mark, " ")
    }
    NR == 1 {
        for (i = 1; i <= NF; i++) col[$i] = i
        if (!("cancers" in col && "area_upper" in col)) { bad = 1; exit }
        next
    }
    {
        n++
        if (!($col["cancers"] in place)) { place[$col["cancers"]] = ++numbers; tics = tics (numbers > 1 ? ", " : "") "\"" $col["cancers"] "\" " numbers }
        if (!($col["kind"] in kind_at)) { kind_at[$col["kind"]] = ++kinds; kind[kinds] = $col["kind"] }
        if (!($col["decay"] in decay_at)) { decay_at[$col["decay"]] = ++decays; decay[decays] = $col["decay"] }
        for (a = 1; a <= 4; a++) if (arm[a] == $col["arm"])
            print place[$col["cancers"]] + 0.08 * (a - 2.5), $col["area"], $col["area_lower"], $col["area_upper"] > \
                (folder "/" $col["decay"] "-" $col["kind"] "-" arm[a])
    }
    END {
        if (bad || !n) exit 1
        printf "set xtics (%s)\nset xrange [0.5:%d.5]\nset multiplot layout %d,%d title %s noenhanced font \"Sans,16\"\n", tics, numbers, decays, kinds, "TITLE" > (folder "/plot")
        for (d = 1; d <= decays; d++)
            for (k = 1; k <= kinds; k++) {
                printf "set title \"%s, %s\"\n", kind[k] == "all" ? "all malignant patches" : kind[k] == "mass" ? "masses" : kind[k] "s",
                    decay[d] == "none" ? "no decay" : "the paper\047s decay" > (folder "/plot")
                printf "set key %s\nplot ", d == 1 && k == 1 ? "bottom right" : "off" > (folder "/plot")
                for (a = 1; a <= 4; a++)
                    printf "%s\047%s/%s-%s-%s\047 using 1:2:3:4 with yerrorlines lw 2 pt %d ps 1.2 lc rgb \"%s\" title \"%s\"", (a > 1 ? ", " : ""), \
                        folder, decay[d], kind[k], arm[a], mark[a], colour[a], name[a] > (folder "/plot")
                print "" > (folder "/plot")
            }
        printf "%d %d\n", kinds, decays
    }' "$worth" > "$folder/shape" || { echo "worth-plot.sh: $worth: no table of worth.awk" >&2; exit 1; }
read -r kinds decays < "$folder/shape"
sed -i "s/TITLE/'$(printf '%s' "${title//\'/\'\'}" | sed 's/[&/\]/\\&/g')'/" "$folder/plot"

gnuplot -d <<PLOT
set terminal pngcairo size $((kinds * 560)),$((decays * 500)) font "Sans,13"
set output "$out.tmp"
set grid
set xlabel "patients with cancer to train on, each kind"
set ylabel "area under the ROC curve"
load "$folder/plot"
unset multiplot
PLOT
mv "$out.tmp" "$out"
