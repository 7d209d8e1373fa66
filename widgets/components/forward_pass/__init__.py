"""A forward pass under the hand: image, encoder, q(z|x), z on the map, decoder, image.

    opened = forward_pass.forward_pass("forward-pass", parcel)      # `browser/forward_pass.py`
    if opened is not None: ...                                        # a click on the map, at that z

Until it is touched it walks from one test image to the next, and draws z from q(z|x) at each. All of it
happens in the browser; one parcel brings what it needs, and Python hears of clicks alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from widgets.components import scripts
from widgets.components.scripts import BROWSER

__all__ = ["css", "forward_pass", "place", "script"]

HERE = Path(__file__).parent
FAR = 100.0  # standard deviations of the prior


def forward_pass(
    key: str, parcel: bytes, on_open: Callable[[], None] | None = None
) -> tuple[float, float] | None:
    """Show it. Returns the z of a click on the map, in the run of the script that the click started."""
    result = _component()(key=key, data=parcel, on_open_change=on_open or (lambda: None))
    return place(result)


def place(event: Any) -> tuple[float, float] | None:
    """The z that the browser told; None where it has told none, or nonsense."""
    value = event.get("open") if event is not None else None
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not math.isfinite(v) for v in value):
        return None
    x, y = (min(max(float(v), -FAR), FAR) for v in value)
    return x, y


def _component() -> Any:
    return scripts.component("forward_pass", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "forward_pass.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
