"""Sums and differences of codes: A - B + C, means of groups, and directions that stand for an attribute.

Codes are the posteriors' means [N, D]. A group is a mask [N] of bool: a lasso on the map, a class, a range
of a factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def analogy(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """a - b + c: what a has and b has not, added to c; each one code or a group's mean [D] (White 2016)."""
    return a - b + c


def group_mean(codes: Tensor, group: Tensor) -> Tensor:
    """The mean code [D] of a group [N] bool of codes [N, D]. Raises ValueError where it is empty."""
    _check(codes, group)
    if not group.any():
        raise ValueError("The group is empty; it needs at least one image.")
    return codes[group].mean(0)


def inside(points: Tensor, polygon: Tensor) -> Tensor:
    """Which points [N, 2] lie within a polygon [K, 2], closed by itself -> bool [N]: the even-odd rule, as a
    lasso on the map means it. Raises ValueError where it has fewer than three corners.
    """
    if len(polygon) < 3:
        raise ValueError(f"A polygon has three corners or more, not {len(polygon)}.")
    x, y = points.double()[:, None].unbind(-1)
    (x0, y0), (x1, y1) = polygon.double().unbind(-1), polygon.double().roll(-1, 0).unbind(-1)
    level = torch.where(y1 == y0, 1.0, y1 - y0)  # no level edge is crossed: the division only has to be safe
    crossed = ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) / level * (x1 - x0))
    return crossed.sum(1) % 2 == 1


def within(factor: Tensor, low: float, high: float) -> Tensor:
    """Which images have a factor [N] from low to high, both included -> bool [N]."""
    return (factor >= low) & (factor <= high)


def class_means(codes: Tensor, labels: Tensor) -> dict[int, Tensor]:
    """The mean code [D] of every class that labels [N] hold, in their order."""
    return {int(label): codes[labels == label].mean(0) for label in labels.unique()}


@dataclass(frozen=True, eq=False)
class Direction:
    """From one group's mean code to another's, in the unit of z: the standard deviation of N(0, I).

    vector [D]; count and rest: how many images each mean is of. error: the standard error of `norm` along
    the vector. chance: the root mean square norm that the vector would have if both groups were drawn from
    the same images at random; a direction not far above it stands for nothing.
    """

    vector: Tensor
    count: int
    rest: int
    error: float
    chance: float

    @property
    def norm(self) -> float:
        return float(self.vector.double().norm())


def direction(codes: Tensor, group: Tensor, rest: Tensor | None = None) -> Direction:
    """mean(group) - mean(rest): the attribute that tells the group [N] bool from the rest, all others where
    none is given (Larsen et al. 2016, section 4.2; White 2016).

    Welch's standard errors: each group has a variance of its own. Raises ValueError, a sentence, where
    either group is empty or both share an image; a group of one image has no error, which then is infinite.
    """
    rest = ~group if rest is None else rest
    _check(codes, group)
    _check(codes, rest)
    if (group & rest).any():
        raise ValueError("The two groups share images; each image may belong to one of them.")
    here, there = codes[group].double(), codes[rest].double()
    if not (len(here) and len(there)):
        raise ValueError("A direction needs two groups, and one of them is empty.")
    vector = here.mean(0) - there.mean(0)
    error = chance = math.inf
    if min(len(here), len(there)) > 1:
        unit = vector / vector.norm().clamp(min=1e-30)
        error = math.sqrt(sum(float((part @ unit).var()) / len(part) for part in (here, there)))
        together = torch.cat([here, there])
        chance = math.sqrt(float(together.var(0).sum()) * (1 / len(here) + 1 / len(there)))
    return Direction(vector.to(codes.dtype), len(here), len(there), error, chance)


def furthest_classes(codes: Tensor, labels: Tensor) -> tuple[int, int] | None:
    """The two classes, of labels [N], between whose mean codes the direction is longest beside what chance
    alone would give, as `direction` has it; None where no two classes have two images each.
    """
    known = [int(label) for label in labels.unique() if (labels == label).sum() > 1]
    if len(known) < 2:
        return None
    parts = [codes[labels == label].double() for label in known]
    count = torch.tensor([len(part) for part in parts]).double()
    means = torch.stack([part.mean(0) for part in parts])
    within = torch.stack([(part - part.mean(0)).square().sum() for part in parts])
    apart = (means[:, None] - means).square().sum(-1)
    inverse, total = 1 / count[:, None] + 1 / count, count[:, None] + count
    # The squares about a common mean: those about both means, and those of both means about it.
    chance = (within[:, None] + within + apart / inverse) / (total - 1) * inverse
    best = int((apart / chance.clamp(min=1e-30)).triu(1).argmax())
    return known[best // len(known)], known[best % len(known)]


def principal_axis(codes: Tensor) -> Tensor:
    """The first principal component of codes [N, D], of length 1 [D]; its largest number is positive."""
    centred = codes.double() - codes.double().mean(0)
    axis = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -1]
    return axis * axis[axis.abs().argmax()].sign()


def at_share(codes: Tensor, group: Tensor, axis: Tensor, share: float) -> int:
    """The number of the one in a group [N] bool that has this share of it below it along an axis [D]. Raises
    ValueError where the group is empty.
    """
    _check(codes, group)
    if not group.any():
        raise ValueError("The group is empty; it needs at least one image.")
    members = group.nonzero()[:, 0]
    ordered = members[(codes[members].double() @ axis).argsort()]
    return int(ordered[int(share * (len(ordered) - 1))])


def by_factor(codes: Tensor, factor: Tensor, quantile: float = 0.2) -> Direction:
    """The direction from images low in a factor [N] to those high in it: mean above its (1 - quantile)
    quantile less mean below its quantile, both with ties.

    Of a factor with few values these are its largest and its smallest. Raises ValueError where the factor
    does not vary enough for two groups.
    """
    if not 0 < quantile <= 0.5:
        raise ValueError(f"quantile must lie above 0 and at most at 0.5, not {quantile}.")
    # Values of the factor itself, not between two of them.
    ordered = factor.double().sort().values
    last = len(ordered) - 1
    low, high = ordered[int(quantile * last)], ordered[last - int(quantile * last)]
    if low == high:
        low, high = ordered[0], ordered[-1]
    if low == high:
        raise ValueError("The factor has the same value for all images; it gives no direction.")
    return direction(codes, factor.double() >= high, factor.double() <= low)


def move(z: Tensor, vector: Tensor, strengths: Tensor) -> Tensor:
    """z + s * vector for every strength s. z, vector: [D], strengths [S] -> [S, D]."""
    return z + strengths.to(z)[:, None] * vector


def _check(codes: Tensor, group: Tensor) -> None:
    if group.dtype != torch.bool or group.shape != codes.shape[:1]:
        raise ValueError(
            f"A group is a bool for each of {len(codes)} codes, not {list(group.shape)} {group.dtype}."
        )
