"""The prior of two grids of codes: p(top) p(bottom | top), Razavi et al. 2019, section 3.2."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.model.priors.codes import AutoregressiveCodes, Codebook, CodePrior
from vae_core.model.priors.prior import ClassPrior, Prior
from vae_core.spec.settings import Settings


class TwoLevelCodes(Prior):
    """p(z|y) = p(top|y) p(bottom | top, y), each of the kind that the settings name.

    An autoregressive bottom reads the top as a map that is as fine as itself, and its own cells as far away
    as the top grid is wide: what is farther away, the top says. Where it depends on a class, it reads the
    class, too. A uniform bottom depends on neither.
    """

    def __init__(
        self,
        settings: Settings,
        codebooks: tuple[Codebook, Codebook],
        kind: type[CodePrior],
        class_prior: ClassPrior | None = None,
    ) -> None:
        """codebooks: the top's and the bottom's. kind: of both priors."""
        top, bottom = codebooks
        super().__init__(settings, top.numbers + bottom.numbers, class_prior)
        self._codebooks = codebooks  # in a tuple: their parameters are the posterior's, not the prior's
        self.top = kind(settings, top, class_prior)
        self.conditional = self.top.conditional
        self.given_top: nn.Sequential | None = None
        if not isinstance(self.top, AutoregressiveCodes):
            self.bottom = kind(settings, bottom, class_prior)
            return
        hidden = int(settings.hidden)  # type: ignore[attr-defined]
        classes = len(self.log_py) if self.conditional else 0
        self.bottom = AutoregressiveCodes(settings, bottom, class_prior, hidden + classes, max(top.grid))
        self.embedding = nn.Embedding(top.count, hidden)
        up = nn.ConvTranspose2d(hidden, hidden, 4, stride=2, padding=1)
        self.given_top = nn.Sequential(up, nn.ReLU(inplace=True))

    def _context(self, top: Tensor, y: Tensor | None) -> Tensor | None:
        """What conditions the bottom prior: top [B, h, w], y [B, C] -> [B, channels, 2h, 2w]."""
        if self.given_top is None:
            return None
        of_top: Tensor = self.given_top(self.embedding(top).movedim(-1, 1))
        if not self.conditional or y is None:
            return of_top
        return torch.cat([of_top, y[:, :, None, None].expand(-1, -1, *of_top.shape[-2:])], dim=1)

    def log_prob_of(self, top: Tensor, bottom: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(top|y) and log p(bottom | top, y) in nats, [..., 2], of indices [..., h, w] and
        [..., 2h, 2w], y [..., C]; without y of a prior for each class, those of the marginal
        sum_y p(y) p(z|y)."""
        if self.conditional and y is None:
            of_both = self.without_class(lambda one: self.log_prob_of(top, bottom, one).cumsum(-1))
            return torch.stack([of_both[..., 0], of_both[..., 1] - of_both[..., 0]], -1)
        return torch.stack([cells.sum((-2, -1)) for cells in self.log_prob_of_cells(top, bottom, y)], -1)

    def log_prob_of_cells(
        self, top: Tensor, bottom: Tensor, y: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Of every cell given those before it, nats, [..., h, w] and [..., 2h, 2w], of indices of the same
        shapes; all of the top come before those of the bottom. y [..., C]: needed by a prior for each class.
        """
        leading = top.shape[:-2]
        tops, bottoms = top.reshape(-1, *self.top.grid), bottom.reshape(-1, *self.bottom.grid)
        given = None if y is None else y.expand(*leading, y.shape[-1]).reshape(-1, y.shape[-1])
        of_top = self.top.log_prob_of_cells(tops, given)
        logits = self.bottom.logits(bottoms, self._context(tops, given))
        of_bottom = -F.cross_entropy(logits, bottoms, reduction="none")
        return of_top.view(top.shape), of_bottom.view(bottom.shape)

    def levels(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        top, bottom = self._codebooks
        of_top, of_bottom = z.split([top.numbers, bottom.numbers], dim=-1)
        return self.log_prob_of(top.indices(of_top), bottom.indices(of_bottom), y)

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.levels(z, y).sum(-1)

    @torch.no_grad()
    def sample_codes(
        self,
        count: int,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
        known: tuple[Tensor, Tensor] | None = None,
        fixed: tuple[Tensor, Tensor] | None = None,
        temperature: float = 1.0,
    ) -> tuple[Tensor, Tensor]:
        """Indices [count, h, w] and [count, 2h, 2w] from p(z|y): the top first, then the bottom given it.

        y [count, C] or [C] for all; of a prior for each class and without y, classes drawn from p(y).
        known: codes of both levels that stay where `fixed` is true, as in `CodePrior.write`. Every cell is
        drawn given all before it; so what is known of the bottom counts for later cells of the bottom alone.
        temperature: what logits are divided by; 0 takes the most probable code of each cell.
        """
        if not self.conditional:
            given = None
        elif y is None:
            given = self.draw_classes(count, generator)
        else:
            given = y.expand(count, -1)
        pairs = zip(known, fixed, strict=True) if known and fixed else ((None, None),) * 2
        (top_known, top_fixed), (bottom_known, bottom_fixed) = pairs
        top = self.top.sample_codes(count, generator, given, top_known, top_fixed, temperature)
        context = self._context(top, given)
        bottom = self.bottom.sample_codes(count, generator, context, bottom_known, bottom_fixed, temperature)
        return top, bottom

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
        indices = self.sample_codes(count, generator, y, temperature=temperature)
        return torch.cat([of.embed(at) for of, at in zip(self._codebooks, indices, strict=True)], -1)

    def kept(self) -> dict[str, Tensor]:
        """Nothing: the prior of a moment needs the codebooks of that moment, too."""
        return {}
