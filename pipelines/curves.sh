#!/usr/bin/env bash
# curves.sh LOG.jsonl OUT.png - the training curves of gan-train: losses, log-odds, penalty, gradients.
set -eu -o pipefail
export LC_ALL=C
[ $# -eq 2 ] || { echo "usage: curves.sh LOG.jsonl OUT.png" >&2; exit 2; }
log=$1 out=$2
table=$(mktemp)
trap 'rm -f "$table" "$out.tmp"' EXIT

# One line of the log to one line of numbers; each is the mean over a hundredth of the run.
awk -F'[:,] ' '
    /^{"iteration": .*"d_real": / {
        for (i = 1; i < NF; i += 2) { k = $i; gsub(/[{"]/, "", k); v[k] = $(i + 1) + 0 }
        line[++n] = v["iteration"] "\t" v["d_real"] "\t" v["d_fake"] "\t" v["d_input"] "\t" v["g_loss"] \
            "\t" v["odds_real"] "\t" v["odds_fake"] "\t" v["penalty"] "\t" v["slope"] "\t" v["lesion"]
    }
    END {
        step = n > 100 ? n / 100 : 1
        for (a = 0; a < n; a += step) {
            m = 0; split("", sum)
            for (i = int(a) + 1; i <= int(a + step) && i <= n; i++) {
                f = split(line[i], c, "\t"); m++
                for (k = 1; k <= f; k++) sum[k] += c[k]
            }
            if (!m) continue
            for (k = 1; k <= 10; k++) printf "%s%.6g", (k > 1 ? "\t" : ""), sum[k] / m
            print ""
        }
    }' "$log" > "$table"
[ -s "$table" ] || { echo "curves.sh: $log: has no iterations of gan-train" >&2; exit 1; }

gnuplot -d <<PLOT
set terminal pngcairo size 1200,800 font "Sans,10"
set output "$out.tmp"
set datafile separator "\t"
set multiplot layout 2,2 title "$(basename "$log" .jsonl)"
set xlabel "iteration" offset 0,0.5
set grid
set key below horizontal
set title "cross-entropies of the discriminator"
plot "$table" u 1:2 w l lw 2 lc rgb "#0072b2" t "real", "" u 1:3 w l lw 2 lc rgb "#d55e00" t "synthetic", \
     "" u 1:4 w l lw 2 lc rgb "#009e73" t "input class"
set title "loss of the generator"
plot "$table" u 1:5 w l lw 2 lc rgb "#cc79a7" notitle
set title "log-odds of \"real\""
plot "$table" u 1:6 w l lw 2 lc rgb "#0072b2" t "real", "" u 1:7 w l lw 2 lc rgb "#d55e00" t "synthetic"
set title "gradient penalty, its slope, size of the lesion"
set logscale y
plot "$table" u 1:8 w l lw 2 lc rgb "#e69f00" t "penalty", "" u 1:9 w l lw 2 lc rgb "#56b4e9" t "mean slope", \
     "" u 1:10 w l lw 2 lc rgb "#000000" t "mean |lesion|"
unset multiplot
PLOT
mv "$out.tmp" "$out"
