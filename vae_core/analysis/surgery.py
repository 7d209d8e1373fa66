"""ELBO surgery: what the KL term is made of.

Averaged over the images, after Hoffman and Johnson 2016, and Chen et al. 2018, equation 2:

    E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z))                     mutual information, marginal KL
          KL(q(z) || p(z)) = KL(q(z) || prod_d q(z_d)) + sum_d KL(q(z_d) || p(z_d))
                                       total correlation, dimension-wise KL

q(z) and q(z_d) are the exact mixtures over all N images; nothing is estimated from minibatches.

Where the prior is one for each class y, all of this holds within each class, and is averaged over the
classes of the images: I(x; z|y) and KL(q(z|y) || p(z|y)). Where dimensions depend on each other under the
prior, a mixture say, the KL has one more part, E_q[log prod_d p(z_d) - log p(z)], their dependence.

Of posteriors that are no diagonal Gaussians, q(z) is the mixture of the Gaussians of the same means and
variances, and what the KL has beyond theirs is information about the image: I(x; z) takes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vae_core.analysis import kl_divergence, mixture, prior_density
from vae_core.constants import LOG_2PI
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior


@dataclass(frozen=True, eq=False)
class ElboSurgery:
    """The parts of the ELBO in nats per image; every `_error` is the standard error of its estimate.

    kl is in closed form where the prior is Gaussian; marginal_kl = kl - mutual_information then shares its
    error. A part that is zero in truth may come out negative by its error. given_class: whether all is within
    classes; log_n is then the average over them. dependence: of the dimensions under the prior.

    All of it is exact for these N images. Of all images that there may be, of which these are a sample, the
    mutual information lies, in expectation, between mutual_information, which cannot exceed log_n = log N,
    and mutual_information_upper: the mean log-ratio of an image's posterior to those of all others (Poole et
    al. 2019, section 2, the leave-one-out upper bound), or the KL where that is less. Where the two lie
    apart, the number speaks of N and D, not of the model: N images do not cover the space. Marginal KL and
    total correlation are then too high by as much as it is too low.
    """

    reconstruction: float | None
    kl: float
    mutual_information: float
    mutual_information_upper: float
    marginal_kl: float
    total_correlation: float
    dimension_kl: Tensor
    log_n: float
    mutual_information_error: float
    total_correlation_error: float
    dimension_kl_error: Tensor
    dependence: float = 0.0
    dependence_error: float = 0.0
    given_class: bool = False


def decompose(
    posteriors: Posteriors,
    reconstruction: float | None = None,
    seed: int = 0,
    points: int = 10_000,
    prior: Prior | None = None,
) -> ElboSurgery:
    """Split E_x KL(q(z|x) || p(z)) into mutual information, total correlation and dimension-wise KL.

    reconstruction: E_q[log p(x|z)], passed through. points: how many z are drawn, at least. Where there are
    more images, as many chosen at random give one each; else all give equally many. Costs points x N x D.

    I(x; z) = E[log q(z|x) - log q(z)] and KL(q(z_d) || p(z_d)) = E[log q(z_d) - log p(z_d)] are averages over
    the same z, each with the noise taken out that the known closed form of KL(q(z_d|x) || p(z_d)) explains.
    Total correlation is the rest.
    """
    if not posteriors.gaussian:
        alike = Posteriors(posteriors.mean, posteriors.log_var, posteriors.labels)
        found = decompose(alike, reconstruction, seed, points, prior)
        return _beyond_gaussian(found, kl_divergence.average(posteriors, prior).total)
    if prior is not None and kl_divergence.depends_on_class(posteriors, prior):
        groups = [(those, under) for _, those, under in kl_divergence.by_class(posteriors, prior)]
        parts = [decompose(those, None, seed, points, under) for those, under in groups]
        return _averaged(parts, [len(those) / len(posteriors) for those, _ in groups], reconstruction)
    own = kl_divergence.whitened(posteriors, prior)
    if own is None:
        return _split(posteriors, prior, reconstruction, seed, points)
    return _split(own, None, reconstruction, seed, points)


def _beyond_gaussian(found: ElboSurgery, kl: float) -> ElboSurgery:
    """The same with the true KL: the rest is what each q(z|x) says beyond its mean and its variances."""
    beyond = kl - found.kl
    return replace(
        found,
        kl=kl,
        mutual_information=found.mutual_information + beyond,
        mutual_information_upper=found.mutual_information_upper + beyond,
    )


def _split(
    posteriors: Posteriors, prior: Prior | None, reconstruction: float | None, seed: int, points: int
) -> ElboSurgery:
    generator = torch.Generator().manual_seed(seed)
    n = len(posteriors)
    images = torch.randperm(n, generator=generator)[:points].repeat(max(1, math.ceil(points / n)))
    mean, scale = posteriors.mean.float(), (0.5 * posteriors.log_var.float()).exp()
    noise = torch.randn(len(images), posteriors.dimensions, generator=generator)
    z = mean[images] + scale[images] * noise

    # q(z) with and without the image's own posterior, which is one of its N components.
    log_qzd_x = -0.5 * (noise.double().square() + LOG_2PI) - scale[images].double().log()
    log_others, log_qzd = mixture.log_density_and_marginals(z, mean, scale, mixture.uniform(n), images)
    log_qz = torch.logaddexp(log_others.double(), log_qzd_x.sum(1) - math.log(n))
    upper = log_qzd_x.sum(1) - log_others.double() - (math.log(n / (n - 1)) if n > 1 else 0.0)
    dependence = torch.zeros(len(z), dtype=torch.float64)
    if prior is None:
        log_pzd = -0.5 * (z.double().square() + LOG_2PI)
    else:
        log_pzd = kl_divergence.marginals(prior)(z).double()
        dependence = log_pzd.sum(1) - prior_density.log_prior(z, prior).double()

    # Two things that average zero: a draw's log-ratio about its image's KL, and an image's KL about the mean.
    image_kl = kl_divergence.dimensions(posteriors, prior)
    whole = image_kl.mean(0)
    draw = log_qzd_x - log_pzd - image_kl[images]
    image = image_kl[images] - whole

    information = _less_noise(log_qzd_x.sum(1) - log_qz, torch.column_stack([draw, image.sum(1)]))
    dimension = _less_noise((log_qzd - log_pzd).T, torch.stack([draw, image], -1).transpose(0, 1)).T
    correlation = whole.sum() - information - dimension.sum(1)

    root = math.sqrt(len(images))
    total = float(whole.sum() + dependence.mean())
    return ElboSurgery(
        reconstruction=reconstruction,
        kl=total,
        mutual_information=float(information.mean()),
        mutual_information_upper=min(float(upper.mean()) if n > 1 else math.inf, total),
        marginal_kl=total - float(information.mean()),
        total_correlation=float(correlation.mean()),
        dimension_kl=dimension.mean(0),
        log_n=math.log(n),
        mutual_information_error=float(information.std()) / root,
        total_correlation_error=float(correlation.std()) / root,
        dimension_kl_error=dimension.std(0) / root,
        dependence=float(dependence.mean()),
        dependence_error=float(dependence.std()) / root,
    )


def _averaged(parts: list[ElboSurgery], shares: list[float], reconstruction: float | None) -> ElboSurgery:
    """The mean over classes, which hold these shares of the images."""

    def mean(name: str) -> Any:
        return sum(share * getattr(part, name) for share, part in zip(shares, parts, strict=True))

    def error(name: str) -> Any:
        squares = [(share * getattr(part, name)) ** 2 for share, part in zip(shares, parts, strict=True)]
        return sum(squares) ** 0.5

    return ElboSurgery(
        reconstruction=reconstruction,
        given_class=True,
        **{
            name: mean(name)
            for name in (
                "kl",
                "mutual_information",
                "mutual_information_upper",
                "marginal_kl",
                "total_correlation",
                "dimension_kl",
                "log_n",
                "dependence",
            )
        },
        **{
            name: error(name)
            for name in (
                "mutual_information_error",
                "total_correlation_error",
                "dimension_kl_error",
                "dependence_error",
            )
        },
    )


def _less_noise(value: Tensor, controls: Tensor) -> Tensor:
    """value [..., M] less what a regression on controls [..., M, K], of known mean zero, explains of it.

    Its mean estimates the same, with a smaller error: control variates, e.g. Owen 2013, chapter 8.9.
    """
    centred = value - value.mean(-1, keepdim=True)
    # gelsd, because the controls of a collapsed dimension are zero throughout.
    fit = torch.linalg.lstsq(controls, centred[..., None], driver="gelsd").solution
    return value - (controls @ fit)[..., 0]
