# ResNet-50 at full width against PyTorch, live: logits, the gradients of all parameters, running statistics.
export OMP_NUM_THREADS=1
. tests/tap.sh
python=/usr/bin/python3
$python -c 'import torch, numpy' 2> /dev/null || skip_all "no PyTorch for $python"
for mode in frozen update; do
    $python tests/ref/resnet.py --width 1 --size 96 --batch 2 --seed 3 --modes $mode > "$T/ref.tsv"
    "$BUILD/tests/test_resnet_ref" "$T/ref.tsv" > "$T/tap"
    is "$?/$(grep -c '^ok .*gradients of 161 parameters' "$T/tap")" 0/1 "$mode, as PyTorch has it"
    grep '^#\|^not\|worst' "$T/tap" | sed 's/^/# /'
done
done_testing
