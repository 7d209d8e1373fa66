"""Masked convolutions: what they give at a cell of a grid depends on the cells before it alone.

Cells are in raster order, row by row and from left to right. A grid x of which each cell has a distribution
given by the cells before it has the probability p(x) = prod_i p(x_i | x_<i): van den Oord et al. 2016a,
section 2. Two stacks leave no blind spot (van den Oord et al. 2016b, section 2.3): one goes over the rows
above, the other along the cell's own row, and takes the first one in at every layer. Both are ordinary
convolutions of a shifted grid, so that no weight is masked away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.model.rounded import rounded_products

LAYERS = 5


class _Layer(nn.Module):
    """One layer of both stacks, whose window reaches `radius` cells up, left and right.

    The `first` layer looks strictly above and strictly left. The others look at their own cell, too: what
    stands there knows nothing of that cell of the grid any more.
    """

    def __init__(self, inputs: int, hidden: int, context: int, radius: int, first: bool) -> None:
        super().__init__()
        self.radius, self.own = radius, 0 if first else 1
        self.above = nn.Conv2d(inputs, hidden, (radius + self.own, 2 * radius + 1))
        self.left = nn.Conv2d(inputs, hidden, (1, radius + self.own))
        self.down = nn.Conv2d(hidden, hidden, 1, bias=False)
        self.of_context = nn.Conv2d(context, hidden, 1, bias=False) if context else None

    def forward(self, above: Tensor, left: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """Both stacks [B, inputs, H, W] and the context [B, C, H or 1, W or 1] -> both [B, hidden, H, W]."""
        r, (height, width) = self.radius, above.shape[-2:]
        new_above = self.above(F.pad(above, (r, r, r, 0)))[..., :height, :].relu()
        new_left = self.left(F.pad(left, (r, 0)))[..., :width] + self.beside(new_above, context)
        return new_above, self.joined(left, new_left)

    def beside(self, above: Tensor, context: Tensor | None) -> Tensor:
        """What the rows above and the context add to the stack of the row."""
        beside: Tensor = self.down(above)
        return beside if self.of_context is None else beside + self.of_context(context)

    def joined(self, left: Tensor, new_left: Tensor) -> Tensor:
        return left + new_left.relu() if self.own else new_left.relu()

    def row_above(self, above: Tensor, row: int) -> Tensor:
        """One row of the stack over the rows above, [B, hidden, 1, W]."""
        r = self.radius
        seen = above[:, :, max(0, row - r) : row + self.own]
        return self.above(F.pad(seen, (r, r, r + self.own - seen.shape[2], 0))).relu()

    def cell(self, left: Tensor, column: int, beside: Tensor) -> Tensor:
        """One cell of the stack along the row: left [B, inputs, W], beside [B, hidden, W] -> [B, hidden]."""
        seen = left[:, :, max(0, column - self.radius) : column + self.own]
        weight = self.left.weight[:, :, 0, self.radius + self.own - seen.shape[2] :]
        of_left = F.linear(seen.flatten(1), weight.flatten(1), self.left.bias)
        return self.joined(left[..., column], of_left + beside[..., column])


class MaskedConvolutions(nn.Module):
    """Five masked convolutions and one 1 x 1 convolution: [B, inputs, H, W] -> [B, outputs, H, W].

    The output at (i, j) depends on the cells (k, l) with i - R <= k < i and |l - j| <= R, and on those of its
    own row with j - R <= l < j, where R is the `receptive_field`; where R is that of the grid, on every cell
    before it. The five radii add up to R, as evenly as they can, larger ones first. New, it gives 0
    everywhere, as the last weights are 0.

    context: of how many channels a context is, 0 for none. It enters every layer, and is not masked.
    """

    rounds = False  # as of `nets.Net`

    def __init__(
        self, inputs: int, outputs: int, hidden: int, receptive_field: int, context: int = 0
    ) -> None:
        """Raises ValueError where the receptive field is no cell."""
        super().__init__()
        if receptive_field < 1:
            raise ValueError(f"A receptive field of {receptive_field} cells sees none; take at least 1.")
        self.receptive_field, self.hidden = receptive_field, hidden
        each, more = divmod(receptive_field, LAYERS)
        layers = [
            _Layer(inputs if k == 0 else hidden, hidden, context, each + (k < more), k == 0)
            for k in range(LAYERS)
        ]
        self.layers: list[_Layer] = nn.ModuleList(layers)  # type: ignore[assignment]
        self.out = nn.Conv2d(hidden, outputs, 1)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """x [B, inputs, H, W], context [B, C] or [B, C, H, W] -> [B, outputs, H, W]."""
        context = _as_map(context)
        above = left = x
        with rounded_products(x.device) if self.rounds else nullcontext():
            for layer in self.layers:
                above, left = layer(above, left, context)
        out: Tensor = self.out(left.to(x.dtype))
        return out

    @torch.no_grad()
    def walk(self, x: Tensor, context: Tensor | None = None) -> Iterator[tuple[int, int, Tensor]]:
        """(row, column, what `forward` gives there [B, outputs]) of every cell, in raster order.

        Whoever walks may write a cell of x [B, inputs, H, W] when it comes: for row, column, given in
        net.walk(x): x[:, :, row, column] = ... Each layer is computed once a cell, whatever comes later.
        """
        context = _as_map(context)
        count, _, height, width = x.shape
        above = [x, *(x.new_zeros(count, self.hidden, height, width) for _ in self.layers)]
        left = [x.new_zeros(count, self.hidden, width) for _ in self.layers]
        out = self.out.weight.flatten(1)
        for row in range(height):
            here = context if context is None or context.shape[2] == 1 else context[:, :, row : row + 1]
            beside = []
            for k, layer in enumerate(self.layers):
                above[k + 1][:, :, row : row + 1] = layer.row_above(above[k], row)
                beside.append(layer.beside(above[k + 1][:, :, row : row + 1], here)[:, :, 0])
            for column in range(width):
                for k, layer in enumerate(self.layers):
                    before = left[k - 1] if k else x[:, :, row]
                    left[k][..., column] = layer.cell(before, column, beside[k])
                yield row, column, F.linear(left[-1][..., column], out, self.out.bias)


def _as_map(context: Tensor | None) -> Tensor | None:
    """[B, C] as [B, C, 1, 1]; a map as it is."""
    return context[:, :, None, None] if context is not None and context.ndim == 2 else context
