"""What the map is given to draw, packed for the browser: grid and points, holes, the frames of a replay.

Each is a parcel (`browser/wire.py`). The picture says on which plane of latent space it lies: a place
(x, y) of the map is the code origin + x u + y v.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.browser import wire
from widgets.components.latent_map import points

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.aggregate import DensityGrid
    from vae_core.analysis.holes import Hole
    from vae_core.model.posteriors import Posteriors
    from vae_core.model.priors import Prior

NEAREST = 5
PRIOR_SAMPLES = 240  # of the prior, of which the map shows some at a time
REGIONS = (0.5, 0.9, 0.95, 0.99)  # of the prior, whose contours are drawn


def picture(
    grid: DensityGrid,
    posteriors: Posteriors | None,
    *,
    classes: Sequence[str] = (),
    dims: tuple[int, int] = (0, 1),
    plane: tuple[Tensor, Tensor, Tensor] | None = None,
    origin: Tensor | None = None,
    axes: tuple[str, str] | None = None,
    symbol: str | None = None,
    meaning: str = "",
    latent: int | None = None,
    prior: Prior | None = None,
    mixture: bool = False,
) -> bytes:
    """A density grid, and the posteriors whose means are its points (`points.py` says which of them).

    `log_q` is drawn. What is read and counted in the browser is the `exact` density, which goes along where
    posteriors narrower than a cell are drawn one cell wide.

    dims: the two coordinates on the map; plane: (origin, u, v) each [D] instead, u and v orthonormal.
    origin [D]: the other coordinates' values on the map, 0 by default.
    axes: the names along the map; symbol: what the densities are of, "z" where the plane is all there is.
    meaning: one sentence, shown under the map, on which density this is.
    prior: that of the grid, of which samples are shown; None is N(0, I).
    mixture: whether the posteriors are all there are, and come whole, and the plane is all of latent space:
        log q is then read from them, exactly, and not between the points of the grid.
    """
    import torch

    from vae_core.analysis import prior_density

    if posteriors is None and latent is None:
        raise ValueError("Without posteriors, say how many latent dimensions there are.")
    D = posteriors.dimensions if posteriors is not None else latent or 2
    if plane is not None:
        corner, u, v = (np.asarray(t, np.float64) for t in plane)
        axes = axes or ("first direction", "second direction")
    else:
        corner = np.zeros(D) + (0 if origin is None else np.asarray(origin, np.float64))
        u, v = np.eye(D)[list(dims)]
        corner[list(dims)] = 0
        axes = axes or (f"z{dims[0] + 1}", f"z{dims[1] + 1}")
    if not np.array_equal(np.asarray(grid.x), np.asarray(grid.y)):
        raise ValueError("The map takes grids that are the same along both axes.")
    seeded = torch.Generator().manual_seed(0)
    arrays = {
        "log_q": _single(grid.log_q),
        "log_p": _single(grid.log_p),
        "prior_samples": _single(prior_density.samples(PRIOR_SAMPLES, D, seeded, prior)),
    }
    if grid.floored:
        arrays["exact"] = _single(grid.exact)
    of_points: dict[str, Any] = {}
    if posteriors is not None:
        of_points, of_codes = points.packed(posteriors, (corner, u, v), float(grid.x[-1]))
        arrays |= of_codes
    header = {
        "kind": "picture",
        "mixture": mixture,
        "grid": _where(grid),
        "extent": float(grid.x[-1]),
        "regions": regions(grid),
        "standard": grid.unit_prior,
        "floor": float(grid.exact_floor),
        "rest": float(grid.rest),
        "slice": "|" in (symbol or ""),
        "origin": corner.tolist(),
        "u": u.tolist(),
        "v": v.tolist(),
        "axes": list(axes),
        "symbol": symbol or ("z" if D == 2 else ", ".join(axes)),
        "classes": list(classes),
        "meaning": meaning,
    }
    return wire.pack(header | of_points, arrays)


def hole_parcel(grid: DensityGrid, holes: Sequence[Hole], mass: float = 0.95, ratio: float = 10.0) -> bytes:
    """Holes of the picture's grid, numbered from 1 in the order they come, and what they were found with."""
    from vae_core.analysis.holes import level

    numbers = np.zeros(grid.log_q.shape, np.int16)
    for number, hole in enumerate(holes, 1):
        numbers[np.asarray(hole.mask)] = number
    listed = [
        {
            "number": number,
            "center": [float(v) for v in hole.center],
            "mass": float(hole.prior_mass),
            "depth": float(hole.depth),
        }
        for number, hole in enumerate(holes, 1)
    ]
    header = {
        "kind": "holes",
        "mass": mass,
        "level": level(grid, mass),
        "ratio": ratio,
        "list": listed,
    }
    return wire.pack(header, {"numbers": numbers})


