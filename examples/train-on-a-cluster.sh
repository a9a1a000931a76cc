#!/usr/bin/env bash
#SBATCH --array=1-5 --cpus-per-task=4 --time=04:00:00
#SBATCH --signal=B:USR1@300 --requeue --open-mode=append
# train-on-a-cluster.sh - a generator and a classifier for each seed, where jobs are killed at a time limit.
#
#     bash examples/train-on-a-cluster.sh       without Slurm: small, once stopped and resumed, once not; same bytes
#     sbatch examples/train-on-a-cluster.sh     then, from the top folder: a job for each seed, on the same patches
#
# Needs `make`, and draws phantoms.  Five minutes before its time is up Slurm sends a job USR1; the trainer is told to
# save its state, the job goes back into the queue, and its next turn goes on from there.  On TERM (another job takes
# the place, or scancel) it saves too, and whether there is another turn is Slurm's affair.  After a crash the last
# state counts (--save-every).  Bytes are equal on one kind of processor at one number of threads.
#
# For your own data put mass.sts, normal.sts, mixed.sts and val.sts into DATA, made as below, and change the trainers'
# options.  Out come, in OUT (build/examples/train-on-a-cluster), mass-SEED.ckpt, r50-SEED.ckpt, their logs and states.
set -eu -o pipefail
export LC_ALL=C
PATH=${BIN:-$PWD/build/bin}:$PATH
out=${OUT:-build/examples/train-on-a-cluster} data=${DATA:-$out/data}

again() { # SIGNAL: lets the trainer save its state, and asks for another turn
    trap '' USR1 TERM
    # shellcheck disable=SC2046
    if kill -TERM $(jobs -p) 2> /dev/null; then wait; fi # jobs of this shell: the trainer, if one runs
    if [ "$1" = USR1 ] && [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then scontrol requeue "$SLURM_JOB_ID"; fi
    exit 75
}

# train RESULT TRAINER...: runs it, or goes on from its state; nothing if it has finished.
train() {
    local result=$1 resume=
    shift
    if [ -e "$result" ]; then return; fi
    if [ -e "$result.state" ]; then resume=--resume; fi
    # In the background: a shell that waits hears a signal at once.
    "$@" --state "$result.state" $resume --log "${result%.ckpt}.jsonl" --out "$result.tmp" <&0 &
    wait $!
    mv "$result.tmp" "$result"
}

if [ -n "${SLURM_ARRAY_TASK_ID:-}" ] || [ "${1:-}" = job ]; then
    trap 'again USR1' USR1
    trap 'again TERM' TERM
    seed=${SLURM_ARRAY_TASK_ID:-1}
    own="--seed $seed --threads ${SLURM_CPUS_PER_TASK:-1}"
    mkdir -p "$out"
    train "$out/mass-$seed.ckpt" gan-train --lesion "$data/mass.sts" --normal "$data/normal.sts" --size 32 --width 0.125 \
        --batch 4 --gp-k 0 --half-iterations 0 --fade 0 --iterations "${ITERATIONS:-1000}" --save-every 100 $own
    train "$out/r50-$seed.ckpt" resnet-train --val "$data/val.sts" --width 0.125 --batch 8 --lr 1e-3 \
        --samples "${SAMPLES:-1600}" --every 400 --save-every 400 $own < "$data/mixed.sts"
    exit
fi

# Without Slurm: the patches,
mkdir -p "$data"
phantom --out "$data/phantoms" --patients "${PATIENTS:-30}" --height 400 --calcification 0 --seed 3
draw() { patch-sample --size 32 --seed 1 "$@" "$data/phantoms/manifest.tsv"; }
draw --label malignant --count 200 > "$data/mass.sts"
draw --count 200 > "$data/normal.sts"
mix-ratio --positive "$data/mass.sts" --negative "$data/normal.sts" --initial 0 --count 400 > "$data/mixed.sts"
{ draw --split val --label malignant --count 30; draw --split val --count 30; } > "$data/val.sts"

# one job that is left alone, and one that is stopped after LIMIT seconds and has another turn.
rm -rf "$out/alone" "$out/killed"
export DATA=$data
OUT=$out/alone bash "$0" job
export OUT=$out/killed LIMIT=${LIMIT:-2}
status=0
timeout --foreground --preserve-status -s USR1 "$LIMIT" bash "$0" job || status=$?
case $status in
75) echo "stopped after $LIMIT seconds; its next turn:" && bash "$0" job ;;
0) echo "finished before $LIMIT seconds were over: nothing to resume" ;;
*) exit $status ;;
esac
for f in mass-1.ckpt r50-1.ckpt; do cmp "$out/alone/$f" "$out/killed/$f"; done
echo "$out/killed holds the bytes of $out/alone"
