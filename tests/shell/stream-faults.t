# The n-th allocation, read and write fail, for every n there is: exit 1 with one line, or exit 0
# with the right output.  Never a crash, never a trailer behind what is wrong.
. tests/tap.sh
case $BUILD in *-san) skip_all "the sanitizers bring an allocator of their own" ;; esac
inject=$BUILD/tests/inject.so
[ -e "$inject" ] || skip_all "no $inject"
corpus=$TOP/tests/fuzz/corpus/stream
cd "$T"

# faulty KIND:N COMMAND...
faulty() {
    MP_FAIL=$1 MP_COUNT=count LD_PRELOAD=$inject "${@:2}" < two > out 2> err
}

# faults COMMAND...: reads the file "two".
faults() {
    local kind n total status bad=0
    "$@" < two > want || echo "# $* fails by itself"
    faulty malloc:1000000 "$@"
    set -- "$(cat count)" "$@"
    for kind in malloc read write; do
        total=$(sed "s/.*$kind \([0-9]*\).*/\1/" <<< "$1")
        for ((n = 1; n <= total; n++)); do
            faulty $kind:$n "${@:2}"
            status=$?
            if [ $status = 0 ] && cmp -s out want && [ ! -s err ]; then
                continue
            fi
            if [ $status = 1 ] && [ "$(wc -l < err)" = 1 ] && grep -q "^$2: " err &&
                { ! grep -aq '"end":"1"' out || cmp -s out want; }; then
                continue
            fi
            bad=$((bad + 1))
            echo "# $kind:$n: status $status, $(cat err)"
        done
        echo "# ${*:2}: $total x $kind"
    done
    is $bad 0 "${*:2}"
}

"$BUILD/tests/make_patches" 2 4 > two || exit 1
faults ts-cat two
faults ts-head -n 1 --drain
faults ts-select label=malignant 'x~^[0-9]+$' 'x>=0'
faults ts-shuffle --buffer 1
faults ts-info
faults ts-info --json --records

# Reads and writes that are short and interrupted change nothing.
for n in 1 7 1000; do
    ts-cat "$corpus"/ok-* > want
    MP_FAIL=short:$n LD_PRELOAD=$inject ts-cat "$corpus"/ok-* > out
    cmp -s out want
    ok $? "$n bytes at a time, with interruptions"
done

# No memory is taken on the word of a header: 60 MB are claimed, 6 bytes come.
ln -s "$corpus/bad-data-claimed" claimed
MP_FAIL=larger:2000000 LD_PRELOAD=$inject ts-cat claimed > out 2> err
is "$?: $(cat err)" "1: ts-cat: claimed: record 0: cut in the data (6 of 60000000 bytes)" \
    "no memory is taken for data that do not come"
done_testing 10
