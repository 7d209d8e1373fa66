"""Objectives of images and their classes, of which all have labels or only some."""

from __future__ import annotations

from torch import Tensor

from vae_core import spec
from vae_core.model.terms import BoundTerms, Terms
from vae_core.objectives.elbo import Elbo
from vae_core.objectives.objective import Logged
from vae_core.objectives.schedules import ramp


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

    def minimised(self, bound: BoundTerms, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        """terms: a pass over images of which y is known; where it is not, nothing is asked of q(y|x)."""
        loss, logged = super().minimised(bound, terms, step)
        assert bound.class_kl is not None  # these models are joint
        priced = bound.class_kl
        logged |= {"class_kl": bound.class_kl, "kl": bound.kl}
        if terms.y is not None:
            assert terms.log_qy is not None
            logged["classification"] = -(terms.y * terms.log_qy).sum(-1).mean()
            right = terms.log_qy.argmax(-1) == terms.y.argmax(-1)
            logged["accuracy"] = right.float().mean()
            priced = priced + self.alpha * logged["classification"]
        logged["beta_kl"] = logged["beta_kl"] + priced
        return loss + priced, logged


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
        bound = self.elbo(terms, ramp(step, self.class_warm_up))
        if terms.labelled is None:
            return self.minimised(bound, terms, step)
        bound = bound.mixed(self.elbo(terms.labelled), self.labelled_share)
        return self.minimised(bound, terms.labelled, step)
