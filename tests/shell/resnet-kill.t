# resnet-train killed (SIGKILL) before every single write, fsync and rename of a run, and resumed: the result, the
# state and the log are those of a run that was never killed, of the paper's kind and of one with all that came since.
# Between two of these nothing on disk changes but the log, whose lines behind the state are cut off.
export OMP_NUM_THREADS=1
. tests/tap.sh
case $BUILD in *-san) skip_all "the sanitizers bring a library of their own" ;; esac
inject=$BUILD/tests/inject.so
[ -e "$inject" ] || skip_all "no $inject"
cd "$T"
"$BUILD/tests/make_patches" 40 32 > all.sts
ts-select 'x<240' < all.sts > train.sts
ts-select 'x>=240' < all.sts > val.sts
run() { # NAME [--resume]
    resnet-train --val val.sts --threads 1 --batch 4 --lr 3e-3 --samples 96 --every 8 --save-every 12 --log-every 4 $kind \
        --out "$1.ckpt" --log "$1.jsonl" ${2:-} < train.sts 2> err
}
lines() { grep '^{"iteration' "$1.jsonl" | sed 's/, "seconds".*//'; }
for kind in '--width 0.03 --schedule constant --keep best' \
    '--net small --width 0.25 --schedule one-cycle --average 0.9 --weight-decay 0.01'; do
    MP_FAIL=kill:1000000 MP_COUNT=count LD_PRELOAD=$inject run want
    is "$?" 0 "a run that is not killed"
    total=$(sed 's/.*kill \([0-9]*\).*/\1/' count)
    bad=0 fresh=0
    for ((n = 1; n <= total; n++)); do
        rm -f got.*
        MP_FAIL=kill:$n LD_PRELOAD=$inject run got 2> /dev/null
        status=$?
        if [ -e got.ckpt.state ]; then
            run got --resume
        else
            fresh=$((fresh + 1))
            run got
        fi
        [ "$? $status" = "0 137" ] && cmp -s want.ckpt got.ckpt && cmp -s want.ckpt.state got.ckpt.state &&
            [ "$(lines want)" = "$(lines got)" ] || {
            bad=$((bad + 1))
            echo "# killed at $n (status $status): $(cat err)"
        }
    done
    is "$bad" 0 "killed at each of $total places: result, state and log are the same ($fresh times before the first state)"
    [ "$total" -ge 15 ] && [ "$fresh" -lt 4 ]
    ok $? "there were many"
done
done_testing 6
