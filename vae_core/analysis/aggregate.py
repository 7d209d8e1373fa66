"""The aggregated posterior q(z) = (1/N) sum_i q(z|x_i): what the data put where the prior expects N(0, I).

Always the exact mixture over all N images. Four ways to look at it, and they differ: at any point; as the
marginal of two coordinates; as the marginal on any plane; as a slice, conditional on all other coordinates.
A marginal can hide a hole: what is empty in the whole space may be covered in every projection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import mixture
from vae_core.posteriors import Posteriors


@dataclass(frozen=True)
class DensityGrid:
    """Aggregated posterior and prior on a grid: log_q[i, j] and log_p[i, j] at (x[i], y[j]), in nats.

    x, y: [G] equally spaced, in units of the prior's standard deviation; log_q, log_p: [G, G].
    floored: components drawn wider than they are, because a standard deviation was below one grid cell.
    floor: log_q reads at least this; where it does, the true value is this or lower.
    rest: log q(z_rest) - log p(z_rest) of the coordinates a slice holds fixed, 0 otherwise. In the whole
        space, log q(z) - log p(z) is log_q - log_p + rest.
    """

    x: Tensor
    y: Tensor
    log_q: Tensor
    log_p: Tensor
    floored: int
    floor: float
    rest: float = 0.0

    @property
    def cell(self) -> float:
        """The side of a grid cell."""
        return float((self.x[-1] - self.x[0]) / (len(self.x) - 1))


def log_density(posteriors: Posteriors, z: Tensor) -> Tensor:
    """log q(z) in nats at z [M, D] -> [M]: the exact mixture over all N, never floored, in bounded memory.

    Computed in the precision of z, at least float32.
    """
    if z.ndim != 2 or z.shape[1] != posteriors.dimensions:
        raise ValueError(f"z must be [M, {posteriors.dimensions}], not {list(z.shape)}.")
    mean, scale = _components(posteriors)
    return mixture.log_density(z, mean, scale, mixture.uniform(len(mean)))


def grid(
    posteriors: Posteriors, dims: tuple[int, int] = (0, 1), extent: float = 4.0, size: int = 256
) -> DensityGrid:
    """The exact marginal q(z_a, z_b) of two coordinates on a size x size grid over [-extent, extent]^2."""
    mean, scale = _components(posteriors)
    columns = _checked(dims, posteriors.dimensions)
    return _axis_aligned(mean[:, columns], scale[:, columns], mixture.uniform(len(mean)), extent, size)


def _axis_aligned(
    mean: Tensor, scale: Tensor, log_weight: Tensor, extent: float, size: int, rest: float = 0.0
) -> DensityGrid:
    axis = _axis(extent, size)
    cell = 2 * extent / (size - 1)
    floored = int((scale < cell).any(1).sum())
    log_q, floor = mixture.axis_grid(axis, axis, mean, scale.clamp(min=cell), log_weight)
    return DensityGrid(axis, axis, log_q, _log_prior(axis, axis), floored, floor, rest)


def _components(posteriors: Posteriors) -> tuple[Tensor, Tensor]:
    """mean [N, D] and standard deviations [N, D], at least float32."""
    dtype = torch.promote_types(posteriors.mean.dtype, torch.float32)
    return posteriors.mean.to(dtype), (0.5 * posteriors.log_var.to(dtype)).exp()


def _checked(dims: tuple[int, int], dimensions: int) -> list[int]:
    if len(set(dims)) != 2 or not all(0 <= d < dimensions for d in dims):
        raise ValueError(f"dims must be two different coordinates from 0 to {dimensions - 1}, not {dims}.")
    return list(dims)


def _axis(extent: float, size: int) -> Tensor:
    if extent <= 0 or size < 2:
        raise ValueError(f"A grid needs extent > 0 and size >= 2, not {extent} and {size}.")
    return torch.linspace(-extent, extent, size, dtype=torch.float64).float()


def _log_prior(x: Tensor, y: Tensor) -> Tensor:
    """log N((x_i, y_j); 0, I) in nats [G, H]."""
    return -0.5 * (x[:, None].square() + y.square()) - math.log(2 * math.pi)
