#!/bin/sh
# convert.sh SET FOLDER [NAME=VALUE ...] - the manifest of a data set on standard output.
#
# SET is cdd-cesm, cdd-cesm-512, mini-mias, cbis-mass or cbis-full-mass, FOLDER holds its files.  Variables: min_patients, and
# for CDD-CESM train_to and val_to, the last patient numbers of these splits.  See convert/README.
set -eu
here=$(dirname "$0")/convert

die() {
    echo "convert.sh: $1" >&2
    exit "$2"
}

[ $# -ge 2 ] || die "usage: convert.sh SET FOLDER [NAME=VALUE ...]" 2
set=$1 folder=$2
shift 2
case $set in
cdd-cesm | cdd-cesm-512) files="regions.csv index.csv" ;;
mini-mias) files=labels.txt ;;
cbis-full-mass) files=manifest.tsv ;;
cbis-mass) files="train/benign train/malignant val/benign val/malignant test/benign test/malignant" ;;
*) die "unknown data set '$set'" 2 ;;
esac
for v in "$@"; do
    case $v in
    train_to=*[!0-9]* | val_to=*[!0-9]* | min_patients=*[!0-9]* | *=) die "bad variable '$v'" 2 ;;
    train_to=* | val_to=* | min_patients=*) ;;
    *) die "unknown variable '$v'" 2 ;;
    esac
done
for f in $files; do
    [ -r "$folder/$f" ] || die "$folder: no $f: is this the folder of $set?" 1
done
rules=$(cd "$here" && pwd)
cd "$folder"
if [ "$set" = cbis-mass ]; then
    # All that is known stands in the names of the files.
    find train val test -name '*.png' | LC_ALL=C sort |
        awk -f "$rules/common.awk" -f "$rules/cbis-mass.awk" "$@" -
    exit
fi
case $set in cdd-*) set -- "$@" "$rules/findings.tsv" ;; esac
# shellcheck disable=SC2086
exec awk -f "$rules/common.awk" -f "$rules/$set.awk" "$@" $files
