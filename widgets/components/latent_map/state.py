"""What a map shows and where its pin is: between browser, page and address bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

# In the order in which they are drawn; the first three fill the plane, and hide each other.
LAYERS = ("posterior", "ratio", "manifold", "points", "prior", "holes", "samples", "ellipse", "preview")
GROUNDS = LAYERS[:3]
DEFAULT_LAYERS = ("posterior", "points", "prior", "holes", "ellipse", "preview")
FAR = 100.0  # no code is worth looking at beyond so many standard deviations of the prior


@dataclass(frozen=True)
class MapState:
    """pin: z [D]. image: index of the pinned image among the picture's. view: centre x, y and half the side.

    frame: position in the replay; None is now.
    """

    pin: tuple[float, ...] | None = None
    image: int | None = None
    layers: tuple[str, ...] = DEFAULT_LAYERS
    view: tuple[float, float, float] | None = None
    spacing: Literal["linear", "quantile"] = "linear"
    frame: int | None = None

    def to_browser(self) -> dict[str, Any]:
        return {
            "pin": self.pin,
            "image": self.image,
            "layers": self.layers,
            "view": self.view,
            "spacing": self.spacing,
            "frame": self.frame,
        }

    @classmethod
    def from_browser(cls, value: Any, latent: int) -> MapState | None:
        """None where the browser has not said anything yet. What makes no sense is left out."""
        if not isinstance(value, dict):
            return None
        pin = _numbers(value.get("pin"), latent)
        layers = value.get("layers")
        return cls(
            pin=pin,
            image=_count(value.get("image")) if pin else None,
            layers=_layers(layers) if isinstance(layers, list) else DEFAULT_LAYERS,
            view=_view(value.get("view")),
            spacing="quantile" if value.get("spacing") == "quantile" else "linear",
            frame=_count(value.get("frame")),
        )

    def to_link(self) -> dict[str, str]:
        """As parameters of an address; what is as usual is not named."""
        link = {}
        if self.pin:
            link["z"] = ",".join(f"{v:.4g}" for v in self.pin)
        if self.image is not None:
            link["image"] = str(self.image)
        if self.layers != DEFAULT_LAYERS:
            link["layers"] = ",".join(self.layers) or "none"
        if self.view:
            link["view"] = ",".join(f"{v:.4g}" for v in self.view)
        if self.spacing != "linear":
            link["spacing"] = self.spacing
        if self.frame is not None:
            link["frame"] = str(self.frame)
        return link

    @classmethod
    def from_link(cls, link: Any, latent: int) -> MapState:
        """From parameters that anybody may have typed: validated, clamped, and left out where senseless."""

        def split(name: str) -> list[str]:
            return str(link.get(name, "")).split(",")[: max(latent, len(LAYERS))]

        pin = _numbers(split("z"), latent)
        return cls(
            pin=pin,
            image=_count(link.get("image")) if pin else None,
            layers=_layers(split("layers")) if "layers" in link else DEFAULT_LAYERS,
            view=_view(split("view")),
            spacing="quantile" if link.get("spacing") == "quantile" else "linear",
            frame=_count(link.get("frame")),
        )


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    if not isinstance(value, list | tuple) or len(value) != count:
        return None
    try:
        numbers = [float(v) for v in value]
    except (TypeError, ValueError):
        return None
    if not all(map(math.isfinite, numbers)):
        return None
    return tuple(min(max(v, -FAR), FAR) for v in numbers)


def _view(value: Any) -> tuple[float, float, float] | None:
    view = _numbers(value, 3)
    return (view[0], view[1], view[2]) if view and view[2] > 0 else None


def _layers(names: Any) -> tuple[str, ...]:
    chosen = [name for name in LAYERS if name in names]
    grounds = [name for name in chosen if name in GROUNDS]
    return tuple(name for name in chosen if name not in grounds[1:])


def _count(value: Any) -> int | None:
    try:
        count = int(value)
    except (TypeError, ValueError):
        return None
    return count if 0 <= count < 10**7 else None
