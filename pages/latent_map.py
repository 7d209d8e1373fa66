"""Latent map: where the images went, against where the prior expects them."""

from __future__ import annotations

from pages.sections import latent_map
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

with error_boundary():
    latent_map.page(run)
layout.equation(
    "The aggregated posterior, the mean of all images' posteriors; training asks it to look like the prior.",
    r"q(z) = \frac{1}{N}\sum_{i=1}^{N} q(z|x_i) \qquad p(z) = \mathcal{N}(0, I)",
)
