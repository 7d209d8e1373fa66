"""Layers of networks whose codes are grids of cells."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Residual(nn.Sequential):
    """x + f(x), f being its layers; He et al. 2016, eq. 1."""

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = super().forward(x)
        return x + added


class JoinedGrid(nn.Module):
    """A convolution of a grid x [B, C, h, w] beside a condition y [B, K], the same for every cell."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, condition: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.of_condition = nn.Linear(condition, convolution.out_channels, bias=False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        found: Tensor = self.convolution(x) + self.of_condition(y)[:, :, None, None]
        return found


class Fork(nn.Module):
    """What `top` gives of x and, behind it, what `bottom` does: each [B, its numbers]."""

    def __init__(self, top: nn.Sequential, bottom: nn.Sequential) -> None:
        super().__init__()
        self.top, self.bottom = top, bottom

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.top(x), self.bottom(x)], dim=1)


class Merge(nn.Module):
    """The sum of what `top` makes of the first `numbers` of z and `bottom` of the rest: [B, C, h, w]."""

    def __init__(self, numbers: int, top: nn.Sequential, bottom: nn.Sequential) -> None:
        super().__init__()
        self.numbers, self.top, self.bottom = numbers, top, bottom

    def forward(self, z: Tensor) -> Tensor:
        merged: Tensor = self.top(z[:, : self.numbers]) + self.bottom(z[:, self.numbers :])
        return merged
