"""resnet_curve - what resnet-train does, in PyTorch: the peer of its validation curve.

    resnet_curve.py --start FILE.ckpt --val FILE.sts [--samples N --every N --batch N --lr X --double --losses] < train.sts

Weights and running statistics begin as in FILE.ckpt, which resnet-train wrote.  Patches come from standard input in
their order, one batch an Adam update, batch normalisation as in `--bn update`.  Prints samples, area under the ROC
curve and mean cross-entropy of the validation stream, a line for each evaluation; with --losses the loss of each
batch instead.

PyTorch 1.13, numpy 1.24.
"""
import argparse
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

import resnet

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples"))
from read_stream import DTYPES, read_stream  # noqa: E402


def load_start(path):
    """A checkpoint is one record, longer than read_stream takes."""
    with open(path, "rb") as f:
        head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()
    meta = head.pop("__metadata__")
    state = {k: torch.from_numpy(np.frombuffer(data[slice(*x["data_offsets"])], DTYPES[x["dtype"]])
                                 .reshape(x["shape"]).copy()) for k, x in head.items()}
    net = resnet.ResNet50(float(meta["width"]))
    net.load_state_dict(state)
    return net


def patches(file):
    for tensors, meta in read_stream(file):
        yield tensors["image"], meta["label"] == "malignant"


def ready(images):
    x = torch.from_numpy(np.stack(images)).to(torch.get_default_dtype()).unsqueeze(1).repeat(1, 3, 1, 1)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return (x - mean) / std


def area(score, positive):
    """By comparing every positive case with every other."""
    p, n = score[positive][:, None], score[~positive]
    return ((p > n) + 0.5 * (p == n)).mean()


def evaluate(net, x, y):
    net.eval()
    with torch.no_grad():
        z = torch.cat([net(part) for part in x.split(32)]).double()
    net.train()
    return area((z[:, 1] - z[:, 0]).numpy(), y.numpy() == 1), F.cross_entropy(z, y).item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--start", required=True)
    p.add_argument("--val", required=True)
    p.add_argument("--samples", type=int, default=24000)
    p.add_argument("--every", type=int, default=1600)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--double", action="store_true")
    p.add_argument("--losses", action="store_true")
    a = p.parse_args()
    torch.set_num_threads(1)
    if a.double:
        torch.set_default_dtype(torch.float64)
    net = load_start(a.start)
    with open(a.val, "rb") as f:
        images, labels = zip(*patches(f))
    val = ready(images), torch.tensor(labels, dtype=torch.long)
    adam = torch.optim.Adam(net.parameters(), a.lr)
    train = patches(sys.stdin.buffer)
    net.train()
    for samples in range(a.batch, a.samples + 1, a.batch):
        images, labels = zip(*(next(train) for _ in range(a.batch)))
        adam.zero_grad()
        loss = F.cross_entropy(net(ready(images)), torch.tensor(labels, dtype=torch.long))
        loss.backward()
        adam.step()
        if a.losses:
            print("%d\t%.17g" % (samples, loss.item()))
        elif samples % a.every == 0:
            print("%d\t%.17g\t%.17g" % (samples, *evaluate(net, *val)), flush=True)


main()
