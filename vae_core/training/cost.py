"""What a run will cost, before it is trained: weights, and roughly how long a step takes on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from vae_core.model.vae import VAE
from vae_core.spec import Spec

# What passes through memory rather than through multiplications, as measured on a core: Adam's few passes
# over every weight, and a likelihood's over every number that the decoder gives.
SECONDS_A_WEIGHT, SECONDS_AN_OUTPUT = 5e-9, 30e-9


@dataclass(frozen=True)
class Cost:
    """weights: how many numbers are learned; seconds: about how long a step takes on one core."""

    weights: int
    seconds: float


def cost(spec: Spec) -> Cost:
    """What a run of these settings costs. Nothing of its size is allocated: shapes alone pass through.

    The first call of a process takes some seconds, as PyTorch gets ready to compute with shapes.
    """
    batch = spec.training.batch_size
    with torch.device("meta"):
        model = VAE(spec)
        x = torch.empty(batch, *spec.data.shape)
        y = torch.empty(batch, model.classes) if model.classes and not spec.objective.unlabelled else None
        mask = torch.empty(batch, 1, *spec.data.shape[1:]) if spec.masked else None
        with FlopCounterMode(display=False) as counter:
            terms = model(x, spec.objective.samples, None, y=y, mask=mask)
            bound = terms.elbo(spec.objective.kl == "analytic").mean()
            bound.elbo.backward()
    weights = sum(parameter.numel() for parameter in model.parameters())
    outputs = terms.log_px.numel() * x[0].numel() * model.likelihood.numbers
    return Cost(
        weights,
        counter.get_total_flops() / _speed() + weights * SECONDS_A_WEIGHT + outputs * SECONDS_AN_OUTPUT,
    )


@cache
def _speed() -> float:
    """Floating-point operations a second of one core in a matrix product: the fastest of a few."""
    size, rounds = 512, 5
    one = torch.ones(size, size)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        _ = one @ one
        took.append(time.perf_counter() - start)
    torch.set_num_threads(before)
    return 2 * size**3 / min(took)
