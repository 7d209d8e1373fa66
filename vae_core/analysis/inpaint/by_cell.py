"""Completions of a model whose codes are grids of cells, of one level or two: the prior writes the cells that
hidden pixels leave open."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.analysis import cells
from vae_core.analysis.adaptive_importance import effective, systematic
from vae_core.model.vae import VAE
from vae_core.pixels import unit

DRAWS = 1024  # of one level; of two, half as many take as long


@dataclass(frozen=True, eq=False)
class ByCell:
    """codes int64 [K, N], all cells in one row, as `cells` has them. nats [K]: minus the log p of each
    written cell given those before it, summed. kept: bool [N], the cells whose codes are given. draws: from
    how many grids these were chosen by their weights; ess: how many independent ones they are worth. On the
    CPU."""

    codes: Tensor
    nats: Tensor
    kept: Tensor
    draws: int
    ess: float

    @property
    def exact(self) -> bool:
        """Whether every written cell comes after every kept one: then all weights are the same."""
        return bool((self.kept.int().diff() <= 0).all())


def kept_cells(mask: Tensor, grid: tuple[int, int]) -> Tensor:
    """Of a mask [H, W], not zero where observed, the cells [h, w] all of whose pixels are observed, bool."""
    hidden = (mask == 0).float()[None]
    return F.adaptive_max_pool2d(hidden, grid)[0] == 0


@torch.inference_mode()
def by_cell(
    model: VAE,
    x: Tensor,
    mask: Tensor,
    count: int = 8,
    *,
    draws: int | None = None,
    generator: torch.Generator | None = None,
    y: Tensor | None = None,
) -> ByCell:
    """Completions of an image x [C, H, W], uint8 or float in [0, 1]; mask [H, W], not zero where observed; y
    int64 [1], of a model that is told a class.

    The encoder sees hidden pixels as 0, and gives the codes of the kept cells. The prior writes the others in
    raster order, of two levels the top and then the bottom, `draws` times, each given all cells before it.
    Likelihood weighting (Fung and Chang 1990):
    a grid weighs the product of p(kept cell | cells before it), and `count` are resampled by weight. They are
    draws of p(written | kept) as far as the effective sample size goes; where written cells end the grid, all
    weights are the same and the draws exact.
    """
    draws = draws or DRAWS // len(cells.grids(model))
    generator = generator or torch.Generator(model.device).manual_seed(0)
    seen = unit(x.to(model.device)) * (mask != 0).to(model.device)
    kept = cells.joined([kept_cells(mask, grid) for grid in cells.grids(model)]).to(model.device)
    given = None if y is None else model.weights(y)
    written = cells.write(model, cells.encode(model, seen[None], y).expand(draws, -1), kept, generator, given)
    of_cells = cells.log_prob_of_cells(model, written, given)
    log_weight = (of_cells * kept).sum(-1).double()[:, None]
    chosen = systematic(log_weight.softmax(0), count, generator)[:, 0]
    chosen = chosen[torch.randperm(count, generator=generator, device=chosen.device)]
    nats = -(of_cells * ~kept).sum(-1)[chosen]
    return ByCell(written[chosen].cpu(), nats.cpu(), kept.cpu(), draws, effective(log_weight).item())
