"""The temperature of relaxed codes while a run trains: by its schedule, or as it was last set by hand."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.model.gumbel_softmax import GumbelSoftmax
from vae_core.model.posterior import Posterior
from vae_core.objectives.schedules import decay


@torch.no_grad()
def follow(posterior: Posterior, step: Tensor) -> None:
    """Gives the posterior the temperature of a step, 0-dim, counted from 0; others stay as they are."""
    if isinstance(posterior, GumbelSoftmax):
        of = posterior.settings
        scheduled = decay(step, of.temperature, of.last_temperature, of.temperature_steps)
        posterior.temperature.copy_(torch.where(posterior.held > 0, posterior.held, scheduled))


def hold(posterior: Posterior, temperature: float) -> None:
    """From the next step on that temperature, whatever the schedule says."""
    if isinstance(posterior, GumbelSoftmax):
        posterior.held.fill_(temperature)


def now(posterior: Posterior) -> float:
    """That of the last step; NaN where there is none."""
    return float(posterior.temperature) if isinstance(posterior, GumbelSoftmax) else math.nan
