"""Completions of a model whose codes are categories, by Gibbs sampling: one group after another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.analysis.inpaint import chains
from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.importance import resample, weighted
from vae_core.analysis.inpaint.problem import CHAINS, Completions, Problem
from vae_core.analysis.progress import Progress, Reporter
from vae_core.model.gumbel_softmax import GumbelSoftmax, gumbel

START = 512  # weighed codes that chains start from
WARM_UP = 50


@torch.no_grad()
def gibbs(
    model: Model,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    steps: int = 200,
    warm_up: int = WARM_UP,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_step: Callable[[Tensor], None] | None = None,
) -> Completions:
    """K chains that in each step draw every group in turns from p(z_m | all other groups, x_observed).

    Geman and Geman 1984. Exact: each of a group's categories is decoded and weighed by
    p(x_observed | z) p(z), so nothing is proposed and nothing refused. A step decodes as many codes of each
    chain as there are categories in all groups, which it takes in random order.

    Chains start, in proportion, from importance-sampled codes. At least 16 of them run, of which the first K
    are shown. `on_step` gets all chains' codes [C, B, D], those of the start first, then those after every
    step, warming up included. Raises ValueError, a sentence, of a model whose codes are no categories.
    """
    posterior = model.posterior
    if not isinstance(posterior, GumbelSoftmax):
        raise ValueError("Gibbs sampling draws category by category, and codes of this model are numbers.")
    problem, reporter = Problem(model, x, mask, generator), Reporter(progress, cancelled)
    z = resample(*weighted(problem, START), max(count, CHAINS), problem.generator)
    drawn: list[Tensor] = []
    if on_step is not None:
        on_step(z)
    for step in range(warm_up + steps):
        reporter.report(step / (warm_up + steps), "Drawing group after group")
        order = torch.randperm(posterior.groups, generator=problem.generator, device=problem.device)
        for group in order.tolist():
            z = _drawn_group(problem, z, group, posterior.categories)
        if on_step is not None:
            on_step(z)
        if step >= warm_up:
            drawn.append(z)
    reporter.report(1.0, "Done")
    found = torch.stack(drawn) if drawn else z[None]
    measured = {"ess": chains.effective(found), "r_hat": chains.r_hat(found)}
    return problem.completions("gibbs", z[:count], found.transpose(0, 1), **measured)


def _drawn_group(problem: Problem, z: Tensor, group: int, categories: int) -> Tensor:
    """z [C, B, D] with one group drawn given the others."""
    options = z.expand(categories, *z.shape).unflatten(-1, (-1, categories)).clone()  # [K, C, B, M, K]
    options[..., group, :] = torch.eye(categories, device=z.device)[:, None, None]
    codes = options.flatten(-2)
    log_p = problem.log_joint_in_blocks(codes.flatten(0, 1)).unflatten(0, (categories, -1))
    # The largest of log p plus Gumbel noise is a draw (Maddison et al. 2014).
    chosen = (log_p + gumbel(log_p, problem.generator)).argmax(0)
    return codes.gather(0, chosen[None, ..., None].expand(1, *z.shape))[0]
