"""Where a board's slider stands: between board, page and address bar. The link is the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from widgets.components.interpolate import Way, interpolate
from widgets.components.interpolate import place as told
from widgets.shell import url_state
from widgets.shell.error_boundary import callback


@dataclass(frozen=True)
class Place:
    """key: of the board. name: of t in the link. usual: t where the link says none."""

    key: str
    name: str
    usual: float


def show(place: Place, ways: Sequence[Way], label: str) -> float:
    t = read(place, ways[0].first, ways[0].last)
    write(place, t)
    seen = f"{place.key}:seen"
    if st.session_state.get(seen) != t:
        # Not where the hand has left it: the link has led it here.
        st.session_state[seen] = t
        st.session_state[f"{place.key}:turn"] = revision(place) + 1

    def moved() -> None:
        now = told(st.session_state[place.key])
        if now is not None:
            write(place, min(max(now, ways[0].first), ways[0].last))
            st.session_state[seen] = read(place, ways[0].first, ways[0].last)

    return interpolate(
        place.key, ways=ways, t=t, revision=revision(place), label=label, on_change=callback(moved)
    )


def read(place: Place, first: float, last: float) -> float:
    """The link's t, clamped."""
    try:
        t = float(url_state.read(place.name) or "")
    except ValueError:
        return place.usual
    return min(max(t, first), last) if math.isfinite(t) else place.usual


def write(place: Place, t: float) -> None:
    url_state.write(place.name, None if t == place.usual else f"{t:.3g}")


def revision(place: Place) -> int:
    return int(st.session_state.get(f"{place.key}:turn", 0))
