"""Presenting: without the sidebar, in larger type, the map at full height. A button, and the key F."""

from __future__ import annotations

from pathlib import Path

from widgets.components import scripts

HERE = Path(__file__).parent


def present() -> None:
    """The button; the key works on every page, whether the button is in sight or not."""
    mount = scripts.component(
        "present", js=(HERE / "present.js").read_text(), css=(HERE / "present.css").read_text()
    )
    mount(key="present")
