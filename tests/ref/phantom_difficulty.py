#!/usr/bin/env python3
"""How hard the phantoms are: what a small network, and what brightness alone, make of their patches.

    PATH=build/bin:$PATH python3 tests/ref/phantom_difficulty.py [--lesion mass] [--patients 400] ...

Draws phantoms with phantom(1), half of the patients to train and half to test, and patches with
patch-sample(1) as the paper does: half malignant, a quarter benign, a quarter normal.  Trains a small
convolutional network on the three classes, and logistic regressions on the mean grey level and the
tissue share, their squares and product.  Prints areas under the ROC curve on the test patients, with
95 % intervals from a bootstrap over patients.  Limits: malignant against the rest 0.75 to 0.93 for the
network, below 0.60 for brightness.  Exits 1 where they are not kept (--report: never).

Made with Python 3.11, numpy 1.24, PyTorch 1.13, seed 1: masses 0.76 and 0.49, calcifications 0.77 and 0.45.
"""
import argparse, json, os, struct, subprocess, sys, tempfile
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

CLASSES = "malignant", "benign", "normal"


def records(path):
    """The metadata and the image of each record of a stream (tstream(5))."""
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        (n,) = struct.unpack_from("<Q", data, at)
        head = json.loads(data[at + 8:at + 8 + n])
        at += 8 + n
        tensors = {k: v for k, v in head.items() if k != "__metadata__"}
        if tensors:
            t = tensors["image"]
            lo, hi = t["data_offsets"]
            kind, top = {"F32": ("<f4", 1), "U16": ("<u2", 65535), "U8": ("u1", 255)}[t["dtype"]]
            image = np.frombuffer(data[at + lo:at + hi], kind).reshape(t["shape"]) / np.float32(top)
            yield head["__metadata__"], image.astype(np.float32)
        at += max((v["data_offsets"][1] for v in tensors.values()), default=0)


def sample(args, folder, split, label, count):
    path = os.path.join(folder, "p.sts")
    cmd = ["patch-sample", "--split", split, "--label", label, "--count", str(count),
           "--size", str(args.size), "--seed", str(args.seed)]
    if label != "normal" and args.lesion != "any":
        cmd += ["--lesion", args.lesion]
    with open(path, "wb") as f:
        subprocess.run(cmd + [os.path.join(args.data or folder, "manifest.tsv")], stdout=f, check=True)
    meta, images = zip(*records(path))
    os.unlink(path)
    return (np.stack(images), np.array([float(m["tissue"]) for m in meta]),
            np.array([m["patient"] for m in meta]))


def auc(pos, neg):
    both = np.concatenate([pos, neg])
    _, inverse, ties = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(ties) - (ties - 1) / 2)[inverse]
    return (rank[:len(pos)].sum() - len(pos) * (len(pos) + 1) / 2) / (len(pos) * len(neg))


def interval(rng, pos, pos_who, neg, neg_who):
    def draw(score, who):
        names = np.unique(who)
        parts = [score[who == name] for name in names]
        return np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))])
    got = [auc(draw(pos, pos_who), draw(neg, neg_who)) for _ in range(200)]
    return np.percentile(got, [2.5, 97.5])


def logistic(train_pos, train_neg, *test):
    """Newton's method on standardised features with squares and products, a little ridge."""
    def grow(x):
        x = np.atleast_2d(x)
        cols = [x[:, i] for i in range(x.shape[1])]
        return np.stack(cols + [a * b for i, a in enumerate(cols) for b in cols[i:]], 1)
    x = np.concatenate([grow(train_pos), grow(train_neg)])
    y = np.r_[np.ones(len(train_pos)), np.zeros(len(train_neg))]
    mean, sd = x.mean(0), x.std(0) + 1e-9
    full = lambda z: np.c_[(z - mean) / sd, np.ones(len(z))]
    x, w = full(x), np.zeros(x.shape[1] + 1)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(len(w)), x.T @ (y - p) - 1e-2 * w)
    return [full(grow(t)) @ w for t in test]


def network():
    layers, c = [nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)], 16
    for k in 48, 96:
        layers += [nn.Conv2d(c, k, 3, padding=1), nn.BatchNorm2d(k), nn.ReLU(), nn.MaxPool2d(2)]
        c = k
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(c, 3))


