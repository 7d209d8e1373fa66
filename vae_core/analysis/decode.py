"""Codes as images: means of p(x|z), its modes, or pixels drawn from it."""

from __future__ import annotations

from itertools import repeat
from typing import Literal

import torch
from torch import Tensor

from vae_core.analysis import pixel_by_pixel
from vae_core.model.vae import BLOCK, VAE

Pixels = Literal["means", "modes", "drawn"]


def ways(model: VAE) -> tuple[Pixels, ...]:
    """How the model's codes can be decoded: by modes only where its likelihood knows them, by draws alone
    where pixels depend on those before them, and as the decoded image alone where there is no likelihood."""
    if model.neighbours is not None:
        return ("drawn",)
    if model.spec.likelihood.distance is not None:
        return ("means",)
    return ("means", "modes", "drawn") if model.likelihood.has_mode else ("means", "drawn")


@torch.inference_mode()
def decode(
    model: VAE,
    z: Tensor,
    y: Tensor | None = None,
    pixels: Pixels = "means",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Images [N, C, H, W] within [0, 1] of codes z [N, D].

    y: labels [N], or weights [N, K] or [K] for all; without, the blend of all classes by p(y). pixels: the
    mean of p(x|z), its mode, pixel by pixel, or a draw from it, by the generator on the model's device.
    Raises ValueError where it is not one of the model's `ways`.
    """
    if pixels == "means":
        return model.decode_mean(z, y)
    likelihood, found = model.likelihood, []
    given = repeat(None) if y is None else model.weights(y).expand(len(z), -1).split(BLOCK)
    for block, weights in zip(z.to(model.device).split(BLOCK), given, strict=False):
        if model.neighbours is not None and pixels == "drawn":
            found.append(pixel_by_pixel.write(model, block, weights, generator).images)
            continue
        params = model.decode(block, weights)[None]
        shown = likelihood.mode(params) if pixels == "modes" else likelihood.sample(params, generator)
        found.append(shown[0])
    return torch.cat(found).clamp(0, 1)
