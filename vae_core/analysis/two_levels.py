"""Images coded at two levels: what each costs, what each alone says, and the top of one image with the bottom
of another. Razavi et al. 2019."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.model.posteriors import GridCodes, TwoLevelQuantised
from vae_core.model.priors import TwoLevelCodes
from vae_core.model.vae import VAE


def parts(model: VAE) -> tuple[TwoLevelQuantised, TwoLevelCodes]:
    """The codebooks and the prior over their codes. Raises ValueError of a model without two levels."""
    if not isinstance(model.posterior, TwoLevelQuantised) or not isinstance(model.prior, TwoLevelCodes):
        raise ValueError("This model's codes have no two levels.")
    return model.posterior, model.prior


@dataclass(frozen=True, eq=False)
class Levels:
    """The codes of N images: top int64 [N, h, w], bottom int64 [N, 2h, 2w]."""

    top: Tensor
    bottom: Tensor


@torch.inference_mode()
def encode(model: VAE, images: Tensor, y: Tensor | None = None) -> Levels:
    """The codes of images, float [N, C, H, W] in [0, 1]; y: int64 [N], of an encoder that sees the class."""
    posterior, _ = parts(model)
    return Levels(*posterior.indices(model.encode(images.to(model.device), y)))


@torch.inference_mode()
def of_top(model: VAE, top: Tensor, y: Tensor | None = None) -> Levels:
    """A top [N, h, w] alone: its bottom is the most probable one given it, cell by cell in raster order."""
    _, prior = parts(model)
    return Levels(*prior.sample_codes(len(top), None, _given(model, y), top, temperature=0.0))


@torch.inference_mode()
def of_bottom(model: VAE, bottom: Tensor, y: Tensor | None = None) -> Levels:
    """A bottom [N, 2h, 2w] alone: its top is the most probable one under the prior, cell by cell, the same
    for every image (of a class)."""
    _, prior = parts(model)
    of_class = None if y is None else _given(model, y)
    if of_class is None and prior.conditional:
        of_class = prior.log_py.exp().expand(len(bottom), -1)
    top = prior.top.sample_codes(len(bottom), None, of_class, temperature=0.0)
    return Levels(top, bottom)


@torch.inference_mode()
def nats(model: VAE, codes: Levels, y: Tensor | None = None) -> Tensor:
    """-log p(top) and -log p(bottom | top) of each [N, 2]; y: int64 [N], the class under which."""
    _, prior = parts(model)
    return -prior.log_prob_of(codes.top, codes.bottom, _given(model, y)).cpu()


@torch.inference_mode()
def decode(model: VAE, codes: Levels, y: Tensor | None = None) -> Tensor:
    """E[x|z] of each [N, C, H, W]."""
    posterior, _ = parts(model)
    return model.decode_mean(posterior.embed(codes.top, codes.bottom), y)


def mean_nats(model: VAE, codes: GridCodes) -> Tensor | None:
    """`nats` averaged over images [2]; None of codes of one level."""
    if codes.bottom is None:
        return None
    y = codes.labels if model.classes else None
    device = model.device
    return nats(model, Levels(codes.indices.to(device), codes.bottom.to(device)), y).mean(0)


def _given(model: VAE, y: Tensor | None) -> Tensor | None:
    return None if y is None else model.weights(y)