def train(args, rng, images):
    x = torch.tensor(np.concatenate([images[c] for c in CLASSES]))[:, None]
    y = torch.tensor(np.repeat([0, 1, 2], [len(images[c]) for c in CLASSES]))
    mean, sd, batch = x.mean(), x.std(), 64
    net = network().to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(net.parameters(), weight_decay=1e-4)
    plan = torch.optim.lr_scheduler.OneCycleLR(adam, 4e-3, total_steps=args.epochs * (len(x) // batch))
    for epoch in range(args.epochs):
        order = torch.randperm(len(x))
        for i in range(len(x) // batch):
            pick = order[i * batch:(i + 1) * batch]
            b = torch.rot90((x[pick] - mean) / sd, int(rng.integers(4)), (2, 3))
            b = b.flip(3) if rng.integers(2) else b
            loss = F.cross_entropy(net(b.contiguous(memory_format=torch.channels_last)), y[pick])
            adam.zero_grad()
            loss.backward()
            adam.step()
            plan.step()
        if args.verbose:
            print("# epoch %d loss %.3f" % (epoch, loss.item()), flush=True)
    net.eval()

    def score(z):
        with torch.no_grad():
            return torch.cat([torch.log_softmax(net((b - mean) / sd), 1)
                              for b in torch.tensor(z)[:, None].split(256)]).numpy()
    return score


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", help="a folder of phantom(1) to use instead of drawing one")
    p.add_argument("--patients", type=int, default=400)
    p.add_argument("--lesion", default="any", choices=["any", "mass", "calcification"])
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--patches", type=int, default=4000)
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--report", action="store_true")
    p.add_argument("--verbose", action="store_true")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        if not args.data:
            subprocess.run(["phantom", "--patients", str(args.patients), "--seed", str(args.seed),
                            "--splits", "50/0/50", "--out", folder], check=True)
        got = {(s, c): sample(args, folder, s, c, n // (2 if c == "malignant" else 4))
               for s, n in (("train", args.patches), ("test", args.patches // 2)) for c in CLASSES}
    score = train(args, rng, {c: got["train", c][0] for c in CLASSES})
    log_p = {c: score(got["test", c][0]) for c in CLASSES}
    plain = {k: np.stack([v[0].mean((1, 2)), v[1]], 1) for k, v in got.items()}
    for c in CLASSES:
        x, tissue, who = got["test", c]
        print("# %-9s %4d test patches of %3d patients, mean grey %.3f (sd %.3f), sd within %.3f, tissue %.4f" % (
            c, len(x), len(set(who)), x.mean(), x.mean((1, 2)).std(), x.std((1, 2)).mean(), tissue.mean()))
    ok = True
    print("task\tnetwork\tlow\thigh\tgrey_tissue\tlow\thigh")
    for name, pos, neg in (("malignant/rest", ["malignant"], ["benign", "normal"]),
                           ("malignant/benign", ["malignant"], ["benign"]),
                           ("malignant/normal", ["malignant"], ["normal"]),
                           ("lesion/normal", ["malignant", "benign"], ["normal"])):
        cat = lambda part, f: np.concatenate([f(c) for c in part])
        odds = lambda c: (np.logaddexp.reduce(log_p[c][:, [CLASSES.index(k) for k in pos]], axis=1) -
                          np.logaddexp.reduce(log_p[c][:, [CLASSES.index(k) for k in neg]], axis=1))
        who = lambda part: cat(part, lambda c: got["test", c][2])
        a = cat(pos, odds), who(pos), cat(neg, odds), who(neg)
        s, t = logistic(*(cat(part, lambda c: plain["train", c]) for part in (pos, neg)),
                        *(cat(part, lambda c: plain["test", c]) for part in (pos, neg)))
        b = s, who(pos), t, who(neg)
        print("%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f" % (
            name, auc(a[0], a[2]), *interval(rng, *a), auc(b[0], b[2]), *interval(rng, *b)), flush=True)
        if name == "malignant/rest":
            ok = 0.75 <= auc(a[0], a[2]) <= 0.93 and auc(b[0], b[2]) < 0.60
    return 0 if ok or args.report else 1


if __name__ == "__main__":
    sys.exit(main())
