"""What images make of a codebook: how often each code is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from vae_core.model.posteriors import GridCodes
from vae_core.model.vector_quantised import perplexity
from vae_core.model.vq_vae_2 import BOTTOM


def uses(indices: Tensor, count: int) -> Tensor:
    """How many cells of the images [N, h, w] chose each code of a codebook, int64 [count]."""
    return indices.flatten().bincount(minlength=count)


def numbers(codes: GridCodes, counts: Sequence[int]) -> dict[str, Any]:
    """What an evaluation states of the codebook of each level, of so many codes: codes_used of them, and
    their perplexity over all cells of all images; of a second level bottom_codes_used and
    bottom_perplexity."""
    found: dict[str, Any] = {}
    of_levels = (("", codes.indices), (BOTTOM, codes.bottom))
    for (level, indices), count in zip(of_levels, counts, strict=False):
        assert indices is not None
        used = uses(indices, count)
        found[f"{level}codes_used"] = int((used > 0).sum())
        found[f"{level}perplexity"] = float(perplexity(used.double()))
    return found
