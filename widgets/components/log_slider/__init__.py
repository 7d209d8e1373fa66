"""A slider on a logarithmic scale that answers while it is dragged; Streamlit's own sends on release only.

0 stands at its left end, below the least. Dragged, it takes values of two digits; arrow keys go from stop to
stop. While it moves it reports at most every 150 ms, and once more when the hand lets go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from widgets.components import scripts
from widgets.components.scripts import BROWSER

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Moved:
    """value: where the hand has led it. done: whether it has let go. count: which report this is, from 1."""

    value: float
    done: bool
    count: int


def log_slider(
    key: str,
    value: float,
    *,
    label: str,
    help: str,
    least: float,
    most: float,
    stops: Sequence[float],
    ticks: Sequence[float],
    live: bool,
    on_move: Callable[[], None],
) -> None:
    """least, most: the positive values at its ends. ticks: those that are marked and named. live: whether it
    reports while it is dragged. on_move: called with a report, which `moved` reads."""
    mount = scripts.component("log_slider", css=css(), js=script())
    last = moved(key)
    mount(
        key=key,
        data={
            "value": value,
            "label": label,
            "help": help,
            "least": least,
            "most": most,
            "stops": list(stops),
            "ticks": list(ticks),
            "live": live,
            "count": 0 if last is None else last.count,
        },
        on_moved_change=on_move,
    )


def moved(key: str) -> Moved | None:
    """The last report of the slider with that key; None where there is none, or it makes no sense."""
    found: Any = (st.session_state.get(key) or {}).get("moved")
    try:
        value, done, count = float(found["value"]), bool(found["done"]), int(found["count"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return Moved(value, done, count) if math.isfinite(value) and value >= 0 else None


def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "log_slider.css")


def script() -> str:
    return scripts.module(HERE / "log_slider.js")
