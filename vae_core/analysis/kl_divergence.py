"""KL(q(z|x) || p(z)), dimension by dimension, under any prior.

Where p(z), given the image's class, is one diagonal Gaussian, each dimension's KL has a closed form. Else it
is that against the marginal p(z_d), given the class, by Gauss-Hermite quadrature; and as dimensions depend on
each other under such a prior, their sum falls short of the KL by the dependence

    E_q[log prod_d p(z_d) - log p(z)].

Of a posterior that is no diagonal Gaussian, a dimension's KL is that of the Gaussian of the same mean and
variance, and the dependence is all that the draws' KL, E_q[log q(z|x) - log p(z)], has beyond their sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from vae_core.analysis import prior_density
from vae_core.analysis.mixture import Mixture
from vae_core.analysis.prior_density import Estimate
from vae_core.constants import LOG_2PI
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Given, Prior

NODES = 32  # of the quadrature
BLOCK = 2**21  # numbers at a time
CELLS = 4096  # of the grid on which samples tell a marginal
SAMPLES = 200_000  # that tell it


class Kl(NamedTuple):
    """dimension [D]: averages over images, in nats; dependence: what their sum lacks of the KL."""

    dimension: Tensor
    dependence: Estimate

    @property
    def total(self) -> float:
        return float(self.dimension.sum()) + self.dependence.value


def average(posteriors: Posteriors, prior: Prior | None = None) -> Kl:
    """The KL of the average image, in nats."""
    return Kl(dimensions(posteriors, prior).mean(0), dependence(posteriors, prior))


@torch.inference_mode()
def dimensions(posteriors: Posteriors, prior: Prior | None = None, samples: int = SAMPLES) -> Tensor:
    """KL(q(z_d|x_i) || p(z_d)) [N, D] in nats, float64; Kingma and Welling 2014, appendix B.

    Of a prior that depends on the class, against p(z_d|y_i) of the image's label; without labels, against the
    marginal over classes. samples: that tell the marginals of a prior that has nothing else.
    """
    own = whitened(posteriors, prior)
    if own is not None:
        return 0.5 * (own.mean.square() + own.log_var.expm1() - own.log_var)
    assert prior is not None
    if depends_on_class(posteriors, prior):
        each = torch.empty(posteriors.mean.shape, dtype=torch.float64)
        for of, those, under in by_class(posteriors, prior):
            each[of] = dimensions(those, under, samples)
        return each
    mean, log_var = posteriors.mean.double(), posteriors.log_var.double()
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.hermite_e.hermegauss(NODES))
    weights = weights / weights.sum()
    log_p_of = marginals(prior, samples)
    found = []
    for m, s in zip(*(part.split(BLOCK // (NODES * mean.shape[1])) for part in (mean, log_var)), strict=True):
        z = m + (0.5 * s).exp() * nodes[:, None, None]
        cross = torch.tensordot(weights, log_p_of(z.flatten(0, 1)).double().unflatten(0, z.shape[:2]), 1)
        found.append(-0.5 * (s + LOG_2PI + 1) - cross)
    return torch.cat(found)


@torch.inference_mode()
def dependence(
    posteriors: Posteriors, prior: Prior | None = None, draws: int = 20_000, seed: int = 0
) -> Estimate:
    """E_q[log prod_d p(z_d) - log p(z)] in nats: 0 where the dimensions are independent under the prior.

    Of posteriors kept as draws, what their KL has beyond the sum over dimensions.
    """
    if not posteriors.gaussian:
        each = sampled(posteriors, prior).mean(1)
        beyond = each - dimensions(posteriors, prior).sum(1)
        return Estimate(float(beyond.mean()), float(beyond.std()) / math.sqrt(len(beyond)))
    if whitened(posteriors, prior) is not None:
        return Estimate(0.0, 0.0)
    assert prior is not None
    groups = [(posteriors, prior)]
    if depends_on_class(posteriors, prior):
        groups = [(those, under) for _, those, under in by_class(posteriors, prior)]
    generator = torch.Generator().manual_seed(seed)
    repeats = max(1, math.ceil(draws / len(posteriors)))
    values = torch.cat([_dependence(those, under, repeats, generator) for those, under in groups])
    return Estimate(float(values.mean()), float(values.std()) / math.sqrt(len(values)))


def _dependence(posteriors: Posteriors, prior: Prior, repeats: int, generator: torch.Generator) -> Tensor:
    """log prod_d p(z_d) - log p(z) of as many draws of each posterior [R * N]."""
    if prior.factors(posteriors.mean[:1].float()) is not None:
        return torch.zeros(repeats * len(posteriors), dtype=torch.float64)
    mean = posteriors.mean.float().repeat(repeats, 1)
    scale = (0.5 * posteriors.log_var.float()).exp().repeat(repeats, 1)
    z = mean + scale * torch.randn(mean.shape, generator=generator)
    return marginals(prior)(z).double().sum(1) - prior_density.log_prior(z, prior).double()


def depends_on_class(posteriors: Posteriors, prior: Prior | None) -> bool:
    """Whether the prior of these images is one of their classes."""
    return prior is not None and prior.conditional and posteriors.labels is not None


def by_class(posteriors: Posteriors, prior: Prior) -> Iterator[tuple[Tensor, Posteriors, Prior]]:
    """Of each class among the labels: whose posteriors are its own [N] bool, these, and p(z|y)."""
    assert posteriors.labels is not None
    for label in posteriors.labels.unique():
        of = posteriors.labels == label
        arrays = posteriors.arrays()
        del arrays["labels"]
        y = one_hot(label, len(prior.log_py)).float().to(prior.log_py.device)
        mine = Posteriors(**{name: torch.from_numpy(value)[of] for name, value in arrays.items()})
        yield of, mine, Given(prior, y)


def entropy(posteriors: Posteriors) -> Estimate:
    """H(q(z|x)) of the average image in nats: -E log q(z|x), in closed form of Gaussians, else of the draws.

    The KL is what the cross-entropy -E_q log p(z) has beyond it.
    """
    if posteriors.log_q is not None:
        each = -posteriors.log_q.double().mean(1)
        return Estimate(float(each.mean()), float(each.std()) / math.sqrt(len(each)))
    return Estimate(float((0.5 * (posteriors.log_var.double() + LOG_2PI + 1)).sum(1).mean()), 0.0)


def sampled(posteriors: Posteriors, prior: Prior | None = None) -> Tensor:
    """log q(z|x_i) - log p(z) of every draw that was kept [N, S], in nats, float64; p(z|y_i) as `dimensions`
    has it. ValueError where the posteriors are Gaussians, of which none are kept."""
    if posteriors.draws is None or posteriors.log_q is None:
        raise ValueError("These posteriors are Gaussians: no draws of them are kept.")
    z = posteriors.draws.float()
    if prior is not None and prior.conditional and posteriors.labels is not None:
        y = one_hot(posteriors.labels, len(prior.log_py)).float()
        log_p = prior.log_prob(z.to(prior.log_py.device), y[:, None].to(prior.log_py.device)).cpu()
    else:
        log_p = prior_density.log_prior(z.flatten(0, 1), prior).unflatten(0, z.shape[:2])
    return posteriors.log_q.double() - log_p.double()


def whitened(posteriors: Posteriors, prior: Prior | None = None) -> Posteriors | None:
    """The posteriors in float64 where the prior, given each image's class, is N(0, I); None where it is no
    single Gaussian. The KL and all that it is made of stay as they are."""
    mean, log_var = posteriors.mean.double(), posteriors.log_var.double()
    if prior is None or prior.standard:
        return Posteriors(mean, log_var, posteriors.labels)
    y = None
    if prior.conditional and posteriors.labels is not None:
        y = one_hot(posteriors.labels, len(prior.log_py)).float()
    moments = prior.gaussian(None if y is None else y.to(prior.log_py.device))
    if moments is None:
        return None
    prior_mean, prior_log_var = (moment.detach().cpu().double() for moment in moments)
    return Posteriors(
        (mean - prior_mean) * (-0.5 * prior_log_var).exp(), log_var - prior_log_var, posteriors.labels
    )


# --- marginals of a prior -----------------------------------------------------------------------


def marginals(prior: Prior, samples: int = SAMPLES) -> Callable[[Tensor], Tensor]:
    """The function from z [M, D] to log p(z_d) [M, D] in nats.

    Exact of independent dimensions and of mixtures of Gaussians; else of so many samples, smoothed.
    """
    if prior.factors(torch.zeros(1, prior.latent)) is not None:
        return lambda z: _factors(prior, z)
    if (parts := prior_density.components(prior)) is not None:
        return partial(_of_mixture, parts)
    return _of_samples(prior, samples)


def _factors(prior: Prior, z: Tensor) -> Tensor:
    found = prior.factors(z.float())
    assert found is not None
    return found


def _of_mixture(parts: Mixture, z: Tensor) -> Tensor:
    found = []
    for points in z.split(max(1, BLOCK // parts.mean.numel())):
        t = (points[:, None].double() - parts.mean) / parts.scale
        log_each = -0.5 * (t.square() + LOG_2PI) - parts.scale.log() + parts.log_weight[:, None]
        found.append(log_each.logsumexp(1))
    return torch.cat(found)


def _of_samples(prior: Prior, count: int) -> Callable[[Tensor], Tensor]:
    """Histograms of samples, smoothed by Gaussian kernels as wide as Silverman's rule says (1986), in cells
    that grow with the distance from the middle: z = middle + width sinh(u), so that heavy tails find room."""
    from scipy.ndimage import gaussian_filter1d

    own = prior_density.samples(count, prior.latent, torch.Generator().manual_seed(0), prior).double()
    middle = own.median(0).values
    width = (own.quantile(0.75, dim=0) - own.quantile(0.25, dim=0)).clamp(min=1e-6) / 1.349
    u = ((own - middle) / width).asinh()
    reach = float(u.abs().max()) + 1
    cell = 2 * reach / CELLS
    kernel = 0.9 * u.std(0) * count ** (-0.2) / cell
    log_density = []
    for d in range(prior.latent):
        counts = torch.histc(u[:, d], CELLS, -reach, reach).numpy()
        smooth = gaussian_filter1d(counts, float(kernel[d]), mode="constant") + 1e-9
        log_density.append(torch.from_numpy(np.log(smooth / (smooth.sum() * cell))))
    table = torch.stack(log_density)  # [D, CELLS], of u

    def log_p(z: Tensor) -> Tensor:
        scaled = (z.double() - middle) / width
        at = ((scaled.asinh() + reach) / cell - 0.5).clamp(0, CELLS - 1.001)
        left = at.floor().long()
        rows = torch.arange(prior.latent)
        low, high = table[rows, left], table[rows, left + 1]
        log_u = low + (at - left) * (high - low)
        return log_u - (width * (1 + scaled.square()).sqrt()).log()

    return log_p
