"""Objectives: what training minimises, from the terms of one pass. One file per family, one line here."""

from __future__ import annotations

from collections.abc import Callable

from vae_core import spec
from vae_core.objectives.constraint import KlConstraint
from vae_core.objectives.elbo import Capacity, Elbo, FreeBits
from vae_core.objectives.factor import FactorVae
from vae_core.objectives.info import Info
from vae_core.objectives.iwae import Iwae
from vae_core.objectives.objective import Logged, Objective
from vae_core.objectives.semi_supervised import M2, Joint
from vae_core.objectives.total_correlation import BetaTc
from vae_core.spec.settings import kind_of

__all__ = ["OBJECTIVES", "Logged", "Objective", "build", "register"]

OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "elbo": Elbo,
    "capacity": Capacity,
    "free_bits": FreeBits,
    "beta_tc": BetaTc,
    "factor": FactorVae,
    "info": Info,
    "constraint": KlConstraint,
    "joint": Joint,
    "m2": M2,
    "iwae": Iwae,
}


def register(settings: type[spec.ObjectiveSettings]) -> Callable[[type[Objective]], type[Objective]]:
    """Decorates the class of these settings: from now on Specs may have it."""

    def add(objective: type[Objective]) -> type[Objective]:
        spec.register(spec.Objective, settings)
        OBJECTIVES[kind_of(settings)] = objective
        return objective

    return add


def build(settings: spec.Objective, *, latent: int = 2, images: int = 1) -> Objective:
    """The objective that the settings describe, for codes of `latent` dimensions of `images` training images.

    Draws the first weights of its modules, where it has any, from the global generator, as networks do.
    """
    return OBJECTIVES[settings.kind](settings, latent, images)
