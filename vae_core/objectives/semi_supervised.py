"""Objectives of images and their classes: the bound of both together, and of images without a label."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core import spec
from vae_core.model.vae import Terms
from vae_core.objectives.elbo import Elbo
from vae_core.objectives.objective import Logged
from vae_core.objectives.schedules import ramp


@dataclass(frozen=True)
class Parts:
    """A bound's parts, nats per image. Of code and class together, the KL is `kl` + `class_kl`."""

    reconstruction: Tensor
    kl: Tensor  # of the code: KL(q(z|x, y) || p(z|y)), expected under the class
    class_kl: Tensor  # of the class: KL(q(y|x) || p(y)); where it is known, -log p(y)
    dimension_kl: Tensor  # of the code [D]; empty where no closed form is known

    def mixed(self, other: Parts, share: float) -> Parts:
        """The average over images of which `share` are those of the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Parts(*(torch.lerp(one, two, share) for one, two in pairs))


def bound(terms: Terms, analytic: bool = True, heed: Tensor | float = 1.0) -> Parts:
    """The ELBO of one pass. Under a condition of known class, of log p(x|y), and with `class_kl` of
    log p(x, y) (Kingma et al. 2014, eq. 6). Where the class is summed out, of log p(x), under
    q(z|x, y) q(y|x) (eq. 7).

    analytic: the closed form of the KL of the code, where there is one. heed: what the gradient with respect
    to q(y|x) is multiplied by. Raises ValueError where q(y|x) is needed and the model has no classifier.
    """
    q, class_kl = terms.log_px.new_ones(1, terms.log_px.shape[1]), terms.log_px.new_zeros(())
    if terms.summed:
        if terms.log_qy is None or terms.log_py is None:
            raise ValueError("Without a classifier this model must be told the class of every image.")
        log_q = torch.lerp(terms.log_qy.detach(), terms.log_qy, heed).T  # [K, B]
        q = log_q.exp()
        class_kl = (q * (log_q - terms.log_py[:, None])).sum(0).mean()
    elif terms.y is not None and terms.log_py is not None:
        class_kl = -(terms.y @ terms.log_py).mean()

    def expected(values: Tensor) -> Tensor:
        """[M * K, B], M samples under each class, to the mean over samples, q(y|x) and images."""
        return (q * values.unflatten(0, (-1, len(q))).mean(0)).sum(0).mean()

    dimension_kl = q.new_empty(0)
    if terms.kl is not None:
        dimension_kl = torch.einsum("kb,kbd->d", q, terms.kl.expand(len(q), -1, -1)) / q.shape[1]
    exact = analytic and terms.kl is not None
    kl = dimension_kl.sum() if exact else expected(terms.log_qz - terms.log_pz)
    return Parts(expected(terms.log_px), kl, class_kl, dimension_kl)


class Joint(Elbo):
    """reconstruction - beta * KL + log p(y), a bound of log p(x, y), plus alpha * log q(y|x).

    Of labelled images: Kingma et al. 2014, eq. 6, and a classifier that shares no weights with the rest.
    Logged besides, in nats: class_kl, the part of kl that is the class's; classification, -log q(y|x) at the
    true class; and accuracy, the share of images that the classifier gets right. beta_kl holds
    alpha * classification.
    """

    def __init__(self, settings: spec.JointObjective | spec.M2Objective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.alpha = settings.alpha

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        return self.minimised(bound(terms, self.analytic), terms, step)

    def minimised(self, parts: Parts, labelled: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        """labelled: a pass over images of which y is known; where it is not, nothing is asked of q(y|x)."""
        penalty, of_it = self.penalty(labelled, parts.kl, step)
        penalty = penalty + parts.class_kl
        logged = {"class_kl": parts.class_kl}
        if labelled.y is not None:
            assert labelled.log_qy is not None
            logged["classification"] = -(labelled.y * labelled.log_qy).sum(-1).mean()
            right = labelled.log_qy.argmax(-1) == labelled.y.argmax(-1)
            logged["accuracy"] = right.float().mean()
            penalty = penalty + self.alpha * logged["classification"]
        if len(parts.dimension_kl):
            logged["dimension_kl"] = parts.dimension_kl
        kl = parts.kl + parts.class_kl
        logged |= {"reconstruction": parts.reconstruction, "kl": kl, "beta_kl": penalty, **of_it}
        return penalty - parts.reconstruction, logged


class M2(Joint):
    """The joint objective of labelled images, and of the others a bound of log p(x) with y summed out.

    Kingma et al. 2014, eq. 8 and 9, divided by the number of images: their alpha of 0.1 N is 0.1 here. An
    encoder that does not see y makes it q(z, y|x) = q(z|x) q(y|x). Over the first `class_warm_up` steps the
    share of the bound's gradient that reaches q(y|x) rises from 0 to 1: while p(x|z, y) knows little of y, it
    would sort images into classes of its own.
    """

    semi_supervised = True

    def __init__(self, settings: spec.M2Objective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.class_warm_up = settings.class_warm_up
        self.labelled_share = settings.labelled_share

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        parts = bound(terms, self.analytic, ramp(step, self.class_warm_up))
        if terms.labelled is None:
            return self.minimised(parts, terms, step)
        parts = parts.mixed(bound(terms.labelled, self.analytic), self.labelled_share)
        return self.minimised(parts, terms.labelled, step)
