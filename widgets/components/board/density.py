"""The aggregated posterior on the plane of the live map, at every moment of a run, and the mass of its holes.

The same quantities as `analysis/aggregate.grid` and `analysis/holes` give, to within rounding, computed by
NumPy: torch takes seconds to load, and a first run is to be seen before. In more than two dimensions it is
the exact marginal of the two on the map.
"""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

import numpy as np
import streamlit as st

RATIO, MASS = 10.0, 0.95  # a hole: p > 10 q, inside the smallest region with 95 % of the prior
# Two bytes a cell travel to the browser: log q in nats, and log p - log q - log RATIO, above 0 in holes. Each
# stands for the middle of its step; what lies beyond the first and the last is clipped.
Q_FIRST, Q_STEP = -10.0, 1 / 24
EMPTY_FIRST, EMPTY_STEP = -8.0, 1 / 16
NARROWEST = 1e-6  # standard deviation: an autoencoder's posteriors are points
LOWEST = np.float32(1e-37)  # density: what float32 can still hold as a normal number


class Density(NamedTuple):
    """log q [G, G] in nats: `drawn`, a component narrower than a cell being one cell wide, and `exact`."""

    drawn: np.ndarray
    exact: np.ndarray


def of(mean: np.ndarray, log_var: np.ndarray, axis: np.ndarray) -> Density:
    """mean, log_var [N, 2] of the posteriors on the map; axis [G], the same in both directions."""
    key = hashlib.blake2b(mean.tobytes() + log_var.tobytes() + axis.tobytes(), digest_size=16).digest()
    return _of(key, mean, log_var, axis)


@st.cache_resource(max_entries=1024, show_spinner=False)
def _of(key: bytes, _mean: np.ndarray, _log_var: np.ndarray, _axis: np.ndarray) -> Density:
    mean, axis = _mean.astype(np.float32), _axis.astype(np.float32)
    scale = np.maximum(np.exp(0.5 * _log_var.astype(np.float32)), np.float32(NARROWEST))
    cell = np.float32((axis[-1] - axis[0]) / (len(axis) - 1))
    exact = _mixture(mean, scale, axis)
    drawn = _mixture(mean, np.maximum(scale, cell), axis) if (scale < cell).any() else exact
    return Density(drawn, exact)


def _mixture(mean: np.ndarray, scale: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """log of the mean of N axis-aligned Gaussians: one product of two tables [G, N]."""
    across, up = (
        # Cut where a factor would be denormal: one such number costs as much as a hundred others.
        np.exp(np.maximum(-0.5 * ((axis[:, None] - mean[:, k]) / scale[:, k]) ** 2, -40.0))
        for k in range(2)
    )
    weight = 1 / (2 * math.pi * len(mean) * scale[:, 0] * scale[:, 1])
    total = (across * weight) @ up.T
    # What the cut lets through of all components is below e^-40 of their peaks, and no density.
    total -= math.exp(-40.0) * weight.max()
    found: np.ndarray = np.log(np.maximum(total, LOWEST))
    return found


def hole_mass(exact: np.ndarray, log_p: np.ndarray, level: float, cell: float) -> float:
    """The prior's mass in holes; level: log p at the edge of its region of MASS."""
    holes = (log_p >= level) & (log_p - exact > math.log(RATIO))
    return float(np.exp(log_p[holes]).sum() * cell**2)


def packed(density: Density, log_p: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """What the browser draws, uint8 [G, G] each: log q, and how empty a cell is; 0 where p is not known."""
    q = _bytes(density.drawn, Q_FIRST, Q_STEP)
    if log_p is None:
        return q, np.zeros_like(q)
    return q, _bytes(log_p - density.exact - math.log(RATIO), EMPTY_FIRST, EMPTY_STEP)


def _bytes(nats: np.ndarray, first: float, step: float) -> np.ndarray:
    """0 is the edge of a step, so no cell changes its sign."""
    return np.clip(np.floor((nats - first) / step), 0, 255).astype(np.uint8)
