# examples/read_stream.py reads a stream from a pipe, and sees where one is broken.
. tests/tap.sh
for python in /usr/bin/python3 python3; do
    "$python" -c 'import numpy' 2> /dev/null && break
    python=
done
[ -n "$python" ] || skip_all "no python3 with numpy"
corpus=$TOP/tests/fuzz/corpus/stream
cd "$T"
"$BUILD/tests/make_patches" 7 16 > seven
script=$TOP/examples/read_stream.py

cat seven seven | "$python" "$script" > out
is "$?" 0 "reads two segments"
is "$(head -3 out | xargs)" "records 14 label malignant 8 label normal 6" "and counts"
"$python" "$script" seven > out
is "$?/$(head -1 out)" "0/records 7" "reads a file"
"$python" "$script" nowhere > got 2> err
is "$?/$(wc -l < err)/$(cut -c -16 err)" "1/1/read_stream.py: " "says which it cannot open"
ts-info seven | sed -n 's/^tensor     \(image\|lesion\|mask\) .* min \(.*\), max \(.*\), mean.*/\1 \2 \3/p' | sort > want
sed -n 's/^tensor \(image\|lesion\|mask\) .* min \(.*\), max \(.*\)/\1 \2 \3/p' out | sort > got
is "$(cat got)" "$(cat want)" "the values are those that ts-info sees"
is "$(wc -l < want)" 3 "of three tensors"
cat "$corpus"/ok-* | "$python" "$script" > out 2> err
is "$? $(wc -l < err)" "0 0" "takes all that is right"
n=0
for f in empty no-trailer length-cut header-cut data-cut trailer-cut newline text length-huge length-over data-over \
    data-claimed records records-zeros trailer-crc trailer-upper trailer-more trailer-end trailer-spaces \
    trailer-escape flipped-data crc32 not-json array twice utf8 size; do
    "$python" "$script" < "$corpus/bad-$f" > out 2> err
    if [ $? != 1 ] || ! tail -1 err | grep -q '^read_stream.py: ' || [ "$(wc -l < err)" != 1 ]; then
        n=$((n + 1))
        echo "# takes bad-$f: $(tail -1 err)"
    fi
done
is $n 0 "refuses what is cut or damaged, in one line"
done_testing 8
