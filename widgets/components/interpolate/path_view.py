"""What the board is told of a path: its codes, what it passes, and the picture it is drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.browser import wire

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vae_core.analysis.aggregate import DensityGrid

POINTS = 1500  # of the plane's codes: enough to see where the classes are
REGIONS = (0.5, 0.95)  # of the prior, whose contours are drawn


@dataclass(frozen=True, eq=False)
class Stepped:
    """Of a path between discrete codes. name: of the places that give way, "cells" say. grids: in how many
    rows and columns all `count` of them are shown; a second grid, twice as fine, lies within the first.
    places [T - 1]: in the order in which they give way, one to a point of the path. caption: below their
    map."""

    name: str
    grids: Sequence[tuple[int, int]]
    count: int
    places: ArrayLike
    caption: str


@dataclass(frozen=True, eq=False)
class PathView:
    """A path through one model's latent space, t running evenly from `first` to `last` over its T points.

    decoder: a parcel, `export.decoder(run.model)`. plane: another, from `plane` below, to draw the path on.
    codes [T, D]: where the path is. Between two points the browser goes straight.
    stepped: of discrete codes, what gives way; the browser then takes the nearer of two points.
    marks: places t with a name, rising; from the first to the last of them is the path proper, the rest goes
        beyond its ends.
    named: whether these places have their names on the plane too.
    ends: images uint8 [C, H, W], two or more, whose pixels are faded over from one to the next; t is 0 at the
        first and 1 at the last. None for no fade.
    frames: how many images a row of them has; narrow boards have every other one.
    strip: whether the fade has a strip of frames too, besides its image at t.
    classes [T, K]: under a condition the weights of the classes that each is decoded under; None for those of
        the decoder. Between two points they change evenly too.
    log_q, log_p [T]: nats, or None while they are not known. hole [T] bool.
    facts: (name, value, help) of each number beside the image.

    Raises ValueError where sizes do not fit together.
    """

    title: str
    decoder: bytes
    codes: ArrayLike
    first: float
    last: float
    marks: Sequence[tuple[float, str]]
    note: str = ""
    plane: bytes | None = None
    named: bool = True
    ends: Sequence[np.ndarray] | None = None
    frames: int = 21
    strip: bool = True
    log_q: ArrayLike | None = None
    log_p: ArrayLike | None = None
    hole: ArrayLike | None = None
    classes: ArrayLike | None = None
    facts: Sequence[tuple[str, str, str]] = ()
    stepped: Stepped | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.codes)
        if len(shape) != 2 or shape[0] < 2 or shape[1] != wire.header(self.decoder)["latent"]:
            raise ValueError(f"a path is two codes or more of the decoder's dimensions, not {shape}")
        if not self.first < self.last:
            raise ValueError(f"t cannot run from {self.first} to {self.last}")
        places = [t for t, _ in self.marks]
        if places != sorted(places) or not all(self.first <= t <= self.last for t in places):
            raise ValueError(f"marks must rise within the path, and stand at {places}")
        known = wire.header(self.decoder).get("condition", {}).get("classes", 0)
        if self.classes is not None and np.shape(self.classes) != (shape[0], known):
            raise ValueError(
                f"classes have the shape {np.shape(self.classes)}, and the path {shape[0]} points"
            )
        for name, values in (("log_q", self.log_q), ("log_p", self.log_p), ("hole", self.hole)):
            if values is not None and np.shape(values) != shape[:1]:
                raise ValueError(f"{name} has the shape {np.shape(values)}, and the path {shape[0]} points")

    def parcel(self) -> bytes:
        """All but decoder and plane, packed for the browser."""
        arrays = {"codes": np.asarray(self.codes, np.float32)}
        for name, values in (("log_q", self.log_q), ("log_p", self.log_p), ("classes", self.classes)):
            if values is not None:
                arrays[name] = np.asarray(values, np.float32)
        if self.hole is not None:
            arrays["hole"] = np.asarray(self.hole).astype(np.uint8)
        if self.ends is not None:
            arrays["ends"] = np.stack([np.asarray(image, np.uint8).transpose(1, 2, 0) for image in self.ends])
        stepped = None
        if self.stepped is not None:
            arrays["places"] = np.asarray(self.stepped.places, np.int32)
            grids, count = [list(grid) for grid in self.stepped.grids], self.stepped.count
            stepped = {"name": self.stepped.name, "grids": grids, "count": count}
            stepped["caption"] = self.stepped.caption
        header: dict[str, Any] = {
            "kind": "path",
            "stepped": stepped,
            "title": self.title,
            "note": self.note,
            "first": self.first,
            "last": self.last,
            "marks": [[float(t), name] for t, name in self.marks],
            "named": self.named,
            "frames": self.frames,
            "strip": self.strip,
            "facts": [list(fact) for fact in self.facts],
        }
        return wire.pack(header, arrays)


def plane(
    grid: DensityGrid,
    means: ArrayLike,
    labels: ArrayLike | None,
    dims: tuple[int, int],
    caption: str = "",
) -> bytes:
    """The picture under a path: the density of two coordinates, the prior's contours, and posterior means
    [N, D] by class."""
    from vae_core.analysis.holes import level

    shown = np.asarray(means, np.float32)[:POINTS, list(dims)]
    arrays: dict[str, np.ndarray] = {
        "log_q": np.asarray(grid.log_q).astype(np.float16),
        "log_p": np.asarray(grid.log_p, np.float32),
        "points": shown,
    }
    if labels is not None:
        arrays["labels"] = np.asarray(labels, np.int32)[:POINTS]
    header = {
        "kind": "plane",
        "extent": float(grid.x[-1]),
        "grid": {"x": float(grid.x[0]), "cell": float(grid.cell), "size": len(grid.x)},
        "regions": [[mass, level(grid, mass)] for mass in REGIONS],
        "dims": list(dims),
        "caption": caption,
    }
    return wire.pack(header, arrays)
