"""ops - reference values of the network's operators, by PyTorch in double.

    ops.py > ops.tsv

Each case is a line, and under it a line for each result:

    case  K  OP  numbers ...
    NAME  RANK  shape ...  values ...

with tabs or spaces between the words, so that fscanf(3) reads it word by word; lines at the top that begin
with # are comments.  Values are in C's order: images [n][h][w][c], weights [kh][kw][ci][co].

Inputs are not in the file.  Input X of case K is 2 u - 1, element by element in C's order, with the
uniforms u of rng_at(K, "X", 0).  dy is always the gradient that arrives at y; a result dX is the gradient of
<y, dy> for X; a result ddX is the gradient of <dx, dx> for X (so the derivative of a derivative), dx itself being
a function of all inputs but dy.

    conv       n h w ci co kh kw stride pad     x w bias dy -> y dx dw dbias
    max_pool   n h w c                          x dy -> y dx        (2x2)
    up2        n h w c                          x dy -> y dx        (nearest)
    softmax    rows columns                     x dy -> y dx ddx
    logsumexp  rows columns                     x dy -> y dx ddx    (y, dy [rows])
    leaky_relu n                                x dy -> y dx        (slope 0.2)
    attention  n h w c                          x theta phi g out gamma dy -> y dx dtheta dphi dg dout dgamma
                                                ddx ddtheta ddphi ddg ddout ddgamma
    adam       n lr beta1 beta2 eps             w -> w1 w2 w10      after 1, 2, 10 updates; the gradient of
                                                update t = 1 .. 10 is the input "g" of rng_at(K, "g", t)
    spectral   kh kw ci co                      w dy -> u v sigma y dw          after one power iteration from
                                                normalised normals of rng_at(K, "u", 0): u [co], v [kh kw ci],
                                                y = w / sigma; u and v are constants of the gradient
    spectral_limit  kh kw ci co                 w -> sigma          the largest singular value

Attention is that of gan_model.py with plain weights: theta, phi [1][1][c][c/8], g [1][1][c][c/2],
out [1][1][c/2][c], gamma [1].

PyTorch 1.13, numpy 1.24.
"""
import numpy as np
import torch
import torch.nn.functional as F

import rng

count = 0


def case(op, *numbers):
    global count
    count += 1
    print("case", count, op, *("%g" % n for n in numbers), sep="\t")


def draw(name, *shape, index=0):
    """An input in C's order, as torch has it: NCHW, OIHW."""
    a = (2 * rng.at(count, name, index).uniform(int(np.prod(shape))) - 1).reshape(shape)
    return a


def image(name, n, h, w, c):
    return torch.tensor(draw(name, n, h, w, c).transpose(0, 3, 1, 2).copy(), requires_grad=True)


def weight(name, kh, kw, ci, co):
    return torch.tensor(draw(name, kh, kw, ci, co).transpose(3, 2, 0, 1).copy(), requires_grad=True)


def plain(name, *shape):
    return torch.tensor(draw(name, *shape), requires_grad=True)


def show(name, t, order=None):
    a = np.asarray(t.detach()) if torch.is_tensor(t) else np.asarray(t)
    a = a.transpose(order) if order else a
    print(name, a.ndim, *a.shape, *("%.12g" % v for v in a.reshape(-1)), sep="\t")


NHWC, HWIO = (0, 2, 3, 1), (2, 3, 1, 0)


def conv(n, h, w, ci, co, kh, kw, stride, pad):
    case("conv", n, h, w, ci, co, kh, kw, stride, pad)
    x, k, b = image("x", n, h, w, ci), weight("w", kh, kw, ci, co), plain("bias", co)
    y = F.conv2d(x, k, b, stride, pad)
    dy = image("dy", n, y.shape[2], y.shape[3], co)
    dx, dk, db = torch.autograd.grad(y, (x, k, b), dy)
    show("y", y, NHWC)
    show("dx", dx, NHWC)
    show("dw", dk, HWIO)
    show("dbias", db)


def shaped(op, f, n, h, w, c):
    case(op, n, h, w, c)
    x = image("x", n, h, w, c)
    y = f(x)
    dx, = torch.autograd.grad(y, x, image("dy", n, y.shape[2], y.shape[3], c))
    show("y", y, NHWC)
    show("dx", dx, NHWC)


