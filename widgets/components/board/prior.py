"""The prior on the plane of the cloud, for its contours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from vae_core.runs import files
from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import is_standard, weights
from widgets.run_data.library import open_run

REGIONS = (0.5, 0.95)  # of the prior's mass
USUAL = 4.0  # standard deviations; the grid reaches at least so far
CELLS = 8  # of the grid to one standard deviation, contours being interpolated between them
DRAWS = 2000  # of a prior whose reach is not known

Grid = tuple[np.ndarray, np.ndarray, list[list[float]]]


def contours(run: Run, dims: list[int]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a parcel holds of p(z) at the two dimensions: (header, arrays).

    `regions` are [mass, log p in nats at the edge of the smallest region that holds it]; `log_p` [G, G] is
    p's marginal on `grid`. There are no regions where there is one dimension only, or where a learned prior
    has no weights yet.
    """
    known: Grid | None = None
    if len(dims) == 2:
        known = _standard() if is_standard(run) else _own(str(run.path), weights(run), (dims[0], dims[1]))
    if known is None:
        return {"regions": []}, {}
    axis, log_p, regions = known
    grid = {"x": float(axis[0]), "cell": float(axis[1] - axis[0]), "size": len(axis)}
    return {"regions": regions, "grid": grid}, {"log_p": log_p.astype(np.float16)}


def _axis(extent: float) -> np.ndarray:
    return np.linspace(-extent, extent, 2 * round(extent * CELLS) + 1)


def _standard() -> Grid:
    """N(0, I): the share 1 - exp(-r^2 / 2) lies within radius r, where log p is log(1 - share) - log 2 pi."""
    square = _axis(USUAL) ** 2
    log_p = -0.5 * (square[:, None] + square) - math.log(2 * math.pi)
    return _axis(USUAL), log_p, [[mass, math.log1p(-mass) - math.log(2 * math.pi)] for mass in REGIONS]


@st.cache_resource(max_entries=16, show_spinner=False)
def _own(path: str, version: files.Stamp | None, dims: tuple[int, int]) -> Grid | None:
    """A learned prior, as the run's stored weights have it; None where it has none yet."""
    import torch

    from vae_core.analysis import prior_density
    from vae_core.analysis.holes import ranked_level

    run = open_run(path)
    try:
        prior = run.model.prior
    except RunError:
        return None
    seeded = torch.Generator().manual_seed(0)
    far = prior_density.samples(DRAWS, run.spec.latent, seeded, prior)[:, list(dims)].abs().quantile(0.999)
    axis = _axis(max(USUAL, math.ceil(float(far))))
    log_p = prior_density.marginal_grid(prior, torch.from_numpy(axis).float(), list(dims))
    cell = float(axis[1] - axis[0])
    return axis, log_p.numpy(), [[mass, ranked_level(log_p, cell, mass)] for mass in REGIONS]
