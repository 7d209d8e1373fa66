"""Texts that the browser keeps for its user, under names: what no link can hold, and no run.

They outlive a reload and a restart of the server, and are there in no other browser. A component that shows
nothing; its answer comes in a later run of the script.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from widgets.components import scripts

SCRIPT = Path(__file__).parent / "browser_store.js"


def load(name: str, found: Callable[[str | None], None], control: str = "", *, quiet: bool = False) -> None:
    """Asks for a text. `found` hears it before the script runs again; None where the browser has none.

    control: which of the page's controls asks, where several may ask for one name in one run. quiet: where
    the browser has none it does not answer, and the script does not run again for it.
    """

    def take(answer: dict[str, Any]) -> None:
        text = answer.get("text")
        found(text if isinstance(text, str) else None)

    _request(name, None, take, control, quiet)


def save(name: str, text: str, done: Callable[[bool], None], control: str = "") -> None:
    """Gives a text to keep. `done` hears whether the browser does; some private windows refuse."""
    _request(name, text, lambda answer: done(answer.get("kept") is True), control)


def _request(
    name: str, text: str | None, take: Callable[[dict[str, Any]], None], control: str, quiet: bool = False
) -> None:
    key = f"browser-store-{'load' if text is None else 'save'}-{name}-{control}"

    def heard() -> None:
        answer = (st.session_state.get(key) or {}).get("answer")
        if isinstance(answer, dict) and answer.get("name") == name:
            take(answer)

    mount = scripts.component("browser_store", js=SCRIPT.read_text())
    mount(key=key, data={"name": name, "text": text, "quiet": quiet}, on_answer_change=heard)
