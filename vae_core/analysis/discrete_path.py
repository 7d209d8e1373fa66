"""Paths between discrete codes: place by place, those of A give way to those of B. A place is a cell of a
grid, or a group of categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class DiscretePath:
    """codes int64 [T, N]: those of A first, and then in each row one place more is B's; T - 1 places differ.
    places int64 [T - 1]: which, in the order in which they give way."""

    codes: Tensor
    places: Tensor


def giving_way(a: Tensor, b: Tensor, order: Tensor) -> DiscretePath:
    """From codes a to codes b, int64 [N] both, in the order of the places [N]."""
    places = order[(a != b)[order]]
    rank = torch.full_like(order, len(places))
    rank[places] = torch.arange(len(places))
    given = torch.arange(len(places) + 1)[:, None] > rank
    return DiscretePath(torch.where(given, b, a), places)


def by_place(grids: Sequence[tuple[int, int]]) -> Tensor:
    """The cells [N] of grids over each other, counted on from one to the next, row by row of the first: each
    of its cells, and then those of the others that lie over it."""
    rows, columns = grids[0]
    over = []
    for height, width in grids:
        row, column = torch.arange(height) * rows // height, torch.arange(width) * columns // width
        over.append((row[:, None] * columns + column).flatten())
    return torch.cat(over).argsort(stable=True)


def by_difference(images: Callable[[Tensor], Tensor], a: Tensor, b: Tensor) -> Tensor:
    """The places [N] of codes a and b, int64 [N], in the order of how far the image of a moves where that
    place alone takes b's code: the root of the sum of squares over pixels, the farthest first. images: codes
    [M, N] to images [M, C, H, W]."""
    one_each = torch.where(torch.eye(len(a), dtype=torch.bool), b, a)
    moved = (images(one_each) - images(a[None])).flatten(1).norm(dim=1)
    return moved.argsort(descending=True, stable=True)
