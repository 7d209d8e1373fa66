"""How near completions come to the truth, over the hidden pixels only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.problem import Completions, Problem


@dataclass(frozen=True, eq=False)
class Scores:
    """Per image [(B)]; B is absent where one image was given.

    squared, absolute: the mean over hidden pixels of the mean completion's error, on the scale [0, 1].
    log_lik: log (1/K) sum_k p(x_hidden | z_k) in nats, the hidden pixels together, of the K completions: it
    rises with K, so that methods compare by it at the same K alone. `log_likelihood` has a number of codes of
    its own, and an error.
    pixels: how many numbers are hidden, channels counted.
    """

    squared: Tensor
    absolute: Tensor
    log_lik: Tensor
    pixels: Tensor


@torch.no_grad()
def scores(found: Completions, truth: Tensor, mask: Tensor, model: Model) -> Scores:
    """Against truth and mask as `Problem` takes them, of the same images.

    Raises ValueError, a sentence, where they do not fit, or nothing is hidden.
    """
    problem = Problem(model, truth, mask)
    z = found.z[:, None] if found.z.ndim == 2 else found.z
    if z.shape[1] != problem.count:
        raise ValueError(f"There are completions of {z.shape[1]} images and {problem.count} true ones.")
    hidden = problem.hidden.to(problem.x.dtype)
    pixels = hidden.flatten(1).sum(1) * problem.x.shape[1]
    if (pixels == 0).any():
        raise ValueError("The mask hides nothing, so there is nothing to score.")
    mean = found.mean if found.mean.ndim == 4 else found.mean[None]
    error = (mean.to(problem.x) - problem.x) * hidden
    log_lik = model.likelihood.log_prob(model.decode(z.to(problem.x)), problem.x, hidden)
    columns = (
        error.square().flatten(1).sum(1) / pixels,
        error.abs().flatten(1).sum(1) / pixels,
        log_lik.double().logsumexp(0) - math.log(len(z)),
        pixels.long(),
    )
    return Scores(*((column[0] if problem.alone else column).cpu() for column in columns))
