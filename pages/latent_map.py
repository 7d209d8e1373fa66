"""Latent map: where the images went, against where the prior expects them."""

from __future__ import annotations

from pages.sections import latent_map
from vae_core.spec import StandardNormalPrior
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

with error_boundary():
    latent_map.page(run)
prior = run.spec.prior if run is not None and run.status.state != "unreadable" else StandardNormalPrior()
layout.equation(
    "The aggregated posterior, the mean of all images' posteriors; training asks it to look like the prior.",
    rf"q(z) = \frac{{1}}{{N}}\sum_{{i=1}}^{{N}} q(z|x_i) \qquad {prior.equation}",
)
