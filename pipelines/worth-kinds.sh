#!/usr/bin/env bash
# worth-kinds.sh "KIND ..." OUT.tsv ARM=SCORES,SCORES,... ... - delong over the arms, for each kind of lesion.
#
# KIND is all, or a kind of lesion: then its malignant patches alone stand against the others.  BIN is the folder of
# delong.  OUT.tsv is delong's table with a column `kind` in front.
set -eu -o pipefail
export LC_ALL=C
[ $# -ge 4 ] || { echo 'usage: worth-kinds.sh "KIND ..." OUT.tsv ARM=SCORES,... ARM=SCORES,... ...' >&2; exit 2; }
kinds=$1 out=$2
shift 2
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT
first=1
for kind in $kinds; do
    arms=() n=0
    for arm in "$@"; do
        files=
        IFS=, read -ra scores <<< "${arm#*=}"
        for s in "${scores[@]}"; do
            part=$work/$((n += 1)).tsv
            awk -F '\t' -v kind="$kind" 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; print; next }
                kind == "all" || $col["label"] != "malignant" || $col["lesion"] == kind || $col["lesion"] == "both"' "$s" > "$part"
            files=$files${files:+,}$part
        done
        arms+=("${arm%%=*}=$files")
    done
    "$BIN/delong" --trainings --cluster patient "${arms[@]}" |
        awk -v kind="$kind" -v first=$first -v OFS='\t' 'NR == 1 { if (first) print "kind", $0; next } { print kind, $0 }'
    first=0
done > "$out.tmp"
mv "$out.tmp" "$out"
