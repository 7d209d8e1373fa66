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
BLOCK = 2**22  # numbers at a time


class Forces(NamedTuple):
    """classes [C]: labels, rising. center [C, D]: the mean code of each; pull, push [C, D]: means over draws
    of its codes' posteriors; share [C]: of the images."""

    classes: Tensor
    center: Tensor
    pull: Tensor
    push: Tensor
    share: Tensor


def of_classes(
    posteriors: Posteriors, prior: Prior | None = None, draws: int = DRAWS, seed: int = 0
) -> Forces:
    """Pull and push of each class, float64; of all images together where they have no labels.

    q(z) is the exact mixture over all images; a prior that depends on the class is its marginal. draws: of
    q(z), at least one for each image that is looked at. Costs draws x N x D.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = posteriors.labels
    if labels is None:
        labels = torch.zeros(len(posteriors), dtype=torch.long)
    chosen = torch.randperm(len(posteriors), generator=generator)[:draws]
    chosen = chosen.repeat(-(-draws // len(chosen)))
    mean, scale = posteriors.mean.double(), (0.5 * posteriors.log_var.double()).exp()
    noise = torch.randn(len(chosen), posteriors.dimensions, generator=generator, dtype=torch.float64)
    z = mean[chosen] + scale[chosen] * noise
    pull, push = prior_gradient(z, prior), -gradient(z, posteriors)
    classes = labels.unique()
    of = [labels[chosen] == label for label in classes]
    return Forces(
        classes,
        torch.stack([mean[labels == label].mean(0) for label in classes]),
        torch.stack([pull[mine].mean(0) for mine in of]),
        torch.stack([push[mine].mean(0) for mine in of]),
        torch.stack([(labels == label).double().mean() for label in classes]),
    )


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
    for points in z.double().split(max(1, BLOCK // mean.numel())):
        away = mean - points[:, None]
        log_each = -0.5 * (away.square() * precision + log_var + LOG_2PI).sum(-1)
        found.append(torch.einsum("mn,mnd->md", log_each.softmax(1), away * precision))
    return torch.cat(found)
