"""Images coded at two levels: what each costs, what each alone says, and the top of one image with the bottom
of another. Razavi et al. 2019. Codes [B, N] are those of all cells in one row, as `cells` has them."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.analysis import cells
from vae_core.model.posteriors import GridCodes
from vae_core.model.priors import TwoLevelCodes
from vae_core.model.vae import VAE


@torch.inference_mode()
def of_top(model: VAE, codes: Tensor, y: Tensor | None = None) -> Tensor:
    """The top of codes [B, N] alone: their bottom is drawn from p(bottom | top, y), the same every time.

    y [B, C] or [C]; of a prior for each class and without y, classes drawn from p(y).
    """
    top, _ = cells.split(model, torch.arange(codes.shape[-1]))
    kept = torch.arange(codes.shape[-1]) < top.numel()
    return cells.write(model, codes, kept, torch.Generator(model.device).manual_seed(0), y)


@torch.inference_mode()
def of_bottom(model: VAE, codes: Tensor, y: Tensor | None = None) -> Tensor:
    """The bottom of codes [B, N] alone: their top is the most probable code under the prior, cell by cell in
    raster order, the same for every image; y as in `of_top`. Raises ValueError of a model of one level."""
    if not isinstance(model.prior, TwoLevelCodes):
        raise ValueError("This model's codes have no two levels.")
    _, bottom = cells.split(model, codes)
    generator = torch.Generator(model.device).manual_seed(0)
    top = model.prior.top.sample_codes(len(codes), generator, y, temperature=0.0)
    return cells.joined((top, bottom.to(top)))


def swapped(model: VAE, a: Tensor, b: Tensor) -> Tensor:
    """Of two images' codes [N] each, [4, N]: a; the top of a with the bottom of b; the top of b with the
    bottom of a; b."""
    (top_a, bottom_a), (top_b, bottom_b) = cells.split(model, a), cells.split(model, b)
    pairs = [(top_a, bottom_a), (top_a, bottom_b), (top_b, bottom_a), (top_b, bottom_b)]
    return torch.stack([cells.joined(pair) for pair in pairs])


@torch.inference_mode()
def log_px(model: VAE, image: Tensor, codes: Tensor, y: Tensor | None = None) -> Tensor:
    """log p(x|z) of one image, float [C, H, W] in [0, 1], under each of codes [B, N]: [B] in nats; y
    [B, C]."""
    params = model.decode(cells.embed(model, codes.to(model.device))[None], y)
    images = image.to(model.device).expand(len(codes), *image.shape)
    return model.likelihood.log_prob(params, images)[0].cpu()


@torch.inference_mode()
def mean_nats(model: VAE, codes: GridCodes) -> Tensor | None:
    """-log p(top) and -log p(bottom | top), averaged over images [2]; None of codes of one level."""
    if codes.bottom is None:
        return None
    y = model.weights(codes.labels) if model.classes and codes.labels is not None else None
    return -cells.log_prob(model, cells.joined((codes.indices, codes.bottom)), y).mean(0).cpu()
