"""Codes of a model with codebooks, all cells of an image in one row of N numbers: those of a grid row by row,
and where there are two levels those of the top before those of the bottom. In that order its prior writes
them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from vae_core.model.priors import CodePrior, TwoLevelCodes
from vae_core.model.vae import VAE

NO_CODEBOOK = "This model has no codebook: its codes are vectors."


def prior_of(model: VAE) -> CodePrior | TwoLevelCodes:
    """Raises ValueError of a model that has no codebook."""
    if not isinstance(model.prior, CodePrior | TwoLevelCodes):
        raise ValueError(NO_CODEBOOK)
    return model.prior


def grids(model: VAE) -> list[tuple[int, int]]:
    """Rows and columns of every level, the top one first."""
    return [book.grid for book in model.posterior.codebooks]


def joined(levels: Sequence[Tensor]) -> Tensor:
    """Of every level [..., h, w] -> [..., N]."""
    return torch.cat([each.flatten(-2) for each in levels], -1)


def split(model: VAE, row: Tensor) -> tuple[Tensor, ...]:
    """[..., N] -> of every level [..., h, w]."""
    there = grids(model)
    parts = row.split([prod(grid) for grid in there], -1)
    return tuple(part.unflatten(-1, grid) for part, grid in zip(parts, there, strict=True))


@torch.inference_mode()
def encode(model: VAE, images: Tensor, y: Tensor | None = None) -> Tensor:
    """The codes of images, float [B, C, H, W] in [0, 1], int64 [B, N]; y: int64 [B], of an encoder that sees
    the class. Raises ValueError of a model that has no codebook."""
    prior_of(model)
    params = model.encode(images.to(model.device), y)
    found = model.posterior.codes(params)
    return joined([found[name] for name in ("indices", "bottom") if name in found])


def embed(model: VAE, codes: Tensor) -> Tensor:
    """Codes [..., N] as the decoder takes them [..., numbers]."""
    books = model.posterior.codebooks
    return torch.cat([book.embed(of) for book, of in zip(books, split(model, codes), strict=True)], -1)


@torch.inference_mode()
def log_prob(model: VAE, codes: Tensor, y: Tensor | None = None) -> Tensor:
    """log p of every level given those above it, nats [B, levels]: codes [B, N], y [B, C] or [C].

    Without y of a prior for each class, those of the marginal sum_y p(y) p(z|y).
    """
    prior, levels = prior_of(model), split(model, codes.to(model.device))
    if isinstance(prior, TwoLevelCodes):
        return prior.log_prob_of(levels[0], levels[1], y)
    return prior.log_prob_of(levels[0], y)[:, None]


@torch.inference_mode()
def log_prob_of_cells(model: VAE, codes: Tensor, y: Tensor | None = None) -> Tensor:
    """log p of every cell given those before it, nats [B, N]: codes [B, N]. y [B, C] or [C]: needed by a
    prior for each class."""
    prior, levels = prior_of(model), split(model, codes.to(model.device))
    if isinstance(prior, TwoLevelCodes):
        return joined(prior.log_prob_of_cells(levels[0], levels[1], y))
    return joined([prior.log_prob_of_cells(levels[0], y)])


@torch.inference_mode()
def write(
    model: VAE, known: Tensor, kept: Tensor, generator: torch.Generator, y: Tensor | None = None
) -> Tensor:
    """Codes int64 [B, N], known [B, N] where kept, bool [N], and elsewhere written by the prior: each cell
    given all cells before it, kept or written. What is kept after a written cell counts for later ones alone.

    y [B, C] or [C], of a prior for each class.
    """
    prior, of, keep = prior_of(model), split(model, known), split(model, kept)
    if isinstance(prior, TwoLevelCodes):
        return joined(prior.sample_codes(len(known), generator, y, (of[0], of[1]), (keep[0], keep[1])))
    return joined([prior.sample_codes(len(known), generator, y, of[0], keep[0])])
