# Malformed streams are refused by every program that reads one, in one line and without a trailer.
. tests/tap.sh
corpus=$TOP/tests/fuzz/corpus/stream

for f in "$corpus"/ok-*; do
    ts-cat "$f" > "$T/copy" 2> "$T/err" && ts-cat "$T/copy" | cmp -s - "$T/copy" && ts-info "$T/copy" > /dev/null
    ok $? "read: ${f##*/}"
done
for f in "$corpus"/bad-*; do
    STDIN=$f fails 1 "refused: ${f##*/}" ts-cat
done
n=0
for f in "$corpus"/bad-*; do
    for command in "ts-info" "ts-info --json" "ts-info --records" "ts-head -n 99" "ts-head -n 0 --drain" \
        "ts-select x!=y" "ts-shuffle"; do
        # shellcheck disable=SC2086
        timeout 10 $command < "$f" > "$T/out" 2> "$T/err"
        if [ $? != 1 ] || [ "$(wc -l < "$T/err")" != 1 ] || grep -aq '"end":"1"' "$T/out"; then
            n=$((n + 1))
            echo "# $command takes ${f##*/}"
        fi
    done
done
is $n 0 "by ts-info, ts-head, ts-select and ts-shuffle as well"

# The independent writer of the corpus still makes these very bytes.
if python=$(command -v python3); then
    "$python" "$TOP/tests/ref/stream_corpus.py" "$T/corpus" && diff -r "$corpus" "$T/corpus"
    ok $? "the corpus is what tests/ref/stream_corpus.py writes"
else
    skip "no python3"
fi
done_testing 78
