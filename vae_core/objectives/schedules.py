"""Schedules: pure functions of the step, on the device, so that a captured step can follow them."""

from __future__ import annotations

from torch import Tensor


def ramp(step: Tensor, steps: int) -> Tensor | float:
    """Rises linearly from 0 to 1 over `steps` steps and stays there; 1 from the start where `steps` is 0.

    step: 0-dim tensor, counted from 0. KL warm-up (Bowman et al. 2016, Sonderby et al. 2016) multiplies
    beta by it; the capacity of Burgess et al. 2018 multiplies C by it.
    """
    return (step / steps).clamp(max=1.0) if steps else 1.0
