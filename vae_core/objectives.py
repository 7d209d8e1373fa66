"""Objectives: what training minimises, from the terms of one pass.

An objective is a module: `(terms, step) -> (scalar to minimise, logged nats)`. It may own parameters and
an optimiser of its own. `step` is a 0-dim tensor counted from 0 and `beta` a buffer, so that neither
changes the captured step. Logged are, averaged over the batch,
    reconstruction   E_q[log p(x|z)]
    kl               KL(q(z|x) || p(z)), by the estimator that the objective uses
    beta_kl          what the objective subtracts from the reconstruction
    dimension_kl     [D], where a closed form is known
    beta             its value at this step
Whatever the objective, the ELBO is reconstruction - kl.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core import spec
from vae_core.model import Terms
from vae_core.schedules import ramp

Logged = dict[str, Tensor]
UNKNOWN_KL = "This posterior and prior have no closed-form KL; choose objective.kl=monte_carlo."


class Objective(nn.Module):
    """Reconstruction minus a penalty on the KL; which penalty, a subclass says."""

    beta: Tensor
    # Whether it learns from images without labels too: such pass with their class summed out.
    semi_supervised = False

    def __init__(self, settings: spec.Objective) -> None:
        super().__init__()
        self.samples = settings.samples
        self.analytic = settings.kl == "analytic"
        self.register_buffer("beta", torch.tensor(float(settings.beta)))

    def penalty(self, kl: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        """(what is subtracted from the reconstruction, the weight at this step), both 0-dim."""
        raise NotImplementedError

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        """(scalar to minimise, logged nats). ValueError where the analytic KL is asked for and unknown."""
        reconstruction = terms.log_px.mean()
        logged: Logged = {}
        if terms.kl is not None:
            logged["dimension_kl"] = terms.kl.mean(0)
        if self.analytic:
            if terms.kl is None:
                raise ValueError(UNKNOWN_KL)
            kl = logged["dimension_kl"].sum()
        else:
            kl = (terms.log_qz - terms.log_pz).mean()
        penalty, weight = self.penalty(kl, step)
        logged |= {"reconstruction": reconstruction, "kl": kl, "beta_kl": penalty, "beta": weight}
        return penalty - reconstruction, logged


class Elbo(Objective):
    """reconstruction - beta * KL.

    beta = 1: the evidence lower bound, Kingma and Welling 2014, eq. 7 with M samples (analytic KL) or eq. 6
    (Monte Carlo). Another beta: Higgins et al. 2017, eq. 4. beta = 0: an autoencoder with noise.
    """

    def __init__(self, settings: spec.ElboObjective | spec.JointObjective | spec.M2Objective) -> None:
        super().__init__(settings)
        self.warm_up = settings.warm_up

    def penalty(self, kl: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        weight = self.beta * ramp(step, self.warm_up)
        return weight * kl, weight


class Capacity(Objective):
    """reconstruction - beta * |KL - C|, C rising; Burgess et al. 2018, eq. 8 (beta is their gamma)."""

    def __init__(self, settings: spec.CapacityObjective) -> None:
        super().__init__(settings)
        self.capacity = settings.capacity
        self.capacity_steps = settings.capacity_steps

    def penalty(self, kl: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        target = self.capacity * ramp(step, self.capacity_steps)
        return self.beta * (kl - target).abs(), self.beta


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

    def __init__(self, settings: spec.JointObjective | spec.M2Objective) -> None:
        super().__init__(settings)
        self.alpha = settings.alpha

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        return self.minimised(bound(terms, self.analytic), terms, step)

    def minimised(self, parts: Parts, labelled: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        """labelled: a pass over images of which y is known; where it is not, nothing is asked of q(y|x)."""
        penalty, weight = self.penalty(parts.kl, step)
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
        logged |= {"reconstruction": parts.reconstruction, "kl": kl, "beta_kl": penalty, "beta": weight}
        return penalty - parts.reconstruction, logged


class M2(Joint):
    """The joint objective of labelled images, and of the others a bound of log p(x) with y summed out.

    Kingma et al. 2014, eq. 8 and 9, divided by the number of images: their alpha of 0.1 N is 0.1 here. An
    encoder that does not see y makes it q(z, y|x) = q(z|x) q(y|x). Over the first `class_warm_up` steps the
    share of the bound's gradient that reaches q(y|x) rises from 0 to 1: while p(x|z, y) knows little of y, it
    would sort images into classes of its own.
    """

    semi_supervised = True

    def __init__(self, settings: spec.M2Objective) -> None:
        super().__init__(settings)
        self.class_warm_up = settings.class_warm_up
        self.labelled_share = settings.labelled_share

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        parts = bound(terms, self.analytic, ramp(step, self.class_warm_up))
        if terms.labelled is None:
            return self.minimised(parts, terms, step)
        parts = parts.mixed(bound(terms.labelled, self.analytic), self.labelled_share)
        return self.minimised(parts, terms.labelled, step)


OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "elbo": Elbo,
    "capacity": Capacity,
    "joint": Joint,
    "m2": M2,
}


def build(settings: spec.Objective) -> Objective:
    """The objective that the settings describe."""
    return OBJECTIVES[settings.kind](settings)
