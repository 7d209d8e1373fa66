"""Compare: the maps of several runs side by side, under one pointer."""

from __future__ import annotations

from pages.sections import compare
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

with error_boundary():
    compare.page(run)
layout.equation(
    "A hole is where, inside the region that holds 95 % of the prior, the prior is more than r times the "
    "aggregated posterior; its mass is what the prior puts there.",
    r"\mathrm{hole\ mass} = \int_{H} p(z)\,dz \qquad H = \left\{ z : p(z) > r\, q(z) \right\} \qquad"
    r" q(z) = \frac{1}{N}\sum_{i=1}^{N} q(z|x_i)",
)
