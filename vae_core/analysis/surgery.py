"""ELBO surgery: what the KL term is made of.

Averaged over the images, after Hoffman and Johnson 2016, and Chen et al. 2018, equation 2:

    E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z))                     mutual information, marginal KL
          KL(q(z) || p(z)) = KL(q(z) || prod_d q(z_d)) + sum_d KL(q(z_d) || p(z_d))
                                       total correlation, dimension-wise KL

q(z) and q(z_d) are the exact mixtures over all N images; nothing is estimated from minibatches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import collapse, mixture
from vae_core.model.posteriors import Posteriors


@dataclass(frozen=True, eq=False)
class ElboSurgery:
    """The parts of the ELBO in nats per image; every `_error` is the standard error of its estimate.

    kl is in closed form, so marginal_kl = kl - mutual_information shares its error. A part that is zero in
    truth may come out negative by its error.

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


def decompose(
    posteriors: Posteriors, reconstruction: float | None = None, seed: int = 0, points: int = 10_000
) -> ElboSurgery:
    """Split E_x KL(q(z|x) || p(z)) into mutual information, total correlation and dimension-wise KL.

    reconstruction: E_q[log p(x|z)], passed through. points: how many z are drawn, at least. Where there are
    more images, as many chosen at random give one each; else all give equally many. Costs points x N x D.

    I(x; z) = E[log q(z|x) - log q(z)] and KL(q(z_d) || p(z_d)) = E[log q(z_d) - log p(z_d)] are averages over
    the same z, each with the noise taken out that the known closed form of KL(q(z_d|x) || p(z_d)) explains.
    Total correlation is the rest.
    """
    generator = torch.Generator().manual_seed(seed)
    n = len(posteriors)
    images = torch.randperm(n, generator=generator)[:points].repeat(max(1, math.ceil(points / n)))
    mean, scale = posteriors.mean.float(), (0.5 * posteriors.log_var.float()).exp()
    noise = torch.randn(len(images), posteriors.dimensions, generator=generator)
    z = mean[images] + scale[images] * noise

    # q(z) with and without the image's own posterior, which is one of its N components.
    log_qzd_x = -0.5 * (noise.double().square() + mixture.LOG_2PI) - scale[images].double().log()
    log_others, log_qzd = mixture.log_density_and_marginals(z, mean, scale, mixture.uniform(n), images)
    log_qz = torch.logaddexp(log_others.double(), log_qzd_x.sum(1) - math.log(n))
    upper = log_qzd_x.sum(1) - log_others.double() - (math.log(n / (n - 1)) if n > 1 else 0.0)
    log_pzd = -0.5 * (z.double().square() + mixture.LOG_2PI)

    # Two things that average zero: a draw's log-ratio about its image's KL, and an image's KL about the mean.
    image_kl = collapse.kl(posteriors)
    kl = image_kl.mean(0)
    draw = log_qzd_x - log_pzd - image_kl[images]
    image = image_kl[images] - kl

    information = _less_noise(log_qzd_x.sum(1) - log_qz, torch.column_stack([draw, image.sum(1)]))
    dimension = _less_noise((log_qzd - log_pzd).T, torch.stack([draw, image], -1).transpose(0, 1)).T
    correlation = kl.sum() - information - dimension.sum(1)

    root = math.sqrt(len(images))
    return ElboSurgery(
        reconstruction=reconstruction,
        kl=float(kl.sum()),
        mutual_information=float(information.mean()),
        mutual_information_upper=min(float(upper.mean()) if n > 1 else math.inf, float(kl.sum())),
        marginal_kl=float(kl.sum() - information.mean()),
        total_correlation=float(correlation.mean()),
        dimension_kl=dimension.mean(0),
        log_n=math.log(n),
        mutual_information_error=float(information.std()) / root,
        total_correlation_error=float(correlation.std()) / root,
        dimension_kl_error=dimension.std(0) / root,
    )


def _less_noise(value: Tensor, controls: Tensor) -> Tensor:
    """value [..., M] less what a regression on controls [..., M, K], of known mean zero, explains of it.

    Its mean estimates the same, with a smaller error: control variates, e.g. Owen 2013, chapter 8.9.
    """
    centred = value - value.mean(-1, keepdim=True)
    # gelsd, because the controls of a collapsed dimension are zero throughout.
    fit = torch.linalg.lstsq(controls, centred[..., None], driver="gelsd").solution
    return value - (controls @ fit)[..., 0]
