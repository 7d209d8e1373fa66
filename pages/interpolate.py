"""Interpolate: paths between two images, and sums and differences of codes."""

from __future__ import annotations

from pages.sections import interpolate
from widgets.run_data import capabilities, library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

OF_VECTORS = (
    "The straight path; the turn along the sphere by the angle between both ends, where the norm goes evenly "
    "from one to the other; and the geodesic, along which the decoded image changes least.",
    r"z(t) = (1 - t)\, a + t\, b \qquad "
    r"z(t) = \lVert z(t) \rVert \left[\frac{\sin (1 - t) \omega}{\sin \omega} \frac{a}{\lVert a \rVert} + "
    r"\frac{\sin t \omega}{\sin \omega} \frac{b}{\lVert b \rVert}\right]",
    r"z = \arg\min_{z(0) = a,\, z(1) = b} \int_0^1 \left\lVert \frac{d}{dt}\, "
    r"\mathbb{E}\left[x \,|\, z(t)\right] \right\rVert^2 dt"
    r" \qquad q(z) = \frac{1}{N} \sum_{n=1}^{N} q(z | x_n)",
)
OF_DISCRETE = (
    "Of the cells or groups i one more is B's at each step s, in the order o.",
    r"z^{(s)}_i = \begin{cases} b_i & o_i \le s \\ a_i & o_i > s \end{cases} \qquad "
    r"\hat{x}^{(s)} = \mathbb{E}\left[x \,|\, z^{(s)}\right]",
)

run = library.current()

with error_boundary():
    interpolate.page(run)
layout.equation(*(OF_DISCRETE if {"grid", "levels", "categories"} & capabilities.of(run) else OF_VECTORS))
