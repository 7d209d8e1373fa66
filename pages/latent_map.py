"""Latent map: where the images went, against where the prior expects them."""

from __future__ import annotations

from widgets import map_page, shell

shell.guard()

run = shell.current()

with shell.sentences():
    map_page.page(run)
shell.equation(
    "The aggregated posterior, the mean of all images' posteriors; training asks it to look like the prior.",
    r"q(z) = \frac{1}{N}\sum_{i=1}^{N} q(z|x_i) \qquad p(z) = \mathcal{N}(0, I)",
)