def rows(op, f, r, c):
    case(op, r, c)
    x = plain("x", r, c)
    y = f(x)
    dx, = torch.autograd.grad(y, x, plain("dy", *y.shape), create_graph=True)
    ddx, = torch.autograd.grad((dx * dx).sum(), x)
    show("y", y)
    show("dx", dx)
    show("ddx", ddx)


def leaky_relu(n):
    case("leaky_relu", n)
    x = plain("x", n)
    y = F.leaky_relu(x, 0.2)
    dx, = torch.autograd.grad(y, x, plain("dy", n))
    show("y", y)
    show("dx", dx)


def attention(n, h, w, c):
    case("attention", n, h, w, c)
    k, v = c // 8, c // 2
    names = ("x", "theta", "phi", "g", "out", "gamma")
    x, theta, phi, g, out, gamma = inputs = (
        image("x", n, h, w, c), weight("theta", 1, 1, c, k), weight("phi", 1, 1, c, k),
        weight("g", 1, 1, c, v), weight("out", 1, 1, v, c), plain("gamma", 1))
    t = F.conv2d(x, theta).flatten(2)
    p = F.max_pool2d(F.conv2d(x, phi), 2).flatten(2)
    q = F.max_pool2d(F.conv2d(x, g), 2).flatten(2)
    a = F.softmax(t.transpose(1, 2) @ p, dim=-1)
    y = x + gamma * F.conv2d((q @ a.transpose(1, 2)).view(n, v, h, w), out)
    d = torch.autograd.grad(y, inputs, image("dy", n, h, w, c), create_graph=True)
    dd = torch.autograd.grad((d[0] * d[0]).sum(), inputs)
    order = (NHWC, HWIO, HWIO, HWIO, HWIO, None)
    show("y", y, NHWC)
    for name, grad, o in zip(names, d, order):
        show("d" + name, grad, o)
    for name, grad, o in zip(names, dd, order):
        show("dd" + name, grad, o)


def adam(n, lr, beta1, beta2, eps):
    case("adam", n, lr, beta1, beta2, eps)
    w = plain("w", n)
    o = torch.optim.Adam([w], lr, (beta1, beta2), eps)
    for t in range(1, 11):
        w.grad = torch.tensor(draw("g", n, index=t))
        o.step()
        if t in (1, 2, 10):
            show("w%d" % t, w)


def spectral(kh, kw, ci, co):
    case("spectral", kh, kw, ci, co)
    w = plain("w", kh * kw * ci, co)
    z = rng.at(count, "u").normal(co)
    u = torch.tensor(z / np.sqrt(z @ z))
    with torch.no_grad():
        v = F.normalize(w @ u, dim=0, eps=1e-12)
        u = F.normalize(w.T @ v, dim=0, eps=1e-12)
    sigma = v @ w @ u
    y = w / sigma
    dw, = torch.autograd.grad(y, w, plain("dy", kh * kw * ci, co))
    show("u", u)
    show("v", v)
    show("sigma", sigma.reshape(1))
    show("y", y.reshape(kh, kw, ci, co))
    show("dw", dw.reshape(kh, kw, ci, co))


def spectral_limit(kh, kw, ci, co):
    case("spectral_limit", kh, kw, ci, co)
    show("sigma", np.linalg.svd(draw("w", kh * kw * ci, co), compute_uv=False)[:1])


print("# ops.py: results of operators in double; its head says how to read them.  torch %s numpy %s"
      % (torch.__version__, np.__version__))
for size in (1, 3, 4):
    for step in (1, 2):
        for border in (0, 1):
            conv(2, 5, 4, 2, 3, size, size, step, border)
conv(1, 4, 4, 5, 4, 4, 4, 1, 0)
conv(3, 6, 5, 1, 2, 3, 3, 2, 1)
shaped("max_pool", lambda x: F.max_pool2d(x, 2), 2, 4, 6, 3)
shaped("up2", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), 2, 3, 2, 3)
rows("softmax", lambda x: F.softmax(x, dim=-1), 4, 7)
rows("logsumexp", lambda x: torch.logsumexp(x, 1), 4, 5)
leaky_relu(16)
attention(2, 4, 2, 16)
attention(1, 4, 4, 8)
adam(12, 1e-3, 0.0, 0.9, 1e-8)
adam(12, 1e-2, 0.9, 0.999, 1e-8)
spectral(3, 3, 2, 4)
spectral(1, 1, 5, 1)
spectral_limit(3, 3, 2, 4)
