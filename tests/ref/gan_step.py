"""gan_step - one discriminator and one generator update's losses and gradients, by gan_model.py.

    gan_step.py --size 32 --width 0.25 --batch 2 --fade 0.3 --seed 1 [--ablated | --conditional] [OPTION ...] [--single] [--dump DIR] > FILE.tsv

The committed references gan_step_*.tsv are in double; the line that made each is its first.  For
comparison with lib/model, which fills its weights and inputs from the same generator:

    image i of real, benign, normal and of the generator's input ("input"):
                                  rng_at(seed, "real" etc., i), uniforms in [0, 1), row by row
    noise of real image i         SIGMA times the normals of rng_at(seed, "noise", i)
    scalars of input i            2 u - 1 of rng_at(seed, "scalars", i), block by block
    parameters                    Network.start(seed) in gan_model.py

Images have the side size, or size / 2 with --fade 0.  One power iteration of both networks comes first;
no update is applied, so that both losses see the same weights.  fake = combined image of the input.
--ablated takes a generator without a lesion channel and a discriminator of two classes; --conditional
networks of three categories, and patches of the second.  The OPTIONs are gan-train's: --sn,
--gp-every (of an update that has a penalty), --anti-alias,
--attention, --feature-match.

--feature-match NET adds half of the feature loss ("g.feature") to the generator's.  The classifier is resnet.py's,
of an eighth of the width, its convolutions drawn by name, its batch normalisation doing nothing.  Its features are
means of the maps behind each stage: those in front of the small network's max-pools and the last; ResNet-50's stem
and layers.  Two batches of real patches were seen, first those of "real", then those of "benign"; what was known
before, a mean of 0 and a variance of 1, kept a share of 1/10 at the first and of 2/11 at the second.

Lines, tab-separated:

    scalar  NAME  VALUE
    tensor  NAME  N  NORM  P0  P1  P2

NORM is the Euclidean norm, Pk the dot product with the N first normals of rng_at(seed, "projection.NAME",
k), elements in C's order (images [n][h][w][1], weights [kh][kw][ci][co]).  Gradients of parameters that a
stage does not use are missing.  --dump also saves all tensors whole, in C's order and shape, as
DIR/gan_step.safetensors.

PyTorch 1.13, numpy 1.24.
"""
import argparse
import json
import os
import struct
import sys

import numpy as np
import torch

import gan_model as gan
import resnet
import rng


def copy(t):
    """The numbers as they are now, in double (a copy: gradients go on accumulating)."""
    return np.array(t.detach(), dtype=np.float64)


def images(t):
    """NHWC."""
    return np.ascontiguousarray(copy(t).transpose(0, 2, 3, 1))


def weights(t):
    """HWIO; biases as they are."""
    a = copy(t)
    return np.ascontiguousarray(a.transpose(2, 3, 1, 0)) if a.ndim == 4 else a


def draw(seed, purpose, n, side):
    return torch.from_numpy(np.stack([rng.at(seed, purpose, i).uniform(side * side).reshape(1, side, side)
                                      for i in range(n)]))


