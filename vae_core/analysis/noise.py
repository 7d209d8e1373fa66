"""Noise laid over images, to see what a model makes of them: reconstructing is denoising where it is good."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Noise = Callable[[Tensor, float, torch.Generator], Tensor]


def _gaussian(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """strength: the standard deviation, before values are clipped to [0, 1]."""
    return (x + strength * torch.randn(x.shape, generator=generator)).clamp(0, 1)


def _salt_and_pepper(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """strength: the share of pixels that become black or white, either equally often."""
    u = torch.rand(x.shape, generator=generator)
    return torch.where(u < strength, (u < strength / 2).float(), x)


def _erased(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """strength: the share of pixels that become black."""
    return x * (torch.rand(x.shape, generator=generator) >= strength)


KINDS: dict[str, Noise] = {"gaussian": _gaussian, "salt_and_pepper": _salt_and_pepper, "erased": _erased}


def add(images: Tensor, kind: str, strength: float, generator: torch.Generator) -> Tensor:
    """Images [..., C, H, W] in [0, 1] under noise of that kind; strength from 0 to 1, none to most.

    Raises ValueError, a sentence, for another kind or strength.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no noise; it must be one of {', '.join(KINDS)}.")
    if not 0 <= strength <= 1:
        raise ValueError(f"The strength of noise is from 0 to 1, not {strength:g}.")
    return KINDS[kind](images, strength, generator)
