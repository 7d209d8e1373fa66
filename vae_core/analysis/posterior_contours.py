"""q(z|x) of one image on the cells of a map, whatever its shape, and where its contours lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vae_core.model.vae import VAE
from vae_core.pixels import unit

DRAWS = 10_000  # of q(z|x), by which its contours are found
BLOCK = 2**15  # cells at a time


class Contours(NamedTuple):
    """log q(z|x) [Y, X] in nats of each place; by mass, log q at the edge of the smallest region of it."""

    log_q: Tensor
    level: dict[float, float]


@torch.inference_mode()
def contours(
    model: VAE,
    image: Tensor,
    x: Tensor,
    y: Tensor,
    masses: Sequence[float] = (0.5, 0.9),
    label: int | None = None,
) -> Contours:
    """q(z|x) of an image [C, H, W], uint8 or float in [0, 1], at z = (x_i, y_j), x [X] and y [Y].

    The region of mass m ends where log q is the (1 - m)-quantile of log q over its own draws: 10,000, the
    same every time, so that the mass errs by 0.5 % at 50 % and 0.3 % at 90 %. label: its class, where the
    encoder is told one. ValueError where the model has not two dimensions.
    """
    if model.latent != 2:
        raise ValueError(f"Contours are drawn in two dimensions, and this model has {model.latent}.")
    given = None if label is None else torch.tensor([label])
    params = model.encode(unit(image[None].to(model.device)), given)
    cells = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).float().to(model.device)  # [Y, X, 2]
    log_q = [model.posterior.log_prob(params, z[:, None])[:, 0] for z in cells.flatten(0, 1).split(BLOCK)]
    _, of_draws = model.posterior.sample(params, DRAWS, torch.Generator(model.device).manual_seed(0))
    level = {mass: float(of_draws[:, 0].double().quantile(1 - mass)) for mass in masses}
    return Contours(torch.cat(log_q).unflatten(0, cells.shape[:2]).cpu(), level)
