"""Texts that the browser keeps for its user, under names: what no link can hold, and no run.

They outlive a reload and a restart of the server, and are there in no other browser. A component that shows
nothing; its answer comes in a later run of the script.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

SCRIPT = Path(__file__).parent / "browser_store.js"


def load(name: str, found: Callable[[str | None], None]) -> None:
    """Asks for a text. `found` is told it before the script runs again; None where the browser has none."""

    def take(answer: dict[str, Any]) -> None:
        text = answer.get("text")
        found(text if isinstance(text, str) else None)

    _ask(name, None, take)


def save(name: str, text: str, kept: Callable[[bool], None]) -> None:
    """Gives a text to keep. `kept` is told whether the browser does; some private windows refuse."""
    _ask(name, text, lambda answer: kept(answer.get("kept") is True))


def _ask(name: str, text: str | None, take: Callable[[dict[str, Any]], None]) -> None:
    key = f"browser-store-{'load' if text is None else 'save'}-{name}"

    def heard() -> None:
        answer = (st.session_state.get(key) or {}).get("answer")
        if isinstance(answer, dict) and answer.get("name") == name:
            take(answer)

    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    mount = st.components.v2.component("browser_store", js=SCRIPT.read_text())
    mount(key=key, data={"name": name, "text": text}, on_answer_change=heard)
