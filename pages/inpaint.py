"""Inpaint: what hidden pixels may be, what noise hides, and what surprises a model."""

from __future__ import annotations

from widgets import inpaint_page, shell

shell.guard()

run = shell.current()

with shell.sentences():
    inpaint_page.page(run)
shell.equation(
    "Hidden pixels follow from codes that explain the observed ones. The encoder knows only whole images; "
    "importance sampling and Markov chains use the model itself. "
    "For a model that is told a class y, all of this is given y too.",
    r"p(x_h \,|\, x_o) = \int p(x_h \,|\, z)\, p(z \,|\, x_o)\, dz \qquad "
    r"p(z \,|\, x_o) \propto p(z) \prod_{i \in o} p(x_i \,|\, z)",
)
