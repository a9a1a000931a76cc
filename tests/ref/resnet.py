"""resnet - ResNet-50 as torchvision 0.14 builds it, and the small network, in plain PyTorch: the reference of
lib/model/classifier.

    resnet.py > resnet.tsv                                  what test_resnet_ref compares with
    resnet.py --stem small --size 32 --modes update > resnet_stem.tsv
    resnet.py --net small --width 0.5 > small.tsv
    resnet.py --width 1 --modes update > FILE               the same in full, no steps; test_resnet_ref FILE
    resnet.py --save FILE.pth [--classes 1000]              a state dict as torch.save() writes it
    resnet.py --torchvision FILE.pth > FILE                 torchvision's own model, its random start saved to
                                                            FILE.pth; test_resnet_ref FILE FILE.pth

Weights are drawn by name (rng.py), shapes as C stores them: convolutions [kh][kw][ci][co], normal with
variance 2 / (kh kw co); the last layer uniform in +-1 / sqrt(features); batch normalisation: weight 0.5 + u
(0.3 u behind the last convolution of a block), bias 0.4 u - 0.2, running_mean 0.2 u - 0.1, running_var 0.5 + u.
Patch k of step i is uniform, from ("image", 16 i + k), made brighter by 0.3 in its middle half if malignant (odd
k) and divided by 1.3.

For each way of batch normalisation, in double: logits in use, logits and loss in training, the gradient of every
parameter (norm, and <gradient, z> for normal z from ("z." + name)), the running statistics after that, and the
losses of ten Adam steps (rate 1e-3, one batch a step).

PyTorch 1.13, torchvision 0.14, numpy 1.24.
"""
import argparse
import functools
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import rng


class Bottleneck(nn.Module):
    def __init__(self, inplanes, planes, stride, downsample, **bn):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes, **bn)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes, **bn)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes, **bn)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet50(nn.Module):
    def __init__(self, width=1.0, classes=2, stem="imagenet", **bn):
        super().__init__()
        filters = lambda full: max(1, int(np.floor(full * width + 0.5)))
        self.pool = stem == "imagenet"
        self.conv1 = nn.Conv2d(3, filters(64), *((7, 2, 3) if self.pool else (3, 1, 1)), bias=False)
        self.bn1 = nn.BatchNorm2d(filters(64), **bn)
        inplanes = filters(64)
        for stage, blocks in enumerate([3, 4, 6, 3]):
            planes, layer = filters(64 << stage), []
            for k in range(blocks):
                stride, down = (1 if stage == 0 or k else 2), None
                if k == 0:
                    down = nn.Sequential(nn.Conv2d(inplanes, 4 * planes, 1, stride, bias=False),
                                         nn.BatchNorm2d(4 * planes, **bn))
                layer.append(Bottleneck(inplanes, planes, stride, down, **bn))
                inplanes = 4 * planes
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.fc = nn.Linear(inplanes, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x, 3, 2, 1) if self.pool else x
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class Small(nn.Module):
    layers = (16, True), (32, False), (32, True), (48, False), (48, True), (64, False), (64, False)

    def __init__(self, width=1.0, classes=2, **bn):
        super().__init__()
        inplanes = 1
        for i, (full, _) in enumerate(self.layers, 1):
            planes = max(1, int(np.floor(full * width + 0.5)))
            setattr(self, f"conv{i}", nn.Conv2d(inplanes, planes, 3, 1, 1, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(planes, **bn))
            inplanes = planes
        self.fc = nn.Linear(inplanes, classes)

    def forward(self, x):
        for i, (_, pool) in enumerate(self.layers, 1):
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x)))
            x = F.max_pool2d(x, 2) if pool else x
        return self.fc(x.mean((2, 3)))


def hwio(x):
    return x.permute(2, 3, 1, 0) if x.dim() == 4 else x


def start(net, seed):
    with torch.no_grad():
        for name, p in net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            r, shape = rng.at(seed, name), tuple(hwio(p).shape)
            if p.dim() == 4:
                v = r.normal(p.numel()) * np.sqrt(2 / (shape[0] * shape[1] * shape[3]))
            elif name.startswith("fc."):
                v = (2 * r.uniform(p.numel()) - 1) / np.sqrt(net.fc.in_features)
            else:
                u = r.uniform(p.numel())
                v = 0.4 * u - 0.2 if name.endswith("bias") else \
                    0.3 * u if name.endswith("bn3.weight") else \
                    0.2 * u - 0.1 if name.endswith("running_mean") else 0.5 + u
            v = torch.from_numpy(v.reshape(shape))
            p.copy_(v.permute(3, 2, 0, 1) if p.dim() == 4 else v)


