"""The aggregated posterior q(z) = (1/N) sum_i q(z|x_i): what the data put where the prior expects codes.

Always the exact mixture over all N images. Four ways to look at it, and they differ: at any point; as the
marginal of two coordinates; as the marginal on any plane; as a slice, conditional on all other coordinates.
A marginal can hide a hole: what is empty in the whole space may be covered in every projection.

`prior` is the model's; None is N(0, I).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vae_core.analysis import mixture, prior_density
from vae_core.analysis.holes import Hole, hole_curve, holes
from vae_core.analysis.mixture import Mixture
from vae_core.analysis.prior_density import Estimate, log_prior, radius_squared
from vae_core.analysis.prior_density import samples_within as prior_samples
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior

__all__ = [
    "DensityGrid",
    "Estimate",
    "Hole",
    "grid",
    "hole_curve",
    "hole_mass",
    "holes",
    "log_density",
    "log_prior",
    "outside_mass",
    "pca_plane",
    "plane",
    "prior_samples",
    "radius_squared",
    "slice",
]


@dataclass(frozen=True, eq=False)
class DensityGrid:
    """Aggregated posterior and prior on a grid: log_q[i, j] and log_p[i, j] at (x[i], y[j]), in nats.

    x, y: [G] equally spaced; log_q, log_p, exact: [G, G].
    log_q is to be drawn: a component narrower than a cell is one cell wide in it, or it would fall between
        the points of the grid; floored: how many are.
    exact is to be counted and read: log q at the points themselves, nothing widened. The same where nothing
        is floored.
    floor, exact_floor: log_q and exact read at least this; where they do, the true value is this or lower.
    rest: log q(z_rest) - log p(z_rest) of the coordinates a slice holds fixed, 0 otherwise. In the whole
        space, log q(z) - log p(z) is log_q - log_p + rest.
    unit_prior: whether log_p is that of a Gaussian of unit variances, as of N(0, I) on any plane.
    """

    x: Tensor
    y: Tensor
    log_q: Tensor
    log_p: Tensor
    exact: Tensor
    floored: int
    floor: float
    exact_floor: float
    rest: float = 0.0
    unit_prior: bool = True

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
    return mixture.log_density(z, *_components(posteriors))


def grid(
    posteriors: Posteriors,
    dims: tuple[int, int] = (0, 1),
    extent: float = 4.0,
    size: int = 256,
    prior: Prior | None = None,
) -> DensityGrid:
    """The exact marginal q(z_a, z_b) of two coordinates on a size x size grid over [-extent, extent]^2."""
    columns = _checked(dims, posteriors.dimensions)
    axis, cell = _axis(extent, size)
    drawn = _axis_aligned(_components(posteriors, columns), axis, cell)
    log_p = prior_density.marginal_grid(prior, axis, columns)
    return _density_grid(axis, log_p, *drawn, unit_prior=prior_density.is_standard(prior))


def plane(
    posteriors: Posteriors,
    origin: Tensor,
    u: Tensor,
    v: Tensor,
    extent: float = 4.0,
    size: int = 256,
    prior: Prior | None = None,
) -> DensityGrid:
    """The exact marginal of q(z) on the plane origin + a u + b v (each [D]), at a, b in [-extent, extent].

    u and v are made orthonormal first, so that the map is to scale: a = u . (z - origin), likewise b. Unless
    the plane lies along two axes, components have full covariances, and this costs N x size^2 exponentials.
    """
    axes = torch.linalg.qr(torch.stack([u, v], 1).double())
    if not (axes.R.diagonal().abs() > 1e-6 * axes.R.abs().max()).all():
        raise ValueError("u and v must point in two different directions.")
    basis = axes.Q * axes.R.diagonal().sign()
    parts = _components(posteriors)
    mean, covariance = mixture.projected(parts, origin, basis)
    axis, cell = _axis(extent, size)
    log_p, unit = prior_density.plane_grid(prior, axis, origin, basis), prior_density.is_standard(prior)
    if not covariance[:, 0, 1].any():
        deviations = covariance.diagonal(dim1=1, dim2=2).sqrt()
        drawn = _axis_aligned(Mixture(mean, deviations, parts.log_weight), axis, cell)
        return _density_grid(axis, log_p, *drawn, unit_prior=unit)
    lengths, directions = torch.linalg.eigh(covariance)
    floored = int((lengths[:, 0] < cell**2).sum())
    at = partial(mixture.correlated_grid, axis, axis, mean.float())
    exact = log_q = at(covariance, parts.log_weight)
    if floored:
        log_q = at(directions * lengths.clamp(min=cell**2)[:, None] @ directions.mT, parts.log_weight)
    return _density_grid(axis, log_p, log_q, exact, floored, unit_prior=unit)


def pca_plane(posteriors: Posteriors) -> tuple[Tensor, Tensor, Tensor]:
    """origin, u, v [D] for `plane`: the plane in which the posterior means vary most.

    Of the means alone: a collapsed coordinate carries nothing, yet has the whole variance of the prior.
    The origin is the prior's, and the largest entry of u and of v is positive.
    """
    if posteriors.dimensions < 2:
        raise ValueError("A plane needs at least two latent dimensions.")
    mean = posteriors.mean.double()
    _, directions = torch.linalg.eigh((mean - mean.mean(0)).T @ (mean - mean.mean(0)))
    u, v = (w * w[w.abs().argmax()].sign() for w in (directions[:, -1], directions[:, -2]))
    return torch.zeros_like(posteriors.mean[0]), u.float(), v.float()


def slice(
    posteriors: Posteriors,
    z: Tensor,
    dims: tuple[int, int] = (0, 1),
    extent: float = 4.0,
    size: int = 256,
    prior: Prior | None = None,
) -> DensityGrid:
    """The exact conditional q(z_a, z_b | all other coordinates as in z), z [D].

    Component i weighs q(z_rest | x_i). `DensityGrid.rest` tells how likely z_rest itself is.
    """
    columns = _checked(dims, posteriors.dimensions)
    axis, cell = _axis(extent, size)
    given, log_q_rest = mixture.conditional(_components(posteriors), z, columns)
    drawn = _axis_aligned(given, axis, cell)
    log_p, log_p_rest = prior_density.slice_grid(prior, axis, z, columns)
    unit = prior_density.is_standard(prior)
    return _density_grid(axis, log_p, *drawn, rest=log_q_rest - log_p_rest, unit_prior=unit)


def hole_mass(
    posteriors: Posteriors,
    samples: int = 10_000,
    ratio: float = 10.0,
    mass: float = 0.95,
    generator: torch.Generator | None = None,
    prior: Prior | None = None,
) -> Estimate:
    """Prior mass in holes, in all D dimensions.

    That is where, inside the prior's highest-density region of the given mass, q(z) < p(z) / ratio.
    Prior samples scored under the exact mixture, never floored. Without a generator, the same samples every
    time. In many dimensions N narrow posteriors cannot cover the region however well they are spread, as
    mutual information near log N shows; then this speaks of N too.
    """
    generator = generator or torch.Generator().manual_seed(0)
    z = prior_samples(samples, posteriors.dimensions, mass, generator, prior)
    return _share(log_density(posteriors, z) < log_prior(z, prior) - math.log(ratio), of=mass)


def outside_mass(
    posteriors: Posteriors,
    samples: int = 10_000,
    mass: float = 0.95,
    generator: torch.Generator | None = None,
    prior: Prior | None = None,
) -> Estimate:
    """The inverse of a hole: mass of q(z) outside the prior's region of the given mass, 1 - mass if q were p.

    Every component is drawn from equally often, at least `samples` times in all. The error is that of as many
    independent draws, an upper bound.
    """
    generator = generator or torch.Generator().manual_seed(0)
    mean, scale, _ = _components(posteriors)
    draws = math.ceil(samples / len(mean))
    z = mean + scale * torch.randn(draws, *mean.shape, generator=generator)
    if prior_density.is_standard(prior):
        return _share((z.square().sum(-1) > radius_squared(mass, posteriors.dimensions)).flatten())
    edge = prior_density.level(mass, posteriors.dimensions, prior)
    return _share(log_prior(z.flatten(0, 1), prior) < edge)


def _share(hits: Tensor, of: float = 1.0) -> Estimate:
    n, count = len(hits), int(hits.sum())
    likely = (count + 1) / (n + 2)  # so that no hit at all is not taken for certainty
    return Estimate(of * count / max(n, 1), of * math.sqrt(likely * (1 - likely) / max(n, 1)))


def _axis_aligned(
    parts: Mixture, axis: Tensor, cell: float
) -> tuple[tuple[Tensor, float], tuple[Tensor, float], int]:
    """log q [G, G] of two dimensions and its floor, to be drawn and exact, and how many were widened."""
    floored = int((parts.scale < cell).any(1).sum())
    mean, scale, log_weight = parts.mean.float(), parts.scale.float(), parts.log_weight.float()
    if not floored:
        exact = mixture.axis_grid(axis, axis, mean, scale, log_weight)
        return exact, exact, 0
    exact, drawn = mixture.axis_grids(axis, axis, mean, scale, log_weight, cell)
    return drawn, exact, floored


def _density_grid(
    axis: Tensor,
    log_p: Tensor,
    drawn: tuple[Tensor, float],
    exact: tuple[Tensor, float],
    floored: int,
    unit_prior: bool,
    rest: float = 0.0,
) -> DensityGrid:
    """drawn, exact: log q [G, G] and its floor."""
    return DensityGrid(axis, axis, drawn[0], log_p, exact[0], floored, drawn[1], exact[1], rest, unit_prior)


def _components(posteriors: Posteriors, columns: list[int] | None = None) -> Mixture:
    """q(z) as a mixture, at least float32; the marginal of some coordinates."""
    mean, log_var = posteriors.mean, posteriors.log_var
    if columns is not None:
        mean, log_var = mean[:, columns], log_var[:, columns]
    dtype = torch.promote_types(mean.dtype, torch.float32)
    scale = (0.5 * log_var.to(dtype)).exp()
    return Mixture(mean.to(dtype), scale, mixture.uniform(len(scale)))


def _checked(dims: tuple[int, int], dimensions: int) -> list[int]:
    if len(set(dims)) != 2 or not all(0 <= d < dimensions for d in dims):
        raise ValueError(f"dims must be two different coordinates from 0 to {dimensions - 1}, not {dims}.")
    return list(dims)


def _axis(extent: float, size: int) -> tuple[Tensor, float]:
    """Grid coordinates [size] and the side of a cell."""
    if extent <= 0 or size < 2:
        raise ValueError(f"A grid needs extent > 0 and size >= 2, not {extent} and {size}.")
    return torch.linspace(-extent, extent, size, dtype=torch.float64).float(), 2 * extent / (size - 1)
