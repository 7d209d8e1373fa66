"""Priors over the codes of a codebook, one for each cell of a grid.

To whoever asks about p(z) they are priors of z, like any other; of the indices they answer besides

    log_prob_of(indices, y)              log p of codes by their index
    write(count, generator, y, ...)      samples as they are written, cell by cell
    sample_codes(...)                    the last of these
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.model.masked_convolutions import MaskedConvolutions
from vae_core.model.priors.prior import ClassPrior, Prior
from vae_core.spec.settings import Settings


class Codebook(Protocol):
    """What a prior over codes asks of the codebook [K, D]: how many codes, of which grid, and the way from
    codes to z [..., numbers] and back."""

    codebook: Tensor
    count: int
    grid: tuple[int, int]

    @property
    def numbers(self) -> int: ...

    def indices(self, params: Tensor) -> Tensor: ...

    def embed(self, indices: Tensor) -> Tensor: ...


class CodePrior(Prior):
    """p(z) of a grid of codes. Its own parameters alone learn from `log_prob`: indices have no gradient."""

    def __init__(self, settings: Settings, codebook: Codebook, class_prior: ClassPrior | None = None) -> None:
        super().__init__(settings, codebook.numbers, class_prior)
        self._codebook = (codebook,)  # in a tuple: its parameters are the posterior's, not the prior's
        self.count, self.grid = codebook.count, codebook.grid

    def logits(self, indices: Tensor, y: Tensor | None = None) -> Tensor:
        """log p of every code of each cell given those of the cells before it, but for a constant:
        indices [B, h, w], y [B, C] -> [B, K, h, w]."""
        raise NotImplementedError

    def walk(self, indices: Tensor, y: Tensor | None = None) -> Iterator[tuple[int, int, Tensor]]:
        """(row, column, its logits [B, K]) of every cell in raster order. Whoever walks may write the cell's
        code into indices [B, h, w] when it comes: later cells see it."""
        raise NotImplementedError

    def log_prob_of(self, indices: Tensor, y: Tensor | None = None) -> Tensor:
        """indices [..., h, w], y [..., C] -> log p [...] in nats, summed over cells; without y of a prior for
        each class, log sum_y p(y) p(z|y)."""
        if self.conditional and y is None:
            return self.without_class(partial(self.log_prob_of, indices))
        return self.log_prob_of_cells(indices, y).sum((-2, -1))

    def log_prob_of_cells(self, indices: Tensor, y: Tensor | None = None) -> Tensor:
        """Of every cell given those before it, nats: indices [..., h, w] -> [..., h, w]. y [..., C]: needed
        by a prior for each class."""
        leading = indices.shape[:-2]
        given = None if y is None else y.expand(*leading, y.shape[-1]).reshape(-1, y.shape[-1])
        rows = indices.reshape(-1, *self.grid)
        log_prob = -F.cross_entropy(self.logits(rows, given), rows, reduction="none")
        return log_prob.view(indices.shape)

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """That of the codes nearest to z."""
        (codebook,) = self._codebook
        return self.log_prob_of(codebook.indices(z), y)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        return self.tempered(count, 1.0, generator, y)

    def tempered(
        self,
        count: int,
        temperature: float,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        """As `sample`, with the logits of every cell divided by `temperature`."""
        (codebook,) = self._codebook
        return codebook.embed(self.sample_codes(count, generator, y, temperature=temperature))

    def sample_codes(
        self,
        count: int,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
        known: Tensor | None = None,
        fixed: Tensor | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """The indices [count, h, w] that `write` ends with."""
        return list(self.write(count, generator, y, known, fixed, temperature))[-1]

    @torch.no_grad()
    def write(
        self,
        count: int,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
        known: Tensor | None = None,
        fixed: Tensor | None = None,
        temperature: float = 1.0,
    ) -> Iterator[Tensor]:
        """Samples int64 [count, h, w] from p(z|y) in raster order, after each cell that is written; the same
        tensor every time, in which cells that are still to be written hold what is known of them, or 0.

        y [count, C] or [C] for all, or the map in its place; of a prior for each class and without y,
        classes drawn from p(y).
        known [count, h, w]: codes that stay where `fixed`, [h, w] or [count, h, w], is true. A cell is drawn
        given all cells before it; what is known after it counts for later cells alone. So cells that end the
        grid are drawn from p(hidden | known), and others from an approximation of it.
        temperature: what logits are divided by; 0 takes the most probable code.
        """
        device = self._codebook[0].codebook.device
        shape = (count, *self.grid)
        indices = torch.zeros(shape, dtype=torch.long, device=device)
        keep = torch.zeros(shape, dtype=torch.bool, device=device)
        if known is not None and fixed is not None:
            keep = fixed.to(device).expand(shape)
            indices = torch.where(keep, known.to(device), indices)
        if not self.conditional:
            given = None
        elif y is None:
            given = self.draw_classes(count, generator)
        else:
            given = y.expand(count, *y.shape[1:]) if y.ndim > 1 else y.expand(count, -1)
        for row, column, logits in self.walk(indices, given):
            here = keep[:, row, column]
            if here.all():
                continue
            if temperature > 0:
                drawn = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]
            else:
                drawn = logits.argmax(-1)
            indices[:, row, column] = torch.where(here, indices[:, row, column], drawn)
            yield indices
        yield indices

    def kept(self) -> dict[str, Tensor]:
        """Nothing: the prior of a moment needs the codebook of that moment, too."""
        return {}


class UniformCodes(CodePrior):
    """p(z) = K^(-h w)."""

    def logits(self, indices: Tensor, y: Tensor | None = None) -> Tensor:
        return torch.zeros(len(indices), self.count, *self.grid, device=indices.device)

    def walk(self, indices: Tensor, y: Tensor | None = None) -> Iterator[tuple[int, int, Tensor]]:
        alike = torch.zeros(len(indices), self.count, device=indices.device)
        for row, column in product(*map(range, self.grid)):
            yield row, column, alike


class AutoregressiveCodes(CodePrior):
    """p(z|y) = prod_i p(z_i | z_<i, y) over cells in raster order, by masked convolutions of embedded codes;
    van den Oord et al. 2016, van den Oord et al. 2017, section 3.3. New, it is uniform."""

    def __init__(
        self,
        settings: Settings,
        codebook: Codebook,
        class_prior: ClassPrior | None = None,
        context: int = 0,
        receptive_field: int = 0,
    ) -> None:
        """context: of how many channels a map is that comes in place of y, [B, C, h, w]; 0: y itself.
        receptive_field: 0 for that of the whole grid."""
        super().__init__(settings, codebook, class_prior)
        self.conditional = self.settings.of_class or context > 0
        hidden = int(self.settings.hidden)
        self.embedding = nn.Embedding(self.count, hidden)
        self.of_class: nn.Embedding | None = None
        if self.settings.of_class and not context and self.settings.class_in_cells:
            # The layers take the class, too. By them alone it is learned late: it is worth 2.3 of 100 nats.
            self.of_class = nn.Embedding(len(self.log_py), hidden)
        self.net = MaskedConvolutions(
            hidden,
            self.count,
            hidden,
            receptive_field=receptive_field or max(*self.grid, 2) - 1,
            context=context or (len(self.log_py) if self.conditional else 0),
        )

    def _embedded(self, indices: Tensor, y: Tensor | None) -> Tensor:
        """Codes [B, ...] and the class y [B, C] -> [B, ..., hidden]."""
        of_codes: Tensor = self.embedding(indices)
        if self.of_class is None or y is None:
            return of_codes
        of_class = y.to(of_codes.dtype) @ self.of_class.weight
        return of_codes + of_class.view(len(y), *[1] * (of_codes.ndim - 2), -1)

    def logits(self, indices: Tensor, y: Tensor | None = None) -> Tensor:
        x = self._embedded(indices, y).movedim(-1, -3)
        logits: Tensor = self.net(x, y if self.conditional else None)
        return logits

    @torch.no_grad()
    def walk(self, indices: Tensor, y: Tensor | None = None) -> Iterator[tuple[int, int, Tensor]]:
        x = self._embedded(indices, y).movedim(-1, -3).contiguous()
        for row, column, logits in self.net.walk(x, y if self.conditional else None):
            yield row, column, logits
            x[:, :, row, column] = self._embedded(indices[:, row, column], y)
