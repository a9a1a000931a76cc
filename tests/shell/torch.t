# Both networks, their losses and all gradients against PyTorch, live: whole tensors, at other sizes, widths,
# batches and seeds than those of the committed references.  In double with any seed.  In float, where a maximum or a
# kink lies within rounding, a gradient jumps: which seeds are free of that depends on the processor, and one of three
# has to be.
. tests/tap.sh
python=/usr/bin/python3
$python -c 'import torch, numpy' 2> /dev/null || skip_all "no PyTorch for $python"
double=build/variant-blas-double/tests/test_gan_ref

# against PROGRAM SIZE WIDTH BATCH FADE SEED OPTIONS: what differs from the last dump, as comments.
against() {
    local program=$1 status=0
    shift
    "$program" "$T/gan_step.safetensors" "$@" > "$T/tap" || status=1
    [ "$(grep -c '^ok.*error .* of the norm' "$T/tap")" -ge 40 ] || status=1
    [ $status = 0 ] || grep '^not ok' "$T/tap" | sed 's/^/# /'
    return $status
}
for step in \
    '32 0.15 2 0.25 11' '32 0.25 1 1 12' '32 0.2 2 0 14' '32 0.2 2 0.5 15 --ablated' '32 0.2 2 0.6 16 --conditional' \
    '32 0.2 2 0.5 17 --sn d --gp-every 3 --anti-alias --attention 16'; do
    read -r size width batch fade seed option <<< "$step"
    float=1 exact=0
    for more in 0 100 200; do
        [ $float = 1 ] || break
        seed=$((seed + more))
        OMP_NUM_THREADS=1 $python tests/ref/gan_step.py --size "$size" --width "$width" --batch "$batch" \
            --fade "$fade" --seed "$seed" $option --dump "$T" > /dev/null
        against "$BUILD/tests/test_gan_ref" "$size" "$width" "$batch" "$fade" "$seed" "$option" && float=0
        [ ! -x $double ] || against $double "$size" "$width" "$batch" "$fade" "$seed" "$option" || exact=1
    done
    ok $float "this build: size $size, width $width, batch $batch, fade $fade, seed $seed $option"
    if [ -x $double ]; then
        ok $exact "the double build, with every seed tried"
    else
        skip "$double is not built"
    fi
done
done_testing 12
