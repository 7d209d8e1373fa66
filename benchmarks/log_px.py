"""log p(x) of shipped models beside quadrature and annealed importance sampling, on one thread.

    .venv/bin/python benchmarks/log_px.py [--quadrature vae-2d-mnist] [--images 200]
    .venv/bin/python benchmarks/log_px.py --annealed vae-16d-mnist [--images 100] [--temperatures 1000]

Quadrature: a grid over [-6, 6]^2, each of whose points is decoded once for all images; Bernoulli alone.
Annealed importance sampling (Neal 2001; Wu et al. 2017): chains from the prior, a step of Hamiltonian Monte
Carlo at each temperature; two runs, the second of twice the temperatures, say how far it can be trusted.
"""

from __future__ import annotations

import argparse
import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core import data, load_run
from vae_core.analysis import likelihood
from vae_core.model.vae import VAE
from vae_core.pixels import unit

CHAINS, LEAPFROGS, ACCEPTANCE = 8, 5, 0.7


@torch.no_grad()
def quadrature(model: VAE, x: Tensor, size: int) -> Tensor:
    """log p(x) [N] of x [N, C, H, W] over size x size points."""
    axis = torch.linspace(-6, 6, size)
    pixels, total = x.flatten(1).T, torch.full((len(x),), -math.inf).double()
    for some in axis.split(2):
        z = torch.cartesian_prod(some, axis)
        logits = model.decode(z[None])[0].flatten(1)
        log_px = (logits @ pixels).double() - F.softplus(logits).double().sum(-1, keepdim=True)
        log_joint = log_px + model.prior.log_prob(z)[:, None]
        total = torch.logaddexp(total, log_joint.logsumexp(0))
    return total + 2 * math.log(12 / (size - 1))


@torch.no_grad()
def annealed(model: VAE, x: Tensor, temperatures: int, seed: int) -> Tensor:
    """log p(x) [N] of x [N, C, H, W] under N(0, I): along p(z) p(x|z)^b, b from 0 to 1 by a sigmoid."""
    generator = torch.Generator().manual_seed(seed)

    def likelihood_of(z: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            value = model.likelihood.log_prob(model.decode(z), x)
            (slope,) = torch.autograd.grad(value.sum(), z)
        return value.detach(), slope

    ladder = torch.linspace(-4, 4, temperatures + 1).sigmoid()
    ladder = (ladder - ladder[0]) / (ladder[-1] - ladder[0])
    z = model.prior.sample(CHAINS * len(x), generator).view(CHAINS, len(x), -1)
    log_px, slope = likelihood_of(z)
    log_weight = torch.zeros(CHAINS, len(x)).double()
    step = torch.full((len(x),), 0.3)
    for before, b in pairwise(ladder):
        log_weight += (b - before) * log_px
        first = p = torch.randn(z.shape, generator=generator)
        new, new_px, new_slope = z, log_px, slope
        epsilon = (step * (0.8 + 0.4 * torch.rand(len(x), generator=generator)))[:, None]
        for _ in range(LEAPFROGS):
            p = p + 0.5 * epsilon * (b * new_slope - new)
            new = new + epsilon * p
            new_px, new_slope = likelihood_of(new)
            p = p + 0.5 * epsilon * (b * new_slope - new)
        gain = b * (new_px - log_px) + 0.5 * (z.square() - new.square() + first.square() - p.square()).sum(-1)
        chance = gain.clamp(max=0).exp().nan_to_num(0)
        accept = torch.rand(chance.shape, generator=generator) < chance
        z, slope = (torch.where(accept[..., None], *pair) for pair in ((new, z), (new_slope, slope)))
        log_px = torch.where(accept, new_px, log_px)
        # Steps learn from the chains that they move, which costs a little of exactness.
        step = (step * (0.05 * (chance.mean(0) - ACCEPTANCE)).exp()).clamp(max=1.5)
    return log_weight.logsumexp(0) - math.log(CHAINS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quadrature", default="vae-2d-mnist", metavar="RUN")
    parser.add_argument("--annealed", metavar="RUN")
    parser.add_argument("--images", type=int)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--size", type=int, default=1201)
    parser.add_argument("--temperatures", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)

    run = load_run(f"checkpoints/{given.annealed or given.quadrature}")
    model, test = run.model, data.load(run.spec.data.name, "test")
    count = given.images or (100 if given.annealed else 200)
    images = data.binarised_once(test, run.spec.data.binarisation)[:count]
    x = unit(images)
    if given.annealed:
        once = annealed(model, x, given.temperatures, 1)
        truth = annealed(model, x, 2 * given.temperatures, 2)
    else:
        once, truth = (quadrature(model, x, size) for size in (given.size * 5 // 6, given.size))
    generator = torch.Generator().manual_seed(given.seed)
    found = likelihood.estimate(model, images, given.samples, generator)
    apart = found.value - truth
    print(
        f"reference {truth.mean():.3f} nats, {once.mean():.3f} the coarser one; ELBO {found.elbo.mean():.3f}"
    )
    print(
        f"estimate {found.value.mean():.3f}: {apart.mean():+.3f} on average, {apart.abs().max():.3f} at most"
    )
    print(f"effective sample size {found.effective.median():.0f} in the median of {given.samples}")


if __name__ == "__main__":
    main()
