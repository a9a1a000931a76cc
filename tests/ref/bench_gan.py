"""bench_gan - training steps per second of gan_model.py in PyTorch, the peer of gan-train.

    bench_gan.py --size 64 --width 0.25 --d-width 0.125 --batch 4 --g-steps 2 [--fade 0.5] [--seconds 20]

One step is what gan-train does in one: an update of the discriminator (four classes, exact gradient
penalty), then g-steps updates of the generator, power iterations and Adam included; loading and
augmenting of patches is not.  Prints one line:

    size 64 width 0.25 d_width 0.125 batch 4 g_steps 2 fade 1 threads 2 steps 12 steps_per_s 1.234 median_s 0.81 best_s 0.8 ...

Median and best are there because other work on the machine slows single steps many times over.

To be fair to PyTorch, memory is kept (the program starts itself again with glibc's malloc told so:
page faults cost it more than arithmetic otherwise), the four classes go through the discriminator in one
pass, and Adam runs over all tensors at once.  PyTorch 1.13.
"""
import argparse
import os
import resource
import statistics
import sys
import time

KEEP = {"MALLOC_TOP_PAD_": "4294967296", "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "100000000000"}


def options():
    a = argparse.ArgumentParser()
    a.add_argument("--size", type=int, default=64)
    a.add_argument("--width", type=float, default=0.25)
    a.add_argument("--d-width", type=float, help="of the discriminator; default: --width")
    a.add_argument("--batch", type=int, default=4)
    a.add_argument("--g-steps", type=int, default=2)
    a.add_argument("--fade", type=float, default=1.0)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seconds", type=float, default=20, help="time to measure for, after two steps")
    return a.parse_args()


def main():
    o = options()
    want = dict(KEEP, OMP_NUM_THREADS=str(o.threads))
    if any(os.environ.get(k) != v for k, v in want.items()):
        os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, **want))

    import torch
    import gan_model as gan

    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    side = o.size if o.fade > 0 else o.size // 2
    g, d = gan.Generator(o.size, o.width), gan.Discriminator(o.size, o.d_width or o.width)
    adam_g, adam_d = (torch.optim.Adam(m.parameters(), 1e-4, (0.0, 0.9), 1e-8, foreach=True)
                      for m in (g, d))

    def images():
        return torch.rand(o.batch, 1, side, side)

    def scalars():
        return torch.rand(o.batch, 2 * g.blocks) * 2 - 1

    def step():
        d.requires_grad_(True)
        d.use(iterate=True)
        with torch.no_grad():
            g.use(iterate=False)
            fake = g(images(), scalars(), o.fade)[1]
        real = images()
        ce, gp, _ = gan.d_losses(d, real, fake, images(), images(), gan.SIGMA * torch.randn_like(real),
                                 o.fade)
        adam_d.zero_grad(set_to_none=True)
        gan.d_total(ce, gp).backward()
        adam_d.step()
        d.requires_grad_(False)
        with torch.no_grad():
            d.use(iterate=False)
        for _ in range(o.g_steps):
            g.use(iterate=True)
            loss = gan.g_loss(d, g, images(), scalars(), o.fade)[0]
            adam_g.zero_grad(set_to_none=True)
            loss.backward()
            adam_g.step()

    step()
    step()
    times, start = [], time.perf_counter()
    while not times or time.perf_counter() - start < o.seconds:
        t = time.perf_counter()
        step()
        times.append(time.perf_counter() - t)
    print("size %d width %g d_width %g batch %d g_steps %d fade %g threads %d steps %d steps_per_s %.4g median_s %.4g best_s %.4g "
          "max_rss_mib %d torch %s"
          % (o.size, o.width, o.d_width or o.width, o.batch, o.g_steps, o.fade, o.threads, len(times),
             len(times) / sum(times), statistics.median(times), min(times),
             resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, torch.__version__))


if __name__ == "__main__":
    main()
