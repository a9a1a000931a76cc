# Both networks, their losses and all gradients against PyTorch, live: whole tensors, at other sizes, widths,
# batches and seeds than those of the committed references.  Seeds are such that no maximum or kink lies within
# float's rounding: there a gradient jumps, and float and double differ by as much.
. tests/tap.sh
python=/usr/bin/python3
$python -c 'import torch, numpy' 2> /dev/null || skip_all "no PyTorch for $python"
double=build/variant-blas-double/tests/test_gan_ref

# against PROGRAM WHAT SIZE WIDTH BATCH FADE SEED [--ablated | --conditional]
against() {
    local program=$1 what=$2 status=0
    shift 2
    "$program" "$T/gan_step.safetensors" "$@" > "$T/tap" || status=1
    [ "$(grep -c '^ok.*error .* of the norm' "$T/tap")" -ge 40 ] || status=1
    ok $status "$what: size $1, width $2, batch $3, fade $4, seed $5 ${6:-}"
    [ $status = 0 ] || grep '^not ok' "$T/tap" | sed 's/^/# /'
}
for step in '32 0.15 2 0.25 11' '32 0.25 1 1 12' '32 0.2 2 0 14' '32 0.2 2 0.5 15 --ablated' '32 0.2 2 0.6 16 --conditional'; do
    read -r size width batch fade seed option <<< "$step"
    OMP_NUM_THREADS=1 $python tests/ref/gan_step.py --size "$size" --width "$width" --batch "$batch" \
        --fade "$fade" --seed "$seed" $option --dump "$T" > /dev/null
    against "$BUILD/tests/test_gan_ref" "this build" $step
    if [ -x $double ]; then
        against $double "the double build" $step
    else
        skip "$double is not built"
    fi
done
done_testing
