"""Traversals: what the decoder draws while one coordinate of a code moves and all others stay.

A stop is a value of z that a strip shows. Stops are the same multiples of the prior's standard deviation for
every dimension, or each dimension's own quantiles of the aggregated posterior, which is where its codes are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import collapse, kl_divergence
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior
from vae_core.pixels import to_uint8

DEAD = 0.01  # variance of the posterior means at or below which a dimension is dead; Burda et al. 2016
LEVELS = (0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99)
BLOCK = 4096  # images at a time
HALVINGS = 36

Decode = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Usage:
    """How much each of D dimensions is used.

    kl [D]: mean over images of KL(q(z_d|x) || p(z_d)), nats. activity [D]: variance over images of the
    posterior mean. dead [D] bool: activity at most 0.01. order [D]: dimensions by falling kl.
    """

    kl: Tensor
    activity: Tensor
    dead: Tensor
    order: Tensor


def usage(posteriors: Posteriors, threshold: float = DEAD, prior: Prior | None = None) -> Usage:
    """Which dimensions carry something. Dead ones are those that are not active units in the sense of Burda
    et al. 2016, section 5.2: whatever the image, their posterior mean hardly moves."""
    of_each, activity = (
        kl_divergence.dimensions(posteriors, prior).mean(0),
        collapse.activity(posteriors, prior),
    )
    return Usage(of_each, activity, activity <= threshold, order(of_each))


def order(of_each: Tensor) -> Tensor:
    """Dimensions [D] by falling KL [D]; equal ones keep their order."""
    return of_each.argsort(descending=True, stable=True)


def sigmas(
    latent: int,
    reach: float = 3.0,
    count: int = 7,
    prior: Prior | None = None,
    y: Tensor | None = None,
) -> Tensor:
    """Stops [D, K], evenly from -reach to reach standard deviations of p(z|y) about its mean; of p(z) without
    y [classes]."""
    if not (reach > 0 and count > 1):
        raise ValueError(f"A range needs a reach above 0 and two stops or more, not {reach} and {count}.")
    stops = torch.linspace(-reach, reach, count, dtype=torch.float64).repeat(latent, 1)
    if prior is None or prior.standard:
        return stops
    mean, variance = (moment.detach().cpu().double() for moment in prior.moments(y))
    return mean[:, None] + variance.sqrt()[:, None] * stops


@torch.inference_mode()
def quantiles(posteriors: Posteriors, levels: Sequence[float] = LEVELS) -> Tensor:
    """Stops [D, K]: each dimension's quantiles of the aggregated posterior, at rising levels in (0, 1).

    q(z_d) is the exact mixture of all N posteriors; its distribution function, a mean of N normal ones, is
    inverted by bisection, to 1e-8 of the bracket.
    """
    p = torch.tensor(levels, dtype=torch.float64)
    if not (len(p) and (p > 0).all() and (p < 1).all() and (p.diff() > 0).all()):
        raise ValueError(f"Levels must rise and lie between 0 and 1, not {list(levels)}.")
    mean = posteriors.mean.double()
    sigma = (0.5 * posteriors.log_var.double()).exp()
    # At this many standard deviations on, every component has passed the level.
    far = torch.special.ndtri(p.max().clamp(min=1 - p.min())).abs() + 1e-6
    low = (mean - far * sigma).amin(0)[:, None].repeat(1, len(p))
    high = (mean + far * sigma).amax(0)[:, None].repeat(1, len(p))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = _distribution(middle, mean, sigma) < p
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


def _distribution(z: Tensor, mean: Tensor, sigma: Tensor) -> Tensor:
    """The distribution function of q(z_d) at z [D, K], from mean and sigma [N, D]."""
    total = torch.zeros_like(z)
    for m, s in zip(mean.split(BLOCK), sigma.split(BLOCK), strict=True):
        total += torch.special.ndtr((z - m[..., None]) / s[..., None]).sum(0)
    return total / len(mean)


def along(code: Tensor, dimension: int, values: Tensor) -> Tensor:
    """The code [D] with one coordinate set to each of values [K], the others as they are: [K, D]."""
    codes = code.repeat(len(values), 1)
    codes[:, dimension] = values.to(code)
    return codes


def strips(decode: Decode, code: Tensor, stops: Tensor, dimensions: Sequence[int] | None = None) -> Tensor:
    """What `decode` ([M, D] -> [M, C, H, W] within [0, 1]) makes of the code [D] with each dimension at its
    stops [D, K], for the dimensions asked for, all where none are named: uint8 [len(dimensions), K, C, H, W].
    """
    chosen = range(len(code)) if dimensions is None else dimensions
    codes = torch.cat([along(code, d, stops[d]) for d in chosen])
    images = to_uint8(decode(codes.float()))
    return images.unflatten(0, (len(chosen), stops.shape[1]))


def swing(stops: Tensor, frames: int = 24) -> Tensor:
    """Values [D, F] for an endless film: from a dimension's first stop to its last and back, even in rank
    between stops [D, K], slower at the ends as a pendulum is; the last frame is not the first again."""
    if frames < 2:
        raise ValueError(f"A film needs two frames or more, not {frames}.")
    phase = torch.arange(frames, dtype=torch.float64) / frames
    place = (1 - torch.cos(2 * torch.pi * phase)) / 2 * (stops.shape[1] - 1)
    left = place.floor().long().clamp(max=stops.shape[1] - 2)
    share = (place - left)[None]
    return stops[:, left].double() * (1 - share) + stops[:, left + 1].double() * share
