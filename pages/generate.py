"""Generate: samples of any run, images of a class that is asked for, and models that learn from few
labels."""

from __future__ import annotations

from pages.sections import generate
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

with error_boundary():
    generate.page(run)
layout.equation(
    "A conditional VAE bounds the density of an image whose class is known. M2 sums the class out where it "
    "is not: L(x, y) bounds log p(x, y), and H is the entropy of the classifier.",
    r"\log p(x \,|\, y) \ge \mathbb{E}_{q(z|x,y)}\left[\log p(x \,|\, z, y)\right] - "
    r"\mathrm{KL}\left(q(z \,|\, x, y) \,\|\, p(z \,|\, y)\right)",
    r"\log p(x) \ge \sum_y q(y \,|\, x)\, \mathcal{L}(x, y) + \mathcal{H}\left(q(y \,|\, x)\right)",
)
