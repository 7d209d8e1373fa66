"""Where the KL moves the codes of each class: the prior pulls, the entropy of q(z) pushes.

KL(q(z) || p(z)) = E_q[-log p(z)] - H(q(z)), a cross-entropy less an entropy. Where all codes z may move, it
falls fastest along

    grad log p(z)  -  grad log q(z)          pull and push,

the velocity of the Fokker-Planck equation, whose end is q = p (Jordan, Kinderlehrer and Otto 1998). Where the
two are equal and opposite the prior is the aggregated posterior. The entropy of each q(z|x) has no such
direction: it does not depend on where its mean is, and its gradient is 1 in every log sigma.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vae_core.constants import LOG_2PI
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior

DRAWS = 4000  # of q(z), over all classes
BLOCK = 2**21  # numbers at a time


class Forces(NamedTuple):
    """classes [C]: labels, rising. center [C, D]: the mean code of each; pull, push [C, D]: means over its
    codes' posteriors; share [C]: of the images."""

    classes: Tensor
    center: Tensor
    pull: Tensor
    push: Tensor
    share: Tensor


def of_classes(
    posteriors: Posteriors,
    prior: Prior | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    smoothed: bool = True,
) -> Forces:
    """Pull and push of each class, float64; of all images together where they have no labels.

    q(z) is the mixture over all images; a prior that depends on the class is its marginal. draws: of q(z), at
    least one for each image that is looked at. Costs draws x N x D.

    smoothed: whether q(z), for the push, has Gaussian kernels as wide as Scott's rule says (1992) over it.
    Without, the push is that of the exact mixture: between narrow posteriors of so many images its gradient
    is steep and changes from one image to the next, and no few thousand draws tell its mean.

    Of a class c, E grad log q_c(z) over its own codes is the integral of grad q_c(z), which is 0. So its push
    is the mean of grad log q_c(z) - grad log q(z), which a few draws tell well, and where no other class has
    codes it is nothing: classes push each other.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = posteriors.labels
    if labels is None:
        labels = torch.zeros(len(posteriors), dtype=torch.long)
    chosen = torch.randperm(len(posteriors), generator=generator)[:draws]
    chosen = chosen.repeat(-(-draws // len(chosen)))
    noise = torch.randn(len(chosen), posteriors.dimensions, generator=generator, dtype=torch.float64)
    wide = _smoothed(posteriors) if smoothed else posteriors
    pulls, pushes, centers = [], [], []
    for label in (classes := labels.unique()):
        own, drawn = labels == label, labels[chosen] == label
        alone = Posteriors(wide.mean[own], wide.log_var[own])
        at = _draw(wide, chosen[drawn], noise[drawn])
        pushes.append((gradient(at, alone) - gradient(at, wide)).mean(0))
        pulls.append(prior_gradient(_draw(posteriors, chosen[drawn], noise[drawn]), prior).mean(0))
        centers.append(posteriors.mean[own].double().mean(0))
    center, standard = torch.stack(centers), prior is None or prior.standard
    share = torch.stack([(labels == label).double().mean() for label in classes])
    return Forces(classes, center, -center if standard else torch.stack(pulls), torch.stack(pushes), share)


def _draw(posteriors: Posteriors, images: Tensor, noise: Tensor) -> Tensor:
    return posteriors.mean[images].double() + (0.5 * posteriors.log_var[images].double()).exp() * noise


def _smoothed(posteriors: Posteriors) -> Posteriors:
    """Each posterior under a Gaussian kernel; Scott 1992: sigma_d N^(-1 / (D + 4)), of the means' sigma."""
    count, dimensions = posteriors.mean.shape
    width = posteriors.mean.double().std(0, correction=0) * count ** (-1 / (dimensions + 4))
    log_var = (posteriors.log_var.double().exp() + width.square()).log()
    return Posteriors(posteriors.mean.double(), log_var, posteriors.labels)


def prior_gradient(z: Tensor, prior: Prior | None = None) -> Tensor:
    """grad log p(z) [M, D] of z [M, D]; -z under N(0, I)."""
    if prior is None or prior.standard:
        return -z
    parameter = next(prior.parameters(), torch.empty(0))
    with torch.enable_grad():
        at = z.to(parameter.device, parameter.dtype).requires_grad_()
        (found,) = torch.autograd.grad(prior.log_prob(at).sum(), at)
    return found.to(z)


def gradient(z: Tensor, posteriors: Posteriors) -> Tensor:
    """grad log q(z) [M, D] of z [M, D]: sum_n r_n (mean_n - z) / var_n, with r_n the share of posterior n in
    the exact mixture there."""
    mean, log_var = posteriors.mean.double(), posteriors.log_var.double()
    precision = (-log_var).exp()
    found = []
    for points in z.double().split(max(1, BLOCK // len(mean))):
        log_each = -0.5 * (log_var + LOG_2PI).sum(1).repeat(len(points), 1)
        for d in range(mean.shape[1]):
            log_each.addcmul_((points[:, d, None] - mean[:, d]).square_(), precision[:, d], value=-0.5)
        share = log_each.softmax(1)
        found.append(share @ (mean * precision) - points * (share @ precision))
    return torch.cat(found)
