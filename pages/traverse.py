"""Traverse: what each latent dimension means."""

from __future__ import annotations

from pages.sections import traverse
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

with error_boundary():
    traverse.page(run)
layout.equation(
    "A traversal decodes the code of an image with one coordinate set to t. The mutual information gap, over "
    "F factors v: the two dimensions that tell most about a factor, compared.",
    r"\hat{x}_d(t) = \mathbb{E}\left[x \,|\, z_1, \ldots, z_d = t, \ldots, z_D\right]"
    r" \qquad z = \mathbb{E}\left[z \,|\, x\right] \text{ under } q(z|x)",
    r"\mathrm{MIG} = \frac{1}{F} \sum_{f=1}^{F} \frac{I(v_f; z_{(1)}) - I(v_f; z_{(2)})}{H(v_f)}",
)
