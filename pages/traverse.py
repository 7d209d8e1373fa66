"""Traverse: what each latent dimension means."""

from __future__ import annotations

from pages.sections import traverse
from widgets.run_data import capabilities, library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

OF_NUMBERS = (
    "A traversal decodes the code of an image with one coordinate set to t. The mutual information gap, over "
    "F factors v: the two dimensions that tell most about a factor, compared.",
    r"\hat{x}_d(t) = \mathbb{E}\left[x \,|\, z_1, \ldots, z_d = t, \ldots, z_D\right]"
    r" \qquad z = \mathbb{E}\left[z \,|\, x\right] \text{ under } q(z|x)",
    r"\mathrm{MIG} = \frac{1}{F} \sum_{f=1}^{F} \frac{I(v_f; z_{(1)}) - I(v_f; z_{(2)})}{H(v_f)}",
)
OF_CATEGORIES = (
    "In a row one group m takes each of its categories k in turn, and the others stay. The bars are shares "
    "of q(z), and a row's KL is that of q(z|x) to a uniform choice, on average over the images.",
    r"\hat{x}_{mk} = \mathbb{E}\left[x \,|\, z_1, \ldots, z_m = k, \ldots, z_M\right] \qquad "
    r"q(z_m = k) = \frac{1}{N} \sum_{n=1}^{N} \pi_{mk}(x_n)",
    r"\mathrm{KL}_m = \log K - \frac{1}{N} \sum_{n=1}^{N} \mathcal{H}\left(\pi_m(x_n)\right)",
)

run = library.current()

with error_boundary():
    traverse.page(run)
layout.equation(*(OF_CATEGORIES if "categories" in capabilities.of(run) else OF_NUMBERS))
