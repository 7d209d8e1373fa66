"""Nats in bits, and log p(x) on one scale for all likelihoods: bits per dimension of the image's grey levels.

A pixel has one of 256 grey levels. A density over [0, 1] becomes a probability of one of them by the width of
a level, 1/256: 8 bits are added (Theis, van den Oord and Bethge 2016, section 3.1). With noise that spreads
each level over its width that would be a bound on the probability of the level. The runs here add none: the
number speaks of the density at the levels themselves, and may be less than 0. A categorical of fewer levels
spreads the probability of one evenly over the grey levels that are rounded to it. Imports no torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_core.spec.likelihoods import GREY_LEVELS

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.spec import Spec

BLOCK = 2**22  # pixels counted at a time: each is a number of 64 bits meanwhile
BLACK_OR_WHITE, OF_GREY = "black or white", f"{GREY_LEVELS} grey levels"


def bits(nats: float) -> float:
    return nats / math.log(2)


def scale(spec: Spec) -> str | None:
    """Of what a run's bits per dimension are: runs compare where it is the same. None where its nats are no
    log-likelihood of its images, or the likelihood does not say how it meets grey levels."""
    if spec.likelihood_note is not None:
        return None
    if spec.likelihood.two_valued:
        return BLACK_OR_WHITE
    return OF_GREY if spec.likelihood.known_on_grey_levels else None


def per_dimension(spec: Spec, log_p: float, shares: Sequence[float] | None = None) -> float | None:
    """Bits per pixel and channel: of an ELBO in nats per image, at most these; None where there is no scale.

    shares [256]: of the images' pixels at each grey level, as `grey_shares` has them. Without them None of a
    likelihood that groups levels.
    """
    if scale(spec) is None:
        return None
    added = 0.0 if spec.likelihood.two_valued else spec.likelihood.bits_to_grey_levels(shares)
    return None if added is None else bits(-log_p) / math.prod(spec.data.shape) + added


def grey_shares(images: Tensor) -> list[float]:
    """The share of pixels at each grey level [256] of images uint8 of any shape."""
    counts = np.zeros(GREY_LEVELS, np.int64)
    for block in images.flatten().split(BLOCK):
        counts += np.bincount(block.cpu().numpy().ravel(), minlength=GREY_LEVELS)
    shares: list[float] = (counts / counts.sum()).tolist()
    return shares


def raw(spec: Spec) -> int:
    """Bits of an image as it is stored: one per pixel where pixels are black or white, else eight."""
    return math.prod(spec.data.shape) * (1 if spec.likelihood.two_valued else 8)
