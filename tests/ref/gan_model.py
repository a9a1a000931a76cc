"""gan_model - the paper's generator and discriminator in PyTorch: the specification of lib/model.

S is the side of the images (a power of two, at least 16), w the width (the paper's networks have S =
256, w = 1), B = log2(S / 4) the number of blocks.  f(c) = max(1, floor(c w + 1/2)) is the number of
filters of a layer that has c at width 1.  E[i] = f(16 2^i) are the encoder's filters, F[i] = f(128 2^i)
the discriminator's, D[j] = E[B - 2 - j] and D[B - 1] = E[0] the decoder's.  M = f(4 16 2^(B - 1)).

Parameters of the generator, shapes as C stores them, [kh][kw][ci][co] (here OIHW):

    enc.I.weight         [3][3][1 or E[I-1], + 1][E[I]]         enc.I.bias     [E[I]]     I = 0 .. B-1
    enc_attn.*           attention over E[log2(S/A) - 1] channels
    mid.weight           [1][1][E[B-1]][M]                      mid.bias       [M]        if mid
    code.weight          [4][4][M, or E[B-1] without mid][4]    code.bias      [4]
    dec.J.a.weight       [3][3][4 or D[J-1], + E[B-1-J] + 1][D[J]]  dec.J.a.bias [D[J]]   J = 0 .. B-1
    dec.J.b.weight       [3][3][D[J]][D[J]]                     dec.J.b.bias   [D[J]]
    dec_attn.*           attention over D[log2(A/8)]            if A >= 8
    lesion.weight        [1][1][D[B-1]][1]                      lesion.bias    [1]
    from_half.weight     [1][1][1][E[0]]                        from_half.bias [E[0]]
    lesion_half.weight   [1][1][D[B-2]][1]                      lesion_half.bias [1]

of the discriminator:

    block.I.weight       [3][3][1 or F[I-1]][F[I]]              block.I.bias   [F[I]]     I = 0 .. B-1
    attn.*               attention over F[log2(S/A) - 1] channels
    logits.weight        [4][4][F[B-1]][4]                      logits.bias    [4]
    from_half.weight     [1][1][1][F[0]]                        from_half.bias [F[0]]

of attention over C channels, with k = max(1, floor(C / 8)), v = max(1, floor(C / 2)), no biases:

    theta.weight, phi.weight [1][1][C][k]    g.weight [1][1][C][v]    out.weight [1][1][v][C]    gamma [1]

Every weight of a convolution is spectrally normalised: as a matrix W [kh kw ci][co] it is divided by
sigma = v^T W u, where once a step v = W u / |W u|, u = W^T v / |W^T v|; u and v are constants of the
gradient, and one pair serves every use of the weight within the step.  u starts from NAME.weight.u.

fade is the weight of the full-size ends: 1 the network at side S, 0 that at side S / 2 (without enc.0,
dec.B-1 and lesion), between them both, blended.

Three ablations: with categories = K both networks read a label beside the image, K planes of which that
of the patch's category is 1 and the others are 0, so that enc.0, block.0 and from_half have K more
channels, behind the image's (the random scalar stays last); with whole the generator writes the synthetic patch and not the lesion, and its last
tensors are named image.* and image_half.*; with classes = 2 the discriminator's logits are real, fake.

A = S / 8 is the side of the map that attention works on, or another, from 4 to S / 2.

An option: with anti_alias maps are smoothed where the decoder doubles and the discriminator halves them.

PyTorch 1.13, numpy 1.24.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import rng

LEAK = 0.2
AUX = 0.1            # weight of the benign and normal losses
LAMBDA, K = 10.0, 1.0  # the gradient penalty
SIGMA = 0.0124       # its noise, on pixels in [0, 1]
REAL, FAKE, BENIGN, NORMAL = range(4)


def labelled(x, category, categories):
    """x [n][1][h][w] with the planes of its label."""
    planes = torch.zeros(x.shape[0], categories, *x.shape[2:], dtype=x.dtype)
    if categories > 0:
        planes[:, category] = 1
    return torch.cat([x, planes], 1)


def filters(full, width):
    return max(1, int(np.floor(full * width + 0.5)))


def attention_at(size, side):
    """The encoder's and the decoder's block whose output is the map of that side; none is out of range."""
    side = side or size // 8
    return (size // side).bit_length() - 2, side.bit_length() - 4


def blocks_of(size):
    assert size >= 16 and size & (size - 1) == 0, "size must be a power of two, 16 or more"
    return size.bit_length() - 3


def blur(x):
    """[1 2 1] / 4 along height and width, edges repeated outwards."""
    one = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype) / 4
    kernel = torch.outer(one, one).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=x.shape[1])


class Conv(nn.Module):
    """A convolution, spectrally normalised unless told."""

    def __init__(self, k, ci, co, stride=1, pad=0, bias=True):
        super().__init__()
        self.stride, self.pad, self.spectral = stride, pad, True
        self.weight = nn.Parameter(torch.empty(co, ci, k, k))
        self.bias = nn.Parameter(torch.zeros(co)) if bias else None
        self.register_buffer("u", F.normalize(torch.randn(co), dim=0))
        self.register_buffer("v", torch.zeros(ci * k * k))
        nn.init.xavier_uniform_(self.weight)

    def use(self, iterate):
        if not self.spectral:
            self.normalised = self.weight
            return
        # [co][ci kh kw]: the columns' order does not matter to sigma
        w = self.weight.flatten(1)
        if iterate:
            with torch.no_grad():
                self.v = F.normalize(self.u @ w, dim=0, eps=1e-12)
                self.u = F.normalize(w @ self.v, dim=0, eps=1e-12)
        self.sigma = self.u @ w @ self.v
        self.normalised = self.weight / self.sigma

    def forward(self, x):
        return F.conv2d(x, self.normalised, self.bias, self.stride, self.pad)


class Attention(nn.Module):
    """Zhang et al., ICML 2019, section 3, pooled as in its authors' code (brain-research)."""

    def __init__(self, c):
        super().__init__()
        key, value = max(1, c // 8), max(1, c // 2)
        self.theta, self.phi = Conv(1, c, key, bias=False), Conv(1, c, key, bias=False)
        self.g, self.out = Conv(1, c, value, bias=False), Conv(1, value, c, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        n, _, h, w = x.shape
        theta = self.theta(x).flatten(2)                  # [n][k][hw]
        phi = F.max_pool2d(self.phi(x), 2).flatten(2)     # [n][k][hw/4]
        g = F.max_pool2d(self.g(x), 2).flatten(2)         # [n][v][hw/4]
        weights = F.softmax(theta.transpose(1, 2) @ phi, dim=-1)  # no 1/sqrt(k), as in the source
        seen = (g @ weights.transpose(1, 2)).view(n, -1, h, w)
        return x + self.gamma * self.out(seen)


class Network(nn.Module):
    def use(self, iterate):
        """
        Before every update (and whenever weights have changed): the normalised weights that forward()
        reads, after one power iteration if `iterate`.  One backward() a call.
        """
        for m in self.modules():
            if isinstance(m, Conv):
                m.use(iterate)

    def no_spectral(self):
        for m in self.modules():
            if isinstance(m, Conv):
                m.spectral = False

    def start(self, seed):
        """
        Fills every parameter from (seed, its name), element by element in C's storage order: weights
        Glorot uniform, limit (2 u - 1) with limit = sqrt(6 / (kh kw ci + kh kw co)).  For tests, where zeros
        would hide mistakes: biases 0.1 (2 u - 1), gammas 0.5 + 0.5 u.
        """
        with torch.no_grad():
            for name, p in self.named_parameters():
                r = rng.at(seed, name)
                u = r.uniform(p.numel())
                if name.endswith(".weight"):
                    co, ci, kh, kw = p.shape
                    limit = np.sqrt(6.0 / (kh * kw * ci + kh * kw * co))
                    hwio = (limit * (2 * u - 1)).reshape(kh, kw, ci, co)
                    p.copy_(torch.from_numpy(hwio.transpose(3, 2, 0, 1).copy()))
                elif name.endswith(".bias"):
                    p.copy_(torch.from_numpy(0.1 * (2 * u - 1)))
                else:
                    p.copy_(torch.from_numpy(0.5 + 0.5 * u))
            for name, m in self.named_modules():
                if isinstance(m, Conv):
                    z = rng.at(seed, name + ".weight.u").normal(m.u.numel())
                    m.u = torch.from_numpy(z / np.sqrt(np.sum(z * z))).to(m.u.dtype)


class Generator(Network):
    """
    x [n][1][s][s] in [0, 1], scalars [n][2 B] in [-1, 1] (the encoder's blocks first; those of absent
    blocks are not read) -> the lesion in [-1, 1] and x + lesion in [0, 1].
    """

    def __init__(self, size=256, width=1.0, mid=True, border=None, whole=False, categories=0,
                 anti_alias=False, attention=None):
        super().__init__()
        self.anti_alias = anti_alias
        self.categories = categories
        self.whole, self.end = whole, "image" if whole else "lesion"
        self.blocks = n = blocks_of(size)
        # ASSUMPTION: the paper's 10 px scale with the image, rounded half up.
        self.border = int(np.floor(10 * size / 256 + 0.5)) if border is None else border
        e = [filters(16 << i, width) for i in range(n)]
        d = [e[n - 2 - j] for j in range(n - 1)] + [e[0]]
        self.enc = nn.ModuleList(Conv(3, (e[i - 1] if i else 1 + categories) + 1, e[i], stride=2, pad=1)
                                 for i in range(n))
        # ASSUMPTION: no attention where the map of side S / 8 is not the output of a block (the
        # encoder's at S = 16, the decoder's at S = 16 and 32).
        self.enc_at, self.dec_at = attention_at(size, attention)
        self.enc_attn = Attention(e[self.enc_at]) if self.enc_at < n else None
        # ASSUMPTION: 16 filters doubled give 512 at 4x4; a 1x1 convolution makes the paper's 2048.
        m = filters(4 * (16 << (n - 1)), width) if mid else e[n - 1]
        self.mid = Conv(1, e[n - 1], m) if mid else None
        self.code = Conv(4, m, 4)
        self.dec = nn.ModuleList(
            nn.ModuleDict({"a": Conv(3, (d[j - 1] if j else 4) + e[n - 1 - j] + 1, d[j], pad=1),
                           "b": Conv(3, d[j], d[j], pad=1)}) for j in range(n))
        self.dec_attn = Attention(d[self.dec_at]) if self.dec_at >= 0 else None
        setattr(self, self.end, Conv(1, d[n - 1], 1))
        self.from_half = Conv(1, 1 + categories, e[0])
        setattr(self, self.end + "_half", Conv(1, d[n - 2], 1))

    @staticmethod
    def with_scalar(x, scalars, i):
        return torch.cat([x, scalars[:, i, None, None, None].expand(-1, 1, *x.shape[2:])], 1)

    def encode(self, h, scalars, i):
        return F.leaky_relu(self.enc[i](self.with_scalar(h, scalars, i)), LEAK)

    def attend(self, h, i):
        return self.enc_attn(h) if self.enc_attn is not None and i == self.enc_at else h

    def double(self, h):
        h = F.interpolate(h, scale_factor=2, mode="nearest")
        return blur(h) if self.anti_alias else h

    def decode(self, h, skip, scalars, j):
        h = self.double(self.with_scalar(torch.cat([h, skip], 1), scalars, self.blocks + j))
        h = F.relu(self.dec[j]["b"](F.relu(self.dec[j]["a"](h))))
        return self.dec_attn(h) if self.dec_attn is not None and j == self.dec_at else h

    def forward(self, x, scalars, fade=1.0, category=0):
        last = self.blocks - 1
        # The way in.  ASSUMPTION: both branches are blended behind their LeakyReLU.
        if fade > 0:
            h = self.encode(labelled(x, category, self.categories), scalars, 0)
        if fade < 1:
            small = F.avg_pool2d(x, 2) if fade > 0 else x
            half = F.leaky_relu(self.from_half(labelled(small, category, self.categories)), LEAK)
            h = (1 - fade) * half + fade * h if fade > 0 else half
        h = self.attend(h, 0)
        skips = [h]
        for i in range(1, last + 1):
            h = self.attend(self.encode(h, scalars, i), i)
            skips.append(h)  # behind the attention
        if self.mid is not None:
            h = F.leaky_relu(self.mid(h), LEAK)
        h = F.interpolate(self.code(h), size=(4, 4), mode="nearest")
        for j in range(last):
            h = self.decode(h, skips[last - j], scalars, j)
        # The way out.  ASSUMPTION: lesions are blended before the border is cropped and before clipping.
        if fade > 0:
            out = getattr(self, self.end)(self.decode(h, skips[0], scalars, last))
        if fade < 1:
            half = getattr(self, self.end + "_half")(h)
            out = ((1 - fade) * self.double(half) + fade * out
                   if fade > 0 else half)
        if self.whole:
            out = torch.clamp(out + 0.5, 0, 1) - x
        b = self.border if fade > 0 else (self.border + 1) // 2
        if b > 0:
            keep = torch.zeros_like(out)
            keep[:, :, b:-b, b:-b] = 1
            out = out * keep
        lesion = torch.clamp(out, -1, 1)
        return lesion, torch.clamp(x + lesion, 0, 1)


class Discriminator(Network):
    """x [n][1][s][s] in [0, 1] -> logits [n][4]: real, fake, benign, normal; or the first two."""

    def __init__(self, size=256, width=1.0, classes=4, categories=0, anti_alias=False, attention=None):
        super().__init__()
        self.anti_alias = anti_alias
        self.categories = categories
        self.blocks = n = blocks_of(size)
        f = [filters(8 * 16 << i, width) for i in range(n)]
        # ASSUMPTION: no random scalars here.
        self.block = nn.ModuleList(Conv(3, f[i - 1] if i else 1 + categories, f[i], pad=1)
                                   for i in range(n))
        self.attn_at = attention_at(size, attention)[0]
        self.attn = Attention(f[self.attn_at]) if self.attn_at < n else None
        self.logits = Conv(4, f[n - 1], classes)
        self.from_half = Conv(1, 1 + categories, f[0])

    def encode(self, h, i):
        h = self.block[i](h)
        if self.anti_alias:  # Zhang, ICML 2019
            h = blur(F.max_pool2d(h, 2, stride=1))[:, :, ::2, ::2]
        else:
            h = F.max_pool2d(h, 2)
        return F.leaky_relu(h, LEAK)

    def attend(self, h, i):
        return self.attn(h) if self.attn is not None and i == self.attn_at else h

    def forward(self, x, fade=1.0, category=0):
        if fade > 0:
            h = self.encode(labelled(x, category, self.categories), 0)
        if fade < 1:
            small = F.avg_pool2d(x, 2) if fade > 0 else x
            half = F.leaky_relu(self.from_half(labelled(small, category, self.categories)), LEAK)
            h = (1 - fade) * half + fade * h if fade > 0 else half
        h = self.attend(h, 0)
        for i in range(1, self.blocks):
            h = self.attend(self.encode(h, i), i)
        return self.logits(h).flatten(1)


def cross_entropy(logits, k):
    """Mean over the batch of -log softmax(logits)[k]."""
    return (torch.logsumexp(logits, 1) - logits[:, k]).mean()


def log_odds(logits):
    return logits[:, REAL] - torch.logsumexp(logits[:, FAKE:], 1)


def penalty(d, x, fade=1.0, category=0):
    """DRAGAN's penalty at x (real + noise): LAMBDA mean (|d log_odds / dx| - K)^2, differentiable."""
    x = x.detach().requires_grad_(True)
    g, = torch.autograd.grad(log_odds(d(x, fade, category)).sum(), x, create_graph=True)
    slope = torch.sqrt(g.flatten(1).pow(2).sum(1) + 1e-12)
    return LAMBDA * (slope - K).pow(2).mean()


def d_losses(d, real, fake, benign, normal, noise, fade=1.0, category=0):
    """The discriminator's losses, one a class, and the penalty, unweighted but for LAMBDA."""
    n, classes = real.shape[0], d.logits.weight.shape[0]
    seen = [real, fake.detach(), benign, normal][:classes]
    z = d(torch.cat(seen), fade, category)  # one pass: the images do not meet
    ce = [cross_entropy(z[k * n:(k + 1) * n], k) for k in range(classes)]
    return ce, penalty(d, real + noise, fade, category), z


def d_total(ce, gp):
    return ce[REAL] + ce[FAKE] + AUX * sum(ce[BENIGN:]) + gp


def g_loss(d, g, x, scalars, fade=1.0, category=0):
    """-log p_real(x + lesion)."""
    lesion, image = g(x, scalars, fade, category)
    z = d(image, fade, category)
    return cross_entropy(z, REAL), lesion, image, z
