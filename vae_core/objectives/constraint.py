"""The KL as a constraint: its weight follows from how far it is from its limit."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core import spec
from vae_core.model.terms import Terms
from vae_core.objectives.objective import Logged, Objective


class KlConstraint(Objective):
    """Maximise the reconstruction subject to KL(q(z|x) || p(z)) <= limit, by descent and dual ascent.

    The Lagrangian is reconstruction - beta (KL - limit); after every step beta <- max(0, beta + rate (KL -
    limit)) (Boyd and Vandenberghe 2004, section 5; Rezende and Viola 2018 for a constraint on the
    reconstruction). Where it settles, beta is the slope of the rate-distortion curve at that KL: the weight
    of a beta-VAE that ends there. beta is part of what a run keeps, and a hand may move it too.
    """

    def __init__(self, settings: spec.ConstraintObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.limit, self.rate = settings.limit, settings.rate

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        beta = self.beta.clone()
        if torch.is_grad_enabled():  # measuring moves nothing
            with torch.no_grad():
                self.beta.add_(self.rate * (kl - self.limit)).clamp_(min=0)
        return beta * (kl - self.limit), {"beta": beta}
