"""Completions by self-normalised importance sampling."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.analysis.adaptive_importance import effective, systematic
from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.problem import Completions, Problem
from vae_core.analysis.progress import Progress, Reporter

GUESSES = 16  # of the hidden pixels, each of which gives the encoder one proposal


def importance(
    model: Model,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    pool: int = 2000,
    prior_share: float = 0.25,
    rounds: int = 5,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Completions:
    """K codes resampled from `pool` ones by their weights p(x_observed|z) p(z) / m(z), for any model.

    m(z) is a mixture: a share from the prior, which keeps weights bounded wherever q misses, the rest from
    q(z|x) of GUESSES images whose hidden pixels were guessed in `rounds` rounds of pseudo-Gibbs, from the
    filling with 0 on. Every code is weighed under the whole mixture (Veach and Guibas 1995; Owen 2013,
    section 9.11). The sum of the weights estimates p(x_observed) without bias; resampling is systematic.
    An effective sample size below K means that completions repeat.
    """
    problem, reporter = Problem(model, x, mask, generator), Reporter(progress, cancelled)
    z, log_weight = weighted(problem, pool, prior_share, rounds, reporter)
    return problem.completions(
        "importance",
        resample(z, log_weight, count, problem.generator),
        problem.in_chains(z),
        problem.in_chains(log_weight),
        ess=effective(log_weight).float(),
        log_px=log_weight.logsumexp(0) - math.log(len(z)),
    )


@torch.no_grad()
def weighted(
    problem: Problem, pool: int, prior_share: float = 0.25, rounds: int = 5, reporter: Reporter | None = None
) -> tuple[Tensor, Tensor]:
    """z [S, B, D] with the logs of their weights [S, B], about `pool` of them."""
    reporter = reporter or Reporter()
    model = problem.model
    params = _guesses(problem, rounds, reporter)  # [M, B, P]
    from_prior = max(1, round(prior_share * pool))
    each = math.ceil(max(0, pool - from_prior) / len(params))
    draws = model.prior.sample(from_prior * problem.count, problem.generator)
    z = draws.view(from_prior, problem.count, -1)
    if each:
        guided = problem.draw(params.flatten(0, 1), each)
        z = torch.cat([z, guided.reshape(each * len(params), problem.count, -1)])
    reporter.report(0.5, "Weighing codes")
    log_mixture = model.prior.log_prob(z) + math.log(from_prior / len(z))
    for one in params if each else []:
        log_mixture = torch.logaddexp(log_mixture, model.posterior.log_prob(one, z) + math.log(each / len(z)))
    log_weight = problem.log_joint_in_blocks(z).double() - log_mixture
    reporter.report(1.0, "Done")
    return z, log_weight


def _guesses(problem: Problem, rounds: int, reporter: Reporter) -> Tensor:
    """The params of q(z|x) of images with guessed hidden pixels [M, B, P]; of the filled ones, M = 1."""
    params = problem.encode_filled()
    if rounds == 0:
        return params[None]
    z = problem.draw(params, GUESSES)
    for step in range(rounds):
        reporter.report(0.5 * step / rounds, "Looking for proposals")
        decoded = problem.model.decode(z)
        params = problem.encode(problem.filled(problem.model.likelihood.sample(decoded, problem.generator)))
        z = problem.draw(params, 1).view_as(z)
    return params.view(GUESSES, problem.count, -1)


def resample(z: Tensor, log_weight: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` of z [S, B, D] for each image, each as often as its weight says -> [count, B, D].

    Systematic (Kitagawa 1996): z is taken floor or ceil of count times its share often. In random order.
    """
    chosen = systematic(log_weight.softmax(0), count, generator)  # [count, B]
    shape = (chosen.shape[1], count)
    order = torch.rand(shape, generator=generator, device=z.device, dtype=torch.float32).argsort(1)
    chosen = chosen.gather(0, order.T)
    return z.gather(0, chosen[..., None].expand(-1, -1, z.shape[-1]))
