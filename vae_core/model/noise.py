"""Noise over images: what the encoder of a denoising model sees, and what others are tried with.

Pixels that are 0 or 1 stay so under salt and pepper or erased, and under Gaussian noise they do not.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.model.masks import boxes
from vae_core.spec import Noise, NoNoise

Kind = Callable[[Tensor, float | Tensor, torch.Generator], Tensor]


def _gaussian(x: Tensor, strength: float | Tensor, generator: torch.Generator) -> Tensor:
    """strength: the standard deviation, before values are clipped to [0, 1]."""
    drawn = torch.randn(x.shape, generator=generator, device=generator.device)
    return (x + strength * drawn).clamp(0, 1)


def _salt_and_pepper(x: Tensor, strength: float | Tensor, generator: torch.Generator) -> Tensor:
    """strength: the share of pixels that become black or white, either equally often."""
    u = torch.rand(x.shape, generator=generator, device=generator.device)
    return torch.where(u < strength, (u < strength / 2).float(), x)


def _erased(x: Tensor, strength: float | Tensor, generator: torch.Generator) -> Tensor:
    """strength: the share of pixels that become black."""
    return x * (torch.rand(x.shape, generator=generator, device=generator.device) >= strength)


def block(x: Tensor, strength: float | Tensor, generator: torch.Generator) -> Tensor:
    """Which pixels of images x [..., C, H, W] a block leaves: 0 in one rectangle each, else 1 [..., 1, H, W].

    strength: the share of pixels in it, up to rounding. `add` draws the same from the same generator.
    """
    lead, (height, width) = x.shape[:-3], x.shape[-2:]
    places = torch.rand(2, lead.numel(), 1, generator=generator, device=generator.device)
    share = torch.as_tensor(strength, device=generator.device).sqrt().flatten()[:, None]
    tall, wide = height * share, width * share
    top, left = places[0] * (height - tall), places[1] * (width - wide)
    return boxes(top, top + tall, left, left + wide, height, width).view(*lead, 1, height, width)


def _block(x: Tensor, strength: float | Tensor, generator: torch.Generator) -> Tensor:
    """strength: the share of pixels that lie in one black rectangle."""
    return x * block(x, strength, generator)


KINDS: dict[str, Kind] = {
    "gaussian": _gaussian,
    "salt_and_pepper": _salt_and_pepper,
    "erased": _erased,
    "block": _block,
}


def add(images: Tensor, kind: str, strength: float, generator: torch.Generator) -> Tensor:
    """Images [..., C, H, W] in [0, 1] under noise of that kind; strength from 0 to 1, none to most.

    The generator lives where the images do. Raises ValueError, a sentence, for another kind or strength.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no noise; it must be one of {', '.join(KINDS)}.")
    if not 0 <= strength <= 1:
        raise ValueError(f"The strength of noise is from 0 to 1, not {strength:g}.")
    return KINDS[kind](images, strength, generator)


def draw(settings: Noise, x: Tensor, generator: torch.Generator) -> Tensor | None:
    """What a run with `noise` lets its encoder see of images x [B, C, H, W]; None where it is x itself.

    The strength of each image is uniform from 0 to the run's.
    """
    if isinstance(settings, NoNoise):
        return None
    strength = torch.rand(len(x), 1, 1, 1, generator=generator, device=generator.device)
    return KINDS[settings.kind](x, settings.strength * strength, generator)
