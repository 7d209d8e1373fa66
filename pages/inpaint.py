"""Inpaint: what hidden pixels may be, what noise hides, and what surprises a model."""

from __future__ import annotations

from pages.sections import inpaint
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

with error_boundary():
    inpaint.page(run)
layout.equation(
    "Hidden pixels follow from codes that explain the observed ones. The encoder knows only whole images; "
    "importance sampling and Markov chains use the model itself. "
    "For a model that is told a class y, all of this is given y too.",
    r"p(x_h \,|\, x_o) = \int p(x_h \,|\, z)\, p(z \,|\, x_o)\, dz \qquad "
    r"p(z \,|\, x_o) \propto p(z) \prod_{i \in o} p(x_i \,|\, z)",
)
