"""The prior p(z) as analyses ask for it: at points, on planes, and its region of a given mass.

Everywhere `prior` is one of `model.priors`, and None is N(0, I). A prior that depends on the class is here
its marginal sum_y p(y) p(z|y). Of Gaussians and their mixtures all is exact. Of a prior that has only
`sample` and `log_prob`, points are exact too; marginals of some dimensions are kernel estimates from samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import mixture
from vae_core.analysis.mixture import Mixture
from vae_core.constants import LOG_2PI
from vae_core.model.priors import Prior


@dataclass(frozen=True)
class Estimate:
    """A Monte Carlo estimate and its standard error."""

    value: float
    error: float


SAMPLES = 50_000  # of a prior that has nothing but samples
BLOCK = 4096  # points at a time


def is_standard(prior: Prior | None) -> bool:
    """Whether it is N(0, I)."""
    return prior is None or prior.standard


@torch.inference_mode()
def log_prior(z: Tensor, prior: Prior | None = None) -> Tensor:
    """log p(z) in nats. z [M, D] -> [M], in the precision of z where the prior is N(0, I) or a mixture."""
    if prior is None or prior.standard:
        return -0.5 * (z.square() + LOG_2PI).sum(1)
    if (parts := components(prior)) is not None:
        return mixture.log_density(z, *parts)
    parameter = next(prior.parameters(), z)
    points = z.to(parameter.device, parameter.dtype)
    return torch.cat([prior.log_prob(block) for block in points.split(BLOCK)]).to(z.device)


def components(prior: Prior | None, dimensions: int | None = None) -> Mixture | None:
    """p(z) as a mixture of diagonal Gaussians, on the CPU; None where it is none. dimensions: of N(0, I)."""
    if prior is None:
        assert dimensions is not None
        return Mixture(torch.zeros(1, dimensions), torch.ones(1, dimensions), torch.zeros(1))
    found = prior.mixture()
    if found is None:
        return None
    mean, log_var, log_weight = (value.detach().cpu() for value in found)
    return Mixture(mean, (0.5 * log_var).exp(), log_weight)


@torch.inference_mode()
def samples(count: int, dimensions: int, generator: torch.Generator, prior: Prior | None = None) -> Tensor:
    """z ~ p(z), [count, D], on the CPU. The generator lives there too."""
    if prior is None:
        return torch.randn(count, dimensions, generator=generator)
    parameter = next(prior.parameters(), torch.empty(0))
    if parameter.device.type == "cpu":
        return prior.sample(count, generator)
    seed = int(torch.randint(2**62, (), generator=generator))
    return prior.sample(count, torch.Generator(parameter.device).manual_seed(seed)).cpu()


def level(mass: float, dimensions: int, prior: Prior | None = None) -> float:
    """The log density in nats at the edge of the prior's highest-density region of the given mass.

    Of N(0, I) in closed form; else a quantile of log p over 20,000 of its own samples, whose error in mass is
    0.15 % at 95 %.
    """
    if is_standard(prior):
        return -0.5 * (radius_squared(mass, dimensions) + dimensions * LOG_2PI)
    _check(mass)
    own = samples(20_000, dimensions, torch.Generator().manual_seed(0), prior)
    return float(log_prior(own, prior).double().quantile(1 - mass))


def radius_squared(mass: float, dimensions: int) -> float:
    """The squared radius within which N(0, I) holds the given mass: a quantile of chi-square."""
    from scipy.special import chdtri

    _check(mass)
    return float(chdtri(dimensions, 1 - mass))


def samples_within(
    tries: int, dimensions: int, mass: float, generator: torch.Generator, prior: Prior | None = None
) -> Tensor:
    """Those of `tries` samples of p(z) within its region of the given mass, [about mass * tries, D]."""
    z = samples(tries, dimensions, generator, prior)
    if is_standard(prior):
        return z[z.square().sum(1) <= radius_squared(mass, dimensions)]
    return z[log_prior(z, prior) >= level(mass, dimensions, prior)]


# --- on planes ----------------------------------------------------------------------------------


def marginal_grid(prior: Prior | None, axis: Tensor, columns: list[int]) -> Tensor:
    """log p(z_a, z_b) [G, G] at (axis[i], axis[j]), all other dimensions integrated out."""
    if prior is None or prior.standard:
        return unit_grid(axis)
    if (parts := components(prior)) is not None:
        return mixture.axis_grid(
            axis, axis, parts.mean[:, columns], parts.scale[:, columns], parts.log_weight
        )[0]
    if prior.latent == 2:
        return log_prior(_points(axis, torch.zeros(2), columns), prior).view(len(axis), -1)
    return _kernel_grid(_own_samples(prior)[:, columns], axis)


def plane_grid(prior: Prior | None, axis: Tensor, origin: Tensor, basis: Tensor) -> Tensor:
    """log p [G, G] of the coordinates of z - origin [D] along an orthonormal basis [D, 2]."""
    if prior is None or prior.standard:
        return unit_grid(axis, -(origin.double() @ basis.double()))
    parts = components(prior)
    if parts is None:
        return _kernel_grid((_own_samples(prior).double() - origin).float() @ basis.float(), axis)
    mean, covariance = mixture.projected(parts, origin, basis)
    return mixture.correlated_grid(axis, axis, mean.float(), covariance, parts.log_weight)[0]


def slice_grid(prior: Prior | None, axis: Tensor, z: Tensor, columns: list[int]) -> tuple[Tensor, float]:
    """log p(z_a, z_b | all others as in z [D]) [G, G], and log p of those others in nats."""
    if prior is None or prior.standard:
        others = [d for d in range(len(z)) if d not in columns]
        return unit_grid(axis), float(log_prior(z[None, others].double()))
    if (parts := components(prior)) is not None:
        given, log_rest = mixture.conditional(parts, z, columns)
        return mixture.axis_grid(axis, axis, given.mean, given.scale, given.log_weight)[0], log_rest
    log_joint = log_prior(_points(axis, z, columns), prior).view(len(axis), -1)
    # What the others weigh is the integral over the two, on a plane that reaches farther than the map.
    wide = torch.linspace(-1, 1, 256) * max(12.0, 2 * float(axis.abs().max()))
    cell = float(wide[1] - wide[0])
    whole = log_prior(_points(wide, z, columns), prior)
    log_rest = float(whole.double().logsumexp(0)) + 2 * math.log(cell)
    return log_joint - log_rest, log_rest


def unit_grid(axis: Tensor, mean: Tensor | None = None) -> Tensor:
    """log N((a_i, a_j); mean, I) in nats [G, G]."""
    x, y = (axis, axis) if mean is None else (axis - mean[0], axis - mean[1])
    return (-0.5 * (x[:, None].square() + y.square()) - LOG_2PI).float()


def _own_samples(prior: Prior) -> Tensor:
    return samples(SAMPLES, prior.latent, torch.Generator().manual_seed(0), prior)


def _kernel_grid(points: Tensor, axis: Tensor) -> Tensor:
    """The log density of points [S, 2] smoothed by Gaussian kernels, as wide as Scott's rule says (1992)."""
    spread = (
        points.quantile(0.75, dim=0) - points.quantile(0.25, dim=0)
    ) / 1.349  # heavy tails do not widen it
    scale = (spread * len(points) ** (-1 / 6)).clamp(min=float(axis[1] - axis[0])).expand_as(points)
    return mixture.axis_grid(axis, axis, points, scale, mixture.uniform(len(points)).float())[0]


def _points(axis: Tensor, z: Tensor, columns: list[int]) -> Tensor:
    """Codes [G * G, D]: z [D] with its two columns at every place of the grid."""
    codes = z.float().repeat(len(axis) ** 2, 1)
    codes[:, columns[0]] = axis.repeat_interleave(len(axis))
    codes[:, columns[1]] = axis.repeat(len(axis))
    return codes


def _check(mass: float) -> None:
    if not 0 < mass < 1:
        raise ValueError(f"mass must lie between 0 and 1, not {mass}.")
