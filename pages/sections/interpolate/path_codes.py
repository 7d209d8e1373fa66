"""Codes along a path, what they pass, and the plane to draw them on: all that the board needs numbers for."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.interpolate import geodesic_task
from widgets.components import interpolate
from widgets.run_data.codes import Codes
from widgets.run_data.library import open_run
from widgets.shell import tasks

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.interpolate import Geodesic

KINDS = {"linear": "Linear", "spherical": "Spherical", "geodesic": "Geodesic"}
POINTS = 201  # of a path, beyond its ends included
EXTENT, CELLS = 4.0, 128  # of the plane: standard deviations of the prior, and cells a side
PATIENCE = 1.0  # seconds that a page waits for what a path passes, before it shows itself without


@dataclass(frozen=True)
class Line:
    """A path between two codes of a run: small, and the key of all that is computed of it.

    version: of the weights. y: the class that is decoded under. a, b [D]: where t is 0 and 1. t runs from
    `first` to `last`.
    """

    path: str
    version: Any
    y: int | None
    a: tuple[float, ...]
    b: tuple[float, ...]
    kind: str = "linear"
    first: float = -0.5
    last: float = 1.5

    @property
    def straight(self) -> Line:
        return Line(self.path, self.version, self.y, self.a, self.b, "linear", self.first, self.last)


@dataclass(frozen=True, eq=False)
class Passed:
    """log_q, log_p, hole [T]: as in `interpolate.Density`. length: in standard deviations of the prior;
    pixels: of the decoded images; straight: of the straight line's images; each from t = 0 to 1.
    empty: the share of it where q < p / 10.
    """

    log_q: Tensor
    log_p: Tensor
    hole: Tensor
    length: float
    pixels: float
    straight: float
    empty: float


def times(line: Line) -> Tensor:
    """t [T]."""
    import torch

    return torch.linspace(line.first, line.last, POINTS, dtype=torch.float64)


@st.cache_resource(max_entries=64, show_spinner=False)
def along(line: Line) -> Tensor:
    """The path's codes [T, D]. A geodesic must have been found."""
    import torch

    from vae_core.analysis import interpolate as paths

    a, b, t = torch.tensor(line.a), torch.tensor(line.b), times(line)
    if line.kind == "geodesic":
        found: Geodesic = geodesic_task.start(line).result()
        return found.at(t).float()
    return (paths.spherical if line.kind == "spherical" else paths.linear)(a, b, t)


def nothing_shorter(line: Line) -> bool:
    """Whether a geodesic was looked for, and the straight line is the shortest path that was found."""
    if line.kind != "geodesic":
        return False
    found: Geodesic = geodesic_task.start(line).result()
    return found.straight


def passed(codes: Codes, line: Line) -> tasks.Task:
    """What the path passes, on its way; mostly it is there at once."""
    task = tasks.start(measure, codes, line)
    if task.future is not None:
        futures.wait([task.future], PATIENCE)
    return task


def measure(codes: Codes, line: Line) -> Passed:
    from vae_core.analysis import interpolate as paths

    path = along(line)
    density = paths.log_q_along(codes.posteriors, path, prior=codes.prior)
    t = times(line)
    proper = (t >= -1e-9) & (t <= 1 + 1e-9)
    decode = decoder(line)
    pixels = paths.length_pixels(decode, path[proper])
    straight = pixels
    if line.kind != "linear":
        straight = paths.length_pixels(decode, along(line.straight)[proper])
    return Passed(
        density.log_q,
        density.log_p,
        density.hole,
        paths.length_latent(path[proper]),
        pixels,
        straight,
        float((density.log_ratio < -math.log(10))[proper].double().mean()),
    )


def decoder(line: Line) -> Callable[[Tensor], Tensor]:
    """z [M, D] -> mean images [M, C, H, W], differentiable, under the line's class."""
    import torch

    from vae_core.analysis.interpolate import mean_decoder

    model, y = open_run(line.path).model, line.y
    if y is None:
        return mean_decoder(model)
    return lambda z: model.likelihood.mean(model.decode(z, torch.full((len(z),), y))[None])[0]


# --- the plane ------------------------------------------------------------------------------------


def plane(codes: Codes, line: Line) -> bytes | None:
    """The plane of the two dimensions in which the ends differ most; None in one dimension."""
    latent = len(line.a)
    if latent < 2:
        return None
    apart = np.abs(np.subtract(line.b, line.a))
    first, second = sorted(np.argsort(-apart, kind="stable")[:2].tolist())
    path = along(line)[:, [first, second]]
    t = times(line)
    far = float(path[(t >= 0) & (t <= 1)].abs().max())
    return _plane(codes, (first, second), EXTENT if far <= 0.95 * EXTENT else float(math.ceil(1.1 * far)))


@st.cache_resource(max_entries=24, show_spinner=False)
def _plane(codes: Codes, dims: tuple[int, int], extent: float) -> bytes:
    from vae_core.analysis import aggregate

    posteriors = codes.posteriors
    grid = aggregate.grid(posteriors, dims, extent, CELLS, codes.prior)
    caption = "Codes by class, and the prior’s 50 and 95\u00a0%."
    if posteriors.dimensions > 2:
        axes = f"z{dims[0] + 1} and z{dims[1] + 1}"
        caption = f"The marginal of {axes}, where the ends differ most. It can hide a hole."
    if grid.floored:
        caption += " Posteriors are drawn at least one cell wide."
    return interpolate.plane(grid, posteriors.mean, posteriors.labels, dims, caption)
