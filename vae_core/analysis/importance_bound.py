"""The importance-weighted bound of log p(x) against the number of codes, while the model stays as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vae_core.analysis.likelihood import numbers_at_once
from vae_core.analysis.progress import Progress, Reporter
from vae_core.model.vae import VAE
from vae_core.pixels import unit

DRAWS = 5000
# Of codes k, about evenly spaced on a logarithmic scale.
COUNTS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000)
FEW = 10  # groups: of fewer, the spread between them says little of the error of their mean


class BoundAgainstK(NamedTuple):
    """The bound of one image for each of n numbers of codes k: value, error [n] in nats, float64."""

    counts: tuple[int, ...]
    value: Tensor
    error: Tensor


@torch.inference_mode()
def log_weights(
    model: VAE,
    images: Tensor,
    draws: int = DRAWS,
    generator: torch.Generator | None = None,
    labels: Tensor | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Tensor:
    """log w = log p(x|z) + log p(z) - log q(z|x) in nats [N, S], of S = `draws` codes z ~ q(z|x) an image.

    images [N, C, H, W]: uint8, or float in [0, 1]. labels [N]: their classes, where the model is told one;
    all is then given the class, and the mean of w estimates p(x|y). generator lives on the model's device;
    without one, the codes are the same every time. On the CPU, float64.
    """
    if bool(model.classes) != (labels is not None):
        raise ValueError("Labels are needed of a model that is told the class, and of no other.")
    generator = generator or torch.Generator(model.device).manual_seed(0)
    reporter = Reporter(progress, cancelled)
    of_one = model.likelihood.numbers * math.prod(model.image_shape)  # numbers of the decoder's output
    at_once = max(1, numbers_at_once(model.device) // of_one)
    found = torch.empty(len(images), draws, dtype=torch.float64)
    few = max(1, at_once // draws)  # images
    for start in range(0, len(images), few):
        x = unit(images[start : start + few].to(model.device))
        y = None if labels is None else labels[start : start + few].to(model.device)
        for first in range(0, draws, at_once):
            now = min(at_once, draws - first)
            terms = model(x, now, generator, y=y)
            log_w = terms.log_px + terms.log_pz - terms.log_qz
            found[start : start + few, first : first + now] = log_w[0].T.double().cpu()
            done = (start + len(x) * (first + now) / draws) / len(images)
            reporter.report(done, "Drawing codes and weighing them")
    return found


def against_k(log_weight: Tensor, counts: Sequence[int] = COUNTS) -> BoundAgainstK:
    """E[log (1/k) sum_i w_i] from the M log weights [M] of one image, for each k of `counts` up to M.

    Burda et al. 2016, equation 8: the mean over M / k groups that share no weight, so that it is unbiased
    whatever k, and for k = 1 the ELBO. error: the standard error of that mean; where there are fewer than
    ten groups, by the delta method, sqrt(1 / effective - 1 / M), which does not know of weights larger than
    any that was drawn.
    """
    known = tuple(k for k in counts if 1 <= k <= len(log_weight))
    found = [_grouped(log_weight.double(), k) for k in known]
    value, error = (torch.tensor(each, dtype=torch.float64) for each in zip(*found, strict=True))
    return BoundAgainstK(known, value, error)


def _grouped(log_weight: Tensor, k: int) -> tuple[float, float]:
    groups = len(log_weight) // k
    used = log_weight[: groups * k]
    each = log_mean_exp(used.view(groups, k))
    if groups >= FEW:
        return float(each.mean()), float(each.std()) / math.sqrt(groups)
    return float(each.mean()), math.sqrt(max(1 / effective_samples(used) - 1 / len(used), 0.0))


def log_mean_exp(log_weight: Tensor) -> Tensor:
    """log (1/k) sum_i w_i [N] of k log weights each [N, k]."""
    return log_weight.logsumexp(1) - math.log(log_weight.shape[1])


def effective_samples(log_weight: Tensor) -> float:
    """(sum w)^2 / sum w^2 of log weights [M]: from 1 to M; Kong 1992."""
    return float(1 / log_weight.softmax(0).square().sum())
