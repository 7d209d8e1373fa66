"""Pictures dropped on the image in use, or pasted. A component that shows nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from widgets.components import scripts
from widgets.shell.error_boundary import callback

SCRIPT = Path(__file__).parent / "drop.js"


def listen(picker: str, take: Callable[[list[tuple[str, bytes]]], object]) -> None:
    """picker: key of the container on which files may be dropped. `take` hears their names and contents."""
    key = f"drop-{picker}"

    def hear() -> None:
        if files := unpacked((st.session_state.get(key) or {}).get("files")):
            take(files)

    mount = scripts.component("picture_drop", js=script())
    with st.container(key=f"at-{key}", gap=None):
        mount(key=key, data={"picker": f"st-key-{picker}"}, on_files_change=callback(hear))


def script() -> str:
    return scripts.module(SCRIPT)


def unpacked(said: object) -> list[tuple[str, bytes]]:
    """Files from what a browser says; what is no file is left out."""
    found = []
    for each in said if isinstance(said, list) else []:
        try:
            found.append((str(each["name"])[:200], base64.b64decode(each["content"], validate=True)))
        except (ValueError, TypeError, KeyError):
            continue
    return found
