"""The codes of one image: what they say of it in nats, and where images use a code; and codes as a prior
writes them. Codes of all cells are in one row, as `cells` has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import cells
from vae_core.model.posteriors import TwoLevelQuantised
from vae_core.model.vae import VAE


@dataclass(frozen=True, eq=False)
class Encoded:
    """codes: int64 [N]. vectors: of the encoder [N, D], each nearest to its code."""

    codes: Tensor
    vectors: Tensor


@torch.inference_mode()
def encode(model: VAE, image: Tensor, y: Tensor | None = None) -> Encoded:
    """The codes of one image, float [C, H, W] in [0, 1]; y: int64 [1], of an encoder that sees the class."""
    posterior = model.posterior
    params = model.encode(image[None].to(model.device), y)
    of_levels = posterior.levels(params) if isinstance(posterior, TwoLevelQuantised) else (params,)
    of_books = list(zip(posterior.codebooks, of_levels, strict=True))
    vectors = [book.vectors(of)[0].flatten(0, 1) for book, of in of_books]
    codes = cells.joined([book.indices(of)[0] for book, of in of_books])
    return Encoded(codes.cpu(), torch.cat(vectors).cpu())


@dataclass(frozen=True)
class Cost:
    """In nats: log_px, log p(x|z) of the image; of_levels, log p of the codes of every level given those
    above it, under the model's own prior, and log_pz, their sum. `joint`, log p(x, z), is the sum of all; of
    the encoder's codes, where q(z|x) = 1, it is the ELBO of the image."""

    log_px: float
    of_levels: tuple[float, ...]

    @property
    def log_pz(self) -> float:
        return sum(self.of_levels)

    @property
    def joint(self) -> float:
        return self.log_px + self.log_pz


@torch.inference_mode()
def cost(model: VAE, image: Tensor, codes: Tensor, y: Tensor | None = None) -> Cost:
    """Of codes int64 [N] held against an image, float [C, H, W] in [0, 1].

    y: int64 [1], the class under which both are decoded and priced; without, of a model of classes, the
    decoder blends them by p(y), and the prior sums them out.
    """
    z = cells.embed(model, codes.to(model.device))[None, None]
    given = None if y is None else model.weights(y)
    log_px = model.likelihood.log_prob(model.decode(z, given), image[None].to(model.device))
    of_levels = cells.log_prob(model, codes[None], given)[0]
    return Cost(float(log_px), tuple(of_levels.tolist()))


def use(indices: Tensor, code: int) -> Tensor:
    """Of each cell the share of images [B, h, w] that have this code there, [h, w]."""
    return (indices == code).float().mean(0)


def most_using(indices: Tensor, code: int, count: int) -> tuple[Tensor, Tensor]:
    """The images [M] of [B, h, w], at most `count`, in which most cells have this code, and of each how many
    [M]; images of as many cells in their order, and none without the code."""
    having = (indices == code).flatten(1).sum(1)
    order = having.argsort(descending=True, stable=True)[:count]
    order = order[having[order] > 0]
    return order, having[order]


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
    prior, y = cells.prior_of(model), None
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
    nats = -prior.log_prob(cells.embed(model, cells.joined(levels)), given)
    top, bottom = levels[0].cpu(), levels[1].cpu() if len(levels) == 2 else None
    return Samples(top, y, nats.cpu(), bottom)
