"""log p(x_hidden | x_observed) under the codes that a method draws, however many completions are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.problem import Completions, Problem
from vae_core.analysis.likelihood import numbers_at_once

CODES = 1000  # of equal weight that it is averaged over, at most


@dataclass(frozen=True, eq=False)
class HiddenLikelihood:
    """value [(B)] and its standard error [(B)], in nats; B is absent where one image was given.

    codes: how many it is averaged over.
    """

    value: Tensor
    error: Tensor
    codes: int


@torch.no_grad()
def log_likelihood(found: Completions, truth: Tensor, mask: Tensor, model: Model) -> HiddenLikelihood:
    """log of the mean of p(x_hidden | z) over codes z of the method, the hidden pixels together.

    Of codes from p(z | x_observed), or weighed to be, it estimates log p(x_hidden | x_observed) under the
    model, too low in expectation by about half its error squared. Of others, such as those of the encoder, it
    is the log score of the distribution that the method completes with, which is another.

    The error is the jackknife's over chains (Efron and Tibshirani 1993, chapter 11): chains are independent
    of each other, the draws of one are not. A density where the likelihood is one, a cross-entropy where a
    Bernoulli's pixels are grey. Raises ValueError, a sentence, where truth and mask do not fit.
    """
    problem = Problem(model, truth, mask)
    codes, log_weight = found.codes, found.log_weight
    if codes.ndim == 3:
        codes, log_weight = codes[:, :, None], None if log_weight is None else log_weight[:, :, None]
    if codes.shape[2] != problem.count:
        raise ValueError(f"There are codes of {codes.shape[2]} images and {problem.count} true ones.")
    # Draws at even distances of every chain; of weighed ones all, as few of them count.
    length = codes.shape[1]
    each = length if log_weight is not None else min(length, max(1, CODES // len(codes)))
    chosen = (torch.arange(1, each + 1) * length / each).ceil().long() - 1
    codes = codes[:, chosen].to(problem.x)
    weight = codes.new_zeros(codes.shape[:3]) if log_weight is None else log_weight[:, chosen].to(problem.x)
    log_p = _log_p(problem, codes.flatten(0, 1)).unflatten(0, (-1, each)).double()
    weight = weight.double()
    above, below = (weight + log_p).logsumexp(1), weight.logsumexp(1)  # [C, B] of each chain
    value = above.logsumexp(0) - below.logsumexp(0)
    chains = len(codes)
    if chains > 1:
        # Of all chains but one, each in turn [C, C, B].
        left = torch.zeros(chains, chains, 1, device=above.device).double()
        left[torch.arange(chains), torch.arange(chains)] = -math.inf
        without = (above + left).logsumexp(1) - (below + left).logsumexp(1)
        error = ((chains - 1) / chains * (without - without.mean(0)).square().sum(0)).sqrt()
    else:
        error = torch.full_like(value, math.nan)
    value, error = (column[0].cpu() if problem.alone else column.cpu() for column in (value, error))
    return HiddenLikelihood(value, error, chains * each)


def _log_p(problem: Problem, z: Tensor) -> Tensor:
    """log p(x_hidden | z) [S, B] of z [S, B, D], in bounded memory."""
    model, hidden = problem.model, problem.hidden.to(problem.x.dtype)
    at_once = numbers_at_once(problem.device)
    numbers = problem.count * model.likelihood.numbers * math.prod(model.image_shape)
    blocks = z.split(max(1, at_once // numbers))
    return torch.cat([model.likelihood.log_prob(model.decode(block), problem.x, hidden) for block in blocks])
