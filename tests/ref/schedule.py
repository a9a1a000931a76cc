"""schedule - learning rates and AdamW as PyTorch has them: the reference of lib/train/schedule and lib/nn/adam.

    schedule.py > schedule.tsv

Rates of every update of trainings of 7 and 40 updates, as shares of the largest.  AdamW over 6 updates of a matrix
[3][2] and a bias [2] that does not decay: rate 0.1, weight decay 0.3, weights 0.1 (i + 1), gradients
cos(step + i), i from 0; what the weights are behind each update.  PyTorch 1.13, in double.
"""
import math

import torch

for steps in 7, 40:
    for name, make in (("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=steps)),
                       ("one-cycle", lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1, total_steps=steps,
                                                                                    cycle_momentum=False))):
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
        schedule = make(optimiser)
        for step in range(steps):
            print(name, steps, step, repr(optimiser.param_groups[0]["lr"]), sep="\t")
            optimiser.step()
            if step + 1 < steps:
                schedule.step()

matrix, bias = (torch.tensor([0.1 * (i + 1) for i in range(n)], dtype=torch.float64, requires_grad=True)
                for n in (6, 2))
optimiser = torch.optim.AdamW([{"params": [matrix], "weight_decay": 0.3}, {"params": [bias], "weight_decay": 0}],
                              lr=0.1, betas=(0.9, 0.999), eps=1e-8)
for step in range(1, 7):
    for p in matrix, bias:
        p.grad = torch.tensor([math.cos(step + i) for i in range(p.numel())], dtype=torch.float64)
    optimiser.step()
    for name, p in ("matrix", matrix), ("bias", bias):
        for i, v in enumerate(p.tolist()):
            print(name, step, i, repr(v), sep="\t")