def save_safetensors(path, tensors, dtype):
    """One safetensors file of float arrays; F64 or F32."""
    header, offset, word = {}, 0, {"f8": "F64", "f4": "F32"}[dtype]
    for name, a in sorted(tensors.items()):
        size = a.size * int(dtype[1])
        header[name] = {"dtype": word, "shape": list(a.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for _, a in sorted(tensors.items()):
            f.write(a.astype("<" + dtype).tobytes())


def classifier(net, seed):
    c = {"small": resnet.Small, "resnet50": resnet.ResNet50}[net](0.125).double().eval()
    resnet.start(c, seed)
    for m in c.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.reset_parameters()
    return c.requires_grad_(False)


def features(c, x, size):
    """[n][their number] of images [n][1][side][side] in [0, 1], doubled up to size."""
    seen, hooks = [], []
    keep = lambda module, inputs, output: seen.append(torch.relu(output).mean((2, 3)))
    if x.shape[2] < size:
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    if isinstance(c, resnet.Small):
        x = 4 * x - 2
        hooks = [getattr(c, "bn%d" % i).register_forward_hook(keep) for i in (1, 3, 5, 7)]
    else:
        mean, std = (torch.tensor(v, dtype=x.dtype).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        x = (x.repeat(1, 3, 1, 1) - mean) / std
        stem = lambda module, inputs: seen.append(inputs[0].mean((2, 3)))
        hooks = [c.layer1.register_forward_pre_hook(stem)]
        hooks += [getattr(c, "layer%d" % i).register_forward_hook(keep) for i in (1, 2, 3, 4)]
    c(x)
    for h in hooks:
        h.remove()
    return torch.cat(seen, 1)


def feature_loss(c, real, fake, size):
    share, known = (1 / 10 * 2 / 11, 9 / 10 * 2 / 11, 9 / 11), [features(c, x, size) for x in real]
    mean = sum(w * f.mean(0) for w, f in zip(share[1:], known))
    square = share[0] + sum(w * (f * f).mean(0) for w, f in zip(share[1:], known))
    return ((features(c, fake, size).mean(0) - mean) ** 2 / (square - mean ** 2 + 1e-4)).mean()


def step(o):
    """Returns the scalars and the tensors of the comparison, by name."""
    dtype = torch.float32 if o.single else torch.float64
    n, seed, fade, side = o.batch, o.seed, o.fade, o.size if o.fade > 0 else o.size // 2
    categories, category = (3, 1) if o.conditional else (0, 0)
    g = gan.Generator(o.size, o.width, whole=o.ablated, categories=categories,
                      anti_alias=o.anti_alias, attention=o.attention).to(dtype)
    d = gan.Discriminator(o.size, o.width, classes=2 if o.ablated else 4, categories=categories,
                          anti_alias=o.anti_alias, attention=o.attention).to(dtype)
    if o.sn == "d":
        g.no_spectral()
    g.start(seed)
    d.start(seed)
    real, benign, normal, x = (draw(seed, what, n, side).to(dtype)
                               for what in ("real", "benign", "normal", "input"))
    noise = torch.from_numpy(np.stack([rng.at(seed, "noise", i).normal(side * side).reshape(1, side, side)
                                       for i in range(n)]) * gan.SIGMA).to(dtype)
    scalars = torch.from_numpy(np.stack([2 * rng.at(seed, "scalars", i).uniform(2 * g.blocks) - 1
                                         for i in range(n)])).to(dtype)
    scalar, tensor = {}, {}

    # The discriminator's loss.
    g.use(iterate=True)
    d.use(iterate=True)
    with torch.no_grad():
        fake = g(x, scalars, fade, category)[1]
    ce, gp, z = gan.d_losses(d, real, fake, benign, normal, noise, fade, category)
    loss = gan.d_total(ce, o.gp_every * gp)
    loss.backward()
    for k, name in enumerate(("real", "fake", "benign", "normal")[:len(ce)]):
        scalar["d.loss." + name] = ce[k].item()
        tensor["d.logits." + name] = copy(z[k * n:(k + 1) * n])
    scalar["d.penalty"] = gp.item()
    scalar["d.loss"] = loss.item()
    for name, p in d.named_parameters():
        if p.grad is not None:
            tensor["d.grad." + name] = weights(p.grad)

    # The generator's, through the same discriminator.
    g.use(iterate=False)
    d.use(iterate=False)
    d.requires_grad_(False)
    loss, lesion, image, z = gan.g_loss(d, g, x, scalars, fade, category)
    if o.feature_match:
        off = feature_loss(classifier(o.feature_match, seed).to(dtype), (real, benign), image, o.size)
        scalar["g.feature"] = off.item()
        loss = loss + 0.5 * off
    loss.backward()
    scalar["g.loss"] = loss.item()
    tensor["g.lesion"], tensor["g.image"] = images(lesion), images(image)
    for name, p in g.named_parameters():
        if p.grad is not None:
            tensor["g.grad." + name] = weights(p.grad)
    for prefix, net in (("d.sigma.", d), ("g.sigma.", g)):
        for name, m in net.named_modules():
            if isinstance(m, gan.Conv) and m.spectral:
                scalar[prefix + name] = m.sigma.item()
    return scalar, tensor


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--size", type=int, default=32)
    a.add_argument("--width", type=float, default=0.25)
    a.add_argument("--batch", type=int, default=2)
    a.add_argument("--fade", type=float, default=1.0)
    a.add_argument("--seed", type=int, default=1)
    what = a.add_mutually_exclusive_group()
    what.add_argument("--ablated", action="store_true", help="no lesion channel, two classes")
    what.add_argument("--conditional", action="store_true", help="three categories")
    a.add_argument("--sn", choices=("d", "gd"), default="gd")
    a.add_argument("--gp-every", type=int, default=1)
    a.add_argument("--anti-alias", action="store_true")
    a.add_argument("--attention", type=int, metavar="PX")
    a.add_argument("--feature-match", choices=("small", "resnet50"), metavar="NET")
    a.add_argument("--single", action="store_true", help="float32 instead of double")
    a.add_argument("--dump", metavar="DIR")
    o = a.parse_args()

    torch.set_num_threads(2)
    scalar, tensor = step(o)
    print("# gan_step.py --size %d --width %g --batch %d --fade %g --seed %d%s%s%s%s%s%s%s%s; torch %s numpy %s"
          % (o.size, o.width, o.batch, o.fade, o.seed, " --ablated" if o.ablated else "",
             " --conditional" if o.conditional else "",
             " --sn d" if o.sn == "d" else "",
             " --gp-every %d" % o.gp_every if o.gp_every > 1 else "",
             " --anti-alias" if o.anti_alias else "",
             " --attention %d" % o.attention if o.attention else "",
             " --feature-match %s" % o.feature_match if o.feature_match else "",
             " --single" if o.single else "",
             torch.__version__, np.__version__))
    for name, value in scalar.items():
        print("scalar\t%s\t%.17g" % (name, value))
    for name, value in tensor.items():
        flat = value.reshape(-1)
        dots = [flat @ rng.at(o.seed, "projection." + name, k).normal(flat.size) for k in range(3)]
        print("tensor\t%s\t%d\t%.15g\t%.15g\t%.15g\t%.15g" % (name, flat.size, np.sqrt(flat @ flat), *dots))
    if o.dump:
        os.makedirs(o.dump, exist_ok=True)
        save_safetensors(os.path.join(o.dump, "gan_step.safetensors"), tensor, "f4" if o.single else "f8")


if __name__ == "__main__":
    sys.exit(main())
