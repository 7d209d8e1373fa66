"""What the live map shows below its points, at every moment: density, prior and holes on one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_core.runs import frames
from vae_core.runs.run import Run
from widgets.components.board import density
from widgets.components.board.prior import Grid, priors, usual_axis
from widgets.components.board.tiles import Holes

DENSITY = 2 * 81**2  # bytes of a moment on the usual grid


@dataclass(frozen=True)
class Planes:
    """arrays: `density` and `empty`, uint8 [F, G, G], and `log_p` [P, G, G]; holes: of every moment, None on
    a map of one dimension."""

    arrays: dict[str, np.ndarray]
    holes: list[Holes | None]


def of_shots(run: Run, dims: list[int], shots: list[frames.Arrays]) -> tuple[Planes, dict[str, Any]]:
    """(arrays of a parcel, what its header says of them): of every frame, at the two dimensions.

    `regions` are, of each prior, [mass, log p in nats at the edge of the smallest region that holds it]. One
    prior stands for all moments where it is the same in all. There are no regions where a learned prior has
    no weights yet; the density is there all the same.
    """
    if len(dims) != 2:
        return Planes({}, [None] * len(shots)), {"regions": []}
    known = priors(run, dims, shots)
    axis = known[-1].axis if known else usual_axis()
    of_each = [_prior_of(known, k, len(shots)) for k in range(len(shots))]
    packed: list[tuple[np.ndarray, np.ndarray]] = []
    holes: list[Holes | None] = []
    for shot, prior in zip(shots, of_each, strict=True):
        found = density.of(shot["mean"][:, dims], shot["log_var"][:, dims], axis)
        packed.append(density.packed(found, None if prior is None else prior.log_p))
        mass = None if prior is None else _mass(found, prior)
        holes.append(Holes(mass, len(shot["mean"]), marginal=run.spec.latent > 2))
    drawn, empty = (np.stack(each) for each in zip(*packed, strict=True))
    arrays = {"density": drawn, "empty": empty}
    if known:
        arrays["log_p"] = np.stack([each.log_p for each in known]).astype(np.float16)
    header = {
        "regions": [each.regions for each in known],
        "grid": {"x": float(axis[0]), "cell": _cell(axis), "size": len(axis)},
        "density_scale": [density.Q_FIRST, density.Q_STEP],
        "empty_scale": [density.EMPTY_FIRST, density.EMPTY_STEP],
    }
    return Planes(arrays, holes), header


def _prior_of(known: list[Grid], k: int, count: int) -> Grid | None:
    """That of a moment; where frames hold none, a learned one is known at the last moment only."""
    if len(known) == count:
        return known[k]
    if known and (known[0].always or k == count - 1):
        return known[0]
    return None


def _mass(found: density.Density, prior: Grid) -> float:
    (level,) = (level for mass, level in prior.regions if mass == density.MASS)
    return density.hole_mass(found.exact, prior.log_p, level, _cell(prior.axis))


def _cell(axis: np.ndarray) -> float:
    return float(axis[1] - axis[0])
