"""Adaptive importance sampling: mixtures of Gaussians fitted to weighed draws, for many targets at once.

z [S, P, D] are S draws for each of P targets, densities that are known up to a constant; every log is [S, P],
in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.constants import LOG_2PI

HALVINGS = 12  # of the range in which the power of weights is sought
STEPS = 2  # of expectation maximisation


class GaussianMixtures:
    """One mixture of M Gaussians for each of P targets.

    mean [M, P, D], covariance [M, P, D, D], log_weight [M, P], normalised over M.
    """

    def __init__(self, mean: Tensor, covariance: Tensor, log_weight: Tensor) -> None:
        self.mean, self.log_weight = mean, log_weight
        root = torch.linalg.cholesky(covariance.double())
        unit = torch.eye(root.shape[-1], dtype=root.dtype, device=root.device).expand_as(root)
        inverse = torch.linalg.solve_triangular(root, unit, upper=False)
        log_det = inverse.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        self.root, self.inverse = root.to(mean), inverse.to(mean)
        self._height = log_weight + log_det.to(mean) - 0.5 * mean.shape[-1] * LOG_2PI  # [M, P]

    def components(self, z: Tensor) -> Tensor:
        """log (weight N(z; mean, covariance)) of every component [M, S, P]."""
        # From one of the means on, which loses no digits to the distance from 0, all M in one product.
        centre, (m, _, d) = self.mean[0], self.mean.shape
        inverse = self.inverse.transpose(0, 1)  # [P, M, D, D]
        offset = inverse @ (self.mean - centre).transpose(0, 1)[..., None]
        scaled = torch.baddbmm(
            -offset.flatten(1)[:, None], (z - centre).transpose(0, 1), inverse.flatten(1, 2).mT
        )
        squares = scaled.unflatten(-1, (m, d)).square().sum(-1)  # [P, S, M]
        return (self._height[:, :, None] - 0.5 * squares.permute(2, 0, 1)).transpose(1, 2)

    def log_prob(self, z: Tensor) -> Tensor:
        return self.components(z).logsumexp(0)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """z [count, P, D]: of every component the floor or the ceil of its share of `count`."""
        chosen = systematic(self.log_weight.exp(), count, generator)
        target = torch.arange(chosen.shape[1], device=chosen.device)
        shape = (count, *self.mean.shape[1:])
        noise = torch.randn(shape, generator=generator, device=self.mean.device)
        turned = (self.root[chosen, target] @ noise[..., None])[..., 0]
        return self.mean[chosen, target] + turned


class Pool:
    """Draws of several proposals, each weighed under all of them together.

    The density of a draw is sum_k n_k q_k(z) / sum_k n_k, whichever proposal it is of: the balance heuristic
    (Veach and Guibas 1995; Owen 2013, section 9.11), over time a deterministic mixture (Cornuet et al. 2012).
    The mean weight estimates the target's integral without bias where no proposal depends on a draw of the
    pool. Where proposals were fitted to earlier draws that holds no more: such a pool is for fitting alone.
    """

    def __init__(self) -> None:
        self.count = 0
        self._proposals: list[tuple[int, Callable[[Tensor], Tensor]]] = []
        self._parts: list[tuple[Tensor, Tensor, Tensor]] = []  # z, log target, log sum_k n_k q_k(z)

    def add(
        self, z: Tensor, log_target: Tensor, log_prob: Callable[[Tensor], Tensor], count: int | None = None
    ) -> None:
        """Draws z [S, P, D] of a proposal; count: how many it made, where the least likely are left out."""
        count = len(z) if count is None else count
        self._parts = [
            (old, log_p, torch.logaddexp(log_q, log_prob(old) + math.log(count)))
            for old, log_p, log_q in self._parts
        ]
        self._proposals.append((count, log_prob))
        of_each = [density(z) + math.log(number) for number, density in self._proposals]
        self._parts.append((z, log_target, torch.stack(of_each).logsumexp(0)))
        self.count += count

    @property
    def z(self) -> Tensor:
        return torch.cat([z for z, _, _ in self._parts])

    @property
    def log_weight(self) -> Tensor:
        """log (target / density) of every draw [S, P]."""
        parts = [log_target - log_density for _, log_target, log_density in self._parts]
        return torch.cat(parts) + math.log(self.count)


def effective(log_weight: Tensor) -> Tensor:
    """The effective sample size (sum w)^2 / sum w^2 of log weights [S, P] -> [P]; Kong 1992."""
    return (2 * log_weight.logsumexp(0) - (2 * log_weight).logsumexp(0)).exp()


def systematic(weight: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Indices [count, P] into weights [S, P], each floor or ceil of count times its share often, in order.

    Systematic resampling, Kitagawa 1996.
    """
    edges = weight.cumsum(0).T.contiguous()  # [P, S]
    shape, device = (edges.shape[0], 1), weight.device
    start = torch.rand(shape, generator=generator, device=device, dtype=edges.dtype)
    ticks = (torch.arange(count, device=device) + start) / count * edges[:, -1:]
    return torch.searchsorted(edges, ticks).clamp(max=len(weight) - 1).T


def tempered(log_weight: Tensor, size: float) -> Tensor:
    """Weights to the highest power t <= 1 at which their effective sample size is `size`; normalised [S, P].

    A pilot that missed the target has one draw with all the weight, from which no covariance can be had.
    """
    low = torch.zeros_like(log_weight[0])
    high = torch.ones_like(low)
    power = high
    for _ in range(HALVINGS):
        enough = effective(power * log_weight) >= size
        low, high = torch.where(enough, power, low), torch.where(enough, high, power)
        power = (low + high) / 2
    return (low * log_weight).softmax(0)


def fit(
    z: Tensor, weight: Tensor, variance: Tensor, components: int, generator: torch.Generator
) -> GaussianMixtures:
    """Mixtures of Gaussians fitted to z [S, P, D] of weights [S, P], normalised.

    Two steps of expectation maximisation from draws resampled by their weights; Cappé et al. 2008, equations
    13 to 15. Covariances lean towards diag(variance), variance [P, D], as if D + 2 draws said so, which keeps
    them from collapsing; weights of components as if one draw each did.
    """
    prior = z.shape[-1] + 2.0
    worth = 1 / weight.square().sum(0)  # [P], in independent draws
    chosen = systematic(weight, components, generator)
    mean = z[chosen, torch.arange(chosen.shape[1], device=z.device)]
    narrow = torch.diag_embed(variance.double())
    covariance = narrow.expand(components, *narrow.shape)
    log_weight = torch.full_like(mean[..., 0], -math.log(components))
    for _ in range(STEPS):
        mixture = GaussianMixtures(mean, covariance, log_weight)
        share = (mixture.components(z).softmax(0) * weight).transpose(1, 2)  # [M, P, S]
        total = share.sum(-1)
        share = (share / total.clamp(min=1e-30)[..., None]).double()
        codes = z.double().transpose(0, 1)  # [P, S, D]
        centre = (share[..., None, :] @ codes)[..., 0, :]
        apart = codes - centre[..., None, :]
        scatter = (apart * share[..., None]).mT @ apart
        draws = (total * worth)[..., None, None].double()
        mean = torch.where(total[..., None] > 1e-20, centre.to(z), mean)
        covariance = (draws * scatter + prior * narrow) / (draws + prior)
        log_weight = ((total * worth + 1) / (worth + components)).log()
    return GaussianMixtures(mean, covariance, log_weight)
