"""The ELBO, and objectives that differ from it in how much KL they allow."""

from __future__ import annotations

from torch import Tensor

from vae_core import spec
from vae_core.model.terms import Terms
from vae_core.objectives.objective import Logged, Objective
from vae_core.objectives.schedules import ramp


class Elbo(Objective):
    """reconstruction - beta * KL.

    beta = 1: the evidence lower bound, Kingma and Welling 2014, eq. 7 with M samples (analytic KL) or eq. 6
    (Monte Carlo). Another beta: Higgins et al. 2017, eq. 4. beta = 0: an autoencoder with noise.
    """

    def __init__(
        self,
        settings: spec.ElboObjective | spec.IwaeObjective | spec.JointObjective | spec.M2Objective,
        latent: int,
        images: int,
    ) -> None:
        super().__init__(settings, latent, images)
        self.warm_up = settings.warm_up

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        weight = self.beta * ramp(step, self.warm_up)
        return weight * kl, {"beta": weight}


class Capacity(Objective):
    """reconstruction - beta * |KL - C|, C rising; Burgess et al. 2018, eq. 8 (beta is their gamma)."""

    def __init__(self, settings: spec.CapacityObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.capacity = settings.capacity
        self.capacity_steps = settings.capacity_steps

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        target = self.capacity * ramp(step, self.capacity_steps)
        return self.beta * (kl - target).abs(), {"beta": self.beta}


class FreeBits(Objective):
    """reconstruction - beta * sum_d max(lambda, KL_d), KL_d averaged over the batch first.

    Kingma et al. 2016, eq. 15, with each latent dimension a group of its own: below lambda nats a dimension
    costs the same whatever it carries, so nothing presses it to zero.
    """

    def __init__(self, settings: spec.FreeBitsObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.free_bits = settings.free_bits

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        if terms.kl is None:
            raise ValueError("Free bits need a KL per dimension in closed form, which is not known here.")
        return self.beta * terms.kl.mean((0, 1)).clamp(min=self.free_bits).sum(), {"beta": self.beta}
