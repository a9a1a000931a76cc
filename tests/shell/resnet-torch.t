# ResNet-50 at full width against torchvision, live, from its own random start: logits, the gradients of all
# parameters, running statistics, the losses of ten Adam steps; its files, .pth and .safetensors, through
# resnet-train and resnet-predict; a run of resnet-train, step by step.
export OMP_NUM_THREADS=1
. tests/tap.sh
python=/usr/bin/python3
$python -c 'import torchvision, numpy' 2> /dev/null || skip_all "no torchvision for $python"
double=build/variant-blas-double/tests/test_resnet_ref

# compare MODES SIZE BATCH STEPS PROGRAM SEED ...: one of the seeds has to pass.  Rounding moves a few units across
# zero, where their gradients jump: by chance none with frozen statistics in float, hardly ever none with statistics of
# few patches.  In double there is one seed to pass.
compare() {
    local modes=$1 size=$2 batch=$3 steps=$4 program=$5 seed status
    shift 5
    for seed in "$@"; do
        $python tests/ref/resnet.py --torchvision "$T/w.pth" --size "$size" --batch "$batch" --seed "$seed" \
            --steps "$steps" --modes "$modes" > "$T/ref.tsv"
        "$program" "$T/ref.tsv" "$T/w.pth" "$modes" > "$T/tap"
        status=$?
        grep '^#\|^not\|worst' "$T/tap" | sed "s/^/# seed $seed: /"
        [ $status != 0 ] || break
    done
    is "$status/$(grep -c '^ok .*gradients of 161 parameters' "$T/tap")" "0/$(echo "$modes" | tr , '\n' | wc -l)" \
        "$modes: as torchvision has it"
}
compare frozen 64 2 0 "$BUILD/tests/test_resnet_ref" $(seq 3 14)
if [ -x $double ]; then
    compare frozen,update,batch 64 2 10 $double 3
else
    skip "$double is not built (make check-double)"
fi

# Files as torchvision gives them: of 1000 classes, and of two; with statistics as at the start, and as they are
# after some training.
cd "$T"
"$BUILD/tests/make_patches" 12 64 > all.sts
ts-select 'x<60' < all.sts > train.sts
ts-select 'x>=60' < all.sts > val.sts
cat > make.py <<'PY'
import json, struct, sys, torch
sys.path.append(sys.argv[1] + "/examples")
from read_stream import read_stream
from torchvision.models import resnet50
images = torch.stack([torch.from_numpy(t["image"].copy()).float() for t, _ in read_stream(open("val.sts", "rb"))])
if images.max() > 1: images = images / 255
x = images.unsqueeze(1).repeat(1, 3, 1, 1)
x = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
for classes in 2, 1000:
    torch.manual_seed(classes)
    net = resnet50(num_classes=classes)
    if classes == 2:
        with torch.no_grad():
            for _ in range(3):
                net(torch.randn(4, 3, 64, 64))
    torch.save(net.state_dict(), f"{classes}.pth")
    head, at, data = {"__metadata__": {"format": "pt"}}, 0, b""
    for name, v in sorted(net.state_dict().items(), key=lambda kv: (-kv[1].element_size(), kv[0])):
        raw = v.contiguous().numpy().tobytes()
        head[name] = {"dtype": {8: "I64", 4: "F32"}[v.element_size()], "shape": list(v.shape),
                      "data_offsets": [at, at + len(raw)]}
        at, data = at + len(raw), data + raw
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    open(f"{classes}.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)
    net.eval()
    fc, net.fc = net.fc, torch.nn.Identity()
    with torch.no_grad():
        features = net.double()(x.double())
        large = torch.nn.functional.interpolate(x.double(), size=96, mode="bilinear", antialias=True)
        torch.save((features, fc.double()(features), net(large)), f"{classes}.want")
PY
$python make.py "$TOP"
ok $? "torchvision writes its files"
for classes in 2 1000; do
    for file in $classes.pth $classes.safetensors; do
        resnet-train --init $file --val val.sts --lr 0 --samples 1 --every 1 --threads 1 --out w.ckpt < train.sts 2> err
        is "$?/$(cat err)" "0/$([ $classes = 2 ] || echo "resnet-train: $file: the last layer (fc.weight is 1000x2048) is new")" \
            "$file is taken over$([ $classes = 2 ] || echo ' but for its head')"
        resnet-predict --model w.ckpt --threads 1 --allow-seen --features f.sts < val.sts > s.tsv
        resnet-features --model $file --threads 1 < val.sts > as-is.sts
        resnet-features --model $file --threads 1 --size 96 < val.sts > large.sts
        $python - "$TOP" $classes <<'PY' > line
import math, sys, numpy as np, torch
sys.path.append(sys.argv[1] + "/examples")
from read_stream import read_stream
f, z, large = (v.detach().numpy() for v in torch.load(sys.argv[2] + ".want"))
got = np.stack([t["features"] for t, _ in read_stream(open("f.sts", "rb"))])
error = [abs(got - f).max() / abs(f).max()]
for file, want in ("as-is.sts", f), ("large.sts", large):
    seen = np.stack([t["features"] for t, _ in read_stream(open(file, "rb"))])
    error.append(abs(seen - want).max() / abs(want).max())
if sys.argv[2] == "2":
    p = np.array([float(line.split("\t")[5]) for line in open("s.tsv").read().splitlines()[1:]])
    error.append((abs(np.log(p / (1 - p)) - (z[:, 1] - z[:, 0])) / abs(z).max(axis=1)).max())
print(" and ".join("%.1g" % e for e in error), "relative, over %d patches" % len(got))
sys.exit(not max(error) < 1e-4)
PY
        ok $? "features, resized too,$([ $classes = 2 ] && echo ' and logits') are torchvision's: $(cat line)"
    done
done

# A small network, in double: the same patches in the same order give the same losses.
train=$TOP/build/variant-blas-double/bin/resnet-train
if [ -x "$train" ]; then
    ts-cat train.sts train.sts train.sts train.sts train.sts train.sts > many.sts
    start="--val val.sts --threads 1 --bn update --batch 4"
    resnet-train $start --width 0.0625 --lr 0 --samples 4 --every 4 --out start.ckpt < many.sts
    "$train" $start --init start.ckpt --schedule constant --lr 1e-3 --samples 32 --log-every 4 --out x.ckpt --log x.jsonl < many.sts
    $python "$TOP/tests/ref/resnet_curve.py" --start start.ckpt --val val.sts --batch 4 --samples 32 --double --losses \
        < many.sts > want
    sed -n 's/.*"loss": \([^,]*\),.*/\1/p' x.jsonl | paste want - | awk '
        { e = ($3 - $2) / $2; if (e < 0) e = -e; if (!(e <= worst)) worst = e; n++ }
        END { printf "%d losses, worst error %.1g", n, worst; exit !(n == 8 && worst < 1e-7) }' > line
    ok $? "training in double, as PyTorch does: $(cat line)"
else
    skip "$train is not built (make check-double)"
fi
done_testing 12
