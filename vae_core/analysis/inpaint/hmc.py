"""Completions by Markov chains that follow the gradient in latent space: Hamiltonian and Langevin."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.analysis.inpaint import chains
from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.importance import resample, weighted
from vae_core.analysis.inpaint.problem import CHAINS, Completions, Problem
from vae_core.analysis.progress import Progress, Reporter

START = 512  # weighed codes that the chains start from


def hmc(
    model: Model,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    steps: int = 100,
    warm_up: int = 100,
    leapfrogs: int = 8,
    start: Tensor | None = None,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_step: Callable[[Tensor], None] | None = None,
) -> Completions:
    """K chains of Hamiltonian Monte Carlo on log p(x_observed|z) + log p(z); the last code of each.

    Neal 2011. The step size adapts while warming up, to an acceptance of 0.8, and then stays (dual averaging:
    Hoffman and Gelman 2014, section 3.2); each image has its own, of all its chains. Exact for any model, but
    chains seldom leave a mode of their own: they start, in proportion, from importance-sampled codes, or at
    `start` [K, (B,) D]. At least 16 chains run, of which the first K are shown. `on_step` gets all chains'
    codes [C, B, D], those of the start first, then those after every step, warming up included.
    """
    return _run(
        "hmc",
        Problem(model, x, mask, generator),
        count,
        (steps, warm_up, leapfrogs, 0.8),
        start,
        Reporter(progress, cancelled),
        on_step,
    )


def langevin(
    model: Model,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    steps: int = 300,
    warm_up: int = 150,
    start: Tensor | None = None,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_step: Callable[[Tensor], None] | None = None,
) -> Completions:
    """As `hmc`, with steps of Langevin dynamics that are accepted or not: MALA (Roberts and Tweedie 1996).

    It is `hmc` with one leapfrog (Neal 2011, section 5.2), at its best acceptance of 0.574 (Roberts and
    Rosenthal 1998).
    """
    return _run(
        "langevin",
        Problem(model, x, mask, generator),
        count,
        (steps, warm_up, 1, 0.574),
        start,
        Reporter(progress, cancelled),
        on_step,
    )


@torch.no_grad()
def _run(
    method: str,
    problem: Problem,
    count: int,
    settings: tuple[int, int, int, float],
    start: Tensor | None,
    reporter: Reporter,
    on_step: Callable[[Tensor], None] | None,
) -> Completions:
    steps, warm_up, leapfrogs, target = settings
    if start is None:
        z = resample(*weighted(problem, START), max(count, CHAINS), problem.generator)
    else:
        z = (start[:, None] if start.ndim == 2 else start).to(problem.x)
        count = len(z)
    if on_step is not None:
        on_step(z)
    generator, device = problem.generator, problem.device
    # Dimensions in their own units, those of q of the filled image: the steps of one that the image decides
    # need to be shorter than those of one that it leaves open.
    _, log_var = problem.model.posterior.moments(problem.encode_filled())
    scale = (0.5 * log_var).exp()  # [B, D]

    log_p, slope = problem.gradient(z)
    size = StepSize(problem.count, target, device)
    drawn, accepted = [], torch.zeros(problem.count, device=device)
    for step in range(warm_up + steps):
        reporter.report(step / (warm_up + steps), "Warming up" if step < warm_up else "Sampling")
        # A little random, so that no orbit closes on itself (Neal 2011, section 3.2).
        jitter = 0.8 + 0.4 * torch.rand(problem.count, generator=generator, device=device)
        epsilon = (size.now(step < warm_up) * jitter)[:, None] * scale
        momentum = torch.randn(z.shape, generator=generator, device=device)
        new, new_slope, new_log_p = z, slope, log_p
        p = momentum
        for _ in range(leapfrogs):
            p = p + 0.5 * epsilon * new_slope
            new = new + epsilon * p
            new_log_p, new_slope = problem.gradient(new)
            p = p + 0.5 * epsilon * new_slope
        gain = new_log_p - log_p + 0.5 * (momentum.square() - p.square()).sum(-1)
        chance = gain.nan_to_num(nan=-math.inf).clamp(max=0).exp()  # [K, B]
        accept = torch.rand(chance.shape, generator=generator, device=device) < chance
        z = torch.where(accept[..., None], new, z)
        slope = torch.where(accept[..., None], new_slope, slope)
        log_p = torch.where(accept, new_log_p, log_p)
        if on_step is not None:
            on_step(z)
        if step < warm_up:
            size.learn(chance.mean(0))
        else:
            accepted += accept.float().mean(0) / steps
            drawn.append(z)
    reporter.report(1.0, "Done")
    found = torch.stack(drawn) if drawn else z[None]
    return problem.completions(
        method,
        z[:count],
        found.transpose(0, 1),
        ess=chains.effective(found),
        r_hat=chains.r_hat(found),
        acceptance=accepted,
    )


class StepSize:
    """Dual averaging of log step sizes [B] towards a rate of acceptance; Hoffman and Gelman 2014, eq. 6."""

    gamma, t0, kappa, first = 0.05, 10.0, 0.75, 0.5

    def __init__(self, count: int, target: float, device: torch.device) -> None:
        self.target, self.t = target, 0
        self.centre = math.log(10 * self.first)
        self.log, self.average = (torch.full((count,), math.log(self.first), device=device) for _ in "ab")
        self.short = torch.zeros(count, device=device)

    def now(self, learning: bool) -> Tensor:
        """The step size to use [B]: the latest while learning, thereafter their weighted average."""
        return (self.log if learning else self.average).exp()

    def learn(self, acceptance: Tensor) -> None:
        """acceptance [B]: the mean over chains of the probability with which the last step was accepted."""
        self.t += 1
        share = 1 / (self.t + self.t0)
        self.short = (1 - share) * self.short + share * (self.target - acceptance)
        self.log = self.centre - math.sqrt(self.t) / self.gamma * self.short
        fade = self.t**-self.kappa
        self.average = fade * self.log + (1 - fade) * self.average
