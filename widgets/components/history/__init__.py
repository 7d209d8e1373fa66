"""What leaves an entry in the browser's history: a component that shows nothing (`history.js`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from widgets.components import scripts
from widgets.shell import links

SCRIPT = Path(__file__).parent / "history.js"


def history(pages: Sequence[str]) -> None:
    """pages: the last part of their addresses."""
    quiet = [field.name for field in links.TABLE if field.quiet]
    mount = scripts.component("browser_history", js=SCRIPT.read_text())
    with st.container(key="browser-history", gap=None):
        mount(key="history", data={"quiet": quiet, "pages": list(pages), "parameters": parameters(pages)})


@cache
def _parameters(pages: tuple[str, ...]) -> dict[str, list[str]]:
    return {page: [each.name for each in links.of_page(page or "home")] for page in pages}


def parameters(pages: Sequence[str]) -> dict[str, list[str]]:
    """The names that each page's links know, by the last part of its address."""
    return _parameters(tuple(pages))
