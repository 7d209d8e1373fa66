"""Schedules: pure functions of the step, on the device, so that a captured step can follow them."""

from __future__ import annotations

import math

from torch import Tensor


def ramp(step: Tensor, steps: int) -> Tensor | float:
    """Rises linearly from 0 to 1 over `steps` steps and stays there; 1 from the start where `steps` is 0.

    step: 0-dim tensor, counted from 0. KL warm-up (Bowman et al. 2016, Sonderby et al. 2016) multiplies
    beta by it; the capacity of Burgess et al. 2018 multiplies C by it.
    """
    return (step / steps).clamp(max=1.0) if steps else 1.0


def decay(step: Tensor, first: float, last: float, steps: int) -> Tensor | float:
    """Goes from `first` to `last`, both above 0, by the same factor a step, over `steps` steps, and stays
    there; `last` from the start where `steps` is 0.

    The temperature of Jang et al. 2017, section 4.1, falls so.
    """
    return first * (math.log(last / first) * (step / steps).clamp(max=1.0)).exp() if steps else last
