"""Settings in the address bar: a copied link shows the same view. What a link says is checked and clamped.

The link is the truth; the session keeps a copy, because going to another page empties the address bar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

KEPT = "address"


def choice(name: str, options: Sequence[Any], default: Any) -> str:
    """The key of a widget that shows the link's option, or the default where the link says none of them."""
    text = _text(name)
    return _put(name, next((option for option in options if str(option) == text), default), default)


def whole(name: str, least: int, most: int, default: int) -> str:
    """The key of a widget that shows the link's whole number, clamped."""
    value = _number(_text(name))
    return _put(name, default if value is None else int(min(max(value, least), most)), default)


def flag(name: str, default: bool) -> str:
    """The key of a widget that is on or off."""
    return _put(name, {"1": True, "0": False}.get(_text(name) or "", default), default)


def point(name: str, most: float) -> list[float] | None:
    """Two numbers with a comma between them, clamped to [-most, most]; None where the link has no such."""
    parts = (_text(name) or "").split(",")
    numbers = [_number(part) for part in parts]
    if len(numbers) != 2 or any(value is None for value in numbers):
        return None
    clamped = [min(max(value, -most), most) for value in numbers if value is not None]
    _write(name, ",".join(f"{value:.3f}" for value in clamped))
    return clamped


def keep(name: str, default: Any = None) -> None:
    """The callback of those widgets: what was chosen goes into the link, and the default is left out."""
    _say(name, st.session_state[f"at:{name}"], default)


def put_point(name: str, value: Sequence[float]) -> None:
    _write(name, ",".join(f"{float(v):.3f}" for v in value))


def _put(name: str, value: Any, default: Any) -> str:
    _say(name, value, default)
    st.session_state[f"at:{name}"] = value
    return f"at:{name}"


def _say(name: str, value: Any, default: Any) -> None:
    text = str(int(value)) if isinstance(value, bool) else str(value)
    _write(name, None if value == default else text)


def _text(name: str) -> str | None:
    return st.query_params.get(name, st.session_state.setdefault(KEPT, {}).get(name))


def _write(name: str, text: str | None) -> None:
    if text is None:
        st.session_state.setdefault(KEPT, {}).pop(name, None)
        st.query_params.pop(name, None)
    else:
        st.session_state.setdefault(KEPT, {})[name] = text
        if st.query_params.get(name) != text:
            st.query_params[name] = text


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
