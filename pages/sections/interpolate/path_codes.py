"""Codes along a path, what they pass, and the plane to draw them on: all that the board needs numbers for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.interpolate import geodesic_task
from vae_core.runs.run import Run
from widgets.components import interpolate
from widgets.run_data.codes import Codes, cached, is_standard
from widgets.run_data.library import open_run
from widgets.shell import tasks

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.interpolate import Geodesic

KINDS = {"linear": "Linear", "spherical": "Spherical", "geodesic": "Geodesic"}
SHELL = "spherical"  # follows the shell on which most of N(0, I) lies: another prior has none
STEPS, FRAMES = 200, 20  # of a path, beyond its ends included, and from frame to frame; at least
EXTENT, CELLS = 4.0, 128  # of the plane: standard deviations of the prior, and cells a side
PATIENCE = 1.0  # seconds that a page waits for what a path passes, before it shows itself without


@dataclass(frozen=True)
class Line:
    """A path through two codes of a run or more: small, and the key of all that is computed of it.

    version: of the weights. codes: each [D]; t is 0 at the first, 1 at the last, and goes as far from each to
    the next. classes: those that are decoded under at the codes, None for the blend of all; in between their
    weights go evenly from one to the next. There are none where the model is told no class. t runs from
    `first` to `last`.
    """

    path: str
    version: Any
    classes: tuple[int | None, ...]
    codes: tuple[tuple[float, ...], ...]
    kind: str = "linear"
    first: float = -0.5
    last: float = 1.5

    @property
    def straight(self) -> Line:
        return replace(self, kind="linear")

    @property
    def pieces(self) -> tuple[Line, ...]:
        """From each code to the next."""
        if len(self.codes) == 2:
            return (self,)
        told = pairwise(self.classes) if self.classes else [()] * (len(self.codes) - 1)
        return tuple(
            replace(self, classes=classes, codes=codes)
            for classes, codes in zip(told, pairwise(self.codes), strict=True)
        )

    def steps(self, least: int) -> int:
        """At least so many, and each code at one of them."""
        pieces = len(self.codes) - 1
        return pieces * -(-least // pieces)


@dataclass(frozen=True, eq=False)
class Passed:
    """log_q, log_p, hole [T]: as in `interpolate.Density`. length: of the codes' way, in the unit of z;
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


def kinds(run: Run) -> dict[str, str]:
    """The kinds of path through a run's codes, and what they are called."""
    return {name: called for name, called in KINDS.items() if name != SHELL or is_standard(run)}


def in_units(run: Run, length: float) -> str:
    """A length between codes as people read it: N(0, I) makes its standard deviation the unit of z, and a
    learned prior sets no scale."""
    return f"{length:.2f} σ" if is_standard(run) else f"{length:.2f}"


def times(line: Line) -> Tensor:
    """t [T]."""
    import torch

    return torch.linspace(line.first, line.last, line.steps(STEPS) + 1, dtype=torch.float64)


@st.cache_resource(max_entries=64, show_spinner=False)
def along(line: Line) -> Tensor:
    """The path's codes [T, D]. A geodesic must have been found."""
    import torch

    from vae_core.analysis import interpolate as paths

    if line.kind == "geodesic":
        return paths.through([found.at for found in geodesics(line)], times(line)).float()
    between = paths.spherical if line.kind == "spherical" else paths.linear
    pieces = [partial(between, a, b) for a, b in pairwise(map(torch.tensor, line.codes))]
    return paths.through(pieces, times(line))


def geodesics(line: Line) -> list[Geodesic]:
    """Of each piece. They must have been found."""
    return [geodesic_task.start(piece).result() for piece in line.pieces]


def nothing_shorter(line: Line) -> bool:
    """Whether a geodesic was looked for, and the straight line is the shortest path that was found."""
    return line.kind == "geodesic" and all(found.straight for found in geodesics(line))


def class_weights(line: Line, t: Tensor) -> Tensor | None:
    """Those that are decoded under at t [M]: [M, K]; beyond both ends, those of the ends. None where the
    model is told no class."""
    from vae_core.analysis import interpolate as paths

    each = mixture(open_run(line.path), line.classes)
    return None if each is None else paths.along(each, t.clamp(0, 1))


def mixture(run: Run, classes: Sequence[int | None]) -> Tensor | None:
    """The weights of the classes [M, K] that stand for each of `classes`; None where there are none."""
    import torch

    model = run.model
    if not classes or model.class_prior is None:
        return None
    blend = model.class_prior.log_probs.exp().detach()
    return torch.stack([blend if y is None else model.weights(torch.tensor(y)) for y in classes])


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


def decoder(line: Line, t: Tensor | None = None) -> Callable[[Tensor], Tensor]:
    """z [M, D] -> mean images [M, C, H, W], differentiable, under the line's class at t [M]; without t the
    codes lie evenly from t = 0 to 1."""
    import torch

    from vae_core.analysis.interpolate import mean_decoder

    model = open_run(line.path).model
    if not line.classes:
        return mean_decoder(model)

    def decode(z: Tensor) -> Tensor:
        y = class_weights(line, torch.linspace(0, 1, len(z)) if t is None else t)
        return model.likelihood.mean(model.decode(z, y)[None])[0]

    return decode


# --- the plane ------------------------------------------------------------------------------------


def plane(codes: Codes, line: Line) -> bytes | None:
    """The plane of the two dimensions in which the codes differ most; None in one dimension."""
    if len(line.codes[0]) < 2:
        return None
    apart = np.ptp(line.codes, axis=0)
    first, second = sorted(np.argsort(-apart, kind="stable")[:2].tolist())
    path = along(line)[:, [first, second]]
    t = times(line)
    far = float(path[(t >= 0) & (t <= 1)].abs().max())
    return _plane(codes, (first, second), EXTENT if far <= 0.95 * EXTENT else float(math.ceil(1.1 * far)))


@cached(24)
def _plane(codes: Codes, dims: tuple[int, int], extent: float) -> bytes:
    from vae_core.analysis import aggregate

    posteriors = codes.posteriors
    grid = aggregate.grid(posteriors, dims, extent, CELLS, codes.prior)
    caption = "Codes by class, and the prior’s 50 and 95\u00a0%."
    if posteriors.dimensions > 2:
        axes = f"z{dims[0] + 1} and z{dims[1] + 1}"
        caption = f"The marginal of {axes}, where the images differ most. It can hide a hole."
    if grid.floored:
        caption += " Posteriors are drawn at least one cell wide."
    return interpolate.plane(grid, posteriors.mean, posteriors.labels, dims, caption)