def torchvision_net(a, **bn):
    from torchvision.models import resnet50
    torch.manual_seed(a.seed)
    return resnet50(num_classes=a.classes, norm_layer=functools.partial(nn.BatchNorm2d, **bn))


def begin(a, **bn):
    """A network in double, at its start."""
    if a.torchvision:
        return torchvision_net(a, **bn).double()
    net = (Small(a.width, **bn) if a.net == "small" else ResNet50(a.width, stem=a.stem, **bn)).double()
    start(net, a.seed)
    return net


def batch(step, n, size, seed, grey):
    x = np.stack([rng.at(seed, "image", 16 * step + k).uniform(size * size).reshape(size, size) for k in range(n)])
    y = np.arange(n) % 2
    x[y == 1, size // 4:3 * size // 4, size // 4:3 * size // 4] += 0.3
    x = torch.from_numpy(x / 1.3).unsqueeze(1)
    if grey:
        return 4 * x - 2, torch.from_numpy(y)
    x = x.repeat(1, 3, 1, 1)
    mean, std = (torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1)
                 for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return (x - mean) / std, torch.from_numpy(y)


def show(*what):
    print("\t".join(w if isinstance(w, str) else repr(float(w)) for w in what))


def run(mode, a):
    bn = {"track_running_stats": False} if mode == "batch" else {}
    net = begin(a, **bn)
    x, y = batch(0, a.batch, a.size, a.seed, a.net == "small")
    net.eval()
    with torch.no_grad():
        z = torch.cat([net(x[i:i + 1]) for i in range(a.batch)])
    for i in range(a.batch):
        show(mode, "use", str(i), z[i, 0], z[i, 1])
    net.train(mode != "frozen")
    z = net(x)
    loss = F.cross_entropy(z, y)
    for i in range(a.batch):
        show(mode, "logits", str(i), z[i, 0], z[i, 1])
    show(mode, "loss", "0", loss, 0)
    loss.backward()
    for name, p in net.named_parameters():
        g = hwio(p.grad).reshape(-1).numpy()
        show(mode, "gradient", name, np.linalg.norm(g), np.dot(g, rng.at(a.seed, "z." + name).normal(g.size)))
    for name, b in net.named_buffers():
        if mode == "update" and not name.endswith("tracked"):
            b = b.numpy()
            show(mode, "buffer", name, np.linalg.norm(b), np.dot(b, rng.at(a.seed, "z." + name).normal(b.size)))
    net = begin(a, **bn)
    net.train(mode != "frozen")
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    for step in range(a.steps):
        x, y = batch(step, a.batch, a.size, a.seed, a.net == "small")
        adam.zero_grad()
        loss = F.cross_entropy(net(x), y)
        show(mode, "step", str(step), loss, 0)
        loss.backward()
        adam.step()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--net", choices=("resnet50", "small"), default="resnet50")
    p.add_argument("--stem", choices=("imagenet", "small"), default="imagenet")
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--width", type=float, default=0.125)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--classes", type=int, default=2)
    p.add_argument("--modes", default="frozen,update,batch")
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--save")
    p.add_argument("--torchvision")
    a = p.parse_args()
    if a.save:
        net = ResNet50(a.width, a.classes)
        start(net, a.seed)
        assert len(net.state_dict()) == 320
        torch.save(net.state_dict(), a.save)
        return
    if a.torchvision:
        a.width = 1
        torch.save(torchvision_net(a).state_dict(), a.torchvision)
    torch.set_num_threads(1)
    print(f"# resnet.py --net {a.net} --stem {a.stem} --size {a.size} --width {a.width:g} --batch {a.batch} --seed {a.seed} --steps {a.steps}; "
          f"torch {torch.__version__} numpy {np.__version__}")
    for mode in a.modes.split(","):
        run(mode, a)


if __name__ == "__main__":
    sys.exit(main())
