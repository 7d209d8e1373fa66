"""Settings in the address bar: a copied link shows the same view. What a link says is checked and clamped.

The link is the truth; the session keeps a copy, because going to another page empties the address bar. There
is one exception: for a moment after the app changed a link, the browser may still send the old one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from widgets.shell.error_boundary import callback

KEPT = "address"  # {name: text} in the session
REPLACED = "address_replaced"  # {name: (old text, when)} in the session
MOMENT = 2.0  # seconds


def read(name: str) -> str | None:
    """What the link says, else what it said before the page was changed; None for the default."""
    text, kept = st.query_params.get(name), st.session_state.setdefault(KEPT, {}).get(name)
    old, when = st.session_state.setdefault(REPLACED, {}).get(name, (None, 0.0))
    stale = text == old and time.monotonic() - when < MOMENT
    return kept if text is None or stale else text


def write(name: str, text: str | None) -> None:
    """None takes the setting out of the link."""
    before = st.query_params.get(name)
    kept = st.session_state.setdefault(KEPT, {})
    if kept.get(name) != text:
        st.session_state.setdefault(REPLACED, {})[name] = (kept.get(name), time.monotonic())
    if text is None:
        kept.pop(name, None)
        st.query_params.pop(name, None)
    else:
        kept[name] = text
        if before != text:
            st.query_params[name] = text


def keep(name: str) -> None:
    """What the link says stays when the page is changed, and stands in the link again on the way back."""
    write(name, read(name))


# --- widgets ------------------------------------------------------------------------------------


def choice(name: str, options: Sequence[Any], default: Any) -> dict[str, Any]:
    """For a widget that shows the link's option, or the default where the link says none of them."""
    text = read(name)
    return _bind(name, next((option for option in options if str(option) == text), default), default)


def choice_over(name: str, options: Sequence[Any], default: Any) -> dict[str, Any]:
    """As `choice`, over a default that moves with what the page shows.

    An option that was chosen stays in the link also while the default comes to be the same; to choose the
    default is to follow it again.
    """
    text = read(name)
    chosen = next((option for option in options if str(option) == text), None)
    write(name, None if chosen is None else text)
    key = key_showing(f"at:{name}", default if chosen is None else chosen)

    def say(value: Any) -> None:
        write(name, None if value == default else str(value))

    return {"key": key, "on_change": heard(key, say)}


def whole(name: str, least: int, most: int, default: int) -> dict[str, Any]:
    """For a widget that shows the link's whole number, clamped."""
    value = _number(read(name))
    return _bind(name, default if value is None else int(min(max(value, least), most)), default)


def ends(name: str, options: Sequence[float], default: tuple[float, float]) -> dict[str, Any]:
    """For a slider with two ends: the options nearest to the link's two numbers, the lower first."""
    said = [_number(part) for part in (read(name) or "").split(",")]
    known = [min(options, key=lambda option: abs(option - number)) for number in said if number is not None]
    value = (min(known), max(known)) if len(said) == len(known) == 2 else default
    return _bind(name, value, default) | {"value": value}  # by which Streamlit knows that there are two ends


def flag(name: str, default: bool) -> dict[str, Any]:
    """For a widget that is on or off."""
    return _bind(name, {"1": True, "0": False}.get(read(name) or "", default), default)


def key_showing(name: str, value: Any) -> str:
    """The key under which a widget shows the value.

    A widget that is told another value than its user gave it may, until the browser has heard of it, send the
    old one back, which would look like its user's wish. So the widget becomes another one, with another key.
    """
    turns = st.session_state.setdefault("turns", {})
    key = f"{name}:{turns.get(name, 0)}"
    if key in st.session_state:
        if st.session_state[key] == value:
            # Said again in every run: a run that the next one overtakes may never have reached the browser,
            # which would then show, and send back, the widget's first option.
            st.session_state[key] = value
            return key
        turns[name] = turns.get(name, 0) + 1
        key = f"{name}:{turns[name]}"
    st.session_state[key] = value
    return key


def heard(key: str, act: Callable[[Any], object]) -> Callable[[], None]:
    """The callback of the widget with a key of `key_showing`: `act` is told what its user gave it.

    What the browser still says of a widget in whose place there is another by now is nobody's wish.
    """

    @callback
    def hear() -> None:
        name, _, turn = key.rpartition(":")
        if int(turn) == st.session_state["turns"].get(name, 0):
            act(st.session_state[key])

    return hear


def _bind(name: str, value: Any, default: Any) -> dict[str, Any]:
    """Key and callback: what is chosen goes into the link, and the default is left out of it."""
    key = key_showing(f"at:{name}", value)

    def say(chosen: Any) -> None:
        text = str(int(chosen)) if isinstance(chosen, bool) else str(chosen)
        if isinstance(chosen, tuple):
            text = ",".join(f"{end:.6g}" for end in chosen)
        write(name, None if chosen == default else text)

    say(value)
    return {"key": key, "on_change": heard(key, say)}


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
