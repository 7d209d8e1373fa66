"""Outlines of a field, in JavaScript, against circles of known radius."""

import math

import numpy as np
import pytest

BROWSER = "../../vae_core/browser"  # from `widgets/components`
SIZE = 161
AXIS = np.linspace(-4, 4, SIZE)
GRID = {"x": -4.0, "cell": AXIS[1] - AXIS[0], "size": SIZE}
X, Y = np.meshgrid(AXIS, AXIS, indexing="ij")
LOG_P = (-0.5 * (X**2 + Y**2) - math.log(2 * math.pi)).ravel().tolist()


def test_the_outline_of_a_level_is_closed_and_runs_along_it(javascript) -> None:
    level = -0.5 * 1.5**2 - math.log(2 * math.pi)
    loops = javascript(
        "contours.js", "outlines(grid, logP, level)", BROWSER, grid=GRID, logP=LOG_P, level=level
    )
    assert len(loops) == 1
    loop = np.array(loops[0])
    np.testing.assert_allclose(loop[0], loop[-1])
    np.testing.assert_allclose(np.hypot(*loop.T), 1.5, atol=2e-3)
    x, y = loop.T
    area = 0.5 * abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    assert area == pytest.approx(math.pi * 1.5**2, rel=2e-3)


def test_outlines_of_two_islands_and_of_one_that_the_edge_cuts_stay_apart(javascript) -> None:
    field = np.maximum.reduce([0.3 - np.hypot(X - a, Y - b) for a, b in [(-2, 0), (1, 1), (4, -2)]]).ravel()
    loops = javascript("contours.js", "outlines(grid, field, 0)", BROWSER, grid=GRID, field=field.tolist())
    closed = [loop[0] == loop[-1] for loop in loops]
    assert sorted(closed) == [False, True, True]
