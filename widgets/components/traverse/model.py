"""What the board is told of a model: its decoder, where its sliders start, how far they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.browser import wire

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

DRAWS, MOST = 100, 512  # of the prior; dimensions
LONGEST = 40  # characters of a dimension's name


@dataclass(frozen=True, eq=False)
class Model:
    """key: names the model where Python is told of it, a run's name say. title: stands above its board.

    decoder: a parcel, `wire.decoder(run.model)`.
    kl [D]: mean over images of each dimension's KL, nats; nan where it says nothing of the model.
    stops [D, K]: the z of the K images of each dimension's strip, rising: sigmas of the prior, or quantiles.
        They are also the slider's range; between two stops it is linear.
    ticks [K]: what the stops are called: "-3σ", or "10 %".
    origin [D]: where the sliders start: the code of the chosen image or, without `image`, the prior's mean.
        None is 0.
    draws [M, D]: of the prior, for the button that draws; None is of N(0, I).
    image: the chosen image itself, uint8 [C, H, W].
    order [D]: dimensions in the order of the rows; None sorts them by KL, largest first.
    dead [D]: which are folded away as hardly used; None is none.
    names [D]: the user's names of the dimensions, "" where there is none.
    note: a few words beside the title, say its objective.

    Raises ValueError where sizes do not fit together or stops do not rise.
    """

    key: str
    title: str
    decoder: bytes
    kl: ArrayLike
    stops: ArrayLike
    ticks: Sequence[str]
    origin: ArrayLike | None = None
    draws: ArrayLike | None = None
    image: np.ndarray | None = None
    order: Sequence[int] | None = None
    dead: ArrayLike | None = None
    names: Sequence[str] = ()
    note: str = ""

    def __post_init__(self) -> None:
        D, stops = self.latent, np.asarray(self.stops, np.float32)
        if stops.ndim != 2 or len(stops) != D or stops.shape[1] < 2 or stops.shape[1] != len(self.ticks):
            raise ValueError(f"{D} dimensions need stops [{D}, K] with K >= 2 ticks, not {stops.shape}")
        if not (np.isfinite(stops).all() and (np.diff(stops) >= 0).all()):
            raise ValueError("a dimension's stops must be finite and rise")
        for name, values in (("kl", self.kl), ("origin", self.origin), ("dead", self.dead)):
            if values is not None and np.shape(values) != (D,):
                raise ValueError(f"{name} has the shape {np.shape(values)}, and the model {D} dimensions")
        if self.draws is not None and (np.ndim(self.draws) != 2 or np.shape(self.draws)[1] != D):
            raise ValueError(f"draws has the shape {np.shape(self.draws)}, and the model {D} dimensions")
        if self.order is not None and sorted(self.order) != list(range(D)):
            raise ValueError("order must name each dimension once")

    @property
    def latent(self) -> int:
        return int(wire.header(self.decoder)["latent"])

    @property
    def ranked(self) -> list[int]:
        """The dimensions in the order of their rows."""
        if self.order is not None:
            return [int(d) for d in self.order]
        return np.argsort(-np.asarray(self.kl), kind="stable").tolist()

    def parcel(self) -> bytes:
        """All but decoder and names, packed for the browser."""
        D = self.latent
        dead = np.zeros(D, bool) if self.dead is None else np.asarray(self.dead)
        arrays: dict[str, np.ndarray] = {
            "kl": np.asarray(self.kl, np.float32),
            "stops": np.asarray(self.stops, np.float32),
            "origin": np.asarray(np.zeros(D) if self.origin is None else self.origin, np.float32),
            "dead": dead.astype(np.uint8),
            "order": np.asarray(self.ranked, np.int32),
            "draws": self._draws(),
        }
        if self.image is not None:
            arrays["image"] = np.ascontiguousarray(np.asarray(self.image, np.uint8).transpose(1, 2, 0))
        header = {
            "kind": "traversal",
            "key": self.key,
            "title": self.title,
            "note": self.note,
            "ticks": list(self.ticks),
            "from_image": self.image is not None,
        }
        return wire.pack(header, arrays)

    def _draws(self) -> np.ndarray:
        """[M, D], a column for each rank: of N(0, I), models that are compared share draws rank by rank."""
        if self.draws is None:
            return np.random.default_rng(0).standard_normal((DRAWS, MOST), np.float32)[:, : self.latent]
        return np.asarray(self.draws, np.float32)[:, self.ranked]


@dataclass(frozen=True)
class Renamed:
    """A user has named a dimension, counted from 0, of the model with this key; "" takes the name away."""

    key: str
    dimension: int
    name: str

    @classmethod
    def from_browser(cls, value: Any, models: Sequence[Model]) -> Renamed | None:
        """None where that is no dimension of these models."""
        if not isinstance(value, dict):
            return None
        key, dimension, name = value.get("key"), value.get("dimension"), value.get("name")
        latent = next((model.latent for model in models if model.key == key), 0)
        if type(dimension) is not int or not 0 <= dimension < latent or not isinstance(name, str):
            return None
        return cls(str(key), dimension, " ".join(name.split())[:LONGEST])
