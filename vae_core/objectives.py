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

import torch
from torch import Tensor, nn

from vae_core import spec
from vae_core.model import Terms
from vae_core.schedules import ramp

Logged = dict[str, Tensor]


class Objective(nn.Module):
    """Reconstruction minus a penalty on the KL; which penalty, a subclass says."""

    beta: Tensor

    def __init__(self, settings: spec.ElboObjective | spec.CapacityObjective) -> None:
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
                raise ValueError(
                    "This posterior and prior have no closed-form KL; choose objective.kl=monte_carlo."
                )
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

    def __init__(self, settings: spec.ElboObjective) -> None:
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


OBJECTIVES: dict[str, Callable[..., Objective]] = {"elbo": Elbo, "capacity": Capacity}


def build(settings: spec.ElboObjective | spec.CapacityObjective) -> Objective:
    """The objective that the settings describe."""
    return OBJECTIVES[settings.kind](settings)
