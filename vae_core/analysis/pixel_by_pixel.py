"""Images drawn from p(x|z) pixel by pixel, in raster order, also around pixels that are observed.

Where pixels are independent given z, all are drawn at once, and everything said here holds just as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.model.vae import VAE


@dataclass(frozen=True, eq=False)
class Written:
    """images [N, C, H, W] within [0, 1]; log_observed [N]: in nats, log prod_i p(x_i | x_<i, z) over the
    observed pixels i, each given what stands before it; 0 where none is observed."""

    images: Tensor
    log_observed: Tensor


@torch.inference_mode()
def write(
    model: VAE,
    z: Tensor,
    y: Tensor | None = None,
    generator: torch.Generator | None = None,
    x: Tensor | None = None,
    mask: Tensor | None = None,
) -> Written:
    """An image for each code z [N, D], hidden pixels drawn, on the model's device.

    y: as `VAE.decode` takes it. x [C, H, W] in [0, 1], mask [H, W], not zero where observed: these pixels are
    kept as they are. Channels of a pixel are drawn independently of each other. generator: on the model's
    device.
    """
    z = z.to(model.device)
    params = model.of_code(z, y)[None]  # [1, N, K * C, H, W]
    observed = torch.zeros(model.image_shape[1:], dtype=torch.bool) if mask is None else mask.cpu() != 0
    known = torch.zeros(model.image_shape) if x is None else x
    known = known.to(params).expand(len(z), -1, -1, -1)
    if model.neighbours is None:
        observed = observed.to(params.device)
        drawn = model.likelihood.sample(params, generator)[0].clamp(0, 1)
        log_observed = model.likelihood.log_prob(params, known, observed.to(params))[0]
        return Written(torch.where(observed, known, drawn), log_observed)

    log_observed, images = params.new_zeros(len(z)), torch.zeros_like(known)

    for row, column, given in model.neighbours.walk(images, params[0]):
        pixel = (..., slice(row, row + 1), slice(column, column + 1))
        here = params[pixel] + given[..., None, None]
        if observed[row, column]:
            images[pixel] = known[pixel]
            log_observed = log_observed + model.likelihood.log_prob(here, known[pixel])[0]
        else:
            images[pixel] = model.likelihood.sample(here, generator)[0].clamp(0, 1)
    return Written(images, log_observed)
