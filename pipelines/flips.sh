#!/usr/bin/env bash
# flips.sh SPECIFICITY SHARE VAL0 VAL1 TEST0 TEST1 MAP0 MAP1 OUT.tsv - malignant patches that a classifier without
# synthetic patches (0) misses and one with them (1) finds, and the reverse.
#
# VAL and TEST are score files of resnet-predict, MAP maps of tsne of TEST's patches.  Each classifier calls malignant
# what scores above its own threshold: the lowest that leaves SPECIFICITY of VAL's other patches below or at it.
# Writes a line for each test patch; prints the counts.
set -eu -o pipefail
export LC_ALL=C
[ $# -eq 9 ] || { echo "usage: flips.sh SPECIFICITY SHARE VAL0 VAL1 TEST0 TEST1 MAP0 MAP1 OUT.tsv" >&2; exit 2; }
specificity=$1 share=$2 out=$9
trap 'rm -f "$out.tmp"' EXIT

# threshold FILE
threshold() {
    awk -F'\t' 'NR > 1 && $3 != "malignant" { print $6 }' "$1" | sort -g |
        awk -v share="$specificity" '{ v[NR] = $1 } END { k = share * NR; k = k > int(k) ? int(k) + 1 : int(k); print v[k < 1 ? 1 : k] }'
}
t0=$(threshold "$3") t1=$(threshold "$4")
awk -F'\t' -v t0="$t0" -v t1="$t1" -v specificity="$specificity" -v share="$share" -v out="$out.tmp" \
    -f "$(dirname "$0")/flips.awk" "$5" "$6" "$7" "$8"
mv "$out.tmp" "$out"
