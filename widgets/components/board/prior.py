"""The prior on the plane of the live map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from vae_core.constants import LOG_2PI
from vae_core.runs import files, frames
from vae_core.runs.run import Run, RunError
from vae_core.runs.tensors import OF_PRIOR
from widgets.run_data.codes import is_standard, prior_of_frame, weights
from widgets.run_data.library import open_run

if TYPE_CHECKING:
    from vae_core.model.priors import Prior

REGIONS = (0.5, 0.95)  # of the prior's mass
USUAL = 4.0  # standard deviations; the grid reaches at least so far
CELLS = 10  # of the grid to one standard deviation, contours being interpolated between them
MOST = 160  # cells along a side: a learned prior may reach far, and its grid goes along with every look
DRAWS = 2000  # of a prior whose reach is not known


class Grid(NamedTuple):
    """regions: [mass, log p in nats at the edge of the smallest region that holds it]. always: whether the
    prior is this one at every moment."""

    axis: np.ndarray
    log_p: np.ndarray
    regions: list[list[float]]
    always: bool = False


def priors(run: Run, dims: list[int], shots: list[frames.Arrays]) -> list[Grid]:
    """p(z)'s marginal on the two dimensions, of every shot; one where it is the same in all, or where frames
    do not hold it. None where a learned prior has no weights yet."""
    return [_standard()] if is_standard(run) else _own(run, shots, dims)


def usual_axis() -> np.ndarray:
    return _axis(USUAL)


def _axis(extent: float) -> np.ndarray:
    return np.linspace(-extent, extent, min(2 * round(extent * CELLS), MOST) + 1)


def _standard() -> Grid:
    """N(0, I): the share 1 - exp(-r^2 / 2) lies within radius r, where log p is log(1 - share) - log 2 pi."""
    square = _axis(USUAL) ** 2
    log_p = -0.5 * (square[:, None] + square) - LOG_2PI
    regions = [[mass, math.log1p(-mass) - LOG_2PI] for mass in REGIONS]
    return Grid(_axis(USUAL), log_p, regions, always=True)


def _own(run: Run, shots: list[frames.Arrays], dims: list[int]) -> list[Grid]:
    """A learned prior: that of every shot, on the axis of the last; where shots hold none, today's alone."""
    if not all(any(name.startswith(OF_PRIOR) for name in shot) for shot in shots):
        one = _stored(str(run.path), weights(run), (dims[0], dims[1]))
        return [] if one is None else [one]
    priors = [prior_of_frame(run, shot) for shot in shots]
    axis = _reaching(priors[-1], dims)
    return [_grid(prior, axis, dims) for prior in priors]


@st.cache_resource(max_entries=16, show_spinner=False)
def _stored(path: str, version: files.Stamp | None, dims: tuple[int, int]) -> Grid | None:
    """A learned prior, as the run's stored weights have it; None where it has none yet."""
    try:
        prior = open_run(path).model.prior
    except RunError:
        return None
    return _grid(prior, _reaching(prior, list(dims)), list(dims))


def _reaching(prior: Prior | None, dims: list[int]) -> np.ndarray:
    """An axis that reaches nearly all of the prior."""
    import torch

    from vae_core.analysis import prior_density

    assert prior is not None
    seeded = torch.Generator().manual_seed(0)
    far = prior_density.samples(DRAWS, prior.latent, seeded, prior)[:, dims].abs().quantile(0.999)
    return _axis(max(USUAL, math.ceil(float(far))))


def _grid(prior: Prior | None, axis: np.ndarray, dims: list[int]) -> Grid:
    import torch

    from vae_core.analysis import prior_density
    from vae_core.analysis.holes import ranked_level

    log_p = prior_density.marginal_grid(prior, torch.from_numpy(axis).float(), dims)
    cell = float(axis[1] - axis[0])
    return Grid(axis, log_p.numpy(), [[mass, ranked_level(log_p, cell, mass)] for mass in REGIONS])
