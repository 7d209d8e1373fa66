"""The board of completions: tiles grouped by what they are read as, the chains as a film, and their places on
a plane, for one result or two side by side.

    panel = Panel("HMC", decoder, image, observed, codes=codes, steps=steps, ...)
    completions("board", [panel])

Everything is decoded in the browser from the codes; a film of chains sends no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.scripts import BROWSER

HERE = Path(__file__).parent
NONE = 255  # what stands for no class


@dataclass(frozen=True, eq=False)
class Scene:
    """The plane that completions are seen on.

    axes [D, 2] and centre [D]: a code z lies at (z - centre) @ axes. rest [N, 2]: places of other codes, and
    their labels [N]. view: middle (x, y) and half the side of what is shown. names: of its axes.
    log_posterior [n, n]: nats of p(z | x_observed) on a grid, rows upwards, or None; field: the grid's middle
    and half its side.
    """

    axes: np.ndarray
    centre: np.ndarray
    rest: np.ndarray
    labels: np.ndarray | None
    view: tuple[float, float, float]
    names: tuple[str, str]
    caption: str
    log_posterior: np.ndarray | None = None
    field: tuple[float, float, float] = (0.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of each completion the nearest training image: images uint8 [K, C, H, W], distances [K], names."""

    images: np.ndarray
    distances: np.ndarray
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Panel:
    """What one method found, or has found so far.

    image uint8 [C, H, W]; observed bool [H, W]. codes [F, K, D]: of K completions at F moments, of which the
    last is the result; steps [F]: those of the chain, of which the first `warm_up` are not counted; `total`
    in all. reads [F, K] uint8: what each is read as, NONE for nothing; sure [K]: with what probability, at
    the last moment. drawn uint8 [K, C, H, W]: the result with its pixels drawn. summary: (caption, uint8
    [C, H, W], what it is).
    """

    title: str
    decoder: bytes
    image: np.ndarray
    observed: np.ndarray
    codes: np.ndarray
    steps: Sequence[int]
    total: int
    warm_up: int = 0
    reads: np.ndarray | None = None
    sure: np.ndarray | None = None
    classes: Sequence[str] = ()
    drawn: np.ndarray | None = None
    summary: Sequence[tuple[str, np.ndarray, str]] = ()
    facts: Sequence[tuple[str, str, str]] = ()
    badge: tuple[str, str] = ("", "")  # "good", "bad" or "", and the words
    nearest: Nearest | None = None
    nearest_note: str = ""
    scene: Scene | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def parcel(self) -> bytes:
        """All but the decoder, packed for the browser."""
        arrays: dict[str, np.ndarray] = {
            "image": last(self.image[None])[0],
            "observed": self.observed.astype(np.uint8),
            "codes": self.codes.astype(np.float32),
        }
        optional = {
            "reads": self.reads,
            "sure": None if self.sure is None else self.sure.astype(np.float32),
            "drawn": None if self.drawn is None else last(self.drawn),
            "summary": last(np.stack([three(image) for _, image, _ in self.summary]))
            if self.summary
            else None,
        }
        header: dict[str, Any] = {
            "kind": "completions",
            "title": self.title,
            "steps": list(self.steps),
            "total": self.total,
            "warm_up": self.warm_up,
            "classes": list(self.classes),
            "facts": [list(fact) for fact in self.facts],
            "badge": list(self.badge),
            "captions": [[caption, help] for caption, _, help in self.summary],
            "nearest_note": self.nearest_note,
        }
        if self.nearest is not None:
            optional["nearest"] = last(self.nearest.images)
            header["nearest"] = [
                [name, round(float(distance), 2)]
                for name, distance in zip(self.nearest.names, self.nearest.distances, strict=True)
            ]
        if (scene := self.scene) is not None:
            optional |= {
                "axes": scene.axes.astype(np.float32),
                "centre": scene.centre.astype(np.float32),
                "rest": scene.rest.astype(np.float16),
                "labels": None if scene.labels is None else scene.labels.astype(np.int32),
                "log_posterior": None
                if scene.log_posterior is None
                else scene.log_posterior.astype(np.float16),
            }
            header["scene"] = {
                "view": list(scene.view),
                "field": list(scene.field),
                "names": list(scene.names),
                "caption": scene.caption,
            }
        arrays |= {name: array for name, array in optional.items() if array is not None}
        return wire.pack(header | self.more, arrays)


def completions(
    key: str,
    panels: Sequence[Panel | None],
    *,
    drawn: bool = False,
    waiting: Sequence[tuple[float, str] | None] = (),
) -> None:
    """Show a panel, or two side by side; None keeps what stood there, dimmed.

    drawn: pixels drawn from p(x|z), in place of its means. waiting: of each panel, the share that is done and
    a sentence, where its chain goes on.
    """
    mount = _component()
    parcels = [None if panel is None else (panel.decoder, panel.parcel()) for panel in panels]
    slots = ("decoder", "found")
    ids = [
        None
        if parts is None
        else {slot: wire.header(part)["id"] for slot, part in zip(slots, parts, strict=True)}
        for parts in parcels
    ]
    # Without a gap, or the senders, which show nothing, would push down what follows. The board comes first:
    # it keeps its place though senders come and go.
    with st.container(gap=None):
        mount(key=key, data={"panels": ids, "drawn": drawn, "waiting": [w and list(w) for w in waiting]})
        for k, parts in enumerate(parcels):
            for slot, part in zip(slots, parts or (), strict=False):
                mount(key=f"{key}-{slot}-{k}", data=part)


def last(images: np.ndarray) -> np.ndarray:
    """uint8 [K, C, H, W] -> [K, H, W, C], as the browser has images."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def three(image: np.ndarray) -> np.ndarray:
    """uint8 [C, H, W] in three channels."""
    return image[:3] if len(image) >= 3 else image[:1].repeat(3, axis=0)


def _component() -> Any:
    return scripts.component("completions", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "completions.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
