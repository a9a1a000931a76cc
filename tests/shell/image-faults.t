# The n-th allocation, read and write fail while an image is read, searched and its mask written:
# exit 1 with one line and no mask, or exit 0 with the right mask.
. tests/tap.sh
case $BUILD in *-san) skip_all "the sanitizers bring an allocator of their own" ;; esac
inject=$BUILD/tests/inject.so
[ -e "$inject" ] || skip_all "no $inject"
corpus=$TOP/tests/fuzz/corpus
cd "$T"

# faulty KIND:N COMMAND...
faulty() {
    MP_FAIL=$1 MP_COUNT=count LD_PRELOAD=$inject "${@:2}" > out 2> err
}

# faults FILE OPTIONS...
faults() {
    local kind n total status bad=0 totals
    local command=(tissue-mask --image "$1" --out mask.png "${@:2}")
    "${command[@]}" && mv mask.png want.png || echo "# ${command[*]} fails by itself"
    faulty malloc:1000000 "${command[@]}"
    totals=$(cat count)
    for kind in malloc read write; do
        total=$(sed "s/.*$kind \([0-9]*\).*/\1/" <<< "$totals")
        for ((n = 1; n <= total; n++)); do
            rm -f mask.png
            faulty $kind:$n "${command[@]}"
            status=$?
            if [ $status = 0 ] && cmp -s mask.png want.png && [ ! -s err ]; then
                continue
            fi
            if [ $status = 1 ] && [ "$(wc -l < err)" = 1 ] && grep -q "^tissue-mask: " err &&
                [ ! -e mask.png ] && [ ! -e mask.png.tmp ]; then
                continue
            fi
            bad=$((bad + 1))
            echo "# $kind:$n: status $status, $(cat err) $(ls mask* 2> /dev/null)"
        done
        echo "# $1: $total x $kind"
    done
    is $bad 0 "$(basename "$1") ${*:2}"
}

awk 'BEGIN { print "P5\n60 90\n255" } END { for (y = 0; y < 90; y++) for (x = 0; x < 60; x++) {
    u = x / 50; v = (y - 45) / 40; r = u * u + v * v
    printf "%c", r < 1 ? 150 + (x < 25 - y / 2 ? 60 : 0) : 1 } }' /dev/null > film.pgm
faults film.pgm --pectoral cut
for f in png/ok-interlaced png/ok-palette-grey jpeg/ok-progressive jpeg/ok-rgb-grey; do
    faults "$corpus/$f"
done
done_testing 5
