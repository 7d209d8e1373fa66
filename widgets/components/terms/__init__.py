"""The terms of the page, explained where they stand: marked in its text, to be hovered or tapped, and
below it a line of them for the keyboard (`terms.js`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from widgets.components import scripts
from widgets.shell import glossary, links, menu, url_state

HERE = Path(__file__).parent
KEY = "terms"


def terms() -> None:
    """Below everything else of a page: it reads what stands there, and changes nothing of it."""
    mount = scripts.component("terms", css=css(), js=script())
    with st.container(key="terms-foot", gap=None):
        mount(key=KEY, on_open_change=lambda: None)
    pressed = (st.session_state.get(KEY) or {}).get("open")
    if isinstance(pressed, str) and pressed in glossary.terms():
        url_state.switch_page("glossary", {links.TERM: pressed})


@cache
def entries() -> list[dict[str, Any]]:
    return [
        {
            "key": term.key,
            "title": term.title,
            "spellings": list(term.spellings),
            "sentence": term.sentence,
            "mathml": term.mathml,
            "colour": term.colour,
            "source": term.source,
            "url": term.url,
            "page": menu.MENU[term.page][0],
        }
        for term in glossary.terms().values()
    ]


def css() -> str:
    return scripts.text(scripts.BROWSER / "controls.css", HERE / "terms.css")


@cache
def script() -> str:
    """With the glossary in it, which is the same on every page and would travel with each."""
    return (
        f"const GLOSSARY = {json.dumps(entries(), ensure_ascii=False)};\n{scripts.module(HERE / 'terms.js')}"
    )
