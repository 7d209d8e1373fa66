"""Where the sliders of a board stand: between browser, page and address bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FAR = 100.0  # no code is worth looking at beyond so many standard deviations of the prior
LINKS = ("z", "w")  # the moved sliders of the first and of the second model, in an address

Moved = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class TraverseState:
    """moved: for each model the sliders that were moved, as (dimension, z); others stand at the image's code.

    linked: two models' sliders move together, by rank. open_dead: the hardly used dimensions are unfolded.
    """

    moved: tuple[Moved, ...] = ()
    linked: bool = True
    open_dead: bool = False

    def values(self, model: int, latent: int) -> tuple[float | None, ...]:
        """For each dimension of a model the z its slider was moved to, or None."""
        moved = dict(self.moved[model]) if model < len(self.moved) else {}
        return tuple(moved.get(d) for d in range(latent))

    def code(self, model: int, origin: Sequence[float]) -> tuple[float, ...]:
        """The code z [D] on screen, where `origin` [D] is that of the image."""
        values = self.values(model, len(origin))
        return tuple(float(o) if v is None else v for v, o in zip(values, origin, strict=True))

    def to_browser(self) -> dict[str, Any]:
        return {"moved": self.moved, "linked": self.linked, "open_dead": self.open_dead}

    @classmethod
    def from_browser(cls, value: Any, latents: Sequence[int]) -> TraverseState | None:
        """None where the browser has not said anything yet. What makes no sense is left out.

        latents: how many dimensions each model has.
        """
        if not isinstance(value, dict):
            return None
        moved = value.get("moved")
        moved = moved if isinstance(moved, list | tuple) else ()
        return cls(
            moved=_all(moved, latents),
            linked=value.get("linked") is not False,
            open_dead=value.get("open_dead") is True,
        )

    def to_link(self) -> dict[str, str]:
        """As parameters of an address, dimensions counted from 1; what is as usual is not named."""
        link = {
            name: ",".join(f"{d + 1}:{v:.4g}" for d, v in moved)
            for name, moved in zip(LINKS, self.moved, strict=False)
            if moved
        }
        if not self.linked:
            link["linked"] = "0"
        if self.open_dead:
            link["dead"] = "1"
        return link

    @classmethod
    def from_link(cls, link: Mapping[str, Any], latents: Sequence[int]) -> TraverseState:
        """From parameters that anybody may have typed: validated, clamped, and left out where senseless."""

        def split(name: str, latent: int) -> list[tuple[Any, Any]]:
            parts = (part.partition(":") for part in str(link.get(name, "")).split(",")[: 2 * latent])
            return [(_count(d), v) for d, _, v in parts]

        moved = [split(name, latent) for name, latent in zip(LINKS, latents, strict=False)]
        return cls(_all(moved, latents), str(link.get("linked")) != "0", str(link.get("dead")) == "1")


def _all(moved: Sequence[Any], latents: Sequence[int]) -> tuple[Moved, ...]:
    found = tuple(_moved(pairs, latent) for pairs, latent in zip(moved, latents, strict=False))
    while found and not found[-1]:  # as if the last models had not been named
        found = found[:-1]
    return found


def _moved(pairs: Any, latent: int) -> Moved:
    """Pairs of a dimension and a finite number, each dimension once."""
    found = {}
    for pair in pairs if isinstance(pairs, list | tuple) else ():
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            continue
        dimension, value = pair
        if type(dimension) is not int or not 0 <= dimension < latent:
            continue
        try:
            z = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(z):
            found[dimension] = min(max(z, -FAR), FAR)
    return tuple(sorted(found.items()))


def _count(text: str) -> int | None:
    """From a number counted from 1 to one counted from 0."""
    try:
        return int(text) - 1
    except ValueError:
        return None
