"""A grid of codes of one image: what it says of the image in nats, and where images use a code; and grids
of codes as a prior writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.model.posteriors import GridCodes, VectorQuantised
from vae_core.model.priors import CodePrior, TwoLevelCodes
from vae_core.model.vae import VAE

NO_CODEBOOK = "This model has no codebook: its codes are vectors."


def parts(model: VAE) -> tuple[VectorQuantised, CodePrior]:
    """The codebook and the prior over its codes. Raises ValueError of a model that has none."""
    if not isinstance(model.posterior, VectorQuantised) or not isinstance(model.prior, CodePrior):
        raise ValueError(NO_CODEBOOK)
    return model.posterior, model.prior


@dataclass(frozen=True, eq=False)
class Encoded:
    """codes: int64 [h, w]. vectors: of the encoder [h, w, D], each nearest to its code."""

    codes: Tensor
    vectors: Tensor


@torch.inference_mode()
def encode(model: VAE, image: Tensor, y: Tensor | None = None) -> Encoded:
    """The codes of one image, float [C, H, W] in [0, 1]; y: int64 [1], of an encoder that sees the class."""
    codebook, _ = parts(model)
    vectors = codebook.vectors(model.encode(image[None].to(model.device), y))[0]
    return Encoded(codebook.nearest(vectors).cpu(), vectors.cpu())


@dataclass(frozen=True)
class Cost:
    """In nats: log_px, log p(x|z) of the image; log_pz, of the codes under the model's own prior. `joint`,
    log p(x, z), is their sum; of the encoder's codes, where q(z|x) = 1, it is the ELBO of the image."""

    log_px: float
    log_pz: float

    @property
    def joint(self) -> float:
        return self.log_px + self.log_pz


@torch.inference_mode()
def cost(model: VAE, image: Tensor, codes: Tensor, y: Tensor | None = None) -> Cost:
    """Of codes int64 [h, w] held against an image, float [C, H, W] in [0, 1].

    y: int64 [1], the class under which both are decoded and priced; without, of a model of classes, the
    decoder blends them by p(y), and the prior sums them out.
    """
    codebook, prior = parts(model)
    z = codebook.embed(codes.to(model.device))[None, None]
    given = None if y is None else model.weights(y)
    log_px = model.likelihood.log_prob(model.decode(z, given), image[None].to(model.device))
    of_prior = prior.log_prob_of(codes.to(model.device)[None], given)
    return Cost(float(log_px), float(of_prior))


def use(codes: GridCodes, code: int) -> Tensor:
    """Of each cell the share of images that have this code there, [h, w]."""
    return (codes.indices == code).float().mean(0)


def most_using(codes: GridCodes, code: int, count: int) -> tuple[Tensor, Tensor]:
    """The images [M], at most `count`, in which most cells have this code, and of each how many [M]; images
    of as many cells in their order, and none without the code."""
    cells = (codes.indices == code).flatten(1).sum(1)
    order = cells.argsort(descending=True, stable=True)[:count]
    order = order[cells[order] > 0]
    return order, cells[order]


@torch.inference_mode()
def write(
    model: VAE, codes: Tensor, hidden: Tensor, generator: torch.Generator, y: Tensor | None = None
) -> Tensor:
    """codes int64 [h, w], those of the hidden cells [h, w] bool written by the prior in raster order: each
    given all cells before it, kept or written; see `CodePrior.write`. y: int64 [1], of a prior told one."""
    _, prior = parts(model)
    given = None if y is None else model.weights(y)
    return prior.sample_codes(1, generator, given, codes[None], ~hidden)[0].cpu()


@dataclass(frozen=True, eq=False)
class Samples:
    """codes int64 [N, h, w]; y [N] their classes, None of a model that is told none; nats [N]: -log p(z|y)
    under the model's own prior. Of two levels, codes are the top's and bottom int64 [N, 2h, 2w] those of the
    other."""

    codes: Tensor
    y: Tensor | None
    nats: Tensor
    bottom: Tensor | None = None

    @property
    def levels(self) -> tuple[Tensor, ...]:
        """Of all levels, the top one first."""
        return (self.codes,) if self.bottom is None else (self.codes, self.bottom)


@torch.inference_mode()
def sample(
    model: VAE,
    count: int,
    temperature: float,
    generator: torch.Generator,
    classes: Sequence[int] = (),
    uniform: bool = False,
) -> Samples:
    """`count` grids of codes, of one level or two, drawn from the prior, or uniformly.

    temperature: what the logits of the prior are divided by. classes: of the samples in turn; without any,
    of a model that is told classes, they are drawn from p(y).
    """
    prior, y = model.prior, None
    if not isinstance(prior, CodePrior | TwoLevelCodes):
        raise ValueError(NO_CODEBOOK)
    if model.classes:
        y = torch.multinomial(prior.log_py.exp(), count, replacement=True, generator=generator)
        if classes:
            y = torch.tensor(classes).repeat(-(-count // len(classes)))[:count]
    given = None if y is None else model.weights(y)
    if uniform:
        books = model.posterior.codebooks
        levels = [torch.randint(book.count, (count, *book.grid), generator=generator) for book in books]
    else:
        drawn = prior.sample_codes(count, generator, given, temperature=temperature)
        levels = [drawn] if isinstance(drawn, Tensor) else list(drawn)
    nats = -prior.log_prob(embed(model, levels), given)
    top, bottom = levels[0].cpu(), levels[1].cpu() if len(levels) == 2 else None
    return Samples(top, y, nats.cpu(), bottom)


def embed(model: VAE, levels: Sequence[Tensor]) -> Tensor:
    """The codes of every level, int64 [N, h, w] each, as z [N, numbers]."""
    books = model.posterior.codebooks
    return torch.cat([book.embed(codes) for book, codes in zip(books, levels, strict=True)], -1)
