"""Images coded at two levels: what each costs, what each alone says, and the top of one image with the bottom
of another. Razavi et al. 2019."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.code_map import embed
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

    def z(self, model: VAE) -> Tensor:
        """As the decoder takes them [N, numbers]."""
        return embed(model, (self.top, self.bottom))


@torch.inference_mode()
def encode(model: VAE, images: Tensor, y: Tensor | None = None) -> Levels:
    """The codes of images, float [N, C, H, W] in [0, 1]; y: int64 [N], of an encoder that sees the class."""
    posterior, _ = parts(model)
    return Levels(*posterior.indices(model.encode(images.to(model.device), y)))


@torch.inference_mode()
def of_top(model: VAE, top: Tensor, y: Tensor | None = None) -> Levels:
    """A top [N, h, w] alone: its bottom is drawn from p(bottom | top, y), the same every time.

    y: int64 [N]; of a prior for each class and without y, classes drawn from p(y).
    """
    _, prior = parts(model)
    generator = torch.Generator(model.device).manual_seed(0)
    return Levels(*prior.sample_codes(len(top), generator, _given(model, y), top))


@torch.inference_mode()
def of_bottom(model: VAE, bottom: Tensor, y: Tensor | None = None) -> Levels:
    """A bottom [N, 2h, 2w] alone: its top is the most probable code under the prior, cell by cell in raster
    order, the same for every image; y as in `of_top`."""
    _, prior = parts(model)
    generator = torch.Generator(model.device).manual_seed(0)
    return Levels(prior.top.sample_codes(len(bottom), generator, _given(model, y), temperature=0.0), bottom)


@torch.inference_mode()
def nats(model: VAE, codes: Levels, y: Tensor | None = None) -> Tensor:
    """-log p(top) and -log p(bottom | top) of each [N, 2]; y: int64 [N], the class under which."""
    _, prior = parts(model)
    return -prior.log_prob_of(codes.top, codes.bottom, _given(model, y)).cpu()


@torch.inference_mode()
def log_px(model: VAE, images: Tensor, codes: Levels, y: Tensor | None = None) -> Tensor:
    """log p(x|z) of images, float [N, C, H, W] in [0, 1], under codes: [N] in nats."""
    params = model.decode(codes.z(model)[None], _given(model, y))
    return model.likelihood.log_prob(params, images.to(model.device))[0].cpu()


@torch.inference_mode()
def mean_nats(model: VAE, codes: GridCodes) -> Tensor | None:
    """`nats` averaged over images [2]; None of codes of one level."""
    if codes.bottom is None:
        return None
    there = Levels(codes.indices.to(model.device), codes.bottom.to(model.device))
    return nats(model, there, codes.labels if model.classes else None).mean(0)


def _given(model: VAE, y: Tensor | None) -> Tensor | None:
    return None if y is None else model.weights(y)
