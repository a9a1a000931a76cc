# ResNet-50 at full width against PyTorch, live: logits, the gradients of all parameters, running statistics.
# With statistics of two patches rounding moves some units across zero, where their gradients jump: that way of
# batch normalisation is compared in double.
export OMP_NUM_THREADS=1
. tests/tap.sh
python=/usr/bin/python3
$python -c 'import torch, numpy' 2> /dev/null || skip_all "no PyTorch for $python"
double=build/variant-blas-double/tests/test_resnet_ref
compare() {
    $python tests/ref/resnet.py --width 1 --size 96 --batch 2 --seed 3 --modes "$1" > "$T/ref.tsv"
    "$2" "$T/ref.tsv" > "$T/tap"
    is "$?/$(grep -c '^ok .*gradients of 161 parameters' "$T/tap")" "0/$3" "$1, as PyTorch has it"
    grep '^#\|^not\|worst' "$T/tap" | sed 's/^/# /'
}
compare frozen "$BUILD/tests/test_resnet_ref" 1
if [ -x $double ]; then
    compare frozen,update,batch $double 3
else
    skip "$double is not built (make check-double)"
fi
done_testing
