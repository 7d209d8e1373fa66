"""One image's true posterior beside q, which the hand moves, and the bar log p(x) = ELBO + gap.

    q = true_posterior("gap", decoder, shown)

log p(x, z) travels on two grids, one around the posterior and one of all latent space; what q costs is
computed from them in the browser, so that a drag needs no question to Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.scripts import BROWSER

HERE = Path(__file__).parent
NODES = 12  # of Gauss-Hermite quadrature along each dimension, in the browser
LEAST, MOST = 1e-3, 8.0  # deviations of q


@dataclass(frozen=True, eq=False)
class Grid:
    """Values [size^D] at places from + side k along each dimension, the last one fastest."""

    start: tuple[float, ...]
    side: float
    size: int
    values: np.ndarray

    @property
    def place(self) -> dict[str, Any]:
        return {"from": list(self.start), "side": self.side, "size": self.size}


@dataclass(frozen=True, eq=False)
class Shown:
    """image uint8 [C, H, W]; about: names it and the model. log_px and its standard error, 0 where exact.

    encoder, best: (mean [D], deviation [D], ELBO), best None until it is known. way: ELBOs on the way to it,
    where the browser cannot find it. fine, coarse: log p(x, z), None in more than two dimensions. levels: of
    log p(x, z) at the edges of 50 and 90 % of p(z|x). own: of an encoder whose q is no Gaussian log q(z|x) on
    the fine grid, and own_levels at its edges. view: centre and half the side of what is seen.
    """

    image: np.ndarray
    about: str
    name: str
    log_px: float
    error: float
    encoder: tuple[list[float], list[float], float]
    best: tuple[list[float], list[float], float] | None = None
    way: tuple[float, ...] = ()
    fine: Grid | None = None
    coarse: Grid | None = None
    levels: tuple[float, ...] = ()
    own: np.ndarray | None = None
    own_levels: tuple[float, ...] = ()
    view: tuple[list[float], float] = ((0.0, 0.0), 1.0)  # type: ignore[assignment]

    def parcel(self) -> bytes:
        arrays = {"image": np.ascontiguousarray(self.image.transpose(1, 2, 0))}
        at, weight = np.polynomial.hermite_e.hermegauss(NODES)
        header: dict[str, Any] = {
            "kind": "gap",
            "about": self.about,
            "name": self.name,
            "image": list(self.image.shape),
            "latent": len(self.encoder[0]),
            "log_px": self.log_px,
            "error": self.error,
            "encoder": _gaussian(self.encoder),
            "best": None if self.best is None else _gaussian(self.best),
            "way": list(self.way),
            "family": "diagonal Gaussian",
            "quadrature": {"nodes": at.tolist(), "weights": (weight / weight.sum()).tolist()},
        }
        if self.fine is not None and self.coarse is not None:
            arrays |= {name: grid.values.astype(np.float32) for name, grid in self._grids().items()}
            header |= {name: grid.place for name, grid in self._grids().items()}
            (x, *y), half = self.view
            if self.own is not None:
                arrays["own"] = self.own.astype(np.float32)
            header |= {
                "levels": list(self.levels),
                "own_levels": list(self.own_levels),
                "view": {"x": x, "y": y[0] if y else 0.0, "half": half},
                "extent": self.coarse.side * self.coarse.size / 2,
                "axes": ["z1", "z2"][: len(self.encoder[0])],
            }
        return wire.pack(header, arrays)

    def _grids(self) -> dict[str, Grid]:
        assert self.fine is not None
        assert self.coarse is not None
        return {"fine": self.fine, "coarse": self.coarse}


def _gaussian(each: tuple[list[float], list[float], float]) -> dict[str, Any]:
    mean, deviation, elbo = each
    return {"mean": mean, "deviation": deviation, "elbo": elbo}


@dataclass(frozen=True)
class QState:
    """Where the hand has moved q: mean and deviation of each dimension; None at the encoder's.

    about: `Shown.about` of the image beside which the hand has; None in a link, which names its image.
    """

    q: tuple[float, ...] | None = None
    about: str | None = None

    def to_link(self) -> dict[str, str]:
        return {} if self.q is None else {"q": ",".join(f"{v:.4g}" for v in self.q)}

    @classmethod
    def of(cls, value: Any, latent: int) -> QState | None:
        """From the browser or a link; None where it makes no sense."""
        if not isinstance(value, list | tuple) or len(value) != 2 * latent:
            return None
        try:
            numbers = [float(v) for v in value]
        except (TypeError, ValueError):
            return None
        if not all(map(math.isfinite, numbers)):
            return None
        mean = [min(max(v, -100.0), 100.0) for v in numbers[:latent]]
        return cls((*mean, *(min(max(v, LEAST), MOST) for v in numbers[latent:])))

    @classmethod
    def from_browser(cls, state: Any, latent: int) -> QState:
        """From the component's own state, {q, about}."""
        state = state if isinstance(state, dict) else {}
        found = cls.of(state.get("q"), latent)
        return cls() if found is None else cls(found.q, str(state.get("about")))

    @classmethod
    def from_link(cls, link: Mapping[str, str], latent: int) -> QState:
        return cls.of(link.get("q", "").split(","), latent) or cls()


def true_posterior(
    key: str,
    decoder: bytes,
    shown: Shown,
    *,
    state: QState,
    revision: int,
    label: str,
    on_change: Callable[[], None],
) -> None:
    """state: taken up when the component first appears, and again whenever `revision` changes. on_change:
    called when the hand has moved q and rested, before the script runs."""
    mount = _component()
    parcels = {"decoder": decoder, "gap": shown.parcel()}
    data = {
        **{slot: wire.header(parcel)["id"] for slot, parcel in parcels.items()},
        "q": None if state.q is None else list(state.q),
        "revision": revision,
        "label": label,
    }
    # Without a gap, or the senders, which show nothing, would push down what follows.
    with st.container(gap=None):
        mount(key=key, data=data, on_q_change=on_change)
        for slot, parcel in parcels.items():
            mount(key=f"{key}-{slot}", data=parcel)


def _component() -> Any:
    return scripts.component("true_posterior", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "true_posterior.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
