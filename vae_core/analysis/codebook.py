"""What images make of a codebook: how often each code is used."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from vae_core.model.posteriors import GridCodes
from vae_core.model.vector_quantised import perplexity


def uses(codes: GridCodes, count: int) -> Tensor:
    """How many cells of the images chose each code of a codebook, int64 [count]."""
    return codes.indices.flatten().bincount(minlength=count)


def numbers(codes: GridCodes, count: int) -> dict[str, Any]:
    """What an evaluation states of a codebook of `count` codes: codes_used of them, and their perplexity over
    all cells of all images."""
    used = uses(codes, count)
    return {"codes_used": int((used > 0).sum()), "perplexity": float(perplexity(used.double()))}
