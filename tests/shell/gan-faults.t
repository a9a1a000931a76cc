# Memory, reads and disks that fail under gan-gen and gan-train: exit 1 with one line, and what is on disk stays whole.
export OMP_NUM_THREADS=1
. tests/tap.sh
case $BUILD in *-san) skip_all "the sanitizers bring an allocator of their own" ;; esac
inject=$BUILD/tests/inject.so
[ -e "$inject" ] || skip_all "no $inject"
cd "$T"
"$BUILD/tests/make_patches" 8 32 > all.sts
ts-select label=malignant < all.sts > lesion.sts
ts-select label=normal < all.sts > normal.sts
"$BUILD/tests/make_patches" 0 32 > none.sts
train='gan-train --lesion lesion.sts --normal normal.sts --size 32 --width 0.05 --batch 2 --samples 1 --threads 1
       --half-iterations 4 --fade 2 --iterations 4 --save-every 1'
$train --out want.ckpt --log want.jsonl || exit 1
gan-train --lesion a=lesion.sts --normal a=normal.sts --lesion b=lesion.sts --normal b=normal.sts --size 32 --width 0.05 \
    --batch 2 --samples 1 --threads 1 --half-iterations 1 --fade 0 --iterations 1 --out both.ckpt || exit 1

# calls KIND COMMAND...: how often it is called.
calls() {
    MP_FAIL=$1:1000000 MP_COUNT=count LD_PRELOAD=$inject "${@:2}" > want 2> err
    sed "s/.*$1 \([0-9]*\).*/\1/" count
}
# failed PROGRAM: status and err are those of a decent failure.  Where libgomp or the tape find no memory, they say so
# themselves.
failed() {
    grep -q '^libgomp: \|^network engine: out of memory' err && [ $status = 1 ] && return
    [ $status = 1 ] && [ "$(wc -l < err)" = 1 ] && grep -q "^$1: " err && ! grep -aq '"end":"1"' out
}

# Loading a generator: the network engine does not run where there are no patches, so that all memory is ours.
while read -r kind model; do
    gen="gan-gen --threads 1 --model $model"
    input=$([ $kind = malloc ] && echo none.sts || echo normal.sts)
    total=$(calls $kind $gen < $input)
    bad=0
    for ((n = 1; n <= total; n++)); do
        MP_FAIL=$kind:$n LD_PRELOAD=$inject $gen < $input > out 2> err
        status=$?
        failed gan-gen || { [ $status = 0 ] && cmp -s out want; } || {
            bad=$((bad + 1))
            echo "# $kind:$n: status $status, $(cat err)"
        }
    done
    is $bad 0 "gan-gen --model $model: the n-th $kind fails, n to $total"
done <<'EOT'
malloc want.ckpt
malloc both.ckpt --category b
read want.ckpt
EOT

# The n-th read fails; then the training is resumed, and ends as if nothing had been.
total=$(calls read $train --out x.ckpt)
bad=0 resumed=0
for ((n = 1; n <= total; n++)); do
    rm -f x.*
    MP_FAIL=read:$n LD_PRELOAD=$inject $train --out x.ckpt --log x.jsonl > out 2> err
    status=$?
    [ $status = 0 ] && cmp -s x.ckpt want.ckpt && continue # a read of a library, which can do without
    failed gan-train && [ ! -e x.ckpt ] && [ ! -e x.ckpt.state.tmp ] || {
        bad=$((bad + 1))
        echo "# read:$n: status $status, $(cat err)"
    }
    resume=$([ -e x.ckpt.state ] && echo --resume)
    resumed=$((resumed + ${#resume} / 8))
    $train --out x.ckpt --log x.jsonl $resume && cmp -s x.ckpt want.ckpt && cmp -s x.ckpt.state want.ckpt.state || bad=$((bad + 1))
done
is "$bad/$((resumed > 0))" 0/1 "gan-train: the n-th read fails, n to $total; resumed after $resumed"

# Files may grow to so many blocks of 1024 bytes: the log, the state or the result does not fit.
blocks=$(($(wc -c < want.ckpt.state) / 1024))
bad=0
for limit in 1 3 10 $((blocks / 2)) $((blocks - 1)); do
    rm -f x.*
    $train --out x.ckpt --log x.jsonl --iterations 2 # what is there stays
    cp x.ckpt.state kept
    (
        trap '' XFSZ
        ulimit -f "$limit"
        exec $train --out y.ckpt --state x.ckpt.state --log x.jsonl --resume
    ) > out 2> err
    status=$?
    failed gan-train && cmp -s x.ckpt.state kept && [ ! -e y.ckpt ] && [ ! -e x.ckpt.state.tmp ] || {
        bad=$((bad + 1))
        echo "# $limit blocks: status $status, $(cat err)"
    }
    $train --out x.ckpt --log x.jsonl --resume && cmp -s x.ckpt want.ckpt && cmp -s x.ckpt.state want.ckpt.state || bad=$((bad + 1))
    [ "$(grep -o '^{"iteration": [0-9]*' x.jsonl)" = "$(grep -o '^{"iteration": [0-9]*' want.jsonl)" ] || bad=$((bad + 1))
done
is $bad 0 "gan-train: files of at most 1 to $((blocks - 1)) KiB; the last state stays, and is resumed from"
done_testing 5
