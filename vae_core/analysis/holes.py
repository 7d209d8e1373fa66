"""Holes: where the prior will ask the decoder for images, and the data never taught it any.

A hole is a connected region inside the prior's highest-density region of a given mass where the aggregated
posterior is less than the prior divided by a ratio. It weighs what the prior puts there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vae_core.constants import LOG_2PI

if TYPE_CHECKING:
    from vae_core.analysis.aggregate import DensityGrid


@dataclass(frozen=True, eq=False)
class Hole:
    """One hole of a grid.

    center: [2], (x, y): its centroid by prior mass or, where that lies outside (a ring, a crescent), its
        point farthest from any edge.
    prior_mass: the share of the prior inside it.
    depth: the largest log p - log q in it, in nats; at least that where log q is at its floor.
    """

    center: Tensor
    prior_mass: float
    depth: float
    number: int = field(repr=False)
    numbers: Tensor = field(
        repr=False
    )  # [G, G], shared by all holes of a grid: which hole a cell is in, or 0

    @property
    def mask(self) -> Tensor:
        """[G, G] bool: the cells of this hole."""
        return self.numbers == self.number


def holes(grid: DensityGrid, mass: float = 0.95, ratio: float = 10.0) -> list[Hole]:
    """The holes of a grid, largest first; cells that touch only at a corner are not connected.

    Of the exact density at the grid's points: what is drawn wider than it is fills no hole.

    Prior mass by the midpoint rule, a cell about each grid point. Only what the grid shows is found: it
    should reach the radius of the region, sqrt(-2 log(1 - mass)), 2.45 at 95 %.
    """
    from scipy import ndimage

    labels, count = ndimage.label((region(grid, mass) & _empty(grid, ratio)).numpy())
    if count == 0:
        return []
    index = range(1, count + 1)
    prior = grid.log_p.double().exp().numpy() * grid.cell**2
    masses = ndimage.sum_labels(prior, labels, index)
    depths = ndimage.maximum(_log_ratio(grid).numpy(), labels, index)
    centroids = ndimage.center_of_mass(prior, labels, index)
    # Beyond the grid is an edge too, hence the padding.
    to_edge = ndimage.distance_transform_edt(
        torch.nn.functional.pad(torch.from_numpy(labels), (1, 1, 1, 1)) > 0
    )
    innermost = ndimage.maximum_position(to_edge[1:-1, 1:-1], labels, index)

    numbers = torch.from_numpy(labels)
    found = []
    for number, centroid, inner in zip(index, centroids, innermost, strict=True):
        inside = labels[round(centroid[0]), round(centroid[1])] == number
        i, j = centroid if inside else inner
        center = torch.tensor([float(grid.x[0]) + i * grid.cell, float(grid.y[0]) + j * grid.cell])
        hole = Hole(center, float(masses[number - 1]), float(depths[number - 1]), number, numbers)
        found.append(hole)
    return sorted(found, key=lambda hole: -hole.prior_mass)


def hole_curve(grid: DensityGrid, ratios: Iterable[float], mass: float = 0.95) -> Tensor:
    """Total prior mass in holes [R] at each of R ratios."""
    inside, prior = region(grid, mass), grid.log_p.double().exp() * grid.cell**2
    return torch.stack([prior[inside & _empty(grid, ratio)].sum() for ratio in ratios])


def region(grid: DensityGrid, mass: float = 0.95) -> Tensor:
    """The prior's highest-density region of the given mass on the grid, [G, G] bool.

    The densest cells that together hold the mass; all cells where the grid holds less. Of a Gaussian of unit
    variances in closed form: in the plane it holds the share 1 - exp(-r^2 / 2) within radius r, and at that
    radius its density is (1 - mass) / 2 pi.
    """
    return grid.log_p >= level(grid, mass)


def level(grid: DensityGrid, mass: float = 0.95) -> float:
    """log p in nats at the edge of `region`: its contour."""
    if not 0 < mass < 1:
        raise ValueError(f"mass must lie between 0 and 1, not {mass}.")
    if grid.unit_prior:
        return math.log1p(-mass) - LOG_2PI
    return ranked_level(grid.log_p, grid.cell, mass)


def ranked_level(log_p: Tensor, cell: float, mass: float) -> float:
    """log p at the edge of the densest cells that together hold the mass; log_p [G, G], cell their side."""
    ranked = log_p.flatten().sort(descending=True).values.double()
    held = (ranked.exp() * cell**2).cumsum(0)
    return float(ranked[min(int((held < mass).sum()), len(ranked) - 1)])


def _empty(grid: DensityGrid, ratio: float) -> Tensor:
    if ratio <= 0:
        raise ValueError(f"ratio must be positive, not {ratio}.")
    return _log_ratio(grid) > math.log(ratio)


def _log_ratio(grid: DensityGrid) -> Tensor:
    """log p(z) - log q(z) in the whole space [G, G]."""
    return grid.log_p - grid.exact - grid.rest