def frames(
    steps: Sequence[int],
    means: Sequence[Tensor],
    labels: Tensor | None = None,
    grids: Sequence[DensityGrid] | None = None,
    *,
    prior_moves: bool = False,
) -> bytes:
    """The replay: at each step the means [N, D] of the same images, and the density.

    The grids must lie where the picture's does, and may have fewer cells. prior_moves: whether each has its
    own prior.
    """
    arrays = {"mean": np.stack([np.asarray(mean, np.float16) for mean in means])}
    if labels is not None:
        arrays["labels"] = np.asarray(labels, np.int32)
    if grids is not None:
        arrays["log_q"] = np.stack([np.asarray(grid.log_q, np.float16) for grid in grids])
        if any(grid.floored for grid in grids):
            arrays["exact"] = np.stack([np.asarray(grid.exact, np.float16) for grid in grids])
    header: dict[str, Any] = {"kind": "frames", "steps": [int(step) for step in steps]}
    if grids:
        header["grid"] = _where(grids[0])
    if grids and prior_moves:
        arrays["log_p"] = np.stack([np.asarray(grid.log_p, np.float16) for grid in grids])
        header["regions"] = [regions(grid) for grid in grids]
    elif grids:
        arrays["prior"] = _single(grids[0].log_p)
    return wire.pack(header, arrays)


def answer(
    z: Sequence[float],
    log_p: float,
    log_q: float,
    images: np.ndarray,
    distances: Sequence[float],
    names: Sequence[str],
    measure: str,
    posterior: dict[str, Any] | None = None,
    code: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What is known of a pin z: exact log densities in nats, and the nearest images, uint8 [K, C, H, W].

    `measure` says in words what the distances are. posterior: of a pinned image, see `posterior_regions`.
    code: of a pinned image whose code the browser has not, see `code_of`.
    """
    images = np.ascontiguousarray(np.asarray(images, np.uint8)[:NEAREST].transpose(0, 2, 3, 1))
    _, height, width, channels = images.shape
    return {
        "z": [float(v) for v in z],
        "log_p": float(log_p),
        "log_q": float(log_q),
        "shape": [channels, height, width],
        "measure": measure,
        "posterior": posterior,
        "code": code,
        "nearest": [
            {"image": base64.b64encode(image.tobytes()).decode(), "distance": float(distance), "name": name}
            for image, distance, name in zip(images, distances, names, strict=False)
        ],
    }


def code_of(image: int, posteriors: Posteriors) -> dict[str, Any]:
    """The code of an image of the posteriors."""
    mean, log_var = (values[image].tolist() for values in (posteriors.mean, posteriors.log_var))
    return {"image": image, "mean": mean, "log_var": log_var}


def posterior_regions(
    start: tuple[float, float], side: float, log_density: np.ndarray, levels: Sequence[float]
) -> dict[str, Any]:
    """p(z|x) of an image on a grid of its own, values [n, n] with the second coordinate last, and the levels
    at the edges of the regions that are drawn."""
    values = np.ascontiguousarray(log_density, np.float32)
    return {
        "from": list(start),
        "side": side,
        "size": len(values),
        "levels": list(levels),
        "values": base64.b64encode(values.tobytes()).decode(),
    }


def regions(grid: DensityGrid) -> list[list[float]]:
    """[mass, log p at the edge] of the prior's smallest regions."""
    from vae_core.analysis import holes

    return [[mass, holes.level(grid, mass)] for mass in REGIONS]


def _single(values: Any) -> np.ndarray:
    return np.asarray(values, np.float32)


def _where(grid: DensityGrid) -> dict[str, Any]:
    return {"x": float(grid.x[0]), "cell": float(grid.cell), "size": len(grid.x)}
